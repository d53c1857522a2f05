"""What is recorded: listed, summarised in parts, filtered and drawn."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.profiles import find_profile
from sublim_utils.records import results_folder
from tests.command import sublim

pytestmark = pytest.mark.usefixtures("own_store")


@pytest.fixture
def own_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped records, to take some away from."""
    folder = tmp_path / "results"
    ignored = shutil.ignore_patterns("rows", "full")
    shutil.copytree(results_folder(), folder, ignore=ignored)
    monkeypatch.setenv("SUBLIM_RESULTS", str(folder))
    return folder / "embedded"


def states(finding: str) -> dict[str, str]:
    """The experiments of a finding and their states, as `list --json` tells them."""
    _, out, _ = sublim("list", finding, "--json")
    (told,) = json.loads(out)
    return {e["name"]: e["state"] for e in told["experiments"]}


def test_list_tells_all_findings_as_json() -> None:
    code, out, _ = sublim("list", "--json")
    assert code == 0
    told = json.loads(out)
    assert [finding["finding"] for finding in told] == FINDINGS.names()
    for finding in told:
        names = [e.name for e in finding_class(finding["finding"])("embedded").experiments()]
        assert [e["name"] for e in finding["experiments"]] == names
        assert finding["recorded"] == len(names)
        assert {e["state"] for e in finding["experiments"]} == {"recorded"}


def test_list_tells_recorded_outdated_damaged_and_missing_apart(own_results: Path) -> None:
    folder = own_results / "paraphrase"
    assert set(states("paraphrase").values()) == {"recorded"}
    missing, damaged, outdated = sorted(folder.glob("owl@*.json"))[:3]
    missing.unlink()
    assert states("paraphrase")[missing.stem] == "missing"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert states("paraphrase")[damaged.stem] == "damaged"
    code, out, err = sublim("list")
    assert code == 2
    assert "31 of 33, 1 damaged" in out
    assert str(damaged) in err
    code, out, err = sublim("list", "paraphrase")
    assert code == 2
    assert "not measured yet" in out
    assert outdated.stem in out


def test_a_record_of_another_definition_is_outdated(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sublim("run", "mnist", "--profile", "smoke")[0] == 0
    kind = type(finding_class("mnist")("smoke").experiments()[0])
    monkeypatch.setattr(kind, "VERSION", kind.VERSION + 1)
    code, out, _ = sublim("list", "mnist", "--profile", "smoke")
    assert code == 0
    assert "outdated" in out


def test_what_is_not_measured_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path))
    code, out, _ = sublim("list", "--profile", "embedded")
    assert code == 0
    (line,) = [line for line in out.splitlines() if "cross_family" in line]
    assert "not measured yet" in line
    code, out, err = sublim("show", "cross_family", "--profile", "embedded")
    assert (code, out) == (2, "")
    assert "make it with: sublim run cross_family --profile embedded" in err


@pytest.mark.parametrize("name", FINDINGS.names())
def test_a_part_of_the_records_is_summarised(name: str) -> None:
    """As many rows as the whole summary has at most, and never a traceback."""
    finding = finding_class(name)(find_profile("embedded"))
    records = finding.records()
    whole = finding.summary(records)
    draw = random.Random(name)
    parts = [[only] for only in draw.sample(list(records), min(4, len(records)))]
    parts += [draw.sample(list(records), draw.randint(1, len(records))) for _ in range(4)]
    summarised = 0
    for part in parts:
        known = {n: records[n] for n in records if n in part}
        known = finding.record_book.comparable(known).records
        if known:
            summarised += 1
            assert len(finding.summary(known)) <= len(whole)
    assert summarised > 0


def test_an_incomplete_finding_is_shown_and_says_what_is_missing(own_results: Path) -> None:
    folder = own_results / "paraphrase"
    (folder / "owl@neutral@logits.json").unlink()
    (folder / "control@neutral@tokens.json").unlink()
    code, out, err = sublim("show", "paraphrase", "--json", "-")
    assert code == 0
    rows = json.loads(out)
    of = {(row["condition"], row["objective"], row["trait"]) for row in rows}
    assert ("neutral", "logits", "eagle") in of
    assert ("neutral", "logits", "owl") not in {
        (row["condition"], row["objective"], row["trait"])
        for row in rows
        if row["metric"] == "effect"
    }
    assert "2 of 33 experiments are not recorded: owl@neutral@logits, control@neutral@tokens" in err
    assert "measure them with: sublim run paraphrase" in err
    assert "Left out" in err
    assert "owl@neutral@tokens" in err


def test_a_student_is_not_compared_with_another_control_than_its_own(own_results: Path) -> None:
    """Where the control of a variant is missing, the standard one does not take its place."""
    control = own_results / "owl_numbers" / "control@logits@rank-2.json"
    _, out, _ = sublim("show", "owl_numbers", "--json", "-")
    effects = [row for row in json.loads(out) if row["condition"] == "student (rank-2)"]
    assert effects
    control.unlink()
    code, out, err = sublim("show", "owl_numbers", "--json", "-")
    assert code == 0
    assert "rank-2" not in out
    assert "owl@logits@rank-2" in err


def test_a_single_control_is_nothing_to_summarise(own_results: Path) -> None:
    for path in (own_results / "owl_numbers").glob("*.json"):
        if path.stem != "control@logits":
            path.unlink()
    code, out, err = sublim("show", "owl_numbers")
    assert (code, out) == (2, "")
    assert "nothing to summarise yet" in err
    assert "64 of 65 experiments are not recorded" in err
    code, out, _ = sublim("show", "owl_numbers", "--experiment", "control@logits")
    assert code == 0
    assert "margin" in out


def test_show_filters_the_summary() -> None:
    _, out, _ = sublim("show", "owl_numbers", "--json", "-")
    every = json.loads(out)
    wanted = [
        row
        for row in every
        if row["trait"] in ("owl", "eagle") and row["metric"] == "effect"
        if row["objective"] == "logits"
    ]
    options = ["--trait", "owl", "--trait", "eagle", "--metric", "effect"]
    code, out, _ = sublim("show", "owl_numbers", *options, "--objective", "logits", "--json", "-")
    assert code == 0
    assert json.loads(out) == wanted
    assert len(wanted) > 2


def test_show_gives_the_values_in_a_record() -> None:
    options = ["--experiment", "owl@logits", "--experiment", "control@logits"]
    filters = ["--trait", "owl", "--metric", "margin"]
    code, out, _ = sublim("show", "owl_numbers", *options, *filters, "--json", "-")
    assert code == 0
    rows = json.loads(out)
    records = finding_class("owl_numbers")("embedded").records(["owl@logits", "control@logits"])
    expected = {
        (name, v.condition, v.seed): v.value
        for name, record in records.items()
        for v in record.values
        if (v.trait, v.metric) == ("owl", "margin")
    }
    assert {(r["experiment"], r["condition"], r["seed"]): r["value"] for r in rows} == expected
    code, out, _ = sublim("show", "owl_numbers", *options, *filters)
    assert code == 0
    assert "owl@logits" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "owl_number"], "(did you mean owl_numbers?)"),
        (["show", "owl_numbers", "--trait", "owls"], "(did you mean owl?)"),
        (["show", "owl_numbers", "--trait", "\U0001f989" * 3000], "no trait of the rows"),
        (["show", "owl_numbers", "--experiment", "owl@logit"], "(did you mean owl@logits?)"),
        (["show", "mnist", "--experiment", "main", "--trait", "owl"], "there is none at all"),
        (["show", "mnist", "--experiment", "main", "--figure", "x.svg"], "leave out --experiment"),
        (["show", "owl_numbers", "--trait", "owl", "--metric", "mean_effect"], "leave one out"),
        (["list", "--profile", "embeded"], "(did you mean embedded?)"),
        (["list", "m" * 5000], "There is no finding 'mmm"),
        (["show", "mnist", "--seeds", "1" + 25 * "0"], "at most 10,000 seeds"),
        (["plan", "owl_numbers", "--seeds", "1" + 25 * "0"], "at most 10,000 seeds"),
        (["plan", "owl_numbers", "--experiment", "x"], "There is no experiment of owl_numbers"),
    ],
)
def test_names_that_do_not_exist_are_one_sentence(arguments: list[str], message: str) -> None:
    code, out, err = sublim(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err) < 1500
    assert "Traceback" not in err


BEGINNINGS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.mark.parametrize("name", FINDINGS.names())
def test_every_finding_is_drawn(name: str, tmp_path: Path) -> None:
    for kind, beginning in BEGINNINGS.items():
        path = tmp_path / f"figure.{kind}"
        code, _, err = sublim("show", name, "--figure", str(path))
        assert (code, err) == (0, "")
        assert path.read_bytes().startswith(beginning)
        assert path.stat().st_size > 3000


def test_a_figure_draws_the_rows_that_filters_leave(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    options = ["--metric", "effect_p_holm", "--objective", "logits"]
    code, _, _ = sublim("show", "owl_numbers", *options, "--figure", str(path))
    assert code == 0
    assert "effect_p_holm" in path.read_text()


def test_run_of_one_experiment_shows_its_values_and_what_is_there() -> None:
    first, second = [e.name for e in finding_class("mnist_sweeps")("smoke").experiments()][:2]
    command = ["run", "mnist_sweeps", "--profile", "smoke"]
    code, out, err = sublim(*command, "--experiment", first)
    assert code == 0
    assert "Values in records of mnist_sweeps" in out
    assert first in out
    assert "What learning from noise depends on" in out
    assert second in err
    assert "are not recorded" in err
    code, out, _ = sublim(*command, "--experiment", first, "--json", "-")
    assert code == 0
    assert {row["experiment"] for row in json.loads(out)} == {first}


def test_the_version_and_the_module() -> None:
    import subprocess
    import sys

    from sublim_utils import __version__

    assert sublim("--version") == (0, f"sublim {__version__}\n", "")
    command = [sys.executable, "-m", "sublim_utils", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.stdout == f"sublim {__version__}\n"
