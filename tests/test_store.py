"""The store: an entry is whole or absent, whatever happens to processes and bytes."""

import gc
import json
import multiprocessing
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sublim_utils.errors import NotStoredError, SublimError
from sublim_utils.store import Store, key_of

SPECIFICATION = {"stage": "test", "n": 3}
KEY = key_of(SPECIFICATION)
CONTENT = {"a.json": b'{"x": 1}' * 50, "deep/b.parquet": bytes(range(256)) * 4}

slow = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def put(store: Store, content: dict[str, bytes] = CONTENT) -> None:
    with store.writing("stage", KEY, SPECIFICATION) as folder:
        for name, data in content.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)


def read(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in CONTENT}


def test_an_entry_comes_back_as_written(tmp_path: Path) -> None:
    put(Store(tmp_path))
    store = Store(tmp_path)
    folder = store.get("stage", KEY)
    assert folder is not None
    assert read(folder) == CONTENT
    assert dict(store.specifications("stage")) == {KEY: SPECIFICATION}


def test_an_exception_inside_the_block_leaves_nothing(tmp_path: Path) -> None:
    def fail_halfway() -> None:
        with Store(tmp_path).writing("stage", KEY, SPECIFICATION) as folder:
            (folder / "half").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    gc.collect()  # the store in the exception's frames
    assert Store(tmp_path).get("stage", KEY) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_store_without_cache_overlooks_what_others_wrote_but_not_its_own(tmp_path: Path) -> None:
    put(Store(tmp_path), dict.fromkeys(CONTENT, b"old"))
    store = Store(tmp_path, ignore_cache=True)
    assert store.get("stage", KEY) is None
    put(store)
    folder = store.get("stage", KEY)
    assert folder is not None
    assert read(folder) == CONTENT


@given(specification=st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_the_key_does_not_depend_on_the_order_of_settings(specification: dict[str, Any]) -> None:
    backwards = dict(reversed(specification.items()))
    assert key_of(backwards) == key_of(specification)
    assert key_of({**specification, "one more": 1.5}) != key_of(specification)


@slow
@given(data=st.data())
def test_damaged_bytes_are_never_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("store")
    put(Store(root))
    files = sorted(path for path in (root / "stage" / KEY).rglob("*") if path.is_file())
    victim = data.draw(st.sampled_from(files), "file")
    content = victim.read_bytes()
    fault = data.draw(st.sampled_from(["flip", "cut", "delete"]), "fault")
    place = data.draw(st.integers(0, len(content) - 1), "place")
    if fault == "flip":
        bit = 1 << data.draw(st.integers(0, 7), "bit")
        changed = content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]
        victim.write_bytes(changed)
    elif fault == "cut":
        victim.write_bytes(content[:place])
    else:
        victim.unlink()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folder = Store(root).get("stage", KEY)
    if folder is None:
        assert "damaged" in str(caught[0].message)
        put(Store(root))
        folder = Store(root).get("stage", KEY)
    assert folder is not None  # a flipped bit may spare the meaning of the manifest
    assert read(folder) == CONTENT


WRITER = """
import sys, time
from pathlib import Path
from typing import Any
from sublim_utils.store import Store, key_of
specification = {"stage": "test", "n": 3}
print("ready", flush=True)
store = Store(sys.argv[1], ignore_cache=True)
for _ in range(10_000):
    with store.writing("stage", key_of(specification), specification) as folder:
        (folder / "deep").mkdir()
        (folder / "a.json").write_bytes(b'{"x": 1}' * 50)
        (folder / "deep" / "b.parquet").write_bytes(bytes(range(256)) * 4)
"""


@settings(max_examples=8, deadline=None)
@given(delay=st.floats(0, 0.08))
def test_a_killed_writer_leaves_a_whole_entry_or_none(
    tmp_path_factory: pytest.TempPathFactory, delay: float
) -> None:
    root = tmp_path_factory.mktemp("store")
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a damaged entry would warn
        store = Store(root)
        folder = store.get("stage", KEY)
    if folder is not None:
        assert read(folder) == CONTENT
    del store
    assert list((root / "tmp").iterdir()) == []  # what was being written is cleared away


def _write_often(root: Path, byte: int) -> None:
    for number in range(40):
        store = Store(root, ignore_cache=number % 2 == 0)
        put(store, {name: bytes([byte]) * 1000 for name in CONTENT})


def test_two_processes_may_write_the_same_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_often, args=(tmp_path, byte)) for byte in (1, 2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        time.sleep(0.01)
    assert [writer.exitcode for writer in writers] == [0, 0]
    folder = Store(tmp_path).get("stage", KEY)
    assert folder is not None
    content = read(folder)
    assert set(content.values()) in ({b"\x01" * 1000}, {b"\x02" * 1000})


def test_an_entry_of_another_specification_is_not_taken(tmp_path: Path) -> None:
    put(Store(tmp_path))
    manifest = tmp_path / "stage" / KEY / "manifest.json"
    content = json.loads(manifest.read_text())
    content["specification"]["n"] = 4
    manifest.write_text(json.dumps(content))
    with pytest.warns(UserWarning, match="damaged"):
        assert Store(tmp_path).get("stage", KEY) is None


def test_an_unwritable_folder_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SublimError, match="SUBLIM_STORE"):
        Store(tmp_path / "file" / "store")


def test_the_store_stands_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBLIM_STORE", str(tmp_path / "here"))
    assert Store().root == tmp_path / "here"
    assert (tmp_path / "here").is_dir()


def test_a_fault_of_the_work_is_not_called_one_of_the_disk(tmp_path: Path) -> None:
    store = Store(tmp_path)
    # What `transformers` raises where a model cannot be had; the system gives a number to its own.
    for fault in (OSError("no such model"), ValueError("no")):
        with (
            pytest.raises(type(fault), match="no") as raised,
            store.writing("stage", KEY, SPECIFICATION),
        ):
            raise fault
        assert raised.value is fault
    with (
        pytest.raises(SublimError, match="Cannot write to the store"),
        store.writing("stage", KEY, SPECIFICATION) as folder,
    ):
        (folder / "gone" / "file").write_text("x")
    assert store.get("stage", KEY) is None
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".lock"}


def test_a_store_for_reading_makes_and_removes_nothing(tmp_path: Path) -> None:
    root, specification = tmp_path / "store", {"a": 1}
    key = key_of(specification)
    reading = Store(root, reading=True)
    assert reading.get("stage", key) is None
    with pytest.raises(NotStoredError), reading.writing("stage", key, specification):
        pytest.fail("a folder to write into")
    assert not root.exists()

    with Store(root).writing("stage", key, specification) as aside:
        (aside / "x").write_text("1")
    assert reading.get("stage", key) == root / "stage" / key
    (root / "stage" / key / "x").write_text("2")
    with pytest.warns(UserWarning, match="damaged .* and is not read"):
        assert reading.get("stage", key) is None
    assert (root / "stage" / key / "x").read_text() == "2"
