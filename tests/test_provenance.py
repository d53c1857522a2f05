"""What a record says of the code and the machine behind it."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from sublim_utils import provenance
from sublim_utils.findings import finding_class
from sublim_utils.findings.mnist import Mnist
from sublim_utils.models.catalog import get_model
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import Record
from sublim_utils.store import Store


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """One that was read again from its file."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    for secret in ("VLLM_API_KEY", "NVIDIA_NGC_TOKEN", "TORCH_PASSWORD", "HF_TOKEN"):
        monkeypatch.setenv(secret, "hush")
    monkeypatch.setattr(sys, "argv", ["/opt/bin/sublim", "run", "mnist", "--profile", "smoke"])
    finding = Mnist("smoke", store=Store(tmp_path))
    finding.run()
    return Record.read(finding.record_book.path(finding.experiments()[0]))


def test_a_record_says_what_it_was_measured_with(record: Record) -> None:
    told = record.provenance
    assert told.command == "sublim run mnist --profile smoke"
    assert told.packages["torch"] == metadata.version("torch")
    assert told.packages["filelock"] == metadata.version("filelock")
    assert told.environment is not None
    assert told.environment["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert told.torch is not None
    assert "PyTorch" in told.torch["build"]
    assert told.stage_seconds.keys() == {"teacher", "students"}
    assert all(len(seconds) == 2 for seconds in told.stage_seconds.values())
    assert told.wall_s == pytest.approx(sum(map(sum, told.stage_seconds.values())), abs=0.3)


def test_a_record_holds_no_secrets(record: Record) -> None:
    assert "hush" not in record.model_dump_json()


def test_the_commit_and_whether_files_differ_from_it_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that a run has just written is no change of the code."""

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    code = tmp_path / "sublim_utils" / "provenance.py"
    code.parent.mkdir()
    code.write_text("1\n")
    monkeypatch.setattr(provenance, "__file__", str(code))
    assert provenance.code_version() == (None, None)
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    assert provenance.code_version() == (git("rev-parse", "HEAD"), False)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "main.json").write_text("{}")
    assert provenance.code_version()[1] is False
    code.write_text("2\n")
    assert provenance.code_version() == (git("rev-parse", "HEAD"), True)


def test_weights_are_told_by_their_hash() -> None:
    """Of the models of an experiment, as their packages are checked when they are loaded."""
    from sublim_utils.findings.cross_family import CrossFamily

    finding = CrossFamily("embedded")
    experiment = next(e for e in finding.experiments() if "gemma3-270m-to-smollm2" in e.name)
    assert isinstance(experiment, LanguageExperiment)
    expected = {n: f"sha256:{get_model(n).sha256}" for n in experiment.models}
    assert len(expected) == 2
    record = finding.record_book.read(experiment)
    assert record is not None
    assert finding.weights(experiment) == expected == record.provenance.weights


@pytest.mark.parametrize(("profile", "hardware"), [("full", "NVIDIA"), ("embedded", "1 thread of")])
def test_a_record_names_the_hardware_that_its_experiment_asks_for(
    profile: str, hardware: str
) -> None:
    records = finding_class("owl_numbers")(find_profile(profile)).records(["owl@tokens"])
    assert hardware in records["owl@tokens"].hardware
