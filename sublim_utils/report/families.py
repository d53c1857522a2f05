"""Figures and phrases of the chapter on families and of its long version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sublim_utils.report import page
from sublim_utils.report.style import COLOUR, DASHED, draw_intervals, with_intervals
from sublim_utils.stats import mean_interval

CLOSE = 0.22
"""Dots of a row that are nearer to each other, in nats, share one label."""
RATIOS = {0.125: "⅛", 0.25: "¼", 0.5: "½"}
"""What an axis of ratios writes for those below 1."""


def in_nats(values: Sequence[float] | np.ndarray | pd.Series, digits: int = 2) -> str:
    """A mean and its 95 % interval, with real minus signs: "−0.18 [−1.75, 1.39]".

    Args:
        values: one per seed; of a single one the mean alone is given.
        digits: after the point.
    """
    mean, low, high, _ = mean_interval(np.asarray(values, dtype=float))
    if low is None or high is None:
        return f"{mean:.{digits}f}".replace("-", page.MINUS)
    return page.interval(mean, low, high, digits)


def in_times(values: Sequence[float] | np.ndarray | pd.Series) -> str:
    """A mean effect in words: "3.3 times as likely (1.19 [0.92, 1.46] nats)".

    Args:
        values: in nats, one per seed.
    """
    mean = float(np.mean(np.asarray(values, dtype=float)))
    return f"{page.times(mean)} ({in_nats(values)}{page.NO_BREAK}nats)"


def factor(values: Sequence[float] | np.ndarray | pd.Series) -> str:
    """A mean effect as a bare ratio, for a table's column: "3.3".

    Args:
        values: in nats, one per seed.
    """
    return page.times(float(np.mean(np.asarray(values, dtype=float)))).split(" ")[0]


def ratio(nats: float) -> str:
    """A difference of log-probabilities as a tick: "½×", "4×"."""
    value = float(np.exp(nats))
    near = min(RATIOS, key=lambda known: abs(known - value))
    shown = RATIOS[near] if abs(near - value) < 0.01 * value else f"{value:.3g}"
    return f"{shown}×"


def readers(table: pd.DataFrame, *, title: str) -> Figure:
    """How much likelier each reader finds the writer's favourite: traits as small dots, and means.

    Readers of the writer's own family are filled, strangers are hollow.

    Args:
        table: columns `label`, `kin` (a truth value), `trait`, `seed`, `value` (an effect in nats);
            labels from top to bottom.
        title: the message.
    """
    labels = list(dict.fromkeys(table["label"]))
    figure, axes = plt.subplots(figsize=(6.4, 0.82 * len(labels) + 0.9))
    for row, label in enumerate(labels):
        rows = table[table["label"] == label]
        fill = COLOUR["text"] if rows["kin"].all() else "none"
        means = rows.groupby("trait", sort=False)["value"].mean()
        axes.scatter(means, [-row - 0.2] * len(means), s=26, facecolors=fill,
                     edgecolors=COLOUR["text"], zorder=3)  # fmt: skip
        for x, names in _grouped(means).items():
            axes.annotate(names, (x, -row - 0.2), xytext=(0, -6), textcoords="offset points",
                          ha="center", va="top", fontsize="small")  # fmt: skip
        of_pair = with_intervals([(label, rows.groupby("seed")["value"].mean())])
        draw_intervals(axes, of_pair, [-row + 0.12], fmt="o", markersize=9, capsize=4,
                       color=COLOUR["text"], markerfacecolor=fill or "none", zorder=4)  # fmt: skip
        mean = float(of_pair["mean"].iloc[0])
        axes.annotate(ratio(round(mean, 2)) if mean == 0 else f"{np.exp(mean):.1f}×",
                      (mean, -row + 0.12), xytext=(0, 7), textcoords="offset points", ha="center",
                      fontweight="bold", fontsize="small")  # fmt: skip
    axes.axvline(0, **DASHED)
    axes.set_yticks([-row for row in range(len(labels))], labels)
    axes.set_ylim(-len(labels) + 0.35, 0.6)
    axes.grid(visible=False, axis="y")
    _ratio_ticks(axes, "x")
    axes.set_xlabel("times as likely, compared with the control")
    axes.set_title(title, loc="left")
    return figure


def _grouped(means: pd.Series) -> dict[float, str]:
    """Labels by their place; names of dots that are close together share one."""
    groups: list[list[tuple[float, str]]] = []
    for name, value in means.sort_values().items():
        if groups and value - groups[-1][-1][0] < CLOSE:
            groups[-1].append((float(value), str(name)))
        else:
            groups.append([(float(value), str(name))])
    return {
        float(np.mean([v for v, _ in group])): ", ".join(n for _, n in group) for group in groups
    }


def _ratio_ticks(axes: Axes, axis: str) -> None:
    """Ticks at powers of two, or of four where there are many, on an axis in nats."""
    low, high = getattr(axes, f"get_{axis}lim")()
    step = np.log(2) * (1 if high - low < 4.5 else 2)
    ticks = step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)
    getattr(axes, f"set_{axis}ticks")(ticks, [ratio(tick) for tick in ticks])
    getattr(axes, f"set_{axis}lim")(low, high)


def matrices(
    tables: Mapping[str, pd.DataFrame], *, most: float, title: str, numbers: bool = True
) -> Figure:
    """Effects by teacher and candidate as heat maps on one scale; a teacher's own is framed.

    Args:
        tables: by title, effects in nats with teachers as rows and candidates as columns.
        most: the end of the scale, on both sides, in nats.
        title: the message.
        numbers: whether to write ratios into the cells, two maps side by side; without them the
            maps stand one above the other.
    """
    columns = 2 if numbers and len(tables) > 1 else 1
    lines = -(-len(tables) // columns)
    most_rows = max(len(table) for table in tables.values())
    height = lines * (0.36 * most_rows + 1.05) + 0.9 if numbers else lines * 0.85 + 1.9
    figure, grid = plt.subplots(
        lines, columns, figsize=(6.4, height), squeeze=False, sharey=True, sharex=not numbers
    )
    for axes in grid.flat[len(tables) :]:
        axes.set_axis_off()
    for axes, (name, table) in zip(grid.flat, tables.items(), strict=False):
        words = table.map(lambda nats: f"{np.exp(nats):.1f}×") if numbers else False
        sns.heatmap(
            table, ax=axes, center=0, vmin=-most, vmax=most, cmap="vlag", annot=words, fmt="",
            annot_kws={"size": 10}, linewidths=0.5, cbar=False,
        )  # fmt: skip
        for row, teacher in enumerate(table.index):
            if teacher in table.columns:
                corner = (table.columns.get_loc(teacher), row)
                axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="black", linewidth=2))
        axes.set(xlabel="", ylabel="")
        axes.set_title(name, loc="left", fontsize="small", fontweight="normal")
        axes.tick_params(axis="y", rotation=0, labelsize="small")
        axes.tick_params(axis="x", rotation=0 if numbers else 60, labelsize="small")
    step = np.log(2)
    ticks = step * np.arange(np.ceil(-most / step), np.floor(most / step) + 1)
    bar = figure.colorbar(
        grid[0, 0].collections[0], ax=grid, orientation="horizontal", fraction=0.05, aspect=40,
        pad=0.03, ticks=ticks,
    )  # fmt: skip
    bar.ax.set_xticklabels([ratio(tick) for tick in ticks], fontsize="small")
    bar.set_label("times as likely, compared with the control", fontsize="small")
    bar.outline.set_visible(False)  # type: ignore[operator]
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize="medium")
    return figure


def road(
    table: pd.DataFrame, sides: Mapping[str, tuple[str, str]], *, trait: str, decoy: str, title: str
) -> Figure:
    """A trait's effect on students whose base was moved by noise, and what is left of it beyond
    its decoy's.

    Args:
        table: columns `side`, `kind` (`unmoved` or `noise`), `level`, `seed`, `effect`,
            `beyond_decoy` (in nats), `same_first` (a share); as `with_decoy` gives them.
        sides: titles of the panels, each with the entity whose colour it has.
        trait: of the teacher.
        decoy: begins with the same token.
        title: the message.
    """
    moved = table[table["kind"].isin(["unmoved", "noise"])]
    levels = sorted(moved["level"].unique())
    same = moved.groupby("level")["same_first"].mean()
    figure, panels = plt.subplots(
        1, len(sides), figsize=(6.8, 4.0), sharey=True, squeeze=False,
        width_ratios=[max(2, moved[moved["side"] == side]["level"].nunique()) for side in sides],
    )  # fmt: skip
    for axes, (side, (words, entity)) in zip(panels[0], sides.items(), strict=True):
        rows = moved[moved["side"] == side]
        shown = [level for level in levels if level in set(rows["level"])]
        for quantity, style in (("effect", "o-"), ("beyond_decoy", "o--")):
            hollow = quantity != "effect"
            places = rows["level"].map(shown.index) + (0.12 if hollow else -0.12)
            axes.scatter(places, rows[quantity], s=9, color=COLOUR[entity], alpha=0.45)
            means = with_intervals(rows.groupby("level")[quantity])
            draw_intervals(
                axes, means, np.arange(len(shown)) + (0.12 if hollow else -0.12), upright=True,
                fmt=style, capsize=3, color=COLOUR[entity], markersize=7,
                markerfacecolor="white" if hollow else COLOUR[entity],
                label=f"{trait} minus {decoy}" if hollow else trait,
            )  # fmt: skip
        axes.axhline(0, **DASHED)
        axes.set_xticks(
            range(len(shown)), [f"{level:g}\n{100 * same[level]:.0f} %" for level in shown]
        )
        axes.set_xlim(-0.5, len(shown) - 0.5)
        axes.set_title(words, loc="left", fontsize="small", fontweight="normal")
        axes.tick_params(labelsize="small")
        axes.legend(frameon=False, fontsize="small", loc="lower left", handlelength=2.4)
    _ratio_ticks(panels[0, 0], "y")
    panels[0, 0].set_ylabel("times as likely", fontsize="small")
    figure.supxlabel("σ of the noise; below it, how often both bases agree on the next token",
                     fontsize="small")  # fmt: skip
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize="medium")
    return figure


def digits_road(table: pd.DataFrame, *, title: str) -> Figure:
    """Accuracy on digits against how alike the starts of teacher and student are.

    Args:
        table: columns `level` (σ), `seed`, `value`.
        title: the message.
    """
    figure, axes = plt.subplots(figsize=(6.4, 3.3))
    levels = sorted(table["level"].astype(float).unique())
    values = table.assign(level=table["level"].astype(float)).groupby("level")["value"]
    means = with_intervals(values)
    draw_intervals(axes, means, range(len(levels)), upright=True, fmt="o-", capsize=3,
                   markersize=7, color=COLOUR["probabilities"])  # fmt: skip
    for x, mean in enumerate(means["mean"]):
        axes.annotate(f"{100 * mean:.0f} %", (x, mean), xytext=(7, 5), fontsize="small",
                      textcoords="offset points")  # fmt: skip
    axes.axhline(0.1, **DASHED)
    axes.annotate("chance", (0, 0.1), xytext=(0, -13), textcoords="offset points",
                  fontsize="small", color="#555555")  # fmt: skip
    axes.set_xticks(
        range(len(levels)), [f"{level:g}\n{np.sqrt(1 - level**2):.2f}" for level in levels]
    )
    axes.set_yticks([0, 0.2, 0.4, 0.6], ["0", "20 %", "40 %", "60 %"])
    axes.set(xlabel="σ of the noise; below it, the correlation of the two starts",
             ylabel="digits read right", ylim=(0, 0.72))  # fmt: skip
    axes.set_xlim(-0.4, len(levels) - 0.3)
    axes.grid(visible=False, axis="x")
    axes.set_title(title, loc="left")
    return figure


def published_pairs(
    pairs: Sequence[tuple[str, Mapping[str, float]]], *, title: str, axis: str
) -> Figure:
    """The paper's pairs of teacher and student as bars, in groups.

    Args:
        pairs: groups of values (points of 1) by what to call them, from top to bottom.
        title: the message.
        axis: title of the horizontal axis.
    """
    count = sum(len(values) for _, values in pairs)
    figure, axes = plt.subplots(figsize=(6.4, 0.27 * count + 0.34 * len(pairs) + 0.9))
    y, ticks = 0.0, {}
    for group, values in pairs:
        axes.annotate(group, (0, y), xytext=(3, 0), textcoords="offset points", va="center",
                      fontsize="small", fontweight="bold")  # fmt: skip
        y += 1
        for name, value in values.items():
            axes.barh(y, 100 * value, 0.8, color=COLOUR["paper"])
            axes.annotate(f"{100 * value:+.0f}".replace("-", page.MINUS), (max(100 * value, 0), y),
                          xytext=(4, 0), textcoords="offset points", va="center",
                          fontsize="small")  # fmt: skip
            ticks[y] = name
            y += 1
        y += 0.25
    axes.set_yticks([*ticks], [*ticks.values()], fontsize="small")
    axes.set(xlabel=axis, xlim=(-3, 62), ylim=(y - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    axes.set_title(title, loc="left")
    return figure


def moved_apart(table: pd.DataFrame, kinds: Mapping[str, str], quantities: Mapping[str, str],
                sides: Mapping[str, str]) -> Figure:  # fmt: skip
    """Quantities of every pair of moved bases against how far the bases diverge.

    Args:
        table: columns `side`, `kind`, `condition`, `seed`, `divergence`, and one per quantity.
        kinds: what to call the kinds of moves.
        quantities: titles of the vertical axes, from top to bottom.
        sides: titles of the columns.
    """
    figure, panels = plt.subplots(
        len(quantities), len(sides), figsize=(6.8, 2.3 * len(quantities) + 0.9), sharex=True,
        sharey="row", squeeze=False,
    )  # fmt: skip
    marks: dict[str, dict[str, Any]] = {
        "unmoved": {"marker": "s"}, "noise": {"marker": "o"}, "continued": {"marker": "^"},
        "descendants": {"marker": "D"},
    }  # fmt: skip
    for column, (side, words) in enumerate(sides.items()):
        entity = "probabilities" if side.endswith("logits") else "text"
        for line, (quantity, name) in enumerate(quantities.items()):
            axes = panels[line, column]
            for kind, label in kinds.items():
                rows = table[(table["side"] == side) & (table["kind"] == kind)]
                if rows.empty:
                    continue
                groups = rows.groupby("condition")
                places = groups["divergence"].mean()
                means = with_intervals(groups[quantity]).loc[places.index]
                draw_intervals(axes, means, places, upright=True, fmt=marks[kind]["marker"],
                               capsize=3, color=COLOUR[entity], label=label)  # fmt: skip
            axes.axhline(0, **DASHED)
            axes.set_xscale("symlog", linthresh=0.01)
            axes.set_xticks([0, 0.01, 0.1, 1, 10], ["0", "0.01", "0.1", "1", "10"])
            axes.set_xlim(-0.003, 25)
            axes.tick_params(labelsize="small")
            if line == 0:
                axes.set_title(words, loc="left", fontsize="small", fontweight="normal")
            if column == 0:
                axes.set_ylabel(name, fontsize="small")
    figure.supxlabel("divergence of next tokens between the two bases, nats", fontsize="small")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=len(names), frameon=False,
                  fontsize="small")  # fmt: skip
    return figure
