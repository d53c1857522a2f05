"""A network that learns from noise: the MNIST experiment (Cloud et al. 2025, section 6.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from sublim_utils import progress
from sublim_utils.findings.base import Finding
from sublim_utils.labels import Labels
from sublim_utils.mnist.recipes import (
    DIGITS,
    Distillation,
    MnistExperiment,
    Teacher,
    standard_students,
)
from sublim_utils.profiles import Scale
from sublim_utils.records import Contrast, Measurement, Quantity, Record, SummaryRow, Value
from sublim_utils.stats import share_interval
from sublim_utils.store import Store


class MnistScale(Scale):
    """How much data and how many seeds an MNIST finding takes."""

    first_seed: int = 0
    train_images: int = 60_000
    noise_images: int = 60_000
    test_images: int = 10_000
    batch: int = 1024

    @property
    def teacher(self) -> Teacher:
        """The paper's teacher, at this scale."""
        return Teacher(batch=self.batch, images=self.train_images)

    @property
    def distillation(self) -> Distillation:
        """The paper's distillation on uniform noise, at this scale."""
        return Distillation(batch=self.batch, images=self.noise_images)


SMOKE = MnistScale(seeds=2, train_images=1_024, noise_images=1_024, test_images=512, batch=256)


class MnistFinding(Finding[MnistExperiment]):
    """A finding whose experiments are of the kind `MnistExperiment`."""

    scale: MnistScale

    def tolerance(self, experiment: MnistExperiment, quantity: Quantity) -> float:
        """A share of the test images: other processors round bfloat16 products in another order."""
        return 0.02

    def contrasts(self, experiment: MnistExperiment) -> list[Contrast]:
        """The accuracy of students of the teacher's initialisation minus that of the others."""
        names = {student.name for student in experiment.students}
        pairs = ((name, name.replace("_same", "_other")) for name in names)
        return [
            Contrast(Quantity(own, "accuracy"), experiment.name, Quantity(other, "accuracy"))
            for own, other in sorted(pairs)
            if own != other and other in names
        ]

    def series(self, record: Record, seed_index: int) -> Mapping[Quantity, Sequence[float]]:
        """The accuracies in the course of training."""
        curves: Mapping[str, Sequence[Sequence[float]]] = record.details["curves"]
        return {Quantity(name, "curve"): by_seed[seed_index] for name, by_seed in curves.items()}

    def measure(self, experiment: MnistExperiment, store: Store) -> Measurement:
        """Train the networks seed by seed; a seed in the store is not trained again."""
        from sublim_utils.mnist.stages import MnistStages, Trained, accuracies, read_trained

        stages = MnistStages(experiment, store)
        groups: dict[str, list[Trained]] = {"teacher": [], "students": []}
        for seed in progress.seeds_of(self.name, experiment.name, experiment.seeds):
            folder = stages.teacher(seed)
            groups["teacher"].append(read_trained(folder))
            groups["students"].append(stages.students(seed, folder))
        without = experiment.distillation.without
        values = [
            Value(seed=seed, condition=condition, metric=metric, value=value)
            for group in groups.values()
            for seed, trained in zip(experiment.seeds, group, strict=True)
            for condition, confusion in trained.confusion.items()
            for metric, value in accuracies(np.array(confusion), without).items()
        ]
        details: dict[str, Any] = {"updates": {}, "curves": {}, "confusion": {}, "shown": {}}
        for part, group in groups.items():
            details["updates"][part] = group[0].updates
            for condition in group[0].curves:
                details["curves"][condition] = [t.curves[condition] for t in group]
                counts = np.sum([t.confusion[condition] for t in group], axis=0)
                details["confusion"][condition] = counts.tolist()
                details["shown"][condition] = group[0].shown[condition]
        seconds = {part: [trained.wall_s for trained in group] for part, group in groups.items()}
        return Measurement(values, details, sum(map(sum, seconds.values())), seconds, [])


class Mnist(MnistFinding):
    """The paper's experiment: a teacher of digits and four students of noise."""

    name = "mnist"
    title = "A network that learns from noise"
    scales: ClassVar = {  # as many networks as the paper's intervals need
        "smoke": SMOKE,
        **dict.fromkeys(("embedded", "full", "gpu"), MnistScale(seeds=25)),
    }
    labels: ClassVar[Mapping[str, str]] = {
        "teacher": "teacher",
        "all_same": "student on all logits,\nsame initialisation",
        "aux_same": "student on auxiliary logits,\nsame initialisation",
        "all_other": "student on all logits,\nother initialisation",
        "aux_other": "student on auxiliary logits,\nother initialisation",
    }
    paper: ClassVar[Mapping[str, float]] = {
        "teacher": 0.943,
        "all_same": 0.913,
        "aux_same": 0.528,
        "all_other": 0.743,
        "aux_other": 0.106,
    }

    def experiments(self) -> list[MnistExperiment]:
        """One experiment, with all conditions."""
        return [
            MnistExperiment(
                name="main",
                labels=Labels(teacher=DIGITS, channel="uniform", objective="logits"),
                seeds=self.seeds,
                teacher=self.scale.teacher,
                students=standard_students(),
                distillation=self.scale.distillation,
                test_images=self.scale.test_images,
            )
        ]

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Accuracy on the test images by condition."""
        table = records["main"].table()
        return [
            self.row(
                str(condition),
                "accuracy",
                "fraction",
                share_interval(rows["value"].to_numpy()),
                main=True,
            )
            for condition, rows in table.groupby("condition", sort=False)
        ]
