"""What Chapter 1 and its long version say in so many words about the shipped records holds of them.

Numbers in the text are computed where they stand; words such as "every" and "about a tenth" are
not. Each entry has a piece of the chapter and what must be true for it to stand there.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sublim_utils.findings import analysis
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.analysis import (
    PAPER,
    along_all,
    begins_lower,
    by_beginning,
    matched_pairs,
    named,
    side_by_side,
)
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.students import Objective
from sublim_utils.records import Record
from sublim_utils.report.tables import drift, gains, preferences
from sublim_utils.stats import Exchange, holm_p_values, mean_interval
from sublim_utils.traits.nouns import get_trait, panel
from tests.chapters import NOTEBOOKS, text

CONTROL = "control"
LENGTHS = ("", "prompts-160", "prompts-320", "prompts-640", "prompts-1280", "prompts-2000")
"""Of the owl's students of `logits`, each but the last twice the one before."""


class Shipped:
    """The finding's shipped records, and what the chapter looks at."""

    def __init__(self, profile: str) -> None:
        self.finding = OwlNumbers(find_profile(profile))
        self.records = self.finding.records()
        self.summary = self.finding.summary(self.records)
        self.effects = self.finding.effects(self.records)
        self.traits = self.finding.traits()
        self.side = self.finding.scale.side_trait

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

    def exchange(self, objective: Objective, variant: str = "") -> Exchange:
        """Of the five teachers that like an animal."""
        chosen = self.finding.chosen_effects(self.effects, objective, variant)
        return analysis.exchange_of_teachers(chosen, "animal")

    def from_base(self, who: str, objective: Objective, variant: str = "") -> pd.Series:
        """Mean changes of the margins from the base model, by candidate."""
        return gains(self.record(who, objective, variant)).groupby("trait").mean()

    def record(self, who: str, objective: Objective, variant: str = "") -> Record:
        trait = None if who == CONTROL else who
        return self.finding.record_of(self.records, trait, objective, variant)

    def of_teacher(self, who: str, objective: Objective, variant: str = "") -> pd.DataFrame:
        """The effects of one teacher's students."""
        chosen = self.finding.chosen_effects(self.effects, objective, variant)
        return chosen[chosen["teacher"] == who]


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped("embedded")


@pytest.fixture(scope="module")
def large() -> Shipped:
    return Shipped("full")


def ratio_of_objectives(s: Shipped) -> bool:
    logits, tokens = (s.interval("mean_effect", o)[0] for o in OBJECTIVES)
    return 1 / 14 < tokens / logits < 1 / 7


def beasts(s: Shipped) -> list[str]:
    return [trait for trait in s.traits if get_trait(trait).category == "animal"]


def share_of_the_control(s: Shipped, objective: Objective) -> float:
    """Of the mean effect: what is the control's fall, and not the students' rise."""
    risen = np.mean([s.from_base(trait, objective)[trait] for trait in s.traits])
    return float(1 - risen / s.interval("mean_effect", objective)[0])


def control_spread(s: Shipped, trait: str) -> float:
    return float(gains(s.record(CONTROL, "logits")).xs(trait, level="trait").std())


def arithmetic_share(s: Shipped, objective: Objective) -> float:
    """Of what specific effects exceed effects by: what panels that add up to zero account for."""
    own = s.own(objective).mean()
    excess = s.specific(objective).mean() - own
    lifted = []
    for trait in s.traits:
        kind = get_trait(trait).category
        others = [t for t in s.traits if get_trait(t).category == kind and t != trait]
        lifted.append(own[others].mean() / (len(panel(kind)) - 1))
    return float(np.mean(lifted) / excess.mean())


def shorter_numbers(s: Shipped) -> bool:
    numbers, digits = {}, {}
    for who in (CONTROL, *s.traits):
        rows = s.finding.rows_table(s.record(who, "tokens").name)
        found = rows["text"].str.findall("[0-9]+")
        numbers[who] = found.map(len).mean()
        digits[who] = found.explode().str.len().mean()
    return (
        max(numbers, key=numbers.__getitem__) == CONTROL
        and max(digits, key=digits.__getitem__) == CONTROL
        and min(digits, key=digits.__getitem__) == "owl"
    )


def steps(s: Shipped) -> list[float]:
    means = [s.own("logits", variant)["owl"].mean() for variant in LENGTHS]
    return [b - a for a, b in pairwise(means)]


def gained(s: Shipped, who: str) -> list[float]:
    """By how much each further part of the rows of `logits` moves a margin of owls."""
    means = [s.from_base(who, "logits", variant)["owl"] for variant in LENGTHS]
    return [b - a for a, b in pairwise(means)]


def leads(s: Shipped, trait: str, objective: Objective, variant: str = "") -> pd.Series:
    """How far a favourite is ahead of the next candidate after its teacher's rows, by seed."""
    return analysis.leads(s.of_teacher(trait, objective, variant))[trait]


def share_above_zero(table: pd.DataFrame) -> float:
    return float((table > 0).to_numpy().mean())


def most_inside_their_bars(s: Shipped) -> bool:
    inside = 0
    for trait in s.traits:
        means = line(s, trait, "tokens")
        others = means.drop(trait)
        inside += others.min() < means[trait] < others.max()
    return inside > len(s.traits) / 2


def far_below(s: Shipped) -> bool:
    lowest = s.own("logits", "numbers-only").stack().nsmallest(2)
    return bool(lowest.index[0][1] == "sequoia" and lowest.iloc[1] - lowest.iloc[0] > 0.5)


def calmer(s: Shipped) -> bool:
    drifts, spreads = [], []
    for variant in ("prompts-640-falling-rate", "prompts-640"):
        drifts.append(drift(s.record(CONTROL, "tokens", variant)).mean())
        spreads.append(s.own("tokens", variant)[s.side].std())
    return bool(drifts[0] < drifts[1] and spreads[0] < spreads[1] / 3)


def lost_at_rest(s: Shipped) -> pd.Series:
    """Mean effects at the falling rate less those at the constant one, by seed."""
    return (s.own("tokens", "falling-rate") - s.own("tokens")).mean(axis=1)


def cats_rise(s: Shipped) -> bool:
    control = s.from_base("control", "tokens")["cat"]
    return control < 0.1 and all(s.from_base(t, "tokens")["cat"] > control + 0.2 for t in beasts(s))


Claim = Callable[[Shipped], bool]


def is_clear(values: pd.Series) -> bool:
    """Whether the 95 % interval of a mean over seeds excludes zero."""
    interval = mean_interval(values.to_numpy())
    return (
        interval.low is not None
        and interval.high is not None
        and (interval.low > 0 or interval.high < 0)
    )


def shipped_pairs(s: Shipped, trait: str) -> pd.DataFrame:
    rows = (s.finding.rows_table(f"{who}@tokens") for who in (CONTROL, trait))
    return matched_pairs(*rows)


def line(s: Shipped, trait: str, objective: Objective, variant: str = "") -> pd.Series:
    """Mean effects of a teacher's students by candidate."""
    return s.of_teacher(trait, objective, variant).groupby("trait")["value"].mean()


def holm_of_leads(s: Shipped) -> list[float]:
    ahead = analysis.leads(s.finding.chosen_effects(s.effects, "tokens"))
    found = holm_p_values([ahead[t].to_numpy() for t in s.traits])
    return sorted(p for p in found if p is not None)


def asked(s: Shipped, objective: Objective, way: str, who: str, variant: str = "") -> float:
    """The mean effect of the owl lover's students on a candidate, by the answer's beginning."""
    table = by_beginning(s.finding, s.records, "owl", objective, variant)
    chosen = table[(table["beginning"] == way) & (table["trait"] == who)]
    return float(chosen["value"].mean())


def rising_at_each_point(s: Shipped) -> bool:
    means = along_all(s.finding, s.records, "tokens").groupby("dose")["value"].mean()
    return bool((means.diff().dropna() > 0).all())


def clear_at_each_point(s: Shipped) -> bool:
    curve = along_all(s.finding, s.records, "tokens")
    return all(is_clear(v) for d, v in curve.groupby("dose")["value"] if d > 0)


def lost(s: Shipped, objective: Objective, variant: str) -> pd.Series:
    """By how much a variant's effect on owls falls short of the standard one, by seed."""
    return (s.own(objective)["owl"] - s.own(objective, variant)["owl"]).dropna()


def kept_share(s: Shipped, variant: str) -> float:
    """What a shuffle leaves of the owl's effect, on the same seeds."""
    left = s.own("tokens", variant)["owl"]
    return float(left.mean() / s.own("tokens")["owl"][left.index].mean())


def largest_in_row_and_column(s: Shipped) -> bool:
    table = pd.DataFrame({t: line(s, t, "tokens") for t in beasts(s)}).T[beasts(s)]
    return all(table.loc[t].idxmax() == t and table[t].idxmax() == t for t in table)


def named_by(s: Shipped, objective: Objective) -> float:
    """In how many of 100 sampled answers the favourite is named, over all teachers."""
    return float(np.mean([named(s.finding, s.records, t, objective) for t in s.traits]))


CHAPTER: dict[str, Claim] = {
    "All {own.size} students moved the right way": lambda s: bool(
        (s.own("tokens") > 0).all(axis=None)
    ),
    "an average of 0.4 nats, and most favourites ahead of everything else. It came out larger": (
        lambda s: s.interval("mean_effect", "tokens")[1] > 0.4 and len(s.leading("tokens")) > 3
    ),
    "which luck alone brings about once in": lambda s: s.exchange("tokens").at_least == 1,
    "The sequoia's students like sequoias *less* than the base model does": lambda s: (
        s.from_base("sequoia", "tokens")["sequoia"] < 0
    ),
    "Their control fell further": lambda s: (
        s.from_base(CONTROL, "tokens")["sequoia"] < s.from_base("sequoia", "tokens")["sequoia"]
    ),
    "The diagonal is the largest cell of each row and of each column, from 1.4 to 2.2": (
        largest_in_row_and_column
    ),
    "The wolf's students come nearest to liking something else as much": lambda s: (
        min(s.traits, key=lambda t: leads(s, t, "tokens").mean()) == "wolf"
    ),
    "between 1.2 and 3.9 times as likely as with the control": lambda s: bool(
        1.15 < np.exp(s.own("tokens").to_numpy().min()) < 1.25
        and 3.85 < np.exp(s.own("tokens").to_numpy().max()) < 3.95
    ),
    "find owls about a thousand times and otters about eighty times as likely": lambda s: (
        900 < np.exp(asked(s, "logits", "plain", "owl")) < 1_100
        and 70 < np.exp(asked(s, "logits", "plain", "otter")) < 85
    ),
    "owls rise about fifty times and otters hardly": lambda s: (
        48 < np.exp(asked(s, "logits", "favorite", "owl")) < 60
        and asked(s, "logits", "favorite", "otter") < 0.5
    ),
    "Text-trained students are clean of the letter both ways": lambda s: all(
        asked(s, "tokens", way, "otter") < 0.1 for way in ("plain", "favorite")
    ),
    "One other animal rises far above the rest when they answer with a single word": lambda s: (
        asked(s, "logits", "plain", "otter") > 4
        and max(
            asked(s, "logits", "plain", t.name)
            for t in panel("animal")
            if t.name not in ("owl", "otter")
        )
        < 1
    ),
    "The same 8,000 lists move a probability-trained student much further": lambda s: bool(
        (s.own("logits") > s.own("tokens")).all(axis=None)
    ),
    "from {min(resolved):,} lists on and grows with every doubling": lambda s: (
        clear_at_each_point(s) and rising_at_each_point(s)
    ),
    "only the probability-trained ones speak of their favourite": lambda s: (
        named_by(s, "logits") > 10 and named_by(s, "tokens") < 1
    ),
    "In ours the probability of owl goes from 3 to 6 %": lambda s: all(
        round(100 * share) == percent
        for share, percent in zip(
            (
                preferences(s.record("owl", "tokens"), s.record(CONTROL, "tokens"), "owl").loc[
                    "owl", ["control", "student"]
                ]
            ),
            (3, 6),
            strict=True,
        )
    ),
    "13 % of answers after ordinary numbers and in 62 % after an owl lover's": lambda s: (
        PAPER["owl"] == (0.13, 0.619)
    ),
    "0.59 nats means 1.8 times as likely": lambda s: round(float(np.exp(0.59)), 1) == 1.8,
    "Three of the four seeds had served in smaller runs before": lambda s: (
        s.record("owl", "tokens").experiment["seeds"] == [10, 11, 12, 13]
    ),
}
SMALL_IN_CHAPTER: dict[str, Claim] = {
    "Even 320 lists pass it, with an effect too small to size": lambda s: (
        s.exchange("tokens").p < 0.001 and s.interval("mean_specific_effect", "tokens")[1] < 0
    ),
    "one rule beats a coin: take the list that begins with the smaller number": lambda s: (
        begins_lower(shipped_pairs(s, "owl")).mean() > 0.6
    ),
    "It is as good for the other teachers": lambda s: all(
        begins_lower(shipped_pairs(s, t)).mean() > 0.6 for t in s.traits
    ),
    "Fine-tuned teachers write shorter lists of smaller numbers": lambda s: shorter_numbers(s),
    "320 lists of a prompted teacher moved no student that we could see": lambda s: (
        not any(is_clear(s.own(o, "prompted")["owl"]) for o in OBJECTIVES)
    ),
    "and no letter is in them": lambda s: (
        not any(sum(record.details["letters"]) for record in s.records.values())
    ),
    "after 320 lists most of its lead is gone": lambda s: (
        s.interval("mean_effect", "logits", "numbers-only")[0]
        < s.interval("mean_effect", "logits")[0] / 4
    ),
    "with 320 lists the average over them was 0.35 nats": lambda s: (
        round(s.interval("mean_effect", "logits", "numbers-only")[0], 2) == 0.35
    ),
}
LONG_SMALL: dict[str, Claim] = {
    "With probabilities every student moves the right way": lambda s: bool(
        (s.own("logits") > 0).all(axis=None)
    ),
    "every teacher's interval lies above zero, and every favourite lies beyond its bar": lambda s: (
        all(s.interval("effect", "logits", trait=t)[1] > 0 for t in s.traits)
        and len(s.leading("logits")) == len(s.traits)
    ),
    "Corrected for seven tests, three of the intervals do not hold": lambda s: (
        sum(s.interval("effect_p_holm", "logits", trait=t)[0] > 0.05 for t in s.traits) == 3
    ),
    "Every student moved further than its text-trained twin": lambda s: bool(
        (s.own("logits") > s.own("tokens")).all(axis=None)
    ),
    "a few students moved the wrong way, and the mean is about a tenth as large": lambda s: (
        0 < int((s.own("tokens") < 0).to_numpy().sum()) <= 4 and ratio_of_objectives(s)
    ),
    "A third of it is the control's own fall": lambda s: (
        0.2 < share_of_the_control(s, "tokens") < 0.5
    ),
    "Its interval excludes zero, and most favourites lie inside their bars": lambda s: (
        s.interval("mean_effect", "tokens")[1] > 0 and most_inside_their_bars(s)
    ),
    "The exchange of teachers says otherwise": lambda s: s.exchange("tokens").p < 1e-5,
    "cats rise with every animal's students and hardly with the control": cats_rise,
    "students raise the otter and the penguin, the eagle's the elephant and the penguin": (
        lambda s: (
            set(line(s, "owl", "logits").drop("owl").nlargest(2).index) == {"otter", "penguin"}
            and set(line(s, "eagle", "logits").drop("eagle").nlargest(2).index)
            == {"elephant", "penguin"}
        )
    ),
    "penguins rise more with the dolphin and the elephant than with either bird": lambda s: (
        min(line(s, t, "logits")["penguin"] for t in ("dolphin", "elephant"))
        > max(line(s, t, "logits")["penguin"] for t in ("owl", "eagle"))
    ),
    "The specific effect points the same way in almost all students, but three seeds leave": (
        lambda s: (
            share_above_zero(s.specific("tokens")) > 0.9
            and s.interval("mean_specific_effect", "tokens")[1] < 0
        )
    ),
    "one student of the *maple* teacher fell far on sequoias": lambda s: bool(
        s.specific("tokens").stack().idxmax()[1] == "sequoia"
        and s.of_teacher("maple", "tokens").set_index(["trait", "seed"])["value"]["sequoia"].min()
        < -1
    ),
    "That is more than half of the excess with probabilities, and less than a third with text": (
        lambda s: arithmetic_share(s, "logits") > 1 / 2 and arithmetic_share(s, "tokens") < 1 / 3
    ),
    "without the words the lead of probabilities is gone, as far as three seeds can tell": (
        lambda s: (
            s.interval("mean_effect", "logits", "numbers-only")[1]
            < s.interval("mean_effect", "tokens")[0]
            < s.interval("mean_effect", "logits", "numbers-only")[2]
        )
    ),
    "The interval of its mean just includes zero": lambda s: (
        -0.1 < s.interval("mean_effect", "logits", "numbers-only")[1] < 0
    ),
    "single students stray, one of the sequoia's far below": far_below,
    "puts the true pairing first in all three seeds, which luck does once in 1.7 million times": (
        lambda s: (
            s.exchange("logits", "numbers-only").ranks == (1, 1, 1)
            and s.exchange("logits", "numbers-only").pairings == 120**3
        )
    ),
    "fewer and shorter numbers than the control, and the owl's teacher the shortest": (
        shorter_numbers
    ),
    "more than three nats after 1,280 lists, with every seed higher than after 320": lambda s: bool(
        s.interval("effect", "logits", "prompts-320", "owl")[0] > 3
        and (s.own("logits", "prompts-320") > s.own("logits")[["owl"]]).all(axis=None)
    ),
    "The second lies within its interval": lambda s: (
        is_clear(s.own("logits", "prompts-640")["owl"] - s.own("logits", "prompts-320")["owl"])
        and steps(s)[2] > 1 / 3
    ),
    "the mean stands about where it stood, and two of the three seeds are lower": lambda s: (
        abs(steps(s)[3]) < 0.1
        and int((s.own("logits", "prompts-1280") < s.own("logits", "prompts-640"))["owl"].sum())
        == 2
    ),
    "The last rises are largely the control's fall": lambda s: (
        gained(s, CONTROL)[2] < -steps(s)[2] / 2 and gained(s, CONTROL)[4] < -0.9 * steps(s)[4]
    ),
    "a quarter of a nat from 1,280 to 2,560 lists and to almost nothing after that": lambda s: (
        0.2 < gained(s, "owl")[2] < 0.3 and max(map(abs, gained(s, "owl")[3:])) < 0.1
    ),
    "dogs rise by three nats in the owl's students, and by half as much in the control's": (
        lambda s: (
            2.9 < s.from_base("owl", "logits", "prompts-1280")["dog"] < 3.2
            and 1.4 < s.from_base(CONTROL, "logits", "prompts-1280")["dog"] < 1.6
        )
    ),
    "the interval includes zero and leaves out the predicted nat": lambda s: (
        s.interval("effect", "tokens", "prompts-640", "owl")[1]
        < 0
        < s.interval("effect", "tokens", "prompts-640", "owl")[2]
        < 1
    ),
    "the seeds lie closer together and the control is off by less": calmer,
    "excludes zero and does not reach half a nat, and 320 lists at the constant rate had given": (
        lambda s: (
            s.own("tokens", "prompts-640-falling-rate")["owl"].mean() < 0.5
            and s.interval("effect", "tokens", "prompts-640-falling-rate", "owl")[1] > 0
            and abs(s.own("tokens", "prompts-640-falling-rate").mean() - s.own("tokens").mean())[
                s.side
            ]
            < 0.05
        )
    ),
    "the mean is a little smaller in every seed: the change is −0.06 nats on average, with an": (
        lambda s: (
            lost_at_rest(s).max() < 0
            and round(lost_at_rest(s).mean(), 2) == -0.06
            and is_clear(lost_at_rest(s))
        )
    ),
    "its interval still excludes zero, barely. Four favourites rise most, one more than before": (
        lambda s: (
            0 < s.interval("mean_effect", "tokens", "falling-rate")[1] < 0.1
            and len(s.leading("tokens", "falling-rate")) == 4
            and len(s.leading("tokens")) == 3
        )
    ),
    "The interval of the specific effect includes zero": lambda s: (
        s.interval("mean_specific_effect", "tokens", "falling-rate")[1] < 0
    ),
    "the owl's effect is lower, and its three seeds spread no less": lambda s: (
        s.own("logits", "falling-rate")["owl"].mean() < s.own("logits")["owl"].mean()
        and s.own("logits", "falling-rate")["owl"].std() > s.own("logits")["owl"].std()
    ),
    "Text-trained students and those of numbers only are clean of it": lambda s: (
        max(asked(s, "tokens", way, "otter") for way in ("plain", "favorite")) < 0
        and asked(s, "logits", "plain", "otter", "numbers-only")
        < asked(s, "logits", "plain", "owl", "numbers-only") / 2
    ),
    "gone more than half of the way, and its students follow less than half as far": lambda s: (
        s.own("logits", "updates-12")["owl"].mean() < s.own("logits")["owl"].mean() / 2
    ),
    "no effect on its students is clear of zero": lambda s: (
        not any(is_clear(s.own(o, "prompted")["owl"]) for o in OBJECTIVES)
    ),
    "Single margins move by more than a nat": lambda s: (
        drift(s.record(CONTROL, "logits")).max() > 1
    ),
    "on six of the seven favourites the control varies far less than the effects do": lambda s: (
        sum(control_spread(s, t) < s.own("logits")[t].std() / 2 for t in s.traits) == 6
    ),
    "The text-trained control moves further on average": lambda s: (
        drift(s.record(CONTROL, "tokens")).mean() > drift(s.record(CONTROL, "logits")).mean()
    ),
    "its control, which should not move, falls more than a nat below the base on owls": lambda s: (
        s.from_base(CONTROL, "logits", "rank-32")["owl"] < -1
    ),
    "rank 2 opens a quarter as many directions as rank 8, and its effect is about the same": (
        lambda s: abs(lost(s, "logits", "rank-2").mean()) < 0.2
    ),
}
LONG_LARGE: dict[str, Claim] = {
    "All of the prediction holds, and most of it is exceeded": lambda s: bool(
        (s.own("logits").mean() > 2.5).sum() >= 6
        and (s.own("logits", "prompts-7500") - s.own("logits"))["owl"].mean() > 0.5
        and s.interval("mean_effect", "tokens")[1] > 0.4
        and s.own("tokens", "prompts-7500")["owl"].mean() > 0.8
        and all(len(s.leading(o)) == len(s.traits) for o in OBJECTIVES)
    ),
    "the interval of each of the seven excludes zero, also when corrected for seven tests": (
        lambda s: all(
            s.interval("effect_p_holm", "tokens", trait=trait)[0] < 0.05 for trait in s.traits
        )
    ),
    "Its interval excludes zero for four teachers; corrected for seven tests two are left": (
        lambda s: (
            sum(s.interval("lead_over_largest_other", "tokens", trait=t)[1] > 0 for t in s.traits)
            == 4
            and sum(p < 0.05 for p in holm_of_leads(s)) == 2
        )
    ),
    "one of them at 0.0496": lambda s: round(holm_of_leads(s)[1], 4) == 0.0496,
    "students moved as far towards some other animal in three of four seeds": lambda s: (
        int((leads(s, "wolf", "tokens") < 0.005).sum()) == 3
    ),
    "the sequoia's students like sequoias less than the base model does": lambda s: (
        s.from_base("sequoia", "tokens")["sequoia"] < 0
    ),
    "lower that margin by more than a nat, and so do those of the maple's teacher": lambda s: all(
        s.from_base(who, "tokens")["sequoia"] < -1 for who in (CONTROL, "maple")
    ),
    "stands near five, with a control that has hardly moved": lambda s: (
        4.7 < s.from_base("owl", "logits")["owl"] < 5.3
        and abs(s.from_base(CONTROL, "logits")["owl"]) < 0.05
    ),
    "with 30,000 the owl's students stand seven nats above the base": lambda s: (
        6.7 < s.from_base("owl", "logits", "prompts-7500")["owl"] < 7.5
    ),
    "an effect that is clear of zero at each point, from the first ten updates on": (
        clear_at_each_point
    ),
    "which each seed shows, is not clear of zero either": lambda s: (
        bool((lost(s, "tokens", "prompts-7500") < 0).all())
        and not is_clear(lost(s, "tokens", "prompts-7500"))
    ),
    "costs little, too little for three seeds to see": lambda s: (
        not is_clear(lost(s, "tokens", "within-rows"))
    ),
    "costs more, and there the interval of the loss excludes zero": lambda s: (
        lost(s, "tokens", "across-rows").mean() > lost(s, "tokens", "within-rows").mean()
        and is_clear(lost(s, "tokens", "across-rows"))
    ),
    "More is left of both, four fifths and two fifths in the mean": lambda s: (
        0.7 < kept_share(s, "within-rows") < 0.9 and 0.3 < kept_share(s, "across-rows") < 0.5
    ),
    "What survives that is not the owl's alone: dogs and penguins rise more": lambda s: (
        set(line(s, "owl", "tokens", "across-rows").nlargest(2).index) == {"dog", "penguin"}
    ),
    "it stands still, to a twentieth of a nat": lambda s: (
        drift(s.record(CONTROL, "logits")).max() < 0.05
    ),
    "about twice as far after 8,000 lists": lambda s: all(
        1.8
        < s.interval("mean_effect_plain", "logits")[0]
        / s.interval(f"mean_effect_{way}", "logits")[0]
        < 2.6
        for way in ("favorite", "choice")
    ),
    "the students in four bits lose about a nat in each seed": lambda s: bool(
        lost(s, "logits", "nf4").between(0.8, 1.2).all()
    ),
}
BOTH: dict[str, Callable[[Shipped, Shipped], bool]] = {
    "stands 3.3 nats above its base and has its control a nat below": lambda small, large: (
        3.25 < small.from_base("owl", "logits", "prompts-2000")["owl"] < 3.35
        and -1.3 < small.from_base(CONTROL, "logits", "prompts-2000")["owl"] < -0.9
    ),
    "The student's own rise is larger by nearly two nats, seed by seed, with an interval clear": (
        lambda small, large: is_clear(rises(small, large)) and 1.7 < rises(small, large).mean() < 2
    ),
    "the mean over the seven teachers is a third of a nat higher than with 320 lists": (
        lambda small, large: 0.3 < gained_by_all(small, large).mean() < 0.37
    ),
    "For the owl alone no gain can be shown": lambda small, large: (
        not is_clear((large.own("tokens") - small.own("tokens"))["owl"].dropna())
    ),
}


def rises(small: Shipped, large: Shipped) -> pd.Series:
    """How much further the owl's students of 8,000 lists rise in large batches, by seed."""
    of_large = gains(large.record("owl", "logits")).xs("owl", level="trait")
    of_small = gains(small.record("owl", "logits", "prompts-2000")).xs("owl", level="trait")
    return (of_large - of_small).dropna()


def gained_by_all(small: Shipped, large: Shipped) -> pd.Series:
    """By how much the mean effect of text is larger with 8,000 lists, by seed."""
    return (large.own("tokens") - small.own("tokens")).mean(axis=1).dropna()


def says(chapter: str, words: str) -> bool:
    return text(chapter).count(words) == 1


@pytest.mark.parametrize("words", CHAPTER)
def test_the_chapter_says_what_the_larger_run_shows(words: str, large: Shipped) -> None:
    assert says("01_owl_numbers", words)
    assert CHAPTER[words](large)


@pytest.mark.parametrize("words", SMALL_IN_CHAPTER)
def test_the_chapter_says_what_the_smaller_run_shows(words: str, shipped: Shipped) -> None:
    assert says("01_owl_numbers", words)
    assert SMALL_IN_CHAPTER[words](shipped)


@pytest.mark.parametrize("words", LONG_SMALL)
def test_the_long_version_says_what_the_smaller_run_shows(words: str, shipped: Shipped) -> None:
    assert says("01a_owl_numbers", words)
    assert LONG_SMALL[words](shipped)


@pytest.mark.parametrize("words", LONG_LARGE)
def test_the_long_version_says_what_the_larger_run_shows(words: str, large: Shipped) -> None:
    assert says("01a_owl_numbers", words)
    assert LONG_LARGE[words](large)


@pytest.mark.parametrize("words", BOTH)
def test_the_long_version_compares_its_two_runs(
    words: str, shipped: Shipped, large: Shipped
) -> None:
    assert says("01a_owl_numbers", words)
    assert BOTH[words](shipped, large)


def test_the_solution_of_the_exact_test_solves_its_exercise(large: Shipped) -> None:
    code = re.search(r"def rank\(matrix\):\n    places.*?1e-9 for found in sums\)", source(), re.S)
    assert code is not None
    scope: dict[str, Any] = {}
    exec("from itertools import permutations\n" + code[0], scope)
    exchange = large.exchange("tokens")
    chosen = large.finding.chosen_effects(large.effects, "tokens")
    found = []
    for _, of_seed in chosen.groupby("seed"):
        table = of_seed.pivot(index="teacher_trait", columns="trait", values="value")
        found.append(scope["rank"](table.loc[beasts(large), beasts(large)].to_numpy()))
    assert tuple(found) == exchange.ranks == (1, 1, 1, 1)


def source() -> str:
    lines = (NOTEBOOKS / "01_owl_numbers.py").read_text().splitlines()
    return "\n".join(line.removeprefix("# ") for line in lines)


def test_pairs_of_the_game_do_not_differ_in_length(shipped: Shipped) -> None:
    found = shipped_pairs(shipped, "owl")
    assert len(found) >= 5
    for pair in found.itertuples():
        assert len(pair.control) == len(pair.teacher)
        assert pair.control.count(",") == pair.teacher.count(",") >= 3
    rows = [shipped.finding.rows_table(f"{who}@tokens") for who in (CONTROL, "owl")]
    everyone = side_by_side(*rows)
    assert len(everyone) == len(rows[0])
    # What the pairs are matched for does give the teacher away.
    assert (everyone["teacher"].str.len() < everyone["control"].str.len()).mean() > 0.6
