"""One style for all figures: colours by entity, intervals, the paper's marks, legends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from sublim_utils.stats import mean_interval

COLOURS = sns.color_palette("colorblind")
COLOUR: Mapping[str, str] = {
    "teacher": "#7b3fa0",
    "text": "#0072b2",
    "probabilities": "#d55e00",
    "control": "#8a8a8a",
    "base": "#4d4d4d",
    "paper": "#000000",
    "other": "#b3b3b3",
}
"""One colour for each kind of model in the whole book; `text` and `probabilities` are students."""
DASHED: Mapping[str, Any] = {"color": "grey", "linestyle": "--", "linewidth": 1.2}


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
            # The page's own colour shows through, and the dark theme turns black into white.
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.transparent": True,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.titlesize": "medium",
        },
    )


def with_intervals(groups: Iterable[tuple[Any, Any]]) -> pd.DataFrame:
    """Mean and 95 % interval of each group of values, by the group's name."""
    intervals = {name: mean_interval(np.asarray(values, dtype=float)) for name, values in groups}
    return pd.DataFrame(intervals.values(), index=pd.Index(intervals)).astype(float)


def draw_intervals(
    axes: Axes, means: pd.DataFrame, others: Any, *, upright: bool = False, **style: Any
) -> None:
    """Means with their intervals along the horizontal axis, or the vertical one."""
    bounds = means[["low", "high"]].to_numpy(float).T
    errors = np.nan_to_num(np.abs(bounds - means["mean"].to_numpy(float)))
    if upright:
        axes.errorbar(others, means["mean"], yerr=errors, **style)
    else:
        axes.errorbar(means["mean"], others, xerr=errors, **style)


def mark_paper(axes: Axes, values: Any, heights: Any, colour: Any, label: str) -> None:
    """The paper's values as diamonds."""
    axes.scatter(values, heights, marker="D", c="white", edgecolors=colour, zorder=3, label=label)


def legend_above(axes: Axes) -> None:
    """A legend above the data, never on it."""
    handles, names = axes.get_legend_handles_labels()
    axes.legend(
        handles, names, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize="small",
        ncols=2 if len(names) > 3 else len(names), borderaxespad=0.2, handletextpad=0.5,
        columnspacing=1.2,
    )  # fmt: skip
