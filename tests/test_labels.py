"""Labels tell experiments apart, name their controls and are those of the shipped records."""

import pytest

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.labels import UNTOUCHED
from sublim_utils.profiles import PROFILES, find_profile
from sublim_utils.records import Record, readable


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", FINDINGS.names())
def test_labels_tell_experiments_apart_and_name_controls(name: str, profile: str) -> None:
    experiments = {e.name: e for e in finding_class(name)(find_profile(profile)).experiments()}
    assert len({e.labels for e in experiments.values()}) == len(experiments)
    for experiment in experiments.values():
        labels = experiment.labels
        assert (labels.teacher == UNTOUCHED) <= (labels.trait is None and labels.control is None)
        if labels.control is not None:
            control = experiments[labels.control]
            same = {"channel", "objective", "teacher_base", "student_base"}
            assert control.labels.model_dump(include=same) == labels.model_dump(include=same)
            assert control.labels.variant in (labels.variant, "")
            assert set(control.seeds) >= set(experiment.seeds)


def test_labels_are_no_part_of_a_key_and_stand_beside_the_settings() -> None:
    experiment = finding_class("owl_numbers")("smoke").experiments()[0]
    other = experiment.labels.model_copy(update={"variant": "other"})
    assert experiment.model_copy(update={"labels": other}).key == experiment.key
    assert "labels" not in experiment.model_dump()


@pytest.mark.parametrize("profile", ["embedded", "full"])
@pytest.mark.parametrize("name", FINDINGS.names())
def test_shipped_records_have_the_labels_of_their_experiments(name: str, profile: str) -> None:
    finding = finding_class(name)(find_profile(profile))
    paths = {e.name: readable(finding.record_book.path(e)) for e in finding.experiments()}
    shipped = {name: Record.read(path) for name, path in paths.items() if path.exists()}
    if profile == "embedded":
        assert shipped.keys() == paths.keys()
    for experiment in finding.experiments():
        if experiment.name in shipped:
            assert shipped[experiment.name].labels == experiment.labels


def test_the_table_of_a_record_has_labels_as_columns() -> None:
    record = finding_class("owl_numbers")(find_profile("embedded")).records(["owl@tokens"])
    table = record["owl@tokens"].table()
    assert set(table["teacher_trait"]) == {"owl"} < set(table["trait"])
    assert set(table["control"]) == {"control@tokens"}
    assert set(table["experiment"]) == {"owl@tokens"}
