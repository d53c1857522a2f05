"""How far a run has come: one bar over all experiments and seeds, with the time left.

On a terminal the bar is drawn anew every second. Elsewhere a line is written at the beginning and
then every `LINE_S` seconds, whatever the work is doing. Without a run, as in a chapter's live cell,
each piece of work has a bar of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from tqdm import tqdm

LINE_S = 30.0
"""Seconds between two lines where stderr is no terminal."""
INSTANT_S = 1.0
"""A seed that took less was in the store, and tells nothing of the pace."""


class Bar(Protocol):
    """A counter of the work that is done."""

    def update(self, n: float | None = 1) -> Any:
        """Count `n` more."""


class RunProgress:
    """The progress of a run.

    Args:
        title: what is run.
        expected_s: by experiment, the seconds that one of its seeds may take.
        seeds: by experiment, the seeds to be measured.
        workers: processes that measure side by side.
    """

    def __init__(
        self,
        title: str,
        seeds: Mapping[str, Iterable[int]],
        expected_s: Mapping[str, float] | None = None,
        workers: int = 1,
    ) -> None:
        """Nothing is done yet."""
        self.title, self.workers = title, workers
        self.expected = bool(expected_s) and all(name in (expected_s or {}) for name in seeds)
        weights = expected_s if self.expected and expected_s else dict.fromkeys(seeds, 1.0)
        self.remaining = {
            (name, seed): max(weights[name], 1e-9) for name in seeds for seed in seeds[name]
        }
        self.total = sum(self.remaining.values()) or 1.0
        self.begin = self.item_begin = time.monotonic()
        self.worked, self.worked_s = 0.0, 0.0
        self.stage = "beginning"

    def finish(self, items: Iterable[tuple[str, int]]) -> None:
        """Count seeds of experiments as measured, each once."""
        weight = sum(self.remaining.pop(item, 0.0) for item in list(items))
        now = time.monotonic()
        if weight and now - self.item_begin >= INSTANT_S:
            self.worked += weight
            self.worked_s += now - self.item_begin
        self.item_begin = now

    @property
    def share(self) -> float:
        """Of all work: what is done, from 0 to 1."""
        return 1 - (sum(self.remaining.values()) - self._under_way()) / self.total

    def left_s(self) -> float | None:
        """Seconds until the end; None while nothing is known of them."""
        pace = self._pace()
        return None if pace is None else pace * (sum(self.remaining.values()) - self._under_way())

    def _pace(self) -> float | None:
        """Seconds of a unit of work."""
        if self.worked:
            return self.worked_s / self.worked
        return 1 / self.workers if self.expected else None

    def _under_way(self) -> float:
        """Work on the present seed, as far as the pace tells, and never all of it."""
        pace = self._pace()
        if pace is None:
            return 0.0
        # A copy, as the bar's thread reads what the work changes.
        present = next(iter([*self.remaining.values()]), 0.0)
        return min((time.monotonic() - self.item_begin) / pace, 0.95 * present)

    def text(self) -> str:
        """The time taken, the time left, and what is being done."""
        left = self.left_s()
        words = "time left unknown until the first seed is done"
        if left is not None:
            words = f"about {duration(left)} left" if self.remaining else "nearly done"
        return f"{duration(time.monotonic() - self.begin)}, {words}; {self.stage}"


_run: RunProgress | None = None


@contextlib.contextmanager
def running(progress: RunProgress) -> Iterator[RunProgress]:
    """Show a run's progress on stderr while the block works."""
    global _run
    stopped = threading.Event()
    shown = threading.Thread(target=_show, args=(progress, stopped), daemon=True)
    outer, _run = _run, progress
    shown.start()
    try:
        yield progress
    finally:
        _run = outer
        stopped.set()
        shown.join()


def _show(progress: RunProgress, stopped: threading.Event) -> None:
    if os.environ.get("TQDM_DISABLE"):
        return
    if not sys.stderr.isatty():
        while True:
            share = f"{100 * progress.share:.0f} %"
            print(f"{progress.title}: {share}, {progress.text()}", file=sys.stderr, flush=True)
            if stopped.wait(LINE_S):
                return
    form = "{desc}: {percentage:3.0f}%|{bar:20}|{postfix}"
    with tqdm(total=100, desc=progress.title, bar_format=form) as bar:
        while True:
            # Some terminals tell no size, and tqdm draws nothing then.
            bar.ncols, bar.nrows = shutil.get_terminal_size()
            bar.n = round(100 * progress.share, 1)
            bar.set_postfix_str(progress.text())
            if stopped.wait(1):
                return


def stage(words: str) -> None:
    """Name what is being done now, for the bar of a run."""
    if _run is not None:
        _run.stage = words


def seeds_of(title: str, experiment: str, seeds: Iterable[int]) -> Iterator[int]:
    """The seeds of an experiment one by one; each counts as measured when the next is asked for."""
    if _run is None:
        yield from tqdm(list(seeds), f"{title}/{experiment}", unit="seed")
        return
    for seed in seeds:
        run = _run
        if run is not None:
            run.stage = f"{experiment}, seed {seed}"
        yield seed
        if run is not None:
            run.finish([(experiment, seed)])


@contextlib.contextmanager
def counting(
    total: int, initial: int, words: str, unit: str, *, alone: bool = True
) -> Iterator[Bar]:
    """Something that counts pieces of work: within a run in the words of its bar, else a bar.

    Args:
        total: how many pieces there are.
        initial: how many are done already.
        words: what the work is called.
        unit: what a piece is called.
        alone: whether there is a bar without a run, too.
    """
    if _run is None:
        silent = {} if alone else {"disable": True}  # else as `TQDM_DISABLE` says
        options: dict[str, Any] = {"desc": words, "unit": unit, "leave": False, **silent}
        with tqdm(total=total, initial=initial, **options) as bar:
            yield bar
        return
    yield _Counter(total, initial, words, unit)


class _Counter:
    def __init__(self, total: int, done: int, words: str, unit: str) -> None:
        self.total, self.done, self.words, self.unit = total, done, words, unit
        self.update(0)

    def update(self, n: float | None = 1) -> None:
        self.done += int(n or 0)
        stage(f"{self.words}: {self.done:,} of {self.total:,} {self.unit}s")


def duration(seconds: float) -> str:
    """Seconds in the largest units that say enough: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
