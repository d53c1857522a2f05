"""Intervals over seeds, which are the unit of repetition everywhere in the book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests


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
    margin = float(stats.t.ppf(0.975, sample.size - 1) * stats.sem(sample))
    return Interval(mean, mean - margin, mean + margin, int(sample.size))


def holm_p_values(samples: Sequence[Sequence[float] | np.ndarray]) -> list[float | None]:
    """Two-sided p-values that each sample's mean is zero, by Student's t, corrected by Holm.

    Args:
        samples: one family of tests, each with one value per seed.

    Returns:
        A corrected p-value per sample; None for all where a sample has a single seed.
    """
    if any(len(sample) < 2 for sample in samples):
        return [None] * len(samples)
    raw = [float(stats.ttest_1samp(np.asarray(sample, float), 0).pvalue) for sample in samples]
    return [float(p) for p in multipletests(raw, method="holm")[1]]
