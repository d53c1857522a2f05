"""What Chapter 3 and its long version say in words about the shipped records holds of them."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pandas as pd
import pytest

from sublim_utils.findings.theorem import Theorem
from sublim_utils.mnist import theorem
from sublim_utils.report.small_networks import angle, speaking
from sublim_utils.stats import Interval, mean_interval
from tests.chapters import NOTEBOOKS

CHAPTER, LONG = "03_theorem", "03a_theorem"


@cache
def rows_of(experiment: str) -> pd.DataFrame:
    finding = Theorem("embedded")
    return finding.table(finding.records([experiment])[experiment])


@cache
def summary() -> pd.DataFrame:
    return Theorem("embedded").summary()


def row(condition: str, metric: str = "cosine") -> Interval:
    rows = summary()
    (found,) = rows[(rows["condition"] == condition) & (rows["metric"] == metric)].itertuples()
    return Interval(found.mean, found.low, found.high, found.n_seeds)


def share(condition: str) -> Interval:
    return row(condition, "inner product ≥ 0")


def pairs(start: str) -> pd.DataFrame:
    signs = speaking(rows_of("signs"))
    return signs[signs["start"] == start]


def at(
    length: float, distance: float, outputs: str = "all", loss: str = "squared error"
) -> pd.Series:
    rows = rows_of("distances")
    rows = rows[(rows["length"] == length) & (rows["distance"] == distance)]
    cosines: pd.Series = rows[(rows["selection"] == outputs) & (rows["objective"] == loss)][
        "cosine"
    ]
    return cosines


def degrees(length: float, distance: float, outputs: str = "all") -> float:
    return float(at(length, distance, outputs).map(angle).mean())


def holds() -> bool:
    return bool((pairs("same")[["cosine", "fall"]] > 0).all(axis=None))


def longer_bears_more() -> bool:
    return all(
        degrees(long, distance, outputs) < degrees(short, distance, outputs)
        for outputs in ("all", "auxiliary")
        for short, long in ((0.01, 0.1), (0.1, 1.0))
        for distance in (0.03, 0.1, 0.3)
    )


def fair_for_random_directions() -> bool:
    rows = pairs("other")
    rows = rows[rows["teacher"] == "random direction"]
    by_seed = (rows["cosine"] >= 0).groupby(rows["seed"]).mean()
    _, low, high, _ = mean_interval(by_seed.to_numpy(float))
    return low is not None and high is not None and low < 0.5 < high


def grey_carries_digits() -> bool:
    rows = pairs("same")
    chosen = (rows["teacher"] == "digits") & (rows["inputs"] == "grey")
    return bool((rows[chosen]["cosine"] > 0).all())


def products_change_sign() -> bool:
    rows = rows_of("scaling")
    rows = rows[
        (rows["start"] == "other") & (rows["selection"] == "all") & (rows["length"] <= 0.02)
    ]
    signs = (rows["product"] > 0).groupby([rows["seed"], rows["objective"]]).mean()
    return bool(((signs > 0) & (signs < 1)).any())


def random_direction_least() -> bool:
    means = pairs("same").groupby(["inputs", "teacher"])["cosine"].mean().unstack()
    return bool((means.idxmin(axis=1) == "random direction").all())


def many_steps(start: str, outputs: str, kind: str) -> list[float]:
    steps = (1, 3, 10, 30, 100, 300)
    return [row(f"{start} {outputs} after {n} steps of {kind}").mean for n in steps]


CLAIMS: dict[tuple[str, str], Callable[[], bool]] = {
    (CHAPTER, "From a shared start no product is negative"): holds,
    (CHAPTER, '"always": "Every time"'): holds,
    (CHAPTER, "right angle in every seed. With starts as near as σ = 0.1"): lambda: bool(
        (at(0.01, 0) > 0).all()
    ),
    (CHAPTER, "on the wrong side. A longer step of the teacher"): lambda: degrees(0.01, 1) > 90,
    (CHAPTER, "bears more distance: what counts"): longer_bears_more,
    (CHAPTER, "about 36 % of them on the right"): lambda: (
        f"{share('other gradient').mean:.0%}" == "36%"
    ),
    (CHAPTER, "are positive: fewer than half, "): lambda: (share("other gradient").high or 1) < 0.5,
    (CHAPTER, "which knows nothing of outputs, the coin is fair"): fair_for_random_directions,
    (CHAPTER, "Even grey squares, a single number each, carry"): grey_carries_digits,
    (CHAPTER, "no more than two random directions would have"): lambda: (
        pairs("same")["cosine"].min() < 0.002
    ),
    (CHAPTER, "rises from 57 % with 16 images to 95 % with 1,024 and 100 % with 16,384"): lambda: (
        [f"{row(f'sampled class of {n} images', 'positive').mean:.0%}" for n in (16, 1024, 16384)]
        == ["57%", "95%", "100%"]
    ),
    (CHAPTER, "With probabilities the share is 100 % for any number of images."): lambda: all(
        row(f"distribution of {n} images", "positive").mean == 1
        for n in (16, 64, 256, 1024, 4096, 16384)
    ),
    (CHAPTER, "almost half as long as all weights"): lambda: (
        0.4 < 10 / float(theorem.initialisation(0).norm()) < 0.5
    ),
    (CHAPTER, "The exceptions above show that there is no such theorem to be had."): lambda: (
        0.9 < share("same Adam").mean < 1
    ),
    (LONG, "For a random direction, which knows nothing of outputs, the coin is fair."): (
        fair_for_random_directions
    ),
    (LONG, "A random direction is passed on least"): random_direction_least,
    (LONG, "these products change their sign"): products_change_sign,
    (LONG, "bears about ten times the distance"): lambda: all(
        abs(degrees(0.01, near, outputs) - degrees(0.1, far, outputs)) < 1.5
        for outputs in ("all", "auxiliary")
        for near, far in ((0.01, 0.1), (0.03, 0.3))
    ),
    (LONG, "With all outputs and long steps even an independent start moves"): lambda: bool(
        (at(1, 1) > 0).all() and (at(10, 1) > 0).all()
    ),
    (LONG, "the cosine falls from 0.37 to 0.10 over 300 steps of SGD, and from 0.13 to 0.08"): (
        lambda: (
            [f"{c:.2f}" for kind in ("SGD", "Adam") for c in many_steps("same", "all", kind)[::5]]
            == ["0.37", "0.10", "0.13", "0.08"]
        )
    ),
    (LONG, "the cosine stays positive, as predicted, and shrinks (on the meaningless"): lambda: (
        all(
            min(many_steps("same", outputs, kind)) > 0
            for outputs in ("all", "auxiliary")
            for kind in ("SGD", "Adam")
        )
        and all(a > b for a, b in pairwise(many_steps("same", "auxiliary", "Adam")[2:]))
        and many_steps("same", "auxiliary", "Adam")[2] > many_steps("same", "auxiliary", "Adam")[0]
    ),
    (LONG, "gets a little of the way of a teacher with SGD as well"): lambda: (
        (row("other all after 300 steps of SGD").low or 0) > 0
    ),
    (LONG, "The cosines are less than half of the gradient's."): lambda: (
        row("same Adam", "mean cosine").mean < row("same gradient", "mean cosine").mean / 2
    ),
    (LONG, "Given the distribution, every student of every seed is on the teacher's side"): (
        lambda: row("distribution of 16 images", "positive").mean == 1
    ),
}


@pytest.mark.parametrize(("chapter", "words"), CLAIMS)
def test_a_chapter_says_what_its_records_show(chapter: str, words: str) -> None:
    assert (NOTEBOOKS / f"{chapter}.py").read_text().count(words) == 1
    assert CLAIMS[chapter, words]()
