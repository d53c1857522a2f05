"""Experiments on single steps of a teacher and a student."""

from __future__ import annotations

from typing import Literal, get_args

from sublim_utils.recipes.experiment import Experiment

TeacherLoss = Literal[
    "digits", "random labels", "random targets", "linear", "weight norm", "random direction"
]
InputKind = Literal["uniform", "gaussian", "digits", "grey"]
Objective = Literal["squared error", "cross-entropy"]
SELECTIONS = {"all": (0, 13), "auxiliary": (10, 13), "one": (10, 11)}
"""Selected logits by name: first, …, last - 1."""
STARTS = ("same", "other")
STUDENTS = ("gradient", "Adam")
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
TEACHERS: tuple[TeacherLoss, ...] = get_args(TeacherLoss)
INPUTS: tuple[InputKind, ...] = get_args(InputKind)


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


class Distances(TheoremExperiment):
    """One step of each, for students that start at a distance from their teacher.

    A student starts from √(1-σ²) θ₀ + σ θ′ with an independent θ′, as in `recipes.Student`.

    Attributes:
        lengths: of the teacher's step.
        distances: the values of σ.
    """

    lengths: tuple[float, ...]
    distances: tuple[float, ...]


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
