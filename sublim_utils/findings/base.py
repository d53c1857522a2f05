"""Finding: the experiments behind one chapter, and the table that summarises their records."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from sublim_utils.errors import SublimError, no_such
from sublim_utils.findings import running
from sublim_utils.findings.record_book import RecordBook
from sublim_utils.models.catalog import full_name
from sublim_utils.profiles import PROFILES, Profile, Scale, get_profile
from sublim_utils.recipes.experiment import Experiment
from sublim_utils.records import (
    Contrast,
    Measurement,
    Quantity,
    Record,
    SummaryRow,
)
from sublim_utils.stats import Interval, mean_interval
from sublim_utils.store import Store

if TYPE_CHECKING:
    import pandas as pd


E = TypeVar("E", bound=Experiment)

MOST_SEEDS = 10_000


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
        self.is_changed = (self.profile, self.scale) != (known, registered)
        self.other_model = None if model is None else full_name(model)
        if self.other_model is not None:
            self.scale = self.with_model(self.other_model)
        if seeds is not None and seeds < 1:
            raise SublimError(f"A finding needs at least one seed and was given {seeds}.")
        if seeds is not None and seeds > MOST_SEEDS:
            raise SublimError(f"A finding takes at most {MOST_SEEDS:,} seeds; give fewer.")
        self.n_seeds = self.default_seeds if seeds is None else seeds
        self._store = store
        self.record_book = RecordBook(self)

    @property
    def is_standard(self) -> bool:
        """True if profile, scale and model are those of the shipped records."""
        return not self.is_changed and self.other_model is None

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

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The names of the experiments."""
        return frozenset(experiment.name for experiment in self.experiments())

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
        return running.run(self, fresh=fresh, only=only, workers=workers, expected_s=expected_s)

    def after_run(self, *, fresh: bool) -> None:
        """What is left to do when all experiments have records, such as keeping their rows."""

    def counts(self, experiment: E, record: Record) -> bool:
        """Whether an experiment's record of today's key is one that this machine cannot better."""
        return True

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
        return self.record_book.read_all(self.chosen(only))

    @abstractmethod
    def tolerance(self, experiment: E, quantity: Quantity) -> float:
        """By how much two machines may differ in a quantity of one seed."""

    def contrasts(self, experiment: E) -> list[Contrast]:
        """The effects of the experiment: its differences from a control."""
        return []

    def series(self, record: Record, seed_index: int) -> Mapping[Quantity, Sequence[float]]:
        """Numbers in a record's details, such as the points of a curve, that are compared together.

        Args:
            record: the record.
            seed_index: of the seed among the record's seeds.
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
        interval: Interval,
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
            mean=interval.mean,
            low=interval.low,
            high=interval.high,
            n_seeds=interval.n,
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
        interval = mean_interval(list(values))
        return self.row(
            condition, metric, unit, interval, main=main, trait=trait, objective=objective
        )

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
        interval = Interval(value, None, None, n_seeds)
        return self.row(condition, metric, None, interval, trait=trait, objective=objective)
