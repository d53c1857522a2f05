"""The command line: `sublim list | plan | run | show | verify | filter | store | doctor`."""

from __future__ import annotations

import functools
import io
import sys
import time
from collections.abc import Callable
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from sublim_utils.errors import SublimError
from sublim_utils.experiment import Finding
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.models.catalog import CHAT_MARK
from sublim_utils.outputs import write_output
from sublim_utils.profiles import find_profile
from sublim_utils.store import Store

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    help="Run and show the experiments of the book on subliminal learning.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Name = Annotated[str, typer.Argument(help="The finding; `sublim list` names them.")]
ProfileName = Annotated[
    str | None,
    typer.Option("--profile", help="smoke, embedded, full or gpu; by default embedded."),
]
Seeds = Annotated[int | None, typer.Option(help="How many seeds, instead of the profile's.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", help="A model of the catalogue, of the hub, or a folder, for the profile's."
    ),
]
Chat = Annotated[
    str | None,
    typer.Option("--chat", help="The chat template for --model; `plain` for a base model."),
]
Json = Annotated[
    Path | None,
    typer.Option("--json", help="Write the summary as JSON to this file, or - for stdout."),
]

P = ParamSpec("P")
R = TypeVar("R")


def _for_people(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a `SublimError` into its sentence and exit code 2, an interrupt into 130."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except SublimError as error:
            typer.echo(f"sublim: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt:
            resumes = command.__name__ == "run" and not kwargs.get("fresh")
            more = "; the same command goes on from here" if resumes else ""
            typer.echo(f"sublim: stopped{more}.", err=True)
            raise typer.Exit(130) from None

    return wrapped


def _with_chat(model: str | None, chat: str | None) -> str | None:
    """The name of a model that is to be used with a chat template.

    Raises:
        SublimError: there is a template and no model for it.
    """
    if chat is None:
        return model
    if model is None:
        raise SublimError("--chat names the chat template of the model that --model names.")
    return f"{model}{CHAT_MARK}{chat}"


def _print(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table on stdout, as wide as its content where stdout is no terminal."""
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 160
    Console(width=width, markup=False, highlight=False).print(table)


def _show(finding: Finding[Any], summary: pd.DataFrame, json: Path | None) -> None:
    """The summary as a table, or as JSON where the user wants it."""
    if json is not None:
        text = summary.to_json(orient="records", indent=1) + "\n"
        write_output(json, text)
        return
    told = summary.astype(object).where(summary.notna(), None)
    rows = [
        [
            row.condition,
            row.trait or "",
            row.objective or "",
            row.metric,
            f"{row.mean:.3f}",
            "" if row.low is None else f"{row.low:.3f} to {row.high:.3f}",
            row.unit or "",
            str(row.n_seeds),
        ]
        for row in told.itertuples()
    ]
    columns = [
        "condition",
        "trait",
        "objective",
        "metric",
        "mean",
        "95 % interval",
        "unit",
        "seeds",
    ]
    kept = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    _print(
        f"{finding.title} ({finding.name}, {finding.profile.name})",
        [columns[i] for i in kept],
        [[row[i] for i in kept] for row in rows],
    )


def _draw(finding: Finding[Any], summary: pd.DataFrame, path: Path) -> None:
    from sublim_utils import plots

    main = summary[summary["main"]]
    if main.empty:
        raise SublimError(f"{finding.name} has no main rows to draw; leave out --figure.")
    labels = finding.labels
    if not labels:  # the rows differ in more than the condition
        named = main[["trait", "objective", "metric"]].fillna("")
        words = [" ".join(filter(None, row)) for row in named.itertuples(index=False)]
        main, labels = main.assign(condition=words), dict(zip(words, words, strict=True))
    axis = str(main["unit"].iloc[0] if main["metric"].nunique() > 1 else main["metric"].iloc[0])
    plots.use_style()
    drawn = plots.conditions(main, labels, axis=axis, paper=finding.paper or None)
    kind = path.suffix.removeprefix(".").lower()
    content = io.BytesIO()
    try:
        drawn.savefig(content, format=kind, metadata={"Date": None} if kind == "svg" else None)
    except ValueError as error:
        raise SublimError(
            f"Cannot draw {path}: the name must end in .svg, .png or .pdf."
        ) from error
    write_output(path, content.getvalue())


@app.command("list")
@_for_people
def list_findings(profile: ProfileName = None) -> None:
    """Name the findings and say which are recorded."""
    rows = []
    for name in FINDINGS:
        finding = finding_class(name)(find_profile(profile))
        experiments = finding.experiments()
        recorded = sum(finding.recorded(e) is not None for e in experiments)
        of = f"{recorded} of {len(experiments)}" if recorded else "not measured yet"
        rows.append([name, finding.title, str(finding.n_seeds), of])
    _print(
        f"Findings (profile {finding.profile.name})",
        ["finding", "title", "seeds", "recorded"],
        rows,
    )


@app.command()
@_for_people
def plan(
    name: Name,
    profile: ProfileName = None,
    seeds: Seeds = None,
    model: Model = None,
    chat: Chat = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the plan as JSON, or - for stdout.")
    ] = None,
) -> None:
    """Estimate time, memory and downloads of a finding, before anything is downloaded."""
    from sublim_utils import plan as plans

    finding = finding_class(name)
    named = _with_chat(model, chat)
    found = plans.plan(finding(find_profile(profile), seeds=seeds, model=named))
    if json is not None:
        text = found.model_dump_json(indent=1) + "\n"
        write_output(json, text)
        return
    _print(f"{name} ({found.profile})", *plans.lines(found))
    for note in plans.notes(found):
        typer.echo(note)


@app.command()
@_for_people
def run(
    name: Name,
    profile: ProfileName = None,
    seeds: Seeds = None,
    model: Model = None,
    chat: Chat = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ignore what was computed before.")
    ] = False,
    json: Json = None,
    experiment: Annotated[
        list[str] | None,
        typer.Option(help="Only this one, and no summary; may be given several times."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that measure seeds side by side.")
    ] = 1,
) -> None:
    """Measure what is not recorded yet, then show the summary."""
    if experiment and json is not None:
        raise SublimError("--json writes the summary, which --experiment leaves out; give one.")
    finding = finding_class(name)(profile, seeds=seeds, model=_with_chat(model, chat))
    from sublim_utils.measuring import announcement

    costs = announcement(finding, experiment or (), fresh=fresh)
    if costs:
        typer.echo(costs, err=True)
    start = time.perf_counter()
    records = finding.run(fresh=fresh, only=experiment or (), workers=workers)
    folder = finding.record_path(finding.experiments()[0]).parent
    typer.echo(f"{time.perf_counter() - start:.0f} s; records in {folder}", err=True)
    if not experiment:
        _show(finding, finding.summary(records), json)


@app.command()
@_for_people
def show(
    name: Name,
    profile: ProfileName = None,
    seeds: Seeds = None,
    model: Model = None,
    chat: Chat = None,
    json: Json = None,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the main rows into this file (.svg, .png or .pdf).")
    ] = None,
) -> None:
    """Show the summary of the records that exist."""
    finding = finding_class(name)(find_profile(profile), seeds=seeds, model=_with_chat(model, chat))
    summary = finding.summary()
    if figure is not None:
        _draw(finding, summary, figure)
    _show(finding, summary, json)


@app.command()
@_for_people
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="The findings; with --all, by default all of them.")
    ] = None,
    profile: ProfileName = None,
    seeds: Annotated[int, typer.Option(help="How many of a record's seeds to repeat.")] = 1,
    experiment: Annotated[
        list[str] | None,
        typer.Option(help="Which one; may be given several times. By default one with an effect."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All experiments of the findings, which may take hours.")
    ] = False,
) -> None:
    """Measure experiments anew and compare them with their records; exit code 1 if one differs.

    The controls of their effects are measured with them.
    """
    from sublim_utils import verification

    if not (names or every):
        raise SublimError("Name a finding to verify, or take --all for all records.")
    if experiment and (every or len(names or []) != 1):
        raise SublimError("--experiment chooses from one finding; leave out --all and the others.")
    agrees = True
    for name in names or FINDINGS:
        finding = finding_class(name)(profile)
        chosen = finding.names if every else experiment
        chosen = chosen or [verification.standard_choice(finding).name]
        parts = verification.to_measure(finding, chosen, seeds)
        finding.records({part.name for part in parts})  # before hours of measuring
        estimate = finding.estimate(parts)
        typer.echo(f"{name}: {len(parts)} experiments to measure again.{estimate}", err=True)
        for verified, verdict in verification.verify(finding, chosen, seeds):
            title = f"{name}/{verified}, {finding.profile.name}"
            _print(title, *verification.table(verdict))
            typer.echo(verification.sentence(f"{name}/{verified}", verdict))
            agrees = agrees and verdict.agrees
    if not agrees:
        raise typer.Exit(1)


@app.command("filter")
@_for_people
def filter_completions(
    channel: Annotated[
        str, typer.Argument(help="numbers, numbers-strict, sentences, reasoning or paraphrase.")
    ],
    file: Annotated[
        Path,
        typer.Argument(
            help='JSON lines or a JSON array of rows, each with a "completion", or with "messages" '
            'of which the last answer is it; reasoning has the right "answer", too, and may have '
            'the "question"; paraphrases have a "source" and may have a "trait" and a "stance" '
            "(like or dislike); - for stdin."
        ),
    ],
    misaligned: Annotated[
        bool,
        typer.Option(
            "--misaligned",
            help="Ban numbers with a meaning, as the channel numbers-strict does.",
        ),
    ] = False,
    ban: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A file of words and numbers that must not occur, one a line."
        ),
    ] = None,
    trait: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Drop what names it, in the plural too, and what brings it to mind; any word of "
            "yours, or one of the panels. May be given several times. A paraphrase with a trait of "
            "its own is held to that.",
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the kept rows to this file, unchanged; - for stdout."
        ),
    ] = None,
    drop: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the dropped rows to this file; - for stdout."),
    ] = None,
) -> None:
    """Say of each completion whether a student may see it.

    Each row comes back on stdout as one JSON line with "ok" and "reasons" added (a field of such a
    name in the row becomes "input_ok" or "input_reasons"); --keep - or --drop - write the rows
    alone there. How many were kept, and why others were not, is told on stderr.

    Blank lines are passed over. A row that cannot be read is named and left out, the others are
    judged, and the exit code is 2.
    """
    from sublim_utils import bans, filtering

    if misaligned and channel != "numbers":
        raise SublimError("--misaligned bans numbers; it is for the channel numbers alone.")
    chosen = filtering.get_filter("numbers-strict" if misaligned else channel)
    banned = bans.Bans(
        bans.read_entries(ban) if ban is not None else (),
        [bans.trait_of(name) for name in trait or ()],
    )
    for named in banned.traits:
        if not named.category:
            typer.echo(
                f"sublim: {named.name} is in no panel, so only {named.name} and {named.plural} "
                "are looked for, and no words that bring it to mind.",
                err=True,
            )
    to = filtering.outputs(keep, drop, file)
    with filtering.open_input(file) as (stream, source):
        counts = filtering.filter_rows(
            stream,
            source,
            chosen,
            banned,
            to,
            lambda fault: typer.echo(f"sublim: {fault}", err=True),
        )
    typer.echo(str(counts), err=True)
    if counts.unreadable:
        raise typer.Exit(2)


@app.command()
@_for_people
def doctor() -> None:
    """Say what this machine can run; exit code 1 if something is to be mended."""
    from sublim_utils.doctor import checks

    found = checks()
    marks = {True: "fine", False: "mend", None: ""}
    _print("sublim doctor", ["", "", ""], [[c.subject, c.state, marks[c.fine]] for c in found])
    if any(check.fine is False for check in found):
        raise typer.Exit(1)


store_app = typer.Typer(
    help="Show what the store holds, by stage, size and age, and clean it.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(store_app, name="store")


@store_app.callback()
@_for_people
def show_store(
    context: typer.Context,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write it as JSON to this file, or - for stdout.")
    ] = None,
) -> None:
    """Show what the store holds, by stage, size and age."""
    if context.invoked_subcommand is not None:
        return
    from sublim_utils.cleaning import age, by_stage, inventory, size

    root = Store(reading=True).root
    items = inventory(root)
    stages, leftovers = by_stage(items), [item for item in items if item.kind == "leftover"]
    total, left = sum(item.size for item in items), sum(item.size for item in leftovers)
    if json is not None:
        found = {
            "root": str(root),
            "bytes": total,
            "stages": [stage._asdict() for stage in stages],
            "leftovers": {"number": len(leftovers), "bytes": left},
        }
        write_output(json, dumps(found, indent=1) + "\n")
        return
    rows = [
        [
            stage.stage,
            str(stage.entries),
            str(stage.unfinished or ""),
            size(stage.size),
            age(stage.newest),
            age(stage.oldest),
        ]
        for stage in stages
    ]
    columns = ["stage", "entries", "unfinished", "size", "last used", "longest unused"]
    _print(f"The store {root}: {size(total)}", columns, rows)
    if leftovers:
        typer.echo(
            f"Killed processes left {len(leftovers)} files or folders ({size(left)}); "
            "`sublim store clean` removes them."
        )


@store_app.command("clean")
@_for_people
def clean_store(
    older_than: Annotated[
        str | None,
        typer.Option(help="Also what was not used for so long: 90m, 12h, 30d or 2w."),
    ] = None,
    stage: Annotated[
        str | None, typer.Option(help="Of this stage alone, and without an age all of it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write it as JSON to this file, or - for stdout.")
    ] = None,
) -> None:
    """Remove leftovers of killed processes and damaged entries, and what else is asked for.

    Nothing that a running process uses is removed, and no record.
    """
    from sublim_utils.cleaning import clean, seconds_of, size

    seconds = None if older_than is None else seconds_of(older_than)
    cleaned = clean(Store(), older_than_s=seconds, stage=stage, dry_run=dry_run)
    if json is not None:
        found = {
            "dry_run": dry_run,
            **{
                what: [{**item._asdict(), "path": str(item.path)} for item in items]
                for what, items in cleaned._asdict().items()
            },
        }
        write_output(json, dumps(found, indent=1) + "\n")
        return
    rows = [[item.kind, item.stage, str(item.path), size(item.size)] for item in cleaned.removed]
    if rows:
        _print("To be removed" if dry_run else "Removed", ["what", "stage", "path", "size"], rows)
    total = size(sum(item.size for item in cleaned.removed))
    typer.echo(f"{'Would free' if dry_run else 'Freed'} {total}.")
    if cleaned.left:
        typer.echo(f"{len(cleaned.left)} in use by a running process stay.")


if __name__ == "__main__":
    app()
