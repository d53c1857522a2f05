"""Compare numbers that were measured again with those of records.

Setting them against each other is a pure function of records, so that it is tested without any
training.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sublim_utils.errors import SublimError
from sublim_utils.findings.base import Finding
from sublim_utils.findings.running import measure_record
from sublim_utils.recipes.experiment import Experiment
from sublim_utils.records import Contrast, Quantity, Record
from sublim_utils.store import Store

E = TypeVar("E", bound=Experiment)
Numbers = Mapping[tuple[int, Quantity], Sequence[float]]
"""By seed and quantity: one number, or one for each question or point of a curve."""


class Check(NamedTuple):
    """One quantity of one seed, recorded and measured anew.

    Attributes:
        seed: whose.
        quantity: what was measured; the condition `effect` is a difference from the control.
        recorded: what the record says; empty where it does not have the quantity.
        measured: what was measured anew; empty where it was not.
        allowed: by how much they may differ from one machine to another.
    """

    seed: int
    quantity: Quantity
    recorded: Sequence[float]
    measured: Sequence[float]
    allowed: float

    @property
    def difference(self) -> float:
        """Root mean square of the differences; infinite where they cannot be compared."""
        if not self.recorded or len(self.recorded) != len(self.measured):
            return math.inf
        differences = [a - b for a, b in zip(self.recorded, self.measured, strict=True)]
        if not all(map(math.isfinite, differences)):
            return math.inf
        return math.hypot(*differences) / math.sqrt(len(differences))

    @property
    def agrees(self) -> bool:
        """True if the difference is allowed."""
        return self.difference <= self.allowed


class RowsCheck(NamedTuple):
    """The hash of one seed's rows, recorded and measured anew; None where it is not known."""

    seed: int
    recorded: str | None
    measured: str | None

    @property
    def agrees(self) -> bool:
        """True if the teacher wrote the same rows, as far as is known."""
        return self.recorded is None or self.recorded == self.measured


class Comparison(NamedTuple):
    """All that was compared of one experiment.

    Attributes:
        checks: every number, then the effects.
        rows: the teacher's rows, by seed; empty where there are none.
    """

    checks: list[Check]
    rows: list[RowsCheck]

    @property
    def agrees(self) -> bool:
        """True if nothing differs by more than machines may, and something was compared."""
        every: list[Check | RowsCheck] = [*self.checks, *self.rows]
        return bool(self.checks) and all(check.agrees for check in every)

    @property
    def effects(self) -> list[Check]:
        """Differences from the control."""
        return [check for check in self.checks if check.quantity.condition == EFFECT]


EFFECT = "effect"
"""The condition of a difference from the control."""


def compare(
    finding: Finding[E],
    experiment: E,
    recorded: Mapping[str, Record],
    measured: Mapping[str, Record],
) -> Comparison:
    """Set what was measured anew of an experiment against its record.

    Args:
        finding: whose experiment it is.
        experiment: of which the numbers are compared.
        recorded: its record and its controls', by name.
        measured: the same measured anew, perhaps with fewer seeds; the effect is compared with
            those controls that are there.
    """
    name = experiment.name
    seeds = measured[name].experiment["seeds"]
    contrasts = [c for c in finding.contrasts(experiment) if c.control in measured]
    named = {name, *(contrast.control for contrast in contrasts)}
    old = {other: _numbers(finding, recorded[other]) for other in named}
    new = {other: _numbers(finding, measured[other]) for other in named}
    both = dict.fromkeys([*old[name], *new[name]])
    checks = [
        Check(
            seed,
            quantity,
            old[name].get((seed, quantity), ()),
            new[name].get((seed, quantity), ()),
            finding.tolerance(experiment, quantity),
        )
        for seed, quantity in both
        if seed in seeds
    ]
    checks += [
        Check(
            seed,
            contrast.quantity._replace(condition=EFFECT),
            _difference(old, name, contrast, seed),
            _difference(new, name, contrast, seed),
            finding.tolerance(experiment, contrast.quantity),
        )
        for contrast in contrasts
        for seed in seeds
    ]
    before, now = _rows(recorded[name]), _rows(measured[name])
    rows = [RowsCheck(seed, before.get(seed), now.get(seed)) for seed in seeds if before or now]
    return Comparison(checks, rows)


def _numbers(finding: Finding[E], record: Record) -> Numbers:
    """The values of a record, and what its details say in several numbers."""
    values = {
        (v.seed, Quantity(v.condition, v.metric, v.trait, v.objective)): (v.value,)
        for v in record.values
    }
    series = {
        (seed, quantity): tuple(numbers)
        for index, seed in enumerate(record.experiment["seeds"])
        for quantity, numbers in finding.series(record, index).items()
    }
    return {**values, **series}


def _difference(
    numbers: Mapping[str, Numbers], experiment: str, contrast: Contrast, seed: int
) -> Sequence[float]:
    own = numbers[experiment].get((seed, contrast.quantity), ())
    control = numbers[contrast.control].get((seed, contrast.subtracted), ())
    return tuple(a - b for a, b in zip(own, control, strict=False))


def _rows(record: Record) -> dict[int, str | None]:
    """Hashes of the rows by seed."""
    hashes = record.provenance.rows_sha256 or []
    return dict(zip(record.experiment["seeds"], hashes, strict=False))


def standard_choice(finding: Finding[E]) -> E:
    """The experiment that is verified where none is named: the first that has an effect."""
    experiments = finding.experiments()
    return next((e for e in experiments if finding.contrasts(e)), experiments[0])


def to_measure(finding: Finding[E], names: Collection[str], n_seeds: int) -> list[E]:
    """Experiments to be verified and the controls of their effects, with so many of their seeds.

    Raises:
        SublimError: one has not that many.
    """
    chosen = finding.chosen(names)
    for experiment in chosen:
        if not 1 <= n_seeds <= len(experiment.seeds):
            raise SublimError(
                f"{finding.name}/{experiment.name} can repeat 1 to {len(experiment.seeds)} seeds, "
                f"not {n_seeds}."
            )
    every = {e.name: e for e in finding.experiments()}
    parts: dict[str, E] = {}
    for experiment in chosen:
        seeds = experiment.seeds[:n_seeds]
        for name in (experiment.name, *(c.control for c in finding.contrasts(experiment))):
            if name not in parts:
                parts[name] = every[name].model_copy(update={"seeds": seeds})
    return list(parts.values())


def verify(
    finding: Finding[Any], names: Collection[str], n_seeds: int
) -> Iterator[tuple[str, Comparison]]:
    """Measure experiments anew, beside the store, and set them against their records.

    Args:
        finding: whose experiments they are.
        names: of experiments; the controls of their effects are measured with them.
        n_seeds: how many of the records' seeds to repeat, the first ones.

    Yields:
        The name of each experiment, and what the comparison says, as soon as it is measured.

    Raises:
        SublimError: an experiment has no record, or has not that many seeds.
    """
    parts = {part.name: part for part in to_measure(finding, names, n_seeds)}
    recorded = finding.records(parts)
    measured: dict[str, Record] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        for experiment in finding.chosen(names):
            controls = [contrast.control for contrast in finding.contrasts(experiment)]
            for name in (experiment.name, *controls):
                if name not in measured:
                    measured[name] = measure_record(finding, parts[name], store)
            yield experiment.name, compare(finding, experiment, recorded, measured)


def table(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Titles and lines of a table with what differs most of each kind of number."""
    groups: dict[tuple[int, str, str], list[Check]] = {}
    for check in comparison.checks:
        group = check.seed, check.quantity.condition, check.quantity.metric
        groups.setdefault(group, []).append(check)
    lines = []
    for (seed, condition, metric), checks in groups.items():
        worst = max(checks, key=lambda check: check.difference / check.allowed)
        shown = [_shown(worst.recorded), _shown(worst.measured)]
        trait = worst.quantity.trait or ""
        numbers = str(len(checks) * len(worst.recorded))
        allowed = [
            f"{worst.difference:.2g}",
            f"{worst.allowed:g}",
            "" if worst.agrees else "differs",
        ]
        lines.append([str(seed), condition, metric, numbers, trait, *shown, *allowed])
    for rows in comparison.rows:
        hashes = [(digest or "not known")[:9] for digest in (rows.recorded, rows.measured)]
        mark = "" if rows.agrees else "differs"
        lines.append([str(rows.seed), "rows", "hash", "", "", *hashes, "", "", mark])
    titles = ["seed", "condition", "metric", "numbers", "largest at", "recorded", "measured"]
    return [*titles, "difference", "allowed", ""], lines


def _shown(numbers: Sequence[float]) -> str:
    if not numbers:
        return "missing"
    return f"{numbers[0]:.6g}" if len(numbers) == 1 else f"mean {sum(numbers) / len(numbers):.5g}"


def sentence(name: str, comparison: Comparison) -> str:
    """What the comparison says, in words."""
    failed = [check for check in comparison.checks if not check.agrees]
    other_rows = [str(rows.seed) for rows in comparison.rows if not rows.agrees]
    if not comparison.agrees:
        reasons = []
        if failed:
            worst = max(failed, key=lambda check: check.difference)
            what = " ".join(filter(None, worst.quantity))
            reasons.append(
                f"{len(failed)} of {len(comparison.checks)} numbers differ by more than two "
                f"machines may, most of all {what} (by {worst.difference:.2g}, allowed "
                f"{worst.allowed:g})"
            )
        if other_rows:
            reasons.append(f"the teacher wrote other rows (seed {', '.join(other_rows)})")
        return f"{name} differs from its record: {' and '.join(reasons) or 'nothing was compared'}."
    largest = max(check.difference for check in comparison.checks)
    text = f"{name} agrees with its record: largest difference {largest:.2g}"
    known = [rows for rows in comparison.rows if rows.recorded is not None]
    text += f", rows of {len(known)} seed(s) identical." if known else "."
    small = [c for c in comparison.effects if max(map(abs, c.recorded)) <= c.allowed]
    if small:
        text += (
            f" {len(small)} of {len(comparison.effects)} effects are no larger than the allowed "
            "difference; for these, the other numbers and the rows decide."
        )
    return text
