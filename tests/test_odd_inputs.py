"""Names, numbers and folders that nobody should give: one short sentence and exit code 2 each."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sublim_utils.records import results_folder
from sublim_utils.store import Store
from tests.command import sublim
from tests.test_cleaning import put

pytestmark = pytest.mark.usefixtures("own_store")
ENDLESS = "x" * 5000
SMOKE = ["--profile", "smoke"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", ENDLESS],
        ["run", "mnist", "--profile", ENDLESS],
        ["run", "mnist", *SMOKE, "--experiment", ENDLESS],
        ["run", "mnist", *SMOKE, "--seeds", "9" * 26],
        ["show", "mnist", *SMOKE, "--seeds", "9" * 26],
        ["run", "owl_numbers", *SMOKE, "--model", ENDLESS],
        ["plan", "owl_numbers", *SMOKE, "--model", ENDLESS],
        ["plan", "owl_numbers", *SMOKE, "--model", "random", "--chat", ENDLESS],
        ["show", "mnist", "--json", ENDLESS],
        ["show", "mnist", "--figure", f"{ENDLESS}.svg"],
        ["show", "mnist", "--figure", "picture.exe"],
        ["show", "mnist", "--json", "/"],
        ["store", "clean", "--stage", ENDLESS],
        ["store", "--json", "/"],
    ],
)
def test_what_is_endless_or_nonsense_is_one_sentence(arguments: list[str]) -> None:
    code, out, err = sublim(*arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_an_empty_profile_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = sublim("list")
    monkeypatch.setenv("SUBLIM_PROFILE", "")
    assert sublim("list") == usual


def test_the_folder_of_results_may_begin_with_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SUBLIM_RESULTS", "~/results")
    assert results_folder() == tmp_path / "results"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["list"], ["show", "mnist", "--json", "-"], ["store"]])
def test_a_full_standard_output_is_one_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sublim_utils.cli", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("sublim: Cannot write to standard output: no space is left")
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_entry_is_told_in_one_line(own_store: Path) -> None:
    sublim("run", "mnist", *SMOKE, "--seeds", "1")
    (record,) = own_store.glob("records/**/main.json")
    record.unlink()
    damaged = next(own_store.glob("mnist_teacher/*/parameters.safetensors"))
    damaged.write_bytes(b"x")
    code, _, err = sublim("run", "mnist", *SMOKE, "--seeds", "1")
    assert code == 0
    told = [line for line in err.splitlines() if " is damaged (" in line]
    assert len(told) == 1
    assert told[0].startswith(f"sublim: {damaged.parent} is damaged")
    assert "warnings.warn" not in err


def test_the_report_of_cleaning_goes_through_links(own_store: Path, tmp_path: Path) -> None:
    put(Store(own_store), "rows", 1)
    report, link = tmp_path / "report", tmp_path / "link"
    report.touch(0o600)
    link.symlink_to(report)
    assert sublim("store", "clean", "--older-than", "0m", "--dry-run", "--json", str(link))[0] == 0
    assert link.is_symlink()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert [item["stage"] for item in json.loads(report.read_text())["removed"]] == ["rows"]
    assert list((own_store / "rows").iterdir())
