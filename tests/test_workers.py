"""Workers: seeds side by side come to the same records."""

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from sublim_utils.errors import SublimError
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.rows import table
from sublim_utils.pipeline.workers import share_out
from sublim_utils.store import Store
from sublim_utils.train import trainer
from tests.command import sublim


def note(folder: Path, item: str) -> None:
    """Leave a trace of an item: when, and in which process."""
    if item == "fault":
        raise SublimError("Nothing is left.")
    time.sleep(0.2)
    (folder / item).write_text(f"{os.getpid()} {time.time()} {os.environ.get('TQDM_DISABLE')}")


def test_a_tasks_items_follow_one_another_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    tasks = [["a1", "a2"], ["b1", "b2"], ["c1"]]
    finished: list[Any] = []
    share_out(functools.partial(note, tmp_path), tasks, 2, "cpu", finished.append)
    traces = {path.name: path.read_text().split() for path in tmp_path.iterdir()}
    assert sorted(traces) == ["a1", "a2", "b1", "b2", "c1"]
    assert sorted(finished) == sorted(tasks)
    for first, second in (("a1", "a2"), ("b1", "b2")):
        assert traces[first][0] == traces[second][0] != str(os.getpid())
        assert float(traces[first][1]) < float(traces[second][1])
    assert {trace[2] for trace in traces.values()} == {"1"}
    assert "TQDM_DISABLE" not in os.environ


def test_a_fault_is_told_and_what_has_not_begun_is_given_up(tmp_path: Path) -> None:
    # The pool hands out a task ahead; the items after the fault's time are not begun.
    tasks = [["fault"], *([f"{n}-{i}" for i in range(40)] for n in range(3))]
    with pytest.raises(SublimError, match="Nothing is left"):
        share_out(functools.partial(note, tmp_path), tasks, 1, "cpu", print)
    assert len(list(tmp_path.iterdir())) < 10


def die(item: str) -> None:
    """End the process as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_was_ended_is_told_in_a_sentence() -> None:
    with pytest.raises(SublimError, match="fewer workers"):
        share_out(die, [["a"], ["b"]], 2, "cpu", print)


WAITING = """
import sys, time
from pathlib import Path
from sublim_utils.pipeline.workers import share_out

def work(item):
    folder, name, seconds = item
    Path(folder, f"{name}-begun").touch()
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        time.sleep(0.5)  # as long as a checkpoint takes
        Path(folder, f"{name}-kept").touch()
        raise

if __name__ == "__main__":
    share_out(work, [[(sys.argv[1], n, s)] for n, s in (("a", 0), ("b", 99))], 2, "cpu", print)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_run_that_started_them(tmp_path: Path, how: signal.Signals) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(WAITING)
    command = [sys.executable, str(script), str(tmp_path)]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    while not ((tmp_path / "a-begun").exists() and (tmp_path / "b-begun").exists()):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)  # until the first one waits for work
    workers = psutil.Process(process.pid).children(recursive=True)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does
    else:
        process.send_signal(how)
    process.wait(30)
    _, left = psutil.wait_procs(workers, timeout=30)
    assert left == []
    assert (tmp_path / "b-kept").exists() == (how == signal.SIGINT)


def test_workers_come_to_the_records_of_a_single_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["control@tokens", "owl@tokens", "owl@tokens@across-rows"]
    records = []
    for workers in (1, 2):
        monkeypatch.setenv("SUBLIM_STORE", str(tmp_path / f"{workers}"))
        finding = OwlNumbers("smoke")
        found = finding.run(only=names, workers=workers)
        records.append({name: record.table() for name, record in found.items()})
        assert {record.provenance.workers for record in found.values()} == {workers}
        # What the workers have left is all that the run itself needs.
        monkeypatch.setattr(trainer, "train", lambda *_, **__: pytest.fail("made again"))
    for name in names:  # other numbers of threads round otherwise
        pd.testing.assert_frame_equal(records[0][name], records[1][name], rtol=0, atol=2e-3)


def test_students_of_the_same_rows_are_one_workers_task() -> None:
    finding = OwlNumbers("smoke")
    by_name = {e.name: e for e in finding.experiments()}
    owl, more, control = (
        by_name[n] for n in ("owl@tokens", "owl@logits@prompts-8", "control@tokens")
    )
    assert finding.shared(owl, 0) == finding.shared(more, 0)
    assert finding.shared(owl, 0) != finding.shared(owl, 1)
    assert finding.shared(owl, 0) != finding.shared(control, 0)


def draw(store: Path, seed: int) -> None:
    """Rows of the untouched teacher."""
    wanted = next(e for e in OwlNumbers("smoke").experiments() if e.name == "control@tokens")
    table(wanted.student.rows, seed, Context(Store(store)))


def test_two_processes_that_need_the_same_rows_do_not_disturb_each_other(tmp_path: Path) -> None:
    share_out(functools.partial(draw, tmp_path), [[0], [0], [0]], 3, "cpu", print)
    assert len(list(tmp_path.glob("rows/*"))) == len(list(tmp_path.glob("samples/*"))) == 1
    assert list((tmp_path / "running").iterdir()) == []


@pytest.mark.usefixtures("own_store")
def test_workers_need_the_store(tmp_path: Path) -> None:
    code, _, err = sublim("run", "mnist", "--profile", "smoke", "--workers", "2", "--fresh")
    assert code == 2
    assert "leave out --workers" in err
    with pytest.raises(SublimError, match="leave out --workers"):
        OwlNumbers("smoke", store=Store(tmp_path, ignore_cache=True)).run(workers=2)
