"""`sublim filter`: which completions a student may see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sublim_utils.commands.options import for_people
from sublim_utils.errors import SublimError


@for_people
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
