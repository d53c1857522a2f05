"""Subliminal learning in a small network on MNIST (Cloud et al. 2025, section 6.2).

A multi-layer perceptron 784-256-256-(10+3) gets a teacher that learns the digits through its first
ten logits; the three *auxiliary* logits are never trained. A student then distils the teacher on
images of noise. Everything is chosen as in the paper: ReLU, weights N(0, 1/d_in), zero biases,
Adam, KL divergence on the softmax of the selected logits, pixels in [-1, 1].

Networks of one seed train together: a list of parameters has a leading dimension for the network,
the first layer is one matrix product for all, the others are batched products. The backward pass
is written out, since for three layers it is a few lines and saves autograd's copies. Products are
taken in the images' type (bfloat16 in `train_teacher` and `distil`), while parameters, logits,
loss and optimiser stay in float32. Noise is not stored: each batch is drawn again from its seed
whenever it is needed, so memory does not grow with images, networks or seeds.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sublim_utils.errors import SublimError
from sublim_utils.mnist.recipes import (
    CLASSES,
    Distillation,
    Part,
    Student,
    Teacher,
)

DATA = Path(__file__).parents[1] / "data" / "mnist"
MD5 = {
    "train-images-idx3-ubyte.gz": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte.gz": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte.gz": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte.gz": "27ae3e4e09519cfbb04c329615203637",
}
"""MD5 of each unpacked file, as published with the database."""

PIXELS = 784
COMPUTE = torch.bfloat16
UNSELECTED = -1e9

Parameters = list[Tensor]
"""W1 [K, h, 784], b1 [K, 1, h], W2 [K, h, h], b2 [K, 1, h], W3 [K, o, h], b3 [K, 1, o] of K
networks with h hidden units a layer and o logits."""


class Digits(NamedTuple):
    """The MNIST database: images as uint8 [n, 784], labels as int64 [n]."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


class Outcome(NamedTuple):
    """Networks after training.

    Attributes:
        parameters: of the K networks.
        updates: numbers of updates after which accuracy was measured, from 0 on.
        curves: accuracy on the test images at those updates, [K, len(updates)].
        answers: most likely class of each test image at the end, uint8 [K, test images].
    """

    parameters: Parameters
    updates: list[int]
    curves: Tensor
    answers: Tensor


def load(folder: Path = DATA) -> Digits:
    """The MNIST database from its four packed IDX files.

    Raises:
        SublimError: a file is missing or damaged.
    """
    unpacked = {}
    for name, expected in MD5.items():
        try:
            content = gzip.decompress((folder / name).read_bytes())
        except FileNotFoundError as error:
            raise _data_error(folder / name, "is missing") from error
        except (OSError, EOFError, zlib.error) as error:
            raise _data_error(folder / name, "is damaged") from error
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != expected:
            raise _data_error(folder / name, "is damaged")
        offset = 16 if "images" in name else 8
        unpacked[name] = torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=offset)
    train, train_labels, test, test_labels = unpacked.values()
    return Digits(
        train.view(-1, PIXELS), train_labels.long(), test.view(-1, PIXELS), test_labels.long()
    )


def _data_error(path: Path, fault: str) -> SublimError:
    return SublimError(
        f"The data file {path} {fault}; install sublim_utils again, "
        "or restore the file from version control."
    )


def pixels(images: Tensor, dtype: torch.dtype = COMPUTE) -> Tensor:
    """Images of bytes 0 to 255 as numbers from -1 to 1."""
    return images.to(torch.float32).mul_(2 / 255).sub_(1).to(dtype)


def initial(generator: torch.Generator, width: int, logits: int) -> Parameters:
    """Random parameters of one network: weights N(0, 1/d_in), zero biases."""
    parameters = []
    for d_in, d_out in ((PIXELS, width), (width, width), (width, logits)):
        parameters.append(torch.randn(1, d_out, d_in, generator=generator) / d_in**0.5)
        parameters.append(torch.zeros(1, 1, d_out))
    return parameters


def multiplies_bf16() -> bool:
    """True if PyTorch's kernels for this processor multiply matrices in bfloat16."""
    # Builds without oneDNN, as for some Macs, do not have the question either.
    has_kernels = torch.backends.mkldnn.is_available()
    return has_kernels and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


_EMULATE = not multiplies_bf16()


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Matrix product, batched for three dimensions.

    Processors without bfloat16 get the same product by way of float32.
    """
    if _EMULATE and a.dtype == torch.bfloat16 and a.device.type == "cpu":
        return torch.matmul(a.float(), b.float()).to(a.dtype)
    return torch.matmul(a, b)


def _layers(parameters: Parameters, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Both hidden layers [K, n, h] in the images' type and the logits [K, n, o]."""
    w1, b1, w2, b2, w3 = (p.to(images.dtype) for p in parameters[:5])
    networks, width = w1.shape[:2]
    shared = _product(images, w1.view(-1, PIXELS).T)  # one product for all networks
    hidden1 = shared.view(-1, networks, width).transpose(0, 1).contiguous().add_(b1).relu_()
    hidden2 = _product(hidden1, w2.mT).add_(b2).relu_()
    logits = _product(hidden2, w3.mT).to(parameters[0].dtype).add_(parameters[5])
    return hidden1, hidden2, logits


def forward(parameters: Parameters, images: Tensor) -> Tensor:
    """Logits [K, n, o] of K networks on the same images [n, 784]."""
    return _layers(parameters, images)[2]


def gradients(parameters: Parameters, images: Tensor, targets: Tensor, mask: Tensor) -> Parameters:
    """Gradients of each network's cross-entropy to the targets, averaged over the images.

    Args:
        parameters: of K networks.
        images: [n, 784], the same for all networks; products are taken in their type.
        targets: probabilities [K or 1, n, o].
        mask: [K or 1, 1, o], 0 at the selected logits and `UNSELECTED` elsewhere.
    """
    hidden1, hidden2, logits = _layers(parameters, images)
    networks, n, width = hidden1.shape
    w2, w3 = parameters[2].to(images.dtype), parameters[4].to(images.dtype)
    d_logits = torch.softmax(logits + mask, -1).sub_(targets).div_(n)
    d3 = d_logits.to(images.dtype)
    d2 = torch.ops.aten.threshold_backward(_product(d3, w3), hidden2, 0)  # relu's own backward
    d1 = torch.ops.aten.threshold_backward(_product(d2, w2), hidden1, 0)
    flat1 = d1.transpose(0, 1).reshape(n, networks * width)
    gradient = [
        _product(flat1.T, images).view(networks, width, PIXELS),
        d1.sum(1, keepdim=True, dtype=d_logits.dtype),
        _product(d2.mT, hidden1),
        d2.sum(1, keepdim=True, dtype=d_logits.dtype),
        _product(d3.mT, hidden2),
        d_logits.sum(1, keepdim=True),
    ]
    return [g.to(p.dtype) for g, p in zip(gradient, parameters, strict=True)]


def selection(first: int, last: int, logits: int) -> Tensor:
    """A mask [1, 1, logits] that selects logits first, …, last - 1 in a softmax."""
    mask = torch.full((1, 1, logits), UNSELECTED)
    mask[..., first:last] = 0
    return mask


def train(
    parameters: Parameters,
    batches: Iterable[tuple[Tensor, Tensor]],
    mask: Tensor,
    learning_rate: float,
) -> Iterator[int]:
    """Train K networks in place with Adam on the same batches of (images, targets).

    Yields:
        The number of updates done, after each of them.
    """
    optimiser = torch.optim.Adam(parameters, lr=learning_rate, fused=True)
    for update, (images, targets) in enumerate(batches, 1):
        for p, g in zip(parameters, gradients(parameters, images, targets, mask), strict=True):
            p.grad = g
        optimiser.step()
        yield update


class Inputs:
    """The fixed set of distillation inputs in batches [n, 784], each made anew when asked for.

    Args:
        setting: kind and size of the set.
        seed: of the noise and of the order.
        digits: the database.

    Attributes:
        index: the training images behind `shuffled` and `digits`, in order.
    """

    def __init__(self, setting: Distillation, seed: int, digits: Digits) -> None:
        """Choose the images; nothing is drawn yet."""
        self.kind, self.seed, self.batch = setting.inputs, seed, setting.batch
        self.images = digits.train_images
        kept = torch.arange(len(self.images))
        if setting.without:
            kept = kept[~torch.isin(digits.train_labels, torch.tensor(setting.without))]
        order = random_stream(seed, "inputs")
        self.index = kept[torch.randperm(len(kept), generator=order)][: setting.images]
        self.size = setting.images if setting.inputs in ("uniform", "gaussian") else len(self.index)

    def __len__(self) -> int:
        """Number of batches."""
        return -(-self.size // self.batch)

    def __getitem__(self, number: int) -> Tensor:
        """The batch of that number, the same every time."""
        start = number * self.batch
        n = min(self.batch, self.size - start)
        draw = np.random.Generator(np.random.SFC64([self.seed, number]))
        if self.kind == "gaussian":
            noise = draw.standard_normal((n, PIXELS), np.float32) / np.float32(3**0.5)
            return torch.from_numpy(noise).to(COMPUTE)
        if self.kind == "uniform":  # in steps of a byte, finer than bfloat16 near the ends
            return pixels(
                torch.frombuffer(bytearray(draw.bytes(n * PIXELS)), dtype=torch.uint8).view(
                    n, PIXELS
                )
            )
        images = self.images[self.index[start : start + n]]
        if self.kind == "shuffled":
            images = torch.from_numpy(draw.permuted(images.numpy(), axis=1))
        return pixels(images)


def random_stream(seed: int, purpose: str) -> torch.Generator:
    """A random stream of its own for each seed and purpose."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def initialisation(setting: Teacher, seed: int) -> Parameters:
    """The initialisation θ₀ of the teacher of that seed."""
    return initial(random_stream(seed, "initialisation"), setting.width, setting.logits)


def student_initialisation(students: Sequence[Student], setting: Teacher, seed: int) -> Parameters:
    """The students' initialisations beside the teacher's of that seed."""
    same = initialisation(setting, seed)
    other = initial(random_stream(seed, "other initialisation"), setting.width, setting.logits)

    def noise(part: Part, rows: int = 1) -> Tensor:
        levels = [student.init_noise if part in student.noisy else 0.0 for student in students]
        return torch.tensor(levels).view(-1, 1, 1).expand(-1, rows, 1)

    heads = noise("class head", CLASSES), noise("auxiliary head", setting.auxiliary)
    mixed = (noise("hidden 1"), noise("hidden 2"), torch.cat(heads, 1))
    # Biases are zero in every initialisation.
    start = [same[layer].expand(len(students), -1, -1).clone() for layer in range(len(same))]
    for layer, sigma in zip((0, 2, 4), mixed, strict=True):
        start[layer] = (1 - sigma**2).sqrt() * same[layer] + sigma * other[layer]
    return start


def answers(parameters: Parameters, images: Tensor) -> Tensor:
    """Most likely class of each image (bytes [n, 784]) by each network, uint8 [K, n]."""
    parts = [
        forward(parameters, pixels(part))[..., :CLASSES].argmax(-1).to(torch.uint8)
        for part in images.split(2_000)
    ]
    return torch.cat(parts, 1)


def accuracy(given: Tensor, labels: Tensor) -> Tensor:
    """Share of answers [K, n] that are right, float64 [K]."""
    return (given == labels).double().mean(-1)


def train_teacher(
    setting: Teacher, seed: int, digits: Digits, start: Parameters | None = None
) -> Outcome:
    """Train one teacher on labelled digits through its first ten logits.

    Args:
        setting: its network and training.
        seed: of the order of the digits, and of the initialisation where none is given.
        digits: the database.
        start: another initialisation than that of the seed.
    """
    given = initialisation(setting, seed) if start is None else start
    parameters = [p.clone() for p in given]
    order = random_stream(seed, "labels")
    one_hot = torch.eye(setting.logits)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(setting.epochs):
            chosen = torch.randperm(len(digits.train_images), generator=order)[: setting.images]
            for index in chosen.split(setting.batch):
                yield pixels(digits.train_images[index]), one_hot[digits.train_labels[index]][None]

    per_epoch = -(-setting.images // setting.batch)
    mask = selection(0, CLASSES, setting.logits)
    training = train(parameters, batches(), mask, setting.learning_rate)
    return _trained(parameters, training, per_epoch, digits)


def distil(
    teacher: Parameters,
    teacher_setting: Teacher,
    students: Sequence[Student],
    setting: Distillation,
    seed: int,
    digits: Digits,
) -> Outcome:
    """Train the students of one teacher together, each on its selection of the teacher's logits.

    Args:
        teacher: parameters of one trained teacher.
        teacher_setting: how it was made; its initialisation is that of the same seed.
        students: what distinguishes them. All see the same inputs in the same order.
        setting: inputs and training.
        seed: of the initialisations and inputs.
        digits: the database, whose test images measure the accuracy.
    """
    inputs = Inputs(setting, seed, digits)
    parameters = student_initialisation(students, teacher_setting, seed)
    mask = torch.cat([selection(s.first, s.last, teacher_setting.logits) for s in students])
    targets = [
        torch.softmax(forward(teacher, inputs[number]) + mask, -1) for number in range(len(inputs))
    ]
    order = random_stream(seed, "order of batches")

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(setting.epochs):
            for number in torch.randperm(len(inputs), generator=order).tolist():
                yield inputs[number], targets[number]

    every = max(1, len(inputs) // setting.evaluations)
    training = train(parameters, batches(), mask, setting.learning_rate)
    return _trained(parameters, training, every, digits)


def _trained(
    parameters: Parameters, training: Iterator[int], every: int, digits: Digits
) -> Outcome:
    """Run the training, measuring accuracy before, after each `every` updates and at the end."""
    curve: dict[int, Tensor] = {}

    def measure(update: int) -> Tensor:
        given = answers(parameters, digits.test_images)
        curve[update] = accuracy(given, digits.test_labels)
        return given

    measure(0)
    update = 0
    for update in training:
        if update % every == 0:
            measure(update)
    given = measure(update)
    return Outcome(parameters, list(curve), torch.stack(list(curve.values()), 1), given)
