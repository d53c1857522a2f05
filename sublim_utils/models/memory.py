"""How much memory is free, and what running out of it looks like, on the CPU and on a GPU."""

from __future__ import annotations

import psutil
import torch


def is_out_of_memory(error: BaseException) -> bool:
    """True if an error says that memory was too small; PyTorch has several ways to say so."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "memory" in str(error)


_processes = 1


def share_memory(processes: int, device: str) -> None:
    """Make this process one of several that share the memory of a device in equal parts."""
    global _processes
    _processes = processes
    if device == "cuda":
        torch.cuda.set_per_process_memory_fraction(1 / processes)


def memory_share() -> float:
    """Of a GPU's memory: what this process may have."""
    return 1 / _processes


def free_bytes(device: str) -> int:
    """Memory that this process may still take on `cpu` or `cuda`."""
    if device == "cpu":
        return int(psutil.virtual_memory().available / _processes)
    free, total = torch.cuda.mem_get_info()
    # What PyTorch holds and does not use is free for us, and a worker has a share of the whole.
    unused = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    share = total * memory_share()
    return int(min(free + unused, share - torch.cuda.memory_allocated()))
