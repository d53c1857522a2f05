"""What records keep of panel readouts: metrics by candidate, as values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sublim_utils.recipes.language import Objective
from sublim_utils.records import Value


def panel_metrics(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, float]]]:
    """What a record keeps of `Preferences` as plain data: a metric, and its value by candidate."""
    for kind, metric in (("margins", "margin"), ("probabilities", "probability")):
        if kind in found:
            yield metric, found[kind]


def panel_values(
    metrics: Iterable[tuple[str, Mapping[str, float]]],
    seed: int,
    condition: str,
    objective: Objective,
) -> Iterator[Value]:
    """Metrics by candidate as the values of a record."""
    for metric, by_candidate in metrics:
        for candidate, value in by_candidate.items():
            yield Value(
                seed=seed,
                condition=condition,
                metric=metric,
                value=value,
                trait=candidate,
                objective=objective,
            )
