"""The experiment that runs in a reader's browser: its network, and the data file it ships.

The page cannot run this package, so it has the same network in JavaScript
(`book/assets/live-worker.js`). Both draw the same numbers from one small integer generator, so an
initialisation is shipped as its seed, and a teacher as the difference that its training has made.
The teacher is the paper's, with more auxiliary logits. To learn within seconds, students take
smaller batches than the paper's at a higher rate, and see each image once.

Write the data file anew with `python -m sublim_utils.mnist.live book/assets/live-data.js`.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from sublim_utils.mnist import networks as mnist
from sublim_utils.mnist.networks import PIXELS, Digits, Parameters
from sublim_utils.mnist.recipes import CLASSES, Distillation, Teacher

TEACHER = Teacher(auxiliary=50)
TEACHER_SEED = 1
"""Seed of the teacher's initialisation and of the order of its digits: the first that was tried."""

BATCH = 64
LEARNING_RATE = 0.001
IMAGES = {3: 20_480, 10: 20_480, 50: 10_240}
"""Images of noise that a student sees, by the number of auxiliary logits that it copies."""

PAPER = 0.528
"""Accuracy of the paper's student on three auxiliary logits."""

TEST_IMAGES = 1000
LEVELS = 15
"""Grey levels of a shipped digit above black: four bits a pixel."""

INITIALISATION, NOISE = 1, 2
"""Purposes of random streams."""


class Shipped(NamedTuple):
    """What the page ships.

    Attributes:
        teacher: parameters of the teacher, after rounding.
        images: test digits in bytes, after rounding to `LEVELS` [n, 784].
        labels: of the digits.
        accuracy: of the teacher on the images.
    """

    teacher: Parameters
    images: Tensor
    labels: Tensor
    accuracy: float


def _mixed(bits: np.ndarray) -> np.ndarray:
    """The mixing step of Mulberry32, a random generator of 32 bits by Tommy Ettinger."""
    bits = (bits ^ (bits >> 15)) * (bits | 1)
    bits ^= bits + (bits ^ (bits >> 7)) * (bits | 61)
    return np.asarray(bits ^ (bits >> 14))


def random_bits(seed: int, purpose: int, start: int, count: int) -> np.ndarray:
    """Numbers start, …, start + count - 1 of a random stream, each of 32 bits."""
    key = _mixed(np.array([(seed * 0x9E3779B1 + purpose * 0x85EBCA6B) % 2**32], np.uint32))
    counter = np.arange(start + 1, start + count + 1, dtype=np.uint64) * 0x6D2B79F5
    return _mixed(key + counter.astype(np.uint32))


def normal(seed: int, count: int) -> np.ndarray:
    """Normal numbers in float64, by Box and Muller.

    They are rounded to multiples of 1/4096. A browser's logarithm and cosine may differ from ours
    in their last digit, and this hides it.
    """
    bits = random_bits(seed, INITIALISATION, 0, 2 * count).astype(np.float64).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log((bits[:, 0] + 1) / 2**32))
    exact = radius * np.cos(2 * np.pi * bits[:, 1] / 2**32)
    return np.asarray(np.floor(exact * 4096 + 0.5) / 4096)


def initialisation(seed: int) -> Parameters:
    """Random parameters of one network: weights N(0, 1/d_in), zero biases."""
    shapes = ((TEACHER.width, PIXELS), (TEACHER.width,) * 2, (TEACHER.logits, TEACHER.width))
    drawn = normal(seed, sum(rows * columns for rows, columns in shapes))
    parameters, taken = [], 0
    for rows, columns in shapes:
        weights = drawn[taken : taken + rows * columns].reshape(1, rows, columns) / columns**0.5
        parameters += [torch.from_numpy(weights).float(), torch.zeros(1, 1, rows)]
        taken += rows * columns
    return parameters


def noise(seed: int, number: int) -> Tensor:
    """Batch `number` of a student's images, uniform noise in bytes [64, 784]."""
    words = BATCH * PIXELS // 4
    bits = random_bits(seed, NOISE, number * words, words).astype("<u4")
    return torch.from_numpy(bits.view(np.uint8).reshape(BATCH, PIXELS))


def train_teacher(digits: Digits) -> mnist.Outcome:
    """The paper's teacher, from an initialisation that the page can draw."""
    return mnist.train_teacher(TEACHER, TEACHER_SEED, digits, initialisation(TEACHER_SEED))


def learned(parameters: Parameters) -> list[Tensor]:
    """What training has changed, layer by layer; it never reaches the auxiliary logits."""
    differences = [
        (after - before)[0]
        for after, before in zip(parameters, initialisation(TEACHER_SEED), strict=True)
    ]
    return [*differences[:4], differences[4][:CLASSES], differences[5][:, :CLASSES]]


def quantised(difference: Tensor) -> tuple[float, np.ndarray]:
    """A layer's difference as a step and the number of steps, from -127 to 127."""
    step = float(np.float32(difference.abs().max().item() / 127))
    return step, torch.round(difference / step).to(torch.int8).numpy()


def content(digits: Digits) -> dict[str, Any]:
    """Everything that the page ships; it trains the teacher."""
    outcome = train_teacher(digits)
    layers = [quantised(difference) for difference in learned(outcome.parameters)]
    levels = torch.round(digits.test_images[:TEST_IMAGES] / 255 * LEVELS).to(torch.uint8).numpy()
    labels = digits.test_labels[:TEST_IMAGES].tolist()
    return {
        "seed": TEACHER_SEED,
        "width": TEACHER.width,
        "auxiliary": TEACHER.auxiliary,
        "batch": BATCH,
        "learningRate": LEARNING_RATE,
        "images": IMAGES,
        "paper": {
            "accuracy": PAPER,
            "outputs": Teacher().auxiliary,
            "images": Distillation().images,
            "epochs": Distillation().epochs,
        },
        "taught": {
            "images": TEACHER.images,
            "epochs": TEACHER.epochs,
            "accuracy": round(outcome.curves[0, -1].item(), 4),
        },
        "steps": [step for step, _ in layers],
        "learned": packed(np.concatenate([steps.ravel() for _, steps in layers]).tobytes()),
        "digits": packed((levels[:, 0::2] | levels[:, 1::2] << 4).tobytes()),
        "labels": "".join(map(str, labels)),
    }


def packed(data: bytes) -> str:
    """Bytes as text: raw deflate, which browsers can undo, in base64."""
    compressor = zlib.compressobj(9, wbits=-15)
    return base64.b64encode(compressor.compress(data) + compressor.flush()).decode()


def unpacked(text: str) -> np.ndarray:
    """The bytes behind `packed`."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text), wbits=-15), np.uint8)


def read(file: Path) -> dict[str, Any]:
    """The content of a data file."""
    text = file.read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return data


def shipped(data: dict[str, Any]) -> Shipped:
    """The teacher and the digits as the page unpacks them."""
    teacher = initialisation(data["seed"])
    counts, taken = unpacked(data["learned"]).view(np.int8).astype(np.float32), 0
    targets = [*(p[0] for p in teacher[:4]), teacher[4][0, :CLASSES], teacher[5][0, :, :CLASSES]]
    for target, step in zip(targets, data["steps"], strict=True):
        steps = torch.from_numpy(counts[taken : taken + target.numel()])
        target += steps.view_as(target) * step
        taken += target.numel()
    pairs = unpacked(data["digits"]).reshape(-1, PIXELS // 2)
    images = torch.from_numpy(np.stack([pairs & 15, pairs >> 4], 2).reshape(-1, PIXELS) * 17)
    labels = torch.tensor([int(label) for label in data["labels"]])
    given = mnist.accuracy(answers(teacher, images), labels)
    return Shipped(teacher, images, labels, given.item())


def answers(parameters: Parameters, images: Tensor) -> Tensor:
    """Most likely class of each image (bytes [n, 784]) by each network, in float32 as the page."""
    logits = mnist.forward(parameters, mnist.pixels(images, torch.float32))
    return logits[..., :CLASSES].argmax(-1)


def batches(
    teacher: Parameters, mask: Tensor, seed: int, images: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """A student's batches of noise with the teacher's probabilities."""
    for number in range(images // BATCH):
        drawn = mnist.pixels(noise(seed, number), torch.float32)
        yield drawn, torch.softmax(mnist.forward(teacher, drawn) + mask, -1)


def distil(
    ship: Shipped, auxiliary: int, images: int, seed: int, start: int, counts: Sequence[int] = ()
) -> list[float]:
    """Train one student as the page does.

    Args:
        ship: what the page ships.
        auxiliary: how many auxiliary logits the student copies.
        images: how many images of noise it sees.
        seed: of the noise.
        start: seed of its initialisation; the teacher's is `TEACHER_SEED`.
        counts: numbers of images after which accuracy is wanted as well.

    Returns:
        Accuracy on the shipped digits after each of `counts`, and after the last image.
    """
    student = initialisation(start)
    mask = mnist.selection(CLASSES, CLASSES + auxiliary, TEACHER.logits)
    accuracies = []
    for update in mnist.train(
        student, batches(ship.teacher, mask, seed, images), mask, LEARNING_RATE
    ):
        if update * BATCH in (*counts, images):
            given = mnist.accuracy(answers(student, ship.images), ship.labels)
            accuracies.append(given.item())
    return accuracies


def write(file: Path) -> None:
    """Write the data file."""
    text = json.dumps(content(mnist.load()), indent=0)
    source = "Made by python -m sublim_utils.mnist.live; MNIST by LeCun, Cortes and Burges."
    file.write_text(f"// {source}\nSublimLive.data = {text};\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
