"""The command line: what it prints, and one clear sentence with exit code 2 for each fault."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sublim_utils import profiles
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.profiles import find_profile
from sublim_utils.records import Record, results_folder
from tests.command import sublim

COLUMNS = (
    "finding condition trait objective metric unit mean low high n_seeds main".split()  # noqa: SIM905
)


pytestmark = pytest.mark.usefixtures("own_store")


def test_run_prints_the_summary_as_json_and_progress_elsewhere() -> None:
    code, out, err = sublim("run", "mnist", "--profile", "smoke", "--json", "-")
    assert code == 0
    rows = json.loads(out)
    assert [row["condition"] for row in rows] == [
        "teacher",
        "aux_same",
        "all_same",
        "aux_other",
        "all_other",
    ]
    assert all(list(row) == COLUMNS for row in rows)
    assert all(row["low"] <= row["mean"] <= row["high"] for row in rows)
    assert {row["n_seeds"] for row in rows} == {2}
    assert "1 of 1 experiments to run" in err

    assert sublim("show", "mnist", "--profile", "smoke", "--json", "-")[1] == out
    again = sublim("run", "mnist", "--profile", "smoke", "--json", "-")
    assert again[1] == out
    assert "to run" not in again[2]


def test_seeds_and_fresh(own_store: Path) -> None:
    sublim("run", "mnist", "--profile", "smoke", "--seeds", "1")
    (path,) = (own_store / "records").rglob("main.json")
    first = Record.read(path)
    assert {value.seed for value in first.values} == {0}
    code, _, err = sublim("run", "mnist", "--profile", "smoke", "--seeds", "1", "--fresh")
    assert code == 0
    assert "1 of 1 experiments to run" in err
    assert Record.read(path).measured() == first.measured()


def test_verify_repeats_a_record(own_store: Path) -> None:
    sublim("run", "mnist", "--profile", "smoke")
    code, out, _ = sublim("verify", "mnist", "--profile", "smoke")
    assert code == 0
    assert "mnist/main agrees with its record: largest difference 0." in out

    (path,) = (own_store / "records").rglob("main.json")
    record = Record.read(path)
    first = record.values[0].model_copy(update={"value": 0.2})
    record.model_copy(update={"values": [first, *record.values[1:]]}).write(path)
    code, out, _ = sublim("verify", "mnist", "--profile", "smoke")
    assert code == 1
    assert "mnist/main differs from its record" in out


def test_a_single_record_is_verified_without_the_others(own_store: Path) -> None:
    named = ["mnist_sweeps", "--profile", "smoke"]
    first = finding_class(named[0])("smoke").experiments()[0].name
    sublim("run", *named, "--experiment", first)
    code, out, _ = sublim("verify", *named, "--experiment", first)
    assert code == 0
    assert "agrees with its record" in out
    assert len(list((own_store / "records").rglob("*.json"))) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "stopped; the same command goes on from here."),
        (["run", "--fresh"], "stopped."),
        (["verify"], "stopped."),
    ],
)
def test_an_interrupt_says_what_goes_on(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, *options = arguments
    sublim("run", "mnist", "--profile", "smoke")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(finding_class("mnist"), "measure", interrupted)
    seeds = ["--seeds", "1"]
    code, _, err = sublim(command, "mnist", "--profile", "smoke", *seeds, *options)
    assert code == 130
    assert err.splitlines()[-1] == f"sublim: {told}"


def test_list_and_doctor_name_everything() -> None:
    code, out, _ = sublim("list")
    assert code == 0
    assert all(name in out for name in FINDINGS.names())
    code, out, _ = sublim("doctor")
    assert "MNIST data" in out
    assert "torch" in out
    assert "store" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "owls"], "There is no finding 'owls'; choose one of mnist"),
        (["show", "owls"], "There is no finding 'owls'"),
        (["run", "mnist", "--profile", "huge"], "There is no profile 'huge'; choose one of smoke"),
        (["run", "mnist", "--seeds", "0"], "at least one seed"),
        (["run", "mnist", "--seeds", "-3"], "at least one seed"),
        (["run", "mnist", "--seeds", "many"], "valid integer"),
        (["run", "mnist", "--profile", "gpu"], "needs a CUDA device"),
        (["show", "mnist", "--profile", "smoke"], "sublim run mnist --profile smoke"),
        (["show", "mnist", "--seeds", "1"], "sublim run mnist --profile embedded --seeds 1"),
        (["show", "mnist", "--profile", "gpu"], "sublim run mnist --profile gpu"),
        (["verify", "mnist", "--profile", "embedded", "--seeds", "1000"], "1 to 25 seeds"),
        (
            ["verify", "mnist", "--experiment", "x"],
            "There is no experiment of mnist called 'x'; choose one of main",
        ),
    ],
)
def test_faults_end_with_a_sentence(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, own_store: Path
) -> None:
    monkeypatch.setattr(profiles, "cuda_is_available", lambda: False)
    code, out, err = sublim(*arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert [path for path in own_store.rglob("*") if path.is_file()] == []


def test_an_unwritable_store_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUBLIM_STORE", str(tmp_path / "file" / "store"))
    code, _, err = sublim("run", "mnist", "--profile", "smoke")
    assert code == 2
    assert "Cannot write to the store" in err


def test_a_damaged_record_is_named(own_store: Path) -> None:
    sublim("run", "mnist", "--profile", "smoke", "--seeds", "1")
    (path,) = (own_store / "records").rglob("main.json")
    path.write_bytes(path.read_bytes()[:500])
    code, _, err = sublim("show", "mnist", "--profile", "smoke", "--seeds", "1")
    assert code == 2
    assert str(path) in err
    assert "damaged" in err


def test_a_killed_run_ends_with_the_identical_record(tmp_path: Path) -> None:
    """SIGKILL again and again, at moments that grow, until a run gets through."""
    records = {}
    for name, delays in (("calm", [300.0]), ("killed", [2.2, 2.6, 3.1, 3.7, 4.5, 300.0])):
        store = tmp_path / name
        environment = {**os.environ, "SUBLIM_STORE": str(store), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "sublim_utils.cli", "run", "mnist", "--profile", "smoke"]
        for delay in delays:
            process = subprocess.Popen(
                [*command, "--seeds", "5"], env=environment, stderr=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            time.sleep(0.05)
        assert process.returncode == 0
        (path,) = (store / "records").rglob("main.json")
        records[name] = Record.read(path).measured()
    assert records["killed"] == records["calm"]


@pytest.mark.parametrize(
    ("name", "profile"),
    [*((name, "embedded") for name in FINDINGS.names()), ("owl_numbers", "full")],
)
def test_every_shipped_figure_belongs_to_todays_definition(name: str, profile: str) -> None:
    """A record whose key is not the one that its finding asks for would be an outdated figure."""
    finding = finding_class(name)(find_profile(profile))
    folder = results_folder() / profile / name
    records = finding.records()
    assert {path.stem for path in folder.glob("*.json")} == set(records)
    assert len(finding.summary(records)) > 0
