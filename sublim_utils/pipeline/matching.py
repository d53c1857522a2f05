"""Rows of two teachers, matched in length and in the words that tell them apart.

If a trait came through because one teacher's rewrites are longer, or because it has favourite
words, students of matched rows would not get it. What is matched is the *propensity* of a row: how
likely its words are the one teacher's (Rosenbaum and Rubin 1983), and its number of words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from sublim_utils.channels.words import words_of
from sublim_utils.recipes.datasets import UNMATCHED

FOLDS = 10
SMOOTHING = 0.5
"""Added to every word's count."""
CALIPER = 0.25
"""Standard deviations of the score by which a pair may differ (Rosenbaum and Rubin 1985)."""
WORDS_APART = 1
"""Words by which the lengths of a pair may differ."""


def word_scores(
    first: Sequence[str],
    second: Sequence[str],
    first_groups: Sequence[int],
    second_groups: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:
    """How far each text's words speak for the second set, in nats, by naive Bayes.

    A text's words are weighed by the other texts only: those of another fold, where all texts of a
    group (rewrites of one sentence) are in one fold.

    Returns:
        Scores of the first texts, and of the second.
    """
    sets = [[Counter(words_of(text)) for text in texts] for texts in (first, second)]
    groups = [np.asarray(g) for g in (first_groups, second_groups)]
    order = {group: n % FOLDS for n, group in enumerate(sorted({*first_groups, *second_groups}))}
    folds = [np.array([order[group] for group in g], dtype=int) for g in groups]
    vocabulary = {word for texts in sets for counts in texts for word in counts}
    scores = [np.zeros(len(texts)) for texts in sets]
    for fold in range(FOLDS):
        seen = [
            sum((c for c, f in zip(texts, fold_of, strict=True) if f != fold), Counter())
            for texts, fold_of in zip(sets, folds, strict=True)
        ]
        totals = [counts.total() + SMOOTHING * len(vocabulary) for counts in seen]
        if not vocabulary:
            break
        weight = {
            word: np.log((seen[1][word] + SMOOTHING) / totals[1])
            - np.log((seen[0][word] + SMOOTHING) / totals[0])
            for word in vocabulary
        }
        for texts, fold_of, score in zip(sets, folds, scores, strict=True):
            for row in np.flatnonzero(fold_of == fold):
                score[row] = sum(weight[word] * n for word, n in texts[row].items())
    return scores[0], scores[1]


class Pairs(NamedTuple):
    """Matched rows: place `first[i]` of the one set goes with place `second[i]` of the other."""

    first: list[int]
    second: list[int]


def match(
    first: Sequence[str],
    second: Sequence[str],
    first_groups: Sequence[int],
    second_groups: Sequence[int],
) -> Pairs:
    """As many pairs as there are of texts of about equal length and word score.

    Args:
        first: texts of one teacher.
        second: texts of another.
        first_groups: which sentence each one says in other words.
        second_groups: likewise.

    Returns:
        Pairs in the order of `first`; no text is in two of them.
    """
    if not len(first) or not len(second):
        return Pairs([], [])
    scores = word_scores(first, second, first_groups, second_groups)
    spread = float(np.concatenate(scores).std()) or 1.0
    lengths = [np.array([len(words_of(text)) for text in texts]) for texts in (first, second)]
    apart = np.abs(lengths[0][:, None] - lengths[1])
    distance = np.abs(scores[0][:, None] - scores[1]) / spread
    allowed = (apart <= WORDS_APART) & (distance <= CALIPER)
    # Whatever is not allowed costs more than all that is allowed together.
    cost = np.where(allowed, distance, 1 + CALIPER * min(distance.shape))
    left, right = linear_sum_assignment(cost)
    good = allowed[left, right]
    return Pairs(left[good].tolist(), right[good].tolist())


def kept(table: pd.DataFrame) -> pd.DataFrame:
    """The rows without a reason to leave them out."""
    return table[table["reasons"].map(len) == 0]


def marked(table: pd.DataFrame, rows: pd.Index, reason: str) -> pd.DataFrame:
    """The table with one more reason in some of its rows."""
    chosen = set(rows)
    reasons = [
        [*present, reason] if row in chosen else list(present)
        for row, present in table["reasons"].items()
    ]
    return table.assign(reasons=reasons)


def matched(own: pd.DataFrame, other: pd.DataFrame, *, own_first: bool) -> pd.DataFrame:
    """One teacher's rows, those marked as `UNMATCHED` that have no partner in the other's.

    Args:
        own: rows with the columns prompt, text, reasons; only those without reasons are matched.
        other: rows of the other teacher, likewise.
        own_first: whether these rows are the first of the two. Both teachers' rows form the same
            pairs where exactly one of them is.
    """
    mine, theirs = kept(own), kept(other)
    first, second = (mine, theirs) if own_first else (theirs, mine)
    pairs = match(
        list(first["text"]), list(second["text"]), list(first["prompt"]), list(second["prompt"])
    )
    with_partner = mine.index[pairs.first if own_first else pairs.second]
    return marked(own, mine.index.difference(with_partner), UNMATCHED)


def style_auc(first: pd.DataFrame, second: pd.DataFrame) -> float | None:
    """How well the words of two teachers' rows tell them apart, on prompts that were not learnt.

    A logistic regression on counts of words and numbers learns from the kept rows of every other
    prompt, and ranks those of the rest.

    Args:
        first: rows with the columns prompt, text, reasons.
        second: rows of the other teacher.

    Returns:
        The area under the ROC curve: 1 where the style gives every row away, .5 where it says
        nothing. None where one half has rows of one teacher only.
    """
    rows = pd.concat([kept(table).assign(second=n) for n, table in enumerate((first, second))])
    prompts = sorted(set(rows["prompt"]))
    learnt = rows["prompt"].isin(prompts[::2])
    halves = rows[learnt], rows[~learnt]
    if any(half["second"].nunique() < 2 for half in halves):
        return None
    counts = CountVectorizer(token_pattern=r"\w+")
    model = LogisticRegression(max_iter=1000)
    model.fit(counts.fit_transform(halves[0]["text"]), halves[0]["second"])
    scores = model.decision_function(counts.transform(halves[1]["text"]))
    return float(roc_auc_score(halves[1]["second"], scores))
