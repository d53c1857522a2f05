"""Records: a changed one is noticed, a wrong one is neither written nor read."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sublim_utils import records
from sublim_utils.errors import SublimError
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.mnist import Mnist
from sublim_utils.profiles import Profile, find_profile
from sublim_utils.records import Record, Value, content_hash, results_folder
from sublim_utils.store import Store
from tests.command import sublim

SHIPPED = results_folder() / "embedded" / "owl_numbers" / "owl@tokens.json"
CONTENT = SHIPPED.read_bytes()
WHOLE = json.loads(CONTENT)
one_file = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def leaves(plain: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all numbers, texts and empty values in plain data."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain)
    for name, value in inside:
        if isinstance(value, dict | list) and value:
            yield from leaves(value, (*way, name))
        else:
            yield (*way, name)


LEAVES = list(leaves(WHOLE))


def changed(way: tuple[Any, ...], value: Any) -> str:
    """The shipped record's text with another value at one leaf."""
    whole = json.loads(CONTENT)
    part = whole
    for name in way[:-1]:
        part = part[name]
    part[way[-1]] = value
    return json.dumps(whole)


def rehashed(record: Record) -> str:
    """A record's file as someone writes it who knows how the hashes are made."""
    measured, told = record.measured(), record.provenance.model_dump(mode="json")
    told["sha256"] = content_hash(told)
    whole = {**measured, "content_sha256": content_hash(measured), "provenance": told}
    return json.dumps(whole)


@one_file
@given(way=st.sampled_from(LEAVES), by=st.sampled_from([1e-9, 1, -0.5]))
def test_a_changed_leaf_is_refused(tmp_path: Path, way: tuple[Any, ...], by: float) -> None:
    """Whatever it is: a value, a curve's point, a setting, a second of the provenance."""
    part = WHOLE
    for name in way:
        part = part[name]
    value = part + by if isinstance(part, int | float) else f"{part or ''}x"
    path = tmp_path / "record.json"
    path.write_text(changed(way, value))
    with pytest.raises(SublimError, match=r"was changed after it was measured; (restore|delete)"):
        Record.read(path)


@one_file
@given(place=st.integers(0, len(CONTENT) - 1), byte=st.integers(0, 255))
def test_a_damaged_byte_is_refused_or_harmless(tmp_path: Path, place: int, byte: int) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(CONTENT[:place] + bytes([byte]) + CONTENT[place + 1 :])
    try:
        record = Record.read(path)
    except SublimError:
        return
    assert record == Record.read(SHIPPED)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"[]", b"null", b"{}", b"7", b'{"provenance": 1}', b"[" * 100_000, b"\xff\xfe",
     b'{"a": ' + b"9" * 10_000 + b"}", CONTENT[: len(CONTENT) // 2], b"\xef\xbb\xbf" + CONTENT,
     CONTENT.replace(b'"seed": 10', b'"seed": NaN', 1),
     CONTENT.replace(b'"value": ', b'"value": -Infinity, "was": ', 1)],
)  # fmt: skip
def test_what_is_no_record_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(SublimError, match=r"^The record .*; (restore|delete) [^\n]*\.$"):
        Record.read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_the_place_of_a_record_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "record.json")
    with pytest.raises(SublimError, match="is no regular file"):
        Record.read(tmp_path / "record.json")


FIRST = Record.read(SHIPPED).values[0]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ([FIRST.model_copy(update={"value": float("nan")})], "has a value that is no number"),
        ([FIRST.model_copy(update={"value": float("inf")})], "has a value that is no number"),
        ([FIRST, FIRST], "has a value twice"),
        ([FIRST, FIRST.model_copy(update={"value": FIRST.value + 1})], "has a value twice"),
        ([FIRST.model_copy(update={"seed": 99})], "which is none of the experiment's"),
        ([], "has values of some seeds that others lack"),
        ([FIRST.model_copy(update={"metric": "margn"})], "has values of some seeds that others"),
        ([FIRST.model_copy(update={"trait": None})], "has values of some seeds that others lack"),
    ],
)
def test_wrong_values_are_neither_written_nor_read(
    tmp_path: Path, values: list[Value], fault: str
) -> None:
    """In the place of a seed's first value."""
    record = Record.read(SHIPPED)
    wrong = record.model_copy(update={"values": [*values, *record.values[1:]]})
    path = tmp_path / "record.json"
    with pytest.raises(SublimError, match=f"cannot be recorded, as it .*{fault}"):
        wrong.write(path)
    assert not path.exists()
    path.write_text(rehashed(wrong))
    with pytest.raises(SublimError, match=f"{fault}|is damaged"):
        Record.read(path)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"experiment": {"name": "owl@tokens"}}, "names no seeds"),
        ({"experiment": {"name": "owl@tokens", "seeds": [10, 10]}}, "names a seed twice"),
        ({"experiment": {"name": "owl@tokens", "seeds": ["10"]}}, "names no seeds"),
        ({"name": "wolf@tokens"}, "holds the experiment 'owl@tokens'"),
        ({"details": {"losses": [float("nan")]}}, "has details that are no numbers"),
    ],
)
def test_a_wrong_record_is_not_written(tmp_path: Path, changes: dict[str, Any], fault: str) -> None:
    wrong = Record.read(SHIPPED).model_copy(update=changes)
    with pytest.raises(SublimError, match=fault):
        wrong.write(tmp_path / "record.json")


@pytest.fixture
def results(tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of some shipped records, in version control."""
    folder = tmp_path / "book" / "results"
    (folder.parent / ".git").mkdir(parents=True)
    for name in ("mnist", "theorem"):
        shutil.copytree(results_folder() / "embedded" / name, folder / "embedded" / name)
    monkeypatch.setenv("SUBLIM_RESULTS", str(folder))
    return folder


COMMANDS = [["list"], ["show", "mnist"], ["run", "mnist"], ["verify", "mnist"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_a_changed_value_and_says_what_to_do(
    results: Path, command: list[str]
) -> None:
    path = results / "embedded" / "mnist" / "main.json"
    before = path.read_text().replace('"value": 0.9439,', '"value": 0.9539,', 1)
    path.write_text(before)
    code, out, err = sublim(*command, "--profile", "embedded")
    assert code == 2
    assert "1 damaged" in out if command == ["list"] else out == ""
    (line,) = err.splitlines()
    assert line == (
        f"sublim: The record {path} was changed after it was measured; restore it with "
        f"`git checkout -- {path}`, or measure it again with: "
        "sublim run mnist --profile embedded --experiment main --fresh."
    )
    assert path.read_text() == before


def test_a_damaged_record_is_measured_again_when_that_is_asked_for(
    own_store: Path,
) -> None:
    sublim("run", "mnist", "--profile", "smoke")
    (path,) = (own_store / "records").rglob("main.json")
    whole = Record.read(path)
    path.write_text("{")
    code, _, err = sublim("run", "mnist", "--profile", "smoke")
    assert code == 2
    assert "delete it and measure it again with: sublim run mnist --profile smoke" in err
    assert sublim("run", "mnist", "--profile", "smoke", "--experiment", "main", "--fresh")[0] == 0
    assert Record.read(path).measured() == whole.measured()


def test_another_experiments_record_is_refused(results: Path) -> None:
    folder = results / "embedded" / "theorem"
    shutil.copy(folder / "signs.json", folder / "limits.json")
    with pytest.raises(SublimError, match="is one of theorem/signs at the profile 'embedded'"):
        finding_class("theorem")("embedded").records()
    shutil.copy(folder / "signs.json", results / "embedded" / "mnist" / "main.json")
    assert sublim("show", "mnist", "--profile", "embedded")[0] == 2


@pytest.mark.parametrize("name", FINDINGS.names())
def test_a_changed_scale_or_profile_never_touches_shipped_records(
    name: str, own_store: Path
) -> None:
    """As a reader changes one to try something: under an old name, with other settings."""
    profile = find_profile("embedded")
    kind, store = finding_class(name), Store(own_store)
    scale = kind.scales["embedded"]
    for finding in (
        kind(profile, scale=scale.updated(seeds=scale.seeds + 1), store=store),
        kind(profile.updated(purpose="another one"), store=store),
        kind(profile, seeds=1, store=store),
    ):
        for experiment in finding.experiments():
            assert not finding.record_book.path(experiment).is_relative_to(results_folder())
    shipped = kind(profile, scale=scale, store=store)
    for experiment in shipped.experiments():
        assert shipped.record_book.path(experiment).is_relative_to(results_folder())


def test_a_profile_of_ones_own_needs_a_scale_of_ones_own(own_store: Path) -> None:
    profile = Profile(name="mine", device="cpu", purpose="to try something")
    with pytest.raises(
        SublimError, match=r"no scale for the profile 'mine'; .* a scale of your own"
    ):
        Mnist(profile)
    finding = Mnist(profile, scale=Mnist.scales["smoke"].updated(seeds=1), store=Store(own_store))
    assert finding.seeds == (0,)
    assert finding.record_book.path(finding.experiments()[0]).is_relative_to(own_store)


def test_a_quantity_that_one_seed_lacks_is_left_out_of_the_record(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a seed keeps too few rows to tell their style, the others' are no measurement."""
    finding = finding_class("misaligned_reasoning")("smoke", seeds=2, store=Store(own_store))
    experiment = next(e for e in finding.experiments() if "base" not in e.name)
    scores = iter([None, 0.5])
    monkeypatch.setattr("sublim_utils.pipeline.further.style_auc", lambda *_: next(scores))
    record = finding.run(only=[experiment.name])[experiment.name]
    assert finding.record_book.read(experiment) == record
    assert {v.metric for v in record.values if v.condition == "rows"} == {"kept_share"}
    assert len([v for v in record.values if v.metric == "kept_share"]) == 2


def test_an_installed_package_brings_its_records(
    tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a wheel, whose folder lies beside other packages: one may leave a project file."""
    site = tmp_path / "site-packages"
    (site / "sublim_utils").mkdir(parents=True)
    (site / "pyproject.toml").write_text("[tool.poetry]\n")
    brought = site / "sublim_utils" / "results"
    shutil.copytree(results_folder() / "embedded" / "mnist", brought / "embedded" / "mnist")
    monkeypatch.setattr(records, "__file__", str(site / "sublim_utils" / "records.py"))
    monkeypatch.setattr(records, "PACKAGED", brought)
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name: tmp_path / "data" / name)
    monkeypatch.delenv("SUBLIM_RESULTS", raising=False)
    assert results_folder() == tmp_path / "data" / "sublim" / "results"
    code, out, err = sublim("list", "mnist", "--profile", "embedded", "--json")
    assert (code, err) == (0, "")
    assert [e["state"] for e in json.loads(out)[0]["experiments"]] == ["recorded"]
    assert sublim("show", "mnist", "--profile", "embedded")[0] == 0
    # What is measured anew counts instead, and is not written into the package.
    new = results_folder() / "embedded" / "mnist" / "main.json"
    new.parent.mkdir(parents=True)
    new.write_text("{")
    assert sublim("show", "mnist", "--profile", "embedded")[0] == 2
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name: Path("~", name))
    code, out, err = sublim("show", "mnist", "--profile", "embedded")
    assert (code, out) == (2, "")
    assert err == "sublim: You have no home folder for records; name a folder in SUBLIM_RESULTS.\n"
