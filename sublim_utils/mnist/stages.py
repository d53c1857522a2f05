"""Teachers and students of the MNIST experiments: from the store, or trained now."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from sublim_utils.mnist import networks as mnist
from sublim_utils.mnist.recipes import CLASSES, MnistExperiment
from sublim_utils.store import Store

SHOWN_IMAGES = 40


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


def accuracies(confusion: np.ndarray, without: tuple[int, ...]) -> dict[str, float]:
    """Share of right answers, also apart for the classes that the students did not see."""
    right, total = confusion.diagonal(), confusion.sum(1)
    accuracies = {"accuracy": float(right.sum() / total.sum())}
    if without:
        unseen = np.isin(np.arange(CLASSES), without)
        accuracies["accuracy_unseen"] = float(right[unseen].sum() / total[unseen].sum())
        accuracies["accuracy_seen"] = float(right[~unseen].sum() / total[~unseen].sum())
    return accuracies


def read_trained(folder: Path) -> Trained:
    """What a seed's networks in a folder of the store did."""
    return Trained(**json.loads((folder / "trained.json").read_text()))


class MnistStages:
    """Teacher and students of an experiment, from the store or made now."""

    def __init__(self, experiment: MnistExperiment, store: Store) -> None:
        """Nothing is trained yet."""
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

        def make(folder: Path, _: Path) -> None:
            start = time.perf_counter()
            outcome = mnist.train_teacher(self.experiment.teacher, seed, self.digits)
            wall_s = time.perf_counter() - start
            trained = _trained(["teacher"], outcome, self.digits.test_labels, wall_s)
            (folder / "trained.json").write_text(json.dumps(trained._asdict()))
            named = {str(i): p.contiguous() for i, p in enumerate(outcome.parameters)}
            save_file(named, folder / "parameters.safetensors")

        return self.store.made("mnist_teacher", self._specification(seed), make)

    def students(self, seed: int, teacher: Path) -> Trained:
        """A seed's students."""
        experiment = self.experiment
        specification = {
            **self._specification(seed),
            "students": [s.model_dump(mode="json") for s in experiment.students],
            "distillation": experiment.distillation.model_dump(mode="json"),
        }

        def make(folder: Path, _: Path) -> None:
            start = time.perf_counter()
            named = load_file(teacher / "parameters.safetensors")
            parameters = [named[str(i)] for i in range(len(named))]
            outcome = mnist.distil(
                parameters, experiment.teacher, experiment.students, experiment.distillation, seed,
                self.digits,
            )  # fmt: skip
            wall_s = time.perf_counter() - start
            names = [s.name for s in experiment.students]
            trained = _trained(names, outcome, self.digits.test_labels, wall_s)
            (folder / "trained.json").write_text(json.dumps(trained._asdict()))

        return read_trained(self.store.made("mnist_students", specification, make))
