"""Measuring a finding's missing experiments, one after the other or by several processes."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sublim_utils import progress
from sublim_utils.errors import SublimError
from sublim_utils.records import Record, readable, results_folder
from sublim_utils.store import Store
from sublim_utils.workers import share_out

if TYPE_CHECKING:
    from sublim_utils.experiment import Experiment, Finding

E = TypeVar("E", bound="Experiment")


def measure_missing(
    finding: Finding[E],
    experiments: list[E],
    found: Mapping[str, Record | None],
    store: Store,
    workers: int,
    run: progress.RunProgress,
) -> dict[str, Record]:
    """Measure and write what is missing, beside the records that were found."""
    if workers > 1:
        asked = [e for e in experiments if found[e.name] is None]
        tasks: dict[str, list[E]] = {}
        # Seed by seed, so that a run that is cut short has something of all.
        for seed in sorted({seed for experiment in asked for seed in experiment.seeds}):
            for experiment in (e for e in asked if seed in e.seeds):
                alone = experiment.on_this_device().model_copy(update={"seeds": (seed,)})
                tasks.setdefault(finding.shared(experiment, seed), []).append(alone)
        measure = functools.partial(_measure_into, finding, store)
        cuda = any(getattr(experiment, "device", "cpu") == "cuda" for experiment in asked)
        device: Literal["cpu", "cuda"] = "cuda" if cuda else "cpu"
        workers = min(workers, len(tasks))  # which the records tell
        run.stage = f"{workers} processes measure seeds side by side"
        share_out(
            measure,
            list(tasks.values()),
            workers,
            device,
            lambda task: run.finish((e.name, seed) for e in task for seed in e.seeds),
        )
    records = {}
    for experiment in experiments:
        record = found[experiment.name]
        if record is None:
            record = finding.measure_record(experiment, store, workers)
            record.write(finding.record_path(experiment))
        records[experiment.name] = record
    return records


def recorded_seconds(finding: Finding[Any], names: Collection[str]) -> dict[str, float]:
    """By experiment, the seconds of a seed behind its shipped record, where there is one."""
    seconds = {}
    for name in names:
        path = readable(results_folder() / finding.profile.name / finding.name / f"{name}.json")
        try:
            record = Record.read(path)
        except SublimError:
            continue
        seconds[name] = record.provenance.wall_s / len(record.experiment["seeds"])
    return seconds


def _measure_into(finding: Finding[E], store: Store, experiment: E) -> None:
    """Measure for what it leaves in the store."""
    finding.measure(experiment, store)
