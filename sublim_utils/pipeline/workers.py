"""Seeds of experiments, shared out among processes of one machine.

One process leaves most of a large processor idle, and nearly all of a GPU: a small model's kernels
end sooner than Python asks for the next. Workers measure seeds into the store, and the run that
started them finds them there. Where there are several GPUs, they take them in turn.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Literal, NamedTuple

from sublim_utils import user_modules
from sublim_utils.errors import SublimError

_stopped: Any = None
"""In a worker: whether the run that started it has been stopped."""


class _Place(NamedTuple):
    """Where a worker works: a GPU's name for CUDA, or None; and how many share what is there."""

    gpu: str | None
    sharing: int
    threads: int


def share_out(
    measure: Callable[[Any], None],
    tasks: Sequence[Sequence[Any]],
    workers: int,
    device: Literal["cpu", "cuda"],
    finished: Callable[[Sequence[Any]], None],
) -> None:
    """Call `measure` with every item of every task; the items of a task follow one another.

    Args:
        measure: what to do; it is pickled, as the items are.
        tasks: the longest-running first, best.
        workers: processes, no more than there are tasks.
        device: on which they compute; they share its memory in equal parts.
        finished: called with each task when all of it is done.

    Raises:
        SublimError: as `measure` does, and tasks that have not begun are given up then; or a worker
            was ended from outside.
    """
    context = multiprocessing.get_context("spawn")
    places, stopped = context.Queue(), context.Event()
    for slot in _places(workers, device):
        places.put(slot)
    with _without_bars():
        pool = ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=_begin,
            initargs=(places, stopped, user_modules.additions()),
        )
        try:
            futures = {pool.submit(_measure_all, measure, task): task for task in tasks}
            for future in as_completed(futures):
                future.result()
                finished(futures[future])
        except BrokenProcessPool as error:
            raise SublimError(
                "A worker was ended from outside, most likely because memory is too small: take "
                "fewer workers. The same command goes on with what was finished."
            ) from error
        finally:
            stopped.set()  # the pool hands out some tasks ahead, which nobody can cancel
            pool.shutdown(cancel_futures=True)


def _places(workers: int, device: str) -> Iterator[_Place]:
    import torch

    threads = max(1, torch.get_num_threads() // workers)
    gpus: list[str | None] = [None]
    if device == "cuda":
        given = [part.strip() for part in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
        gpus = [part for part in given if part and part != "-1"]
        gpus = gpus or [str(number) for number in range(torch.cuda.device_count())]
    for number in range(workers):
        mine = number % len(gpus)
        sharing = len(range(mine, workers, len(gpus)))
        yield _Place(gpus[mine], sharing, threads)


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


def _begin(places: Any, stopped: Any, additions: user_modules.Additions) -> None:
    """Give a process its share of the cores and of the memory, and an end with its parent."""
    global _stopped
    _stopped = stopped
    # Ctrl-C reaches all processes. One that is waiting for work must not break the pool by dying.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    slot: _Place = places.get()
    if slot.gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = slot.gpu
    import torch

    from sublim_utils.models.memory import share_memory

    torch.set_num_threads(slot.threads)
    share_memory(slot.sharing, "cpu" if slot.gpu is None else "cuda")
    user_modules.add(additions)


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _measure_all(measure: Callable[[Any], None], task: Sequence[Any]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for item in task:
            if _stopped.is_set():
                return
            measure(item)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
