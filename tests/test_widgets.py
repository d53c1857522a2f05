"""Controls in a notebook, with the versions of ipywidgets that people have."""

import html

import ipywidgets
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from sublim_utils.report.widgets import Picture, Rows, figure_picker, rows_html

PANELS = {words: f"A figure of {words} & more" for words in ("an owl", "a dolphin")}


def picker() -> ipywidgets.Widget:
    panels = {words: [Picture(plt.figure(), alt)] for words, alt in PANELS.items()}
    return figure_picker(panels, "Teacher:")


def shown(widget: ipywidgets.Widget) -> list[str]:
    return [child.value for child in widget.children]


def test_a_drop_down_chooses_among_panels() -> None:
    choice, stack = picker().children
    assert choice.options == tuple(PANELS)
    for text, alt in zip(shown(stack), PANELS.values(), strict=True):
        assert html.escape(alt) in text


def test_without_stacks_panels_are_tabs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Colab, whose ipywidgets is of the seventh version."""
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    tabs = picker()
    assert isinstance(tabs, ipywidgets.Tab)
    assert [tabs.get_title(number) for number in range(len(PANELS))] == list(PANELS)
    for text, alt in zip(shown(tabs), PANELS.values(), strict=True):
        assert html.escape(alt) in text


def test_rows_are_marked_from_where_they_differ_and_where_they_end() -> None:
    table = pd.DataFrame(
        {"prompt": ["a", "b", "c"], "one": ["1, 2", "1, 2", "1"], "other": ["1, 3", "1", "1, 2"]}
    )
    page = rows_html(Rows(table))
    assert "<td>1, <mark>3</mark></td>" in page
    assert "<td>1<mark> (ends)</mark></td>" in page
    assert "<td>1<mark>, 2</mark></td>" in page
