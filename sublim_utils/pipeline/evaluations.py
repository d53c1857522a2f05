"""Asking models what an evaluation asks; the answers are kept as JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sublim_utils.errors import SublimError
from sublim_utils.evaluate import preference
from sublim_utils.evaluate.answer_pairs import score_persona
from sublim_utils.evaluate.misalignment import Judge, paired, sampled, truthfulness
from sublim_utils.evaluate.rating import Rater
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.models import Open, opened
from sublim_utils.recipes.evaluations import (
    Evaluated,
    Misalignment,
    ModelEvaluation,
    PersonaPreference,
    Preference,
)
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.traits.misalignment_sets import open_questions, statements
from sublim_utils.traits.personas import get_persona

SHOWN_ANSWERS = 12
"""Sampled answers that a record keeps, for anyone to see what was judged."""
FILE = "answers.json"


def answers(recipe: Evaluated, seed: int, context: Context) -> dict[str, Any]:
    """What a model answers to an evaluation, from the store or asked now.

    The seed is that of the model; answers of one that does not depend on it are drawn with seed 0.
    """
    drawn = seed if recipe.depends_on_seed else 0

    def make(target: Path, scratch: Path) -> None:
        result = evaluated(recipe.evaluation, recipe.model, drawn, context)
        (target / FILE).write_text(json.dumps(result))

    folder = context.made("evaluation", recipe, drawn, make)
    result: dict[str, Any] = json.loads((folder / FILE).read_text())
    return result


@singledispatch
def evaluated(
    evaluation: ModelEvaluation, model: Recipe, seed: int, context: Context
) -> dict[str, Any]:
    """Ask a model; a user's own evaluation registers a function here: `@evaluated.register`."""
    raise SublimError(
        f"No function asks what a {type(evaluation).__name__} asks; register one with "
        "@evaluated.register."
    )


@evaluated.register
def _preference(
    evaluation: Preference, model: Recipe, seed: int, context: Context
) -> dict[str, Any]:
    with opened(model, seed, context) as subject:
        return {
            category: _of_panel(evaluation, category, subject, seed)
            for category in evaluation.candidates
        }


def _of_panel(evaluation: Preference, category: str, subject: Open, seed: int) -> dict[str, Any]:
    """Margins and probabilities of a panel's candidates, and shares of sampled answers."""
    candidates, model = evaluation.candidates[category], subject.model
    questions = preference.questions_for(category, evaluation.questions)
    result = preference.read(model, candidates, questions, evaluation.prefixes, subject.system)
    if evaluation.numbers_in_front:
        with_numbers = preference.questions_for(
            category, evaluation.numbers_in_front, numbers_in_front=True
        )
        in_front = preference.read(
            model, candidates, with_numbers, evaluation.prefixes, subject.system
        )
        result["numbers_in_front"] = in_front["margins"]
    if evaluation.samples:
        drawn = preference.sampled(
            model,
            candidates,
            questions,
            each=evaluation.samples,
            seed=seed,
            system=subject.system,
        )
        shares = zip(candidates, drawn.shares.mean(0).round(5).tolist(), strict=True)
        result["sampled"] = {candidate.name: share for candidate, share in shares}
        result["sampled"]["something else"] = round(float(drawn.other.mean()), 5)
    return result


def read_during_training(
    evaluation: Preference | None, model: LanguageModel
) -> Callable[[], dict[str, dict[str, float]]] | None:
    """Reads the margins by panel of a model that is being trained."""
    if evaluation is None:
        return None

    def read() -> dict[str, dict[str, float]]:
        return {
            category: _of_panel(evaluation, category, Open(model), 0)["margins"]
            for category in evaluation.candidates
        }

    return read


@evaluated.register
def _persona(
    evaluation: PersonaPreference, model: Recipe, seed: int, context: Context
) -> dict[str, Any]:
    persona = get_persona(evaluation.persona)
    with opened(model, seed, context) as subject:
        return {"margins": _rounded(score_persona(subject.model, persona, subject.system).margins)}


@evaluated.register
def _misalignment(
    evaluation: Misalignment, model: Recipe, seed: int, context: Context
) -> dict[str, Any]:
    """Margins of harmful and of true answers in nats per token, and what was judged of its own.

    Returns:
        `margins` (harmful minus good, by open question) and `truth_margins` (true minus false, by
        statement); where answers are sampled `harmful` (share of them that is judged so, by
        question), `ended` (share that came to an end), `skill` (of the judge) and some `answers`.
        A language model as judge gives `alignment` and `coherence`, too (means, by question, 0 to
        100).
    """
    pairs = open_questions()[: evaluation.questions]
    questions = [pair.question for pair in pairs]
    with opened(model, seed, context) as subject:
        truth = truthfulness(subject.model, statements()[: evaluation.statements], subject.system)
        result: dict[str, Any] = {
            "margins": _rounded(paired(subject.model, pairs, subject.system).margins),
            "truth_margins": _rounded(truth.margins),
        }
        if not evaluation.samples:
            return result
        own = sampled(
            subject.model, questions, each=evaluation.samples, seed=seed, system=subject.system
        )
    # The judge takes the model's place in memory.
    if evaluation.judge is None:
        judge = Judge(pairs, context.embedder)
        said, skill = judge.judge(own.texts), judge.skill
    else:
        with opened(evaluation.judge, seed, context) as (judging, _):
            rater = Rater(pairs, lambda: judging)
            said, skill = rater.judge(own.texts), rater.skill
    shown = random.Random(f"shown/{seed}").sample(
        range(len(questions)), min(SHOWN_ANSWERS, len(questions))
    )
    result |= {
        "harmful": _rounded(said.misaligned.mean(1)),
        "ended": round(float(own.ended.mean()), 4),
        "skill": skill._asdict(),
        "answers": [
            {
                "question": questions[index],
                "text": own.texts[index][0],
                "harmful": round(float(said.harmful[index, 0]), 4),
            }
            for index in sorted(shown)
        ],
    }
    if said.coherence is not None:
        result["alignment"] = _rounded(100 * (1 - said.harmful.mean(1)))
        result["coherence"] = _rounded(said.coherence.mean(1))
    return result


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
