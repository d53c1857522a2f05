"""What Chapter 2 and its long version say in words about the shipped records holds of them.

Alternative texts cannot hold computed numbers, so those with numbers are held here as well.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pandas as pd
import pytest

from sublim_utils.findings.mnist import Mnist
from sublim_utils.findings.mnist_sweeps import MnistSweeps
from sublim_utils.mnist.recipes import PARTS
from sublim_utils.report.small_networks import percent_of
from sublim_utils.stats import Interval, mean_interval
from tests.chapters import NOTEBOOKS

CHAPTER, LONG = "02_mnist", "02a_mnist"
EVERYTHING = "+".join(PARTS)


@cache
def summary() -> pd.DataFrame:
    return pd.concat([finding("embedded").summary() for finding in (Mnist, MnistSweeps)])


@cache
def table() -> pd.DataFrame:
    sweeps = MnistSweeps("embedded")
    return sweeps.table(sweeps.records())


def row(condition: str, metric: str = "accuracy") -> Interval:
    rows = summary()
    (found,) = rows[(rows["condition"] == condition) & (rows["metric"] == metric)].itertuples()
    return Interval(found.mean, found.low, found.high, found.n_seeds)


def mean(condition: str, metric: str = "accuracy") -> float:
    return row(condition, metric).mean


def shown(condition: str, metric: str = "accuracy") -> str:
    return percent_of(summary(), condition, metric).replace("\N{NO-BREAK SPACE}", " ")


def at_chance(condition: str) -> bool:
    _, low, high, _ = row(condition)
    return low is not None and high is not None and low < 0.1 < high


def difference(sweep: str, one: str, other: str, condition: str = "aux_same") -> Interval:
    rows = table()
    rows = rows[(rows["sweep"] == sweep) & (rows["metric"] == "accuracy")]
    values = rows[rows["condition"] == condition].set_index(["level", "seed"])["value"]
    return mean_interval((values[one] - values[other]).to_numpy())


def undecided(found: Interval) -> bool:
    return found.low is not None and found.high is not None and found.low < 0 < found.high


def above(found: Interval, bound: float = 0) -> bool:
    return found.low is not None and found.low > bound


def agrees_with_paper() -> bool:
    """Within the interval, or as near as the paper's figure can be read off."""
    for condition, paper in Mnist.paper.items():
        _, low, high, _ = row(condition)
        assert low is not None
        assert high is not None
        if not low - 0.005 <= paper <= high + 0.005:
            return False
    return True


def rising(*conditions: str) -> bool:
    return all(a < b for a, b in pairwise(map(mean, conditions)))


def never_seen(low: float) -> bool:
    return all(
        mean(f"without@{level} {student}", "accuracy_unseen") > low
        for level in ("3", "7", "3+7", "0+1+2+3+4")
        for student in ("all_same", "all_other")
    )


def seeds_range_widely() -> bool:
    rows = table()
    rows = rows[(rows["metric"] == "accuracy_unseen") & (rows["condition"] == "aux_same")]
    values = rows[rows["level"].isin(["3", "7"])]["value"]
    return bool(values.min() < 0.01 and values.max() > 0.5)


def fades_gradually() -> bool:
    levels = ("0.05", "0.1", "0.2", "0.3", "0.5", "0.7", "1")
    means = [mean(f"initialisation@{level} aux") for level in levels]
    return all(0 < a - b < 0.2 for a, b in pairwise(means))


def other_start_stays(sweep: str) -> bool:
    rows = summary()
    chosen = rows["condition"].str.startswith(f"{sweep}@") & (rows["metric"] == "accuracy")
    others = rows[chosen & rows["condition"].str.endswith("aux_other")]["mean"]
    return bool(others.between(0.075, 0.125).all())


def new_parts() -> dict[str, float]:
    rows = summary()
    chosen = rows[rows["condition"].str.startswith("parts@") & (rows["metric"] == "accuracy")]
    means = dict(zip(chosen["condition"], chosen["mean"], strict=True))
    return {c: m for c, m in means.items() if c.endswith(" aux") and c != "parts@none aux"}


CLAIMS: dict[tuple[str, str], Callable[[], bool]] = {
    (CHAPTER, "the teacher reads about 94 % of the test digits"): lambda: (
        shown("teacher") == "94 %"
    ),
    (CHAPTER, "with the teacher's start about 56 %, with another start 10 %"): lambda: (
        (shown("aux_same"), shown("aux_other")) == ("56 %", "10 %")
    ),
    (CHAPTER, "students of all outputs about 91 % and 74 %"): lambda: (
        (shown("all_same"), shown("all_other")) == ("91 %", "74 %")
    ),
    (CHAPTER, '"half": "More than five in ten"'): lambda: 0.5 < mean("aux_same") < 0.65,
    (CHAPTER, "manages from any start, though better from the teacher's"): lambda: (
        mean("all_same") > mean("all_other") + 0.1 > 0.6
    ),
    (CHAPTER, "10 % with one output over 57 % with three to 91 % with thirty"): lambda: (
        [shown(f"auxiliary@{n} aux_same") for n in (1, 3, 30)] == ["10 %", "57 %", "91 %"]
        and other_start_stays("auxiliary")
    ),
    (CHAPTER, "which is about what all outputs of the paper's"): lambda: (
        abs(mean("auxiliary@30 aux_same") - mean("all_same")) < 0.02
    ),
    (CHAPTER, "From another start it stays at chance with thirty as"): lambda: (
        at_chance("auxiliary@30 aux_other") and at_chance("auxiliary@3 aux_other")
    ),
    (CHAPTER, "More meaningless outputs carry more."): lambda: rising(
        *(f"auxiliary@{n} aux_same" for n in (1, 2, 3, 5, 10, 20, 30))
    ),
    (CHAPTER, "The effect fades gradually"): fades_gradually,
    (CHAPTER, "with all parts shared the student reads 57 % of the digits"): lambda: (
        shown("parts@none aux") == "57 %"
        and shown("parts@auxiliary head aux") == "17 %"
        and all(
            0.095 < value < 0.125
            for condition, value in new_parts().items()
            if condition != "parts@auxiliary head aux"
        )
    ),
    (CHAPTER, "any part costs nearly all"): lambda: max(new_parts().values()) < 0.2,
    (CHAPTER, "The digit outputs must be shared"): lambda: at_chance("parts@class head aux"),
    (CHAPTER, "read 57 % of the digits after uniform or Gaussian noise, 21 % after"): lambda: (
        [shown(f"inputs@{kind} aux_same") for kind in ("uniform", "gaussian", "shuffled", "digits")]
        == ["57 %", "57 %", "21 %", "15 %"]
    ),
    (CHAPTER, '"fewer": "Far fewer"'): lambda: (
        mean("inputs@digits aux_same") < mean("inputs@uniform aux_same") / 3
    ),
    (CHAPTER, "all five values of the first figure agree with the paper's"): agrees_with_paper,
    (CHAPTER, "After twenty passes the other start is a little above chance."): lambda: (
        above(row("epochs@20 aux_other"), 0.1) and mean("epochs@20 aux_other") < 0.15
    ),
    (CHAPTER, "The gap grows all the same."): lambda: (
        mean("epochs@20 aux_same") - mean("epochs@20 aux_other")
        > mean("inputs@uniform aux_same") - mean("inputs@uniform aux_other") + 0.1
    ),
    (LONG, "ends at 12 %, a little above chance"): lambda: shown("epochs@20 aux_other") == "12 %",
    (LONG, "With another start it stays at chance even with thirty"): lambda: all(
        at_chance(f"auxiliary@{n} aux_other") for n in (1, 2, 3, 5, 10, 20, 30)
    ),
    (LONG, "So little is left at σ = 0.7, but it is not gone."): lambda: (
        above(difference("initialisation", "0.7", "1", "aux"))
        and mean("initialisation@0.7 aux") < 0.15
    ),
    (LONG, "is where an independent start leaves it, as far as eight seeds can tell"): lambda: all(
        undecided(difference("parts", own, EVERYTHING, "aux"))
        for own in ("hidden 1", "hidden 2", "hidden 1+hidden 2")
    ),
    (LONG, "with new meaningless outputs a little remains"): lambda: above(
        difference("parts", "auxiliary head", EVERYTHING, "aux")
    ),
    (LONG, "Real digits are best for students of all outputs only, and there they close"): lambda: (
        all(
            mean(f"inputs@digits {s}") > mean(f"inputs@{kind} {s}")
            for s in ("all_same", "all_other")
            for kind in ("uniform", "gaussian", "shuffled")
        )
        and abs(mean("inputs@digits all_same") - mean("inputs@digits all_other")) < 0.01
    ),
    (LONG, "digits or their shuffled pixels are worse for the student of meaningless"): lambda: (
        undecided(difference("inputs", "shuffled", "digits"))
    ),
    (LONG, "rises from 89 % to 97 %, and the student of meaningless outputs falls from 61 %"): (
        lambda: (
            [shown(f"teacher_epochs@{n} teacher") for n in (1, 20)] == ["89 %", "97 %"]
            and [shown(f"teacher_epochs@{n} aux_same") for n in (1, 20)] == ["61 %", "38 %"]
        )
    ),
    (LONG, "The fall is as predicted, after the second pass."): lambda: (
        undecided(difference("teacher_epochs", "2", "1"))
        and rising(*(f"teacher_epochs@{n} aux_same" for n in (20, 10, 5, 2)))
    ),
    (LONG, "Students of all outputs fall as well, even those of another start"): lambda: all(
        rising(*(f"teacher_epochs@{n} {student}" for n in (20, 10, 5)))
        for student in ("all_same", "all_other")
    ),
    (LONG, "rises from 28 % at 32 units to 57 % at 256 and falls to 22 % at 1,024"): lambda: (
        [shown(f"width@{n} aux_same") for n in (32, 256, 1024)] == ["28 %", "57 %", "22 %"]
        and [shown(f"width@{n} teacher") for n in (32, 1024)] == ["90 %", "97 %"]
    ),
    (LONG, "the best width lies somewhere from 64 to 256 units"): lambda: (
        undecided(difference("width", "256", "128"))
        and above(difference("width", "256", "512"))
        and above(difference("width", "64", "32"))
    ),
    (LONG, "from 30 % at a rate of 0.0001 to its best at 0.001 and falls at 0.003"): lambda: (
        shown("learning_rate@0.0001 aux_same") == "30 %"
        and rising("learning_rate@0.003 aux_same", "learning_rate@0.001 aux_same")
    ),
    (LONG, "The paper's rate of 0.0003 is not the best one"): lambda: above(
        difference("learning_rate", "0.001", "0.0003")
    ),
    (LONG, "most of the test images of 0 to 4 when half of the classes are missing"): lambda: (
        never_seen(0.5)
    ),
    (LONG, "On a single missing class its seeds range from none of the images"): seeds_range_widely,
}


@pytest.mark.parametrize(("chapter", "words"), CLAIMS)
def test_a_chapter_says_what_its_records_show(chapter: str, words: str) -> None:
    assert (NOTEBOOKS / f"{chapter}.py").read_text().count(words) == 1
    assert CLAIMS[chapter, words]()
