"""The theorem, measured: one step of a teacher, one step of a student, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sublim_utils.findings.base import Finding
from sublim_utils.findings.running import each_seed
from sublim_utils.labels import Labels
from sublim_utils.mnist.theorem_recipes import (
    STUDENTS,
    Distances,
    Limits,
    Scaling,
    Signs,
    TheoremExperiment,
)
from sublim_utils.profiles import Scale
from sublim_utils.records import Contrast, Measurement, Quantity, Record, SummaryRow
from sublim_utils.stats import mean_interval, share_interval
from sublim_utils.store import Store

if TYPE_CHECKING:
    import pandas as pd


LENGTHS = (0.01, 0.1, 1.0, 10.0)
DISTANCES = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
SHARES = ("inner product ≥ 0", "teacher's loss falls", "positive")
"""Metrics that are shares of cases."""


class TheoremScale(Scale):
    """How much the theorem is measured on.

    Attributes:
        images: behind each expectation.
        steps: after how many steps of a teacher a student takes its one.
        samples: numbers of sampled classes behind a student's step.
    """

    first_seed: int = 0
    images: int
    steps: tuple[int, ...]
    samples: tuple[int, ...]


class Theorem(Finding[TheoremExperiment]):
    """The sign of Δθ_S·Δθ_T, how it depends on step and start, and where the theorem ends."""

    name = "theorem"
    scale: TheoremScale
    title = "One small step"
    scales: ClassVar = {
        "smoke": TheoremScale(seeds=2, images=32, steps=(1, 3), samples=(16, 64)),
        **dict.fromkeys(
            ("embedded", "full", "gpu"),
            TheoremScale(
                seeds=20,
                images=128,
                steps=(1, 3, 10, 30, 100, 300),
                samples=(16, 64, 256, 1024, 4096, 16384),
            ),
        ),
    }
    labels: ClassVar[Mapping[str, str]] = {
        "same gradient": "same initialisation",
        "other gradient": "other initialisation",
    }

    def tolerance(self, experiment: TheoremExperiment, quantity: Quantity) -> float:
        """Double precision: between two processors 1e-12 were measured."""
        return 1e-9

    def contrasts(self, experiment: TheoremExperiment) -> list[Contrast]:
        """Signs and cosines from the teacher's initialisation minus those from another one."""
        if not isinstance(experiment, Signs):
            return []
        return [
            Contrast(
                Quantity(f"same {student}", metric),
                experiment.name,
                Quantity(f"other {student}", metric),
            )
            for student in STUDENTS
            for metric in ("inner product ≥ 0", "mean cosine")
        ]

    def experiments(self) -> list[TheoremExperiment]:
        """Signs, scaling, distances and limits."""
        scale, seeds = self.scale, self.seeds
        images = scale.images
        lengths = tuple(float(f"{x:.3g}") for x in np.logspace(-4, 1, 11))
        return [
            Signs(
                name="signs",
                labels=Labels(variant="signs"),
                seeds=seeds,
                images=images,
                length=1e-3,
            ),
            Scaling(
                name="scaling",
                labels=Labels(variant="scaling"),
                seeds=seeds,
                images=images,
                lengths=lengths,
            ),
            Distances(
                name="distances",
                labels=Labels(variant="distances"),
                seeds=seeds,
                images=images,
                lengths=LENGTHS,
                distances=DISTANCES,
            ),
            Limits(
                name="limits",
                labels=Labels(variant="limits"),
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
        from sublim_utils.mnist import networks as mnist, theorem_measures

        digits = mnist.load()

        def measure_seed(seed: int) -> dict[str, Any]:
            return {"rows": theorem_measures.rows(experiment, seed, digits)}

        answers = each_seed(self.name, experiment, store, measure_seed)
        by_seed = {
            seed: answer["rows"] for seed, answer in zip(experiment.seeds, answers, strict=True)
        }
        values, details = theorem_measures.reported(experiment, by_seed)
        seconds = [answer["wall_s"] for answer in answers]
        return Measurement(values, details, sum(seconds), {"seed": seconds}, [])

    @staticmethod
    def table(record: Record) -> pd.DataFrame:
        """All rows behind a record: one per seed and combination of settings."""
        import pandas as pd

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
                shares = metric in SHARES
                interval = (share_interval if shares else mean_interval)(values.to_numpy())
                unit = "fraction" if shares else None
                is_main = (condition, metric) in main
                rows.append(self.row(condition, metric, unit, interval, main=is_main))
        return rows
