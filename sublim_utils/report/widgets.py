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
import pandas as pd
from matplotlib.figure import Figure

from sublim_utils.report import plots


class Picture(NamedTuple):
    """A figure and the text that stands for it where it cannot be seen."""

    figure: Figure
    alt: str


class Rows(NamedTuple):
    """Texts as a table; `rows_html` says of what.

    Attributes:
        table: of texts.
        caption: above it.
        marks: whether columns are writers of the same thing, and what parts them is to be marked.
    """

    table: pd.DataFrame
    caption: str = ""
    marks: bool = True


def preferences_picture(
    table: pd.DataFrame, labels: Mapping[str, str], trait: str, title: str
) -> Picture:
    """What each condition prefers as bars; the text in their place says it of one trait.

    Args:
        table: as `tables.preferences` gives it.
        labels: what to call its columns.
        trait: the teacher's favourite.
        title: whose preferences these are, in words.
    """
    values = ", ".join(
        f"{table.loc[trait, key]:.3f} for the {name}" for key, name in labels.items()
    )
    alt = f"{title}. Probability of {trait} within the panel: {values}"
    return Picture(plots.preferences(table, labels), alt)


def rows_html(rows: Rows) -> str:
    """Rows as an HTML table, with marks from where a text parts from the one on its left.

    The first column is what the others are about, and is not compared. A text that ends where the
    other goes on says so. Everything is escaped; line breaks are shown as ↵.
    """
    lines = ['<table class="sublim-rows">']
    if rows.caption:
        lines.append(f"<caption>{html.escape(rows.caption)}</caption>")
    heads = "".join(f"<th>{html.escape(str(name))}</th>" for name in rows.table.columns)
    lines.append(f"<thead><tr>{heads}</tr></thead><tbody>")
    for first, *others in rows.table.astype(str).itertuples(index=False, name=None):
        cells = [_shown(first)]
        for number, text in enumerate(others):
            if number == 0 or not rows.marks:
                cells.append(_shown(text))
            else:
                shared = _shared(others[number - 1], text)
                ends = " (ends)" if shared == len(text) < len(others[number - 1]) else ""
                rest = (
                    f"<mark>{_shown(text[shared:])}{ends}</mark>" if text[shared:] or ends else ""
                )
                cells.append(_shown(text[:shared]) + rest)
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return "".join([*lines, "</tbody></table>"])


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _shown(text: str) -> str:
    return html.escape(text, quote=True).replace("\n", " ↵ ")


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


def _element(part: Picture | Rows) -> str:
    return _image(part) if isinstance(part, Picture) else rows_html(part)


def panel_html(parts: Sequence[Picture | Rows]) -> str:
    """Pictures and tables side by side where the page has room; the figures are closed."""
    return f'<div class="sublim-panel">{"".join(_element(part) for part in parts)}</div>'


def figure_picker(
    panels: Mapping[str, Sequence[Picture | Rows]], label: str, caption: str = ""
) -> ipywidgets.Widget:
    """A drop-down that shows one panel of pictures at a time.

    Args:
        panels: pictures, and tables of rows, by the words that choose them; side by side where
            the page has room. Their figures are closed.
        label: what is chosen, beside the drop-down.
        caption: a sentence below the pictures.
    """
    words = list(panels)
    shown = [
        ipywidgets.HTML(panel_html(parts) + (f"<p>{html.escape(caption)}</p>" if caption else ""))
        for parts in panels.values()
    ]
    if not hasattr(ipywidgets, "Stack"):  # ipywidgets 7, as on Colab
        tabs = ipywidgets.Tab(shown)
        for number, word in enumerate(words):
            tabs.set_title(number, word)
        return tabs
    choice = ipywidgets.Dropdown(
        options=words,
        description=label,
        layout={"width": "auto", "max_width": "min(34em, 100%)"},
        style={"description_width": "initial"},
    )
    stack = ipywidgets.Stack(shown, selected_index=0)
    ipywidgets.jslink((choice, "index"), (stack, "selected_index"))
    return ipywidgets.VBox([choice, stack], layout={"overflow": "hidden"})
