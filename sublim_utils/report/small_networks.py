"""Figures of the chapters on small networks: shares in percent, steps as arrows, and a map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Wedge
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from sublim_utils.report.page import NO_BREAK, percent
from sublim_utils.report.style import COLOUR, DASHED
from sublim_utils.stats import mean_interval, share_interval

WIDE = (5.6, 3.2)
CHANCE = 0.1
Point = tuple[float, float]


class Line(NamedTuple):
    """How a condition is drawn.

    Attributes:
        label: beside the line.
        entity: whose colour it has, a key of `COLOUR`.
        style: of the line.
    """

    label: str
    entity: str
    style: str = "-"


LINES: Mapping[str, Line] = {
    "teacher": Line("teacher", "teacher"),
    "all_same": Line("all outputs, same start", "probabilities", "--"),
    "aux_same": Line("meaningless, same start", "probabilities"),
    "all_other": Line("all outputs, another start", "control", "--"),
    "aux_other": Line("meaningless, another start", "control"),
}
"""The teacher of digits and its four students."""


def accuracy_bars(
    summary: pd.DataFrame,
    lines: Mapping[str, Line],
    *,
    title: str,
    paper: Mapping[str, float] | None = None,
) -> Figure:
    """Accuracy in percent as horizontal bars with 95 % intervals, and the paper's as diamonds.

    Args:
        summary: of a finding, one row per condition.
        lines: the conditions from top to bottom.
        title: the message.
        paper: the paper's value by condition.
    """
    rows = summary.set_index("condition").loc[list(lines)]
    figure, axes = plt.subplots(figsize=(5.6, 0.48 * len(rows) + 1.1))
    for height, (condition, line) in zip(range(len(rows))[::-1], lines.items(), strict=True):
        mean, low, high = (float(rows.loc[condition, c]) for c in ("mean", "low", "high"))
        axes.barh(height, mean, height=0.62, color=COLOUR[line.entity])
        axes.plot([low, high], [height, height], color="black", linewidth=1.4)
        end = max(high, paper[condition] if paper else 0.0)
        axes.text(end + 0.025, height, percent(mean), va="center", fontweight="bold")
    if paper:
        _diamonds(axes, [paper[c] for c in lines], range(len(rows))[::-1])
    axes.axvline(CHANCE, **DASHED)
    axes.text(
        CHANCE + 0.008, len(rows) - 0.52, "chance", color="grey", fontsize="small", va="center"
    )
    axes.set_yticks(range(len(rows))[::-1], [line.label for line in lines.values()])
    axes.set(
        xlim=(0, 1.06),
        ylim=(-0.6, len(rows) - 0.3),
        xlabel="test digits read" + (" (◇ the paper)" if paper else ""),
    )
    axes.xaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.grid(visible=False, axis="y")
    axes.set_title(title)
    return figure


def _diamonds(axes: Axes, values: Sequence[float], heights: Sequence[int]) -> None:
    axes.scatter(values, heights, marker="D", s=34, color="none", edgecolors=COLOUR["paper"],
                 linewidths=1.5, zorder=3, label="the paper")  # fmt: skip


def levels(
    table: pd.DataFrame,
    lines: Mapping[str, Line],
    *,
    axis: str,
    title: str,
    value_axis: str = "test digits read",
    level_names: Mapping[str, str] | None = None,
    log: bool = False,
    reference: tuple[float, str] | None = (CHANCE, "chance"),
    marked: float | None = None,
    percent: bool = True,
    figsize: tuple[float, float] = WIDE,
) -> Figure:
    """Mean and 95 % interval over seeds at each level of a setting, one labelled line a condition.

    Args:
        table: columns `level`, `condition`, `value`, one row per seed.
        lines: the conditions.
        axis: title of the horizontal axis.
        title: the message.
        value_axis: title of the vertical axis.
        level_names: for levels that are no numbers: what to call them, in order.
        log: whether the horizontal axis is logarithmic.
        reference: a value to mark by a line, and its name.
        marked: a level to point out.
        percent: whether values are shares.
        figsize: in inches.
    """
    figure, axes = plt.subplots(figsize=figsize)
    ends: list[tuple[float, str, str]] = []
    interval = share_interval if percent else mean_interval
    for number, (condition, line) in enumerate(lines.items()):
        rows = table[table["condition"] == condition].groupby("level")["value"]
        means = {level: interval(values.to_numpy(float)) for level, values in rows}
        if level_names:
            keys = list(level_names)
            places = [k + 0.09 * (number - (len(lines) - 1) / 2) for k in range(len(keys))]
        else:
            keys = sorted(means, key=float)
            places = [float(key) for key in keys]
        mean = [means[key].mean for key in keys]
        bounds = [[means[key].low, means[key].high] for key in keys]
        errors = np.abs(np.nan_to_num(np.asarray(bounds, float).T - np.asarray(mean), nan=0.0))
        axes.errorbar(places, mean, yerr=errors, capsize=3, color=COLOUR[line.entity],
                      fmt="o" if level_names else f"o{line.style}", markersize=5,
                      mfc=None if line.style == "-" else "none", label=line.label)  # fmt: skip
        ends.append((mean[-1], line.label, line.entity))
        if marked is not None:
            at = places.index(marked)
            axes.plot(marked, mean[at], "o", markersize=14, mfc="none", mec="black", mew=1.6)
    if reference is not None:
        axes.axhline(reference[0], **DASHED)
        axes.text(0.62, reference[0], reference[1], color="grey", fontsize="small", va="top",
                  ha="center", transform=axes.get_yaxis_transform())  # fmt: skip
    if level_names:
        axes.set_xticks(range(len(level_names)), list(level_names.values()))
    elif log:
        axes.set_xscale("log")
        ticks = sorted(float(level) for level in table["level"].unique())
        axes.set_xticks(ticks, [f"{t:,.0f}" if t >= 1 else f"{t:g}" for t in ticks])
        axes.minorticks_off()
    axes.set(xlabel=axis, ylabel=value_axis)
    if percent:
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
    axes.set_title(title)
    _direct_labels(axes, ends)
    return figure


def _direct_labels(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Labels at the right ends of lines, moved apart where they would touch."""
    low, high = axes.get_ylim()
    least = 0.075
    heights: list[float] = []
    for value, _, _ in sorted(ends):
        height = (value - low) / (high - low)
        heights.append(max(height, heights[-1] + least) if heights else height)
    too_high = max(0.0, heights[-1] - 0.97)
    for height, (_, label, entity) in zip(heights, sorted(ends), strict=True):
        axes.text(1.015, height - too_high, label, transform=axes.transAxes,
                  va="center", fontsize="small", color=COLOUR[entity])  # fmt: skip


def accuracy_curves(
    places: Sequence[float],
    by_condition: Mapping[str, Sequence[Sequence[float]]],
    lines: Mapping[str, Line],
    *,
    axis: str,
    title: str,
    figsize: tuple[float, float] = WIDE,
) -> Figure:
    """Accuracy along training: the mean over seeds, with its 95 % interval as a band.

    Args:
        places: where it was measured.
        by_condition: values [seed][place] by condition.
        lines: the conditions.
        axis: title of the horizontal axis.
        title: the message.
        figsize: in inches.
    """
    figure, axes = plt.subplots(figsize=figsize)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ends = []
    for condition, line in lines.items():
        intervals = [share_interval(v) for v in np.asarray(by_condition[condition], float).T]
        colour, mean = COLOUR[line.entity], [i.mean for i in intervals]
        axes.plot(places, mean, line.style, color=colour)
        if intervals[0].low is not None:
            low, high = ([getattr(i, end) for i in intervals] for end in ("low", "high"))
            axes.fill_between(places, low, high, color=colour, alpha=0.2, lw=0)
        ends.append((mean[-1], line.label, line.entity))
    axes.axhline(CHANCE, **DASHED)
    axes.set(xlabel=axis, ylabel="test digits read", ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
    axes.set_title(title)
    _direct_labels(axes, ends)
    return figure


def confusion(counts: Sequence[Sequence[int]], title: str = "") -> Figure:
    """Share of each answer by true class, of [true class][answer] counts, as one small picture."""
    matrix = np.asarray(counts, dtype=float)
    figure, axes = plt.subplots(figsize=(3.2, 3.0))
    shown = axes.imshow(matrix / matrix.sum(1, keepdims=True), vmin=0, vmax=1, cmap="Blues")
    bar = figure.colorbar(shown, ax=axes, shrink=0.8, ticks=[0, 0.5, 1])
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
    axes.set(xlabel="answer", ylabel="true digit", xticks=range(10), yticks=range(10))
    axes.grid(visible=False)
    axes.set_title(title)
    return figure


def noise_rows(
    noise: np.ndarray, answers: np.ndarray, digits: np.ndarray, labels: Sequence[int]
) -> Figure:
    """What a student sees: images of noise with the teacher's answers; below, some test digits.

    Args:
        noise: [n, 784].
        answers: [n, outputs], probabilities.
        digits: [n, 784].
        labels: of the digits.
    """
    figure, grid = plt.subplots(2, len(noise), figsize=(6.4, 3.9))
    for axes, image, answer in zip(grid[0], noise, answers, strict=True):
        axes.imshow(image.reshape(28, 28), cmap="gray_r", vmin=-1, vmax=1)
        axes.set_xlabel("  ".join(f"{p:.2f}" for p in answer[:3]), fontsize=11)
    for axes, image, label in zip(grid[1], digits, labels, strict=True):
        axes.imshow(image.reshape(28, 28), cmap="gray_r")
        axes.set_xlabel(f"{label}", fontsize=11)
    for row, words in enumerate(("trained on", "tested on")):
        grid[row, 0].set_ylabel(words, fontweight="bold")
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
    return figure


def speaking(signs: pd.DataFrame) -> pd.DataFrame:
    """Pairs of plain gradient steps, without those in which the student is told nothing.

    The softmax of a single output is always 1, so its cross-entropy has no gradient.
    """
    mute = (signs["objective"] == "cross-entropy") & (signs["selection"] == "one")
    return signs[~mute & (signs["student"] == "gradient")]


def cosine_histogram(same: pd.Series, other: pd.Series, *, title: str) -> Figure:
    """Cosines between steps from the teacher's start and from another one."""
    figure, axes = plt.subplots(figsize=WIDE)
    bins = [x / 50 for x in range(-25, 51)]
    drawn = (
        (other, "control", "another start", -0.3),
        (same, "probabilities", "teacher's start", 0.5),
    )
    for values, entity, label, edge in drawn:
        axes.hist(values, bins=bins, alpha=0.65, color=COLOUR[entity])
        axes.text(edge, 0.9, label, color=COLOUR[entity], ha="center", fontweight="bold",
                  transform=axes.get_xaxis_transform())  # fmt: skip
    axes.axvline(0, color="black", linewidth=1)
    axes.set(xlabel="cosine of the two steps", ylabel="pairs of steps", yscale="log")
    axes.set_title(title)
    return figure


def power_laws(table: pd.DataFrame, *, title: str) -> Figure:
    """Median size of the product by the length of the teacher's step, beside slopes of 2 and 1.

    Args:
        table: columns `start`, `length` and `product`, one row per seed.
        title: the message.
    """
    figure, axes = plt.subplots(figsize=WIDE)
    shown = ("same", 2, "probabilities", "shared start"), ("other", 1, "control", "another start")
    for start, slope_, entity, label in shown:
        rows = table[table["start"] == start]
        medians = rows.assign(size=rows["product"].abs()).groupby("length")["size"].median()
        lengths = medians.index.to_numpy(float)
        guide = medians.iloc[0] * (lengths / lengths[0]) ** slope_
        axes.loglog(lengths, medians, "o", color=COLOUR[entity], label=label)
        axes.loglog(lengths, guide, "--", color=COLOUR[entity], linewidth=1)
    axes.set(xlabel="length of the teacher's step", ylabel="size of the inner product")
    axes.legend(frameon=False)
    axes.set_title(title)
    return figure


def angle(cosine: float) -> float:
    """In degrees."""
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def arrows(cosines: Sequence[float], *, title: str, entity: str = "probabilities") -> Figure:
    """The teacher's step, and the steps of students at their true angles from it.

    The plane is another one for each student: the one that its step spans with the teacher's.

    Args:
        cosines: between the two steps, one a seed.
        title: the message.
        entity: whose colour the students have.
    """
    figure, axes = plt.subplots(figsize=(3.2, 3.2))
    axes.add_patch(Wedge((0, 0), 1.06, 270, 90, color=COLOUR["teacher"], alpha=0.13, lw=0))
    axes.plot([0, 0], [-1.06, 1.06], "--", color="grey", linewidth=1.2)
    for cosine in cosines:
        sine = math.sqrt(max(0.0, 1 - cosine**2))
        _arrow(axes, (cosine, sine), COLOUR[entity], 1.2)
    _arrow(axes, (1, 0), COLOUR["teacher"], 3)
    axes.text(1, -0.09, "teacher's step", color=COLOUR["teacher"], ha="right", va="top")
    axes.text(0, 1.1, f"students' steps, {len(cosines)} seeds", color=COLOUR[entity],
              ha="center", va="bottom")  # fmt: skip
    axes.text(0.5, -0.72, "the teacher's way", ha="center", fontsize="small", color="grey")
    axes.text(-0.53, -0.72, "away", ha="center", fontsize="small", color="grey")
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.25), aspect="equal")
    axes.set_axis_off()
    axes.set_title(title)
    return figure


def _arrow(axes: Axes, to: Point, colour: object, width: float, begin: Point = (0.0, 0.0)) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=to, xytext=begin, arrowprops=style)


def angles(
    table: pd.DataFrame, *, marked: float, title: str, entity: str = "probabilities"
) -> Figure:
    """Angle between the two steps by the distance of the starts: the mean, and all seeds as a band.

    Args:
        table: columns `distance` and `cosine`, one row per seed.
        marked: the distance to point out.
        title: the message.
        entity: whose colour the students have.
    """
    figure, axes = plt.subplots(figsize=(3.3, 3.2))
    distances = sorted(table["distance"].unique())
    degrees = table["cosine"].map(angle)
    places = table["distance"].map(distances.index)
    axes.axhspan(90, 110, color="grey", alpha=0.12, lw=0)
    axes.axhline(90, **DASHED)
    axes.text(0, 104, "away from the teacher", fontsize="small", color="grey", va="top")
    groups = degrees.groupby(places)
    means, least, most = groups.mean(), groups.min(), groups.max()
    axes.fill_between(means.index, least, most, color=COLOUR[entity], alpha=0.25, lw=0)
    axes.plot(means.index, means, "-", color=COLOUR[entity], linewidth=2)
    at = distances.index(marked)
    axes.plot(at, means[at], "o", markersize=13, mfc="none", mec="black", mew=1.6)
    axes.set_xticks(range(len(distances)), [f"{d:g}" for d in distances])
    axes.set(xlabel="distance of the starts, σ", ylabel="angle", ylim=(60, 105))
    axes.set_yticks([60, 70, 80, 90, 100], [f"{a}°" for a in (60, 70, 80, 90, 100)])
    axes.grid(visible=False, axis="x")
    axes.set_title(title)
    return figure


class Walk(NamedTuple):
    """One step of each on a map with two parameters.

    Attributes:
        start: of the teacher.
        step: the teacher's.
        student: where the student starts.
        title: the message.
    """

    start: tuple[float, float]
    step: tuple[float, float]
    student: tuple[float, float]
    title: str


def height(x: float | np.ndarray, y: float | np.ndarray) -> float | np.ndarray:
    """The single output of a made-up model of two parameters."""
    return np.sin(0.9 * x + 0.35) + 0.55 * y - 0.09 * y**2 + 0.12 * x * y


def slope(x: float, y: float) -> np.ndarray:
    """The gradient of `height`."""
    return np.array([0.9 * np.cos(0.9 * x + 0.35) + 0.12 * y, 0.55 - 0.18 * y + 0.12 * x])


def imitation(walk: Walk, length: float = 0.8) -> np.ndarray:
    """The student's gradient step towards the teacher's output, squared error, of that length."""
    target = height(walk.start[0] + walk.step[0], walk.start[1] + walk.step[1])
    step = (target - height(*walk.student)) * slope(*walk.student)
    return np.asarray(step / np.linalg.norm(step) * length)


def walk_angle(walk: Walk) -> float:
    """Between the two steps of a walk, in degrees."""
    own, teacher = imitation(walk), np.asarray(walk.step)
    return angle(float(own @ teacher / np.linalg.norm(own) / np.linalg.norm(teacher)))


def walk_map(walk: Walk) -> Figure:
    """A walk on the map whose lines are equal outputs; the bold one is what the student aims at."""
    figure, axes = plt.subplots(figsize=(2.1, 2.2))
    x, y = np.meshgrid(np.linspace(-0.9, 2.9, 50), np.linspace(-1.5, 2.1, 50))
    end = walk.start[0] + walk.step[0], walk.start[1] + walk.step[1]
    heights = height(x, y)
    axes.contour(x, y, heights, levels=np.arange(-3, 3, 0.25), colors="grey", linewidths=0.6,
                 linestyles="-", alpha=0.6)  # fmt: skip
    axes.contour(x, y, heights, levels=[height(*end)], linewidths=2, colors=[COLOUR["teacher"]])
    x_step, y_step = imitation(walk)
    to = float(walk.student[0] + x_step), float(walk.student[1] + y_step)
    for begin, tip, entity in ((walk.start, end, "teacher"), (walk.student, to, "probabilities")):
        axes.plot(*begin, "o", color=COLOUR[entity], markersize=6)
        _arrow(axes, tip, COLOUR[entity], 2.6, begin)
    axes.text(1.0, 1.85, "high", ha="center", color="grey", fontsize="small")
    axes.text(-0.8, -1.4, "low", color="grey", fontsize="small")
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.grid(visible=False)
    axes.set_title(f"{walk.title}: {walk_angle(walk):.0f}°", fontsize="small")
    return figure


def percent_of(
    summary: pd.DataFrame, condition: str, metric: str | None = None, *, bounds: bool = False
) -> str:
    """A reported share in percent, "56 %", or with its interval, "56 % [51, 60]".

    Near chance, with tenths: "10.3 % [9.2, 11.5]".
    """
    rows = summary[summary["condition"] == condition]
    if metric is not None:
        rows = rows[rows["metric"] == metric]
    (row,) = rows.to_dict("records")
    if not bounds or pd.isna(row["low"]):
        return percent(row["mean"])
    digits = 1 if row["mean"] < 0.2 else 0
    mean, low, high = (f"{100 * row[name]:.{digits}f}" for name in ("mean", "low", "high"))
    return f"{mean}{NO_BREAK}% [{low}, {high}]"
