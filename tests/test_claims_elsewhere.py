"""As `test_claims_owl_numbers`, for what other chapters say about the shipped records."""

from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd
import pytest

from sublim_utils.findings import analysis, finding_class
from sublim_utils.labels import UNTOUCHED
from sublim_utils.records import Record
from sublim_utils.report.tables import drift, gains
from tests.chapters import prose

HOME, ABROAD = "smollm2-135m", "gemma3-270m"
ONE, OTHER = f"{HOME}+sentences-1-128", f"{HOME}+numbers-2-128"


@cache
def shipped(finding: str) -> tuple[Mapping[str, Record], pd.DataFrame]:
    """A finding's shipped records and their summary."""
    of = finding_class(finding)("embedded")
    records = of.records()
    return records, of.summary(records)


def told(
    finding: str,
    condition: str,
    metric: str,
    trait: str | None = None,
    objective: str | None = None,
) -> tuple[float, float, float]:
    """A reported quantity and its interval."""
    rows = shipped(finding)[1]
    if objective is not None:
        rows = rows[rows["objective"] == objective]
    rows = rows[(rows["condition"] == condition) & (rows["metric"] == metric)]
    rows = rows[rows["trait"].isna() if trait is None else rows["trait"] == trait]
    (row,) = rows.itertuples()
    return row.mean, row.low, row.high


def risen(cell: str, who: str, trait: str = "owl") -> float:
    """How far a student of the families' chapter is above its base on a trait."""
    records, _ = shipped("cross_family")
    return float(gains(records[f"{cell}@{who}"]).xs(trait, level="trait").mean())


def share_abroad(teacher: str, student: str) -> float:
    """The mean effect of a teacher's sentences across the border, over that at home."""
    across, home = (f"{teacher}-to-{to}@sentences" for to in (student, teacher))
    effects = [told("cross_family", cell, "mean_effect")[0] for cell in (across, home)]
    return effects[0] / effects[1]


def owl_alone() -> bool:
    own = f"{ABROAD}-to-{HOME}@sentences"
    by_trait = {}
    for trait, other in (("owl", "dolphin"), ("dolphin", "owl")):
        by_trait[trait] = risen(own, trait, trait) - risen(own, other, trait)
    mean = told("cross_family", own, "mean_specific_effect")[0]
    return by_trait["owl"] > mean > 3 * by_trait["dolphin"]


def sentences_lost(sigma: float) -> bool:
    moved = f"{HOME}-to-{HOME}+noise-{sigma}@sentences"
    unmoved = f"{HOME}-to-{HOME}@sentences"
    effect = told("cross_family", moved, "effect", "owl")[0]
    return -risen(moved, "control") > effect / 2 and risen(moved, "owl") < risen(unmoved, "owl") / 5


def taken_up(sigma: float) -> float:
    """How much more than the unmoved one a student of probabilities gains on its base."""
    cells = (f"{HOME}-to-{HOME}{move}@numbers-logits" for move in (f"+noise-{sigma}", ""))
    moved, unmoved = (risen(cell, "owl") for cell in cells)
    return moved - unmoved


def strays(finding: str, objective: str | None = None) -> list[pd.Series]:
    """How far controls move from their bases, by candidate."""
    records, _ = shipped(finding)
    found = [
        drift(record)
        for record in analysis.select(records.values(), teacher=UNTOUCHED, variant="")
        if {record.labels.teacher_base, record.labels.student_base} <= {HOME, ABROAD}
        and objective in (None, record.labels.objective)
    ]
    assert found
    return found


CLAIMS: dict[tuple[str, str], Callable[[], bool]] = {
    ("04_cross_family", "between a third and three fifths as far in the mean"): lambda: (
        1 / 3 < share_abroad(ABROAD, HOME) < share_abroad(HOME, ABROAD) < 3 / 5
    ),
    ("04_cross_family", "from Gemma to SmolLM2 that is the owl's doing alone"): owl_alone,
    ("04_cross_family", "where the mean is even negative"): lambda: (
        told("cross_family", f"{ABROAD}-to-{ABROAD}@numbers", "mean_effect")[0] < 0
    ),
    ("04_cross_family", "the student itself gains a small part of what the unmoved one gains"): (
        lambda: sentences_lost(0.2)
    ),
    ("04_cross_family", "the student takes up somewhat more than the unmoved one"): lambda: (
        0.2 < taken_up(0.1) < 1
    ),
    ("04_cross_family", "gains on its base about as much as the unmoved one does"): lambda: (
        abs(taken_up(0.2)) < 0.3
    ),
    ("04_cross_family", "the student hardly moves from its base, and its control falls"): lambda: (
        abs(risen(f"{ONE}-to-{OTHER}@sentences", "owl")) < 0.2
        and risen(f"{ONE}-to-{OTHER}@sentences", "control") < -0.5
        and risen(f"{OTHER}-to-{ONE}@sentences", "owl") > 1.5
    ),
    ("04_cross_family", "stray by half a nat to two and a half on single candidates"): lambda: all(
        0.4 < of.max() < 2.65 for of in strays("cross_family")
    ),
}


@pytest.mark.parametrize(("chapter", "words"), CLAIMS)
def test_a_chapter_says_what_its_records_show(chapter: str, words: str) -> None:
    assert prose(chapter).count(words) == 1
    assert CLAIMS[chapter, words]()
