"""Measuring a finding's missing experiments, one after the other or by several processes."""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sublim_utils import progress, provenance
from sublim_utils.errors import SublimError
from sublim_utils.pipeline.workers import share_out
from sublim_utils.records import Record
from sublim_utils.store import Store, key_of

if TYPE_CHECKING:
    from sublim_utils.findings.base import Finding
    from sublim_utils.recipes.experiment import Experiment

E = TypeVar("E", bound="Experiment")


def run(
    finding: Finding[E],
    *,
    fresh: bool,
    only: Collection[str],
    workers: int,
    expected_s: Mapping[str, float] | None,
) -> dict[str, Record]:
    """The records of a finding's experiments; see `Finding.run`."""
    store = finding.store
    if workers > 1 and (fresh or store.ignore_cache):
        raise SublimError(
            "Workers share what they compute through the store, which --fresh ignores; "
            "leave out --workers, or name an empty folder in SUBLIM_STORE."
        )
    experiments = finding.chosen(only)
    records = {e.name: None if fresh else finding.record_book.read(e) for e in experiments}
    missing = [e for e in experiments if records[e.name] is None]
    if missing:
        say(
            finding,
            f"{len(missing)} of {len(records)} experiments to run, "
            f"{len(records) - len(missing)} recorded.{took(finding, missing)}",
        )
        seeds = {e.name: e.seeds for e in missing}
        expected_s = expected_s or {
            name: _seconds_per_seed(record)
            for name, record in finding.record_book.shipped(seeds).items()
        }
        bar = progress.RunProgress(finding.name, seeds, expected_s, workers)
        if fresh:
            store = Store(store.root, ignore_cache=True)
        with progress.running(bar) as shown:
            records.update(_measure_missing(finding, missing, store, workers, shown))
    if not only:
        finding.after_run(fresh=fresh)
    return {name: record for name, record in records.items() if record is not None}


def _measure_missing(
    finding: Finding[E],
    experiments: list[E],
    store: Store,
    workers: int,
    run: progress.RunProgress,
) -> dict[str, Record]:
    """Measure experiments and write their records."""
    if workers > 1:
        tasks: dict[str, list[E]] = {}
        # Seed by seed, so that a run that is cut short has something of all.
        for seed in sorted({seed for experiment in experiments for seed in experiment.seeds}):
            for experiment in (e for e in experiments if seed in e.seeds):
                alone = experiment.on_this_device().model_copy(update={"seeds": (seed,)})
                tasks.setdefault(finding.shared(experiment, seed), []).append(alone)
        measure = functools.partial(_measure_into, finding, store)
        cuda = any(getattr(experiment, "device", "cpu") == "cuda" for experiment in experiments)
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
        record = measure_record(finding, experiment, store, workers)
        record.write(finding.record_book.path(experiment))
        records[experiment.name] = record
    return records


def measure_record(finding: Finding[E], experiment: E, store: Store, workers: int = 1) -> Record:
    """Measure an experiment as this device can; the record is not written."""
    experiment = experiment.on_this_device()
    key = experiment.key  # of the weights that are measured, whatever comes into their folder
    measurement = finding.measure(experiment, store)
    return Record(
        finding=finding.name,
        profile=finding.profile.name,
        name=experiment.name,
        key=key,
        labels=experiment.labels,
        experiment=experiment.model_dump(mode="json"),
        values=measurement.values,
        details=measurement.details,
        provenance=provenance.take(
            wall_s=measurement.wall_s,
            stage_seconds=measurement.stage_seconds,
            rows_sha256=measurement.rows_sha256,
            weights=finding.weights(experiment),
            workers=workers,
        ),
    )


def each_seed(
    finding: str,
    experiment: Experiment,
    store: Store,
    measure_seed: Callable[[int], dict[str, Any]],
) -> list[dict[str, Any]]:
    """What `measure_seed` says of each seed, as JSON; a seed in the store is not run again.

    Each answer gets the entry `wall_s`, its seconds of work.
    """
    stage = f"{finding}_seed"
    answers = []
    for seed in progress.seeds_of(finding, experiment.name, experiment.seeds):
        specification = {**experiment.specification, "seed": seed}
        key = key_of(specification)
        folder = store.get(stage, key)
        if folder is None:
            start = time.perf_counter()
            answer = measure_seed(seed)
            answer["wall_s"] = time.perf_counter() - start
            with store.writing(stage, key, specification) as temporary:
                (temporary / "answer.json").write_text(json.dumps(answer))
        else:
            answer = json.loads((folder / "answer.json").read_text())
        answers.append(answer)
    return answers


def took(finding: Finding[E], experiments: Sequence[E]) -> str:
    """How long experiments took where the shipped records were made, scaled to their seeds.

    Returns:
        A sentence after a space; nothing where one of them has no shipped record.
    """
    shipped = finding.record_book.shipped(e.name for e in experiments)
    if not experiments or len(shipped) < len(experiments):
        return ""
    seconds = sum(len(e.seeds) * _seconds_per_seed(shipped[e.name]) for e in experiments)
    return f" They took {seconds / 60:.1f} min on {shipped[experiments[-1].name].hardware}."


def say(finding: Finding[Any], text: str) -> None:
    """Tell something about a run on stderr."""
    print(f"{finding.name} ({finding.profile.name}): {text}", file=sys.stderr, flush=True)


def _seconds_per_seed(record: Record) -> float:
    return record.provenance.wall_s / len(record.experiment["seeds"])


def _measure_into(finding: Finding[E], store: Store, experiment: E) -> None:
    """Measure for what it leaves in the store."""
    finding.measure(experiment, store)
