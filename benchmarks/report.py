"""What a benchmark leaves for the book to show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch

from sublim_utils.checksums import keep_checksum
from sublim_utils.provenance import peak_memory_mb, processor


def hardware(device: str = "cpu") -> str:
    """The GPU, or the processor and how many threads work on it."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} threads, {processor()}"


def peak_mb(device: str = "cpu") -> int:
    """Highest memory so far, of the GPU where that is what fills, in 10^6 bytes."""
    return peak_memory_mb() if device == "cpu" else round(torch.cuda.max_memory_allocated() / 1e6)


def write(
    path: Path, unit: str, contenders: Mapping[str, tuple[float, int]], device: str = "cpu"
) -> None:
    """Keep the rate (in `unit`) and the peak memory (in MB) of each contender as JSON.

    The file's hash is kept beside it, as the book shows no file that was changed.
    """
    told = {
        "hardware": hardware(device),
        "unit": unit,
        "contenders": {
            name: {"rate": round(rate, 3), "peak_mb": memory}
            for name, (rate, memory) in contenders.items()
        },
    }
    path.write_text(json.dumps(told, indent=1) + "\n")
    keep_checksum(path)
