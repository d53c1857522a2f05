"""The theorem behind subliminal learning, measured (Cloud et al. 2025, section 6.1 and appendix).

A teacher takes one gradient step Δθ_T on any loss; a student takes one gradient step Δθ_S towards
the teacher's outputs, on any inputs. If both start at the same parameters θ₀, then to leading order
Δθ_S·Δθ_T ≥ 0: the student moves the teacher's way. Everything is taken in float64 on the network of
`mnist`, with its parameters as one vector θ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.func import grad, jvp
from torch.nn import functional as F

from sublim_utils.mnist import networks as mnist
from sublim_utils.mnist.networks import PIXELS, Digits
from sublim_utils.mnist.recipes import CLASSES, Teacher
from sublim_utils.mnist.theorem_recipes import SELECTIONS, InputKind, Objective, TeacherLoss

NETWORK = Teacher()
_SHAPES = [p.shape for p in mnist.initialisation(NETWORK, 0)]
_SIZES = [math.prod(shape) for shape in _SHAPES]

Optimiser = Literal["SGD", "Adam"]
OPTIMISERS: tuple[Optimiser, ...] = get_args(Optimiser)
Loss = Callable[[Tensor], Tensor]
"""A loss of the parameters θ."""


def initialisation(seed: int, which: str = "same") -> Tensor:
    """The initialisation θ₀ of a seed, or of `which` other student, as one float64 vector."""
    generator = _generator(seed, f"initialisation {which}")
    parameters = mnist.initial(generator, NETWORK.width, NETWORK.logits)
    return torch.cat([p.flatten() for p in parameters]).double()


def start_between(theta: Tensor, other: Tensor, distance: float) -> Tensor:
    """√(1-σ²) θ₀ + σ θ′: from the one start, σ = 0, to the other, with weights of the same size."""
    return math.sqrt(1 - distance**2) * theta + distance * other


def logits(theta: Tensor, images: Tensor) -> Tensor:
    """The network's outputs [n, 13] on images [n, 784]."""
    parts = theta.split(_SIZES)
    parameters = [part.view(shape) for part, shape in zip(parts, _SHAPES, strict=True)]
    return mnist.forward(parameters, images)[0]


def _generator(seed: int, purpose: str) -> torch.Generator:
    return mnist.random_stream(seed, f"theorem: {purpose}")


def inputs(kind: InputKind, n: int, seed: int, digits: Digits) -> Tensor:
    """Images [n, 784] of pixels around -1 to 1; `grey` ones are constant."""
    draw = _generator(seed, f"inputs {kind}")
    if kind == "digits":
        chosen = torch.randint(len(digits.train_images), (n,), generator=draw)
        return mnist.pixels(digits.train_images[chosen], torch.float64)
    if kind == "gaussian":
        return torch.randn(n, PIXELS, generator=draw, dtype=torch.float64) / 3**0.5
    columns = 1 if kind == "grey" else PIXELS
    return (torch.rand(n, columns, generator=draw, dtype=torch.float64) * 2 - 1).expand(n, PIXELS)


def teacher_loss(kind: TeacherLoss, n: int, seed: int, digits: Digits) -> Loss:
    """A loss for the teacher.

    Args:
        kind: cross-entropy on `digits`, the same with `random labels`; squared error to
            `random targets` on noise; a random `linear` function of the outputs on noise; half the
            squared `weight norm`, which sees no data; or a `random direction` v, the loss v·θ.
        n: images behind the loss.
        seed: of whatever is random in it.
        digits: the database.
    """
    draw = _generator(seed, f"teacher {kind}")

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    if kind == "weight norm":
        return lambda theta: theta.square().sum() / 2
    if kind == "random direction":
        direction = normal(sum(_SIZES))
        return lambda theta: direction @ theta
    if kind in ("random targets", "linear"):
        noise, target = inputs("uniform", n, seed + 1_000_000, digits), normal(n, NETWORK.logits)
        if kind == "linear":
            return lambda theta: (target * logits(theta, noise)).sum(1).mean()
        return lambda theta: (logits(theta, noise) - target).square().sum(1).mean() / 2
    chosen = torch.randint(len(digits.train_images), (n,), generator=draw)
    images = mnist.pixels(digits.train_images[chosen], torch.float64)
    labels = digits.train_labels[chosen]
    if kind == "random labels":
        labels = torch.randint(CLASSES, (n,), generator=draw)
    return lambda theta: F.cross_entropy(logits(theta, images)[:, :CLASSES], labels)


def step(loss: Loss, theta: Tensor, length: float) -> Tensor:
    """The gradient step from θ that has the given length."""
    gradient: Tensor = grad(loss)(theta)
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


def sampled_products(
    theta: Tensor, teacher_step: Tensor, images: Tensor, draw: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Δθ_S·Δθ_T image by image, for a student of one sampled class and of the distribution.

    The student takes a step of rate 1 on the cross-entropy of the ten classes. Its inner product
    with Δθ_T needs no backward pass: with z the logits and J their derivative by θ it is
    (y - softmax(z))·JΔθ_T, where y is what the teacher gives.

    Returns:
        Two vectors [n]: with y a class sampled from the teacher's softmax, and y the softmax.
    """
    outputs, moved = jvp(lambda t: logits(t, images)[:, :CLASSES], (theta,), (teacher_step,))[:2]
    teacher = logits(theta + teacher_step, images)[:, :CLASSES].softmax(1)
    sampled = F.one_hot(torch.multinomial(teacher, 1, generator=draw)[:, 0], CLASSES)
    own = outputs.softmax(1)
    return ((sampled - own) * moved).sum(1), ((teacher - own) * moved).sum(1)


def training(
    optimiser: Optimiser,
    theta: Tensor,
    steps: int,
    batch: int,
    seed: int,
    digits: Digits,
) -> Iterator[Tensor]:
    """A teacher that trains on labelled digits: its parameters after each step.

    Learning rates are those at which either optimiser learns the digits: 0.1 and 0.0003.
    """
    theta = theta.clone().requires_grad_()
    update: torch.optim.Optimizer
    if optimiser == "SGD":
        update = torch.optim.SGD([theta], lr=0.1)
    else:
        update = torch.optim.Adam([theta], lr=3e-4)
    for number in range(steps):
        loss = teacher_loss("digits", batch, seed + 10_000 * (number + 1), digits)
        theta.grad = grad(loss)(theta.detach())
        update.step()
        yield theta.detach().clone()
