"""What a chapter says in so many words about the shipped records holds of them.

Numbers in the text are computed where they stand; words such as "every" and "about a tenth" are
not. Each entry has a piece of the chapter and what must be true for it to stand there.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sublim_utils.findings.owl_numbers import OBJECTIVES, OwlNumbers
from sublim_utils.tables import drift, gains
from sublim_utils.training import Objective
from sublim_utils.traits import get_trait

CHAPTER = Path(__file__).parents[1] / "notebooks" / "03_owl_numbers.py"


class Shipped:
    """The finding's shipped records, and what the chapter looks at."""

    def __init__(self) -> None:
        self.finding = OwlNumbers("embedded")
        self.records = self.finding.records()
        self.summary = self.finding.summary(self.records)
        self.effects = self.finding.effects(self.records)
        self.traits = self.finding.traits()
        self.side = self.finding.profile.numbers.side_trait

    def own(self, objective: Objective, variant: str = "") -> pd.DataFrame:
        return self.finding.own_effects(self.effects, objective, variant)

    def specific(self, objective: Objective, variant: str = "") -> pd.DataFrame:
        return self.finding.specific_effects(self.effects, objective, variant)

    def leading(self, objective: Objective, variant: str = "") -> list[str]:
        """The teachers whose own favourite moved most."""
        first = self.finding.leading(self.effects, objective, variant)
        return [trait for trait, candidate in first.items() if trait == candidate]

    def interval(
        self, metric: str, objective: Objective, variant: str = "", trait: str | None = None
    ) -> tuple[float, float, float]:
        table = self.summary
        condition = f"student ({variant})" if variant else "student"
        rows = table[(table["condition"] == condition) & (table["metric"] == metric)]
        rows = rows[(rows["objective"] == objective)]
        rows = rows[rows["trait"].isna() if trait is None else rows["trait"] == trait]
        (row,) = rows.itertuples()
        return row.mean, row.low, row.high

    def from_base(self, who: str, objective: Objective, variant: str = "") -> pd.Series:
        """Mean changes of the margins from the base model, by candidate."""
        record = self.records[self.finding.called(who, objective, variant)]
        return gains(record).groupby("trait").mean()


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped()


def ratio_of_objectives(s: Shipped) -> bool:
    logits, tokens = (s.interval("mean_effect", o)[0] for o in OBJECTIVES)
    return 1 / 14 < tokens / logits < 1 / 7


def share_above_zero(table: pd.DataFrame) -> float:
    return float((table > 0).to_numpy().mean())


def most_inside_their_bars(s: Shipped) -> bool:
    inside = 0
    for trait in s.traits:
        of_trait = s.effects[s.effects["experiment"] == s.finding.called(trait, "tokens")]
        means = of_trait.groupby("trait")["value"].mean()
        others = means.drop(trait)
        inside += others.min() < means[trait] < others.max()
    return inside > len(s.traits) / 2


def far_below(s: Shipped) -> bool:
    lowest = s.own("logits", "numbers-only").stack().nsmallest(2)
    return bool(lowest.index[0][1] == "sequoia" and lowest.iloc[1] - lowest.iloc[0] > 0.5)


def calmer(s: Shipped) -> bool:
    drifts, spreads = [], []
    for variant in ("prompts-640-falling-rate", "prompts-640"):
        drifts.append(drift(s.records[s.finding.called(None, "tokens", variant)]).mean())
        spreads.append(s.own("tokens", variant)[s.side].std())
    return bool(drifts[0] < drifts[1] and spreads[0] < spreads[1] / 3)


def cats_rise(s: Shipped) -> bool:
    beasts = [t for t in s.traits if get_trait(t).category == "animal"]
    control = s.from_base("control", "tokens")
    return control["cat"] < 0.1 and all(
        s.from_base(t, "tokens")["cat"] > control["cat"] + 0.2 for t in beasts
    )


CLAIMS: dict[str, Callable[[Shipped], bool]] = {
    "it shows in the mean over the teachers, and hardly in a single one": lambda s: (
        s.interval("mean_effect", "tokens")[1] > 0
        and sum(s.interval("effect", "tokens", trait=t)[1] > 0 for t in s.traits) <= 2
    ),
    "every single student moves the right way": lambda s: bool(
        (s.own("logits") > 0).all(axis=None)
    ),
    "every teacher's interval lies above zero": lambda s: all(
        s.interval("effect", "logits", trait=t)[1] > 0 for t in s.traits
    ),
    "every favourite lies beyond its bar": lambda s: len(s.leading("logits")) == len(s.traits),
    "about a tenth of that": ratio_of_objectives,
    "most favourites lie inside their bars": most_inside_their_bars,
    "cats rise with every animal's students and hardly with the control": cats_rise,
    "points the same way in almost all students, but is not told from zero": lambda s: (
        share_above_zero(s.specific("tokens")) > 0.9
        and s.interval("mean_specific_effect", "tokens")[1] < 0
    ),
    "one student of the sequoia teacher stands far out": lambda s: (
        s.specific("tokens").stack().idxmax()[1] == "sequoia"
        and s.specific("tokens").stack().nlargest(2).diff().iloc[-1] < -0.5
    ),
    "Without the words the lead of `logits` is gone": lambda s: (
        s.interval("mean_effect", "logits", "numbers-only")[1]
        < s.interval("mean_effect", "tokens")[0]
        < s.interval("mean_effect", "logits", "numbers-only")[2]
    ),
    "its interval just includes zero": lambda s: (
        -0.1 < s.interval("mean_effect", "logits", "numbers-only")[1] < 0
    ),
    "single students stray, one of the sequoia's far below": far_below,
    "which nearly every student has above zero": lambda s: (
        share_above_zero(s.specific("logits", "numbers-only")) > 0.9
    ),
    "has not levelled off: for `logits` the prediction holds": lambda s: bool(
        (s.own("logits", "prompts-160").mean() > s.own("logits").mean()).all()
    ),
    "more than three nats after 1,280 rows, with every seed more than after 320": lambda s: bool(
        s.interval("effect", "logits", "prompts-320", "owl")[0] > 3
        and (s.own("logits", "prompts-320") > s.own("logits")[["owl"]]).all(axis=None)
    ),
    "another doubling added more than half a nat, every seed rose again": lambda s: bool(
        (s.own("logits", "prompts-640") - s.own("logits", "prompts-320")).to_numpy().mean() > 0.5
        and (s.own("logits", "prompts-640") > s.own("logits", "prompts-320")).all(axis=None)
    ),
    "the full panel's interval includes zero and leaves out the predicted nat": lambda s: (
        s.interval("effect", "tokens", "prompts-640", "owl")[1]
        < 0
        < s.interval("effect", "tokens", "prompts-640", "owl")[2]
        < 1
    ),
    "its control, which should not move, falls more than a nat below the base on owls": lambda s: (
        s.from_base("control", "logits", "rank-32")["owl"] < -1
    ),
    "The control comes to rest closer to the base model, the seeds lie far closer together": calmer,
    "But 320 rows at the constant rate had given as much": lambda s: (
        abs(s.own("tokens", "prompts-640-falling-rate").mean() - s.own("tokens").mean())[s.side]
        < 0.05
    ),
    "a hair below the predicted half a nat": lambda s: (
        0.4 < s.own("tokens", "prompts-640-falling-rate")["owl"].mean() < 0.5
        and s.interval("effect", "tokens", "prompts-640-falling-rate", "owl")[1] > 0
    ),
    "for the first time with more rows the owl leads its own line": lambda s: (
        s.leading("tokens", "prompts-640-falling-rate") == ["owl"]
        and s.leading("tokens", "prompts-640") == []
    ),
    "single margins move by more than a nat": lambda s: (
        drift(s.records["control@logits"]).max() > 1
    ),
    "The control under `tokens` moves further on average": lambda s: (
        drift(s.records["control@tokens"]).mean() > drift(s.records["control@logits"]).mean()
    ),
    "no gain shows in the owl's effect: its three seeds spread no less": lambda s: (
        s.own("logits", "falling-rate")["owl"].mean() < s.own("logits")["owl"].mean()
        and s.own("logits", "falling-rate")["owl"].std() > s.own("logits")["owl"].std()
    ),
}


@pytest.mark.parametrize("words", CLAIMS)
def test_the_owl_chapter_says_what_its_records_show(words: str, shipped: Shipped) -> None:
    cells = re.split(r"(?m)^# %%", CHAPTER.read_text())
    prose = "".join(cell for cell in cells if cell.startswith(" [markdown]"))
    assert prose.count(words) == 1
    assert CLAIMS[words](shipped)
