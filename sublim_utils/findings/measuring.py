"""Read records, or measure what is missing after saying what that costs."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from typing import Any

from sublim_utils.errors import SublimError
from sublim_utils.findings import plan
from sublim_utils.findings.base import Finding
from sublim_utils.findings.running import took
from sublim_utils.profiles import check_device
from sublim_utils.records import Record


def load_records(finding: Finding[Any], only: Collection[str] = ()) -> dict[str, Record]:
    """Read the records behind a chapter; missing ones are measured only if `SUBLIM_MEASURE=1`.

    Args:
        finding: at the scale whose records are wanted.
        only: names of experiments; by default all.

    Returns:
        The records by experiment name.

    Raises:
        SublimError: a record is missing, and nobody asked for it to be measured; or the scale
            needs a device that is not here.
    """
    if os.environ.get("SUBLIM_MEASURE") != "1":
        return finding.records(only)
    costs = announcement(finding, only)
    if costs:
        check_device(finding.profile)
        print(costs, file=sys.stderr, flush=True)
    return finding.run(only=only)


def expected_seconds(finding: Finding[Any], only: Collection[str] = ()) -> dict[str, float]:
    """By experiment, the seconds that the plan gives to one of its seeds; none without a plan."""
    try:
        planned = plan.plan(finding, only)
    except SublimError:
        return {}
    device = next(d.name for d in plan.DEVICES if d.kind == planned.device)
    return {e.name: 3600 * e.hours[device] / e.seeds for e in planned.experiments}


def announcement(finding: Finding[Any], only: Collection[str] = (), *, fresh: bool = False) -> str:
    """What is about to be measured, how long it may take and where it goes, before it begins.

    Args:
        finding: at the scale to be measured.
        only: names of experiments; by default all.
        fresh: whether experiments that have a record are measured again.

    Returns:
        Some sentences, or nothing if every record is there.
    """
    experiments = finding.chosen(only)
    missing = [e for e in experiments if fresh or finding.record_book.read(e) is None]
    if not missing:
        return ""
    folder = finding.record_book.path(missing[0]).parent
    goes_on = "" if fresh else "; a run that is stopped goes on from there"
    return (
        f"Measuring {len(missing)} of the {len(experiments)} experiments of {finding.name} at the "
        f"scale {finding.profile.name!r}. {_time(finding, missing)} Records go to {folder}, "
        f"unfinished work to {finding.store.root}{goes_on}."
    )


def _time(finding: Finding[Any], experiments: list[Any]) -> str:
    """How long experiments took where they were measured before, else what the plan says."""
    measured_before = took(finding, experiments)
    if measured_before:
        return measured_before.strip()
    try:
        hours = plan.duration(plan.plan(finding, [e.name for e in experiments]))
    except SublimError:  # no language model, or one of unknown size
        return "How long this takes is not known."
    return f"By the plan this takes {hours}; expect a factor of two or three either way."
