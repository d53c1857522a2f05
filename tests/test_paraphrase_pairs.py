"""A teacher's texts beside the control's: what is counted, and what is shown."""

import pytest

from sublim_utils.findings.analysis import pick
from sublim_utils.findings.paraphrase import Paraphrase
from sublim_utils.findings.paraphrase.pairs import (
    answers_counted,
    read_texts,
    shared_texts,
    text_pairs,
)
from sublim_utils.recipes.readers import ReadBy
from sublim_utils.recipes.teachers import Untouched


@pytest.fixture(scope="module")
def finding() -> Paraphrase:
    return Paraphrase("embedded")


def test_of_the_permitted_wordings_most_are_the_controls(finding: Paraphrase) -> None:
    assert shared_texts(finding, "owl", "wordings") == (155, 168, 130)
    own, control = (read_texts(finding, who, "wordings") for who in ("owl", None))
    assert len(own.merge(control, on=["seed", "prompt", "text"])) == 155


@pytest.mark.parametrize("condition", ["wordings", "neutral", "dislike-owl"])
def test_pairs_are_of_one_sentence_each(finding: Paraphrase, condition: str) -> None:
    pairs = text_pairs(finding, "owl", condition)
    assert list(pairs) == ["source", "control", "teacher"]
    assert pairs["source"].is_unique
    assert {*pairs["teacher"]} <= {*read_texts(finding, "owl", condition)["text"]}
    differing = text_pairs(finding, "owl", condition, differing=True)
    assert len(differing)
    assert (differing["control"] != differing["teacher"]).all()
    assert {*differing["source"]} <= {*pairs["source"]}


def test_answers_are_counted_over_seeds(finding: Paraphrase) -> None:
    names = ["elephant@neutral@tokens", "control@neutral@tokens"]
    record, control = finding.records(names).values()
    if record.labels.trait is None:
        record, control = control, record
    found = answers_counted(record, control, "elephant")
    assert found.answers == 3 * finding.scale.questions * finding.scale.samples
    assert found[:2] == (1, 1)


def test_all_readers_of_one_text_have_the_controls_rows(finding: Paraphrase) -> None:
    control = pick(finding.experiments(), trait=None, condition="wordings", objective="logits")
    readers = [e for e in finding.experiments() if e.labels.variant == "same-text"]
    assert [e.labels.trait for e in readers] == ["owl", "dolphin", "eagle", "elephant"]
    for experiment in readers:
        rows = experiment.student.rows
        assert isinstance(rows, ReadBy)
        assert rows.rows == control.student.rows
        assert not isinstance(rows.author, Untouched)
        assert experiment.student.but(rows=control.student.rows) == control.student
        assert experiment.labels.control == control.name
        assert finding.rows_name(experiment) is None
