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


class Profile(Plain):
    """One scale: where the work runs and how much of it there is."""

    name: str
    purpose: str
    device: Literal["cpu", "cuda"]
    mnist: MnistScale
    theorem: TheoremScale


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
        ),
        Profile(
            name="embedded",
            purpose="the figures that the book ships, on two CPU cores",
            device="cpu",
            mnist=FULL_MNIST,
            theorem=FULL_THEOREM,
        ),
        Profile(
            name="gpu",
            purpose="one consumer GPU, from 15 GB of memory",
            device="cuda",
            mnist=FULL_MNIST,
            theorem=FULL_THEOREM,
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
