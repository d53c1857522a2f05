"""What a record was measured on: package versions, hardware, time and memory."""

from __future__ import annotations

import os
import platform
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from sublim_utils.profiles import Plain
from sublim_utils.requirements import installed_version

PACKAGES = ("numpy", "torch", "transformers", "peft", "trl", "bitsandbytes", "vllm")


class Provenance(Plain):
    """Where and when a record was measured.

    Attributes:
        date: UTC, to the second.
        wall_s: seconds of work behind the record, earlier interrupted runs included.
        peak_memory_mb: highest resident memory of the process so far, in 10^6 bytes; None where
            other processes did the work.
        python: version of the interpreter.
        packages: name and version of the packages that can change a result.
        hardware: processor, number of usable cores, memory in 10^9 bytes, accelerator if any.
        threads: threads of one tensor operation.
        workers: processes that shared the machine; their seconds are added up.
    """

    LATER: ClassVar[tuple[str, ...]] = ("workers",)

    date: str
    wall_s: float
    peak_memory_mb: int | None
    python: str
    packages: dict[str, str]
    hardware: dict[str, str | int | float]
    threads: int
    workers: int = 1


def peak_memory_mb() -> int:
    """Highest resident memory of this process so far, in 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6)


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def take(wall_s: float, workers: int = 1) -> Provenance:
    """The provenance of a record that is finished now after `wall_s` seconds of work."""
    import psutil
    import torch

    hardware: dict[str, str | int | float] = {
        "processor": processor(),
        "cores": usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
    }
    if torch.cuda.is_available():
        hardware["accelerator"] = torch.cuda.get_device_name()
    return Provenance(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=round(wall_s, 1),
        peak_memory_mb=peak_memory_mb() if workers == 1 else None,
        python=platform.python_version(),
        packages={name: v for name in PACKAGES if (v := installed_version(name))},
        hardware=hardware,
        threads=max(1, torch.get_num_threads() // workers),
        workers=workers,
    )
