"""Which records of a finding exist, and in which state they are."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sublim_utils.records import Record

State = Literal["recorded", "outdated", "damaged", "missing"]
"""Of an experiment: its record counts; was measured under another definition; cannot be read or
was changed; is not there."""


class Lookup(NamedTuple):
    """The state of an experiment's record.

    Attributes:
        state: of the record.
        record: it, if it counts.
        fault: the sentence that tells what is wrong with a damaged one.
    """

    state: State
    record: Record | None = None
    fault: str | None = None


class Available(NamedTuple):
    """What is recorded of a finding.

    Attributes:
        records: those that can be summarised.
        alone: names of recorded experiments whose control is not recorded.
        absent: the state of each experiment that is not recorded.
    """

    records: dict[str, Record]
    alone: list[str]
    absent: dict[str, State]
