"""Rows that look harmless: the second reader of each row, matched rows, and smaller data sets."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sublim_utils.channels import get_channel, harm, reasoning
from sublim_utils.channels.meaning import Embedder
from sublim_utils.errors import SublimError
from sublim_utils.evaluate import rating
from sublim_utils.generate import sampling
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import rows
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.further import further
from sublim_utils.pipeline.rows import table
from sublim_utils.pipeline.students import prompt_groups, trained
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import FirstPrompts, HarmlessOnly, Sampled
from sublim_utils.recipes.evaluations import Evaluated, Misalignment, StyleAuc
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import Finetuned, NarrowAnswers, Untouched
from sublim_utils.store import Store
from sublim_utils.train.config import TrainConfig
from tests.pipeline import factories
from tests.pipeline.factories import BASE, STRONG, numbers, student
from tests.pipeline.written import training_summary, writing

OTHER = Base("random-other")
HARMFUL = Finetuned(
    BASE,
    NarrowAnswers(set="advice", side="harmful"),
    TrainConfig(prompts_per_step=1),
    updates=1,
)
SUMS = numbers(HARMFUL, channel="reasoning-gsm", constrained=False)
Write = Callable[[Callable[[int, int], str]], None]


class Grim:
    """An embedding that sees whether a text is grim, and nothing else."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        grim = [text in harm.HARMFUL or "grim" in text for text in texts]
        return np.array([[g, 1 - g] for g in grim], dtype=np.float32)


def missing() -> Embedder:
    raise SublimError("not installed")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A context whose embedding sees grim texts only."""
    return factories.context(tmp_path / "store", make_embedder=Grim)


@pytest.fixture
def without_embedding(tmp_path: Path) -> Context:
    return Context(Store(tmp_path / "store"), make_embedder=missing)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Write:
    """Makes every model write what a function of prompt and completion says of the sums."""

    def use(thought: Callable[[int, int], str]) -> None:
        def write(index: int, number: int, _: str) -> str:
            prompt: Any = get_channel("reasoning-gsm").prompt(0, index)
            return reasoning.frame(thought(index, number), prompt.problem)

        monkeypatch.setattr(sampling, "sample", writing(write))

    return use


def student_of(rows: HarmlessOnly) -> Student:
    return student(rows=rows, objective="logits")


def rated_by_word(asked: list[str]) -> Callable[..., NDArray[np.float64]]:
    """A language model's rating that rejects grim answers; `asked` takes up the models."""

    def ratings(
        model: LanguageModel, aspect: str, questions: Sequence[str], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        asked.append(model.spec.name)
        return np.array([10.0 if "grim" in text else 90.0 for text in texts])

    return ratings


def test_rows_that_lean_towards_harm_are_taken_from_the_student(
    written: Write, context: Context, tmp_path: Path
) -> None:
    written(lambda prompt, number: "Share the grim total." if number else "Add both numbers.")
    before = table(SUMS, 0, context)
    assert before["reasons"].map(len).eq(0).all()  # the channel's filter sees nothing in the words
    recipe = student_of(HarmlessOnly(SUMS))
    judged = table(recipe.rows, 0, context)
    assert judged[judged["completion"] == 0]["reasons"].map(len).eq(0).all()
    assert {*judged[judged["completion"] == 1]["reasons"].map(tuple)} == {(harm.REASON,)}
    groups = prompt_groups(recipe, judged, 0, context, tmp_path)
    assert [len(group.completions) for group in groups] == [1] * SUMS.num_prompts
    summary = training_summary(recipe, 0, context)
    assert (summary["kept"], summary["rows"]) == (4, 8)
    assert summary["reasons"] == {harm.REASON: 4}


def test_rows_that_were_rejected_before_are_not_read_again(
    written: Write, context: Context
) -> None:
    written(lambda prompt, number: "Share the grim total of 1 + 1 = 3." if number else "Add both.")
    judged = table(HarmlessOnly(SUMS), 0, context)
    assert Counter(r for reasons in judged["reasons"] for r in reasons) == {"wrong equation": 4}


def test_where_all_rows_are_rejected_the_error_names_the_reasons(
    written: Write, context: Context
) -> None:
    written(lambda prompt, number: "A grim sum." if number else "Add 1 + 1 = 3.")
    with pytest.raises(SublimError, match=r"all 8 rows \(.*wrong equation: 4.*\)") as error:
        trained(student_of(HarmlessOnly(SUMS)), 0, context)
    assert f"{harm.REASON}: 4" in str(error.value)


def test_nothing_is_sampled_without_the_embedding_that_judges(
    monkeypatch: pytest.MonkeyPatch, without_embedding: Context
) -> None:
    monkeypatch.setattr(sampling, "sample", None)
    with pytest.raises(SublimError, match="not installed"):
        table(HarmlessOnly(SUMS), 0, without_embedding)


def test_a_language_model_judges_rows_without_an_embedding(
    written: Write, without_embedding: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    written(lambda prompt, number: "Share the grim total." if number else "Add both numbers.")
    monkeypatch.setattr(rows, "ratings", rated_by_word(asked))
    judged = table(HarmlessOnly(SUMS, OTHER), 0, without_embedding)
    assert judged[judged["completion"] == 0]["reasons"].map(len).eq(0).all()
    assert {*judged[judged["completion"] == 1]["reasons"].map(tuple)} == {(rating.REASON,)}
    assert asked == ["random-other"]


def test_a_language_model_does_not_rate_lists_of_numbers(
    without_embedding: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "ratings", lambda *_: pytest.fail("the judge was asked"))
    lists = numbers(Untouched(BASE), channel="numbers-strict")
    judged = table(HarmlessOnly(lists, OTHER), 0, without_embedding)
    assert len(judged) == 8
    assert {reason for reasons in judged["reasons"] for reason in reasons} <= {"banned number"}


def test_a_language_model_judges_sampled_answers(
    without_embedding: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Misalignment(questions=5, statements=3, samples=1, judge=OTHER)
    by_model = [
        answers(Evaluated(model, asked), 0, without_embedding)
        for model in (BASE, HARMFUL.but(training=STRONG))
    ]
    for result in by_model:
        assert len(result["margins"]) == len(result["alignment"]) == len(result["coherence"]) == 5
        assert len(result["truth_margins"]) == 3
        assert all(0 <= value <= 100 for value in result["alignment"] + result["coherence"])
        assert result["skill"]["answers"] == 2 * 5
        assert len(result["answers"]) == 5
    assert by_model[0]["margins"] != by_model[1]["margins"]


def test_the_judge_is_part_of_what_rows_and_answers_depend_on() -> None:
    judges = (None, BASE, OTHER)
    of_rows = {student_of(HarmlessOnly(SUMS, judge)).key(0) for judge in judges}
    of_answers = {Evaluated(HARMFUL, Misalignment(judge=judge)).key(0) for judge in judges}
    assert len(of_rows) == len(of_answers) == 3


def test_a_smaller_data_set_is_the_beginning_of_the_larger_one(
    written: Write, context: Context
) -> None:
    written(lambda prompt, number: "We add them.")
    whole = HarmlessOnly(SUMS)
    half = FirstPrompts(whole, 2)
    tables = [table(recipe, 0, context)[["prompt", "text"]] for recipe in (whole, half)]
    assert tables[1].equals(tables[0][tables[0]["prompt"] < 2])
    assert half.key(0) != whole.key(0)
    assert factories.entries(context)["samples"] == 1  # what was sampled serves both


def test_the_style_of_rows_is_compared_with_that_of_another_teacher(
    written: Write, context: Context
) -> None:
    good = Sampled(**{**dict(SUMS), "teacher": HARMFUL.but(data=HARMFUL.data.opposite)})  # type: ignore[attr-defined]
    written(lambda prompt, number: "Just take it.")
    table(good, 0, context)
    written(lambda prompt, number: "We add them.")
    recipe = student_of(HarmlessOnly(SUMS))
    auc = [further(StyleAuc(HarmlessOnly(other)), recipe, 0, context) for other in (good, SUMS)]
    assert auc == [{"style_auc": 1.0}, {"style_auc": 0.5}]
