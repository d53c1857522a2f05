"""A store among foreign things, damaged manifests, odd folders and full disks."""

import errno
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from sublim_utils import leases
from sublim_utils.errors import SublimError
from sublim_utils.files import disk_fault
from sublim_utils.leases import locked
from sublim_utils.sealing import has_part, writing_part
from sublim_utils.store import Store, default_root, key_of
from tests.command import sublim

SPECIFICATION = {"n": 1}
KEY = key_of(SPECIFICATION)
CONTENT = b'{"x": 1}' * 50


def put(root: Path) -> Path:
    with Store(root).writing("stage", KEY, SPECIFICATION) as folder:
        (folder / "deep").mkdir()
        (folder / "a.json").write_bytes(CONTENT)
        (folder / "deep" / "b.bin").write_bytes(CONTENT)
    return root / "stage" / KEY


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_socket(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))  # a name of a socket must be short


def to_endless_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def to_link(path: Path) -> None:
    """The same content, but elsewhere, where it may change."""
    elsewhere = path.parents[3] / path.name
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [to_pipe, to_socket, to_endless_link, to_link, to_folder])
@pytest.mark.parametrize("name", ["a.json", "deep/b.bin", "manifest.json"])
def test_what_is_no_regular_file_is_not_read_and_the_entry_is_made_again(
    tmp_path: Path, change: Callable[[Path], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(tmp_path)
    monkeypatch.chdir(folder)
    change(folder / name)
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="will be made again"):
        assert Store(tmp_path).get("stage", KEY) is None
    assert Store(tmp_path).get("stage", KEY) is None  # and no more is said
    assert Store(tmp_path).get("stage", put(tmp_path).name) == folder


def test_what_the_user_put_into_an_entry_is_told_and_kept(tmp_path: Path) -> None:
    folder = put(tmp_path)
    (folder / "notes.txt").write_text("mine")
    with pytest.warns(UserWarning, match=r"notes.txt is not of it.*renamed to .*\.kept-"):
        assert Store(tmp_path).get("stage", KEY) is None
    put(tmp_path)
    (kept,) = tmp_path.rglob("notes.txt")
    assert kept.read_text() == "mine"


@pytest.mark.parametrize("name", [".DS_Store", "._a.json", "Thumbs.db", "@eaDir/a.json", ".nfs01"])
def test_what_desktops_leave_in_folders_does_no_harm(tmp_path: Path, name: str) -> None:
    folder = put(tmp_path)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Store(tmp_path).get("stage", KEY) == folder


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo, Path.mkdir, lambda p: p.symlink_to("x")])
def test_something_else_in_the_place_of_an_entry_makes_way(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    (tmp_path / "stage").mkdir()
    make(tmp_path / "stage" / KEY)
    with pytest.warns(UserWarning, match="will be made again"):
        assert Store(tmp_path).get("stage", KEY) is None
    assert Store(tmp_path).get("stage", put(tmp_path).name) is not None


def test_an_entry_may_lie_on_another_disk_behind_a_link(tmp_path: Path) -> None:
    folder = put(tmp_path / "store")
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    # The manifest tells the key, and the link has its name.
    assert Store(tmp_path / "store").get("stage", KEY) == folder


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "[" * 100_000, '{"files": 3}', '{"files": {"a.json": 1}}', "\ud800"],
)
def test_any_text_as_a_manifest_is_only_damage(tmp_path: Path, text: str) -> None:
    folder = put(tmp_path)
    (folder / "manifest.json").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.warns(UserWarning, match="will be made again"):
        assert Store(tmp_path).get("stage", KEY) is None
    put(tmp_path)
    assert dict(Store(tmp_path).specifications("stage")) == {KEY: SPECIFICATION}


def test_every_changed_letter_of_a_manifest_is_seen_or_means_nothing(tmp_path: Path) -> None:
    content = (put(tmp_path) / "manifest.json").read_bytes()
    for place in range(len(content)):
        folder = tmp_path / "stage" / KEY
        changed = bytes([*content[:place], content[place] ^ 1, *content[place + 1 :]])
        (folder / "manifest.json").write_bytes(changed)
        store = Store(tmp_path, reading=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if store.get("stage", KEY) is not None:
                one, other = json.loads(changed), json.loads(content)
                for meant in ("stage", "specification", "files"):
                    assert one[meant] == other[meant]
        assert all(found == SPECIFICATION for _, found in store.specifications("stage"))


def test_entries_written_by_earlier_versions_are_read(tmp_path: Path) -> None:
    folder = put(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest) == {"stage", "key", "specification", "files"}
    assert set(manifest["files"]) == {"a.json", "deep/b.bin"}


# Parts of unfinished work


def part(root: Path, name: str, content: bytes = CONTENT) -> Path:
    with writing_part(root / name) as folder:
        (folder / "rows.parquet").write_bytes(content)
        (folder / "states.safetensors").write_bytes(content[::-1])
    return root / name


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "first byte": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "middle byte": lambda content: content[:50] + bytes([content[50] ^ 4]) + content[51:],
    "last byte": lambda content: content[:-1] + bytes([content[-1] ^ 128]),
    "cut": lambda content: content[:-7],
    "longer": lambda content: content + b"\0",
    "empty": lambda content: b"",
    "missing": lambda content: None,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["rows.parquet", "states.safetensors", "manifest.json"])
def test_a_damaged_part_is_told_in_one_line_and_made_again(
    tmp_path: Path, damage: str, name: str
) -> None:
    path = part(tmp_path / "rows-1", "part-0-3") / name
    content = DAMAGES[damage](path.read_bytes())
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged .* made again") as told:
        assert not has_part(path.parent)
    assert len(told) == 1
    assert not path.parent.exists()
    assert has_part(part(tmp_path / "rows-1", "part-0-3"))


@pytest.mark.parametrize("other", ["rows-1/part-4-7", "rows-2/part-0-3"])
def test_another_part_in_its_place_is_not_taken(tmp_path: Path, other: str) -> None:
    wanted, found = tmp_path / "rows-1" / "part-0-3", tmp_path / other
    part(found.parent, found.name)
    wanted.parent.mkdir(exist_ok=True)
    shutil.copytree(found, wanted)
    with pytest.warns(UserWarning, match="it is another part"):
        assert not has_part(wanted)


def test_a_part_that_was_being_written_is_none(tmp_path: Path) -> None:
    def end_early() -> None:
        with writing_part(tmp_path / "part") as folder:
            (folder / "rows.parquet").write_bytes(CONTENT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        end_early()
    assert list(tmp_path.iterdir()) == []
    assert not has_part(tmp_path / "part")


# Full disks


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("Can't load the configuration of 'x'"), None),
        (ValueError("no"), None),
        (SublimError("No space left on device"), None),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), None),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), None),
        # As safetensors, tokenizers, shutil.copytree and Arrow say it.
        (RuntimeError("Error while serializing: I/O error: x (os error 28)"), os.strerror(28)),
        (Exception("No space left on device (os error 28)"), os.strerror(28)),
        (shutil.Error([("a", "b", "[Errno 122] Disk quota exceeded")]), os.strerror(122)),
        (OSError("Error writing bytes. Detail: [errno 27] File too large"), os.strerror(27)),
    ],
)
def test_what_the_disk_says_is_heard_through_any_library(
    error: Exception, told: str | None
) -> None:
    assert disk_fault(error) == told


FULL = """
import os, resource, signal, sys
from sublim_utils.cli import app
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
import sublim_utils.findings.mnist, torch
for size in map(int, sys.argv[1:]):
    if os.fork() == 0:
        os.environ["SUBLIM_STORE"] += f"/{size}"
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        app(["run", "mnist", "--profile", "smoke", "--seeds", "1"])
    _, status = os.wait()
    print(f"size {size}: {os.waitstatus_to_exitcode(status)}", file=sys.stderr, flush=True)
"""


def test_a_full_disk_is_one_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    """No file may grow beyond a size, which the system says as it says that a disk is full."""
    sizes = [0, 30, 500, 4096, 20_000, 100_000, 500_000, 900_000]
    environment = {**os.environ, "SUBLIM_STORE": str(tmp_path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FULL, *map(str, sizes)]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith(("sublim", "size"))]
    for size, said, code in zip(sizes, lines[::2], lines[1::2], strict=True):
        assert said.startswith("sublim: Cannot write"), (size, done.stderr)
        assert code == f"size {size}: 2"
        store = Store(tmp_path / f"{size}")
        for path in store.root.glob("*/*/manifest.json"):
            assert store.get(path.parents[1].name, path.parent.name) is not None
        assert not (store.root / "records").exists()


# Where the store lies


def test_the_users_folder_in_the_environment_is_meant_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBLIM_STORE", "~/store")
    assert Store().root == tmp_path / "home" / "store"
    assert not Path("~").exists()
    for empty in ("XDG_CACHE_HOME", "SUBLIM_STORE"):
        monkeypatch.setenv(empty, "")
    assert default_root() == tmp_path / "home" / ".cache" / "sublim"
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")  # which the standard says to ignore
    assert default_root() == tmp_path / "home" / ".cache" / "sublim"
    monkeypatch.setenv("XDG_CACHE_HOME", "~/cache")
    assert default_root() == tmp_path / "home" / "cache" / "sublim"


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ("", "no home folder"),
        ("~/store", "what ~ stands for is not known|name the folder in full"),
        ("~nobody-of-this-name/store", "name the folder in full"),
        ("x" * 5000, "File name too long"),
        ("/dev/null/store", "Not a directory"),
        ("/proc/store", "No such file"),
    ],
)
def test_a_store_that_cannot_be_is_one_sentence(
    store: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nowhere(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUBLIM_STORE", store)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if store[:1] != "~" or store.startswith("~/"):
        monkeypatch.setattr(Path, "home", nowhere)
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    code, _, err = sublim("run", "mnist", "--profile", "smoke")
    assert code == 2, err
    assert len(err.splitlines()) == 1
    assert re.search(told, err)


def test_a_lock_says_that_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_ANNOUNCED_S", 0.1)
    script = (
        "import sys, time; from pathlib import Path; from sublim_utils.leases import locked\n"
        "with locked(Path(sys.argv[1]), 'x'):\n    print('held', flush=True); time.sleep(2)\n"
        "    Path('done').touch()"
    )
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.warns(UserWarning, match="Waiting for another"), locked(path, "rows/1"):
            assert (tmp_path / "done").exists()
        assert holder.wait() == 0
    assert [file.name for file in tmp_path.iterdir()] == ["done"]
