"""The bar of a run: how much is done, how long the rest takes, and what is being done."""

from __future__ import annotations

import sys
import time

import pytest

from sublim_utils import progress
from sublim_utils.progress import RunProgress, counting, duration, running, seeds_of, stage
from tests.command import sublim


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_the_time_left_is_known_at_once_where_the_work_is(clock: Clock) -> None:
    run = RunProgress("owls", {"short": (0, 1), "long": (0,)}, {"short": 10.0, "long": 80.0})
    assert run.share == 0
    assert run.left_s() == pytest.approx(100)
    assert "about 2 min left" in run.text()


def test_the_time_left_follows_the_pace_of_what_was_measured(clock: Clock) -> None:
    run = RunProgress("owls", {"short": (0, 1), "long": (0,)}, {"short": 10.0, "long": 80.0})
    clock.now += 30
    run.finish([("short", 0)])
    assert run.share == pytest.approx(0.1)
    assert run.left_s() == pytest.approx(270)
    clock.now += 3
    assert run.share == pytest.approx(0.11)
    assert run.left_s() == pytest.approx(267)
    run.finish([("short", 1), ("long", 0)])
    assert run.share == 1
    assert run.left_s() == 0
    assert "nearly done" in run.text()


def test_without_estimates_all_seeds_weigh_the_same(clock: Clock) -> None:
    run = RunProgress("owls", {"a": (0, 1), "b": (0, 1)}, {"a": 10.0})
    assert run.left_s() is None
    assert "time left unknown" in run.text()
    clock.now += 60
    run.finish([("a", 0)])
    assert run.share == pytest.approx(0.25)
    assert run.left_s() == pytest.approx(180)


def test_seeds_from_the_store_tell_nothing_of_the_pace(clock: Clock) -> None:
    run = RunProgress("owls", {"a": range(4)})
    run.finish([("a", 0)])
    run.finish([("a", 1)])
    assert run.left_s() is None
    clock.now += 60
    run.finish([("a", 2)])
    assert run.left_s() == pytest.approx(60)


def test_a_seed_counts_once(clock: Clock) -> None:
    run = RunProgress("owls", {"a": (0, 1)})
    clock.now += 10
    for _ in range(3):
        run.finish([("a", 0)])
    assert run.share == pytest.approx(0.5)


def test_the_present_seed_never_counts_as_done(clock: Clock) -> None:
    run = RunProgress("owls", {"a": (0,)}, {"a": 10.0})
    clock.now += 1000
    assert run.share < 1
    assert "left" in run.text()


def test_workers_share_the_time() -> None:
    one, four = (RunProgress("owls", {"a": range(8)}, {"a": 60.0}, n) for n in (1, 4))
    assert (one.left_s() or 0) > 3.9 * (four.left_s() or 0) > 0


def test_a_line_now_and_then_where_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(progress, "LINE_S", 0.02)
    monkeypatch.setattr(progress, "INSTANT_S", 3600.0)  # so that the pace stays unknown
    assert not sys.stderr.isatty()
    written = ""

    def wait_for(words: str) -> None:
        nonlocal written
        end = time.monotonic() + 60
        while words not in written and time.monotonic() < end:
            time.sleep(0.02)
            out, err = capsys.readouterr()
            assert out == ""
            written += err
        assert words in written

    with running(RunProgress("owls", {"a": (0, 1)})):
        wait_for("owls: 0 %, ")
        for seed in seeds_of("owls", "a", (0, 1)):
            stage(f"stage {seed}")
            wait_for(f"stage {seed}")
            with counting(8, 2, "rows", "row") as bar:
                bar.update(3)
                wait_for("rows: 5 of 8 rows")
    assert "owls: 50 %, " in written
    assert all(line.startswith("owls: ") for line in written.splitlines())
    assert "\r" not in written


def test_work_without_a_run_has_a_bar_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    with counting(2, 0, "rows", "row") as bar:
        bar.update(2)
    assert "rows: " in capsys.readouterr().err
    with counting(2, 0, "rows", "row", alone=False) as bar:
        bar.update(2)
    stage("nothing")
    assert list(seeds_of("owls", "a", (3, 4))) == [3, 4]


@pytest.mark.usefixtures("own_store")
def test_a_run_tells_how_far_it_is_from_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    code, out, err = sublim("run", "mnist", "--profile", "smoke", "--json", "-")
    assert code == 0
    assert "mnist: 0 %, " in err
    assert "%" not in out
    assert "mnist: " not in sublim("run", "mnist", "--profile", "smoke")[2]


def test_durations_are_in_units_that_say_enough() -> None:
    assert [duration(s) for s in (0, 59.4, 61, 3599, 3 * 3600 + 1200, 1e6)] == [
        "0 s", "59 s", "1 min", "1 h 0 min", "3 h 20 min", "277 h 47 min",
    ]  # fmt: skip
