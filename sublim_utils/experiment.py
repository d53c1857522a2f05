"""Experiment and Finding: how anything in the book is defined, measured and summarised.

An `Experiment` says everything that a measurement depends on, as plain data. A `Finding` is the
experiments behind one chapter and the table that summarises their records.
"""

from __future__ import annotations

import functools
import json
import re
import shlex
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from pydantic import Field

from sublim_utils import progress, provenance, running
from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError, no_such
from sublim_utils.labels import Labels
from sublim_utils.lookup import Available, Lookup, State
from sublim_utils.models.catalog import full_name
from sublim_utils.profiles import PROFILES, Profile, Scale, get_profile
from sublim_utils.records import (
    Contrast,
    Measurement,
    Quantity,
    Record,
    SummaryRow,
    readable,
    remedy,
    results_folder,
)
from sublim_utils.stats import Interval, mean_interval
from sublim_utils.store import Store, key_of

if TYPE_CHECKING:
    import pandas as pd


class Experiment(FrozenConfig):
    """Everything that one measurement depends on. Subclasses add their settings as plain data.

    Attributes:
        name: what the experiment is called within its finding; it names the record's file and
            is no part of the key.
        seeds: the seeds that are measured, each a whole repetition.
        labels: in what it differs from others; no part of the key either.
    """

    VERSION: ClassVar[int] = 1
    """Raised when the code changes what an equal experiment measures. The stages of a language
    model's experiment have versions of their own: of the first that changed it is raised, too."""

    name: str
    seeds: tuple[int, ...]
    labels: Labels = Field(default=Labels(), exclude=True)

    @property
    def surroundings(self) -> dict[str, Any]:
        """Inputs beyond the settings that change results; left out while they are as at first."""
        return {}

    @property
    def specification(self) -> dict[str, Any]:
        """All that a seed's measurement depends on, but for the seed."""
        settings = self.model_dump(mode="json", exclude={"name", "seeds"})
        kind = {"kind": type(self).__name__, "version": self.VERSION}
        return {**kind, **settings, **self.surroundings}

    @property
    def key(self) -> str:
        """The hash of the specification and the seeds."""
        return key_of({**self.specification, "seeds": list(self.seeds)})

    def in_fp16(self) -> Self:
        """The same for a device that computes in fp16 and not in bf16; itself where it asks for
        neither. A record of it counts as one of the experiment."""
        return self

    def on_this_device(self) -> Self:
        """The experiment as this machine's device can compute it."""
        return self


E = TypeVar("E", bound=Experiment)

MOST_SEEDS = 10_000
_PACKAGE = __name__.partition(".")[0]


class Finding(ABC, Generic[E]):
    """The experiments behind one chapter.

    Args:
        profile: a profile or its name; by default as `get_profile` chooses.
        scale: how much to measure, instead of the finding's scale of that profile. Records of
            another scale stay in the store and never touch `results/`.
        seeds: how many seeds to run, instead of the profile's number. Records of another number
            of seeds than the profile's stay in the store and never touch `results/`.
        store: where stages are kept; by default the user's store.
        model: a language model in the place of the profile's: a name of the catalogue, a local
            folder, or a repository on the hub. Its records stay in the store, too.

    Raises:
        SublimError: the profile is unknown, cannot run here or has no scale for the finding,
            `seeds` is not positive, or there is no such model or no use for one in the finding.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    scales: ClassVar[Mapping[str, Scale]]
    """How much is measured, by profile."""
    labels: ClassVar[Mapping[str, str]] = {}
    """What the book calls the main conditions, in its order."""
    paper: ClassVar[Mapping[str, float]] = {}
    """The paper's values of the main conditions, read off its figures."""

    def __init__(
        self,
        profile: Profile | str | None = None,
        *,
        scale: Scale | None = None,
        seeds: int | None = None,
        store: Store | None = None,
        model: str | None = None,
    ) -> None:
        """Choose the scale; nothing is computed yet."""
        self.profile = profile if isinstance(profile, Profile) else get_profile(profile)
        registered = self.scales.get(self.profile.name)
        chosen = scale or registered
        if chosen is None:
            raise SublimError(
                f"The finding {self.name} has no scale for the profile {self.profile.name!r}; "
                "name another profile, or give a scale of your own."
            )
        self.scale = chosen
        known = PROFILES.get(self.profile.name)
        self._registered = (self.profile, self.scale) == (known, registered)
        self.other_model = None if model is None else full_name(model)
        if self.other_model is not None:
            self.scale = self.with_model(self.other_model)
        if seeds is not None and seeds < 1:
            raise SublimError(f"A finding needs at least one seed and was given {seeds}.")
        if seeds is not None and seeds > MOST_SEEDS:
            raise SublimError(f"A finding takes at most {MOST_SEEDS:,} seeds; give fewer.")
        self.n_seeds = self.default_seeds if seeds is None else seeds
        self._store = store

    @property
    def default_seeds(self) -> int:
        """The number of seeds that the scale asks for."""
        return self.scale.seeds

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the main experiments."""
        return tuple(range(self.scale.first_seed, self.scale.first_seed + self.n_seeds))

    @abstractmethod
    def experiments(self) -> list[E]:
        """The exact experiments of the finding at this profile and number of seeds."""

    @abstractmethod
    def measure(self, experiment: E, store: Store) -> Measurement:
        """Measure one experiment, with progress on stderr; a killed run goes on from the store."""

    @abstractmethod
    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """The reported quantities, from the records by experiment name."""

    def with_model(self, model: str) -> Scale:
        """The scale with another language model, on findings that have one.

        Raises:
            SublimError: the finding has none.
        """
        raise SublimError(
            f"The finding {self.name} has no language model that {model} could replace; "
            "leave out --model."
        )

    @property
    def store(self) -> Store:
        """The store, opened on first use."""
        if self._store is None:
            self._store = Store()
        return self._store

    def record_path(self, experiment: E) -> Path:
        """Where the experiment's record lies: in `results/` at the profile's scale, or the store.

        A scale that is not the finding's own of its profile never touches the shipped records, and
        neither does a user's finding.
        """
        standard = self.n_seeds == self.default_seeds and self.other_model is None
        standard = standard and type(self).__module__.startswith(f"{_PACKAGE}.")
        if standard and self._registered and self.profile.name != "smoke":
            root = results_folder() / self.profile.name
        else:
            folder = self.profile.name
            if not self._registered:
                changed = {
                    "profile": self.profile.model_dump(mode="json"),
                    "scale": self.scale.model_dump(mode="json"),
                }
                folder += f"-changed-{key_of(changed)[:8]}"
            root = self.store.root / "records" / folder / f"{self.n_seeds}-seeds"
        if self.other_model is not None:
            root /= re.sub(r"[^\w.@-]+", "--", self.other_model).strip("-")
        return root / self.name / f"{experiment.name}.json"

    def recorded(self, experiment: E) -> Record | None:
        """The experiment's record if there is one with today's key, else None."""
        path = readable(self.record_path(experiment))
        if not path.exists():
            return None
        command = self.repeating(experiment.name)
        record = Record.read(path, command)
        if (record.finding, record.name) != (self.name, experiment.name) or (
            record.profile != self.profile.name
        ):
            raise SublimError(
                f"The record {path} is one of {record.finding}/{record.name} at the profile "
                f"{record.profile!r}; {remedy(path, command)}."
            )
        if record.key not in (experiment.key, experiment.in_fp16().key):
            return None
        if record.experiment["seeds"] != list(experiment.seeds):
            raise SublimError(
                f"The record {path} has other seeds than its experiment; {remedy(path, command)}."
            )
        return record

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The names of the experiments."""
        return frozenset(experiment.name for experiment in self.experiments())

    def look_up(self, experiment: E) -> Lookup:
        """The state of an experiment's record, without raising where it is damaged."""
        if not readable(self.record_path(experiment)).exists():
            return Lookup("missing")
        try:
            record = self.recorded(experiment)
        except SublimError as error:
            return Lookup("damaged", fault=str(error))
        return Lookup("outdated") if record is None else Lookup("recorded", record)

    def available(self) -> Available:
        """What is recorded of the finding, for a summary of a part of it.

        Raises:
            SublimError: a record is damaged.
        """
        records: dict[str, Record] = {}
        absent: dict[str, State] = {}
        for experiment in self.experiments():
            look = self.look_up(experiment)
            if look.fault is not None:
                raise SublimError(look.fault)
            if look.record is None:
                absent[experiment.name] = look.state
            else:
                records[experiment.name] = look.record
        return self.comparable(records, absent)

    def comparable(
        self, records: Mapping[str, Record], absent: Mapping[str, State] | None = None
    ) -> Available:
        """The records whose controls are recorded, too: only these can be summarised."""
        controls = {
            experiment.name: {contrast.control for contrast in self.contrasts(experiment)}
            for experiment in self.experiments()
            if experiment.name in records
        }
        complete = {name for name, needed in controls.items() if needed <= {*records}}
        complete |= {control for name in complete for control in controls[name]}
        return Available(
            {name: record for name, record in records.items() if name in complete},
            [name for name in records if name not in complete],
            dict(absent or {}),
        )

    def chosen(self, only: Collection[str] = ()) -> list[E]:
        """The experiments of these names; all of them where none is named.

        Raises:
            SublimError: the finding has no experiment of such a name.
        """
        experiments = {e.name: e for e in self.experiments()}
        for name in only:
            if name not in experiments:
                raise no_such(f"experiment of {self.name} called", name, experiments)
        return [e for name, e in experiments.items() if not only or name in only]

    def run(
        self,
        *,
        fresh: bool = False,
        only: Collection[str] = (),
        workers: int = 1,
        expected_s: Mapping[str, float] | None = None,
    ) -> dict[str, Record]:
        """The records of the experiments; those that are missing are measured and written.

        Args:
            fresh: measure all anew, whatever is recorded or stored.
            only: names of experiments, to share the work among several machines.
            workers: processes of this machine that measure seeds side by side, into the store.
            expected_s: seconds that a seed may take by experiment, for the time left that the
                progress bar tells; by default those behind the shipped records.

        Raises:
            SublimError: as measuring does; or there are workers, who meet in the store, and it is
                to be ignored.
        """
        if workers > 1 and (fresh or self.store.ignore_cache):
            raise SublimError(
                "Workers share what they compute through the store, which --fresh ignores; "
                "leave out --workers, or name an empty folder in SUBLIM_STORE."
            )
        experiments = self.chosen(only)
        found = {e.name: None if fresh else self.recorded(e) for e in experiments}
        missing = [name for name, record in found.items() if record is None]
        if missing:
            done = len(found) - len(missing)
            estimate = self.estimate([e for e in experiments if e.name in missing])
            self._say(
                f"{len(missing)} of {len(found)} experiments to run, {done} recorded.{estimate}"
            )
        store = Store(self.store.root, ignore_cache=True) if fresh else self.store
        if not missing:
            return {name: record for name, record in found.items() if record is not None}
        seeds = {e.name: e.seeds for e in experiments if e.name in missing}
        expected_s = expected_s or running.recorded_seconds(self, [*seeds])
        bar = progress.RunProgress(self.name, seeds, expected_s, workers)
        with progress.running(bar) as run:
            return running.measure_missing(self, experiments, found, store, workers, run)

    def shared(self, experiment: E, seed: int) -> str:
        """Names what a seed has in common with others, which one process should do after it."""
        return f"{experiment.key}/{seed}"

    def weights(self, experiment: E) -> dict[str, str]:
        """Hashes or commits that identify the weights of the experiment's models."""
        return {}

    def records(self, only: Collection[str] = ()) -> dict[str, Record]:
        """The records of the experiments, by default of all, which must exist.

        Raises:
            SublimError: one is missing or belongs to another definition of its experiment.
        """
        return {experiment.name: self._record(experiment) for experiment in self.chosen(only)}

    def _record(self, experiment: E) -> Record:
        record = self.recorded(experiment)
        if record is None:
            raise SublimError(
                f"There is no record of {self.name}/{experiment.name} for the profile "
                f"{self.profile.name!r} as it is defined today; make it with: {self.command}"
            )
        return record

    @property
    def command(self) -> str:
        """The command that measures this finding with its settings, or Python if no command can."""
        if not self._registered:
            return f"{type(self).__name__}({self.profile.name!r}, scale=scale).run()"
        seeds = "" if self.n_seeds == self.default_seeds else f" --seeds {self.n_seeds}"
        model = "" if self.other_model is None else f" --model {shlex.quote(self.other_model)}"
        return f"sublim run {self.name} --profile {self.profile.name}{seeds}{model}"

    def repeating(self, experiment: str) -> str:
        """The command that measures one experiment again, whatever is recorded or stored."""
        if not self._registered:
            return f"{self.command[:-1]}only=[{experiment!r}], fresh=True)"
        return f"{self.command} --experiment {shlex.quote(experiment)} --fresh"

    @abstractmethod
    def tolerance(self, experiment: E, quantity: Quantity) -> float:
        """By how much two machines may differ in a quantity of one seed."""

    def contrasts(self, experiment: E) -> list[Contrast]:
        """The effects of the experiment: its differences from a control."""
        return []

    def series(self, record: Record, place: int) -> Mapping[Quantity, Sequence[float]]:
        """Numbers in a record's details, such as the points of a curve, that are compared together.

        Args:
            record: the record.
            place: of the seed among the record's seeds.
        """
        return {}

    def summary(self, records: Mapping[str, Record] | None = None) -> pd.DataFrame:
        """The finding's tidy table, one row per reported quantity, from existing records."""
        import pandas as pd

        rows = self.summarise(self.records() if records is None else records)
        return pd.DataFrame(
            [row.model_dump() for row in rows], columns=list(SummaryRow.model_fields)
        )

    def row(
        self,
        condition: str,
        metric: str,
        unit: str | None,
        found: Interval,
        *,
        main: bool = False,
        trait: str | None = None,
        objective: str | None = None,
    ) -> SummaryRow:
        """A reported quantity."""
        return SummaryRow(
            finding=self.name,
            condition=condition,
            trait=trait,
            objective=objective,
            metric=metric,
            unit=unit,
            mean=found.mean,
            low=found.low,
            high=found.high,
            n_seeds=found.n,
            main=main,
        )

    def summary_row(
        self,
        condition: str,
        metric: str,
        unit: str | None,
        values: Iterable[float],
        *,
        main: bool = False,
        trait: str | None = None,
        objective: str | None = None,
    ) -> SummaryRow:
        """A reported quantity from one value per seed."""
        found = mean_interval(list(values))
        return self.row(condition, metric, unit, found, main=main, trait=trait, objective=objective)

    def test_row(
        self,
        condition: str,
        metric: str,
        value: float,
        n_seeds: int,
        *,
        trait: str | None = None,
        objective: str | None = None,
    ) -> SummaryRow:
        """A test's p-value or power, which has no interval."""
        found = Interval(value, None, None, n_seeds)
        return self.row(condition, metric, None, found, trait=trait, objective=objective)

    def each_seed(
        self, experiment: E, store: Store, measure_seed: Callable[[int], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """What `measure_seed` says of each seed, as JSON; a seed in the store is not run again.

        Each answer gets the entry `wall_s`, its seconds of work.
        """
        stage = f"{self.name}_seed"
        found = []
        for seed in progress.seeds_of(self.name, experiment.name, experiment.seeds):
            specification = {**experiment.specification, "seed": seed}
            key = key_of(specification)
            folder = store.get(stage, key)
            if folder is None:
                start = time.perf_counter()
                answer = measure_seed(seed)
                answer["wall_s"] = time.perf_counter() - start
                with store.writing(stage, key, specification) as aside:
                    (aside / "answer.json").write_text(json.dumps(answer))
                found.append(answer)
            else:
                found.append(json.loads((folder / "answer.json").read_text()))
        return found

    def measure_record(self, experiment: E, store: Store, workers: int = 1) -> Record:
        """Measure an experiment as this device can; the record is not written."""
        experiment = experiment.on_this_device()
        key = experiment.key  # of the weights that are measured, whatever comes into their folder
        measurement = self.measure(experiment, store)
        return Record(
            finding=self.name,
            profile=self.profile.name,
            name=experiment.name,
            labels=experiment.labels,
            key=key,
            experiment=experiment.model_dump(mode="json"),
            values=measurement.values,
            details=measurement.details,
            provenance=provenance.take(
                wall_s=measurement.wall_s,
                stage_seconds=measurement.stage_seconds,
                rows_sha256=measurement.rows_sha256,
                weights=self.weights(experiment),
                workers=workers,
            ),
        )

    def estimate(self, experiments: list[E]) -> str:
        """How long they took where the shipped records were made, scaled to the number of seeds."""
        seconds = 0.0
        if self.other_model is not None or not self._registered:
            return ""
        for experiment in experiments:
            scale = results_folder() / self.profile.name
            path = readable(scale / self.name / f"{experiment.name}.json")
            if not path.exists():
                return ""
            try:
                record = Record.read(path)
            except SublimError:
                return ""  # it may be about to be measured again for being damaged
            seeds = len(record.experiment["seeds"])
            seconds += record.provenance.wall_s * len(experiment.seeds) / seeds
        return f" They took {seconds / 60:.1f} min on {record.hardware}."

    def _say(self, text: str) -> None:
        print(f"{self.name} ({self.profile.name}): {text}", file=sys.stderr, flush=True)
