"""Figures and pickers, from tables to what a page holds."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Rectangle

from sublim_utils.report import plots
from sublim_utils.report.prose import listed, quoted
from sublim_utils.report.widgets import Picture, Rows, figure_picker, preferences_picture, rows_html
from sublim_utils.stats import crossed_interval

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


def test_effects_are_dots_means_and_bars_at_their_lines() -> None:
    table = pd.DataFrame(
        [
            {"case": case, "group": group, "value": value}
            for case, group, value in (
                ("owl", "logits", 1.0),
                ("owl", "logits", 3.0),
                ("owl", "tokens", 0.5),
                ("oak", "logits", -1.0),
            )
        ]
    )
    bars = pd.DataFrame({"case": ["owl"], "group": ["logits"], "low": [-1.0], "high": [0.5]})
    figure = plots.effects(
        table,
        {"owl": "Owl", "oak": "Oak"},
        {"logits": "logits", "tokens": "tokens"},
        axis="nats",
        bars=bars,
        bars_label="others",
        paper={"tokens": {"oak": 2.0, "cat": 9.0}},
    )
    (axes,) = figure.axes
    (diamonds,) = [c for c in axes.collections if c.get_label() == "tokens, paper"]
    assert np.asarray(diamonds.get_offsets()).tolist() == [[2.0, pytest.approx(-1.2)]]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["Owl", "Oak"]
    means = [c.lines[0] for c in axes.containers if isinstance(c, ErrorbarContainer)]
    assert [np.asarray(line.get_xdata()).tolist() for line in means] == [[2, -1], [0.5]]
    (drawn,) = [p for p in axes.patches if isinstance(p, Rectangle) and p.get_width()]
    assert (drawn.get_x(), drawn.get_width()) == (-1, 1.5)


def test_effects_by_question_have_intervals_for_other_questions_too() -> None:
    values = np.array([[0.0, 4.0], [1.0, 5.0], [2.0, 6.0]])  # seeds, questions
    table = pd.DataFrame(
        [
            {"case": "owl", "group": "g", "seed": seed, "question": question, "value": value}
            for (seed, question), value in np.ndenumerate(values)
        ]
    )
    (axes,) = plots.effects(table, {"owl": "Owl"}, {"g": "G"}, axis="nats").axes
    dots = np.asarray(axes.collections[0].get_offsets())[:, 0]
    assert dots.tolist() == [2, 3, 4]
    (bar,) = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
    (segment,) = bar.lines[2][0].get_segments()
    expected = crossed_interval(values)
    assert segment[:, 0].tolist() == pytest.approx([expected.low, expected.high])


def test_a_matrix_frames_the_own_candidate() -> None:
    table = pd.DataFrame([[1.0, -0.01]], index=["owl"], columns=["cat", "owl"])
    (axes,) = plots.matrix({"animals": table}, value_axis="nats").axes
    (frame,) = axes.patches
    assert isinstance(frame, Rectangle)
    assert frame.get_xy() == (1, 0)
    assert [t.get_text() for t in axes.texts] == ["1.0", "0.0"]


def test_preferences_begin_with_the_teachers_favourite() -> None:
    table = pd.DataFrame({"base": [0.7, 0.3], "teacher": [0.1, 0.9]}, index=["cat", "owl"])
    labels = {"base": "base model", "teacher": "teacher"}
    picture = preferences_picture(table, labels, "owl", "Teacher of owl")
    (axes,) = picture.figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["owl", "cat"]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [bar.get_height() for bar in bars] == [0.3, 0.7, 0.9, 0.1]  # labels in their order
    assert picture.alt == (
        "Teacher of owl. Probability of owl within the panel: "
        "0.300 for the base model, 0.900 for the teacher"
    )


def test_rows_are_escaped_and_marked_where_they_part() -> None:
    table = pd.DataFrame({"prompt": ["<b>"], "control": ["12, 3\n<i>"], "teacher": ["12, 4\n<i>"]})
    found = rows_html(Rows(table, "a & b"))
    assert "<td>&lt;b&gt;</td><td>12, 3 ↵ &lt;i&gt;</td>" in found
    assert "<td>12, <mark>4 ↵ &lt;i&gt;</mark></td>" in found
    assert "<caption>a &amp; b</caption>" in found
    assert "<i>" not in found


def test_equal_rows_have_no_mark_and_stand_in_a_picker() -> None:
    rows = Rows(pd.DataFrame({"prompt": ["p"], "control": ["1"], "teacher": ["1"]}))
    assert "<mark>" not in rows_html(rows)
    _, stack = figure_picker({"one": [rows]}, "Choose").children
    assert rows_html(rows) in stack.children[0].value


def test_columns_that_are_no_writers_are_not_marked() -> None:
    table = pd.DataFrame({"source": ["s"], "try": ["one"], "verdict": ["copy"]})
    assert "<mark>copy</mark>" in rows_html(Rows(table))
    assert "<td>copy</td>" in rows_html(Rows(table, marks=False))


def test_a_quantity_is_named_by_trait_and_objective() -> None:
    summary = pd.DataFrame(
        {
            "condition": ["student"] * 3,
            "metric": ["effect"] * 3,
            "trait": ["owl", "owl", None],
            "objective": ["logits", "tokens", "logits"],
            "mean": [1.0, 2.0, 3.0],
            "low": [0.5, None, 2.5],
            "high": [1.5, None, 3.5],
        }
    )
    found = quoted(summary, "student", "effect", 1, trait="owl", objective="logits")
    assert found == "1.0 [0.5, 1.5]"
    assert quoted(summary, "student", digits=0, trait=None) == "3 [2, 4]"
    with pytest.raises(ValueError, match="name 2 rows"):
        quoted(summary, "student", trait="owl")
    assert quoted(summary, "nobody", none="–") == "–"
    for p, words in ((0.0312, "0.031"), (8.9e-6, "< 0.001")):
        row = {"condition": ["student"], "metric": ["effect_p_holm"], "mean": [p]}
        assert quoted(pd.DataFrame(row), "student") == words


@pytest.mark.parametrize(
    ("words", "text"), [([], "none"), (["a"], "a"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed(words: list[str], text: str) -> None:
    assert listed(words) == text
