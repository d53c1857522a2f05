"""`sublim list`: findings, and the state of their experiments."""

from __future__ import annotations

import gc
import json
from collections import Counter
from typing import Annotated, Any

import typer

from sublim_utils.commands.options import (
    Modules,
    OptionalFindingName,
    ProfileName,
    find,
    for_people,
)
from sublim_utils.commands.printing import print_table
from sublim_utils.errors import SublimError
from sublim_utils.findings import FINDINGS
from sublim_utils.findings.base import Finding
from sublim_utils.findings.record_book import Lookup
from sublim_utils.outputs import STDOUT, write_output

STATES = {
    "recorded": "recorded",
    "outdated": "outdated (measured under another definition)",
    "damaged": "damaged",
    "missing": "not measured yet",
}
"""In words."""


@for_people
def list_findings(
    name: OptionalFindingName = None,
    profile: ProfileName = None,
    experiments: Annotated[
        bool, typer.Option("--experiments", help="List the experiments of all findings.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON to stdout.")] = False,
    modules: Modules = None,
) -> None:
    """List the findings and how much of each is recorded; with FINDING, list its experiments.

    An experiment is recorded, outdated (its record was measured under another definition of the
    experiment, and does not count), damaged, or missing (not measured yet). The exit code is 2 if a
    record is damaged.
    """
    if as_json and name == STDOUT:  # `--json -`, as other commands have it
        name = None
    findings = [find(each, profile) for each in ([name] if name else FINDINGS.names())]
    gc.disable()  # hundreds of records hold no cycles, and looking for them takes a third longer
    try:
        lookups = {
            f.name: {e.name: f.record_book.look_up(e) for e in f.experiments()} for f in findings
        }
    finally:
        gc.enable()
    if as_json:
        content = [_as_json(finding, lookups[finding.name]) for finding in findings]
        write_output(STDOUT, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    elif name or experiments:
        for finding in findings:
            _print_experiments(finding, lookups[finding.name])
    else:
        _print_findings(findings, lookups)
    faults = [look.fault for looks in lookups.values() for look in looks.values() if look.fault]
    if faults:
        others = len(faults) - 1
        are = "is" if others == 1 else "are"
        more = f" {others} more of the records {are} damaged." if others else ""
        raise SublimError(f"{faults[0]}{more}")


def _print_findings(findings: list[Finding[Any]], lookups: dict[str, dict[str, Lookup]]) -> None:
    rows = []
    for finding in findings:
        looks = lookups[finding.name].values()
        counts = Counter(look.state for look in looks)
        counted = [f"{counts['recorded']} of {len(looks)}"] if counts["recorded"] else []
        counted += [
            f"{counts[state]} {state}" for state in ("outdated", "damaged") if counts[state]
        ]
        words = ", ".join(counted) or STATES["missing"]
        rows.append([finding.name, finding.title, str(finding.n_seeds), words])
    title = f"Findings (profile {findings[0].profile.name})"
    print_table(title, ["finding", "title", "seeds", "recorded"], rows)


def _print_experiments(finding: Finding[Any], looks: dict[str, Lookup]) -> None:
    rows = [[e.name, str(len(e.seeds)), STATES[looks[e.name].state]] for e in finding.experiments()]
    title = f"Experiments of {finding.name} (profile {finding.profile.name})"
    print_table(title, ["experiment", "seeds", "state"], rows)


def _as_json(finding: Finding[Any], looks: dict[str, Lookup]) -> dict[str, Any]:
    return {
        "finding": finding.name,
        "title": finding.title,
        "profile": finding.profile.name,
        "seeds": finding.n_seeds,
        "recorded": sum(look.state == "recorded" for look in looks.values()),
        "experiments": [
            {"name": e.name, "seeds": len(e.seeds), "state": looks[e.name].state}
            for e in finding.experiments()
        ],
    }
