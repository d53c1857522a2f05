"""Profiles: at which scale and on which device a finding runs. Each finding has its own scales."""

from __future__ import annotations

import os
from typing import Literal

from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError, no_such


class Scale(FrozenConfig):
    """How much of a finding is measured; each finding adds what it has a choice of.

    Attributes:
        first_seed: of the reported ones; settings are chosen on others.
        seeds: repetitions.
    """

    first_seed: int = 10
    seeds: int = 3


class Profile(FrozenConfig):
    """A named scale of all findings, and the device for which it is meant."""

    name: str
    device: Literal["cpu", "cuda"]
    purpose: str


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="smoke",
            device="cpu",
            purpose="every line runs in seconds, nothing is claimed",
        ),
        Profile(
            name="embedded",
            device="cpu",
            purpose="the figures that the book ships, on two CPU cores",
        ),
        Profile(
            name="gpu",
            device="cuda",
            purpose="one consumer GPU, from 15 GB of memory",
        ),
        Profile(
            name="full",
            device="cuda",
            purpose="the packaged models on a large GPU, the owl numbers with thousands of rows",
        ),
    )
}
DEFAULT_PROFILE = "embedded"


def cuda_is_available() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch  # here, because most of the package must import without torch's two seconds

    return torch.cuda.is_available()


def lacks_bf16() -> bool:
    """Whether the CUDA device only emulates bf16, which is slow, as a T4 does."""
    import torch

    return cuda_is_available() and not torch.cuda.is_bf16_supported(including_emulation=False)


def available_device() -> Literal["cpu", "cuda"]:
    """Where a chapter's live cells compute: on the GPU if PyTorch sees one, else on the CPU."""
    return "cuda" if cuda_is_available() else "cpu"


def find_profile(name: str | None = None) -> Profile:
    """The profile of that name, as data: it may need a device that is not here.

    Args:
        name: by default `$SUBLIM_PROFILE`, else `embedded`, whose records are shipped. The default
            is the same on all machines: a GPU alone never makes anyone measure at its scale.

    Raises:
        SublimError: the name is unknown.
    """
    name = name or os.environ.get("SUBLIM_PROFILE") or DEFAULT_PROFILE
    if name not in PROFILES:
        raise no_such("profile", name, PROFILES)
    return PROFILES[name]


def get_profile(name: str | None = None) -> Profile:
    """The profile of that name, which can run here; by default as `find_profile` chooses.

    Raises:
        SublimError: the name is unknown, or the profile needs CUDA and there is none.
    """
    profile = find_profile(name)
    check_device(profile)
    return profile


def check_device(profile: Profile) -> None:
    """Refuse to measure at a scale whose device this machine lacks.

    Raises:
        SublimError: the profile needs CUDA and there is none.
    """
    if profile.device == "cuda" and not cuda_is_available():
        raise SublimError(
            f"The profile {profile.name!r} needs a CUDA device and PyTorch sees none here; "
            "use the profile embedded, which runs on a CPU."
        )
