"""Controls in a notebook, with the versions of ipywidgets that people have."""

import html

import ipywidgets
import matplotlib.pyplot as plt
import pytest

from sublim_utils.report.widgets import Picture, figure_picker

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
