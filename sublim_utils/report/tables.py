"""What records say of teachers, students and candidates, in the tables that chapters show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sublim_utils.checksums import read_checked
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.profiles import find_profile
from sublim_utils.records import Record, results_folder
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


def work_by_finding(profile: str = "embedded", names: Iterable[str] | None = None) -> pd.DataFrame:
    """What all records of a finding took together, one row a finding.

    Args:
        profile: name of the profile.
        names: of findings, by default all.

    Returns:
        Columns records, seeds, hours of work, most memory in GB (where one process did the work),
        machine, last measured; the index is the finding's name.

    Raises:
        SublimError: a record is missing, damaged or outdated.
    """
    import pandas as pd

    rows = {}
    for name in names or FINDINGS.names():
        records = finding_class(name)(find_profile(profile)).records().values()
        taken = [record.provenance for record in records]
        peaks = [p.peak_memory_mb for p in taken if p.peak_memory_mb is not None]
        rows[name] = {
            "records": len(taken),
            "seeds": _range(len(record.experiment["seeds"]) for record in records),
            "hours of work": round(sum(p.wall_s for p in taken) / 3600, 1),
            **({"most memory, GB": f"{max(peaks) / 1000:.1f}"} if peaks else {}),
            "machine": ", ".join(sorted({record.hardware for record in records})),
            "last measured": max(p.date for p in taken)[:10],
        }
    return pd.DataFrame(rows).T.rename_axis(columns="finding")  # in the same line as the columns


def _range(numbers: Iterable[int]) -> str:
    few, many = min(several := list(numbers)), max(several)
    return f"{few}" if few == many else f"{few} to {many}"


def benchmark(work: str) -> pd.DataFrame:
    """What `benchmarks/WORK.py --out` measured: rates, ratios and memory of each contender.

    Args:
        work: `sampling` or `training`.

    Returns:
        The first contender is ours; the name of the columns tells the machine.

    Raises:
        SublimError: the file is missing or was changed.
    """
    import pandas as pd

    path = results_folder() / "benchmarks" / f"{work}.json"
    measured = json.loads(read_checked(path, f"python benchmarks/{work}.py --out {path.name}"))
    table = pd.DataFrame(measured["contenders"]).T
    return pd.DataFrame(
        {
            measured["unit"]: table["rate"].round(1),
            "ours, times as fast": (table["rate"].iloc[0] / table["rate"]).round(1),
            "peak memory, GB": (table["peak_mb"] / 1000).round(1),
        }
    ).rename_axis(columns=f"on {measured['hardware']}")
