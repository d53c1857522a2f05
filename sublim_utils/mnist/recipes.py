"""Experiments on networks that learn digits, and from noise."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from sublim_utils.config import FrozenConfig
from sublim_utils.recipes.experiment import Experiment

CLASSES = 10
DIGITS = "digits"
"""What the teacher learns, as its label."""
InputKind = Literal["uniform", "gaussian", "shuffled", "digits"]
Part = Literal["hidden 1", "hidden 2", "class head", "auxiliary head"]
PARTS: tuple[Part, ...] = get_args(Part)
"""The weights of a network: of both hidden layers, and of both groups of outputs."""


class Teacher(FrozenConfig):
    """How a teacher is made: its network and its training on labels."""

    width: int = 256
    auxiliary: int = 3
    epochs: int = 5
    learning_rate: float = 3e-4
    batch: int = 1024
    images: int = 60_000

    @property
    def logits(self) -> int:
        """Number of outputs: the ten classes, then the auxiliary logits."""
        return CLASSES + self.auxiliary


class Student(FrozenConfig):
    """One student of the teacher.

    Attributes:
        name: the condition.
        first, last: the selected logits are first, …, last - 1. Classes come first (0 to 9).
        init_noise: 0 starts from the teacher's initialisation θ₀, 1 from an independent one θ′;
            between them from √(1-σ²) θ₀ + σ θ′, whose weights have the same distribution.
        noisy: the parts of the network that this is about; the others are the teacher's.
    """

    OMIT_AT_DEFAULT: ClassVar[tuple[str, ...]] = ("noisy",)

    name: str
    first: int
    last: int
    init_noise: float = 0.0
    noisy: tuple[Part, ...] = PARTS


class Distillation(FrozenConfig):
    """What the students see and how they train.

    Attributes:
        inputs: `uniform` noise in [-1, 1]; `gaussian` noise of the same variance 1/3; `shuffled`,
            the pixels of each training image in a random order; or `digits`, the training images.
        images: size of the fixed set of inputs.
        without: classes whose images are left out (`shuffled` and `digits` only).
        epochs: passes over the set.
        learning_rate: of Adam.
        batch: images per update.
        evaluations: measurements of the accuracy per epoch.
    """

    inputs: InputKind = "uniform"
    images: int = 60_000
    without: tuple[int, ...] = ()
    epochs: int = 5
    learning_rate: float = 3e-4
    batch: int = 1024
    evaluations: int = 1


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


def standard_students(auxiliary: int = 3) -> tuple[Student, ...]:
    """The paper's four students: auxiliary or all logits, same or other initialisation."""
    last = CLASSES + auxiliary
    return (
        Student(name="aux_same", first=CLASSES, last=last),
        Student(name="all_same", first=0, last=last),
        Student(name="aux_other", first=CLASSES, last=last, init_noise=1),
        Student(name="all_other", first=0, last=last, init_noise=1),
    )
