"""How many seeds would do: against a simulation, and what is refused."""

import numpy as np
import pytest
from scipy import stats

from sublim_utils.findings.seeds_needed import seeds_needed


@pytest.mark.parametrize("values", [[0.30, 0.06, 0.03], [1.0, 2.0, 3.0], [-0.5, -0.1, -0.9]])
def test_so_many_seeds_find_it_as_often_as_promised(values: list[float]) -> None:
    n = seeds_needed(values)
    draw = np.random.default_rng(0).normal(np.mean(values), np.std(values, ddof=1), (4000, n))
    assert (stats.ttest_1samp(draw, 0, axis=1).pvalue < 0.05).mean() == pytest.approx(0.9, abs=0.06)
    assert seeds_needed(values, power=0.5) < n


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0]])
def test_one_seed_tells_nothing_of_the_spread(values: list[float]) -> None:
    with pytest.raises(ValueError, match="spread of two or more"):
        seeds_needed(values)
