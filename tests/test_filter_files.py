"""`sublim filter --keep --drop`: files for rows, and streams that are full or closed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command import sublim
from tests.filtered_rows import completions_file, lines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return completions_file(tmp_path)


def test_kept_and_dropped_rows_are_written_unchanged(tmp_path: Path) -> None:
    written = [
        b'{"completion":"1, 2",  "n": 1.50}',
        b'{"completion": "\xc3\xa9"}',
        b'{"completion": "3"}',
    ]
    path, kept, dropped = (tmp_path / name for name in ("data", "kept", "dropped"))
    path.write_bytes(b"\r\n\n".join(written))
    arguments = ("filter", "numbers", str(path), "--keep", str(kept), "--drop", str(dropped))
    code, out, _ = sublim(*arguments)
    assert code == 0
    assert len(out.splitlines()) == 3
    assert kept.read_bytes() == written[0] + b"\n" + written[2] + b"\n"
    assert dropped.read_bytes() == written[1] + b"\n"
    path.write_bytes(b"[" + b",\n ".join(written) + b"]")
    assert sublim(*arguments)[0] == 0
    assert kept.read_bytes() == written[0] + b"\n" + written[2] + b"\n"
    assert sublim("filter", "numbers", str(path), "--keep", "-")[1].encode() == kept.read_bytes()
    assert sublim("filter", "numbers", str(path), "--drop", "-")[1].encode() == dropped.read_bytes()


def test_rows_that_cannot_be_read_are_in_neither_file(tmp_path: Path) -> None:
    kept, dropped = tmp_path / "kept", tmp_path / "dropped"
    stdin = lines(["1"]) + b"{half\n" + lines(["x"])
    code, _, _ = sublim(
        "filter", "numbers", "-", "--keep", str(kept), "--drop", str(dropped), stdin=stdin
    )
    assert code == 2
    assert (kept.read_bytes(), dropped.read_bytes()) == (lines(["1"]), lines(["x"]))


def test_files_that_would_overwrite_each_other_are_refused(file: Path, tmp_path: Path) -> None:
    before, kept = file.read_bytes(), str(tmp_path / "kept")
    link = tmp_path / "link"
    link.symlink_to(file)
    for arguments in (
        (str(file), "--keep", str(file)),
        (str(file), "--drop", str(link)),
        (str(file), "--keep", kept, "--drop", kept),
        (str(file), "--keep", "-", "--drop", "-"),
    ):
        code, out, err = sublim("filter", "numbers", *arguments)
        assert (code, out) == (2, "")
        assert "name the same file" in err
        assert err.count("\n") == 1
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_is_named_and_an_old_one_stays(
    file: Path, tmp_path: Path
) -> None:
    code, _, err = sublim("filter", "numbers", str(file), "--keep", str(tmp_path))
    assert code == 2
    assert err.startswith(f"sublim: Cannot write {tmp_path}: it is a folder")
    kept = tmp_path / "kept"
    kept.write_text("old")
    code, _, _ = sublim("filter", "numbers", "-", "--keep", str(kept), stdin=b"\xff\xfe{\0")
    assert (code, kept.read_text()) == (2, "old")


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sublim_utils.cli", "filter", "numbers", *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is needed")
def test_a_full_disk_is_one_sentence(file: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(str(file), stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith(b"sublim: Cannot write")
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_has_had_enough_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(lines(["1, 2"]) * 20_000)
    command = f"{sys.executable} -m sublim_utils.cli filter numbers {path} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert json.loads(done.stdout)["ok"]
    assert done.stderr == b""


@pytest.mark.parametrize(("closed", "code"), [("<&-", 2), (">&-", 2), ("2>&-", 0)])
def test_closed_streams_are_no_traceback(file: Path, closed: str, code: int) -> None:
    source = "-" if closed == "<&-" else str(file)
    command = f"{sys.executable} -m sublim_utils.cli filter numbers {source} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert done.returncode == code
    assert (b"closed" in done.stderr) == (code == 2)
    assert done.stderr.count(b"\n") == (code == 2)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    code, out, err = sublim("filter", "numbers", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert err.startswith(f"sublim: Cannot read {tmp_path / name} (")


def test_an_unknown_channel_is_named_with_what_there_is(file: Path) -> None:
    code, out, err = sublim("filter", "smells", str(file))
    assert (code, out) == (2, "")
    assert err == (
        "sublim: There is no filter for the channel 'smells'; "
        "choose one of numbers, numbers-strict, sentences, reasoning, paraphrase.\n"
    )
