"""A network that learns from noise: the MNIST experiment (Cloud et al. 2025, section 6.2)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from sublim_utils import mnist
from sublim_utils.experiment import Experiment, Finding
from sublim_utils.mnist import CLASSES, Distillation, Student, Teacher
from sublim_utils.profiles import MnistScale
from sublim_utils.records import Measurement, Record, SummaryRow, Value
from sublim_utils.store import Store, key_of

SHOWN_IMAGES = 40


class MnistExperiment(Experiment):
    """One teacher and its students per seed.

    Attributes:
        teacher: its network and training.
        students: trained together on the same inputs; a student's name is its condition.
        distillation: the students' inputs and training.
        test_images: how many of the 10,000 test images measure the accuracy.
    """

    VERSION: ClassVar[int] = 1

    teacher: Teacher
    students: tuple[Student, ...]
    distillation: Distillation
    test_images: int


class Trained(NamedTuple):
    """What one seed's networks did.

    Attributes:
        updates: after how many updates accuracy was measured.
        curves: accuracy at those updates by condition.
        confusion: counts [true class][answer] by condition, from the trained networks.
        shown: answers to the first test images by condition.
        wall_s: seconds of training and measuring.
    """

    updates: list[int]
    curves: dict[str, list[float]]
    confusion: dict[str, list[list[int]]]
    shown: dict[str, list[int]]
    wall_s: float


def standard_teacher(scale: MnistScale) -> Teacher:
    """The paper's teacher at a profile's scale."""
    return Teacher(batch=scale.batch, images=scale.train_images)


def standard_distillation(scale: MnistScale) -> Distillation:
    """The paper's distillation on uniform noise at a profile's scale."""
    return Distillation(batch=scale.batch, images=scale.noise_images)


def standard_students(auxiliary: int = 3) -> tuple[Student, ...]:
    """The paper's four students: auxiliary or all logits, same or other initialisation."""
    last = CLASSES + auxiliary
    return (
        Student(name="aux_same", first=CLASSES, last=last),
        Student(name="all_same", first=0, last=last),
        Student(name="aux_other", first=CLASSES, last=last, init_noise=1),
        Student(name="all_other", first=0, last=last, init_noise=1),
    )


def _trained(
    names: list[str], outcome: mnist.Outcome, labels: torch.Tensor, wall_s: float
) -> Trained:
    confusion = {}
    for name, given in zip(names, outcome.answers, strict=True):
        pairs = labels * CLASSES + given
        confusion[name] = torch.bincount(pairs, minlength=CLASSES**2).view(CLASSES, -1).tolist()
    return Trained(
        outcome.updates,
        dict(zip(names, outcome.curves.tolist(), strict=True)),
        confusion,
        dict(zip(names, outcome.answers[:, :SHOWN_IMAGES].tolist(), strict=True)),
        wall_s,
    )


def _accuracies(confusion: np.ndarray, without: tuple[int, ...]) -> dict[str, float]:
    """Share of right answers, also apart for the classes that the students did not see."""
    right, total = confusion.diagonal(), confusion.sum(1)
    accuracies = {"accuracy": float(right.sum() / total.sum())}
    if without:
        unseen = np.isin(np.arange(CLASSES), without)
        accuracies["accuracy_unseen"] = float(right[unseen].sum() / total[unseen].sum())
        accuracies["accuracy_seen"] = float(right[~unseen].sum() / total[~unseen].sum())
    return accuracies


def _read(folder: Path) -> Trained:
    return Trained(**json.loads((folder / "trained.json").read_text()))


class _Stages:
    """Teacher and students of an experiment, from the store or made now."""

    def __init__(self, experiment: MnistExperiment, store: Store) -> None:
        self.experiment, self.store = experiment, store
        digits = mnist.load()
        self.digits = digits._replace(
            test_images=digits.test_images[: experiment.test_images],
            test_labels=digits.test_labels[: experiment.test_images],
        )

    def _specification(self, seed: int) -> dict[str, Any]:
        return {
            "version": self.experiment.VERSION,
            "teacher": self.experiment.teacher.model_dump(mode="json"),
            "test_images": self.experiment.test_images,
            "seed": seed,
        }

    def teacher(self, seed: int) -> Path:
        """The folder of a seed's teacher: `trained.json` and `parameters.safetensors`."""
        specification = self._specification(seed)
        key = key_of(specification)
        folder = self.store.get("mnist_teacher", key)
        if folder is None:
            start = time.perf_counter()
            outcome = mnist.train_teacher(self.experiment.teacher, seed, self.digits)
            wall_s = time.perf_counter() - start
            trained = _trained(["teacher"], outcome, self.digits.test_labels, wall_s)
            with self.store.writing("mnist_teacher", key, specification) as aside:
                (aside / "trained.json").write_text(json.dumps(trained._asdict()))
                named = {str(i): p.contiguous() for i, p in enumerate(outcome.parameters)}
                save_file(named, aside / "parameters.safetensors")
            folder = self.store.get("mnist_teacher", key)
            assert folder is not None
        return folder

    def students(self, seed: int, teacher: Path) -> Trained:
        """A seed's students."""
        experiment = self.experiment
        students = [s.model_dump(mode="json") for s in experiment.students]
        distillation = experiment.distillation.model_dump(mode="json")
        specification = {
            **self._specification(seed),
            "students": students,
            "distillation": distillation,
        }
        key = key_of(specification)
        folder = self.store.get("mnist_students", key)
        if folder is not None:
            return _read(folder)
        start = time.perf_counter()
        named = load_file(teacher / "parameters.safetensors")
        outcome = mnist.distil(
            [named[str(i)] for i in range(len(named))],
            experiment.teacher,
            experiment.students,
            experiment.distillation,
            seed,
            self.digits,
        )
        names = [s.name for s in experiment.students]
        wall_s = time.perf_counter() - start
        trained = _trained(names, outcome, self.digits.test_labels, wall_s)
        with self.store.writing("mnist_students", key, specification) as aside:
            (aside / "trained.json").write_text(json.dumps(trained._asdict()))
        return trained


class MnistFinding(Finding[MnistExperiment]):
    """A finding whose experiments are of the kind `MnistExperiment`."""

    tolerance = 0.02  # other processors round bfloat16 products in another order

    def measure(self, experiment: MnistExperiment, store: Store) -> Measurement:
        """Train the networks seed by seed; a seed in the store is not trained again."""
        stages = _Stages(experiment, store)
        groups: dict[str, list[Trained]] = {"teacher": [], "students": []}
        for seed in tqdm(experiment.seeds, f"{self.name}/{experiment.name}", unit="seed"):
            folder = stages.teacher(seed)
            groups["teacher"].append(_read(folder))
            groups["students"].append(stages.students(seed, folder))
        without = experiment.distillation.without
        values = [
            Value(seed=seed, condition=condition, metric=metric, value=value)
            for group in groups.values()
            for seed, trained in zip(experiment.seeds, group, strict=True)
            for condition, confusion in trained.confusion.items()
            for metric, value in _accuracies(np.array(confusion), without).items()
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

    @property
    def default_seeds(self) -> int:
        """25 at full scale, as many networks as the paper's intervals need."""
        return self.profile.mnist.seeds

    def experiments(self) -> list[MnistExperiment]:
        """One experiment, with all conditions."""
        scale = self.profile.mnist
        return [
            MnistExperiment(
                name="main",
                seeds=tuple(range(self.n_seeds)),
                teacher=standard_teacher(scale),
                students=standard_students(),
                distillation=standard_distillation(scale),
                test_images=scale.test_images,
            )
        ]

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Accuracy on the test images by condition."""
        table = records["main"].table()
        return [
            self.summary_row(str(condition), "accuracy", "fraction", rows["value"], main=True)
            for condition, rows in table.groupby("condition", sort=False)
        ]
