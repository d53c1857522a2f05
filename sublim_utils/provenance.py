"""What a record was measured on and with: code, packages, hardware, time and memory."""

from __future__ import annotations

import functools
import os
import platform
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from sublim_utils.config import FrozenConfig

ENVIRONMENT = re.compile(
    r"(?!.*(KEY|TOKEN|SECRET|PASSW))"
    r"((OMP|MKL|OPENBLAS|KMP|GOMP|DNNL|ONEDNN|ATEN|PYTORCH|TORCH|CUDA|CUBLAS|CUDNN|NCCL|NVIDIA|BNB"
    r"|VLLM)_\w+|HF_HUB_OFFLINE|PYTHONHASHSEED|SUBLIM_(PROFILE|MEASURE))"
)
"""Names of the environment variables that can change what is computed, or how fast; no secrets."""
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_tile", "asimd")
"""Instruction sets that numerical libraries choose their kernels by."""


class Provenance(FrozenConfig):
    """Where, when and by what code a record was measured.

    What older records do not say is None, or for `stage_seconds` left out.

    Attributes:
        date: UTC, to the second.
        wall_s: seconds of work behind the record, earlier interrupted runs included.
        stage_seconds: seconds of work by stage, one number per seed; 0 where the store had it.
        peak_memory_mb: highest resident memory of the process so far, in 10^6 bytes; None where
            other processes did the work.
        python: version of the interpreter.
        packages: name and version of the installed packages.
        hardware: processor, number of usable cores, memory in 10^9 bytes, accelerator if any.
        threads: threads of one tensor operation.
        workers: processes that shared the machine; their seconds are added up.
        command: the command line.
        commit: of this package's code in version control.
        changed: whether files differed from that commit.
        platform: operating system and architecture.
        environment: variables that can change what is computed (see `ENVIRONMENT`).
        instructions: the processor's instruction sets among `INSTRUCTIONS`.
        torch: what PyTorch says of its build and of the kernels that it chose.
        weights: by model, the hash or commit of its weights.
        rows_sha256: per seed, the hash of the teacher's rows.
        measured_as: the experiment's key when it was measured, where the way to write keys has
            changed since.
    """

    OMIT_AT_DEFAULT: ClassVar[tuple[str, ...]] = (
        "stage_seconds", "workers", "command", "commit", "changed", "platform", "environment",
        "instructions", "torch", "weights", "rows_sha256", "measured_as",
    )  # fmt: skip

    date: str
    wall_s: float
    stage_seconds: dict[str, list[float]] = Field(default={})
    peak_memory_mb: int | None
    python: str
    packages: dict[str, str]
    hardware: dict[str, str | int | float]
    threads: int
    workers: int = 1
    command: str | None = None
    commit: str | None = None
    changed: bool | None = None
    platform: str | None = None
    environment: dict[str, str] | None = None
    instructions: list[str] | None = None
    torch: dict[str, str] | None = None
    weights: dict[str, str] | None = None
    rows_sha256: list[str | None] | None = None
    measured_as: str | None = None


def peak_memory_mb() -> int:
    """Highest resident memory of this process so far, in 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6)


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The processor's name as the system tells it."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def has_fast_bf16() -> bool:
    """True if the processor has instructions for matrix products in bf16, as Linux tells it."""
    return bool({"amx_bf16", "avx512_bf16"}.intersection(_cpuinfo("flags").split()))


def _cpuinfo(*names: str) -> str:
    """What Linux says of the first processor under one of these names; empty elsewhere."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() in names:
                return value.strip()
    return ""


@functools.cache
def installed_packages() -> Mapping[str, str]:
    """Name and version of all installed packages, in the order of their names; read once."""
    named = ((d.metadata["Name"], d.version) for d in metadata.distributions())
    return dict(sorted((name.lower(), version) for name, version in named if name))


def code_version() -> tuple[str | None, bool | None]:
    """The commit of this package's code, and whether files differ from it; None outside git."""
    folder = Path(__file__).resolve().parent
    if not (folder.parent / ".git").exists():
        return None, None

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder.parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        # A record that was just written is no change of the code.
        changes = git("status", "--porcelain", "--", ".", ":!results")
        return git("rev-parse", "HEAD"), bool(changes)
    except (OSError, subprocess.SubprocessError):
        return None, None


def take(
    *,
    wall_s: float,
    stage_seconds: Mapping[str, list[float]],
    rows_sha256: list[str | None],
    weights: Mapping[str, str],
    workers: int = 1,
) -> Provenance:
    """The provenance of a record that is finished now.

    Args:
        wall_s: seconds of work behind it.
        stage_seconds: the same by stage, per seed.
        rows_sha256: per seed, the hash of the teacher's rows.
        measured_as: the experiment's key when it was measured, where the way to write keys has
            changed since.
        weights: by model, the hash or commit of its weights.
        workers: processes that shared the machine.
    """
    import psutil
    import torch

    hardware: dict[str, str | int | float] = {
        "processor": processor(),
        "cores": usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
    }
    build = {
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "build": re.sub(r"\s+", " ", torch.__config__.show()).strip(),
    }
    if torch.cuda.is_available():
        hardware["accelerator"] = torch.cuda.get_device_name()
        build["cuda"] = str(torch.version.cuda)
        build["cudnn"] = str(torch.backends.cudnn.version())
        build["cuda_capability"] = ".".join(map(str, torch.cuda.get_device_capability()))
    flags = set(_cpuinfo("flags", "Features").split())
    commit, changed = code_version()
    program, *arguments = sys.argv or [""]
    return Provenance(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=round(wall_s, 1),
        stage_seconds={s: [round(n, 1) for n in ns] for s, ns in stage_seconds.items()},
        peak_memory_mb=peak_memory_mb() if workers == 1 else None,
        python=platform.python_version(),
        packages=dict(installed_packages()),
        hardware=hardware,
        threads=max(1, torch.get_num_threads() // workers),
        workers=workers,
        command=shlex.join([Path(program).name, *arguments]),
        commit=commit,
        changed=changed,
        platform=platform.platform(),
        environment=_environment(os.environ),
        instructions=[name for name in INSTRUCTIONS if name in flags],
        torch=build,
        weights=dict(weights),
        rows_sha256=rows_sha256,
    )


def _environment(variables: Mapping[str, Any]) -> dict[str, str]:
    return {name: variables[name] for name in sorted(variables) if ENVIRONMENT.fullmatch(name)}
