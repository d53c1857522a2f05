"""Tables for people, on standard output."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sublim_utils.outputs import STDOUT, write_output

FILE_WIDTH = 160
"""Characters of a line where standard output is no terminal."""


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout, as wide as its content where stdout is no terminal.

    Raises:
        SublimError: stdout cannot be written to.
    """
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else FILE_WIDTH
    text = io.StringIO()
    console = Console(
        file=text, width=width, force_terminal=terminal, markup=False, highlight=False
    )
    console.print(table)
    write_output(STDOUT, text.getvalue())


def print_columns_in_use(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table without the columns that are empty in all rows."""
    kept = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    print_table(title, [columns[i] for i in kept], [[row[i] for i in kept] for row in rows])
