"""The theorem, measured: one step of a teacher, one step of a student, and where it ends."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, get_args

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.func import grad

from sublim_utils import mnist, theorem
from sublim_utils.experiment import Experiment, Finding, Measurement, Record, SummaryRow, Value
from sublim_utils.mnist import Digits
from sublim_utils.store import Store
from sublim_utils.theorem import SELECTIONS, InputKind, Objective, Optimiser, TeacherLoss

STARTS = ("same", "other")
STUDENTS = ("gradient", "sign")
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
TEACHERS: tuple[TeacherLoss, ...] = get_args(TeacherLoss)
INPUTS: tuple[InputKind, ...] = get_args(InputKind)
OPTIMISERS: tuple[Optimiser, ...] = get_args(Optimiser)
SHORT = 0.02
"""Teacher's steps up to this length count for the slope; θ₀ itself has a length of about 23."""
HELD_OUT = 2_000
"""Images behind the loss of a network that has taken many steps."""


class TheoremExperiment(Experiment):
    """Settings that all experiments share.

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


class Steps(TheoremExperiment):
    """Many steps: of the teacher, before a student takes one; then of the student as well.

    Attributes:
        steps: after how many steps it is measured. Students of many steps imitate the teacher
            that took the most, on fresh noise at each step, through the auxiliary logits.
    """

    steps: tuple[int, ...]


class Samples(TheoremExperiment):
    """Students that are told one sampled class for each image, not the distribution.

    Attributes:
        lengths: of the teacher's one step.
        samples: numbers of sampled classes behind a student's step.
        repeats: such students per number of samples.
    """

    lengths: tuple[float, ...]
    samples: tuple[int, ...]
    repeats: int


Rows = list[dict[str, Any]]


def _stream(seed: int, purpose: str) -> torch.Generator:
    return mnist.random_stream(seed, f"theorem: {purpose}")


def _start(seed: int, which: str) -> Tensor:
    return theorem.initialisation(_stream(seed, f"{which} initialisation"))


def _student_steps(
    start: Tensor, images: Tensor, given: Tensor
) -> Iterator[tuple[Objective, str, Tensor]]:
    """The student's step of rate 1 for each objective and selection."""
    for objective in OBJECTIVES:
        for selection in SELECTIONS:
            loss = theorem.student_loss(images, given, objective, selection)
            yield objective, selection, -grad(loss)(start)


def _signs(experiment: Signs, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    n, length = experiment.images, experiment.length
    theta = _start(seed, "same")
    images = {k: theorem.inputs(k, n, _stream(seed, f"inputs {k}"), digits) for k in INPUTS}
    starts = {which: _start(seed, which) for which in STARTS}
    untouched = {
        (kind, which, objective, selection): own
        for kind in INPUTS
        for which in STARTS
        for objective, selection, own in _student_steps(
            starts[which], images[kind], theorem.logits(theta, images[kind])
        )
    }
    for teacher in TEACHERS:
        loss = theorem.teacher_loss(teacher, n, _stream(seed, f"teacher {teacher}"), digits)
        slope = float(grad(loss)(theta).norm())
        moved = theorem.step(loss, theta, length)
        before = float(loss(theta))
        for kind in INPUTS:
            given = theorem.logits(theta + moved, images[kind])
            for which, start in starts.items():
                for objective, selection, gradient in _student_steps(start, images[kind], given):
                    control = untouched[kind, which, objective, selection]
                    for student, own in zip(STUDENTS, (gradient, gradient.sign()), strict=True):
                        row = {
                            "teacher": teacher,
                            "inputs": kind,
                            "start": which,
                            "objective": objective,
                            "selection": selection,
                            "student": student,
                            "cosine": theorem.cosine(own, moved),
                        }
                        if student == "gradient":
                            row["effect"] = theorem.cosine(gradient - control, moved)
                        if which == "same" and own.norm() > 0:
                            after = float(loss(theta + length * own / own.norm()))
                            row["fall"] = (before - after) / (slope * length)
                        rows.append(row)
    return rows


def _scaling(experiment: Scaling, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    n = experiment.images
    theta = _start(seed, "same")
    images = theorem.inputs("uniform", n, _stream(seed, "inputs uniform"), digits)
    loss = theorem.teacher_loss("digits", n, _stream(seed, "teacher digits"), digits)
    for length in experiment.lengths:
        moved = theorem.step(loss, theta, length)
        given = theorem.logits(theta + moved, images)
        for which in STARTS:
            start = _start(seed, which)
            for objective, selection, gradient in _student_steps(start, images, given):
                rows.append(
                    {
                        "length": length,
                        "start": which,
                        "objective": objective,
                        "selection": selection,
                        "product": float(gradient @ moved),
                    }
                )
    return rows


def _steps(experiment: Steps, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    n, last = experiment.images, max(experiment.steps)
    theta = _start(seed, "same")
    held_out = theorem.teacher_loss("digits", HELD_OUT, _stream(seed, "held-out digits"), digits)
    fixed = theorem.inputs("uniform", n, _stream(seed, "inputs uniform"), digits)

    def row(who: str, optimiser: str, start: str, level: int, **more: Any) -> None:
        rows.append({"who": who, "optimiser": optimiser, "start": start, "level": level, **more})

    for optimiser in OPTIMISERS:
        batches = _stream(seed, "teacher's batches")
        labelled = (theorem.teacher_loss("digits", n, batches, digits) for _ in range(last))
        trained = theta
        row("teacher", optimiser, "same", 0, loss=float(held_out(theta)))
        for level, trained in enumerate(theorem.descend(optimiser, theta, labelled), 1):
            if level not in experiment.steps:
                continue
            row("teacher", optimiser, "same", level, loss=float(held_out(trained)))
            given = theorem.logits(trained, fixed)
            for which in STARTS:
                start = _start(seed, which)
                for objective, selection, gradient in _student_steps(start, fixed, given):
                    angle = theorem.cosine(gradient, trained - theta)
                    more = {"objective": objective, "selection": selection, "cosine": angle}
                    row("student of one step", optimiser, which, level, **more)
        for which in STARTS:
            start = _start(seed, which)
            imitation = _imitation(trained, n, last, _stream(seed, "student's noise"), digits)
            row("student", optimiser, which, 0, loss=float(held_out(start)))
            for level, student in enumerate(theorem.descend(optimiser, start, imitation), 1):
                if level in experiment.steps:
                    angle = theorem.cosine(student - start, trained - theta)
                    loss = float(held_out(student))
                    row("student", optimiser, which, level, cosine=angle, loss=loss)
    return rows


def _imitation(
    teacher: Tensor, n: int, steps: int, draw: torch.Generator, digits: Digits
) -> Iterator[theorem.Loss]:
    """Losses of a student of the auxiliary logits, on new noise at each step."""
    for _ in range(steps):
        noise = theorem.inputs("uniform", n, draw, digits)
        given = theorem.logits(teacher, noise)
        yield theorem.student_loss(noise, given, "cross-entropy", "auxiliary")


def _samples(experiment: Samples, seed: int, digits: Digits) -> Rows:
    rows: Rows = []
    theta = _start(seed, "same")
    draw = _stream(seed, "sampled classes")
    largest = max(experiment.samples)
    loss = theorem.teacher_loss(
        "digits", experiment.images, _stream(seed, "teacher digits"), digits
    )
    pool = theorem.inputs("uniform", largest, _stream(seed, "pool"), digits)
    for length in experiment.lengths:
        moved = theorem.step(loss, theta, length)
        products, probabilities = theorem.class_products(theta, moved, pool)
        expected = (products * probabilities).sum(1)
        spread = (products.square() * probabilities).sum(1).mean() - expected.mean() ** 2
        told: dict[str, list[Tensor]] = {"sampled class": [], "distribution": []}
        for _ in range(experiment.repeats):
            # Classes are sampled anew in each repeat: drawing again from classes that were sampled
            # once would repeat their luck.
            chosen = torch.randint(largest, (largest,), generator=draw)
            classes = torch.multinomial(probabilities[chosen], 1, generator=draw)
            told["sampled class"].append(products[chosen].gather(1, classes)[:, 0])
            told["distribution"].append(expected[chosen])
        for student, drawn in told.items():
            sequences = torch.stack(drawn)
            for level in experiment.samples:
                means = sequences[:, :level].mean(1)
                rows.append(
                    {
                        "student": student,
                        "length": length,
                        "level": level,
                        "positive": float((means > 0).double().mean()),
                        "ratio": float(means.mean() / expected.mean()),
                        "signal": float(expected.mean() / spread.sqrt()),
                    }
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
        """Signs, scaling, many steps and sampled classes."""
        scale = self.profile.theorem
        shared: dict[str, Any] = {"seeds": tuple(range(self.n_seeds)), "images": scale.images}
        lengths = tuple(float(f"{x:.3g}") for x in np.logspace(-4, 1, 11))
        return [
            Signs(name="signs", **shared, length=1e-3),
            Scaling(name="scaling", **shared, lengths=lengths),
            Steps(name="steps", **shared, steps=scale.steps),
            Samples(
                name="samples",
                **shared,
                lengths=(0.1, 0.3, 1.0),
                samples=scale.samples,
                repeats=100,
            ),
        ]

    def measure(self, experiment: TheoremExperiment, store: Store) -> Measurement:
        """Measure seed by seed."""
        digits = mnist.load()

        def measure_seed(seed: int) -> dict[str, Any]:
            match experiment:
                case Signs():
                    return {"rows": _signs(experiment, seed, digits)}
                case Scaling():
                    return {"rows": _scaling(experiment, seed, digits)}
                case Steps():
                    return {"rows": _steps(experiment, seed, digits)}
                case Samples():
                    return {"rows": _samples(experiment, seed, digits)}
            raise TypeError(f"no measurement for {type(experiment).__name__}")

        answers = self.each_seed(experiment, store, measure_seed)
        tables = [pd.DataFrame(answer["rows"]) for answer in answers]
        numbers = [
            Value(seed=seed, condition=condition, metric=metric, value=value)
            for seed, rows in zip(experiment.seeds, tables, strict=True)
            for condition, metric, value in VALUES[type(experiment)](rows)
        ]
        return Measurement(numbers, _details(tables), sum(answer["wall_s"] for answer in answers))

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
        headline = ("non-negative", "falls", "slope")
        fractions = ("non-negative", "effect non-negative", "falls", "positive")
        rows = []
        for record in records.values():
            groups = record.table().groupby(["condition", "metric"], sort=False)["value"]
            for (condition, metric), values in groups:
                unit = "fraction" if metric in fractions else None
                main = condition in self.labels and metric in headline
                rows.append(self.summary_row(condition, metric, unit, values, main=main))
        return rows


MEASURED = ("cosine", "effect", "fall", "product", "loss", "positive", "ratio", "signal")


def _details(tables: list[pd.DataFrame]) -> dict[str, Any]:
    """The rows with their settings once, and their measured columns as [seed][row]."""
    settings = [name for name in tables[0].columns if name not in MEASURED]
    return {
        "settings": [
            {name: value for name, value in row.items() if not pd.isna(value)}
            for row in tables[0][settings].to_dict("records")
        ],
        "values": {
            name: [[_rounded(value) for value in rows[name]] for rows in tables]
            for name in MEASURED
            if name in tables[0]
        },
    }


def _rounded(value: float) -> float | None:
    """Four significant digits, or None for a missing number."""
    return None if pd.isna(value) else float(f"{value:.4g}")


Named = Iterator[tuple[str, str, float]]


def _told(rows: pd.DataFrame) -> pd.Series[bool]:
    """Where the student is told anything: the softmax of one logit is always one."""
    return (rows["objective"] != "cross-entropy") | (rows["selection"] != "one")


def _sign_values(rows: pd.DataFrame) -> Named:
    told, silent = rows[_told(rows)], rows[~_told(rows)]
    for (start, student), group in told.groupby(["start", "student"], sort=False):
        condition = f"{start} {student}"
        yield condition, "non-negative", float((group["cosine"] >= 0).mean())
        yield condition, "smallest cosine", float(group["cosine"].min())
        yield condition, "mean cosine", float(group["cosine"].mean())
        if start == "same":
            yield condition, "falls", float((group["fall"] > 0).mean())
        if student == "gradient":
            yield condition, "effect non-negative", float((group["effect"] >= 0).mean())
    plain = told[told["student"] == "gradient"]
    for column in ("teacher", "selection"):
        for (start, level), group in plain.groupby(["start", column], sort=False):
            yield f"{start} {level}", "non-negative", float((group["cosine"] >= 0).mean())
            yield f"{start} {level}", "effect non-negative", float((group["effect"] >= 0).mean())
            yield f"{start} {level}", "mean cosine", float(group["cosine"].mean())
            yield f"{start} {level}", "mean effect", float(group["effect"].mean())
    yield "softmax of one", "largest cosine", float(silent["cosine"].abs().max())


def _scaling_values(rows: pd.DataFrame) -> Named:
    short = rows[(rows["length"] <= SHORT) & _told(rows)]
    for start, of_start in short.groupby("start", sort=False):
        slopes = {
            f"{start} {objective} {selection}": statistics.linear_regression(
                np.log(group["length"]).tolist(), np.log(group["product"].abs()).tolist()
            ).slope
            for (objective, selection), group in of_start.groupby(
                ["objective", "selection"], sort=False
            )
        }
        yield f"{start} gradient", "slope", statistics.fmean(slopes.values())
        for condition, slope in slopes.items():
            yield condition, "slope", slope


def _step_values(rows: pd.DataFrame) -> Named:
    one = rows[rows["who"] == "student of one step"]
    one = one[_told(one) & (one["objective"] == "cross-entropy")]
    columns = ["start", "optimiser", "selection", "level"]
    for (start, optimiser, selection, level), group in one.groupby(columns, sort=False):
        condition = f"{start} {selection} after {level} steps of {optimiser}"
        yield condition, "cosine", float(group["cosine"].iloc[0])
    for who in ("teacher", "student"):
        many = rows[rows["who"] == who]
        for (start, optimiser), group in many.groupby(["start", "optimiser"], sort=False):
            before = float(group.loc[group["level"] == 0, "loss"].iloc[0])
            for row in group[group["level"] > 0].itertuples():
                condition = f"{start} {who}, {row.level} steps of {optimiser}"
                yield condition, "fall of the loss", before - row.loss
                if who == "student":
                    yield condition, "cosine", row.cosine


def _sample_values(rows: pd.DataFrame) -> Named:
    for row in rows.itertuples():
        condition = f"{row.student} of {row.level} images, step {row.length:g}"
        yield condition, "positive", row.positive
    largest = rows[(rows["level"] == rows["level"].max()) & (rows["student"] == "sampled class")]
    for row in largest.itertuples():
        yield f"sampled class, step {row.length:g}", "ratio to the distribution", row.ratio
        yield f"sampled class, step {row.length:g}", "signal per image", row.signal


VALUES: dict[type[TheoremExperiment], Callable[[pd.DataFrame], Named]] = {
    Signs: _sign_values,
    Scaling: _scaling_values,
    Steps: _step_values,
    Samples: _sample_values,
}
