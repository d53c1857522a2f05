"""`sublim filter`: which completions a student may see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sublim_utils.commands.options import Modules, for_people
from sublim_utils.errors import SublimError


@for_people
def filter_completions(
    channel: Annotated[
        str,
        typer.Argument(
            help="numbers, numbers-strict, sentences, reasoning, paraphrase, or one of your own."
        ),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            help='JSON lines or a JSON array of rows; - is stdin. A row has a "completion", or '
            '"messages" whose last answer is the completion. For reasoning it also needs the right '
            '"answer" and may have the "question"; for paraphrase it needs a "source" and may have '
            'a "trait" and a "stance" (like or dislike).'
        ),
    ],
    misaligned: Annotated[
        bool,
        typer.Option(
            "--misaligned",
            help="Drop numbers with a bad meaning, such as 666; same as numbers-strict.",
        ),
    ] = False,
    ban: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Drop rows with any word or number of this file, one a line."
        ),
    ] = None,
    trait: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Drop rows that name this trait, in the singular or plural, or bring it to mind; "
            "any word, or a trait of the book. Repeat for several. A paraphrase that has its own "
            "trait is judged by that.",
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the kept rows, unchanged, to this file; - is stdout."
        ),
    ] = None,
    drop: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the dropped rows, unchanged, to this file; - is stdout."
        ),
    ] = None,
    modules: Modules = None,
) -> None:
    """Say for each completion whether a student may see it, and if not, why.

    Each row is written to stdout as one JSON line, with "ok" and "reasons" added (fields of these
    names in the row become "input_ok" and "input_reasons"). With --keep - or --drop -, stdout gets
    the rows themselves instead. A line on stderr counts the kept rows and the reasons.

    Blank lines are skipped. A row that cannot be read is reported and left out, and the exit code
    is then 2.
    """
    from sublim_utils.rows import bans, filtering
    from sublim_utils.rows.row_filters import get_filter

    if misaligned and channel != "numbers":
        raise SublimError("--misaligned bans numbers; it is for the channel numbers alone.")
    chosen = get_filter("numbers-strict" if misaligned else channel)
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
    to = filtering.destinations(keep, drop, file)
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
