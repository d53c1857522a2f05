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
    with_intervals,
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


def levels(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    axis: str,
    level_names: Mapping[str, str] | None = None,
    log: bool = False,
    value_axis: str = "accuracy",
    reference: tuple[float, str] | None = None,
) -> Figure:
    """Mean and 95 % interval over seeds at each level of a setting, one line per condition.

    Args:
        table: columns `level`, `condition`, `value`, one row per seed.
        labels: what to call the conditions, in the legend's order.
        axis: title of the horizontal axis.
        level_names: for levels that are no numbers: what to call them, in order.
        log: whether the horizontal axis is logarithmic.
        value_axis: title of the vertical axis.
        reference: a value to mark by a line, and its name.
    """
    figure, axes = plt.subplots()
    names = list(level_names or {})
    for number, (condition, label) in enumerate(labels.items()):
        rows = table[table["condition"] == condition]
        means = with_intervals(rows.groupby("level")["value"])
        if level_names:
            means = means.loc[names]
            levels = np.arange(len(names)) + 0.09 * (number - (len(labels) - 1) / 2)
        else:
            means.index = means.index.astype(float)
            means = means.sort_index()
            levels = means.index.to_numpy()
        style = "o" if level_names else "o-"
        draw_intervals(axes, means, levels, upright=True, fmt=style, capsize=3, label=label)
    if level_names:
        axes.set_xticks(range(len(names)), [level_names[name] for name in names])
    if log:
        axes.set_xscale("log")
    if reference is not None:
        axes.axhline(reference[0], **DASHED, label=reference[1])
    axes.set(xlabel=axis, ylabel=value_axis, ylim=(0, 1))
    legend_above(axes)
    return figure


def curves(
    updates: Sequence[int],
    by_condition: Mapping[str, Sequence[Sequence[float]]],
    labels: Mapping[str, str],
    *,
    axis: str = "updates",
    colours: Mapping[str, int] | None = None,
    figsize: tuple[float, float] = (6.4, 3.6),
) -> Figure:
    """Mean over seeds along training, with a band for the 95 % interval.

    Args:
        updates: where it was measured.
        by_condition: values [seed][update] by condition.
        labels: what to call the conditions that are drawn.
        axis: title of the horizontal axis.
        colours: the condition's place in the palette, where that is not its order.
        figsize: in inches.
    """
    figure, axes = plt.subplots(figsize=figsize)
    for number, (condition, label) in enumerate(labels.items()):
        means = with_intervals(enumerate(np.asarray(by_condition[condition], dtype=float).T))
        colour = COLOURS[colours[condition] if colours else number]
        axes.plot(updates, means["mean"], color=colour, label=label)
        axes.fill_between(updates, means["low"], means["high"], color=colour, alpha=0.25, lw=0)
    axes.set(xlabel=axis, ylabel="accuracy", ylim=(0, 1))
    legend_above(axes)
    return figure


def confusion(counts: Sequence[Sequence[int]]) -> Figure:
    """Share of each answer by true class, as a heat map of [true class][answer] counts."""
    matrix = np.asarray(counts, dtype=float)
    figure, axes = plt.subplots(figsize=(4.6, 3.9))
    sns.heatmap(
        matrix / matrix.sum(1, keepdims=True), ax=axes, vmin=0, vmax=1, cmap="Blues", square=True,
        linewidths=0.5, cbar_kws={"label": "share of the digit's images"},
    )  # fmt: skip
    axes.set(xlabel="answer", ylabel="true digit")
    axes.tick_params(axis="y", rotation=0)
    return figure


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


def doses(
    table: pd.DataFrame,
    groups: Mapping[str, str],
    *,
    axis: str,
    value_axis: str,
    one_scale: bool = True,
) -> Figure:
    """How an effect grows, by group: each case as a thin line, the mean as a thick one.

    The band is the 95 % interval of the mean over cases, over seeds. Each doubling of the dose is
    a step of the same width, after a first one from zero to the smallest.

    Args:
        table: columns `group`, `case`, `seed`, `dose`, `value`.
        groups: titles of the panels, in order.
        axis: title of the horizontal axes.
        value_axis: title of the vertical axis.
        one_scale: whether the panels share it.
    """
    figure, panels = plt.subplots(
        1, len(groups), figsize=(6.4, 3.4), sharey=one_scale, squeeze=False
    )
    cases = list(dict.fromkeys(table["case"]))
    colours = sns.color_palette("husl", len(cases))
    for axes, (group, title) in zip(panels[0], groups.items(), strict=True):
        group_rows = table[table["group"] == group]
        for case, colour in zip(cases, colours, strict=True):
            case_rows = group_rows[group_rows["case"] == case].groupby("dose")["value"].mean()
            axes.plot(case_rows.index, case_rows, "o-", markersize=3, linewidth=1, color=colour,
                      label=case)  # fmt: skip
        by_seed = group_rows.groupby(["dose", "seed"])["value"].mean()
        mean = with_intervals(by_seed.groupby("dose"))
        axes.plot(mean.index, mean["mean"], color="black", linewidth=2.4, label="mean")
        axes.fill_between(mean.index, mean["low"], mean["high"], color="grey", alpha=0.25, lw=0)
        axes.axhline(0, **DASHED)
        axes.set(xlabel=axis, title=title)
        doses = mean.index[mean.index > 0]
        axes.set_xscale("symlog", base=2, linthresh=doses.min(), linscale=0.5)
        axes.set_xlim(-0.1 * doses.min(), 1.2 * doses.max())
        axes.set_xticks(doses, [f"{dose:,}" for dose in doses], rotation=90, fontsize="small")
        axes.minorticks_off()
    panels[0, 0].set_ylabel(value_axis)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right upper", frameon=False, fontsize="small")
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
