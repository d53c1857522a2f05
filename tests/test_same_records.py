"""Two runs of an experiment give the same record, byte for byte, but for the provenance."""

from pathlib import Path

import pytest

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.verification import standard_choice, to_measure
from sublim_utils.records import Record
from sublim_utils.store import Store


def content(path: Path) -> str:
    """A record's file up to its provenance, which is the last part."""
    before, mark, _ = path.read_text().partition('\n "provenance": {')
    assert mark
    return before


@pytest.mark.parametrize("name", FINDINGS.names())
def test_two_runs_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    """Of an experiment and its controls, at the smallest scale, in stores of their own."""
    runs = []
    for run in ("one", "other"):
        finding = finding_class(name)("smoke", store=Store(tmp_path / run))
        parts = to_measure(finding, [standard_choice(finding).name], 1)
        finding.run(only={part.name for part in parts})
        runs.append([finding.record_book.path(part) for part in parts])
    assert runs[0]
    for one, other in zip(*runs, strict=True):
        assert one != other
        assert content(one) == content(other)
        record = Record.read(one)
        assert not [key for key in record.details if key.endswith("_s")]
        assert record.provenance.wall_s >= 0
        assert record.provenance.stage_seconds
