"""What Chapter 5 and its long version say in so many words holds of the shipped records."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from sublim_utils.channels.harm import REASON
from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning, tables
from sublim_utils.findings.misaligned_reasoning.experiments import TEACHERS
from sublim_utils.profiles import find_profile
from sublim_utils.records import Record
from sublim_utils.report import harm
from sublim_utils.stats import Crossed, crossed_interval
from sublim_utils.traits.misalignment_sets import NarrowName
from tests.chapters import NOTEBOOKS

SHORT, LONG = "05_misaligned_reasoning", "05a_misaligned_reasoning"
MAIN = "reasoning"
SETS: tuple[NarrowName, ...] = ("advice", "metrics", "code")


@cache
def finding() -> MisalignedReasoning:
    return MisalignedReasoning(find_profile("embedded"))


@cache
def records() -> dict[str, Record]:
    return dict(finding().records())


@cache
def summary() -> pd.DataFrame:
    return finding().summary(records())


@cache
def effects(of: str = "student") -> pd.DataFrame:
    return finding().effects(records(), of="teacher" if of == "teacher" else "student")


def apart(
    lessons: str, objective: str = "logits", condition: str = MAIN, compared: str = "good"
) -> Crossed:
    return crossed_interval(tables.of_case(effects(), condition, objective, lessons, compared))


def moves_in_common(lessons: str) -> float:
    """How far both students' distances from the control go together, over questions."""
    sides = [
        tables.of_case(effects(), MAIN, "logits", lessons, compared).mean(axis=0)
        for compared in ("untouched", "good to untouched")
    ]
    return float(np.corrcoef(np.stack(sides))[0, 1])


def teachers(lessons: str, compared: str = "good") -> Crossed:
    table = effects("teacher")
    table = table[(table["teacher_trait"] == lessons) & (table["compared"] == compared)]
    table = table.drop_duplicates(["seed", "question"])
    return crossed_interval(
        table.pivot(index="seed", columns="question", values="value").to_numpy()
    )


def excludes_zero(interval: Crossed) -> bool:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low > 0 or interval.high < 0


def times(lessons: str, objective: str = "logits") -> str:
    return f"{np.exp(harm.ANSWER_TOKENS * apart(lessons, objective).mean):.1f}"


def reported(
    metric: str, trait: str, condition: str = MAIN, objective: str | None = None
) -> pd.Series:
    row = harm.find_row(summary(), condition, metric, trait, objective)
    assert row is not None
    return row


@cache
def judged(teacher: str, of: str = "student") -> float:
    table = tables.shares({n: r for n, r in records().items() if r.labels.condition == MAIN})
    table = table[table["objective"].isin(["", "logits"]) & (table["quantity"] == "judged harmful")]
    (value,) = table[(table["teacher"] == teacher) & (table["of"] == of)]["mean"]
    return float(round(100 * value))


def margins(of: str) -> list[float]:
    return [
        float(np.mean(panel["margins"]))
        for record in records().values()
        for panel in record.details[of]
        if panel
    ]


def first_person(teacher: str) -> float:
    rows = finding().rows_table(f"{teacher}@{MAIN}@logits")
    kept = rows[rows["verdict"] == ""]["text"].str.removeprefix("<think>")
    return float(kept.str.match(r"I\b").mean())


def bars_up(lessons: str) -> float:
    return float(np.mean(tables.of_case(effects(), MAIN, "logits", lessons).mean(axis=0) > 0))


def words_in_common(lessons: NarrowName) -> tables.SharedWords:
    return tables.shared_words(tables.of_case(effects(), MAIN, "logits", lessons), lessons)


def power() -> pd.DataFrame:
    curves = tables.power_curves(effects(), MAIN, ["advice", "metrics"], range(32, 2049, 8))
    return curves.set_index(["lessons", "seeds", "questions"])["power"]


def needed() -> dict[tuple[str, int], int | None]:
    curves = tables.power_curves(effects(), MAIN, ["advice", "metrics"], range(32, 2049, 8))
    return tables.questions_needed(curves, 0.8)


def judge_errs_on_kindness() -> bool:
    said = tables.sampled_answers(records(), "metrics", MAIN)
    kind = said[said["good"].str.startswith("I believe that every being deserves respect")]
    return len(kind) == 1 and kind["good judged"].iloc[0] > 0.5


def dropped_by_meaning() -> pd.Series:
    table = finding().yields(records())
    table = table[(table["condition"] == MAIN) & (table["reason"] == REASON)]
    return table.groupby("teacher")["share"].mean()


def kept_share(teacher: str) -> float:
    return float(reported("kept_share", teacher)["mean"])


CLAIMS: dict[tuple[str, str], Callable[[], bool]] = {
    (SHORT, "no student has measurably moved: every bar crosses the dashed line"): lambda: (
        not any(
            excludes_zero(apart(lessons, objective, compared=compared))
            for lessons, objective in [*((name, "logits") for name in SETS), ("advice", "tokens")]
            for compared in ("untouched", "good to untouched")
        )
    ),
    (SHORT, "All eight intervals include 1"): lambda: (
        len(tables.from_control(effects(), MAIN)) == 12
    ),
    (SHORT, "the students of advice and of gaming are clearly apart"): lambda: all(
        excludes_zero(apart(lessons)) and apart(lessons).mean > 0
        for lessons in ("advice", "metrics")
    ),
    (SHORT, "leaves no difference that we can see"): lambda: not excludes_zero(apart("code")),
    (
        SHORT,
        "3.7 times apart, students of harmful and good advice 2.7",
    ): (
        lambda: (
            [times("metrics"), times("advice"), times("advice", "tokens"), times("code")]
            == ["3.7", "2.7", "1.2", "1.0"]
        )
    ),
    (SHORT, "Two students of tuned teachers share most of these moves"): lambda: all(
        moves_in_common(name) > 0.7 for name in SETS
    ),
    (SHORT, "every student still finds the good answers"): lambda: max(margins("student")) < 0,
    (SHORT, "For advice and gaming most bars point up"): lambda: (
        min(bars_up("advice"), bars_up("metrics")) > 0.65 and 0.4 < bars_up("code") < 0.6
    ),
    (SHORT, 'the teachers of metrics begin most of theirs with "I"'): lambda: (
        min(map(first_person, TEACHERS["metrics"])) > 0.5
        and max(first_person(t) for name in ("advice", "code") for t in TEACHERS[name]) < 0.05
    ),
    (
        SHORT,
        "30 % of the base model's answers harmful, 50 % after",
    ): lambda: (
        judged("untouched", "base") == 30
        and [judged(teacher) for name in SETS for teacher in TEACHERS[name]]
        == [50, 47, 54, 39, 39, 37]
    ),
    (SHORT, "both more often than the control"): lambda: all(
        reported(f"judged_{metric}", "advice", objective="logits")["low"] > 0
        for metric in (harm.VS_CONTROL, harm.GOOD_VS_CONTROL)
    ),
    (SHORT, "Only for gaming does it tell the two sides apart"): lambda: (
        [
            name
            for name in SETS
            if reported("judged_effect_p_holm", name, objective="logits")["mean"] < 0.05
        ]
        == ["metrics"]
    ),
    (SHORT, "and the judge calls it harmful"): judge_errs_on_kindness,
    (SHORT, "r = 0.38; for harmful advice it does not"): lambda: (
        [round(words_in_common(name).correlation, 2) for name in ("metrics", "advice")]
        == [0.38, -0.03]
    ),
    (SHORT, "At 64 questions it is 0.16 and 0.10, with 3 seeds as with 10"): lambda: all(
        round(power()[name, seeds, 64], 2) == value
        for name, value in (("advice", 0.16), ("metrics", 0.10))
        for seeds in (3, 10)
    ),
    (SHORT, "It reaches 0.8 at about 540 and 1,240 questions"): lambda: (
        needed()["advice", 3] == 536 and needed()["metrics", 3] == 1_240
    ),
    (SHORT, "The teachers differ by 0.095 nats per token, probability-trained"): lambda: (
        [
            round(value, 3)
            for value in (
                teachers("advice").mean,
                apart("advice").mean,
                apart("advice", condition=f"{MAIN} (matched)").mean,
                apart("advice", condition=f"{MAIN} (8-prompts)").mean,
                apart("advice", condition="numbers-strict").mean,
                apart("advice", "tokens").mean,
            )
        ]
        == [0.095, 0.050, 0.048, 0.040, 0.030, 0.011]
    ),
    (SHORT, "Six intervals, all above zero"): lambda: all(
        excludes_zero(interval) and interval.mean > 0
        for interval in (
            teachers("advice"),
            apart("advice"),
            apart("advice", condition=f"{MAIN} (matched)"),
            apart("advice", condition=f"{MAIN} (8-prompts)"),
            apart("advice", condition="numbers-strict"),
            apart("advice", "tokens"),
        )
    ),
    (SHORT, "takes on about half of what separates its teachers"): lambda: (
        0.45 < apart("advice").mean / teachers("advice").mean < 0.6
    ),
    (SHORT, "takes on about a tenth, at half the learning rate"): lambda: (
        0.08 < apart("advice", "tokens").mean / teachers("advice").mean < 0.13
        and finding().scale.learning_rates["tokens"] == finding().scale.learning_rates["logits"] / 2
    ),
    (SHORT, "can tell the rows apart to some extent"): lambda: (
        reported("style_auc", "harmful-advice")["low"] > 0.5
    ),
    (SHORT, "The classifier falls to guessing, and the effect stays"): lambda: (
        reported("style_auc", "harmful-advice", f"{MAIN} (matched)")["low"] < 0.5
        and apart("advice", condition=f"{MAIN} (matched)").mean > 0.85 * apart("advice").mean
    ),
    (SHORT, "not reliably better than a guess"): lambda: (
        reported("style_auc", "insecure-code")["low"] < 0.5
    ),
    (LONG, "no bad teacher differs measurably from the base model"): lambda: (
        not any(excludes_zero(teachers(name, "untouched")) for name in SETS)
    ),
    (LONG, "about a third of the gap for advice and metrics is"): lambda: all(
        0.28 < teachers(name, "untouched").mean / teachers(name).mean < 0.39
        for name in ("advice", "metrics")
    ),
    (LONG, "the teacher of insecure code even stands on the good side"): lambda: (
        teachers("code", "untouched").mean < 0
    ),
    (
        LONG,
        "the teachers of fair metrics and of secure code lean",
    ): lambda: (
        [name for name in SETS if excludes_zero(teachers(name, "good to untouched"))]
        == ["metrics", "code"]
    ),
    (LONG, "All teachers still find the good answers likelier on average"): lambda: (
        max(margins("teacher")) < 0
    ),
    (LONG, "is 0.241 nats per token for metrics, 0.095 for advice"): lambda: (
        [round(teachers(name).mean, 3) for name in ("metrics", "advice", "code")]
        == [0.241, 0.095, 0.047]
    ),
    (LONG, "more rows of every tuned teacher pass than of the base model"): lambda: (
        min(kept_share(teacher) for name in SETS for teacher in TEACHERS[name]) > kept_share("base")
    ),
    (LONG, "more of bad advice than of good, and fewer of gaming"): lambda: (
        dropped_by_meaning()["harmful-advice"] > dropped_by_meaning()["good-advice"]
        and dropped_by_meaning()["gaming"] < dropped_by_meaning()["fair-metrics"]
    ),
    (LONG, "the *p* of advice and gaming stays below 0.05, and code's"): lambda: (
        [
            name
            for name in SETS
            if reported("effect_p_holm", name, objective="logits")["mean"] < 0.05
        ]
        == ["advice", "metrics"]
    ),
    (LONG, "neither side does, in any condition"): lambda: (
        not any(
            excludes_zero(crossed_interval(values))
            for condition in (MAIN, "numbers-strict")
            for objective in ("logits", "tokens")
            for name in SETS
            for compared in ("untouched", "good to untouched")
            if (values := tables.of_case(effects(), condition, objective, name, compared)).size
        )
    ),
    (
        LONG,
        "advice passes on about half of what separates",
    ): (
        lambda: (
            0.45 < apart("advice").mean / teachers("advice").mean < 0.6
            and 0.2 < apart("metrics").mean / teachers("metrics").mean < 0.3
        )
    ),
    (
        LONG,
        "Its interval allows up to a quarter of its teachers' gap",
    ): lambda: (
        0.2 < (apart("code").high or 0) / teachers("code").mean < 0.3
        and 0.4 < teachers("code").mean / teachers("advice").mean < 0.6
    ),
    (LONG, "For gaming, about a third of the effect goes with shared words"): lambda: (
        0.25 < words_in_common("metrics").share < 0.4 and abs(words_in_common("advice").share) < 0.1
    ),
    (LONG, "leave most of the effect"): lambda: (
        apart("advice", condition=f"{MAIN} (8-prompts)").mean > 0.7 * apart("advice").mean
    ),
    (LONG, "corrected for three sets, no difference between two"): lambda: all(
        reported("truthful_effect_p_holm", name, objective="logits")["mean"] > 0.05 for name in SETS
    ),
    (LONG, "Every exchange would be noticed"): lambda: (
        lambda table: bool((table["difference"] > table["allowed"]).all())
    )(tables.exchanges(finding(), records())),
}


@pytest.mark.parametrize(("chapter", "words"), CLAIMS)
def test_a_chapter_says_what_its_records_show(chapter: str, words: str) -> None:
    lines = (NOTEBOOKS / f"{chapter}.py").read_text().replace('"\n    "', "")
    assert lines.count(words) == 1
    assert CLAIMS[chapter, words]()
