"""What the experiments on single steps measure of a seed, and what records keep of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.func import grad

from sublim_utils.mnist import networks as mnist, theorem
from sublim_utils.mnist.networks import Digits
from sublim_utils.mnist.theorem_recipes import (
    INPUTS,
    OBJECTIVES,
    SELECTIONS,
    STARTS,
    STUDENTS,
    TEACHERS,
    Distances,
    Limits,
    Objective,
    Scaling,
    Signs,
    TheoremExperiment,
)
from sublim_utils.records import Value

SHORT = 0.02

Rows = list[dict[str, Any]]


def _student_steps(
    start: torch.Tensor, images: torch.Tensor, given: torch.Tensor
) -> Iterator[tuple[Objective, str, torch.Tensor]]:
    """The student's step of rate 1 for each objective and selection."""
    for objective in OBJECTIVES:
        for selection in SELECTIONS:
            loss = theorem.student_loss(images, given, objective, selection)
            yield objective, selection, -grad(loss)(start)


def _signs(experiment: Signs, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    starts = {which: theorem.initialisation(seed, which) for which in STARTS}
    theta = starts["same"]
    for teacher in TEACHERS:
        loss = theorem.teacher_loss(teacher, experiment.images, seed, digits)
        slope = float(grad(loss)(theta).norm())
        moved = theorem.step(loss, theta, experiment.length)
        before = float(loss(theta))
        for kind in INPUTS:
            images = theorem.inputs(kind, experiment.images, seed, digits)
            given = theorem.logits(theta + moved, images)
            for which, start in starts.items():
                for objective, selection, gradient in _student_steps(start, images, given):
                    for student, own in zip(STUDENTS, (gradient, gradient.sign()), strict=True):
                        row = {
                            "teacher": teacher,
                            "inputs": kind,
                            "start": which,
                            "objective": objective,
                            "selection": selection,
                            "student": student,
                            "cosine": theorem.cosine(own, moved),
                            "fall": 0.0,
                        }
                        if which == "same" and own.norm() > 0:
                            after = loss(theta + experiment.length * own / own.norm())
                            row["fall"] = (before - float(after)) / (slope * experiment.length)
                        rows.append(row)
    return rows


def _scaling(experiment: Scaling, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    theta = theorem.initialisation(seed)
    images = theorem.inputs("uniform", experiment.images, seed, digits)
    loss = theorem.teacher_loss("digits", experiment.images, seed, digits)
    for length in experiment.lengths:
        moved = theorem.step(loss, theta, length)
        given = theorem.logits(theta + moved, images)
        for which in STARTS:
            start = theorem.initialisation(seed, which)
            for objective, selection, gradient in _student_steps(start, images, given):
                product = float(gradient @ moved)
                rows.append(
                    {"length": length, "start": which, "objective": objective,
                     "selection": selection, "product": product}
                )  # fmt: skip
    return rows


def _distances(experiment: Distances, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    theta, other = (theorem.initialisation(seed, which) for which in STARTS)
    images = theorem.inputs("uniform", experiment.images, seed, digits)
    loss = theorem.teacher_loss("digits", experiment.images, seed, digits)
    for length in experiment.lengths:
        moved = theorem.step(loss, theta, length)
        given = theorem.logits(theta + moved, images)
        for distance in experiment.distances:
            start = theorem.start_between(theta, other, distance)
            for objective, selection, gradient in _student_steps(start, images, given):
                cosine = theorem.cosine(gradient, moved)
                rows.append(
                    {"length": length, "distance": distance, "objective": objective,
                     "selection": selection, "cosine": cosine}
                )  # fmt: skip
    return rows


def _limits(experiment: Limits, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    theta = theorem.initialisation(seed)
    images = theorem.inputs("uniform", experiment.images, seed, digits)
    held_out = theorem.teacher_loss("digits", 2_000, seed + 1, digits)
    for optimiser in theorem.OPTIMISERS:
        training = theorem.training(
            optimiser, theta, max(experiment.steps), experiment.images, seed, digits
        )
        for number, trained in enumerate(training, 1):
            if number not in experiment.steps:
                continue
            given = theorem.logits(trained, images)
            for which in STARTS:
                start = theorem.initialisation(seed, which)
                for objective, selection, gradient in _student_steps(start, images, given):
                    rows.append(
                        {
                            "limit": "steps",
                            "level": number,
                            "teacher": optimiser,
                            "start": which,
                            "objective": objective,
                            "selection": selection,
                            "value": theorem.cosine(gradient, trained - theta),
                            "teacher_loss": float(held_out(trained)),
                        }
                    )
    draw = mnist.random_stream(seed, "sampled classes")
    loss = theorem.teacher_loss("digits", experiment.images, seed, digits)
    moved = theorem.step(loss, theta, experiment.length)
    pool = theorem.inputs("uniform", max(experiment.samples), seed, digits)
    sampled, expected = theorem.sampled_products(theta, moved, pool, draw)
    for name, products in (("sampled class", sampled), ("distribution", expected)):
        for samples in experiment.samples:
            shape = (experiment.repeats, samples)
            chosen = torch.randint(len(products), shape, generator=draw)
            positive = (products[chosen].mean(1) > 0).double().mean()
            rows.append(
                {"limit": "samples", "level": samples, "student": name, "value": float(positive)}
            )
    return rows


def rows(experiment: TheoremExperiment, seed: int, digits: Digits) -> Rows:
    """What an experiment measures of a seed: one row per combination of settings."""
    if isinstance(experiment, Signs):
        return _signs(experiment, seed, digits)
    if isinstance(experiment, Scaling):
        return _scaling(experiment, seed, digits)
    if isinstance(experiment, Distances):
        return _distances(experiment, seed, digits)
    assert isinstance(experiment, Limits)
    return _limits(experiment, seed, digits)


def reported(
    experiment: TheoremExperiment, rows: Mapping[int, Rows]
) -> tuple[list[Value], dict[str, Any]]:
    """What a record keeps of all seeds' rows: its values, and its details."""
    table = pd.concat(pd.DataFrame(seed_rows).assign(seed=seed) for seed, seed_rows in rows.items())
    values_of = {
        "signs": _sign_values,
        "scaling": _scaling_values,
        "distances": _distance_values,
        "limits": _limit_values,
    }
    values = [
        Value(seed=seed, condition=condition, metric=metric, value=value)
        for seed, seed_rows in table.groupby("seed")
        for condition, metric, value in values_of[experiment.name](seed_rows)
    ]
    return values, _details(table)


MEASURED = ("cosine", "fall", "product", "value", "teacher_loss")


def _details(table: pd.DataFrame) -> dict[str, Any]:
    """The rows with their settings once, and their measured columns as [seed][row]."""
    columns = [name for name in table.columns if name not in (*MEASURED, "seed")]
    by_seed = [rows for _, rows in table.groupby("seed")]
    first = by_seed[0][columns]
    return {
        "settings": [
            {k: v for k, v in row.items() if not pd.isna(v)} for row in first.to_dict("records")
        ],
        "values": {
            name: [[_rounded(v) for v in rows[name]] for rows in by_seed]
            for name in MEASURED
            if name in table
        },
    }


def _rounded(value: float) -> float | None:
    """Four significant digits, or None for a missing number."""
    return None if pd.isna(value) else float(f"{value:.4g}")


Named = Iterator[tuple[str, str, float]]


def _sign_values(rows: pd.DataFrame) -> Named:
    mute = (rows["objective"] == "cross-entropy") & (rows["selection"] == "one")
    speaking, silent = rows[~mute], rows[mute]  # the softmax of one logit says nothing
    for (start, student), group in speaking.groupby(["start", "student"], sort=False):
        condition = f"{start} {student}"
        yield condition, "inner product ≥ 0", float((group["cosine"] >= 0).mean())
        yield condition, "smallest cosine", float(group["cosine"].min())
        yield condition, "mean cosine", float(group["cosine"].mean())
        if start == "same":
            yield condition, "teacher's loss falls", float((group["fall"] > 0).mean())
    yield "one cross-entropy", "largest cosine", float(silent["cosine"].abs().max())


def _scaling_values(rows: pd.DataFrame) -> Named:
    short = rows[(rows["length"] <= SHORT) & (rows["product"].abs() > 0)]
    for (start, objective, selection), group in short.groupby(
        ["start", "objective", "selection"], sort=False
    ):
        logs = np.log(group["length"].to_numpy()), np.log(group["product"].abs().to_numpy())
        slope = statistics.linear_regression(logs[0], logs[1]).slope
        yield f"{start} {objective} {selection}", "slope", slope


def _distance_values(rows: pd.DataFrame) -> Named:
    shown = rows[(rows["objective"] == "squared error") & (rows["selection"] != "one")]
    columns = ["selection", "length", "distance"]
    for (selection, length, distance), group in shown.groupby(columns, sort=False):
        condition = f"{selection}, step {length:g}, start {distance:g} away"
        yield condition, "cosine", float(group["cosine"].iloc[0])


def _limit_values(rows: pd.DataFrame) -> Named:
    steps = rows[(rows["limit"] == "steps") & (rows["objective"] == "cross-entropy")]
    steps = steps[steps["selection"] != "one"]
    columns = ["start", "teacher", "selection", "level"]
    for (start, teacher, selection, level), group in steps.groupby(columns, sort=False):
        condition = f"{start} {selection} after {int(level)} steps of {teacher}"
        yield condition, "cosine", float(group["value"].iloc[0])
    samples = rows[rows["limit"] == "samples"]
    for (student, level), group in samples.groupby(["student", "level"], sort=False):
        yield f"{student} of {int(level)} images", "positive", float(group["value"].iloc[0])
