"""Chapters read records on any machine, and nothing is measured unless someone asks for it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from IPython.core.interactiveshell import InteractiveShell

from sublim_utils import profiles
from sublim_utils.errors import SublimError
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.measuring import announcement, load_records
from sublim_utils.findings.mnist import Mnist
from sublim_utils.findings.owl_numbers import OwlNumbers
from tests.chapters import NOTEBOOKS
from tests.command import sublim

CHAPTERS = sorted(NOTEBOOKS.glob("*.py"))
READS = re.compile(r"= .*(load_records\(|\.records\(\))")


@pytest.fixture
def cuda(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which PyTorch says that there is a GPU."""
    monkeypatch.setattr(profiles, "cuda_is_available", lambda: True)
    monkeypatch.delenv("SUBLIM_MEASURE", raising=False)


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize("name", FINDINGS.names())
def test_a_chapter_reads_shipped_records_beside_a_gpu(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = finding_class(name)
    monkeypatch.setattr(kind, "measure", lambda *_: pytest.fail("measured"))
    assert profiles.available_device() == "cuda"
    finding = kind(profiles.find_profile())
    records = load_records(finding)
    assert list(records) == [experiment.name for experiment in finding.experiments()]
    assert {record.profile for record in records.values()} == {"embedded"}


def up_to_its_records(chapter: Path) -> str:
    """A chapter's code as a program, up to the cell that first reads records."""
    cells = [c.source for c in jupytext.read(chapter).cells if c.cell_type == "code"]
    last = next(number for number, source in enumerate(cells) if READS.search(source))
    code = "\n".join(cells[: last + 1])
    return "\n".join(line for line in code.split("\n") if not line.startswith("%"))


def test_chapters_run_up_to_their_records_beside_a_gpu(tmp_path: Path) -> None:
    """In one process that can measure nothing; the GPU itself would have to be there for that."""
    programs = {chapter.stem: up_to_its_records(chapter) for chapter in CHAPTERS}
    program = f"""
from sublim_utils import profiles
from sublim_utils.findings import base
profiles.cuda_is_available = lambda: True
base.Finding.run = None
for chapter, code in {programs!r}.items():
    names = {{}}
    exec(code, names)
    records = names.get("records") or names["few_records"]
    kept = {{record.profile for record in records.values()}}
    print(chapter, len(records), *kept, profiles.available_device())
"""
    unwanted = ("SUBLIM_PROFILE", "SUBLIM_MEASURE")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment |= {"MPLBACKEND": "agg", "SUBLIM_STORE": str(tmp_path / "store")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ended = [line.split() for line in done.stdout.splitlines() if line.endswith(" cuda")]
    assert [chapter for chapter, *_ in ended] == list(programs)
    assert all(int(number) >= 1 for _, number, *_ in ended)
    assert {profile for _, _, profile, _ in ended} == {"embedded"}
    assert not (tmp_path / "store" / "records").exists()


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_no_chapter_measures_by_itself(chapter: Path) -> None:
    code = [c.source for c in jupytext.read(chapter).cells if c.cell_type == "code"]
    own = [source for source in code if "google.colab" not in source]
    assert len(own) == len(code) - 1
    assert READS.search("".join(own))
    assert not any(word in "".join(own) for word in (".run(", ".verify(", "get_profile"))


@pytest.mark.usefixtures("own_store")
def test_a_missing_record_is_one_sentence_with_its_command() -> None:
    finding = Mnist(profiles.find_profile("smoke"))
    with pytest.raises(SublimError, match=r"make it with: sublim run mnist --profile smoke$"):
        load_records(finding)


def test_a_notebook_shows_the_sentence_alone(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell()
    shell.run_cell("from sublim_utils.errors import SublimError\nraise SublimError('Mend it.')")
    assert capsys.readouterr().out == "SublimError: Mend it.\n"


@pytest.mark.usefixtures("own_store")
def test_what_is_asked_for_is_announced_and_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUBLIM_MEASURE", "1")
    finding = Mnist(profiles.find_profile("smoke"))
    records = load_records(finding)
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.startswith("Measuring 1 of the 1 experiments of mnist at the scale 'smoke'.")
    assert load_records(finding) == records
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_only_one_value_of_the_variable_asks(
    value: str, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBLIM_MEASURE", value)
    with pytest.raises(SublimError, match="no record"):
        load_records(Mnist(profiles.find_profile("smoke")))
    assert not list(own_store.rglob("*.json"))


@pytest.mark.usefixtures("no_cuda")
def test_a_gpu_that_is_not_there_is_no_reason_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBLIM_MEASURE", "1")
    with pytest.raises(SublimError, match="needs a CUDA device"):
        load_records(OwlNumbers(profiles.find_profile("gpu")))


@pytest.mark.usefixtures("own_store")
def test_an_announcement_tells_number_time_and_folders(own_store: Path) -> None:
    finding = OwlNumbers(profiles.find_profile("gpu"))
    told = announcement(finding)
    number = len(finding.experiments())
    assert told.startswith(f"Measuring {number} of the {number} experiments of owl_numbers")
    assert re.search(r"By the plan this takes [\d.]+ days \(T4-like, 15 GB\) or", told)
    assert str(finding.record_book.path(finding.experiments()[0]).parent) in told
    assert str(own_store) in told
    name = finding.experiments()[0].name
    assert announcement(finding, [name]).startswith("Measuring 1 of the 1 experiments")


@pytest.mark.usefixtures("own_store")
def test_an_announcement_is_about_what_is_missing() -> None:
    finding = OwlNumbers(profiles.find_profile())
    assert announcement(finding) == ""
    number = len(finding.experiments())
    told = announcement(finding, fresh=True)
    assert told.startswith(f"Measuring {number} of the {number}")
    assert re.search(r"They took [\d.]+ min on ", told)  # where the shipped records were made


@pytest.mark.usefixtures("cuda")
def test_the_command_line_reads_what_is_shipped_beside_a_gpu() -> None:
    code, out, err = sublim("run", "mnist", "--json", "-")
    assert code == 0
    assert out == sublim("show", "mnist", "--profile", "embedded", "--json", "-")[1]
    assert "Measuring" not in err


@pytest.mark.usefixtures("own_store")
def test_a_run_is_announced() -> None:
    _, _, err = sublim("run", "mnist", "--profile", "smoke", "--seeds", "1")
    assert err.startswith("Measuring 1 of the 1 experiments of mnist")
