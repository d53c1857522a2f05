"""What records say of teachers, students and candidates, in the tables that chapters show."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sublim_utils.recipes.language import Objective
from sublim_utils.records import Record
from sublim_utils.traits import get_trait

if TYPE_CHECKING:
    import pandas as pd

_NAME = re.compile(r"([^@]+)@([^@]+)@(logits|tokens)(?:@(.+))?")


class Named(NamedTuple):
    """The parts of an experiment's name: `TEACHER@CONDITION@OBJECTIVE`, or `...@VARIANT`."""

    teacher: str
    condition: str
    objective: Objective
    variant: str | None

    @property
    def shown(self) -> str:
        """The condition, with the variant in brackets where there is one."""
        return self.condition if self.variant is None else f"{self.condition} ({self.variant})"


def named(experiment: str) -> Named:
    """The parts of an experiment's name."""
    return Named(*_NAME.fullmatch(experiment).groups())  # type: ignore[union-attr, arg-type]


def yields(
    records: Mapping[str, Record], passed: str, hidden: Collection[str] = ()
) -> pd.DataFrame:
    """What became of the rows of teachers; objectives share them.

    Args:
        records: by names as `named` reads them.
        passed: what the details call the number of rows that passed.
        hidden: reasons that are left out.

    Returns:
        Columns condition (with the variant in brackets), teacher, seed, reason (`passed` for those
        that passed), share of all rows. A row can have several reasons.
    """
    import pandas as pd

    found, seen = [], set()
    for name, record in records.items():
        who = (named(name).shown, named(name).teacher)
        if who in seen:
            continue
        seen.add(who)
        told = record.details
        for place, seed in enumerate(record.experiment["seeds"]):
            counts = {passed: told[passed][place], **told["reasons"][place]}
            found += [
                (*who, seed, reason, count / told["rows"][place])
                for reason, count in counts.items()
                if reason not in hidden
            ]
    return pd.DataFrame(found, columns=["condition", "teacher", "seed", "reason", "share"])


def specific_effects(effects: pd.DataFrame, by: Sequence[str] = ("seed",)) -> pd.DataFrame:
    """Effects on the own traits less what the category's other teachers do to the same candidate.

    What every teacher does, as making cats likelier, is no part of it, and neither is the control.

    Args:
        effects: columns of (the teacher's trait), trait (the candidate), value and those of `by`.
        by: columns that tell repetitions apart.

    Returns:
        [by, trait], for traits with another teacher in their category.
    """
    import pandas as pd

    teachers = list(dict.fromkeys(effects["of"]))
    found = {}
    for trait in teachers:
        category = get_trait(trait).category
        others = [t for t in teachers if t != trait and get_trait(t).category == category]
        if others:
            of_candidate = effects[effects["trait"] == trait]
            by_teacher = of_candidate.pivot(index=list(by), columns="of", values="value")
            found[trait] = by_teacher[trait] - by_teacher[others].mean(axis=1)
    return pd.DataFrame(found)


def with_means(effects: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Effects by trait and their mean over the traits, as `plots.effects` draws them.

    Args:
        effects: [seed, trait] by group.

    Returns:
        Columns case (a trait, or `mean`), group, value.
    """
    import pandas as pd

    tables = [
        table.assign(mean=table.mean(axis=1)).melt(var_name="case").assign(group=group)
        for group, table in effects.items()
    ]
    return pd.concat(tables, ignore_index=True)


def gains(record: Record) -> pd.Series:
    """A student's margins less those of its base model: [seed, trait], in nats."""
    table = record.table()
    table = table[table["metric"] == "margin"]
    table = table.pivot_table(index=["seed", "trait"], columns="condition", values="value")
    return table["student"] - table["base"]


def drift(record: Record) -> pd.Series:
    """By how much a student's margins differ from its base model's: [seed, trait], in nats."""
    return gains(record).abs()


def preferences(record: Record, control: Record, trait: str) -> pd.DataFrame:
    """Probabilities within a trait's panel, as means over seeds.

    Args:
        record: of an experiment.
        control: of its control.
        trait: whose category is the panel.

    Returns:
        Candidates as rows; columns base, control (its student), student, teacher.
    """
    import pandas as pd

    def mean_of(told: Record, condition: str) -> pd.Series:
        table = told.table()
        table = table[(table["metric"] == "probability") & (table["condition"] == condition)]
        return table.groupby("trait", sort=False)["value"].mean()

    table = pd.DataFrame(
        {
            "base": mean_of(record, "base"),
            "control": mean_of(control, "student"),
            "student": mean_of(record, "student"),
            "teacher": mean_of(record, "teacher"),
        }
    )
    kind = get_trait(trait).category
    return table.loc[[c for c in table.index if get_trait(c).category == kind]]


def costs(records: Mapping[str, Record]) -> pd.DataFrame:
    """What each record took: minutes, rows asked for and kept over all seeds, peak memory."""
    import pandas as pd

    return pd.DataFrame(
        {
            "minutes": {n: round(r.provenance.wall_s / 60, 1) for n, r in records.items()},
            "rows": {n: sum(r.details["rows"]) for n, r in records.items()},
            "rows kept": {n: sum(r.details["kept"]) for n, r in records.items()},
            "peak memory, MB": {n: r.provenance.peak_memory_mb for n, r in records.items()},
        }
    ).rename_axis("record")
