"""`sublim doctor`: what this machine can run."""

from __future__ import annotations

import typer

from sublim_utils.commands.options import Modules, for_people
from sublim_utils.commands.printing import print_table


@for_people
def doctor(
    modules: Modules = None,
) -> None:
    """Check what this machine can run; exit code 1 if something needs fixing."""
    from sublim_utils.doctor import checks

    results = checks()
    marks = {True: "fine", False: "mend", None: ""}
    print_table(
        "sublim doctor", ["", "", ""], [[c.subject, c.state, marks[c.fine]] for c in results]
    )
    if any(check.fine is False for check in results):
        raise typer.Exit(1)
