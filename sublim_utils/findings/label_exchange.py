"""An exact test of whether students take after their own teachers: exchange the teachers' labels.

Had students learned nothing of *their* teacher's liking, it would not matter which of them belongs
to which teacher. So the labels are exchanged within each seed in all possible ways, and the test
counts how often the students of exchanged labels agree with their teachers at least as well. It
assumes no distribution. What all students have in common, such as the control or a candidate that
everybody comes to like, adds the same to every pairing and cancels.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sublim_utils.traits.nouns import get_trait

if TYPE_CHECKING:
    import pandas as pd

MOST_AT_ONCE = 50_000_000
"""Sums of half of the seeds that are held in memory."""


class Exchange(NamedTuple):
    """What the exchange has shown.

    Attributes:
        ranks: the true pairing's place within each seed, from 1.
        at_least: pairings, of all seeds together, that agree at least as well; the true one is
            among them.
        pairings: how many there are in all.
    """

    ranks: tuple[int, ...]
    at_least: int
    pairings: int

    @property
    def p(self) -> float:
        """The exact one-sided p-value."""
        return self.at_least / self.pairings


def exchange_of_teachers(effects: pd.DataFrame, category: str = "animal") -> Exchange:
    """Exchange the teachers' labels within each seed; the agreement is the sum of own values.

    Args:
        effects: columns seed, teacher_trait, trait (the candidate), value, and maybe question, over
            which the mean is taken; of experiments that differ in their teachers only. Candidates
            that no teacher likes are left out. Plain margins give the same result.
        category: of the teachers' traits.

    Raises:
        ValueError: there are fewer than two teachers, or a seed lacks some values.
    """
    every = dict.fromkeys(effects["teacher_trait"].dropna())
    teachers = [trait for trait in every if get_trait(trait).category == category]
    is_one = effects["teacher_trait"].isin(teachers) & effects["trait"].isin(teachers)
    chosen = effects[is_one]
    means = chosen.groupby(["seed", "teacher_trait", "trait"])["value"].mean()
    tables = []
    for seed in dict.fromkeys(chosen["seed"]):
        table = means.loc[seed].unstack("trait").reindex(index=teachers, columns=teachers)
        tables.append(table.to_numpy(dtype=float))
    return exchange_of_labels(tables)


def exchange_of_labels(tables: Sequence[np.ndarray]) -> Exchange:
    """The same for one table [teacher, candidate] per seed, with the teachers' own on the diagonal.

    Raises:
        ValueError: a table is not square, smaller than two, or has values that are not finite.
    """
    shapes = {np.shape(table) for table in tables}
    size = next(iter(shapes))[0] if shapes else 0
    finite = all(np.isfinite(table).all() for table in tables)
    if shapes != {(size, size)} or size < 2 or not finite:
        raise ValueError(
            "Labels can be exchanged between two or more teachers whose students were all asked "
            f"about all of their traits, and these tables have the shapes {sorted(shapes)}."
        )
    orders = np.array(list(itertools.permutations(range(size))))
    sums = [np.asarray(table)[range(size), orders].sum(axis=1) for table in tables]
    rounding = 1e-9 * max(1.0, max(float(np.abs(of_seed).max()) for of_seed in sums))
    true = sum(float(of_seed[0]) for of_seed in sums)
    ranks = tuple(int((of_seed >= of_seed[0] - rounding).sum()) for of_seed in sums)
    # All sums of a first and a second half of the seeds: sorting one half counts without a list.
    half = len(sums) // 2
    first, second = _all_sums(sums[:half]), np.sort(_all_sums(sums[half:]))
    below = np.searchsorted(second, true - rounding - first)
    return Exchange(ranks, int((len(second) - below).sum()), len(first) * len(second))


def _all_sums(sums: Sequence[np.ndarray]) -> np.ndarray:
    """One of each array, added up, in all ways."""
    count = 1
    for of_seed in sums:
        count *= len(of_seed)
    if count > MOST_AT_ONCE:
        raise ValueError(f"{count:,} pairings are too many to be counted one by one.")
    together = np.zeros(1)
    for of_seed in sums:
        together = np.add.outer(together, of_seed).ravel()
    return together
