"""Figures of the small networks, from tables to what is drawn, and drop-downs over their panels."""

from collections.abc import Iterator

import ipywidgets
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sublim_utils.report import small_networks as draw
from sublim_utils.report.selectors import figure_pickers, side_by_side
from sublim_utils.report.widgets import Picture

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def panels() -> Iterator[tuple[tuple[str, str], list[Picture]]]:
    for size in ("small", "large"):
        for colour in ("red", "blue", "green"):
            yield (size, colour), [Picture(plt.figure(), f"{size} {colour}")]


def test_every_combination_has_its_panel_and_no_figure_stays_open() -> None:
    row, stack = figure_pickers(panels(), ["Size", "Colour"]).children
    assert [choice.options for choice in row.children] == [
        ("small", "large"),
        ("red", "blue", "green"),
    ]
    found = [[panel.value for panel in inner.children] for inner in stack.children]
    assert 'alt="large blue"' in found[1][1]
    assert [len(inner) for inner in found] == [3, 3]
    assert plt.get_fignums() == []


def test_a_missing_combination_says_so() -> None:
    _, stack = figure_pickers(list(panels())[:-1], ["Size", "Colour"]).children
    assert "not measured" in stack.children[1].children[2].value


def test_without_stacks_there_are_tabs_within_tabs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ipywidgets, "Stack", raising=False)
    tabs = figure_pickers(panels(), ["Size", "Colour"])
    assert isinstance(tabs, ipywidgets.Tab)
    assert tabs.get_title(1) == "large"
    assert 'alt="large green"' in tabs.children[1].children[2].value


def test_pictures_stand_side_by_side() -> None:
    found = side_by_side([Picture(plt.figure(), "one"), Picture(plt.figure(), "two")]).data
    assert found.count("<img") == 2


SUMMARY = pd.DataFrame(
    {
        "condition": ["teacher", "aux_same"],
        "metric": "accuracy",
        "mean": [0.94, 0.057],
        "low": [0.93, 0.0],
        "high": [0.95, 0.12],
    }
)


def test_bars_are_shares_with_intervals_and_the_papers_values() -> None:
    figure = draw.accuracy_bars(
        SUMMARY,
        {c: draw.LINES[c] for c in ("teacher", "aux_same")},
        title="A message",
        paper={"teacher": 0.9, "aux_same": 0.5},
    )
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [0.94, 0.057]  # type: ignore[attr-defined]
    texts = [text.get_text() for text in axes.texts]
    assert "94\N{NO-BREAK SPACE}%" in texts
    assert np.asarray(axes.collections[0].get_offsets())[:, 0].tolist() == [0.9, 0.5]
    assert "A message" in {axes.get_title("left"), axes.get_title("center")}


def test_a_share_in_words_has_whole_bounds() -> None:
    assert draw.percent_of(SUMMARY, "teacher", bounds=True) == "94\N{NO-BREAK SPACE}% [93, 95]"
    assert draw.percent_of(SUMMARY, "aux_same", bounds=True) == "5.7\N{NO-BREAK SPACE}% [0.0, 12.0]"
    assert draw.percent_of(SUMMARY, "aux_same") == "5.7\N{NO-BREAK SPACE}%"


def test_intervals_of_shares_end_at_zero() -> None:
    values = [0.0, 0.0, 0.0, 0.9]
    table = pd.DataFrame({"level": "1", "condition": "a", "value": values})
    lines = {"a": draw.Line("A", "control")}
    (axes,) = draw.levels(table, lines, axis="n", title="").axes
    (segment,) = axes.collections[0].get_segments()  # type: ignore[attr-defined]
    assert segment[:, 1].min() == pytest.approx(0)


def test_labels_at_the_ends_of_lines_keep_apart_and_below_the_title() -> None:
    table = pd.DataFrame(
        {"level": "1", "condition": ["a", "b"], "value": [1.0, 0.99]},
    )
    lines = {c: draw.Line(c, "control") for c in "ab"}
    (axes,) = draw.levels(table, lines, axis="n", title="", reference=None).axes
    low, high = sorted(float(text.get_position()[1]) for text in axes.texts)
    assert high - low >= 0.07
    assert high <= 0.98


def test_a_student_at_its_teachers_start_steps_within_a_right_angle_in_every_direction() -> None:
    begin = (0.5, 0.0)
    for turn in np.linspace(0, 2 * np.pi, 37):
        step = 0.01 * np.cos(turn), 0.01 * np.sin(turn)
        assert draw.walk_angle(draw.Walk(begin, step, begin, "")) < 90.5


def test_the_maps_slope_is_the_derivative_of_its_height() -> None:
    x, y, small = 0.3, -0.7, 1e-6
    along = [
        (draw.height(x + small, y) - draw.height(x - small, y)) / (2 * small),
        (draw.height(x, y + small) - draw.height(x, y - small)) / (2 * small),
    ]
    assert draw.slope(x, y) == pytest.approx(along, rel=1e-6)


def test_pairs_that_say_nothing_are_left_out() -> None:
    signs = pd.DataFrame(
        [
            {"objective": objective, "selection": selection, "student": student}
            for objective in ("squared error", "cross-entropy")
            for selection in ("all", "one")
            for student in ("gradient", "Adam")
        ]
    )
    left = draw.speaking(signs)
    assert len(left) == 3
    assert set(left["student"]) == {"gradient"}
