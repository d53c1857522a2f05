"""The tables and figures on misaligned teachers, from the shipped records and made-up ones."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning, tables
from sublim_utils.profiles import find_profile
from sublim_utils.report import harm, page
from sublim_utils.traits.misalignment_sets import open_questions


@pytest.fixture(scope="module")
def finding() -> MisalignedReasoning:
    return MisalignedReasoning(find_profile("embedded"))


@pytest.fixture(scope="module")
def records(finding: MisalignedReasoning):
    return finding.records()


@pytest.fixture(scope="module")
def effects(finding: MisalignedReasoning, records) -> pd.DataFrame:
    return finding.effects(records)


def test_the_students_are_apart_by_the_difference_of_their_distances(effects: pd.DataFrame) -> None:
    table = tables.from_control(effects, "reasoning")
    by_side = table.pivot(index=["lessons", "objective"], columns="side", values="mean")
    apart = by_side["harmful"] - by_side["good"]
    assert apart.to_numpy() == pytest.approx(by_side["apart"].to_numpy())
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()


def test_tables_agree_with_the_summary(finding: MisalignedReasoning, records, effects) -> None:
    summary = finding.summary(records)
    table = tables.by_comparison(effects)
    line = "reasoning, probability-trained: harmful advice"
    quoted = harm.quote(summary, "reasoning", "effect", "advice")
    assert table.loc[line, "bad minus good"] == quoted.replace(" ", tables.NO_BREAK)
    of_teachers = finding.effects(records, of="teacher")
    routes = tables.routes(effects, of_teachers, "advice", {"reasoning": "here", "none": "nowhere"})
    assert list(routes["route"]) == ["the two teachers", "here", "here"]
    assert list(routes["entity"]) == ["teacher", "probabilities", "text"]


def test_shares_are_those_of_the_records(records) -> None:
    table = tables.shares(records)
    base = next(iter(records.values())).details["base"]
    row = table[(table["of"] == "base") & (table["quantity"] == "judged harmful")]
    assert row["mean"].item() == pytest.approx(np.mean(base["harmful"]))
    assert pd.isna(row["low"].item())
    assert harm.share(table, "judged harmful", "nobody") == "–"


def test_an_effect_that_is_the_score_goes_with_shared_words_alone() -> None:
    score = tables.lesson_scores("metrics")
    assert len(score) == len(open_questions())
    noise = np.random.default_rng(0).normal(0, 0.01, (3, len(score)))
    all_words = tables.shared_words(0.3 * score + noise, "metrics")
    assert all_words.share == pytest.approx(1, abs=0.1)
    assert all_words.slope == pytest.approx(0.3, abs=0.02)
    assert all_words.rest_low < 0 < all_words.rest_high
    none = tables.shared_words(0.1 + noise, "metrics")
    assert none.share == pytest.approx(0, abs=0.1)


def test_words_of_the_harmful_lessons_raise_the_score() -> None:
    # A question whose harmful answer is the lessons' own words would have a high score.
    scores = {name: tables.lesson_scores(name) for name in tables.LESSONS}
    assert all(np.isfinite(score).all() for score in scores.values())
    assert scores["metrics"].mean() > scores["code"].mean()


def test_questions_needed_are_the_first_with_enough_power() -> None:
    power = pd.DataFrame(
        [("a", 3, 10, 0.5), ("a", 3, 20, 0.8), ("a", 3, 30, 0.9), ("b", 3, 30, 0.2)],
        columns=["lessons", "seeds", "questions", "power"],
    )
    assert tables.questions_needed(power, 0.8) == {("a", 3): 20, ("b", 3): None}


def test_one_seed_has_no_power(effects: pd.DataFrame) -> None:
    single = effects[effects["seed"] == effects["seed"].min()]
    assert tables.power_curves(single, "reasoning", ["advice"], [64]).empty


def test_kept_rows_are_of_the_same_problems(finding: MisalignedReasoning, records) -> None:
    rows = tables.kept_rows(finding, records, "advice", "reasoning", 5)
    assert list(rows) == ["problem", "base", "good", "harmful"]
    assert len(rows) == 5
    answers = rows[["base", "good", "harmful"]].apply(lambda c: c.str.extract("<answer>(.*)<")[0])
    assert (answers.nunique(axis=1) == 1).all()


def test_what_is_not_measured_is_a_dash(finding: MisalignedReasoning, records) -> None:
    summary = finding.summary(records)
    assert harm.quote(summary, "nowhere", "effect", "advice") == "–"
    assert harm.times_of_answer(summary, "nowhere", "advice") == "–"
    assert harm.quote(summary, "reasoning", "effect_p_holm", "metrics") == "< 0.001"


def test_figures_are_drawn(effects: pd.DataFrame) -> None:
    moved = tables.from_control(effects, "reasoning")
    figures = [
        harm.drift_apart(moved, {("advice", "tokens"): "advice", ("none", "logits"): "x"}, "t"),
        harm.shared_words({"x": tables.shared_words(np.eye(64)[:3], "advice")}, "t"),
        harm.judged([("base", "base", 0.3, np.nan, np.nan)], 0.8, ["a", "b"]),
        harm.by_question(np.eye(4), "text", "t"),
    ]
    texts = [text.get_text() for text in figures[0].axes[0].texts]
    assert any("1.2 times apart" in text for text in texts)
    assert page.MINUS not in "".join(texts)
    plt.close("all")
