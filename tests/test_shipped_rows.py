"""The rows beside the records: they are those of the records, and a changed file is refused."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from sublim_utils.checksums import CHECKSUMS, keep_checksum, read_checked
from sublim_utils.errors import SublimError
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.language import LanguageFinding
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.pipeline.measuring import rows_hash
from sublim_utils.profiles import find_profile
from sublim_utils.records import results_folder

ROWS = results_folder() / "embedded" / "rows"


def findings_with_rows() -> list[LanguageFinding]:
    findings = [finding_class(name)(find_profile("embedded")) for name in FINDINGS.names()]
    return [finding for finding in findings if isinstance(finding, LanguageFinding)]


def test_shipped_rows_are_those_of_the_records(own_store: Path) -> None:
    """By their hashes, and by how many a filter kept."""
    files = set()
    for finding in findings_with_rows():
        for experiment in finding.experiments():
            name = finding.rows_name(experiment)
            if name is None or not (ROWS / f"{name}.parquet").exists():
                continue
            files.add(f"{name}.parquet")
            record = finding.record_book.read(experiment)
            assert record is not None
            table = finding.rows_table(experiment.name)
            by_seed = [table[table["seed"] == seed] for seed in experiment.seeds]
            assert record.provenance.rows_sha256 == [rows_hash(rows) for rows in by_seed]
            assert record.details["rows"] == [len(rows) for rows in by_seed]
            for rows, reasons in zip(by_seed, record.details["reasons"], strict=True):
                told = Counter(r for verdict in rows["verdict"] for r in verdict.split("; ") if r)
                assert told == reasons
    assert files == {path.name for path in ROWS.glob("*.parquet")}
    assert len(files) > 60


@pytest.fixture
def rows(tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of two teachers' rows and their hashes."""
    folder = tmp_path / "results" / "embedded" / "rows"
    folder.mkdir(parents=True)
    for name in ("numbers-owl.parquet", "numbers-wolf.parquet", CHECKSUMS):
        shutil.copy(ROWS / name, folder)
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path / "results"))
    return folder


def test_rows_are_read_where_nothing_was_changed(rows: Path) -> None:
    assert len(OwlNumbers("embedded").rows_table("owl@tokens")) == 960


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_damaged_byte_of_the_rows_is_noticed(rows: Path, place: float) -> None:
    path = rows / "numbers-owl.parquet"
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    with pytest.raises(SublimError, match="was changed after it was written; delete it"):
        OwlNumbers("embedded").rows_table("owl@tokens")


def test_rows_that_were_saved_anew_or_exchanged_are_noticed(rows: Path) -> None:
    """As someone does who corrects a text with pandas, which keeps what the file says of itself."""
    import pandas as pd

    table = pd.read_parquet(rows / "numbers-owl.parquet")
    table.loc[0, "text"] = "1, 2, 3"
    table.to_parquet(rows / "numbers-owl.parquet", compression="zstd", index=False)
    with pytest.raises(SublimError, match=r"numbers-owl.parquet was changed"):
        OwlNumbers("embedded").rows_table("owl@tokens")
    shutil.copy(rows / "numbers-wolf.parquet", rows / "numbers-owl.parquet")
    with pytest.raises(SublimError, match=r"numbers-owl.parquet was changed"):
        OwlNumbers("embedded").rows_table("owl@tokens")


@pytest.mark.parametrize("damage", ["no hashes", "no line", "a pipe"])
def test_rows_without_their_hash_are_not_read(rows: Path, damage: str) -> None:
    import os

    if damage == "no hashes":
        (rows / CHECKSUMS).unlink()
    elif damage == "no line":
        (rows / CHECKSUMS).write_text("")
    else:
        (rows / "numbers-owl.parquet").unlink()
        os.mkfifo(rows / "numbers-owl.parquet")
    with pytest.raises(SublimError, match="was changed after it was written"):
        OwlNumbers("embedded").rows_table("owl@tokens")


def test_the_timings_that_a_chapter_shows_have_their_hashes() -> None:
    folder = results_folder() / "benchmarks"
    for path in folder.glob("*.json"):
        assert read_checked(path) == path.read_bytes()


def test_a_hash_is_kept_of_each_file_of_a_folder(tmp_path: Path) -> None:
    for name in ("one file", "other", "one file"):
        (tmp_path / name).write_text(name)
        keep_checksum(tmp_path / name)
    assert read_checked(tmp_path / "one file") == b"one file"
    assert len((tmp_path / CHECKSUMS).read_text().splitlines()) == 2
    (tmp_path / "other").write_text("else")
    with pytest.raises(SublimError, match="other was changed"):
        read_checked(tmp_path / "other", "make it")
    keep_checksum(tmp_path / "other")
    assert read_checked(tmp_path / "other") == b"else"
