"""What the matrix of teachers and candidates says beyond effects on the teachers' own traits."""

from __future__ import annotations

import pandas as pd

from sublim_utils.traits import get_trait


def specific_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Effects on the own traits less what the category's other teachers do to the same candidate.

    What every teacher does, as making cats likelier, is no part of it, and neither is the control.

    Args:
        effects: columns of (the teacher's trait), seed, trait (the candidate), value.

    Returns:
        [seed, trait], for traits with another teacher in their category.
    """
    teachers = list(dict.fromkeys(effects["of"]))
    found = {}
    for trait in teachers:
        category = get_trait(trait).category
        others = [t for t in teachers if t != trait and get_trait(t).category == category]
        if others:
            of_candidate = effects[effects["trait"] == trait]
            by_teacher = of_candidate.pivot(index="seed", columns="of", values="value")
            found[trait] = by_teacher[trait] - by_teacher[others].mean(axis=1)
    return pd.DataFrame(found)
