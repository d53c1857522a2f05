"""The theorem, measured: one step of a teacher, one step of a student, and where it ends."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, get_args

import numpy as np
import pandas as pd
import torch
from torch.func import grad

from sublim_utils import mnist, theorem
from sublim_utils.experiment import Experiment, Finding
from sublim_utils.mnist import Digits
from sublim_utils.records import Measurement, Record, SummaryRow, Value
from sublim_utils.store import Store
from sublim_utils.theorem import SELECTIONS, InputKind, Objective, TeacherLoss

STARTS = ("same", "other")
STUDENTS = ("gradient", "Adam")
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
TEACHERS: tuple[TeacherLoss, ...] = get_args(TeacherLoss)
INPUTS: tuple[InputKind, ...] = get_args(InputKind)
SHORT = 0.02


class TheoremExperiment(Experiment):
    """Settings that all three experiments share.

    Attributes:
        images: behind each expectation, the teacher's loss and the student's.
    """

    images: int


class Signs(TheoremExperiment):
    """One step of each, for every teacher's loss, kind of input, objective and selection.

    Attributes:
        length: of the teacher's step, and of the student's where the teacher's loss is taken.
    """

    length: float


class Scaling(TheoremExperiment):
    """The inner product for teacher's steps of these lengths, and a student's step of rate 1."""

    lengths: tuple[float, ...]


class Limits(TheoremExperiment):
    """Teachers of many steps, and students of sampled classes.

    Attributes:
        steps: after how many steps of the teacher a student takes its one step.
        length: of the one step of the teacher whose classes are sampled.
        samples: numbers of sampled classes behind a student's step.
        repeats: such students per number of samples.
    """

    steps: tuple[int, ...]
    length: float
    samples: tuple[int, ...]
    repeats: int


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
                    {
                        "length": length,
                        "start": which,
                        "objective": objective,
                        "selection": selection,
                        "product": product,
                    }
                )
    return rows


def _limits(experiment: Limits, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    theta = theorem.initialisation(seed)
    images = theorem.inputs("uniform", experiment.images, seed, digits)
    held_out = theorem.teacher_loss("digits", 2_000, seed + 1, digits)
    for optimiser in ("SGD", "Adam"):
        training = theorem.training(
            "SGD" if optimiser == "SGD" else "Adam",
            theta,
            max(experiment.steps),
            experiment.images,
            seed,
            digits,
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


class Theorem(Finding[TheoremExperiment]):
    """The sign of Δθ_S·Δθ_T, its scaling with the teacher's step, and where the theorem ends."""

    name = "theorem"
    title = "Why it must happen"
    labels: ClassVar[Mapping[str, str]] = {
        "same gradient": "same initialisation",
        "other gradient": "other initialisation",
    }

    @property
    def default_seeds(self) -> int:
        """20 at full scale."""
        return self.profile.theorem.seeds

    def experiments(self) -> list[TheoremExperiment]:
        """Signs, scaling and limits."""
        scale = self.profile.theorem
        seeds, images = tuple(range(self.n_seeds)), scale.images
        lengths = tuple(float(f"{x:.3g}") for x in np.logspace(-4, 1, 11))
        return [
            Signs(name="signs", seeds=seeds, images=images, length=1e-3),
            Scaling(name="scaling", seeds=seeds, images=images, lengths=lengths),
            Limits(
                name="limits",
                seeds=seeds,
                images=images,
                steps=scale.steps,
                length=0.1,
                samples=scale.samples,
                repeats=100,
            ),
        ]

    def measure(self, experiment: TheoremExperiment, store: Store) -> Measurement:
        """Measure seed by seed."""
        digits = mnist.load()

        def measure_seed(seed: int) -> dict[str, Any]:
            if isinstance(experiment, Signs):
                return {"rows": _signs(experiment, seed, digits)}
            if isinstance(experiment, Scaling):
                return {"rows": _scaling(experiment, seed, digits)}
            assert isinstance(experiment, Limits)
            return {"rows": _limits(experiment, seed, digits)}

        answers = self.each_seed(experiment, store, measure_seed)
        table = pd.concat(
            pd.DataFrame(answer["rows"]).assign(seed=seed)
            for seed, answer in zip(experiment.seeds, answers, strict=True)
        )
        values = {"signs": _sign_values, "scaling": _scaling_values, "limits": _limit_values}
        numbers = [
            Value(seed=seed, condition=condition, metric=metric, value=value)
            for seed, rows in table.groupby("seed")
            for condition, metric, value in values[experiment.name](rows)
        ]
        seconds = [answer["wall_s"] for answer in answers]
        return Measurement(numbers, _details(table), sum(seconds), {"seed": seconds}, [])

    @staticmethod
    def table(record: Record) -> pd.DataFrame:
        """All rows behind a record: one per seed and combination of settings."""
        details = record.details
        settings = pd.DataFrame(details["settings"])
        tables = []
        for number, seed in enumerate(record.experiment["seeds"]):
            columns = {name: values[number] for name, values in details["values"].items()}
            tables.append(settings.assign(seed=seed, **columns))
        return pd.concat(tables, ignore_index=True)

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Every value of every record, over seeds; signs and slopes are the headline."""
        main = {("same gradient", "inner product ≥ 0"), ("other gradient", "inner product ≥ 0")}
        rows = []
        for record in records.values():
            groups = record.table().groupby(["condition", "metric"], sort=False)["value"]
            for (condition, metric), values in groups:
                unit = (
                    "fraction"
                    if metric in ("inner product ≥ 0", "teacher's loss falls", "positive")
                    else None
                )
                rows.append(
                    self.summary_row(
                        condition, metric, unit, values, main=(condition, metric) in main
                    )
                )
        return rows


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
    told, silent = rows[~mute], rows[mute]  # the softmax of one logit says nothing
    for (start, student), group in told.groupby(["start", "student"], sort=False):
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
