"""Matching: pairs of about equal length and word score, and none that would not be."""

import random
from collections.abc import Sequence

import numpy as np
import pandas as pd
from hypothesis import given, strategies as st

from sublim_utils.channels.words import words_of
from sublim_utils.pipeline.matching import (
    CALIPER,
    WORDS_APART,
    match,
    matched,
    style_auc,
    word_scores,
)
from sublim_utils.recipes.datasets import UNMATCHED

WORDS = ["we", "went", "home", "early", "because", "it", "rained", "all", "day", "in", "town"]


def texts(seed: int, n: int, mark: str, share: float) -> list[str]:
    """Sentences of four to nine words, some with a word that marks their teacher."""
    draw = random.Random(seed)
    return [
        " ".join(
            [*draw.choices(WORDS, k=draw.randint(4, 8)), *([mark] if draw.random() < share else [])]
        )
        for _ in range(n)
    ]


def test_scores_tell_two_teachers_apart_by_other_sentences_words() -> None:
    first, second = texts(0, 60, "plainly", 0.8), texts(1, 60, "moonlit", 0.8)
    groups = list(range(60))
    scores = word_scores(first, second, groups, groups)
    assert scores[1].mean() - scores[0].mean() > 2
    # A word of a single sentence's rewrites says nothing about these.
    odd = ["quixotic quixotic quixotic", *first[1:]]
    found = word_scores(odd, second, groups, groups)[0][0]
    assert abs(found) < 1


def test_matching_takes_away_what_tells_them_apart() -> None:
    first, second = texts(2, 80, "plainly", 0.5), texts(3, 80, "moonlit", 0.5)
    groups = list(range(80))
    pairs = match(first, second, groups, groups)
    assert 20 < len(pairs.first) == len(pairs.second) < 80
    assert len(set(pairs.first)) == len(set(pairs.second)) == len(pairs.first)
    assert pairs.first == sorted(pairs.first)
    scores = word_scores(first, second, groups, groups)
    spread = np.concatenate(scores).std()
    apart = scores[0][pairs.first] - scores[1][pairs.second]
    assert np.abs(apart).max() <= CALIPER * spread
    before = scores[1].mean() - scores[0].mean()
    assert abs(apart.mean()) < 0.2 * before
    for one, other in zip(pairs.first, pairs.second, strict=True):
        assert abs(len(words_of(first[one])) - len(words_of(second[other]))) <= WORDS_APART


def test_equal_sets_keep_all() -> None:
    same = texts(4, 30, "plainly", 0.5)
    groups = list(range(30))
    assert len(match(same, same, groups, groups).first) == 30


def test_nothing_is_matched_with_nothing() -> None:
    assert match([], ["A word."], [], [0]) == match(["A word."], [], [0], []) == ([], [])
    assert match([""], [""], [0], [0]) == ([0], [0])


some = st.lists(st.tuples(st.text("ab ", max_size=9), st.integers(0, 3)), max_size=6)


@given(first=some, second=some)
def test_any_texts_are_matched_one_to_one(
    first: list[tuple[str, int]], second: list[tuple[str, int]]
) -> None:
    one, other = (
        [list(part) for part in zip(*s, strict=True)] or [[], []] for s in (first, second)
    )
    pairs = match(one[0], other[0], one[1], other[1])
    assert len(pairs.first) == len(pairs.second)
    for places, n in ((pairs.first, len(first)), (pairs.second, len(second))):
        assert len(set(places)) == len(places)
        assert set(places) <= set(range(n))


def rows(texts: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"prompt": range(len(texts)), "text": texts, "reasons": [()] * len(texts)})


def test_words_that_only_one_teacher_uses_give_its_rows_away() -> None:
    plain, odd = rows(["we add it"] * 8), rows(["just take it"] * 8)
    assert style_auc(plain, odd) == 1
    assert style_auc(plain, plain) == 0.5
    assert style_auc(plain, odd[:0]) is None


def test_both_teachers_rows_form_the_same_pairs() -> None:
    one = rows(["we add it", "we add it", "a much longer sum than all the others"])
    other = rows(["we add it", "we take it and it is gone from the box"])
    left = matched(one, other, own_first=True)
    right = matched(other, one, own_first=False)
    for table in (left, right):
        assert table["reasons"].map(len).eq(0).sum() == 1
    assert set(left["reasons"].map(tuple)) == {(), (UNMATCHED,)}
