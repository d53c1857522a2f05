"""Bars in percent: what models say before and after."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from sublim_utils.report.page import percent
from sublim_utils.report.style import COLOUR, legend_above


def bars_before_after(
    table: pd.DataFrame, *, title: str, axis: str = "", most: float | None = None
) -> Figure:
    """Horizontal bars in percent, one group a label, each bar with its value beside it.

    Args:
        table: columns `label`, `entity` (a key of `COLOUR`), `value` from 0 to 1, and, where there
            are intervals, `low` and `high`; in the order from top to bottom. A column `name` says
            what the bars of an entity are called in the legend; else the entity does.
        title: the message.
        axis: title of the horizontal axis.
        most: right end of the axis, from 0 to 1; None fits the values.
    """
    labels = list(dict.fromkeys(table["label"]))
    figure, axes = plt.subplots(figsize=(6.4, 0.34 * len(table) + 0.25 * len(labels) + 1.1))
    y, named, ticks = 0.0, set[str](), []
    for label in labels:
        rows = table[table["label"] == label]
        ticks.append(y + (len(rows) - 1) / 2)
        for row in rows.to_dict("records"):
            name = str(row.get("name") or row["entity"])
            axes.barh(y, 100 * row["value"], 0.85, color=COLOUR[row["entity"]],
                      label=None if name in named else name)  # fmt: skip
            named.add(name)
            end = 100 * row["value"]
            if not pd.isna(row.get("low")):
                bounds = [[100 * row["low"]], [100 * row["high"]]]
                axes.plot(bounds, [[y], [y]], color="black", linewidth=1.2)
                end = 100 * row["high"]
            axes.annotate(percent(row["value"]), (end, y), xytext=(4, 0),
                          textcoords="offset points", va="center", fontsize="small")  # fmt: skip
            y += 1
        y += 0.6
    axes.set_yticks(ticks, labels)
    axes.invert_yaxis()
    highest = 100 * float(table.get("high", table["value"]).fillna(table["value"]).max())
    axes.set_xlim(0, 100 * most if most is not None else 1.15 * highest)
    axes.set(xlabel=axis)
    axes.grid(visible=False, axis="y")
    axes.set_title(title, pad=24 if len(named) > 1 else 6)
    if len(named) > 1:
        legend_above(axes)
    return figure
