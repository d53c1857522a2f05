"""Intervals over seeds, and tests by exchange."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy import stats as scipy_stats

from sublim_utils.stats import (
    crossed_interval,
    crossed_power,
    equivalence_p_value,
    equivalence_power,
    exchange_of_labels,
    holm,
    holm_p_values,
    mean_interval,
    share_interval,
)

values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


@given(values)
def test_the_interval_is_students(sample: list[float]) -> None:
    found = mean_interval(sample)
    assert found.n == len(sample)
    assert found.mean == pytest.approx(np.mean(sample))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.mean <= found.high
    if np.std(sample) > 1e-3:
        expected = scipy_stats.ttest_1samp(sample, 0).confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_the_interval_covers_the_truth_in_95_of_100_samples() -> None:
    draws = np.random.default_rng(0).normal(3, 2, (4000, 5))
    found = pd.DataFrame([mean_interval(draw) for draw in draws]).astype(float)
    covered = (found["low"] <= 3) & (found["high"] >= 3)
    assert covered.mean() == pytest.approx(0.95, abs=0.015)


def test_one_seed_has_no_interval() -> None:
    assert mean_interval([0.5]) == (0.5, None, None, 1)


@pytest.mark.parametrize("sample", [[], [1.0, float("nan")], [float("inf")]])
def test_what_cannot_be_averaged_is_refused(sample: list[float]) -> None:
    with pytest.raises(ValueError, match="finite values"):
        mean_interval(sample)


def test_holm_multiplies_the_smallest_p_value_by_the_number_of_tests() -> None:
    clear, unclear = [1.0, 1.1, 0.9], [1.0, -1.0, 0.1]
    (alone,) = holm_p_values([clear])
    assert alone is not None
    first, second, third = holm_p_values([clear, unclear, unclear])
    assert first == pytest.approx(3 * alone)
    assert second == third == 1.0
    assert holm_p_values([clear, [1.0]]) == [None, None]
    assert holm_p_values([clear, [0.0, 0.0]]) == [None, None]


@given(values, st.floats(0.01, 1e3))
def test_equivalence_is_two_one_sided_tests(sample: list[float], margin: float) -> None:
    found = equivalence_p_value(sample, margin)
    if np.std(sample) > 1e-3:
        above = scipy_stats.ttest_1samp(sample, -margin, alternative="greater").pvalue
        below = scipy_stats.ttest_1samp(sample, margin, alternative="less").pvalue
        assert found == pytest.approx(max(above, below))


def test_equivalence_without_spread_or_with_one_seed() -> None:
    assert equivalence_p_value([0.1], 0.2) is None
    assert equivalence_p_value([0.1, 0.1], 0.2) == 0
    assert equivalence_p_value([0.3, 0.3], 0.2) == 1


@pytest.mark.parametrize(("sd", "n"), [(0.1, 3), (0.2, 5), (0.05, 2), (0.3, 20)])
def test_the_power_is_the_share_of_simulated_proofs(sd: float, n: int) -> None:
    draws = np.random.default_rng(0).normal(0, sd, (3000, n))
    proved = np.mean([(equivalence_p_value(draw, 0.2) or 1) < 0.05 for draw in draws])
    assert equivalence_power(sd, n, 0.2) == pytest.approx(proved, abs=0.03)


def test_more_seeds_and_less_spread_prove_more() -> None:
    powers = [equivalence_power(0.2, n, 0.2) for n in (2, 3, 5, 10, 30)]
    assert powers == sorted(powers)
    assert equivalence_power(0.0, 3, 0.2) == 1
    assert equivalence_power(1e-6, 3, 0.2) == pytest.approx(1, abs=1e-3)


def test_the_crossed_interval_is_the_usual_one_where_questions_are_all_alike() -> None:
    by_seed = np.array([0.3, 0.5, 1.0])
    found = crossed_interval(np.repeat(by_seed[:, None], 7, 1))
    usual = mean_interval(by_seed)
    assert (found.mean, found.low, found.high) == pytest.approx(usual[:3])
    assert found.p == pytest.approx(scipy_stats.ttest_1samp(by_seed, 0).pvalue)
    assert found.n_seeds == 3


@pytest.mark.parametrize("spreads", [(0.3, 0.5, 1.0), (0.0, 1.0, 1.0), (0.0, 0.0, 1.0), (1, 0, 0)])
def test_the_crossed_interval_covers_the_mean_as_often_as_it_says(
    spreads: tuple[float, float, float],
) -> None:
    draw = np.random.default_rng(0)
    tables = (
        1.0
        + spreads[0] * draw.normal(size=(2000, 3, 1))
        + spreads[1] * draw.normal(size=(2000, 1, 16))
        + spreads[2] * draw.normal(size=(2000, 3, 16))
    )
    found = [crossed_interval(table) for table in tables]
    inside = np.mean(
        [f.low < 1 < f.high for f in found if f.low is not None and f.high is not None]
    )
    assert 0.91 < inside < 0.985


def test_the_crossed_interval_needs_several_seeds_and_questions() -> None:
    for table in (np.ones((1, 5)), np.ones((5, 1))):
        found = crossed_interval(table)
        assert (found.mean, found.low, found.high, found.p) == (1.0, None, None, None)
    assert crossed_interval(np.ones((2, 2))) == (1.0, 1.0, 1.0, 0.0, 2)
    assert crossed_interval(np.zeros((2, 2))).p == 1
    for wrong in (np.ones(3), np.ones((0, 3)), np.array([[1.0, np.nan]])):
        with pytest.raises(ValueError, match="finite values of seeds and questions"):
            crossed_interval(wrong)


def test_holm_needs_all_p_values_of_a_family() -> None:
    assert holm([0.01, 0.04]) == pytest.approx([0.02, 0.04])
    assert holm([0.01, None]) == [None, None]
    assert holm([]) == []


def test_an_exchange_of_labels_goes_through_all_pairings_of_all_repetitions() -> None:
    random = np.random.default_rng(0)
    for repetitions in (1, 2, 3):
        matrices = [random.normal(size=(3, 3)) + 0.7 * np.eye(3) for _ in range(repetitions)]
        sums = [
            [sum(matrix[row, column] for row, column in enumerate(order)) for order in
             itertools.permutations(range(3))]
            for matrix in matrices
        ]  # fmt: skip
        totals = [sum(chosen) for chosen in itertools.product(*sums)]
        found = exchange_of_labels(matrices)
        assert found.pairings == len(totals) == 6**repetitions
        assert found.at_least == sum(total >= totals[0] - 1e-9 for total in totals)
        assert found.ranks == tuple(sum(s >= of_one[0] - 1e-9 for s in of_one) for of_one in sums)
        assert found.p == found.at_least / found.pairings


def test_what_a_row_or_a_column_has_in_common_changes_no_exchange() -> None:
    random = np.random.default_rng(1)
    matrices = [random.normal(size=(5, 5)) for _ in range(3)]
    moved = [m + random.normal(size=(5, 1)) + 9 * random.normal(size=(1, 5)) for m in matrices]
    assert exchange_of_labels(moved) == exchange_of_labels(matrices)


def test_a_diagonal_of_its_own_comes_first_in_every_exchange() -> None:
    found = exchange_of_labels([np.eye(5)] * 4)
    assert found == ((1, 1, 1, 1), 1, 120**4)
    assert exchange_of_labels([np.zeros((3, 3))] * 2).p == 1


def test_an_exchange_of_labels_that_mean_nothing_has_a_uniform_p_value() -> None:
    random = np.random.default_rng(2)
    p = [exchange_of_labels([*random.normal(size=(2, 4, 4))]).p for _ in range(2000)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.015)
    assert np.mean(p) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    "matrices",
    [[], [np.zeros((2, 3))], [np.full((2, 2), np.nan)], [np.zeros((9, 9))], [np.eye(5)] * 9],
)
def test_an_exchange_that_cannot_be_gone_through_is_refused(matrices: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"square matrices|too many"):
        exchange_of_labels(matrices)


def test_an_interval_of_shares_stays_between_zero_and_one() -> None:
    spread = [0.0, 0.1, 0.05, 0.9]
    _, low, high, _ = share_interval(spread)
    assert low == 0
    assert high == mean_interval(spread).high
    assert share_interval([0.4, 0.5, 0.6]) == mean_interval([0.4, 0.5, 0.6])
    assert share_interval([0.3]) == (0.3, None, None, 1)


def test_without_spread_at_an_end_the_bound_is_exact() -> None:
    """That of Clopper and Pearson for as many successes as trials."""
    for n in (2, 8, 20):
        exact = scipy_stats.binomtest(n, n).proportion_ci(0.95, method="exact")
        mean, low, high, _ = share_interval([1.0] * n)
        assert (mean, high) == (1, 1)
        assert low == pytest.approx(exact.low)
        mean, low, high, _ = share_interval([0.0] * n)
        assert (mean, low) == (0, 0)
        assert high == pytest.approx(1 - exact.low)


def test_what_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        share_interval([0.5, 1.2])


@pytest.mark.parametrize(("seeds", "questions"), [(3, 30), (6, 12)])
def test_power_of_the_crossed_test_is_how_often_it_finds_an_effect(
    seeds: int, questions: int
) -> None:
    rng = np.random.default_rng(1)

    def drawn(effect: float, shape: tuple[int, int]) -> np.ndarray:
        of_questions = rng.normal(0, 1, shape[1])
        return effect + of_questions + rng.normal(0, 0.5, shape)

    measured = drawn(0, (40, 4000))
    expected = crossed_power(measured, 0.5, seeds, questions)
    intervals = [crossed_interval(drawn(0.5, (seeds, questions))) for _ in range(1500)]
    found = np.mean([interval.p is not None and interval.p < 0.05 for interval in intervals])
    assert expected == pytest.approx(found, abs=0.04)


def test_power_grows_with_what_varies() -> None:
    rng = np.random.default_rng(2)
    by_question = rng.normal(0, 1, (1, 50)) + rng.normal(0, 0.1, (3, 50))
    powers = [crossed_power(by_question, 0.2, 3, n) for n in (50, 200, 800)]
    assert powers == sorted(powers)
    assert powers[0] < 0.5 < 0.95 < powers[-1]
    more_seeds = crossed_power(by_question, 0.2, 30, 50)
    assert more_seeds == pytest.approx(powers[0], abs=0.02)
    assert crossed_power(by_question, 0.0, 3, 50) == pytest.approx(0.05)


def test_power_needs_two_of_everything() -> None:
    with pytest.raises(ValueError, match="two or more"):
        crossed_power(np.ones((1, 5)), 0.1, 3, 5)
    with pytest.raises(ValueError, match="two or more"):
        crossed_power(np.eye(5), 0.1, 1, 5)
    assert crossed_power(np.ones((2, 5)), 0.1, 3, 5) == 1
