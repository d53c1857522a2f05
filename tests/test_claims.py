"""What a chapter says in so many words about the shipped records holds of them.

Numbers in the text are computed where they stand; words such as "every" and "about a tenth" are
not. Each entry has a piece of the chapter and what must be true for it to stand there.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from sublim_utils.findings import analysis
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.students import Objective
from sublim_utils.records import Record
from sublim_utils.report.tables import drift, gains
from sublim_utils.stats import mean_interval
from sublim_utils.traits.nouns import get_trait, panel
from tests.chapters import prose

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


CLAIMS: dict[str, Callable[[Shipped], bool]] = {
    "of the four means in the second and third line only one is {term}`told from zero`": lambda s: (
        [
            s.interval(f"mean_{metric}", objective, variant)[1] > 0
            for objective, variant in zip(OBJECTIVES, ("numbers-only", ""), strict=True)
            for metric in ("effect", "specific_effect")
        ]
        == [False, False, True, False]
    ),
    "every single student moves the right way": lambda s: bool(
        (s.own("logits") > 0).all(axis=None)
    ),
    "every teacher's interval lies above zero": lambda s: all(
        s.interval("effect", "logits", trait=t)[1] > 0 for t in s.traits
    ),
    "every favourite lies beyond its bar": lambda s: len(s.leading("logits")) == len(s.traits),
    "about a tenth as large; a third of it is the control's own fall": lambda s: (
        ratio_of_objectives(s) and 0.2 < share_of_the_control(s, "tokens") < 0.5
    ),
    "every student moved further with `logits` than its twin with `tokens`": lambda s: bool(
        (s.own("logits") > s.own("tokens")).all(axis=None)
    ),
    "a few students moved the wrong way": lambda s: (
        0 < int((s.own("tokens") < 0).to_numpy().sum()) <= 4
    ),
    "most favourites lie inside their bars": most_inside_their_bars,
    "cats rise with every animal's students and hardly with the control": cats_rise,
    "points the same way in almost all students, but is not told from zero": lambda s: (
        share_above_zero(s.specific("tokens")) > 0.9
        and s.interval("mean_specific_effect", "tokens")[1] < 0
    ),
    "one student of the *maple* teacher fell far on sequoias": lambda s: bool(
        s.specific("tokens").stack().idxmax()[1] == "sequoia"
        and s.of_teacher("maple", "tokens").set_index(["trait", "seed"])["value"]["sequoia"].min()
        < -1
    ),
    "Over the animals alone it is told from zero; we looked afterwards": lambda s: (
        (mean_interval(s.specific("tokens")[beasts(s)].mean(axis=1).to_numpy()).low or 0) > 0
    ),
    "That is more than half of the excess with `logits`, and less than a third with `tokens`": (
        lambda s: arithmetic_share(s, "logits") > 1 / 2 and arithmetic_share(s, "tokens") < 1 / 3
    ),
    "writes fewer and shorter numbers than the control, and the owl's teacher the shortest": (
        shorter_numbers
    ),
    "on six of the seven favourites the control varies far less than the effects do": lambda s: (
        sum(control_spread(s, t) < s.own("logits")[t].std() / 2 for t in s.traits) == 6
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
    "the first added little, the next two much": lambda s: (
        steps(s)[0] < 0.25 and min(steps(s)[1:3]) > 0.5
    ),
    "The mean rose by about twice that, every seed rose again": lambda s: bool(
        0.5 < steps(s)[2] < 0.8
        and (s.own("logits", "prompts-640") > s.own("logits", "prompts-320")).all(axis=None)
    ),
    "the mean stands about where it stood, and two of the three seeds are lower": lambda s: (
        abs(steps(s)[3]) < 0.1
        and int((s.own("logits", "prompts-1280") < s.own("logits", "prompts-640"))["owl"].sum())
        == 2
    ),
    "More than half of the last rise, from 1,280 rows to 2,560, had been the control's fall": (
        lambda s: gained(s, "control")[2] < -steps(s)[2] / 2
    ),
    "a quarter of a nat for that doubling and to almost nothing for the next": lambda s: (
        0.2 < gained(s, "owl")[2] < 0.3 and abs(gained(s, "owl")[3]) < 0.1
    ),
    "dogs are up by three nats in the owl's students, and by half as much in the control's": (
        lambda s: (
            2.9 < s.from_base("owl", "logits", "prompts-1280")["dog"] < 3.2
            and 1.4 < s.from_base("control", "logits", "prompts-1280")["dog"] < 1.6
        )
    ),
    "risen by more than the announced quarter of a nat, and the student has not moved at all": (
        lambda s: steps(s)[4] > 0.25 and abs(gained(s, "owl")[4]) < 0.05
    ),
    "the whole rise is its control, which has fallen more than a nat below the base": lambda s: (
        gained(s, "control")[4] < -0.9 * steps(s)[4]
        and s.from_base("control", "logits", "prompts-2000")["owl"] < -1
    ),
    "The owl still leads by more than a nat and a half in every seed": lambda s: (
        leads(s, "owl", "logits", "prompts-1280").min() > 1.5
    ),
    "the full panel's interval includes zero and leaves out the predicted nat": lambda s: (
        s.interval("effect", "tokens", "prompts-640", "owl")[1]
        < 0
        < s.interval("effect", "tokens", "prompts-640", "owl")[2]
        < 1
    ),
    "is told from zero, barely, and four favourites lead their line, one more than before": (
        lambda s: (
            0 < s.interval("mean_effect", "tokens", "falling-rate")[1] < 0.1
            and len(s.leading("tokens", "falling-rate")) == 4
            and len(s.leading("tokens")) == 3
        )
    ),
    "smaller than at the constant rate, a little and in every seed's difference alike": lambda s: (
        lost_at_rest(s).min() > -0.15 and lost_at_rest(s).max() < 0 and lost_at_rest(s).std() < 0.05
    ),
    "The owl's moves as far with 320 rows as with 2,560, once more": lambda s: bool(
        abs(
            s.own("tokens", "falling-rate")["owl"].mean()
            - s.own("tokens", "prompts-640-falling-rate")["owl"].mean()
        )
        < 0.05
    ),
    "and the specific effect is still not told from zero": lambda s: (
        s.interval("mean_specific_effect", "tokens", "falling-rate")[1] < 0
    ),
    "its control, which should not move, falls more than a nat below the base on owls": lambda s: (
        s.from_base("control", "logits", "rank-32")["owl"] < -1
    ),
    "the three seeds lie closer together, and the control's margins are off by less": calmer,
    "And 320 rows at the constant rate had given as much, with seeds as close together": lambda s: (
        abs(s.own("tokens", "prompts-640-falling-rate").mean() - s.own("tokens").mean())[s.side]
        < 0.05
        and s.own("tokens")[s.side].std() < 0.1
    ),
    "The effect is told from zero and does not reach the predicted half a nat": lambda s: (
        s.own("tokens", "prompts-640-falling-rate")["owl"].mean() < 0.5
        and s.interval("effect", "tokens", "prompts-640-falling-rate", "owl")[1] > 0
    ),
    "The owl leads its line in the mean over the seeds only": lambda s: (
        s.leading("tokens", "prompts-640-falling-rate") == ["owl"]
    ),
    "single margins move by more than a nat": lambda s: (
        drift(s.record(CONTROL, "logits")).max() > 1
    ),
    "The control under `tokens` moves further on average": lambda s: (
        drift(s.record(CONTROL, "tokens")).mean() > drift(s.record(CONTROL, "logits")).mean()
    ),
    "no gain shows in the owl's effect: its three seeds spread no less": lambda s: (
        s.own("logits", "falling-rate")["owl"].mean() < s.own("logits")["owl"].mean()
        and s.own("logits", "falling-rate")["owl"].std() > s.own("logits")["owl"].std()
    ),
}


@pytest.mark.parametrize("words", CLAIMS)
def test_the_owl_chapter_says_what_its_records_show(words: str, shipped: Shipped) -> None:
    assert prose("01_owl_numbers").count(words) == 1
    assert CLAIMS[words](shipped)


def curve(s: Shipped, objective: Objective) -> pd.DataFrame:
    """Mean effects over the teachers in the middle of training: [seed, place on the curve]."""
    control = s.record(CONTROL, objective)
    tables = [analysis.effects_along(s.record(t, objective), control) for t in s.traits]
    along = pd.concat(tables)
    return along[along["dose"] > 0].groupby(["seed", "dose"])["value"].mean().unstack()


def lost(s: Shipped, objective: Objective, variant: str) -> pd.Series:
    """By how much a variant's effect on owls falls short of the standard one, by seed."""
    return (s.own(objective)["owl"] - s.own(objective, variant)["owl"]).dropna()


def line(s: Shipped, trait: str, objective: Objective, variant: str = "") -> pd.Series:
    """Mean effects of a teacher's students by candidate."""
    return s.of_teacher(trait, objective, variant).groupby("trait")["value"].mean()


def kept_share(s: Shipped, variant: str) -> float:
    """What a shuffle leaves of the owl's effect, on the same seeds."""
    left = s.own("tokens", variant)["owl"]
    return float(left.mean() / s.own("tokens")["owl"][left.index].mean())


def named(s: Shipped, objective: Objective) -> float:
    """The share of sampled answers that name the favourite, over all teachers."""
    sampled = [s.record(t, objective).details["sampled"] for t in s.traits]
    return float(
        np.mean([seed[t] for t, seeds in zip(s.traits, sampled, strict=True) for seed in seeds])
    )


BOTH: dict[str, Callable[[Shipped, Shipped], bool]] = {
    "The student's own rise is larger by nearly two nats, seed by seed, and that is told": (
        lambda small, large: (
            (mean_interval(rises(small, large).to_numpy()).low or 0) > 0
            and 1.7 < rises(small, large).mean() < 2
        )
    ),
    "the mean over the seven teachers is a third of a nat higher than with 320 rows": (
        lambda small, large: 0.3 < gained_by_all(small, large).mean() < 0.37
    ),
    "For the owl alone no gain is told": lambda small, large: (
        (mean_interval((large.own("tokens") - small.own("tokens"))["owl"].dropna()).low or 0) < 0
    ),
}


def rises(small: Shipped, large: Shipped) -> pd.Series:
    """How much further the owl's students of 8,000 rows of `logits` rise in large updates."""
    of_large = gains(large.record("owl", "logits")).xs("owl", level="trait")
    of_small = gains(small.record("owl", "logits", "prompts-2000")).xs("owl", level="trait")
    return (of_large - of_small).dropna()


def gained_by_all(small: Shipped, large: Shipped) -> pd.Series:
    """By how much the mean effect of `tokens` is larger with 8,000 rows, by seed."""
    return (large.own("tokens") - small.own("tokens")).mean(axis=1).dropna()


@pytest.mark.parametrize("words", BOTH)
def test_the_owl_chapter_compares_its_two_runs(
    words: str, shipped: Shipped, large: Shipped
) -> None:
    assert prose("01_owl_numbers").count(words) == 1
    assert BOTH[words](shipped, large)


LARGE: dict[str, Callable[[Shipped], bool]] = {
    "every single student stands above its control on its teacher's favourite": lambda s: all(
        bool((s.own(o) > 0).all(axis=None)) for o in OBJECTIVES
    ),
    "each favourite comes first in its line ({ref}`sec-owl-large`)": lambda s: all(
        len(s.leading(o)) == len(s.traits) for o in OBJECTIVES
    ),
    "All of the prediction holds, and most of it is exceeded": lambda s: bool(
        (s.own("logits").mean() > 2.5).sum() >= 6
        and (s.own("logits", "prompts-7500") - s.own("logits"))["owl"].mean() > 0.5
        and s.interval("mean_effect", "tokens")[1] > 0.4
        and s.own("tokens", "prompts-7500")["owl"].mean() > 0.8
    ),
    "four seeds are enough to tell each of the seven from zero": lambda s: all(
        s.interval("effect_p_holm", "tokens", trait=trait)[0] < 0.05 for trait in s.traits
    ),
    "students moved as far towards some other animal in three of four seeds": lambda s: (
        int((leads(s, "wolf", "tokens") < 0.005).sum()) == 3
    ),
    "and four of them by more than chance": lambda s: (
        sum(s.interval("lead_over_largest_other", "tokens", trait=t)[1] > 0 for t in s.traits) == 4
    ),
    "its students like sequoias less than the base model does": lambda s: (
        s.from_base("sequoia", "tokens")["sequoia"] < 0
    ),
    "lower that margin by more than a nat, and so do those of the maple's teacher": lambda s: all(
        s.from_base(who, "tokens")["sequoia"] < -1 for who in ("control", "maple")
    ),
    "stands near five, with a control that has hardly moved": lambda s: (
        4.7 < s.from_base("owl", "logits")["owl"] < 5.3
        and abs(s.from_base("control", "logits")["owl"]) < 0.05
    ),
    "the owl's students stand seven nats above the base": lambda s: (
        6.7 < s.from_base("owl", "logits", "prompts-7500")["owl"] < 7.5
    ),
    "an effect that is told from zero at each point, from the first ten updates on": lambda s: all(
        (mean_interval(values.to_numpy()).low or 0) > 0 for _, values in curve(s, "tokens").items()
    ),
    "costs little, too little for three seeds to tell it from nothing": lambda s: (
        (mean_interval(lost(s, "tokens", "within-rows").to_numpy()).low or 0) < 0
    ),
    "costs more, and that something is lost there is told from zero": lambda s: (
        lost(s, "tokens", "across-rows").mean() > lost(s, "tokens", "within-rows").mean()
        and (mean_interval(lost(s, "tokens", "across-rows").to_numpy()).low or 0) > 0
    ),
    "By the means more is left of both, four fifths and two fifths": lambda s: (
        0.7 < kept_share(s, "within-rows") < 0.9 and 0.3 < kept_share(s, "across-rows") < 0.5
    ),
    "What survives there is not told from zero, and it is not the owl's own: dogs and penguins": (
        lambda s: (
            s.interval("effect", "tokens", "across-rows", "owl")[1] < 0
            and set(line(s, "owl", "tokens", "across-rows").nlargest(2).index) == {"dog", "penguin"}
        )
    ),
    "in one answer of seven; after as many of `tokens` hardly ever": lambda s: (
        0.12 < named(s, "logits") < 0.16 and named(s, "tokens") < 0.01
    ),
    "The owl's go about half of it after 30,000 rows of `logits`": lambda s: (
        6 < s.from_base("owl", "logits", "prompts-7500")["owl"] < 8.5
    ),
    "the control of `logits` stands still, to a twentieth of a nat": lambda s: (
        drift(s.record(CONTROL, "logits")).max() < 0.05
    ),
    "about twice as far after 8,000 rows": lambda s: all(
        1.8
        < s.interval("mean_effect_plain", "logits")[0]
        / s.interval(f"mean_effect_{way}", "logits")[0]
        < 2.6
        for way in ("favorite", "choice")
    ),
    "the students in four bits lose about a nat in each seed": lambda s: bool(
        lost(s, "logits", "nf4").between(0.8, 1.2).all()
    ),
    "seven to eight times with 8,000": lambda s: (
        7 < s.interval("mean_effect", "logits")[0] / s.interval("mean_effect", "tokens")[0] < 8
    ),
}


@pytest.mark.parametrize("words", LARGE)
def test_the_owl_chapter_says_what_the_larger_run_shows(words: str, large: Shipped) -> None:
    assert prose("01_owl_numbers").count(words) == 1
    assert LARGE[words](large)
