"""Seeds of experiments, shared out among processes of one machine.

One process leaves most of a large processor idle, and nearly all of a GPU: a small model's kernels
end sooner than Python asks for the next. Workers measure seeds into the store, and the run that
started them finds them there. Where there are several GPUs, they take them in turn.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from tqdm import tqdm

_stopped: Any = None
"""In a worker: whether the run that started it has been stopped."""


def share_out(
    measure: Callable[[Any], None], tasks: Sequence[Sequence[Any]], workers: int, title: str
) -> None:
    """Call `measure` with every item of every task; the items of a task follow one another.

    Args:
        measure: what to do; it is pickled, as the items are.
        tasks: the longest-running first, best.
        workers: processes.
        title: of the progress bar on stderr, which counts items.

    Raises:
        SublimError: as `measure` does; tasks that have not begun are given up then.
    """
    context = multiprocessing.get_context("spawn")
    numbers, stopped = context.Queue(), context.Event()
    for number in range(workers):
        numbers.put(number)
    total = sum(map(len, tasks))
    with tqdm(total=total, desc=title, unit="seed") as bar, _without_bars():
        pool = ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=_begin,
            initargs=(numbers, workers, stopped),
        )
        try:
            futures = {pool.submit(_measure_all, measure, task): len(task) for task in tasks}
            for future in as_completed(futures):
                future.result()
                bar.update(futures[future])
        except BaseException:
            stopped.set()  # the pool hands out some tasks ahead, which nobody can cancel
            raise
        finally:
            pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _without_bars() -> Iterator[None]:
    """Processes that begin inside the block show no progress bars: tqdm asks when it is loaded."""
    before = os.environ.get("TQDM_DISABLE")
    os.environ["TQDM_DISABLE"] = "1"
    try:
        yield
    finally:
        del os.environ["TQDM_DISABLE"]
        if before is not None:
            os.environ["TQDM_DISABLE"] = before


def _begin(numbers: Any, workers: int, stopped: Any) -> None:
    """Give a process its share of the cores and of a GPU."""
    import torch

    global _stopped
    _stopped = stopped
    torch.set_num_threads(max(1, torch.get_num_threads() // workers))
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    devices = given.split(",") if given else [str(n) for n in range(torch.cuda.device_count())]
    if devices:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[numbers.get() % len(devices)]
        of_device = -(-workers // len(devices))
        torch.cuda.set_per_process_memory_fraction(1 / of_device)


def _measure_all(measure: Callable[[Any], None], task: Sequence[Any]) -> None:
    for item in task:
        if _stopped is not None and _stopped.is_set():
            return
        measure(item)
