"""The theorem's measurement: against autograd, against calculus, and what it promises."""

from typing import get_args

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.func import grad

from sublim_utils.labels import Labels
from sublim_utils.mnist import networks as mnist, theorem, theorem_measures
from sublim_utils.mnist.theorem_recipes import (
    SELECTIONS,
    Distances,
    InputKind,
    Objective,
    TeacherLoss,
)

DIGITS = mnist.load()
N = 16


def test_the_network_is_that_of_mnist() -> None:
    theta = theorem.initialisation(0)
    images = theorem.inputs("uniform", 5, 0, DIGITS)
    w1, w2, w3 = theta.split([784 * 256 + 256, 256 * 256 + 256, 256 * 13 + 13])
    hidden = images
    for part, (d_in, d_out) in zip((w1, w2, w3), ((784, 256), (256, 256), (256, 13)), strict=True):
        outputs = hidden @ part[: d_in * d_out].view(d_out, d_in).T + part[d_in * d_out :]
        hidden = outputs.relu()
    torch.testing.assert_close(theorem.logits(theta, images), outputs)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    teacher=st.sampled_from(get_args(TeacherLoss)),
    kind=st.sampled_from(get_args(InputKind)),
    objective=st.sampled_from(get_args(Objective)),
    selection=st.sampled_from(sorted(SELECTIONS)),
)
def test_imitation_moves_the_student_the_teachers_way(
    seed: int, teacher: TeacherLoss, kind: InputKind, objective: Objective, selection: str
) -> None:
    theta = theorem.initialisation(seed)
    loss = theorem.teacher_loss(teacher, N, seed, DIGITS)
    moved = theorem.step(loss, theta, 1e-3)
    assert float(moved.norm()) == pytest.approx(1e-3)
    images = theorem.inputs(kind, N, seed, DIGITS)
    imitation = theorem.student_loss(
        images, theorem.logits(theta + moved, images), objective, selection
    )
    gradient = grad(imitation)(theta)
    if objective == "cross-entropy" and selection == "one":
        assert float(gradient.norm()) == 0
        return
    assert theorem.cosine(-gradient, moved) > 0
    student = theorem.step(imitation, theta, 1e-3)
    assert float(loss(theta + student)) < float(loss(theta))


def test_another_initialisation_breaks_the_sign() -> None:
    cosines = []
    for seed in range(12):
        theta, other = theorem.initialisation(seed), theorem.initialisation(seed, "other")
        moved = theorem.step(theorem.teacher_loss("digits", N, seed, DIGITS), theta, 1e-3)
        images = theorem.inputs("uniform", N, seed, DIGITS)
        given_ = theorem.logits(theta + moved, images)
        imitation = theorem.student_loss(images, given_, "squared error", "all")
        cosines.append(theorem.cosine(theorem.step(imitation, other, 1), moved))
    assert min(cosines) < 0 < max(cosines)


def test_the_products_of_a_distribution_are_those_of_its_gradient() -> None:
    """The shortcut without a backward pass against the plain gradient of the cross-entropy."""
    theta = theorem.initialisation(3)
    moved = theorem.step(theorem.teacher_loss("digits", N, 3, DIGITS), theta, 0.1)
    images = theorem.inputs("uniform", N, 3, DIGITS)
    target = theorem.logits(theta + moved, images)[:, :10].softmax(1)

    def loss(parameters: torch.Tensor) -> torch.Tensor:
        own = theorem.logits(parameters, images)[:, :10].log_softmax(1)
        return -(target * own).sum(1).mean()

    expected = float(-grad(loss)(theta) @ moved)
    draw = torch.Generator().manual_seed(0)
    _, products = theorem.sampled_products(theta, moved, images, draw)
    assert float(products.mean()) == pytest.approx(expected, rel=1e-9)


def test_sampled_classes_give_the_same_on_average() -> None:
    theta = theorem.initialisation(4)
    moved = theorem.step(theorem.teacher_loss("digits", 64, 4, DIGITS), theta, 1.0)
    images = theorem.inputs("uniform", 4096, 4, DIGITS)
    draw = torch.Generator().manual_seed(0)
    sampled, expected = theorem.sampled_products(theta, moved, images, draw)
    error = float(sampled.std()) / len(sampled) ** 0.5
    assert float(sampled.mean()) == pytest.approx(float(expected.mean()), abs=4 * error)


def test_a_start_between_two_has_weights_of_the_same_size() -> None:
    theta, other = theorem.initialisation(0), theorem.initialisation(0, "other")
    assert torch.equal(theorem.start_between(theta, other, 0), theta)
    assert torch.equal(theorem.start_between(theta, other, 1), other)
    between = theorem.start_between(theta, other, 0.6)
    assert float(between.norm() / theta.norm()) == pytest.approx(1, abs=0.01)
    assert theorem.cosine(between, theta) == pytest.approx(0.8, abs=0.01)


def test_at_no_distance_a_student_moves_the_teachers_way() -> None:
    experiment = Distances(
        name="distances", labels=Labels(), seeds=(0,), images=N, lengths=(0.01,), distances=(0, 1)
    )
    rows = theorem_measures.rows(experiment, 0, DIGITS)
    assert len(rows) == 2 * 2 * 3
    same = [row["cosine"] for row in rows if row["distance"] == 0]
    other = [row["cosine"] for row in rows if row["distance"] == 1]
    assert min(same) == 0 < sorted(same)[1]  # a softmax of one output says nothing
    assert sum(same) > sum(other)
    values, _ = theorem_measures.reported(experiment, {0: rows})
    assert {value.condition for value in values} == {
        f"{outputs}, step 0.01, start {distance} away"
        for outputs in ("all", "auxiliary")
        for distance in (0, 1)
    }


def test_training_lowers_the_loss() -> None:
    theta = theorem.initialisation(0)
    held_out = theorem.teacher_loss("digits", 500, 99, DIGITS)
    for optimiser in ("SGD", "Adam"):
        *_, last = theorem.training(optimiser, theta, 20, 64, 0, DIGITS)  # type: ignore[arg-type]
        assert float(held_out(last)) < 0.9 * float(held_out(theta))
