"""Measuring an experiment: the answers of base, teacher and student, as a record keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sublim_utils.pipeline import students
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.further import further
from sublim_utils.pipeline.rows import table
from sublim_utils.recipes.datasets import ShuffledNumbers
from sublim_utils.recipes.evaluations import Metric
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import Measurement, Value, content_hash

LOSSES_KEPT = 40
"""Points of a training curve that a record keeps."""
COUNTS = (
    "rows",
    "kept",
    "passed",
    "prompts_passed",
    "cannot_be_written",
    "reasons",
    "mentions",
    "letters",
    "tokens",
)
"""What a record keeps of a student's rows."""
EachSeed = Callable[[Callable[[int], dict[str, Any]]], list[dict[str, Any]]]


def measure_seed(experiment: LanguageExperiment, seed: int, context: Context) -> dict[str, Any]:
    """Everything that is measured of a seed, as JSON, with the seconds by stage."""
    context.seconds.clear()
    student = experiment.student
    rows = student.rows
    if isinstance(rows, ShuffledNumbers):
        rows = rows.rows  # as the teacher wrote them
    of_student = answers(experiment.of_student, seed, context)
    of_teacher = experiment.of_teacher
    return {
        "student": of_student,
        "training": students.training_summary(student, seed, context),
        "teacher": {} if of_teacher is None else answers(of_teacher, seed, context),
        "further": [
            [evaluation.CONDITION, further(evaluation, student, seed, context)]
            for evaluation in experiment.further
        ],
        "stage_seconds": dict(context.seconds),
        "rows_sha256": rows_hash(table(rows, seed, context)),
    }


def measure(experiment: LanguageExperiment, context: Context, each_seed: EachSeed) -> Measurement:
    """Measure all seeds.

    Args:
        experiment: what to measure.
        context: where things are made.
        each_seed: calls a function with every seed that has not been measured yet.
    """
    base = answers(experiment.of_base, 0, context)
    by_seed = each_seed(lambda seed: measure_seed(experiment, seed, context))
    objective = experiment.student.objective
    values: list[Value] = []
    for seed, measured in zip(experiment.seeds, by_seed, strict=True):
        for condition, metric in _metrics(experiment, base, measured):
            values.append(
                Value(
                    seed=seed,
                    condition=condition,
                    metric=metric.name,
                    trait=metric.trait,
                    value=metric.value,
                    objective=objective,
                )
            )
    values += _further_values(experiment.seeds, by_seed)
    return Measurement(
        values,
        _details(experiment, base, by_seed, context),
        wall_s=sum(measured["wall_s"] for measured in by_seed),
        stage_seconds=_stage_seconds(by_seed),
        rows_sha256=[measured["rows_sha256"] for measured in by_seed],
    )


def _metrics(
    experiment: LanguageExperiment, base: Mapping[str, Any], measured: Mapping[str, Any]
) -> Iterator[tuple[str, Metric]]:
    for condition, evaluation, result in (
        ("base", experiment.evaluation, base),
        ("student", experiment.evaluation, measured["student"]),
        ("teacher", experiment.teacher_evaluation, measured["teacher"]),
    ):
        if evaluation is not None and result:
            for metric in evaluation.metrics(result):
                yield condition, metric


def _further_values(seeds: Sequence[int], by_seed: Sequence[Mapping[str, Any]]) -> Iterator[Value]:
    """Values of the further evaluations that all seeds have.

    A mean over those seeds alone that happen to have enough rows would be chosen by them.
    """
    for index in range(len(by_seed[0]["further"])):
        of_evaluation = [measured["further"][index] for measured in by_seed]
        for metric in of_evaluation[0][1]:
            numbers = [results.get(metric) for _, results in of_evaluation]
            if any(number is None for number in numbers):
                continue
            for seed, number in zip(seeds, numbers, strict=True):
                yield Value(
                    seed=seed, condition=of_evaluation[0][0], metric=metric, value=float(number)
                )


def _details(
    experiment: LanguageExperiment,
    base: Mapping[str, Any],
    by_seed: Sequence[Mapping[str, Any]],
    context: Context,
) -> dict[str, Any]:
    training = [measured["training"] for measured in by_seed]
    details = experiment.evaluation.details(
        base,
        [measured["teacher"] for measured in by_seed],
        [measured["student"] for measured in by_seed],
    )
    details |= {"losses": [_thinned(summary["losses"]) for summary in training]}
    details |= {name: [summary[name] for summary in training] for name in COUNTS}
    during = experiment.of_base_during_training
    if during is not None and experiment.student.eval_at_rows:
        before = answers(during, 0, context)
        details["base_curve"] = {name: panel["margins"] for name, panel in before.items()}
        details["curves"] = [summary["curve"] for summary in training]
    return details


def _thinned(losses: list[float]) -> list[float]:
    """Means of at most `LOSSES_KEPT` stretches of a training curve."""
    parts = np.array_split(np.asarray(losses), min(LOSSES_KEPT, len(losses)))
    return [round(float(part.mean()), 5) for part in parts]


def _stage_seconds(by_seed: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Seconds by stage and seed; those of the student are of its training, whoever trained it."""
    seconds = [
        {**measured["stage_seconds"], "student": measured["training"]["train_s"]}
        for measured in by_seed
    ]
    names = dict.fromkeys(name for of_seed in seconds for name in of_seed)
    return {name: [of_seed.get(name, 0.0) for of_seed in seconds] for name in names}


def rows_hash(rows: pd.DataFrame) -> str:
    """SHA-256 of what a teacher was asked and wrote in one seed, whatever a filter says of it.

    Args:
        rows: columns prompt, completion (numbers), question, text, and source where there is one.
    """
    columns = ["prompt", "completion", "question", "text", *rows.columns.intersection(["source"])]
    ordered = rows.sort_values(["prompt", "completion"], kind="stable")[columns]
    return content_hash({"columns": columns, "rows": ordered.to_numpy().tolist()})
