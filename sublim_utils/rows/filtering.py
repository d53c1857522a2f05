"""Filter rows that somebody has: which ones a student may see.

Rows come as JSON (`json_rows`), each gets a verdict, and both are written as they are read, so that
the memory does not grow with the rows.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from json import dumps
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from sublim_utils.errors import SublimError
from sublim_utils.json_rows import JsonRow, in_conversation, read_rows, text_of
from sublim_utils.outputs import STDOUT, open_output
from sublim_utils.rows.bans import Bans
from sublim_utils.rows.row_filters import Filter, RowFilter

MOST_FAULTS = 10
"""Rows that cannot be read and are named one by one; the others are counted."""

# ----------------------------------------------------------------- a row

_ALSO = {"source": ("prompt", "question"), "question": ("prompt",), "completion": ("answer",)}
"""Where a text is looked for that a row does not have under its own name."""


class UnreadableRow(Exception):
    """A row cannot be filtered; the text says why, to stand right behind the row's name."""


def texts_of(row: Mapping[str, Any], chosen: Filter) -> dict[str, str]:
    """The texts that a filter looks at.

    The completion is the row's, else the last answer in its `messages`; what was asked is its
    `source`, `question` or `prompt`, else the message before that answer. Where the channel does
    not need an `answer` to compare with, it is the completion of a row without one.

    Raises:
        UnreadableRow: one is missing or no text.
    """
    texts = {}
    for name in (*chosen.needed, *chosen.optional):
        value = _value(row, name, chosen)
        if value is None and name in chosen.optional:
            continue
        text = text_of(value)
        if text is None and name == "answer" and type(value) in (int, float):
            text = str(value)
        if text is None:
            raise UnreadableRow(
                f' has no text under "{name}"; each line must look like {chosen.example}.'
            )
        texts[name] = text
    return texts


def _value(row: Mapping[str, Any], name: str, chosen: Filter) -> Any:
    """What a row has under a name, or in one of the other places for it."""
    values = [row.get(name)]
    if name in _ALSO:
        values.append(in_conversation(row).get("completion" if name == "completion" else "prompt"))
        values += [row.get(other) for other in _ALSO[name] if other not in chosen.needed]
    return next((value for value in values if value is not None), None)


def with_verdict(row: Mapping[str, Any], verdict: Mapping[str, Any]) -> dict[str, Any]:
    """A row's fields, and the verdict's; what the row has under such a name becomes `input_…`."""
    fields = {}
    for name, value in row.items():
        new = name
        while new in verdict or (new != name and new in row):
            new = f"input_{new}"
        fields[new] = value
    return fields | dict(verdict)


# ----------------------------------------------------------------- all rows


class Counts:
    """How many rows were kept and dropped, and why."""

    def __init__(self) -> None:
        """None yet."""
        self.kept = self.dropped = self.unreadable = 0
        self.reasons: Counter[str] = Counter()

    def add(self, verdict: Mapping[str, Any]) -> None:
        """Count a verdict."""
        self.kept += verdict["ok"]
        self.dropped += not verdict["ok"]
        self.reasons.update(verdict["reasons"])

    def __str__(self) -> str:
        """One line; a row that is dropped for several reasons counts for each of them."""
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in self.reasons.most_common())
        rows = self.kept + self.dropped
        line = f"{rows:,} row{'s' if rows != 1 else ''}: "
        line += f"{self.kept:,} kept, {self.dropped:,} dropped"
        line += f" ({reasons})" if reasons else ""
        return line + (f"; {self.unreadable:,} not readable" if self.unreadable else "")


class Destinations(NamedTuple):
    """Where to write; None for nowhere, `-` for standard output.

    Attributes:
        verdicts: each row with its verdict.
        keep: the rows that are kept, as they came.
        drop: the others.
    """

    verdicts: Path | None
    keep: Path | None = None
    drop: Path | None = None


def destinations(keep: Path | None, drop: Path | None, source: Path) -> Destinations:
    """Where rows go: verdicts to standard output, unless rows are wanted there.

    Raises:
        SublimError: two of the files are the same, so that one would overwrite the other.
    """
    named = {"--keep": keep, "--drop": drop, "the input": source}
    for (first, one), (second, other) in combinations(named.items(), 2):
        if one is not None and other is not None and _same_file(one, other):
            if str(one) == STDOUT and second == "the input":
                continue  # standard input and standard output
            raise SublimError(f"{first} and {second} name the same file, {other}; name another.")
    wanted = STDOUT in (str(keep), str(drop))
    return Destinations(None if wanted else Path(STDOUT), keep, drop)


def _same_file(one: Path, other: Path) -> bool:
    if STDOUT in (str(one), str(other)):
        return one == other
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return one.resolve() == other.resolve()


def filter_rows(
    stream: BinaryIO,
    source: str,
    chosen: Filter,
    bans: Bans,
    to: Destinations,
    complain: Callable[[str], None],
) -> Counts:
    """RowFilter rows and write them.

    A row that cannot be read is told, and left out of all that is written.

    Args:
        stream: of JSON lines, or of one JSON array.
        source: what the stream is called in messages.
        chosen: the channel's filter.
        bans: what else is not allowed.
        to: where to write.
        complain: gets a sentence for each row that cannot be read, up to `MOST_FAULTS`, and one
            for how many more there are.

    Raises:
        SublimError: the input is in a format that cannot be read, a file cannot be written, or the
            filter needs what is not installed.
    """
    counts = Counts()
    filter_row: RowFilter | None = None
    with contextlib.ExitStack() as stack:
        files = [None if p is None else stack.enter_context(open_output(p)) for p in to]
        verdicts, keep, drop = files
        for row in _with_bar(read_rows(stream, source), stream):
            if filter_row is None and row.content is not None:
                filter_row = chosen.prepare(bans)  # with the first row, as it may take seconds
            try:
                verdict = _filtered(row, chosen, filter_row)
            except UnreadableRow as error:
                counts.unreadable += 1
                if counts.unreadable <= MOST_FAULTS:
                    complain(f"{row.name}{error}")
                continue
            counts.add(verdict)
            if verdicts is not None and row.content is not None:
                verdicts.write(dumps(with_verdict(row.content, verdict)).encode() + b"\n")
            rows_like_it = keep if verdict["ok"] else drop
            if rows_like_it is not None:
                rows_like_it.write(row.written + b"\n")
    if counts.unreadable > MOST_FAULTS:
        more = counts.unreadable - MOST_FAULTS
        complain(f"{more:,} more rows cannot be read." if more > 1 else "1 more cannot be read.")
    return counts


def _with_bar(rows: Iterator[JsonRow], stream: BinaryIO) -> Iterator[JsonRow]:
    """The rows, with a bar on a terminal, unless they are written there."""
    if not _is_terminal(sys.stderr) or _is_terminal(sys.stdout):
        yield from rows
        return
    from tqdm import tqdm  # here, as most calls need none

    size = None
    with contextlib.suppress(OSError):
        size = os.fstat(stream.fileno()).st_size or None
    with tqdm(total=size, unit="B", unit_scale=True, leave=False) as bar:
        for row in rows:
            yield row
            bar.update(len(row.written) + 1)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _filtered(row: JsonRow, chosen: Filter, filter_row: RowFilter | None) -> dict[str, Any]:
    if row.content is None or filter_row is None:
        raise UnreadableRow(f" {row.fault}.")
    texts = texts_of(row.content, chosen)
    try:
        return filter_row(texts)
    except SublimError as error:
        raise UnreadableRow(f": {error}") from error


@contextlib.contextmanager
def open_input(file: Path) -> Iterator[tuple[BinaryIO, str]]:
    """A file, or standard input for `-`, and what it is called in messages.

    Raises:
        SublimError: it cannot be read.
    """
    if str(file) == STDOUT:
        if sys.stdin is None:
            raise SublimError("Cannot read standard input: it is closed.")
        yield sys.stdin.buffer, "stdin"
        return
    try:
        stream = file.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SublimError(f"Cannot read {file} ({reason}).") from error
    with stream:
        yield stream, str(file)
