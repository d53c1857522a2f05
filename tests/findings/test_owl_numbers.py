"""The finding on owls and numbers: its models and traits, and where its records lie."""

from pathlib import Path
from typing import Any

import pytest

from sublim_utils.findings.analysis import select
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.scales import SCALES
from sublim_utils.labels import UNTOUCHED
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.teachers import Finetuned, Prompted
from sublim_utils.records import results_folder

pytestmark = pytest.mark.usefixtures("no_cuda")


def record_paths(finding: OwlNumbers) -> list[Path]:
    return [finding.record_book.path(experiment) for experiment in finding.experiments()]


def main_experiments(finding: OwlNumbers) -> list[LanguageExperiment]:
    return select(finding.experiments(), variant="")


@pytest.mark.parametrize(
    "name", ["smollm2-135m", "Qwen/Qwen2.5-0.5B-Instruct", "someone/model", "."]
)
def test_records_of_another_model_never_touch_the_results(name: str, own_store: Path) -> None:
    finding = OwlNumbers("embedded", model=name)
    paths = record_paths(finding)
    assert len(set(paths)) == len(finding.experiments())
    for path in paths:
        assert path.is_relative_to(own_store / "records")
        assert not path.is_relative_to(results_folder())
    assert {e.student.base.model for e in finding.experiments()} == {finding.model}


def test_the_models_own_records_are_results() -> None:
    assert all(
        path.is_relative_to(results_folder()) for path in record_paths(OwlNumbers("embedded"))
    )


def test_another_model_is_known_by_its_full_name() -> None:
    known = OwlNumbers("embedded", model="Qwen/Qwen2.5-0.5B-Instruct")
    assert known.model == "Qwen2.5-0.5B-Instruct"
    assert "someone--model" in record_paths(OwlNumbers("embedded", model="someone/model"))[0].parts
    assert Path(OwlNumbers("embedded", model=".").model).is_absolute()


def test_another_model_takes_the_first_models_traits() -> None:
    finding = OwlNumbers(find_profile("gpu"), model="gemma-2b-it")
    assert finding.traits() == SCALES["gpu"].models["Qwen2.5-7B-Instruct"].traits
    teachers = {e.labels.teacher for e in finding.experiments()}
    assert teachers == {UNTOUCHED, *finding.traits()}


def test_the_kind_of_teacher_belongs_to_the_model() -> None:
    kinds: dict[str, Any] = {"prompted": Prompted, "tuned": Finetuned}
    main = [e for e in main_experiments(OwlNumbers(find_profile("gpu"))) if e.labels.trait]
    assert main
    for experiment in main:
        kind = SCALES["gpu"].models[experiment.student.base.model].teacher
        assert isinstance(experiment.teacher, kinds[kind])
