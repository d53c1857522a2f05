"""The theorem behind subliminal learning, measured (Cloud et al. 2025, section 6.1 and appendix).

A teacher takes one gradient step Δθ_T on any loss; a student takes one gradient step Δθ_S towards
the teacher's outputs, on any inputs. If both start at the same parameters θ₀, then to leading order
Δθ_S·Δθ_T ≥ 0: the student moves the teacher's way. Everything is taken in float64 on the network of
`mnist`, with its parameters as one vector θ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import torch
from torch import Tensor
from torch.func import grad, jvp
from torch.nn import functional as F

from sublim_utils import mnist
from sublim_utils.mnist import CLASSES, PIXELS, Digits

NETWORK = mnist.Teacher()
_SHAPES = [p.shape for p in mnist.initialisation(NETWORK, 0)]
_SIZES = [math.prod(shape) for shape in _SHAPES]

Loss = Callable[[Tensor], Tensor]
"""A loss of the parameters θ."""

TeacherLoss = Literal[
    "digits", "random labels", "random targets", "linear", "weight norm", "random direction"
]
InputKind = Literal["uniform", "gaussian", "digits", "grey"]
Objective = Literal["squared error", "cross-entropy"]
Optimiser = Literal["SGD", "Adam"]
SELECTIONS = {"all": (0, 13), "auxiliary": (10, 13), "one": (10, 11)}
"""Selected logits by name: first, …, last - 1."""
LEARNING_RATES: dict[Optimiser, float] = {"SGD": 0.1, "Adam": 3e-4}
"""Rates at which the optimisers learn the digits in a few hundred steps."""


def initialisation(draw: torch.Generator) -> Tensor:
    """Random parameters as one float64 vector: weights N(0, 1/d_in), zero biases."""
    parameters = mnist.initial(draw, NETWORK.width, NETWORK.logits)
    return torch.cat([p.flatten() for p in parameters]).double()


def logits(theta: Tensor, images: Tensor) -> Tensor:
    """The network's outputs [n, 13] on images [n, 784]."""
    parts = theta.split(_SIZES)
    parameters = [part.view(shape) for part, shape in zip(parts, _SHAPES, strict=True)]
    return mnist.forward(parameters, images)[0]


def inputs(kind: InputKind, n: int, draw: torch.Generator, digits: Digits) -> Tensor:
    """Images [n, 784] for the student.

    Args:
        kind: `uniform` noise in [-1, 1]; `gaussian` noise of the same variance 1/3; training
            images of `digits` as numbers from -1 to 1; or `grey`, each image of one shade.
        n: how many.
        draw: the random stream.
        digits: the database.
    """
    if kind == "digits":
        return _labelled(n, draw, digits)[0]
    if kind == "gaussian":
        return torch.randn(n, PIXELS, generator=draw, dtype=torch.float64) / 3**0.5
    columns = 1 if kind == "grey" else PIXELS
    return (torch.rand(n, columns, generator=draw, dtype=torch.float64) * 2 - 1).expand(n, PIXELS)


def _labelled(n: int, draw: torch.Generator, digits: Digits) -> tuple[Tensor, Tensor]:
    chosen = torch.randint(len(digits.train_images), (n,), generator=draw)
    return mnist.pixels(digits.train_images[chosen], torch.float64), digits.train_labels[chosen]


def teacher_loss(kind: TeacherLoss, n: int, draw: torch.Generator, digits: Digits) -> Loss:
    """A loss for the teacher.

    Args:
        kind: cross-entropy on `digits`, the same with `random labels`; squared error to
            `random targets` on noise; a random `linear` function of the outputs on noise; half the
            squared `weight norm`, which sees no data; or a `random direction` v, the loss v·θ.
        n: images behind the loss.
        draw: the random stream.
        digits: the database.
    """
    if kind == "weight norm":
        return lambda theta: theta.square().sum() / 2
    if kind == "random direction":
        direction = torch.randn(sum(_SIZES), generator=draw, dtype=torch.float64)
        return lambda theta: direction @ theta
    if kind in ("random targets", "linear"):
        noise = inputs("uniform", n, draw, digits)
        target = torch.randn(n, NETWORK.logits, generator=draw, dtype=torch.float64)
        if kind == "linear":
            return lambda theta: (target * logits(theta, noise)).sum(1).mean()
        return lambda theta: (logits(theta, noise) - target).square().sum(1).mean() / 2
    images, labels = _labelled(n, draw, digits)
    if kind == "random labels":
        labels = torch.randint(CLASSES, (n,), generator=draw)
    return lambda theta: F.cross_entropy(logits(theta, images)[:, :CLASSES], labels)


def step(loss: Loss, theta: Tensor, length: float) -> Tensor:
    """The gradient step from θ that has the given length; the loss must have a slope there."""
    gradient = grad(loss)(theta)
    return gradient * (-length / float(gradient.norm()))


def student_loss(images: Tensor, given: Tensor, objective: Objective, selection: str) -> Loss:
    """How far a student's outputs are from the teacher's, on average over the images.

    Args:
        images: [n, 784].
        given: the teacher's logits on them [n, 13].
        objective: half the squared error of the selected logits, or the cross-entropy of their
            softmax.
        selection: a name in `SELECTIONS`.
    """
    first, last = SELECTIONS[selection]
    given = given[:, first:last]
    if objective == "squared error":
        return lambda theta: (
            (logits(theta, images)[:, first:last] - given).square().sum(1).mean() / 2
        )
    target = given.softmax(1)
    return lambda theta: (
        -(target * logits(theta, images)[:, first:last].log_softmax(1)).sum(1).mean()
    )


def cosine(a: Tensor, b: Tensor) -> float:
    """Cosine of the angle between two steps; 0 if one is no step at all."""
    length = float(a.norm() * b.norm())
    return float(a @ b) / length if length > 0 else 0.0


def class_products(theta: Tensor, teacher_step: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    """Δθ_S·Δθ_T for a student that is told one class, for each image and class.

    The student takes a step of rate 1 on the cross-entropy of the ten classes. Its inner product
    with Δθ_T needs no backward pass: with z the logits and J their derivative by θ it is
    (e_c - softmax(z))·JΔθ_T for the class c.

    Returns:
        The products [n, 10], and the probabilities [n, 10] with which the teacher tells a class.
        Their product, summed over the classes, is what a student of the distribution gets.
    """
    outputs, moved = jvp(lambda t: logits(t, images)[:, :CLASSES], (theta,), (teacher_step,))
    probabilities = logits(theta + teacher_step, images)[:, :CLASSES].softmax(1)
    return moved - (outputs.softmax(1) * moved).sum(1, keepdim=True), probabilities


def descend(optimiser: Optimiser, theta: Tensor, losses: Iterable[Loss]) -> Iterator[Tensor]:
    """Train from θ, one step on each loss in turn.

    Yields:
        The parameters after each step.
    """
    theta = theta.clone().requires_grad_()
    kind = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}[optimiser]
    update = kind([theta], lr=LEARNING_RATES[optimiser])
    for loss in losses:
        theta.grad = grad(loss)(theta.detach())
        update.step()
        yield theta.detach().clone()
