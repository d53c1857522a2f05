"""`sublim plan` and `sublim run`: what measuring would take, and measuring."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from sublim_utils.commands.options import (
    Chat,
    Experiments,
    FindingName,
    JsonFile,
    Model,
    Modules,
    ProfileName,
    Seeds,
    find,
    for_people,
    with_chat,
)
from sublim_utils.commands.printing import print_table
from sublim_utils.commands.showing import (
    available_summary,
    show_summary,
    show_values,
    values_of,
)
from sublim_utils.errors import SublimError
from sublim_utils.findings import finding_class
from sublim_utils.outputs import STDOUT, write_output

VALUES_SHOWN = 30
"""After a run of some experiments; all are there for `sublim show`."""


@for_people
def plan(
    name: FindingName,
    profile: ProfileName = None,
    seeds: Seeds = None,
    model: Model = None,
    chat: Chat = None,
    experiment: Experiments = None,
    json: JsonFile = None,
    modules: Modules = None,
) -> None:
    """Estimate the time, memory and downloads of a finding; nothing is downloaded."""
    from sublim_utils.findings import plan as plans

    planned = plans.plan(find(name, profile, seeds, model, chat), experiment or ())
    if json is not None:
        write_output(json, planned.model_dump_json(indent=1) + "\n")
        return
    print_table(f"{name} ({planned.profile})", *plans.lines(planned))
    write_output(STDOUT, "".join(f"{note}\n" for note in plans.notes(planned)))


@for_people
def run(
    name: FindingName,
    profile: ProfileName = None,
    seeds: Seeds = None,
    model: Model = None,
    chat: Chat = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ignore all earlier results.")] = False,
    json: JsonFile = None,
    experiment: Experiments = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Number of processes that measure seeds side by side.")
    ] = 1,
    modules: Modules = None,
) -> None:
    """Measure the experiments that have no record, then show the summary.

    With --experiment, show the values of these experiments and the summary of what is recorded;
    --json then writes the values.
    """
    from sublim_utils.findings.measuring import announcement, expected_seconds

    finding = finding_class(name)(profile, seeds=seeds, model=with_chat(model, chat))
    only = experiment or ()
    costs = announcement(finding, only, fresh=fresh)
    if costs:
        typer.echo(costs, err=True)
    start = time.perf_counter()
    expected_s = expected_seconds(finding, only) if costs else None
    records = finding.run(fresh=fresh, only=only, workers=workers, expected_s=expected_s)
    folder = finding.record_book.path(finding.experiments()[0]).parent
    typer.echo(f"{time.perf_counter() - start:.0f} s; records in {folder}", err=True)
    if not experiment:
        show_summary(finding, finding.summary(records), json)
        return
    show_values(finding, values_of(records), json, VALUES_SHOWN)
    if json is None:
        try:
            show_summary(finding, available_summary(finding), None)
        except SublimError as error:  # the run has done what it was to do
            typer.echo(f"sublim: {error}", err=True)
