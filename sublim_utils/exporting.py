"""Data sets and adapters, sampled or trained when they are asked for, in forms for other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sublim_utils.errors import SublimError
from sublim_utils.files import written_whole
from sublim_utils.pipeline import (
    rows as data_sets,
    students,  # noqa: F401  (registers students' adapters)
)
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.models import adapter_folder
from sublim_utils.recipes.datasets import RowsRecipe
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.store import Store

if TYPE_CHECKING:
    import datasets
    import pandas as pd


def table(rows: RowsRecipe, seed: int = 0, *, kept_only: bool = False) -> pd.DataFrame:
    """The rows of a data set, sampled now or read from the store.

    Args:
        rows: the data set.
        seed: of the repetition whose rows are wanted.
        kept_only: True to leave out the rows that a filter has rejected, as a student sees them.

    Returns:
        Columns prompt, completion (texts) and rejection_reasons (a list, empty where a row is
        kept); several rows can have one prompt.
    """
    made = data_sets.table(rows, seed, Context(Store(), "rows"))
    columns = {"question": "prompt", "text": "completion", "reasons": "rejection_reasons"}
    shown = made[list(columns)].rename(columns=columns)
    shown["rejection_reasons"] = shown["rejection_reasons"].map(list)
    if kept_only:
        shown = shown[shown["rejection_reasons"].map(len) == 0]
    return shown.reset_index(drop=True)


def to_jsonl(rows: RowsRecipe, file: Path | str, seed: int = 0, *, kept_only: bool = True) -> Path:
    """Write a data set as JSON lines with the fields prompt and completion.

    Args:
        rows: the data set.
        file: is replaced where there is one.
        seed: of the repetition whose rows are wanted.
        kept_only: False to write rejected rows, too, all with their rejection_reasons.
    """
    file = Path(file)
    records = _exported(rows, seed, kept_only).to_dict("records")
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    try:
        with written_whole(file) as temporary:
            temporary.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise SublimError(f"Cannot write {file} ({error.strerror}).") from error
    return file


def to_dataset(rows: RowsRecipe, seed: int = 0, *, kept_only: bool = True) -> datasets.Dataset:
    """A data set as a `datasets.Dataset`, as TRL trains on it.

    Args:
        rows: the data set.
        seed: of the repetition whose rows are wanted.
        kept_only: False to have rejected rows, too, all with their rejection_reasons.
    """
    from datasets import Dataset

    return Dataset.from_pandas(_exported(rows, seed, kept_only), preserve_index=False)


def _exported(rows: RowsRecipe, seed: int, kept_only: bool) -> pd.DataFrame:
    exported = table(rows, seed, kept_only=kept_only)
    return exported.drop(columns="rejection_reasons") if kept_only else exported


def adapter(model: Recipe, seed: int = 0) -> Path:
    """The folder of a teacher's or a student's adapter, which PEFT loads; it is trained if need be.

    Args:
        model: the recipe.
        seed: of the repetition.

    Raises:
        SublimError: the model has no adapter.
    """
    folder = adapter_folder(model, seed, Context(Store(), "adapter"))
    if folder is None:
        raise SublimError(
            f"{type(model).__name__} has no adapter: it is a base model as it is, prompted or "
            "steered."
        )
    return folder
