"""Several drop-downs for one place in a page: a selector for each dimension of what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets

from sublim_utils.report.widgets import Picture, Rows, figure_picker, panel_html

Key = tuple[str, ...]


def selectors(
    panels: Mapping[Key, Sequence[Picture | Rows]], labels: Sequence[str]
) -> ipywidgets.Widget:
    """Drop-downs that choose one panel together, also in a saved page.

    Every dimension has a stack of stacks, and each drop-down is linked to all stacks of its own.

    Args:
        panels: pictures and tables of rows, by one word for each dimension. Combinations that are
            missing are left out where the last dimension is chosen last.
        labels: what is chosen, by dimension.
    """
    if not hasattr(ipywidgets, "Stack"):  # ipywidgets 7, as on Colab
        return figure_picker({", ".join(key): parts for key, parts in panels.items()}, "Show:")
    words = [list(dict.fromkeys(key[place] for key in panels)) for place in range(len(labels))]
    choices = [
        ipywidgets.Dropdown(
            options=of_label,
            description=label,
            layout={"width": "auto", "max_width": "min(22em, 100%)"},
            style={"description_width": "initial"},
        )
        for label, of_label in zip(labels, words, strict=True)
    ]

    def stack(chosen: Key) -> ipywidgets.Widget:
        place = len(chosen)
        if place == len(labels):
            parts = panels.get(chosen)
            return ipywidgets.HTML("Not measured." if parts is None else panel_html(parts))
        below = ipywidgets.Stack([stack((*chosen, w)) for w in words[place]], selected_index=0)
        ipywidgets.jslink((choices[place], "index"), (below, "selected_index"))
        return below

    row = ipywidgets.Box(choices, layout={"display": "flex", "flex_flow": "row wrap"})
    return ipywidgets.VBox([row, stack(())], layout={"overflow": "hidden"})
