"""The command line: `sublim list | plan | run | show | verify | filter | store | doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from sublim_utils import __version__
from sublim_utils.commands import (
    checking,
    filtering,
    listing,
    measuring,
    showing,
    storing,
    verifying,
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sublim {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Run the experiments of the book on subliminal learning, and show their results."""


app.command("list")(listing.list_findings)
app.command()(measuring.plan)
app.command()(measuring.run)
app.command()(showing.show)
app.command()(verifying.verify)
app.command("filter")(filtering.filter_completions)
app.add_typer(storing.store_app, name="store")
app.command()(checking.doctor)

if __name__ == "__main__":
    app()
