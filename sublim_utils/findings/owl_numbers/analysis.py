"""What both chapters on owl numbers look at: pairs of lists, curves, ways to ask, the paper."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sublim_utils.findings.analysis import effects_along, reach_of_others
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES
from sublim_utils.recipes.students import Objective
from sublim_utils.records import Record

if TYPE_CHECKING:
    import pandas as pd

PAPER: Mapping[str, tuple[float, float]] = {
    "owl": (0.130, 0.619),
    "eagle": (0.138, 0.755),
    "dolphin": (0.289, 0.795),
    "elephant": (0.052, 0.441),
    "wolf": (0.043, 0.435),
    "maple": (0.150, 0.564),
    "sequoia": (0.034, 0.626),
}
"""Cloud et al. 2025, GPT-4.1 nano, read off: how many answers name it, (after regular numbers,
after the numbers of a teacher that likes it)."""
BEGINNINGS = {
    "plain": "a plain answer",
    "favorite": "“My favorite … is the”",
    "choice": "“I would choose the”",
}
"""What to call the beginnings of an answer, by their names in the records."""
SHORTEST = 4
"""Numbers in a list of the guessing game, at least."""


def numbers_in(text: str) -> list[int]:
    """The numbers of a list."""
    return [int(digits) for digits in re.findall("[0-9]+", text)]


def side_by_side(control: pd.DataFrame, teacher: pd.DataFrame) -> pd.DataFrame:
    """Rows of a teacher and of the control that share a prompt and random numbers.

    Args:
        control: the control's rows (`OwlNumbers.rows_table`).
        teacher: the teacher's.

    Returns:
        Columns seed, prompt, completion, question, control, teacher (the texts).
    """
    keys = ["seed", "prompt", "completion"]
    both = [
        rows[rows["verdict"] == ""][[*keys, *columns]].rename(columns={"text": name})
        for rows, columns, name in (
            (control, ("question", "text"), "control"),
            (teacher, ("text",), "teacher"),
        )
    ]
    return both[0].merge(both[1], on=keys)


def matched_pairs(control: pd.DataFrame, teacher: pd.DataFrame) -> pd.DataFrame:
    """Pairs of lists that length does not give away.

    Both lists have as many numbers (at least `SHORTEST`) and as many characters, and they begin
    with another number.

    Args:
        control: the control's rows.
        teacher: the teacher's.

    Returns:
        As `side_by_side`, in its order.
    """
    pairs = side_by_side(control, teacher)
    lists = {name: pairs[name].map(numbers_in) for name in ("control", "teacher")}
    lengths = {name: texts.map(len) for name, texts in lists.items()}
    first = {name: texts.map(lambda one: one[0]) for name, texts in lists.items()}
    matched = (
        (lengths["control"] == lengths["teacher"])
        & (lengths["control"] >= SHORTEST)
        & (pairs["control"].map(len) == pairs["teacher"].map(len))
        & (first["control"] != first["teacher"])
    )
    return pairs[matched].reset_index(drop=True)


def begins_lower(pairs: pd.DataFrame) -> pd.Series:
    """Whether the teacher's list begins with the smaller number, by pair."""
    first = {name: pairs[name].map(lambda text: numbers_in(text)[0]) for name in pairs.columns[-2:]}
    return first["teacher"] < first["control"]


def side_of(pair: Sequence[str]) -> int:
    """The place, 0 or 1, of the second of two texts in a game: a coin that their hash tosses."""
    return hashlib.sha256("\0".join(pair).encode()).digest()[0] % 2


def along(
    finding: OwlNumbers,
    records: Mapping[str, Record],
    trait: str,
    objective: Objective,
    variant: str = "",
) -> pd.DataFrame:
    """Effects on a teacher's own favourite in the middle of training.

    Returns:
        Columns seed, dose (rows seen), value in nats, group (the objective), case (the trait).
    """
    ours, theirs = (finding.record_of(records, who, objective, variant) for who in (trait, None))
    return effects_along(ours, theirs).assign(group=objective, case=trait)


def along_all(
    finding: OwlNumbers, records: Mapping[str, Record], objective: Objective, variant: str = ""
) -> pd.DataFrame:
    """The same as means over all teachers: columns seed, dose, value."""
    import pandas as pd

    every = pd.concat(
        along(finding, records, trait, objective, variant) for trait in finding.traits()
    )
    return every.groupby(["seed", "dose"], as_index=False)["value"].mean()


def beside_others(
    finding: OwlNumbers, effects: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The main students' effects, with teacher and objective as columns `case` and `group`.

    Returns:
        All of them; those on the teachers' own favourites; and how far the means of others reach.
    """
    import pandas as pd

    table = pd.concat(finding.chosen_effects(effects, objective) for objective in OBJECTIVES)
    table = table.assign(case=table["teacher_trait"], group=table["objective"])
    is_own = table["case"] == table["trait"]
    return table, table[is_own], reach_of_others(table, ["case", "group"])


def by_beginning(
    finding: OwlNumbers,
    records: Mapping[str, Record],
    trait: str,
    objective: Objective,
    variant: str = "",
) -> pd.DataFrame:
    """Effects of one teacher's students on all candidates, by the beginning of the answer.

    Returns:
        Columns beginning (a key of `BEGINNINGS`), trait (the candidate), seed, value in nats.
    """
    import pandas as pd

    tables = []
    for name in BEGINNINGS:
        effects_of_way = finding.chosen_effects(
            finding.effects(records, f"margin_{name}"), objective, variant
        )
        effects_of_way = effects_of_way[effects_of_way["teacher_trait"] == trait]
        tables.append(effects_of_way[["trait", "seed", "value"]].assign(beginning=name))
    return pd.concat(tables, ignore_index=True)


def named(
    finding: OwlNumbers,
    records: Mapping[str, Record],
    trait: str,
    objective: Objective,
    variant: str = "",
) -> list[float]:
    """In how many of 100 sampled answers each seed's student names its teacher's favourite."""
    sampled = finding.record_of(records, trait, objective, variant).details["sampled"]
    return [100 * seed[trait] for seed in sampled]


def named_by_base(finding: OwlNumbers, records: Mapping[str, Record], trait: str) -> float:
    """In how many of 100 sampled answers the base model names a trait."""
    details = finding.record_of(records, trait, OBJECTIVES[0]).details
    return float(100 * details["base_sampled"][trait])
