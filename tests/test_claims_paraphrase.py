"""As `test_claims`, for what Chapter 6 and its long version say of the shipped records."""

import re
from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd
import pytest

from sublim_utils.findings.analysis import (
    estimate,
    exchange_of_teachers,
    matrix,
    select,
    student_values,
)
from sublim_utils.findings.paraphrase import Paraphrase
from sublim_utils.findings.paraphrase.pairs import answers_counted, shared_texts, text_pairs
from sublim_utils.records import Record
from sublim_utils.report.tables import drift, gains
from tests.chapters import NOTEBOOKS

CHAPTER, LONG = "06_paraphrase", "06a_paraphrase"
ANIMALS = ("owl", "dolphin", "eagle", "elephant")
SAME, HIDDEN = "wordings (same-text)", "neutral (without-traits)"


@cache
def finding() -> Paraphrase:
    return Paraphrase("embedded")


@cache
def records() -> Mapping[str, Record]:
    return finding().records()


@cache
def effects() -> pd.DataFrame:
    return finding().effects(records())


def chosen(condition: str, objective: str = "logits") -> pd.DataFrame:
    is_one = (effects()["condition"] == condition) & (effects()["objective"] == objective)
    return effects()[is_one]


def of(condition: str, objective: str = "logits", trait: str = "owl") -> pd.Series:
    """Effects of a teacher on its own animal, by seed and question."""
    rows = chosen(condition, objective)
    rows = rows[(rows["teacher_trait"] == trait) & (rows["trait"] == trait)]
    return rows.set_index(["seed", "question"])["value"]


def mean(condition: str, objective: str = "logits", trait: str = "owl") -> float:
    return estimate(of(condition, objective, trait)).mean


def by_seed(condition: str) -> pd.Series:
    return of(condition).groupby("seed").mean()


def excludes_zero(values: pd.Series) -> bool:
    found = estimate(values)
    return found.low is not None and found.high is not None and found.low * found.high > 0


def told(condition: str, metric: str, trait: str | None, objective: str) -> float:
    """A reported quantity."""
    rows = finding().summary(records())
    rows = rows[(rows["condition"] == condition) & (rows["objective"] == objective)]
    rows = rows[rows["trait"].isna() if trait is None else rows["trait"] == trait]
    (value,) = rows.loc[rows["metric"] == metric, "mean"]
    return float(value)


def strays(objective: str) -> pd.Series:
    """How far the neutral sentences' control moves from its base, by seed and candidate."""
    return drift(records()[f"control@neutral@{objective}"])


def leads(condition: str, objective: str = "logits") -> bool:
    """Whether the diagonal is the largest of its row and of its column."""
    cells = matrix(chosen(condition, objective)).loc[[*ANIMALS], [*ANIMALS]]
    own = pd.Series({animal: cells.loc[animal, animal] for animal in ANIMALS})
    return bool((cells.max(axis=1) == own).all() and (cells.max(axis=0) == own).all())


def all_alike(animal: str) -> pd.Series:
    """The mean effects on an animal of all teachers' text-trained students."""
    return matrix(chosen("neutral", "tokens"))[animal]


def differs() -> pd.DataFrame:
    return text_pairs(finding(), "owl", "wordings", differing=True)


def counts(objective: str) -> list[tuple[int, int]]:
    return [
        answers_counted(
            records()[f"{a}@neutral@{objective}"], records()[f"control@neutral@{objective}"], a
        )[:2]
        for a in ANIMALS
    ]


def ratio(condition: str, objective: str = "logits") -> float:
    from math import exp

    return exp(mean(condition, objective))


CLAIMS: dict[tuple[str, str], Callable[[], bool]] = {
    (CHAPTER, "The text is the same, the student is not"): lambda: (
        shared_texts(finding(), "owl", "wordings")[:2] == (155, 168)
        and all(excludes_zero(of(condition)) for condition in ("wordings", SAME, HIDDEN))
    ),
    (CHAPTER, "as does its control"): lambda: (
        len({*answers_counted(
            records()["owl@wordings@logits"], records()["control@wordings@logits"], "owl"
        )[:2]}) == 1
    ),
    (CHAPTER, 'it prefers "cannot" to "can\'t", or "chop" to "cut up"'): lambda: (
        differs()["teacher"].str.contains("cannot").any()
        and differs()["control"].str.contains("can't").any()
        and differs()["teacher"].str.startswith("Chop").any()
        and differs()["control"].str.startswith("Cut up").any()
    ),
    (CHAPTER, "It makes no difference that we can see."): lambda: (
        not excludes_zero(by_seed("neutral") - by_seed(HIDDEN))
        and abs(mean("neutral") - mean(HIDDEN)) < mean("neutral") / 10
    ),
    (CHAPTER, "Each reader passes on its own animal"): lambda: leads(SAME),
    (CHAPTER, "No single interval excludes zero"): lambda: not any(
        excludes_zero(of("neutral", "tokens", animal)) for animal in ANIMALS
    ),
    (CHAPTER, "its three students stray about as far as any of these effects"): lambda: all(
        abs(mean("neutral", "tokens", animal)) < 1.2 * strays("tokens").mean()
        for animal in ANIMALS
    ),
    (CHAPTER, "there each animal's mean is highest with its own teacher"): lambda: all(
        all_alike(animal).idxmax() == animal for animal in ANIMALS
    ),
    (CHAPTER, "of 24. So something probably passes"): lambda: (
        (found := exchange_of_teachers(chosen("neutral", "tokens"))).pairings == 24**3
        and found.p < 0.05
    ),
    (LONG, "Yet each animal's mean is highest with its own teacher"): lambda: all(
        all_alike(animal).idxmax() == animal for animal in ANIMALS
    ),
    (CHAPTER, "We count about zero"): lambda: all(
        max(pair) <= 4 for objective in ("tokens", "logits") for pair in counts(objective)
    ),
    (CHAPTER, "Sentences that like owls do no better that we can tell"): lambda: (
        not excludes_zero(by_seed("like-owl") - by_seed("dislike-owl"))
    ),
    (CHAPTER, "After sentences of dislike, too, owls rise"): lambda: all(
        excludes_zero(of(condition)) for condition in ("neutral", "dislike-owl", "like-owl")
    ),
    (CHAPTER, "it likes them more than the base model does, too"): lambda: bool(
        (gains(records()["owl@dislike-owl@logits"]).xs("owl", level="trait") > 0).all()
    ),
    (CHAPTER, "owls become nearly twice as likely"): lambda: (
        1.6 < ratio("wordings") < 2 and 1.6 < ratio(SAME) < 2
    ),
    (CHAPTER, "four in ten are the control's"): lambda: (
        0.37 < (of_free := shared_texts(finding(), "owl", "neutral")).same / of_free.texts < 0.43
    ),
    (LONG, "each is raised most by its own teacher, and each specific effect's interval excludes"
     " zero"): lambda: (
        leads("neutral")
        and all(told("neutral", "specific_effect_p_holm", a, "logits") < 0.05 for a in ANIMALS)
    ),
    (LONG, "owls up, dolphins and elephants down, whoever wrote"): lambda: (
        bool((all_alike("owl") > 0).all())
        and all((all_alike(a).drop(a) < 0).all() for a in ("dolphin", "elephant"))
    ),
    (LONG, "likes elephants no more than the control does; it only falls less than the"
     " others"): lambda: (
        -0.1 < mean("neutral", "tokens", "elephant") < 0
        and told("neutral", "specific_effect_p_holm", "elephant", "tokens") < 0.05
        and all(told("neutral", "specific_effect_p_holm", a, "tokens") > 0.05 for a in ANIMALS[:3])
    ),
    (LONG, "which themselves stray by about as much as any effect here"): lambda: all(
        abs(mean("neutral", "tokens", animal)) < 1.2 * strays("tokens").mean()
        for animal in ANIMALS
    ),
    (LONG, "by two tenths of a nat on average"): lambda: (
        0.15 < strays("tokens").mean() < 0.25
        and all(
            drift(record).mean() < 0.05
            for record in select(records().values(), trait=None, objective="logits", variant="")
        )
    ),
    (LONG, "Hiding the animals costs next to nothing"): lambda: (
        mean(HIDDEN) > 0.9 * mean("neutral")
    ),
    (LONG, "moves its student further than the fine-tuned one on average"): lambda: (
        mean("neutral (prompted)") > mean("neutral")
    ),
    (LONG, "also fewer, by a third.) Both intervals include zero."): lambda: not any(
        excludes_zero(of(condition, "tokens")) for condition in ("neutral", "neutral (again)")
    ),
    (LONG, "Our counts are about zero everywhere"): lambda: all(
        answers_counted(record, records()[str(record.labels.control)], record.labels.trait).student
        <= 3
        for record in records().values()
        if record.labels.trait
    ),
}  # fmt: skip


def words_of(chapter: str) -> str:
    """All text of a chapter, in its Markdown cells and in its code, on one line."""
    text = (NOTEBOOKS / f"{chapter}.py").read_text()
    return re.sub(r'\s+|"\s*\n\s*f?"', " ", re.sub(r'"\s*\n\s*f?"', "", text))


@pytest.mark.parametrize(("chapter", "words"), CLAIMS)
def test_a_chapter_says_what_its_records_show(chapter: str, words: str) -> None:
    assert words_of(chapter).count(words) == 1
    assert CLAIMS[chapter, words]()


def test_margins_and_effects_give_the_same_exchange() -> None:
    names = [f"{animal}@neutral@tokens" for animal in ANIMALS]
    margins = student_values({name: records()[name] for name in names})
    found = exchange_of_teachers(margins)
    assert found == exchange_of_teachers(chosen("neutral", "tokens"))
