"""`sublim show`: the summary of what is recorded, the values behind it, and its figure."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
)
from sublim_utils.commands.printing import print_columns_in_use
from sublim_utils.errors import SublimError, no_such, shortened
from sublim_utils.findings.base import Finding
from sublim_utils.outputs import STDOUT, write_output
from sublim_utils.records import Record
from sublim_utils.stats import mean_interval

if TYPE_CHECKING:
    import pandas as pd

FORMATS = (".svg", ".png", ".pdf")
NAMED_AT_MOST = 5
"""Experiments that a note names; of more it tells the number."""


@for_people
def show(
    name: FindingName,
    profile: ProfileName = None,
    seeds: Seeds = None,
    model: Model = None,
    chat: Chat = None,
    experiment: Experiments = None,
    trait: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only rows of this trait.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only rows of this metric.")
    ] = None,
    objective: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only rows of this objective.")
    ] = None,
    json: JsonFile = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw the main rows to this file (.svg, .png or .pdf); with --trait, --metric or "
            "--objective, all rows that are shown.",
        ),
    ] = None,
    modules: Modules = None,
) -> None:
    """Show the summary of a finding's records; with --experiment, the values in a record.

    --trait, --metric and --objective can each be repeated.
    """
    finding = find(name, profile, seeds, model, chat)
    filters = {"trait": trait or [], "metric": metric or [], "objective": objective or []}
    if experiment:
        if figure is not None:
            raise SublimError("--figure draws the summary; leave out --experiment.")
        values = filtered(values_of(finding.records(experiment)), filters)
        show_values(finding, values, json)
        return
    summary = filtered(available_summary(finding), filters)
    if figure is not None:
        drawn = summary if any(filters.values()) or not summary["main"].any() else None
        _draw(finding, summary[summary["main"]] if drawn is None else drawn, figure)
    show_summary(finding, summary, json)


def available_summary(finding: Finding[Any]) -> pd.DataFrame:
    """The summary of what is recorded; a note on stderr says what is missing.

    Raises:
        SublimError: nothing is recorded, or nothing that can be summarised alone.
    """
    there = finding.record_book.available()
    absent = there.absent
    if not there.records and not there.alone:
        finding.records()  # which says what is missing, and how to measure it
    notes = []
    if absent:
        total = len(there.records) + len(there.alone) + len(absent)
        outdated = sum(state == "outdated" for state in absent.values())
        words = f", {outdated} of them outdated" if outdated else ""
        notes.append(
            f"{len(absent)} of {total} experiments are not recorded{words}: {_listed(absent)}; "
            f"measure them with: {finding.record_book.command}"
        )
    if there.alone:
        notes.append(
            f"Left out, as what they are compared with is not recorded: {_listed(there.alone)}; "
            f"`sublim show {finding.name} --experiment NAME` shows their values."
        )
    summary = finding.summary(there.records) if there.records else None
    if summary is None or summary.empty:
        raise SublimError(" ".join(["There is nothing to summarise yet.", *notes]))
    for note in notes:
        typer.echo(f"sublim: {note}", err=True)
    return summary


def _listed(names: Mapping[str, Any] | list[str]) -> str:
    first = list(names)[:NAMED_AT_MOST]
    more = len(names) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def values_of(records: Mapping[str, Record]) -> pd.DataFrame:
    """All values of some records: experiment, condition, trait, objective, metric, seed, value."""
    import pandas as pd

    columns = ["experiment", "condition", "trait", "objective", "metric", "seed", "value"]
    tables = [record.table().assign(experiment=name) for name, record in records.items()]
    return pd.concat(tables, ignore_index=True)[columns]


def filtered(table: pd.DataFrame, filters: Mapping[str, list[str]]) -> pd.DataFrame:
    """The rows with the wanted entries in some columns, all rows where none is wanted.

    Raises:
        SublimError: no row has such an entry, or none has all of them.
    """
    kept = table
    for column, wanted in filters.items():
        existing = list(dict.fromkeys(table[column].dropna()))
        for entry in wanted:
            if entry not in existing:
                raise no_such(f"{column} of the rows", entry, existing)
        if wanted:
            kept = kept[kept[column].isin(wanted)]
    if kept.empty and not table.empty:
        raise SublimError("No row fits all of these filters; leave one out.")
    return kept


def show_summary(finding: Finding[Any], summary: pd.DataFrame, json: Path | None) -> None:
    """A summary as a table, or as JSON where the user wants it."""
    if json is not None:
        write_output(json, summary.to_json(orient="records", indent=1) + "\n")
        return
    shown = summary.astype(object).where(summary.notna(), None)
    rows = [
        [
            row.condition,
            row.trait or "",
            row.objective or "",
            row.metric,
            *_numbers(row.mean, row.low, row.high),
            row.unit or "",
            str(row.n_seeds),
        ]
        for row in shown.itertuples()
    ]
    columns = ["condition", "trait", "objective", "metric"]
    columns += ["mean", "95 % interval", "unit", "seeds"]
    title = f"{finding.title} ({finding.name}, {finding.profile.name})"
    print_columns_in_use(title, columns, rows)


def show_values(
    finding: Finding[Any], values: pd.DataFrame, json: Path | None, most: int | None = None
) -> None:
    """The values of records, as means over seeds; as JSON seed by seed.

    Args:
        finding: of the records.
        values: as `values_of` gives them.
        json: a file for JSON.
        most: rows of the table at most; a note says where the others are.
    """
    if json is not None:
        write_output(json, values.to_json(orient="records", indent=1) + "\n")
        return
    labels = ["experiment", "condition", "trait", "objective", "metric"]
    rows = []
    for names, group in values.groupby(labels, sort=False, dropna=False)["value"]:
        words = [name if isinstance(name, str) else "" for name in names]
        interval = mean_interval(group.to_numpy())
        rows.append([*words, *_numbers(*interval[:3]), str(interval.n)])
    title = f"Values in records of {finding.name} ({finding.profile.name})"
    print_columns_in_use(title, [*labels, "mean", "95 % interval", "seeds"], rows[:most])
    if most is not None and len(rows) > most:
        names = " ".join(f"--experiment {name}" for name in dict.fromkeys(values["experiment"]))
        write_output(
            STDOUT,
            f"These are the first {most} of {len(rows)} values; for all: sublim show "
            f"{finding.name} --profile {finding.profile.name} {shortened(names, 200)}\n",
        )


def _numbers(mean: float, low: float | None, high: float | None) -> tuple[str, str]:
    return f"{mean:.3f}", "" if low is None else f"{low:.3f} to {high:.3f}"


def _draw(finding: Finding[Any], rows: pd.DataFrame, path: Path) -> None:
    """Draw rows of a summary into a file.

    Raises:
        SublimError: the file's name has another ending, or it cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise SublimError(
            f"Cannot draw {shortened(str(path))}: the name must end in .svg, .png or .pdf."
        )
    import matplotlib.pyplot as plt

    from sublim_utils.report import plots

    plots.use_style()
    figure = plots.summary_rows(rows, finding.labels, paper=finding.paper)
    kind = path.suffix.lower().removeprefix(".")
    content = io.BytesIO()
    figure.savefig(content, format=kind, metadata={"Date": None} if kind == "svg" else None)
    plt.close(figure)
    write_output(path, content.getvalue())
