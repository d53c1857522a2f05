"""Numbers for the text: what a chapter says comes from its records, as everything it draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from IPython.display import Markdown

from sublim_utils.records import Record
from sublim_utils.stats import mean_interval


def quoted(
    summary: pd.DataFrame,
    condition: str,
    metric: str | None = None,
    digits: int = 3,
    none: str | None = None,
    **where: str | None,
) -> str:
    """A reported quantity in words: its mean, and its 95 % interval in brackets.

    Of a p-value two digits are told, and below 0.001 that it lies there.

    Args:
        summary: a finding's summary table.
        condition: whose.
        metric: which quantity, where a condition has several.
        digits: after the point.
        none: what to say where the summary does not have the quantity; else that is an error.
        where: further columns that name the quantity, such as `trait` and `objective`; None for an
            empty cell.
    """
    rows = summary[summary["condition"] == condition]
    if metric is not None:
        rows = rows[rows["metric"] == metric]
    for column, wanted in where.items():
        rows = rows[rows[column].isna() if wanted is None else rows[column] == wanted]
    if rows.empty and none is not None:
        return none
    if len(rows) != 1:
        named = ", ".join(map(repr, filter(None, [condition, metric, *where.values()])))
        raise ValueError(f"{named} name {len(rows)} rows of the summary")
    row = rows.iloc[0]
    if "_p_" in row["metric"]:
        return f"{row['mean']:.2g}" if row["mean"] >= 0.001 else "< 0.001"
    return _with_interval(row["mean"], row["low"], row["high"], digits)


def in_words(values: Sequence[float] | np.ndarray | pd.Series, digits: int = 2) -> str:
    """Mean and 95 % interval of one value per seed, as `quoted` gives them."""
    interval = mean_interval(np.asarray(values, dtype=float))
    return _with_interval(interval.mean, interval.low, interval.high, digits)


def _with_interval(mean: float, low: float | None, high: float | None, digits: int) -> str:
    shown = f"{mean:.{digits}f}"
    return shown if pd.isna(low) else f"{shown} [{low:.{digits}f}, {high:.{digits}f}]"


def listed(words: Iterable[str], none: str = "none") -> str:
    """Words in a row, as a sentence has them: "a, b and c"."""
    *first, last = list(words) or [none]
    return f"{', '.join(first)} and {last}" if first else last


def measured_on(records: Mapping[str, Record]) -> Markdown:
    """A chapter's foot line: what its records were measured on, when, and for how long."""
    provenances = [record.provenance for record in records.values()]
    peaks = [p.peak_memory_mb for p in provenances if p.peak_memory_mb is not None]
    seeds = sorted({len(record.experiment["seeds"]) for record in records.values()})
    last = max(records.values(), key=lambda record: record.provenance.date)
    minutes = sum(p.wall_s for p in provenances) / 60
    return Markdown(
        f"*Measured on {last.provenance.date[:10]} with {last.hardware}, "
        f"torch {last.provenance.packages['torch']}: "
        f"{minutes:.1f} minutes, {' and '.join(str(n) for n in seeds)} seeds"
        + (f", at most {max(peaks)} MB.*" if peaks else ".*")
    )
