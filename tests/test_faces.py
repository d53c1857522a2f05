"""Figures and pickers, from tables to what a page holds."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from sublim_utils import plots
from sublim_utils.widgets import Picture, figure_picker

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def test_conditions_are_drawn_where_the_table_says() -> None:
    summary = pd.DataFrame(
        {
            "condition": ["a", "b"],
            "mean": [0.2, 0.7],
            "low": [0.1, 0.6],
            "high": [0.3, 0.9],
            "unit": "fraction",
        }
    )
    figure = plots.conditions(
        summary, {"b": "second", "a": "first"}, axis="accuracy", paper={"a": 0.25, "b": 0.65}
    )
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["second", "first"]
    points = axes.lines[0].get_xydata()
    assert np.asarray(points).tolist() == [[0.7, 1], [0.2, 0]]
    (intervals,) = (c for c in axes.collections if isinstance(c, LineCollection))
    segments = intervals.get_segments()
    assert [np.asarray(s)[:, 0].tolist() for s in segments] == [[0.6, 0.9], [0.1, 0.3]]


def test_levels_are_sorted_as_numbers() -> None:
    table = pd.DataFrame(
        [
            {"level": level, "condition": "a", "value": value}
            for level in ("10", "2", "1")
            for value in (0.1 * int(level) / 2, 0.1 * int(level) / 2 + 0.01)
        ]
    )
    (axes,) = plots.levels(table, {"a": "A"}, axis="n").axes
    line = axes.lines[0]
    assert np.asarray(line.get_xdata()).tolist() == [1, 2, 10]
    assert np.asarray(line.get_ydata()).tolist() == pytest.approx([0.055, 0.105, 0.505])


def test_a_confusion_matrix_is_drawn_in_shares() -> None:
    axes = plots.confusion([[3, 1], [0, 2]]).axes[0]
    assert np.asarray(axes.collections[0].get_array()).tolist() == [[0.75, 0.25], [0, 1]]


def test_a_picker_holds_every_panel_with_its_escaped_words() -> None:
    def picture(word: str) -> Picture:
        return Picture(plt.figure(), f'<{word} & "{word}">')

    picker = figure_picker({"one": [picture("a")], "two": [picture("b"), picture("c")]}, "Choose")
    choice, stack = picker.children
    assert choice.options == ("one", "two")
    assert [child.value.count("<img ") for child in stack.children] == [1, 2]
    assert 'alt="&lt;b &amp; &quot;b&quot;&gt;"' in stack.children[1].value
    assert plt.get_fignums() == []


def test_equal_figures_make_equal_pages() -> None:
    def page() -> str:
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        picker = figure_picker({"one": [Picture(figure, "a line")]}, "Choose")
        return str(picker.children[1].children[0].value)

    assert page() == page()
