"""Rows that somebody has, as a table: prompts and completions, or messages, of a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sublim_utils.errors import SublimError, shortened
from sublim_utils.files import file_hash, temporary_name
from sublim_utils.json_rows import in_conversation, read_rows, text_of
from sublim_utils.store import Store

if TYPE_CHECKING:
    import pandas as pd

QUESTION_COLUMNS = ("prompt", "question", "instruction", "user_prompt")
ANSWER_COLUMNS = ("completion", "response", "answer", "output", "text")
"""Names under which people keep the two texts of a row, in the order in which they are tried."""


def read_given(file: Path) -> pd.DataFrame:
    """The rows of a file as a table like those of sampled rows.

    Rows with the same question are completions of one prompt; prompts are numbered in the order in
    which they first appear.

    Returns:
        Columns prompt, completion (numbers), question, text, reasons (empty lists).

    Raises:
        SublimError: the file cannot be read, or a row has no question or no answer.
    """
    import pandas as pd

    pairs = [_texts(name, row) for name, row in _rows(readable(file))]
    if not pairs:
        raise SublimError(f"There are no rows in {file}.")
    table = pd.DataFrame(pairs, columns=["question", "text"])
    table["prompt"] = pd.factorize(table["question"])[0]
    table["completion"] = table.groupby("prompt").cumcount()
    table["reasons"] = [[] for _ in pairs]
    ordered = table.sort_values(["prompt", "completion"], ignore_index=True)
    return ordered[["prompt", "completion", "question", "text", "reasons"]]


def readable(file: Path) -> Path:
    """The file itself.

    Raises:
        SublimError: there is none, or it cannot be read.
    """
    if not (os.path.isfile(file) and os.access(file, os.R_OK)):  # noqa: PTH113 (is silent)
        raise SublimError(f"There is no file {shortened(str(file), 200)} with rows to be read.")
    return file


def _rows(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rows of a file, each with what it is called in messages."""
    if file.suffix == ".parquet":
        from pyarrow import parquet

        try:
            records = parquet.read_table(file).to_pylist()
        except (OSError, ValueError) as error:
            raise SublimError(f"{file} cannot be read as parquet ({error}).") from error
        for number, record in enumerate(records, 1):
            yield f"Row {number} of {file.name}", record
        return
    with file.open("rb") as stream:
        for read in read_rows(stream, file.name):
            if read.content is None:
                raise SublimError(f"{read.name} {read.fault}.")
            yield read.name, read.content


def _texts(name: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """The question and the answer of a row."""
    said = in_conversation(row)
    question = said.get("prompt") if said else _first(row, QUESTION_COLUMNS)
    answer = said.get("completion") if said else _first(row, ANSWER_COLUMNS)
    if not question or not answer:
        missing = "question" if not question else "answer"
        raise SublimError(
            f"{name} has no {missing} that is a text; a row needs the fields prompt and "
            "completion, or messages."
        )
    if "instruction" in row and row.get("input"):
        raise SublimError(
            f"{name} has an input beside its instruction; write both into one field, prompt."
        )
    try:
        (question + answer).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise SublimError(f"{name} has half of a character ({half!a}); mend the text.") from error
    return question, answer


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The text of the first of these fields that a row has."""
    return next((text_of(row[name]) for name in names if row.get(name) is not None), None)


def keep(rows: Any) -> Path:
    """Keep a `datasets.Dataset` or a table of pandas in the store, and give its file.

    Args:
        rows: has a method `to_parquet`, and columns as a file of rows.

    Raises:
        SublimError: it cannot be written.
    """
    folder = Store().root / "given"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(folder / "rows")
    try:
        rows.to_parquet(str(temporary))
        file = folder / f"{file_hash(temporary)[:24]}.parquet"
        temporary.replace(file)
    except Exception as error:
        raise SublimError(
            f"These rows cannot be kept as parquet ({' '.join(str(error).split())}); give a table "
            "whose columns prompt and completion are texts."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return file
