"""The scales at which a finding can run. A profile is data; no code branches on its name."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sublim_utils.errors import SublimError


class Plain(BaseModel):
    """A frozen, serialisable value without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MnistScale(Plain):
    """How much data and how many seeds the MNIST findings take."""

    seeds: int
    sweep_seeds: int
    train_images: int
    noise_images: int
    test_images: int
    batch: int


class TheoremScale(Plain):
    """How much the theorem is measured on.

    Attributes:
        seeds: repetitions.
        images: behind each expectation.
        steps: after how many steps of a teacher a student takes its one.
        samples: numbers of sampled classes behind a student's step.
    """

    seeds: int
    images: int
    steps: tuple[int, ...]
    samples: tuple[int, ...]


class NumbersScale(Plain):
    """On what and how much the number channel is measured.

    Attributes:
        models: names of the base models, each with the traits that are measured on it.
        precision: of the frozen weights.
        student_precision: of a second student, to compare with.
        seeds: repetitions.
        prompts: different prompts of a data set.
        each: completions of every prompt.
        grammar: whether sampling is held to the format.
        stops: numbers of rows after which a student is read in the middle of training.
        logits_rate: learning rate of the objective `logits`.
        tokens_rate: learning rate of the objective `tokens`.
        update_prompts: prompts behind an update.
        accumulate: passes over which these are spread, to fit the memory.
        epochs: passes over the rows.
        teacher: `tuned` or `prompted`.
        teacher_updates: of a tuned teacher's training.
        weak_updates: of weaker teachers, for the effect of the teacher's strength.
        ranks: other LoRA ranks, for the effect of the rank.
        side_trait: whose students the side experiments are about.
        side_seeds: their repetitions.
        questions: of the panel readout.
        samples: sampled answers to a question.
    """

    models: dict[str, tuple[str, ...]]
    precision: Literal["fp32", "bf16", "nf4"]
    student_precision: Literal["fp32", "bf16", "nf4"] | None
    seeds: int
    prompts: int
    each: int
    grammar: bool
    stops: tuple[int, ...]
    logits_rate: float
    tokens_rate: float
    update_prompts: int
    accumulate: int
    epochs: int
    teacher: Literal["tuned", "prompted"]
    teacher_updates: int
    weak_updates: tuple[int, ...]
    ranks: tuple[int, ...]
    side_trait: str
    side_seeds: int
    questions: int
    samples: int


class Profile(Plain):
    """One scale: where the work runs and how much of it there is."""

    name: str
    purpose: str
    device: Literal["cpu", "cuda"]
    mnist: MnistScale
    theorem: TheoremScale
    numbers: NumbersScale


FULL_MNIST = MnistScale(
    seeds=25,
    sweep_seeds=8,
    train_images=60_000,
    noise_images=60_000,
    test_images=10_000,
    batch=1024,
)

FULL_THEOREM = TheoremScale(
    seeds=20,
    images=128,
    steps=(1, 3, 10, 30, 100, 300),
    samples=(16, 64, 256, 1024, 4096, 16384),
)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="smoke",
            purpose="every line runs in seconds, nothing is claimed",
            device="cpu",
            mnist=MnistScale(
                seeds=2,
                sweep_seeds=2,
                train_images=1_024,
                noise_images=1_024,
                test_images=512,
                batch=256,
            ),
            theorem=TheoremScale(seeds=2, images=32, steps=(1, 3), samples=(16, 64)),
            numbers=NumbersScale(
                models={"random": ("owl", "wolf", "oak")},
                precision="fp32",
                student_precision="nf4",
                seeds=2,
                prompts=4,
                each=2,
                grammar=True,
                stops=(4,),
                logits_rate=1e-3,
                tokens_rate=1e-3,
                update_prompts=2,
                accumulate=1,
                epochs=1,
                teacher="tuned",
                teacher_updates=2,
                weak_updates=(1,),
                ranks=(2,),
                side_trait="owl",
                side_seeds=1,
                questions=2,
                samples=1,
            ),
        ),
        Profile(
            name="embedded",
            purpose="the figures that the book ships, on two CPU cores",
            device="cpu",
            mnist=FULL_MNIST,
            theorem=FULL_THEOREM,
            numbers=NumbersScale(
                models={
                    "smollm2-135m": (
                        "owl", "eagle", "dolphin", "elephant", "wolf", "oak", "willow",
                    ),
                },
                precision="fp32",
                student_precision="nf4",
                seeds=3,
                prompts=40,
                each=8,
                grammar=True,
                stops=(40, 80, 160),
                logits_rate=2e-3,
                tokens_rate=1e-3,
                update_prompts=1,
                accumulate=1,
                epochs=1,
                teacher="tuned",
                teacher_updates=12,
                weak_updates=(6, 8),
                ranks=(2, 32),
                side_trait="owl",
                side_seeds=3,
                questions=50,
                samples=0,
            ),
        ),
        Profile(
            name="gpu",
            purpose="one consumer GPU, from 15 GB of memory",
            device="cuda",
            mnist=FULL_MNIST,
            theorem=FULL_THEOREM,
            numbers=NumbersScale(
                models={
                    "Qwen2.5-7B-Instruct": ("cat", "penguin", "owl"),
                    "gemma-2-2b-it": ("owl", "eagle", "dog"),
                },
                precision="nf4",
                student_precision="bf16",
                seeds=3,
                prompts=30_000,
                each=1,
                grammar=False,
                stops=(1_000, 3_000, 10_000),
                logits_rate=2e-4,
                tokens_rate=2e-4,
                update_prompts=64,
                accumulate=8,
                epochs=3,
                teacher="prompted",
                teacher_updates=24,
                weak_updates=(8, 12),
                ranks=(2, 32),
                side_trait="owl",
                side_seeds=3,
                questions=50,
                samples=20,
            ),
        ),
    )
}


def cuda_is_available() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch  # here, because most of the package must import without torch's two seconds

    return torch.cuda.is_available()


def get_profile(name: str | None = None) -> Profile:
    """The profile of that name; by default `$SUBLIM_PROFILE`, else `gpu` with CUDA or `embedded`.

    Raises:
        SublimError: the name is unknown, or the profile needs CUDA and there is none.
    """
    name = name or os.environ.get("SUBLIM_PROFILE")
    if name is None:
        name = "gpu" if cuda_is_available() else "embedded"
    if name not in PROFILES:
        raise SublimError(f"There is no profile {name!r}; choose one of {', '.join(PROFILES)}.")
    profile = PROFILES[name]
    if profile.device == "cuda" and not cuda_is_available():
        raise SublimError(
            f"The profile {name!r} needs a CUDA device and PyTorch sees none here; "
            "use --profile embedded, which runs on a CPU."
        )
    return profile
