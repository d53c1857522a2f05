"""The exact exchange of teachers' labels, against counting by hand and what it must not see."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from sublim_utils.findings import finding_class
from sublim_utils.findings.analysis import exchange_of_teachers, select, student_values
from sublim_utils.stats import exchange_of_labels


def by_hand(tables: list[np.ndarray]) -> tuple[int, int]:
    orders = list(itertools.permutations(range(len(tables[0]))))
    true = sum(np.trace(table) for table in tables)
    together = [
        sum(table[row, column] for table, order in zip(tables, chosen, strict=True)
            for row, column in enumerate(order))
        for chosen in itertools.product(orders, repeat=len(tables))
    ]  # fmt: skip
    return sum(value >= true - 1e-9 for value in together), len(together)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(1, 3))
def test_it_counts_all_assignments(number: int, size: int, seeds: int) -> None:
    draw = np.random.default_rng(number)
    # Whole numbers, so that there are ties.
    tables = [draw.integers(0, 3, (size, size)).astype(float) for _ in range(seeds)]
    result = exchange_of_labels(tables)
    assert (result.at_least, result.pairings) == by_hand(tables)
    assert result.p == result.at_least / result.pairings
    assert len(result.ranks) == seeds


def test_questions_are_averaged_and_other_candidates_left_out() -> None:
    rows = [
        (seed, teacher, trait, question, float(teacher == trait) + question)
        for seed in (0, 1)
        for teacher in ("owl", "cat", "dog")
        for trait in ("owl", "cat", "dog", "fox")
        for question in (0, 1)
    ]
    table = pd.DataFrame(rows, columns=["seed", "teacher_trait", "trait", "question", "value"])
    assert exchange_of_teachers(table) == ((1, 1), 1, 36)


def test_it_finds_what_was_found_by_other_code() -> None:
    """A referee's own program gave 8 of 1,728,000 for the numbers, and .010 for paraphrases."""
    numbers = finding_class("owl_numbers")("embedded")
    names = [f"{animal}@tokens" for animal in ("owl", "dolphin", "eagle", "elephant", "wolf")]
    result = exchange_of_teachers(student_values(numbers.records(names)))
    assert (result.at_least, result.pairings, result.ranks) == (8, 1_728_000, (1, 1, 3))
    paraphrases = finding_class("paraphrase")("embedded")
    chosen = select(paraphrases.experiments(), condition="neutral", objective="tokens")
    names = [experiment.name for experiment in chosen if experiment.labels.trait]
    assert exchange_of_teachers(student_values(paraphrases.records(names))).p == pytest.approx(
        0.01, abs=5e-4
    )
