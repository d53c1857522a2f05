"""Records with made-up values, of the experiments of a real finding."""

from collections.abc import Iterable
from typing import Any

from sublim_utils.findings.base import Finding
from sublim_utils.provenance import Provenance
from sublim_utils.records import Record, Value


def record(
    finding: Finding[Any], name: str, values: Iterable[Value], **details: list[Any] | dict[str, Any]
) -> Record:
    """The record of an experiment, measured with as many seeds as there are values of.

    Args:
        finding: whose experiment it is.
        name: of the experiment.
        values: that it holds.
        details: that it holds beside them.
    """
    values = list(values)
    (experiment,) = finding.chosen([name])
    seeds = sorted({value.seed for value in values})
    return Record(
        finding=finding.name,
        profile=finding.profile.name,
        name=name,
        labels=experiment.labels,
        key=experiment.key,
        experiment={**experiment.model_dump(mode="json"), "seeds": seeds},
        values=values,
        details=details,
        provenance=Provenance(
            date="", wall_s=0, peak_memory_mb=0, python="", packages={}, hardware={}, threads=1
        ),
    )
