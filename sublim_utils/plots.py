"""Figures in one style, drawn from tidy tables, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sublim_utils.stats import mean_interval

COLOURS = sns.color_palette("colorblind")


def use_style() -> None:
    """Set the look of all figures of the book."""
    sns.set_theme(
        context="notebook",
        style="whitegrid",
        palette=COLOURS,
        rc={
            "figure.figsize": (6.4, 3.6),
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "svg.hashsalt": "sublim",
        },
    )


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
    errors = np.abs(rows[["low", "high"]].to_numpy(float).T - rows["mean"].to_numpy())
    axes.errorbar(
        rows["mean"], heights, xerr=errors, fmt="o", capsize=4, label="ours, 95 % interval"
    )
    if paper is not None:
        marks = [paper[condition] for condition in labels]
        axes.scatter(
            marks,
            heights - 0.22,
            marker="D",
            c="white",
            edgecolors="black",
            zorder=3,
            label="paper",
        )
    if reference is not None:
        axes.axvline(reference[0], color="grey", linestyle="--", linewidth=1.2, label=reference[1])
    axes.set_yticks(heights, list(labels.values()))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(axis)
    if (rows["unit"] == "fraction").all():
        axes.set_xlim(0, 1)
    _legend_above(axes)
    return figure


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
        groups = {level: mean_interval(v.to_numpy()) for level, v in rows.groupby("level")["value"]}
        found = pd.DataFrame(groups.values(), index=pd.Index(groups, name="level")).astype(float)
        if level_names:
            found = found.loc[names]
            where = np.arange(len(names)) + 0.09 * (number - (len(labels) - 1) / 2)
        else:
            found.index = found.index.astype(float)
            found = found.sort_index()
            where = found.index.to_numpy()
        errors = np.abs(found[["low", "high"]].to_numpy().T - found["mean"].to_numpy())
        style = "o" if level_names else "o-"
        axes.errorbar(where, found["mean"], yerr=errors, fmt=style, capsize=3, label=label)
    if level_names:
        axes.set_xticks(range(len(names)), [level_names[name] for name in names])
    if log:
        axes.set_xscale("log")
    if reference is not None:
        axes.axhline(reference[0], color="grey", linestyle="--", linewidth=1.2, label=reference[1])
    axes.set(xlabel=axis, ylabel=value_axis, ylim=(0, 1))
    _legend_above(axes)
    return figure


def curves(
    updates: Sequence[int],
    by_condition: Mapping[str, Sequence[Sequence[float]]],
    labels: Mapping[str, str],
    *,
    axis: str = "updates",
    value_axis: str = "accuracy",
    colours: Mapping[str, int] | None = None,
    figsize: tuple[float, float] = (6.4, 3.6),
) -> Figure:
    """Mean over seeds along training, with a band for the 95 % interval.

    Args:
        updates: where it was measured.
        by_condition: values [seed][update] by condition.
        labels: what to call the conditions that are drawn.
        axis: title of the horizontal axis.
        value_axis: title of the vertical axis.
        colours: the condition's place in the palette, where that is not its order.
        figsize: in inches.
    """
    figure, axes = plt.subplots(figsize=figsize)
    for number, (condition, label) in enumerate(labels.items()):
        columns = np.asarray(by_condition[condition], dtype=float).T
        found = pd.DataFrame([mean_interval(column) for column in columns]).astype(float)
        colour = COLOURS[colours[condition] if colours else number]
        axes.plot(updates, found["mean"], color=colour, label=label)
        axes.fill_between(
            updates, found["low"], found["high"], color=colour, alpha=0.25, linewidth=0
        )
    axes.set(xlabel=axis, ylabel=value_axis, ylim=(0, 1))
    _legend_above(axes)
    return figure


def confusion(counts: Sequence[Sequence[int]]) -> Figure:
    """Share of each answer by true class, as a heat map of [true class][answer] counts."""
    matrix = np.asarray(counts, dtype=float)
    figure, axes = plt.subplots(figsize=(4.6, 3.9))
    sns.heatmap(
        matrix / matrix.sum(1, keepdims=True),
        ax=axes,
        vmin=0,
        vmax=1,
        cmap="Blues",
        square=True,
        linewidths=0.5,
        cbar_kws={"label": "share of the digit's images"},
    )
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


def _legend_above(axes: Axes) -> None:
    """A legend above the data, never on it."""
    handles, names = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=2 if len(names) > 3 else len(names),
        frameon=False,
        borderaxespad=0.2,
        handletextpad=0.5,
        columnspacing=1.2,
        fontsize="small",
    )
