"""Figures of ratios: where the marks are, and which ticks."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sublim_utils.report.ratios import Ratio, matrix_of_ratios, ratios
from sublim_utils.report.style import COLOUR


def effects(*values: float) -> pd.Series:
    index = pd.Index(range(len(values)), name="seed")
    return pd.Series(values, index=index, dtype=float)


def drawn(figure: Figure) -> tuple[list[str], list[str]]:
    figure.canvas.draw()
    axes = figure.axes[0]
    return (
        [label.get_text() for label in axes.get_yticklabels()],
        [label.get_text() for label in axes.get_xticklabels()],
    )


def test_rows_are_drawn_from_top_to_bottom_in_times() -> None:
    rows = [
        Ratio("one", "text", effects(0.1, 0.2, 0.3), (-0.2, 0.1)),
        Ratio("none", "text", effects()),
        Ratio("two", "probabilities", effects(np.log(2), np.log(2.2))),
        Ratio("single", "control", effects(0.0)),
    ]
    figure = ratios(rows, title="A message", axis="times")
    labels, ticks = drawn(figure)
    assert labels == ["one", "two", "single"]
    assert {"1×", "2×"} <= {*ticks}
    axes = figure.axes[0]
    assert axes.yaxis_inverted()
    colours = {line.get_color() for line in axes.lines}
    assert {COLOUR["text"], COLOUR["probabilities"], COLOUR["control"]} <= colours
    (dots,) = [line for line in axes.lines if np.size(line.get_xdata()) == 3]
    assert np.allclose(dots.get_xdata(), np.exp([0.1, 0.2, 0.3]))
    plt.close(figure)


def test_questions_are_averaged_for_the_dots() -> None:
    index = pd.MultiIndex.from_product([range(3), range(4)], names=["seed", "question"])
    values = pd.Series(np.repeat([0.1, 0.2, 0.4], 4) + np.tile([-0.1, 0, 0, 0.1], 3), index=index)
    figure = ratios([Ratio("one", "text", values)], title="A message", axis="times")
    (dots,) = [line for line in figure.axes[0].lines if np.size(line.get_xdata()) == 3]
    assert np.allclose(dots.get_xdata(), np.exp([0.1, 0.2, 0.4]))
    plt.close(figure)


def test_a_matrix_says_each_ratio_and_stresses_the_diagonal() -> None:
    table = pd.DataFrame([[1.0, -0.2], [0.0, 0.05]], index=["owl", "cat"], columns=["owl", "cat"])
    figure = matrix_of_ratios(table, title="A message")
    texts = {text.get_text(): text.get_fontweight() for text in figure.axes[0].texts}
    assert texts == {"2.7×": "bold", "0.82×": "normal", "1.0×": "normal", "1.1×": "bold"}
    assert len(figure.axes) == 2
    plt.close(figure)
