"""What records say of teachers, students and candidates, in the tables that chapters show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sublim_utils.records import Record
from sublim_utils.traits.nouns import get_trait

if TYPE_CHECKING:
    import pandas as pd


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

    def mean_of(record: Record, condition: str) -> pd.Series:
        table = record.table()
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
