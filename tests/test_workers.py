"""Workers: seeds side by side come to the same records."""

import functools
import os
import time
from pathlib import Path

import pandas as pd
import pytest

from sublim_utils.errors import SublimError
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.store import Store
from sublim_utils.workers import share_out
from tests.command import sublim


def note(folder: Path, item: str) -> None:
    """Leave a trace of an item: when, and in which process."""
    if item == "fault":
        raise SublimError("Nothing is left.")
    time.sleep(0.2)
    (folder / item).write_text(f"{os.getpid()} {time.time()} {os.environ.get('TQDM_DISABLE')}")


def test_a_tasks_items_follow_one_another_in_one_process(tmp_path: Path) -> None:
    tasks = [["a1", "a2"], ["b1", "b2"], ["c1"]]
    share_out(functools.partial(note, tmp_path), tasks, 2, "items")
    traces = {path.name: path.read_text().split() for path in tmp_path.iterdir()}
    assert sorted(traces) == ["a1", "a2", "b1", "b2", "c1"]
    for first, second in (("a1", "a2"), ("b1", "b2")):
        assert traces[first][0] == traces[second][0] != str(os.getpid())
        assert float(traces[first][1]) < float(traces[second][1])
    assert len({trace[0] for trace in traces.values()}) == 2
    assert {trace[2] for trace in traces.values()} == {"1"}
    assert "TQDM_DISABLE" not in os.environ


def test_a_fault_is_told_and_what_has_not_begun_is_given_up(tmp_path: Path) -> None:
    tasks = [["fault"], *([f"{n}"] for n in range(40))]
    with pytest.raises(SublimError, match="Nothing is left"):
        share_out(functools.partial(note, tmp_path), tasks, 2, "items")
    assert len(list(tmp_path.iterdir())) < 20


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
        # One sampling for the two students of the owl's teacher, and one for the control's.
        counts = len(list(Store().root.glob("rows-4/*"))), len(list(Store().root.glob("student/*")))
        assert counts == (4, 5)
    for name in names:  # other numbers of threads round otherwise
        pd.testing.assert_frame_equal(records[0][name], records[1][name], rtol=0, atol=2e-3)


@pytest.mark.usefixtures("own_store")
def test_workers_need_the_store() -> None:
    code, _, err = sublim("run", "mnist", "--profile", "smoke", "--workers", "2", "--fresh")
    assert code == 2
    assert "leave out --workers" in err
