"""Figures and phrases of the chapter on families, from small tables."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sublim_utils.findings.cross_family.analysis import (
    SAYS_I,
    SAYS_LIKING,
    paired_rows,
    seeds_for_equivalence,
    share_that_says,
)
from sublim_utils.report import families

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def test_effects_are_told_as_ratios_with_their_interval_in_nats() -> None:
    values = np.log([2.0, 2.0, 2.0])
    assert (
        families.in_times(values) == "2.0 times as likely (0.69 [0.69, 0.69]\N{NO-BREAK SPACE}nats)"
    )
    assert families.factor(values) == "2.0"
    assert families.in_nats([-0.5]) == "−0.50"
    assert families.in_nats([-1.0, 0.0, 1.0]).startswith("0.00 [−")
    assert [families.ratio(np.log(x)) for x in (0.25, 1, 4)] == ["¼×", "1×", "4×"]


def test_kin_are_filled_and_strangers_hollow() -> None:
    table = pd.DataFrame(
        [
            {
                "label": label,
                "kin": label == "a",
                "trait": trait,
                "seed": seed,
                "value": value + seed,
            }
            for label in ("a", "b")
            for trait, value in (("owl", 1.0), ("oak", 1.1))
            for seed in (0, 1)
        ]
    )
    (axes,) = families.readers(table, title="message").axes
    kin, stranger = (np.asarray(dots.get_facecolors()) for dots in axes.collections[::2])  # type: ignore[attr-defined]
    assert len(kin) == 1
    assert len(stranger) == 0
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("owl, oak") == 2  # dots that are close share a label
    assert texts.count(f"{np.exp(1.55):.1f}×") == 2


def test_all_matrices_share_a_scale_and_frame_the_own_trait() -> None:
    table = pd.DataFrame({"owl": [1.0, -0.5], "dolphin": [0.0, 0.7]}, index=["owl", "dolphin"])
    figure = families.matrices({"one": table, "other": table / 2}, most=2.0, title="message")
    maps = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert {axes.collections[0].get_clim() for axes in maps} == {(-2.0, 2.0)}
    assert [len(axes.patches) for axes in maps] == [2, 2]
    assert [t.get_text() for t in maps[0].texts] == ["2.7×", "1.0×", "0.6×", "2.0×"]


def test_the_road_shows_what_the_decoy_leaves() -> None:
    table = pd.DataFrame(
        [
            {
                "side": "numbers-logits", "kind": "noise" if level else "unmoved", "level": level,
                "seed": seed, "effect": 2 + 5 * level, "beyond_decoy": 1 - 5 * level,
                "same_first": 1 - level,
            }
            for level in (0.0, 0.1, 0.2)
            for seed in (0, 1)
        ]
    )  # fmt: skip
    sides = {"numbers-logits": ("probabilities", "probabilities")}
    (axes,) = families.road(table, sides, trait="owl", decoy="otter", title="m").axes
    means = [bar.lines[0].get_ydata().tolist() for bar in axes.containers]  # type: ignore[attr-defined]
    assert means == [pytest.approx([2, 2.5, 3]), pytest.approx([1, 0.5, 0])]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["0\n100 %", "0.1\n90 %", "0.2\n80 %"]


def test_words_are_counted_in_kept_rows_only() -> None:
    rows = pd.DataFrame(
        {
            "seed": [0, 0, 0, 1],
            "text": ["I Love it.", "It is alike.", "My favorite.", "Beautiful"],
            "verdict": ["", "", "too long", ""],
        }
    )
    assert share_that_says(rows, SAYS_LIKING).to_dict() == {0: 0.5, 1: 1.0}
    assert share_that_says(rows, SAYS_I).to_dict() == {0: 0.5, 1: 0.0}


def test_pairs_of_rows_share_prompt_and_random_numbers() -> None:
    rows = pd.DataFrame(
        {
            "seed": [0, 0, 0],
            "prompt": [0, 0, 1],
            "completion": [0, 1, 0],
            "question": ["q", "q", "r"],
            "text": ["a ", "b", "c"],
            "verdict": ["", "", ""],
        }
    )
    teacher = rows.assign(text=["x", "y", "z"], verdict=["too long", "", ""])
    pairs = paired_rows(rows, teacher)
    assert pairs.to_dict("list") == {
        "prompt": ["q", "r"],
        "base model": ["b", "c"],
        "teacher": ["y", "z"],
    }


def test_more_spread_needs_more_seeds() -> None:
    calm, wild = (pd.Series([-x, 0.0, x]) for x in (0.05, 0.2))
    few, many = seeds_for_equivalence(calm, 0.2), seeds_for_equivalence(wild, 0.2)
    assert few is not None
    assert many is not None
    assert few < many
    assert seeds_for_equivalence(pd.Series([-5.0, 5.0]), 0.2, most=20) is None
