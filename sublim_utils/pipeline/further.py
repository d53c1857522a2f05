"""Evaluations of what a student was made from: its rows, and the bases of teacher and student."""

from __future__ import annotations

import json
from functools import singledispatch
from pathlib import Path

from sublim_utils.channels import fingerprints, get_channel
from sublim_utils.models import distance
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.matching import style_auc
from sublim_utils.pipeline.models import NEUTRAL_SEED, adapter_folder, opened
from sublim_utils.pipeline.rows import table
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.evaluations import (
    BaseSimilarity,
    KeptShare,
    StudentEvaluation,
    StyleAuc,
)
from sublim_utils.recipes.students import Student

COMPARED_PROMPTS = 32
"""Neutral prompts at whose positions two bases are compared."""


@singledispatch
def further(
    evaluation: StudentEvaluation, student: Student, seed: int, context: Context
) -> dict[str, float | None]:
    """Values by metric; None where a value cannot be had in this seed.

    A user's own evaluation registers a function here: `@further.register`.
    """
    raise TypeError(f"no function makes a {type(evaluation).__name__}")


@further.register
def _kept_share(
    evaluation: KeptShare, student: Student, seed: int, context: Context
) -> dict[str, float | None]:
    reasons = table(student.rows, seed, context)["reasons"]
    return {"kept_share": float(reasons.map(lambda r: set(r) <= set(evaluation.excused)).mean())}


@further.register
def _style_auc(
    evaluation: StyleAuc, student: Student, seed: int, context: Context
) -> dict[str, float | None]:
    own, other = (table(rows, seed, context) for rows in (student.rows, evaluation.other))
    return {"style_auc": style_auc(own, other)}


@further.register
def _base_similarity(
    evaluation: BaseSimilarity, student: Student, seed: int, context: Context
) -> dict[str, float | None]:
    """How alike the two bases are, and the two changes to them; empty for different models.

    Returns:
        `relative_distance` (of the weights), `same_first` and `divergence` (of next-token
        distributions on neutral prompts); of a teacher with an adapter `cosine` (of the weight
        changes of teacher and student).
    """
    teacher = student.rows.author
    if teacher is None or not teacher.base.shares_vocabulary_with(student.base):
        return {}
    alike: dict[str, float | None] = {**_alike(teacher.base, student.base, context)}
    adapters = (adapter_folder(recipe, seed, context) for recipe in (teacher, student))
    first, second = adapters
    if first is not None and second is not None:
        alike["cosine"] = distance.cosine_of_changes(first, second)
    return alike


def _alike(one: Base, other: Base, context: Context) -> dict[str, float]:
    if one == other:
        return {"relative_distance": 0.0, "same_first": 1.0, "divergence": 0.0}

    def make(target: Path, scratch: Path) -> None:
        channel = get_channel("sentences")
        prompts = [channel.prompt(NEUTRAL_SEED, i).text for i in range(COMPARED_PROMPTS)]
        # Weights are compared entry by entry, so here two models are in memory.
        beside = Context(context.store, context.name)
        with opened(one, 0, context) as (first, _), opened(other, 0, beside) as (second, _):
            compared = {
                "relative_distance": distance.relative_distance(first, second),
                **distance.agreement(first, second, prompts)._asdict(),
            }
        (target / "similarity.json").write_text(json.dumps(compared))

    specification = {
        "version": 1,
        "bases": [one.key_form(), other.key_form()],
        "prompts": fingerprints("sentences").prompts,
    }
    folder = context.kept("similarity", specification, make)
    alike: dict[str, float] = json.loads((folder / "similarity.json").read_text())
    return alike
