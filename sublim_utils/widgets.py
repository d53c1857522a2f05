"""Controls that react in a saved page, without a kernel or a network.

Every panel is drawn beforehand and put into the page; a drop-down that is linked to a stack of
panels in the browser shows one of them.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.figure import Figure


class Picture(NamedTuple):
    """A figure and the text that stands for it where it cannot be seen."""

    figure: Figure
    alt: str


def _image(picture: Picture) -> str:
    """The figure as an `img` element of SVG; the figure is closed."""
    buffer = io.BytesIO()
    # Without date and random ids, an unchanged figure is an unchanged page.
    with plt.rc_context({"svg.hashsalt": "sublim"}):
        picture.figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(picture.figure)
    source = base64.b64encode(buffer.getvalue()).decode()
    alt = html.escape(picture.alt, quote=True)
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{source}">'


def figure_picker(
    panels: Mapping[str, Sequence[Picture]], label: str, caption: str = ""
) -> ipywidgets.Widget:
    """A drop-down that shows one panel of pictures at a time.

    Args:
        panels: pictures by the words that choose them; side by side where the page has room.
            Their figures are closed.
        label: what is chosen, beside the drop-down.
        caption: a sentence below the pictures.
    """
    words = list(panels)
    shown = [
        ipywidgets.HTML(
            f'<div class="sublim-panel">{"".join(_image(p) for p in pictures)}</div>'
            + (f"<p>{html.escape(caption)}</p>" if caption else "")
        )
        for pictures in panels.values()
    ]
    if not hasattr(ipywidgets, "Stack"):  # ipywidgets 7, as on Colab
        tabs = ipywidgets.Tab(shown)
        for number, word in enumerate(words):
            tabs.set_title(number, word)
        return tabs
    choice = ipywidgets.Dropdown(
        options=words,
        description=label,
        layout={"width": "auto", "max_width": "26em"},
        style={"description_width": "initial"},
    )
    stack = ipywidgets.Stack(shown, selected_index=0)
    ipywidgets.jslink((choice, "index"), (stack, "selected_index"))
    return ipywidgets.VBox([choice, stack], layout={"overflow": "hidden"})
