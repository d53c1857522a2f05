"""Figures in one style, drawn from tidy tables, with 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sublim_utils.report.bars import bars_before_after as bars_before_after
from sublim_utils.report.style import (
    COLOUR as COLOUR,
    COLOURS,
    DASHED,
    draw_intervals,
    legend_above,
    mark_paper,
    use_style as use_style,
)
from sublim_utils.stats import crossed_interval, mean_interval

MOST_IN_PANEL = 50
"""Rows of a summary under one another."""


def conditions(
    summary: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    axis: str,
    paper: Mapping[str, float] | None = None,
    reference: tuple[float, str] | None = None,
) -> Figure:
    """One row per condition: the mean with its 95 % interval, and the paper's value as a mark.

    Args:
        summary: a finding's summary table, one row per condition.
        labels: what to call the conditions, in the order from top to bottom.
        axis: title of the horizontal axis.
        paper: the paper's value by condition.
        reference: a value to mark by a line, and its name.
    """
    rows = summary.set_index("condition").loc[list(labels)]
    figure, axes = plt.subplots(figsize=(6.4, 0.6 * len(rows) + 1.3))
    heights = np.arange(len(rows))[::-1]
    draw_intervals(axes, rows, heights, fmt="o", capsize=4, label="ours, 95 % interval")
    if paper is not None:
        mark_paper(axes, [paper[c] for c in labels], heights - 0.22, "black", "paper")
    if reference is not None:
        axes.axvline(reference[0], **DASHED, label=reference[1])
    axes.set_yticks(heights, list(labels.values()))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(axis)
    if (rows["unit"] == "fraction").all():
        axes.set_xlim(0, 1)
    legend_above(axes)
    return figure


def summary_rows(
    rows: pd.DataFrame, labels: Mapping[str, str], *, paper: Mapping[str, float] | None = None
) -> Figure:
    """Rows of any finding's summary, one under the other: the mean with its 95 % interval.

    Rows of one unit share an axis; of more than `MOST_IN_PANEL` there are several side by side.

    Args:
        rows: of a summary table; a row is called by what tells it from the others.
        labels: what to call the conditions, in the order from top to bottom.
        paper: the paper's value by condition, for summaries with one row for each of these.
    """
    if not rows["condition"].duplicated().any() and {*rows["condition"]} == {*labels}:
        axis = str(rows["metric" if rows["metric"].nunique() == 1 else "unit"].iloc[0])
        return conditions(rows, labels, axis=axis, paper=paper or None)
    table = rows.assign(label=_row_labels(rows, labels), unit=rows["unit"].fillna(""))
    panels = [
        unit_rows.iloc[chosen]
        for _, unit_rows in table.groupby("unit", sort=False)
        for chosen in np.array_split(
            range(len(unit_rows)), math.ceil(len(unit_rows) / MOST_IN_PANEL)
        )
    ]
    height = 0.3 * max(map(len, panels)) + 1.3
    figure, grid = plt.subplots(1, len(panels), figsize=(6.8 * len(panels), height), squeeze=False)
    for axes, panel in zip(grid[0], panels, strict=True):
        heights = np.arange(len(panel))[::-1]
        bounds = panel[["low", "high"]].to_numpy(float)
        draw_intervals(axes, panel, heights, fmt="o", markersize=4, capsize=3)
        axes.set_yticks(heights, list(panel["label"]), fontsize=9)
        axes.set_ylim(-0.8, len(panel) - 0.2)
        metrics = list(dict.fromkeys(panel["metric"]))
        unit = panel["unit"].iloc[0]
        named = [*(metrics if len(metrics) == 1 else ()), *([unit] if unit != "fraction" else ())]
        axes.set_xlabel(" in ".join(filter(None, named)) or unit)
        axes.set_title("mean, 95 % interval", fontsize=9)
        if unit == "fraction":
            axes.set_xlim(-0.02, 1.02)
        elif (bounds[:, 0].min() if len(panel) else 0) <= 0:
            axes.axvline(0, color="grey", linewidth=0.8)
    return figure


def _row_labels(rows: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """What tells each row from the others: its condition, trait, objective or metric."""
    shown = rows.assign(condition=rows["condition"].map(lambda c: labels.get(c, c)))
    columns = ["condition", "trait", "objective", "metric"]
    varying = [c for c in columns if shown[c].nunique(dropna=False) > 1] or ["condition"]
    words = shown[varying].astype(object).where(shown[varying].notna(), "")
    return [", ".join(filter(None, row)) for row in words.itertuples(index=False)]


def answered_digits(images: np.ndarray, labels: Sequence[int], given: Sequence[int]) -> Figure:
    """Digits with a network's answers above them: ✓ where it is right, ✗ where it is wrong.

    Args:
        images: [n, 784], bytes.
        labels: true classes.
        given: answers.
    """
    columns = 5
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(4.6, 1.15 * rows))
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, image, label, answer in zip(grid.flat, images, labels, given, strict=False):
        right = label == answer
        axes.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=255)
        colour = COLOURS[2] if right else COLOURS[3]
        axes.set_title(f"{answer} {'✓' if right else '✗'}", color=colour, fontsize=13)
    return figure


def effects(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    groups: Mapping[str, str],
    *,
    axis: str,
    bars: pd.DataFrame | None = None,
    bars_label: str = "",
    paper: Mapping[str, Mapping[str, float]] | None = None,
    colours: Mapping[str, str] | None = None,
) -> Figure:
    """One line per case: each seed as a dot, and the mean with its 95 % interval, by group.

    Args:
        table: columns `case`, `group`, `value`, one row per seed; a case need not have all groups.
            With columns `seed` and `question`, one row per seed and question: dots are means over
            questions, and intervals are for new seeds and new questions.
        labels: what to call the cases, from top to bottom.
        groups: what to call the groups, in the legend's order.
        axis: title of the horizontal axis.
        bars: columns `case`, `group`, `low`, `high`: what to hold the values against.
        bars_label: what the bars are.
        paper: the paper's value by group and case.
        colours: by group, where they are not those of the palette in order.
    """
    figure, axes = plt.subplots(figsize=(6.4, 0.23 * len(labels) * (len(groups) + 0.6) + 1.3))
    step = 0.8 / len(groups)
    for number, (group, name) in enumerate(groups.items()):
        colour = (colours or {}).get(group, COLOURS[number])
        group_rows = table[table["group"] == group]
        intervals, published = {}, {}
        for row, case in enumerate(labels):
            height = -row - step * (number - (len(groups) - 1) / 2)
            if paper is not None and case in paper.get(group, {}):
                published[height] = paper[group][case]
            case_rows = group_rows[group_rows["case"] == case]
            if case_rows.empty:
                continue
            if "question" in case_rows:
                answers = case_rows.pivot(index="seed", columns="question", values="value")
                values = answers.mean(axis=1).to_numpy(float)
                crossed = crossed_interval(answers.to_numpy(float))
                intervals[height] = crossed.mean, crossed.low, crossed.high
            else:
                values = case_rows["value"].to_numpy(float)
                intervals[height] = mean_interval(values)[:3]
            axes.scatter(values, [height] * len(values), s=14, color=colour, alpha=0.5)
            if bars is not None:
                bar = bars[(bars["case"] == case) & (bars["group"] == group)]
                widths = bar["high"] - bar["low"]
                axes.barh(height, widths, left=bar["low"], height=0.7 * step, color="lightgrey",
                          zorder=0)  # fmt: skip
        if published:
            label = f"{name}, paper"
            mark_paper(axes, [*published.values()], [*published], colour, label)
        if intervals:
            means = pd.DataFrame(intervals.values(), columns=["mean", "low", "high"]).astype(float)
            draw_intervals(axes, means, [*intervals], fmt="o", markersize=7, capsize=3,
                    color=colour, label=name)  # fmt: skip
    if bars is not None:
        axes.barh(0, 0, color="lightgrey", label=bars_label)
    axes.axvline(0, **DASHED)
    axes.set_yticks([-row for row in range(len(labels))], list(labels.values()))
    axes.set_ylim(-len(labels) + 0.4, 0.6)
    axes.set_xlabel(axis)
    axes.grid(visible=False, axis="y")
    legend_above(axes)
    return figure


def matrix(tables: Mapping[str, pd.DataFrame], *, value_axis: str) -> Figure:
    """Values by teacher and candidate, one heat map above the other; a teacher's own is framed.

    Args:
        tables: by title, values with teachers as rows and candidates as columns.
        value_axis: what the values are.
    """
    rows = [len(table) for table in tables.values()]
    figure, panels = plt.subplots(
        len(tables), 1, figsize=(7.4, 0.38 * sum(rows) + 1.25 * len(tables)),
        height_ratios=[n + 0.5 for n in rows], squeeze=False,
    )  # fmt: skip
    most = max(float(np.nanmax(np.abs(table.to_numpy()))) for table in tables.values()) or 1.0
    for axes, (title, table) in zip(panels[:, 0], tables.items(), strict=True):
        shown = table.round(1) + 0.0  # no minus before a zero
        sns.heatmap(
            table, ax=axes, center=0, vmin=-most, vmax=most, cmap="vlag", annot=shown,
            fmt=".1f", annot_kws={"size": 7}, linewidths=0.5, cbar=False,
        )  # fmt: skip
        for row, teacher in enumerate(table.index):
            if teacher in table.columns:
                corner = (table.columns.get_loc(teacher), row)
                frame = Rectangle(corner, 1, 1, fill=False, edgecolor="black", linewidth=1.6)
                axes.add_patch(frame)
        axes.set(xlabel="", ylabel="teacher")
        axes.set_title(f"{title}: {value_axis}", fontsize="small", loc="left")
        axes.tick_params(axis="y", rotation=0, labelsize="small")
        axes.tick_params(axis="x", rotation=60, labelsize="small")
    return figure


def preferences(table: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Bars of what each condition prefers, the teacher's favourite first.

    Args:
        table: as `tables.preferences` gives it.
        labels: what to call its columns, in the legend's order.
    """
    table = table.sort_values("teacher", ascending=False)
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    width = 0.8 / len(labels)
    for number, (condition, label) in enumerate(labels.items()):
        left = np.arange(len(table)) + width * (number - (len(labels) - 1) / 2)
        axes.bar(left, table[condition], width, color=COLOURS[number], label=label)
    axes.set_xticks(range(len(table)), list(table.index))
    axes.tick_params(axis="x", rotation=60)
    axes.set(xlabel="", ylabel="probability within the panel")
    axes.grid(visible=False, axis="x")
    legend_above(axes)
    return figure
