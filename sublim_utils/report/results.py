"""The table of all results: every main row of every finding, beside the paper's values."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.base import Finding
from sublim_utils.profiles import find_profile
from sublim_utils.report.page import NO_BREAK, interval

SHOWN: tuple[tuple[str, tuple[str, ...] | None], ...] = (
    ("embedded", None),
    ("full", ("owl_numbers",)),
)
"""What the table holds: of each profile its findings, all of them for None."""
OBJECTIVES = {"tokens": "text", "logits": "probabilities"}
NUMBERS = ("ours", "seeds", "paper")
"""The columns whose cells are never broken."""


class Result(NamedTuple):
    """A row of the table, in words."""

    finding: str
    condition: str
    trait: str
    objective: str
    measure: str
    ours: str
    seeds: str
    paper: str


class Results:
    """The table as a page shows it, with a filter where there are scripts (`filter.js`)."""

    def __init__(self, rows: Iterable[Result]) -> None:
        """Of these rows, in their order."""
        self.rows = list(rows)

    def _repr_html_(self) -> str:
        findings = list(dict.fromkeys(row.finding for row in self.rows))
        options = "".join(f"<option>{escape(finding)}</option>" for finding in findings)
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in Result._fields)
        body = "".join(
            f'<tr data-finding="{escape(row.finding)}">{self._cells(row)}</tr>\n'
            for row in self.rows
        )
        return (
            '<div class="sublim-results">\n'
            '<form class="sublim-filter" role="search" aria-label="Filter the results" hidden>\n'
            f'<label>Finding <select><option value="">all</option>{options}</select></label>\n'
            '<label>Words in the row <input type="search" autocomplete="off"></label>\n'
            '<output aria-live="polite"></output>\n'
            "</form>\n"
            '<div class="sublim-scroll" role="region" aria-label="All results" tabindex="0">\n'
            f'<table class="dataframe">\n<thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{body}</tbody>\n</table>\n"
            "</div>\n</div>"
        )

    @staticmethod
    def _cells(row: Result) -> str:
        return "".join(
            f'<td class="sublim-{"number" if name in NUMBERS else name}">{escape(text)}</td>'
            for name, text in row._asdict().items()
        )

    def _repr_markdown_(self) -> str:
        """The same for pages on paper."""
        lines = [Result._fields, ["---"] * len(Result._fields), *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def all_results(shown: Iterable[tuple[str, tuple[str, ...] | None]] = SHOWN) -> Results:
    """The main rows of all findings that the book ships records of.

    Args:
        shown: names of profiles, each with the names of its findings, or None for all.

    Raises:
        SublimError: a record is missing, damaged or outdated.
    """
    rows: list[Result] = []
    for profile, names in shown:
        for name in names or FINDINGS.names():
            finding = finding_class(name)(find_profile(profile))
            summary = finding.summary()
            rows += [
                _result(finding, profile, row) for _, row in summary[summary["main"]].iterrows()
            ]
    return Results(rows)


def _result(finding: Finding[Any], profile: str, row: pd.Series[Any]) -> Result:
    condition = finding.labels.get(row["condition"], row["condition"]).replace("\n", " ")
    fraction = pd.isna(row["unit"]) or row["unit"] == "fraction"
    paper = finding.paper.get(row["condition"])
    return Result(
        finding=finding.title,
        condition=condition if profile == "embedded" else f"{condition}, profile {profile}",
        trait="" if pd.isna(row["trait"]) else row["trait"],
        objective="" if pd.isna(row["objective"]) else OBJECTIVES[row["objective"]],
        measure=row["metric"].replace("_", " ").replace("≥ ", f"≥{NO_BREAK}")
        + ("" if fraction else f", {row['unit']}"),
        ours=with_interval(row["mean"], row["low"], row["high"], 2 if row["unit"] == "nats" else 3),
        seeds=str(row["n_seeds"]),
        paper="" if paper is None else f"{paper:.3f}",
    )


def with_interval(mean: float, low: float, high: float, digits: int) -> str:
    """A mean with its interval, or alone where all seeds agree and there is no interval to tell.

    Args:
        mean: over the seeds.
        low: end of its interval.
        high: end of its interval.
        digits: after the point.
    """
    shown = interval(mean, low, high, digits)
    return shown.partition(" [")[0] if pd.isna(low) or low == high else shown
