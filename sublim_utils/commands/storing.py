"""`sublim store`: what the store holds, and cleaning it."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from sublim_utils.commands.options import for_people
from sublim_utils.commands.printing import print_table
from sublim_utils.outputs import write_output
from sublim_utils.store import Store

store_app = typer.Typer(
    help="Show what the store holds, by stage, size and age; `clean` frees space.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@store_app.callback()
@for_people
def show_store(
    context: typer.Context,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write JSON to this file; - is stdout.")
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
        content = {
            "root": str(root),
            "bytes": total,
            "stages": [stage._asdict() for stage in stages],
            "leftovers": {"number": len(leftovers), "bytes": left},
        }
        write_output(json, dumps(content, indent=1) + "\n")
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
    print_table(f"The store {root}: {size(total)}", columns, rows)
    if leftovers:
        typer.echo(
            f"Killed processes left {len(leftovers)} files or folders ({size(left)}); "
            "`sublim store clean` removes them."
        )


@store_app.command("clean")
@for_people
def clean_store(
    older_than: Annotated[
        str | None,
        typer.Option(help="Also remove what was not used for this long: 90m, 12h, 30d or 2w."),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(help="Clean only this stage; without --older-than, remove all of it."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write JSON to this file; - is stdout.")
    ] = None,
) -> None:
    """Remove damaged entries and what killed processes left; options remove more.

    Records stay, and so does whatever a running process uses.
    """
    from sublim_utils.cleaning import clean, seconds_of, size

    seconds = None if older_than is None else seconds_of(older_than)
    cleaned = clean(Store(), older_than_s=seconds, stage=stage, dry_run=dry_run)
    if json is not None:
        content = {
            "dry_run": dry_run,
            **{
                what: [{**item._asdict(), "path": str(item.path)} for item in items]
                for what, items in cleaned._asdict().items()
            },
        }
        write_output(json, dumps(content, indent=1) + "\n")
        return
    rows = [[item.kind, item.stage, str(item.path), size(item.size)] for item in cleaned.removed]
    if rows:
        print_table(
            "To be removed" if dry_run else "Removed", ["what", "stage", "path", "size"], rows
        )
    total = size(sum(item.size for item in cleaned.removed))
    typer.echo(f"{'Would free' if dry_run else 'Freed'} {total}.")
    if cleaned.left:
        typer.echo(f"{len(cleaned.left)} in use by a running process stay.")
