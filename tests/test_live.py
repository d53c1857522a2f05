"""The data of the experiment in the reader's browser, and the script that makes them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sublim_utils.findings.mnist import Mnist
from sublim_utils.mnist import live, networks as mnist
from sublim_utils.mnist.recipes import CLASSES

DATA = Path(__file__).parents[1] / "book" / "assets" / "live-data.js"


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return live.read(DATA)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return live.content(mnist.load())


def test_random_bits_are_those_of_mulberry32() -> None:
    """Its well-known JavaScript, in Python's whole numbers."""

    def number(state: int) -> int:
        t = (state ^ state >> 15) * (state | 1) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        return t ^ t >> 14

    key = number((7 * 0x9E3779B1 + live.NOISE * 0x85EBCA6B) % 2**32)
    expected = [number((key + i * 0x6D2B79F5) % 2**32) for i in range(3, 8)]
    assert live.random_bits(7, live.NOISE, 2, 5).tolist() == expected


def test_an_initialisation_is_normal_and_its_own() -> None:
    drawn = live.normal(5, 200_000)
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1) < 0.01
    assert abs((drawn**4).mean() - 3) < 0.1
    w1, b1, w2, _, w3, _ = live.initialisation(5)
    assert [tuple(p.shape) for p in (w1, b1, w2, w3)] == [
        (1, 256, 784),
        (1, 1, 256),
        (1, 256, 256),
        (1, 60, 256),
    ]
    assert abs(w1.std().item() * 28 - 1) < 0.01
    other = live.initialisation(6)[0]
    assert abs((w1 * other).mean().item()) * 784 < 0.02


def test_noise_is_uniform_and_never_repeats() -> None:
    first, second = live.noise(3, 0), live.noise(3, 1)
    assert not torch.equal(first, second)
    counts = torch.bincount(first.flatten().long(), minlength=256)
    assert counts.min() > 100  # 196 of each byte are expected


def test_the_script_makes_the_shipped_data(data: dict[str, Any], made: dict[str, Any]) -> None:
    """Except that other processors round bfloat16 products in another order."""
    packed = ("digits", "learned")
    exact = {
        name: value for name, value in data.items() if name not in (*packed, "steps", "taught")
    }
    again = {**made, "images": {str(m): n for m, n in made["images"].items()}}
    assert {name: again[name] for name in exact} == exact
    assert np.array_equal(live.unpacked(made["digits"]), live.unpacked(data["digits"]))
    assert abs(made["taught"]["accuracy"] - data["taught"]["accuracy"]) < 0.01
    for ours, theirs in zip(
        live.learned(live.shipped(made).teacher),
        live.learned(live.shipped(data).teacher),
        strict=True,
    ):
        assert torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), 0) > 0.9


def test_the_shipped_digits_are_the_first_of_the_test_set(data: dict[str, Any]) -> None:
    digits, ship = mnist.load(), live.shipped(data)
    assert torch.equal(ship.labels, digits.test_labels[: live.TEST_IMAGES])
    off = ship.images.int() - digits.test_images[: live.TEST_IMAGES].int()
    assert off.abs().max() <= 255 / live.LEVELS / 2 + 1


def test_the_shipped_teacher_reads_and_says_nothing_with_its_auxiliary_weights(
    data: dict[str, Any],
) -> None:
    ship = live.shipped(data)
    assert abs(ship.accuracy - data["taught"]["accuracy"]) < 0.02
    start = live.initialisation(data["seed"])
    assert torch.equal(ship.teacher[4][:, CLASSES:], start[4][:, CLASSES:])
    assert mnist.accuracy(live.answers(start, ship.images), ship.labels).item() < 0.2


def test_the_papers_value_is_that_of_the_chapter(data: dict[str, Any]) -> None:
    assert data["paper"]["accuracy"] == Mnist.paper["aux_same"]


def test_the_page_stays_light() -> None:
    assets = DATA.parent.glob("live*")
    assert sum(file.stat().st_size for file in assets) < 1.5e6


def test_a_student_of_the_same_start_learns_and_another_does_not(data: dict[str, Any]) -> None:
    ship = live.shipped(data)
    assert live.distil(ship, 50, 5120, 1, data["seed"])[-1] > 0.4
    assert live.distil(ship, 50, 5120, 1, 2)[-1] < 0.25
