"""Intervals over seeds, which are the unit of repetition everywhere in the book."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MOST_LABELS = 8
MOST_TOTALS = 10_000_000
"""Kept at once by an exact test, for which five labels in five repetitions need 1.7 million."""


class Interval(NamedTuple):
    """A mean with its 95 % interval; `low` and `high` are None for a single seed."""

    mean: float
    low: float | None
    high: float | None
    n: int


def mean_interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Mean of one value per seed with its 95 % interval by Student's t.

    Raises:
        ValueError: there is no value, or one is not finite.
    """
    sample = np.asarray(values, dtype=float)
    if sample.size == 0 or not np.isfinite(sample).all():
        raise ValueError(f"an interval needs finite values, one per seed, and got {sample!r}")
    mean = float(sample.mean())
    if sample.size == 1:
        return Interval(mean, None, None, 1)
    from scipy import special

    margin = float(special.stdtrit(sample.size - 1, 0.975) * _standard_error(sample))
    return Interval(mean, mean - margin, mean + margin, int(sample.size))


def share_interval(values: Sequence[float] | np.ndarray) -> Interval:
    """Mean of one share per seed with a 95 % interval that stays between 0 and 1.

    By Student's t, cut off at 0 and 1. Where every seed has 0, or every seed has 1, the spread is
    no guide, and the bound is exact whatever the distribution: if all of n seeds have the share 1,
    another seed has it with a probability of at least 0.025^(1/n), and the mean is not lower.

    Raises:
        ValueError: there is no value, or one is not finite or not between 0 and 1.
    """
    mean, low, high, n = mean_interval(values)
    if not 0 <= np.min(values) <= np.max(values) <= 1:
        raise ValueError("a share lies between 0 and 1")
    if low is None or high is None:
        return Interval(mean, low, high, n)
    bound = float(0.025 ** (1 / n))
    if np.min(values) == 1:
        return Interval(mean, bound, 1.0, n)
    if np.max(values) == 0:
        return Interval(mean, 0.0, 1 - bound, n)
    return Interval(mean, max(low, 0.0), min(high, 1.0), n)


def _standard_error(sample: np.ndarray) -> float:
    return float(sample.std(ddof=1) / np.sqrt(sample.size))


def holm_p_values(samples: Sequence[Sequence[float] | np.ndarray]) -> list[float | None]:
    """Two-sided p-values that each sample's mean is zero, by Student's t, corrected by Holm.

    Args:
        samples: one family of tests, each with one value per seed.

    Returns:
        A corrected p-value per sample; None for all where the seeds of a sample do not differ, or
        there is only one.
    """
    return holm([t_test(sample) for sample in samples])


def t_test(values: Sequence[float] | np.ndarray) -> float | None:
    """Two-sided p-value that the mean is zero, by Student's t.

    None where the values do not differ, or there is only one.
    """
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2 or np.ptp(sample) == 0:
        return None
    from scipy import stats

    return float(stats.ttest_1samp(sample, 0).pvalue)


class Crossed(NamedTuple):
    """A mean over seeds and questions, its 95 % interval and the p-value that it is zero.

    `low`, `high` and `p` are None for a single seed or question.
    """

    mean: float
    low: float | None
    high: float | None
    p: float | None
    n_seeds: int


def crossed_interval(values: np.ndarray) -> Crossed:
    """Mean of paired differences of every seed in every question, for other seeds and questions.

    Seeds and questions are both drawn: a difference is the mean plus a part of its seed, a part of
    its question and a rest. The mean squares of the two-way table without repetition estimate the
    three variances, none below zero; the t-test has Satterthwaite's degrees of freedom (the
    quasi-F of Clark 1973). A test over questions alone, as in Gisler et al. 2026, asks
    whether *these* students differ, and not whether further ones would.

    Args:
        values: [seeds, questions].

    Raises:
        ValueError: there is no value, or one is not finite.
    """
    parts = _mean_squares(values)
    if parts is None:
        table = np.asarray(values, dtype=float)
        return Crossed(float(table.mean()), None, None, None, len(table))
    mean, (seeds, questions) = parts.mean, parts.shape
    total = _error_square(parts)
    if total <= 0:  # all differences are equal
        return Crossed(mean, mean, mean, float(mean == 0), seeds)
    df = _degrees_of_freedom(parts)
    from scipy import special

    error = float(np.sqrt(total / (seeds * questions)))
    margin = float(special.stdtrit(df, 0.975)) * error
    p = float(2 * special.stdtr(df, -abs(mean) / error))
    return Crossed(mean, mean - margin, mean + margin, p, seeds)


class _MeanSquares(NamedTuple):
    """Of a two-way table without repetition: by seed, by question, and of the rest."""

    mean: float
    shape: tuple[int, int]
    of_seeds: float
    of_questions: float
    of_rest: float

    @property
    def freedom(self) -> tuple[int, int, int]:
        seeds, questions = self.shape
        return seeds - 1, questions - 1, (seeds - 1) * (questions - 1)

    @property
    def weighted(self) -> tuple[float, float, float]:
        """What adds up to the error's square; without those parts that have no variance."""
        # A part whose mean square is below the rest's has no variance of its own.
        signs = float(self.of_seeds > self.of_rest), float(self.of_questions > self.of_rest)
        rest = (1 - sum(signs)) * self.of_rest
        return signs[0] * self.of_seeds, signs[1] * self.of_questions, rest


def _mean_squares(values: np.ndarray) -> _MeanSquares | None:
    """None for a single seed or question."""
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.size == 0 or not np.isfinite(table).all():
        raise ValueError(f"finite values of seeds and questions are needed, not {table!r}")
    seeds, questions = table.shape
    if min(seeds, questions) == 1:
        return None
    mean, by_seed, by_question = float(table.mean()), table.mean(1), table.mean(0)
    rest = table - by_seed[:, None] - by_question + mean
    return _MeanSquares(
        mean,
        (seeds, questions),
        questions * by_seed.var(ddof=1),
        seeds * by_question.var(ddof=1),
        (rest**2).sum() / ((seeds - 1) * (questions - 1)),
    )


def _error_square(parts: _MeanSquares) -> float:
    """The squared error of the mean, times the number of values."""
    return sum(parts.weighted)


def _degrees_of_freedom(parts: _MeanSquares) -> float:
    """Satterthwaite's."""
    squares = (w**2 / f for w, f in zip(parts.weighted, parts.freedom, strict=True))
    return float(_error_square(parts) ** 2 / sum(squares))


def crossed_power(
    values: np.ndarray, effect: float, seeds: int, questions: int, alpha: float = 0.05
) -> float:
    """Probability that the test of `crossed_interval` finds an effect.

    The spread between seeds, between questions and of the rest is taken from measured values, as
    if it were known.

    Args:
        values: [seeds, questions], paired differences of a run that was made.
        effect: the true mean that is to be found.
        seeds: of the run that is planned, at least 2.
        questions: of that run, at least 2.
        alpha: level of the two-sided test.

    Raises:
        ValueError: there is a single seed or question, or one is not finite.
    """
    parts = _mean_squares(values)
    if parts is None or min(seeds, questions) < 2:
        raise ValueError("power needs two or more seeds and questions, measured and planned")
    measured_seeds, measured_questions = parts.shape
    of_seeds = max(0.0, parts.of_seeds - parts.of_rest) / measured_questions
    of_questions = max(0.0, parts.of_questions - parts.of_rest) / measured_seeds
    planned = parts._replace(
        shape=(seeds, questions),
        of_seeds=questions * of_seeds + parts.of_rest,
        of_questions=seeds * of_questions + parts.of_rest,
    )
    total = _error_square(planned)
    if total <= 0:
        return float(effect != 0)
    from scipy import stats

    df = _degrees_of_freedom(planned)
    quantile = stats.t.ppf(1 - alpha / 2, df)
    shift = abs(effect) / np.sqrt(total / (seeds * questions))
    return float(stats.nct.sf(quantile, df, shift) + stats.nct.cdf(-quantile, df, shift))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values of one family of tests, corrected by Holm; all None where one is None."""
    given = [p for p in p_values if p is not None]
    if len(given) < len(p_values) or not given:
        return [None] * len(p_values)
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(given, method="holm")[1]]


def equivalence_p_value(values: Sequence[float] | np.ndarray, margin: float) -> float | None:
    """P-value of two one-sided t-tests (TOST) that the mean lies within ±`margin`.

    A small one says that the effect is absent as far as `margin` goes, which a large p-value of the
    usual test does not say (Schuirmann 1987). None for a single seed.

    Args:
        values: one per seed.
        margin: of equivalence, in the values' unit.
    """
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        return None
    from statsmodels.stats.weightstats import DescrStatsW

    described = DescrStatsW(sample)
    if described.std_mean == 0:  # no spread, no t-statistic
        return float(abs(described.mean) >= margin)
    return float(described.ttost_mean(-margin, margin)[0])


def equivalence_power(sd: float, n: int, margin: float, alpha: float = 0.05) -> float:
    """Probability that `n` seeds prove equivalence where the true mean is zero.

    The test rejects where the mean is nearer to 0 than margin - t s / √n; this integrates the
    normal distribution of the mean over the chi distribution of s.

    Args:
        sd: true standard deviation between seeds.
        n: seeds, at least 2.
        margin: of equivalence.
        alpha: level of each one-sided test.
    """
    if sd == 0:
        return 1.0
    from scipy import integrate, stats

    error, quantile = sd / np.sqrt(n), stats.t.ppf(1 - alpha, n - 1)
    largest = margin / (quantile * error)  # s in units of sd beyond which nothing is proved

    def proved(ratio: float) -> float:
        room = (margin - quantile * ratio * error) / error
        density = stats.chi.pdf(ratio * np.sqrt(n - 1), n - 1) * np.sqrt(n - 1)
        return float(density * (2 * stats.norm.cdf(room) - 1))

    # Beyond six standard deviations there is nothing to add up.
    return float(integrate.quad(proved, 0, min(largest, 1 + 6 / np.sqrt(n - 1)))[0])


class Exchange(NamedTuple):
    """How a matrix's diagonal compares with all other ways to pair its rows with its columns.

    Attributes:
        ranks: of the true pairing in each repetition; 1 is the largest.
        at_least: choices of a pairing in each repetition whose total is as large as the true one's.
        pairings: all such choices.
    """

    ranks: tuple[int, ...]
    at_least: int
    pairings: int

    @property
    def p(self) -> float:
        """The exact one-sided p-value."""
        return self.at_least / self.pairings


def exchange_of_labels(matrices: Sequence[np.ndarray]) -> Exchange:
    """Exact test that rows belong to the columns of the same place, by exchanging their labels.

    If a row's label tells nothing of its values, every pairing of rows with columns is as likely to
    have the largest sum as the true one, which is the diagonal. What a whole row or a whole column
    has in common (one control for all, a column that always rises) adds the same to each of these
    sums, and nothing is assumed of how values are distributed.

    Args:
        matrices: [label, label] of each repetition; labels are exchanged within a repetition.

    Raises:
        ValueError: there is no matrix, one is not square or not finite, or the labels and
            repetitions are too many to go through all pairings.
    """
    tables = [np.asarray(matrix, dtype=float) for matrix in matrices]
    square = all(t.ndim == 2 and len(t) == t.shape[1] > 0 and np.isfinite(t).all() for t in tables)
    if not tables or not square:
        raise ValueError("an exchange of labels needs square matrices of finite values")
    sums = [_pairing_sums(table) for table in tables]
    tolerance = 1e-9 * max(float(np.abs(table).sum()) for table in tables)
    ranks = tuple(int((of_one >= of_one[0] - tolerance).sum()) for of_one in sums)
    half = len(sums) // 2
    left, right = _totals(sums[:half]), np.sort(_totals(sums[half:]))
    wanted = sum(float(of_one[0]) for of_one in sums) - len(sums) * tolerance
    at_least = (len(right) - np.searchsorted(right, wanted - left)).sum()
    return Exchange(ranks, int(at_least), len(left) * len(right))


def _pairing_sums(table: np.ndarray) -> np.ndarray:
    """The sum of each pairing of rows with columns, the diagonal's first."""
    size = len(table)
    if size > MOST_LABELS:
        raise ValueError(f"{size} labels have too many pairings to go through")
    order = np.array(list(itertools.permutations(range(size))))
    pairings: np.ndarray = table[np.arange(size), order].sum(1)
    return pairings


def _totals(sums: Sequence[np.ndarray]) -> np.ndarray:
    """Totals of all ways to choose one of each."""
    totals = np.zeros(1)
    for of_one in sums:
        if len(totals) * len(of_one) > MOST_TOTALS:
            raise ValueError("the repetitions have too many pairings to go through")
        totals = np.add.outer(totals, of_one).ravel()
    return totals
