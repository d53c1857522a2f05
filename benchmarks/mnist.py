"""Time and memory of the MNIST experiment: ours against one network after the other.

Both do the same work, the paper's teacher and four students for 8 seeds, each in a process of its
own, one after the other. The plain version is what one would write first: `nn.Sequential`,
float32, autograd, a stored set of noise images for each seed. Run with

    python benchmarks/mnist.py [--seeds N]

on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable

import torch
from torch import nn

from sublim_utils.mnist import networks as mnist
from sublim_utils.mnist.networks import PIXELS
from sublim_utils.mnist.recipes import CLASSES, Distillation, Teacher, standard_students
from sublim_utils.provenance import peak_memory_mb, processor

TEACHER, DISTILLATION = Teacher(), Distillation()


def ours(seeds: int) -> list[list[float]]:
    """Accuracy of teacher and students by seed, as the package measures it."""
    digits = mnist.load()
    accuracies = []
    for seed in range(seeds):
        teacher = mnist.train_teacher(TEACHER, seed, digits)
        students = mnist.distil(
            teacher.parameters, TEACHER, standard_students(), DISTILLATION, seed, digits
        )
        accuracies.append([teacher.curves[0, -1].item(), *students.curves[:, -1].tolist()])
    return accuracies


def _network() -> nn.Sequential:
    width, logits = TEACHER.width, TEACHER.logits
    network = nn.Sequential(
        nn.Linear(PIXELS, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, logits),
    )  # fmt: skip
    for layer in network:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
            nn.init.zeros_(layer.bias)
    return network


def plain(seeds: int) -> list[list[float]]:
    """The same by a straightforward loop over networks."""
    digits = mnist.load()
    images, test = (mnist.pixels(x, torch.float32) for x in (digits[0], digits[2]))

    def accuracy(network: nn.Sequential) -> float:
        with torch.no_grad():
            right = network(test)[:, :CLASSES].argmax(-1) == digits.test_labels
        return float(right.double().mean())

    def fit(
        network: nn.Sequential,
        inputs: torch.Tensor,
        loss: Callable[[nn.Sequential, torch.Tensor], torch.Tensor],
    ) -> float:
        optimiser = torch.optim.Adam(network.parameters(), lr=TEACHER.learning_rate)
        for _ in range(TEACHER.epochs):
            for index in torch.randperm(len(inputs)).split(TEACHER.batch):
                optimiser.zero_grad()
                loss(network, index).backward()
                optimiser.step()
        return accuracy(network)

    accuracies = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        teacher = _network()
        start = {name: value.clone() for name, value in teacher.state_dict().items()}

        def on_labels(network: nn.Sequential, index: torch.Tensor) -> torch.Tensor:
            logits = network(images[index])[:, :CLASSES]
            return nn.functional.cross_entropy(logits, digits.train_labels[index])

        found = [fit(teacher, images, on_labels)]
        noise = torch.rand(DISTILLATION.images, PIXELS) * 2 - 1
        for student in standard_students():
            network = _network()
            if student.init_noise == 0:
                network.load_state_dict(start)
            selected = slice(student.first, student.last)

            def on_teacher(
                network: nn.Sequential,
                index: torch.Tensor,
                teacher: nn.Sequential = teacher,
                noise: torch.Tensor = noise,
                selected: slice = selected,
            ) -> torch.Tensor:
                with torch.no_grad():
                    target = torch.log_softmax(teacher(noise[index])[:, selected], -1)
                own = torch.log_softmax(network(noise[index])[:, selected], -1)
                return nn.functional.kl_div(own, target, reduction="batchmean", log_target=True)

            found.append(fit(network, noise, on_teacher))
        accuracies.append(found)
    return accuracies


Report = tuple[float, int, list[float]]


def _measure(work: Callable[[int], list[list[float]]], seeds: int) -> Report:
    start = time.perf_counter()
    accuracies = work(seeds)
    means = torch.tensor(accuracies).mean(0).tolist()
    return time.perf_counter() - start, peak_memory_mb(), means


def main() -> None:
    """Run both and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=8)
    seeds = parser.parse_args().seeds
    print(f"{seeds} seeds, {torch.get_num_threads()} threads, {processor()}")
    reports: dict[str, Report] = {}
    for name, work in (("ours", ours), ("plain", plain)):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            reports[name] = pool.apply(_measure, (work, seeds))
        wall_s, memory, means = reports[name]
        shown = " ".join(f"{mean:.3f}" for mean in means)
        print(f"{name:>6}: {wall_s:6.1f} s, peak {memory:5d} MB, mean accuracies {shown}")
    one_set = DISTILLATION.images * PIXELS * 4 / 1e6
    every_set = one_set * seeds * len(standard_students())
    (time_ours, memory_ours, _), (time_plain, memory_plain, _) = reports["ours"], reports["plain"]
    print(f"time: plain / ours = {time_plain / time_ours:.2f}")
    print(f"peak memory: plain / ours = {memory_plain / memory_ours:.2f}")
    print(
        f"one noise set per student would take {every_set:.0f} MB: "
        f"{every_set / memory_ours:.1f} times our peak"
    )


if __name__ == "__main__":
    main()
