"""How many seeds a result would need, judged by the spread of those that are there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def seeds_needed(values: Sequence[float] | np.ndarray, power: float = 0.9) -> int:
    """With how many seeds a two-sided t-test at 5 % finds a mean and spread like today's.

    An estimate from few seeds is rough, and from those that were lucky it is too low.

    Args:
        values: one per seed.
        power: probability of finding it.

    Raises:
        ValueError: there are fewer than two seeds, or they do not differ.
    """
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2 or np.ptp(sample) == 0:
        raise ValueError("the seeds that are needed follow from the spread of two or more")
    from statsmodels.stats.power import TTestPower

    size = abs(float(sample.mean())) / float(sample.std(ddof=1))
    seeds: float = TTestPower().solve_power(effect_size=size, alpha=0.05, power=power)
    return math.ceil(seeds)
