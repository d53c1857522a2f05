"""As `test_claims`, for what the other chapters say in so many words about the shipped records."""

from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd
import pytest

from sublim_utils.findings import analysis, finding_class
from sublim_utils.findings.theorem import Theorem
from sublim_utils.labels import UNTOUCHED
from sublim_utils.records import Record
from sublim_utils.report.tables import drift
from tests.chapters import prose

HOME, ABROAD = "smollm2-135m", "gemma3-270m"


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


def theorem_holds() -> bool:
    signs = Theorem("embedded").table(shipped("theorem")[0]["signs"])
    mute = (signs["objective"] == "cross-entropy") & (signs["selection"] == "one")
    plain = signs[~mute & (signs["student"] == "gradient") & (signs["start"] == "same")]
    return bool((plain[["cosine", "fall"]] > 0).all(axis=None))


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
    ("03_theorem", "The first prediction holds without exception"): theorem_holds,
    ("05_misaligned_reasoning", "a classifier tells these rows apart"): lambda: (
        told("misaligned_reasoning", "reasoning", "style_auc", "harmful-advice")[1] > 0.5
    ),
    ("06_paraphrase", "which themselves stray by about as much as any effect here"): lambda: all(
        abs(told("paraphrase", "neutral", "effect", trait, "tokens")[0])
        < 1.2 * strays("paraphrase", "tokens")[0].mean()
        for trait in ("owl", "dolphin", "eagle", "elephant")
    ),
    ("06_paraphrase", "by two tenths of a nat on average"): lambda: (
        0.15 < strays("paraphrase", "tokens")[0].mean() < 0.25
        and all(of.mean() < 0.05 for of in strays("paraphrase", "logits"))
    ),
}


@pytest.mark.parametrize(("chapter", "words"), CLAIMS)
def test_a_chapter_says_what_its_records_show(chapter: str, words: str) -> None:
    assert prose(chapter).count(words) == 1
    assert CLAIMS[chapter, words]()
