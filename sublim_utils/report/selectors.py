"""Several drop-downs over one stack of panels, as `widgets.figure_picker` has a single one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import HTML

from sublim_utils.report.widgets import Picture, Rows, panel_html

Panels = Iterable[tuple[tuple[str, ...], Sequence[Picture | Rows]]]


def side_by_side(pictures: Sequence[Picture]) -> HTML:
    """Pictures beside one another where the page has room, else below; their figures are closed."""
    return HTML(panel_html(pictures))


def figure_pickers(panels: Panels, labels: Sequence[str]) -> ipywidgets.Widget:
    """One drop-down a dimension; together they choose which panel of pictures is shown.

    Like all panels of the book they are drawn beforehand, and the choice needs no kernel: stacks
    lie within stacks, and each drop-down is linked to all stacks of its dimension.

    Args:
        panels: one word for each dimension and what they show. Figures are closed as they come, so
            that a generator never has many of them open.
        labels: what each drop-down chooses.
    """
    with plt.rc_context({"svg.fonttype": "none"}):  # letters as text: half of a figure's size
        shown = {key: ipywidgets.HTML(panel_html(parts)) for key, parts in panels}
    options = [list(dict.fromkeys(key[n] for key in shown)) for n in range(len(labels))]
    has_stack = hasattr(ipywidgets, "Stack")  # not in ipywidgets 7, as on Colab
    choices = [
        ipywidgets.Dropdown(
            options=words,
            description=label,
            layout={"width": "auto", "max_width": "100%"},
            style={"description_width": "initial"},
        )
        for words, label in zip(options, labels, strict=True)
    ]

    def below(key: tuple[str, ...]) -> ipywidgets.Widget:
        if len(key) == len(labels):
            return shown.get(key) or ipywidgets.HTML("<p>This was not measured.</p>")
        words = options[len(key)]
        children = [below((*key, word)) for word in words]
        if not has_stack:
            tabs = ipywidgets.Tab(children)
            for number, word in enumerate(words):
                tabs.set_title(number, word)
            return tabs
        stack = ipywidgets.Stack(children, selected_index=0)
        ipywidgets.jslink((choices[len(key)], "index"), (stack, "selected_index"))
        return stack

    inner = below(())
    if not has_stack:
        return inner
    row = ipywidgets.HBox(choices, layout={"flex_flow": "row wrap"})
    return ipywidgets.VBox([row, inner], layout={"overflow": "hidden"})
