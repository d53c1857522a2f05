"""`sublim store`: what there is, and cleaning that spares what is used and what is the user's."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sublim_utils.cleaning import by_stage, clean, inventory
from sublim_utils.files import write_text_whole
from sublim_utils.store import Store, key_of
from tests.command import sublim

DAY = 24 * 3600.0


def put(store: Store, stage: str, number: int, *, days: float = 0, size: int = 1000) -> Path:
    """An entry that was last used some days ago."""
    specification = {"n": number}
    key = key_of(specification)
    with store.writing(stage, key, specification) as folder:
        (folder / "data").write_bytes(b"x" * size)
    folder = store.root / stage / key
    aged(folder / "manifest.json", days)
    return folder


def unfinished(store: Store, stage: str, number: int, *, days: float = 0) -> Path:
    """Work that a killed process has left half done."""
    folder = store.root / "running" / f"{stage}-{key_of({'n': number})}"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "data").write_bytes(b"y" * 500)
    for path in (folder / "part" / "data", folder / "part", folder):
        aged(path, days)
    return folder


def aged(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def files(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_stages_are_told_by_size_and_age(own_store: Path) -> None:
    store = Store(own_store)
    put(store, "small", 1)
    put(store, "large", 1, size=5_000_000, days=3)
    put(store, "large", 2, size=5_000_000)
    unfinished(store, "large", 3)
    write_text_whole(own_store / "records" / "x" / "main.json", "{}")
    code, out, err = sublim("store")
    assert (code, err) == (0, "")
    lines = [line.split("│")[1:-1] for line in out.splitlines() if "│" in line]
    cells = [[cell.strip() for cell in line] for line in lines]
    assert cells[0] == ["large", "2", "1", "10 MB", "just now", "3 days ago"]
    assert cells[1][:3] == ["small", "1", ""]
    found = json.loads(sublim("store", "--json", "-")[1])
    assert [stage["stage"] for stage in found["stages"]] == ["large", "small"]
    assert found["bytes"] > 10_001_500
    assert found["leftovers"] == {"number": 0, "bytes": 0}


def test_a_store_that_is_not_there_is_empty_and_stays_so(own_store: Path) -> None:
    code, out, _ = sublim("store")
    assert code == 0
    assert "0 bytes" in out
    assert not own_store.exists()
    code, out, _ = sublim("store", "clean")
    assert (code, out) == (0, "Freed 0 bytes.\n")


def test_what_was_not_used_for_long_goes_and_only_that(own_store: Path) -> None:
    store = Store(own_store)
    old, new = put(store, "rows", 1, days=40), put(store, "rows", 2, days=20)
    work, recent = unfinished(store, "student", 3, days=40), unfinished(store, "student", 4)
    before = files(own_store)
    code, out, _ = sublim("store", "clean", "--older-than", "30d", "--dry-run")
    assert code == 0
    assert "Would free" in out
    assert files(own_store) == before
    code, out, _ = sublim("store", "clean", "--older-than", "30d", "--json", "-")
    assert {item["path"] for item in json.loads(out)["removed"]} == {str(old), str(work)}
    assert not old.exists()
    assert not work.exists()
    assert new.exists()
    assert recent.exists()


def test_reading_an_entry_makes_it_young(own_store: Path) -> None:
    folder = put(Store(own_store), "rows", 1, days=40)
    assert Store(own_store).get("rows", folder.name) == folder
    assert clean(Store(own_store), older_than_s=DAY).removed == []


def test_a_stage_goes_alone(own_store: Path) -> None:
    store = Store(own_store)
    rows, student = put(store, "rows", 1), put(store, "student", 1)
    work = unfinished(store, "rows", 2)
    code, _, err = sublim("store", "clean", "--stage", "teacher")
    assert code == 2
    assert "has no stage 'teacher'; it has rows, student" in err
    sublim("store", "clean", "--stage", "rows")
    assert not rows.exists()
    assert not work.exists()
    assert student.exists()


@pytest.mark.parametrize("age", ["30", "d", "-3d", "3 years", "1e3d", "", "9" * 5000 + "d"])
def test_an_age_that_is_none_is_one_sentence(own_store: Path, age: str) -> None:
    code, _, err = sublim("store", "clean", f"--older-than={age}")
    assert code == 2
    assert "is not an age; give a number and a unit: 90m, 12h, 30d or 2w." in err
    assert len(err) < 200


def test_leftovers_and_damaged_entries_go_and_unfinished_work_stays(own_store: Path) -> None:
    store = Store(own_store)
    whole, damaged = put(store, "rows", 1), put(store, "rows", 2)
    (damaged / "data").write_bytes(b"z" * 1000)
    finished, work = unfinished(store, "rows", 1), unfinished(store, "rows", 3)
    (own_store / "locks").mkdir(exist_ok=True)
    lock = own_store / "locks" / f"rows-{key_of({'n': 1})}"
    lock.touch()
    record = own_store / "records" / "smoke" / "main.json"
    write_text_whole(record, "{}")
    half = record.with_name(f".sublim-{'0' * 32}.tmp")
    half.write_text("{")
    aged(half, 2)
    assert by_stage(inventory(own_store))[0].entries == 2
    out = sublim("store")[1]
    assert "Killed processes left 3 files or folders" in out
    out = sublim("store", "clean", "--json", "-")[1]
    gone = [damaged, finished, lock, half]
    assert {item["path"] for item in json.loads(out)["removed"]} == set(map(str, gone))
    assert not any(path.exists() for path in gone)
    assert whole.exists()
    assert work.exists()
    assert record.exists()
    assert sublim("store", "clean")[1] == "Freed 0 bytes.\n"


def test_what_is_the_users_stays_through_everything(own_store: Path) -> None:
    store = Store(own_store)
    put(store, "rows", 1)
    mine = [
        "aside/notes.txt",
        "tmp/mine.txt",
        "tmp/0123456789abcdef0123456789abcdef/image",
        "running/marathon/plan.txt",
        "locks/front-door",
        "rows/notes.txt",
        "rows/507f1f77bcf86cd799439011/photo.jpg",
        "rows-backup/notes.txt",
        "manifest.json",
        "photos/507f1f77bcf86cd799439011/photo.jpg",
        "records/smoke/.main.json.swp",
    ]
    for name in mine:
        path = own_store / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        aged(path, 100)
    clean(Store(own_store))
    clean(Store(own_store), older_than_s=0)
    clean(Store(own_store), stage=None, older_than_s=1)
    assert [name for name in mine if not (own_store / name).exists()] == []
    assert not list((own_store / "rows").glob("*/data"))


BUSY = """
import sys, time
from sublim_utils.store import Store, key_of
store = Store(sys.argv[1])
store.get("rows", key_of({"n": 1}))
with store.lock("student", key_of({"n": 3})):
    with store.writing("student", key_of({"n": 3}), {"n": 3}) as folder:
        (folder / "half").write_text("half")
        print(folder, flush=True)
        sys.stdin.readline()
        (folder / "data").write_bytes(b"x")
"""


def own_processes() -> list[str]:
    """A command under which other processes are not visible, where that is allowed."""
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return command


@pytest.fixture
def busy(own_store: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that uses some of a store and is writing into it, as in a container of its own."""
    store = Store(own_store)
    put(store, "rows", 1, days=40)
    put(store, "rows", 2, days=40)
    unfinished(store, "student", 3, days=40)
    del store
    with subprocess.Popen(
        [*own_processes(), sys.executable, "-c", BUSY, str(own_store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_what_a_living_process_uses_or_makes_stays(
    own_store: Path, busy: "subprocess.Popen[str]"
) -> None:
    assert busy.stdout is not None
    half = Path(busy.stdout.readline().strip()) / "half"
    cleaned = clean(Store(own_store), older_than_s=0)
    assert half.exists()
    used, made = key_of({"n": 1}), f"student-{key_of({'n': 3})}"
    assert {item.path.name for item in cleaned.left} == {used, made}
    assert [item.path.name for item in cleaned.removed] == [key_of({"n": 2})]
    assert (own_store / "rows" / used).exists()
    assert (own_store / "running" / made).exists()
    out = sublim("store", "clean", "--stage", "rows")[1]
    assert "1 in use by a running process stay." in out
    assert busy.communicate("go on\n")[0] == ""
    assert busy.returncode == 0
    assert Store(own_store).get("student", key_of({"n": 3})) is not None


def test_what_a_killed_process_was_writing_is_cleared_away(
    own_store: Path, busy: "subprocess.Popen[str]"
) -> None:
    assert busy.stdout is not None
    half = Path(busy.stdout.readline().strip()) / "half"
    assert half.exists()
    busy.kill()
    busy.wait()
    deadline = time.time() + 10
    while half.exists() and time.time() < deadline:
        Store(own_store)
        time.sleep(0.05)
    assert not half.exists()
    assert Store(own_store).get("student", key_of({"n": 3})) is None
    assert list((own_store / "tmp").iterdir()) == []
    assert clean(Store(own_store), older_than_s=0).left == []


def test_work_of_another_machine_is_left_alone_until_it_is_old(own_store: Path) -> None:
    """On a network drive a lock of another machine may not be seen from here."""
    tmp = own_store / "tmp"
    lease, folder = tmp / f"sublim-{'1' * 32}.lock", tmp / f"sublim-{'1' * 32}"
    (folder / "entry").mkdir(parents=True)
    lease.write_text("another machine\nrows/used\n")
    Store(own_store)
    assert folder.exists()
    for path in (lease, folder):
        aged(path, 31)
    Store(own_store)
    assert not folder.exists()
    assert not lease.exists()
