"""Effects as ratios: how many times as likely something has become, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sublim_utils.findings.analysis import estimate
from sublim_utils.report.style import COLOUR

TICKS = (0.25, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)


class Ratio(NamedTuple):
    """A row of the figure.

    Attributes:
        label: at its left; may have two lines.
        entity: whose colour it has, a key of `COLOUR`.
        effects: in nats, by seed, or by seed and question.
        others: mean effects of the same students on something else, in nats, as a grey bar.
    """

    label: str
    entity: str
    effects: pd.Series
    others: Sequence[float] = ()


def ratios(rows: Sequence[Ratio], *, title: str, axis: str) -> Figure:
    """Each seed as a dot, and the mean with its 95 % interval, from top to bottom.

    Intervals are for new seeds, and for new questions where the effects are by question.

    Args:
        rows: what is drawn; one that has no effects is left out.
        title: the message.
        axis: of what these are ratios.
    """
    rows = [row for row in rows if len(row.effects)]
    figure, axes = plt.subplots(figsize=(6.4, 0.4 * len(rows) + 1.2))
    reached = [0.0]
    for y, row in enumerate(rows):
        effects = row.effects.dropna()
        of_seeds = effects.groupby(level="seed").mean() if effects.index.nlevels > 1 else effects
        effect = estimate(effects)
        if len(row.others):
            low, high = min(row.others), max(row.others)
            axes.barh(y, np.exp(high) - np.exp(low), left=np.exp(low), height=0.55,
                      color=COLOUR["other"], alpha=0.6, zorder=0)  # fmt: skip
            reached += [low, high]
        colour = COLOUR[row.entity]
        axes.plot(
            np.exp(of_seeds), [y] * len(of_seeds), "o", color=colour, alpha=0.45, markersize=5
        )
        bounds = [effect.mean if b is None else b for b in (effect.low, effect.high)]
        axes.plot(np.exp(bounds), [y, y], color=colour, linewidth=2)
        axes.plot(np.exp(effect.mean), y, "|", color=colour, markersize=16, markeredgewidth=3)
        reached += [*bounds, *of_seeds]
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    left, right = np.exp(min(reached)) / 1.06, np.exp(max(reached)) * 1.06
    axes.set_xlim(left, right)
    _in_times(axes.xaxis, left, right)
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set(xlabel=axis)
    # Over the labels, too: a message is longer than the axis is wide.
    figure.suptitle(title, x=0, ha="left", fontweight="bold", fontsize="medium")
    return figure


def matrix_of_ratios(effects: pd.DataFrame, *, title: str, most: float = 2.2) -> Figure:
    """Mean effects by teacher and animal as ratios, on one scale with a bar.

    Args:
        effects: in nats, [teacher, animal], with the teachers' own on the diagonal.
        title: the message.
        most: the ratio at the scale's end, so that matrices can be compared; more if needed.
    """
    cells = np.exp(effects)
    most = max(most, float(np.exp(np.abs(effects.to_numpy()).max())))
    figure, axes = plt.subplots(figsize=(5.6, 0.55 * len(cells) + 1.6))
    image = axes.imshow(cells, cmap="vlag", norm=LogNorm(1 / most, most), aspect="auto")
    for y, of_teacher in enumerate(cells.to_numpy()):
        for x, value in enumerate(of_teacher):
            shown = f"{value:.1f}×" if value >= 0.95 else f"{value:.2f}×"
            weight = "bold" if x == y else "normal"
            axes.text(x, y, shown, ha="center", va="center", fontsize=12, fontweight=weight)
    axes.set_xticks(range(len(cells.columns)), list(cells.columns))
    axes.set_yticks(range(len(cells)), [f"{teacher} lover" for teacher in cells.index])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, label="times as likely as with the control", shrink=0.95)
    _in_times(bar.ax.yaxis, 1 / most, most)
    figure.suptitle(title, x=0, ha="left", fontweight="bold", fontsize="medium")
    return figure


def _in_times(axis: Axis, low: float, high: float) -> None:
    """Ticks such as 1.5× at real values."""
    axis.set_major_locator(FixedLocator([tick for tick in TICKS if low <= tick <= high]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
