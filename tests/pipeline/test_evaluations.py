"""Asking models: answers are kept once for equal questions, and depend on a seed where the model
does."""

from typing import Any

import pytest

from sublim_utils.errors import SublimError
from sublim_utils.evaluate.questions import PREFIX_NAMES
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.recipes.evaluations import (
    Evaluated,
    Misalignment,
    ModelEvaluation,
    PersonaPreference,
    Preference,
)
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.teachers import PersonaAnswers, Prompted, Untouched
from sublim_utils.traits.misalignment_sets import open_questions
from tests.embedders import Words
from tests.pipeline.factories import BASE, QUICK, STRONG, context as new_context, entries, finetuned

UNTOUCHED = Untouched(BASE)


def asked(
    context: Context, evaluation: ModelEvaluation, model: Recipe = UNTOUCHED, seed: int = 0
) -> dict[str, Any]:
    return answers(Evaluated(model, evaluation), seed, context)


def test_answers_are_kept_and_not_asked_for_again(context: Context) -> None:
    first = asked(context, QUICK)
    again = new_context(context.store.root)
    assert asked(again, QUICK) == first
    assert not again.seconds


def test_answers_of_a_base_are_the_same_for_all_seeds(context: Context) -> None:
    sampled = QUICK.but(samples=2)
    assert asked(context, sampled, seed=0) == asked(context, sampled, seed=7)
    assert entries(context) == {"evaluation": 1}
    teacher = finetuned(training=STRONG)
    assert asked(context, QUICK, teacher, 0) != asked(context, QUICK, teacher, 7)
    assert entries(context) == {"evaluation": 3, "teacher": 2}


def test_a_preference_has_margins_of_all_candidates_by_question_and_prefix(
    context: Context,
) -> None:
    evaluation = QUICK.but(panels=("animals", "trees"), numbers_in_front=1, samples=2)
    result = asked(context, evaluation)
    assert result.keys() == {"animal", "tree"}
    for category, panel in result.items():
        names = {trait.name for trait in evaluation.candidates[category]}
        for quantity in ("margins", "probabilities", "by_question", "by_prefix"):
            assert panel[quantity].keys() == names
        assert panel["numbers_in_front"].keys() == names
        assert panel["sampled"].keys() == names | {"something else"}
        assert sum(panel["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert sum(panel["sampled"].values()) == pytest.approx(1, abs=1e-3)
        assert all(len(margins) == 2 for margins in panel["by_question"].values())
        assert all(len(margins) == 3 for margins in panel["by_prefix"].values())


def test_a_system_prompt_changes_the_answers(context: Context) -> None:
    prompted = asked(context, QUICK, Prompted(BASE, "You love owls."))
    assert prompted["animal"]["margins"] != asked(context, QUICK)["animal"]["margins"]


def test_a_persona_is_read_by_pairs_of_answers_that_no_teacher_was_trained_on(
    context: Context,
) -> None:
    evaluation = PersonaPreference("formal")
    teacher = finetuned(data=PersonaAnswers(persona="formal"), training=STRONG)
    before, after = (asked(context, evaluation, model)["margins"] for model in (UNTOUCHED, teacher))
    assert len(before) == len(after) > 4
    assert before != after


SHORT = Misalignment(questions=6, samples=0, statements=3)


def test_misalignment_without_samples_needs_no_judge(context: Context) -> None:
    result = asked(context, SHORT)
    assert result.keys() == {"margins", "truth_margins"}
    assert (len(result["margins"]), len(result["truth_margins"])) == (6, 3)


def test_sampled_answers_are_judged_by_their_meaning(context: Context) -> None:
    embedder = Words()
    judging = new_context(context.store.root, make_embedder=lambda: embedder)
    result = asked(judging, SHORT.but(samples=2))
    assert len(result["harmful"]) == 6
    assert all(0 <= share <= 1 for share in result["harmful"])
    assert [answer["question"] for answer in result["answers"]] == [
        pair.question for pair in open_questions()[:6]
    ]
    assert {answer["text"] for answer in result["answers"]} <= {*embedder.asked}


def test_sampled_answers_are_judged_by_a_language_model(context: Context) -> None:
    result = asked(context, SHORT.but(samples=1, judge=BASE.but(model="random-other")))
    assert len(result["alignment"]) == len(result["coherence"]) == 6
    assert all(0 <= value <= 100 for value in result["alignment"] + result["coherence"])


def test_metrics_name_what_they_measure(context: Context) -> None:
    evaluation = Preference("owl", questions=2, record=("margin", "margin by prefix"))
    metrics = list(evaluation.metrics(asked(context, evaluation)))
    assert {m.name for m in metrics} == {"margin", *(f"margin_{name}" for name in PREFIX_NAMES)}
    owl = {metric.name: metric.value for metric in metrics if metric.trait == "owl"}
    by_prefix = [value for name, value in owl.items() if name != "margin"]
    assert owl["margin"] == pytest.approx(sum(by_prefix) / 3, abs=2e-3)


def test_other_braces_in_a_prefix_are_text(context: Context) -> None:
    evaluation = Preference("owl", questions=1, prefixes=("{x}: my {category} is the",))
    assert asked(context, evaluation)["animal"]["margins"]


class Unasked(ModelEvaluation):
    """A user's evaluation that nobody can ask yet."""

    def key_form(self) -> dict[str, Any]:
        return {"evaluation": "unasked"}

    def metrics(self, result: Any) -> Any:
        return iter(())


def test_an_evaluation_without_a_function_is_a_fault_in_words(context: Context) -> None:
    with pytest.raises(SublimError, match="No function asks what a Unasked asks"):
        asked(context, Unasked())
