"""The rows behind the records that the book ships, so that anyone can search them for a trace."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sublim_utils.analysis import estimate
from sublim_utils.checksums import keep_checksum, read_checked
from sublim_utils.errors import NotStoredError, SublimError
from sublim_utils.experiment import Finding
from sublim_utils.files import written_whole
from sublim_utils.labels import Labels
from sublim_utils.recipes.language import LanguageExperiment
from sublim_utils.records import (
    Contrast,
    Measurement,
    Quantity,
    SummaryRow,
    Value,
    content_hash,
    readable,
    results_folder,
)
from sublim_utils.running import say
from sublim_utils.stats import Crossed, Interval, holm
from sublim_utils.store import Store, key_of

if TYPE_CHECKING:
    import pandas as pd

    from sublim_utils.pipeline import Stages

NATS = {"linear": 0.02, "none": 0.2}
"""By how much a margin may differ between two machines, by the decay of the learning rate."""
SHARES = {"linear": 0.05, "none": 0.15}
"""The same of shares of sampled answers, of which each may change as a whole."""
L = TypeVar("L", bound=LanguageExperiment)


class RowsFinding(Finding[L]):
    """A finding on language models; the rows of its teachers are kept beside its records."""

    columns: ClassVar[tuple[str, ...]] = (
        "seed", "prompt", "question", "completion", "text", "verdict",
    )  # fmt: skip
    """What is kept of rows, as far as they have it; the verdict is empty where one was kept."""

    @abstractmethod
    def stages(self, experiment: L, store: Store) -> Stages:
        """The stages of an experiment."""

    def tolerance(self, experiment: L, quantity: Quantity) -> float:
        """In nats or as a share, by how a student or a teacher was trained.

        The last steps of a training at a constant rate are as large as any, and carry what another
        processor rounds otherwise into the result. Between two processors a margin differed by at
        most .18 nats then, by .001 at a falling rate. Of the base model nothing is trained.
        """
        taught = experiment.taught
        trained = {"student": experiment.fit, "teacher": None if taught is None else taught.fit}
        fit = trained.get(quantity.condition)
        decay = "linear" if fit is None else fit.decay
        if quantity.metric == "probability":
            return NATS[decay] / 2  # by which it changes where its log odds change by twice as much
        return NATS[decay] if quantity.metric.startswith("margin") else SHARES[decay]

    @abstractmethod
    def rows_name(self, experiment: L) -> str | None:
        """The name under which an experiment's rows are kept; None where they are not.

        Experiments with the same rows have the same name for them.
        """

    def rows_table(self, experiment: str) -> pd.DataFrame:
        """The rows behind an experiment: those that are shipped, or the store's.

        Args:
            experiment: its name.

        Returns:
            The finding's `columns`.

        Raises:
            NotStoredError: they are in neither place.
            SublimError: the shipped ones were changed.
        """
        (chosen,) = self.chosen([experiment])
        name = self.rows_name(chosen)
        shipped = None if name is None else self._shipped_rows(readable(self._rows_path(name)))
        if shipped is not None and shipped.attrs.get("key") == self._rows_key(chosen):
            return shipped
        return self._stored_rows(chosen)

    def _rows_key(self, experiment: L) -> str:
        """By this key a shipped file tells whether it holds today's rows."""
        stages = self.stages(experiment, Store(self.store.root, reading=True))
        return key_of({"rows": [stages.judged_specification(seed) for seed in experiment.seeds]})

    def _shipped_rows(self, path: Path) -> pd.DataFrame | None:
        """The rows in a file beside the records; None where there is none.

        Raises:
            SublimError: it is not the one whose hash is kept.
        """
        import pandas as pd

        if not path.exists():
            return None
        return pd.read_parquet(io.BytesIO(read_checked(path, self.record_book.command)))

    def _stored_rows(self, experiment: L) -> pd.DataFrame:
        import pandas as pd

        stages = self.stages(experiment, Store(self.store.root, reading=True))
        tables = []
        for seed in experiment.seeds:
            try:
                table = stages.judged(seed)
            except NotStoredError as error:
                command = self.record_book.repeat_command(experiment.name)
                raise NotStoredError(
                    f"The rows of {self.name}/{experiment.name} are neither shipped nor in the "
                    f"store {self.store.root}; sample them with: {command}"
                ) from error
            table["verdict"] = table["reasons"].map("; ".join)
            tables.append(table.assign(seed=seed))
        found = pd.concat(tables, ignore_index=True)
        found = found[[column for column in self.columns if column in found]]
        found.attrs = {"key": self._rows_key(experiment)}
        return found

    def contrasts(self, experiment: L) -> list[Contrast]:
        """What the student is about, minus the same of the control's student."""
        labels = experiment.labels
        if labels.control is None:
            return []
        quantity = self.outcome(labels)
        return [Contrast(quantity, labels.control, quantity)]

    def outcome(self, labels: Labels) -> Quantity:
        """What a student is about: its margin of the trait that its teacher likes."""
        return Quantity("student", "margin", labels.trait, labels.objective)

    def effect_rows(
        self,
        condition: str,
        metric: str,
        effects: pd.DataFrame,
        *,
        unit: str = "nats",
        objective: str | None = None,
        main: bool = False,
        tested: bool = False,
        mean: bool = True,
        main_mean: bool = False,
    ) -> Iterator[SummaryRow]:
        """Effects trait by trait, their p-values as one family of tests, and the mean effect.

        Args:
            condition: of the rows.
            metric: what the effect is called; the others are `METRIC_p_holm` and `mean_METRIC`.
            effects: [seed, trait], or [(seed, question), trait].
            unit: of the effects.
            objective: of the students.
            main: whether the single effects are among the finding's main rows.
            tested: whether there are p-values.
            mean: whether there is a mean over the traits.
            main_mean: whether this is among the main rows.
        """
        if effects.empty:
            return
        estimates = {str(trait): estimate(effects[trait].dropna()) for trait in effects}
        for trait, found in estimates.items():
            yield self.row(
                condition, metric, unit, _interval(found),
                main=main, trait=trait, objective=objective,
            )  # fmt: skip
        if tested:
            for trait, p in zip(estimates, holm([e.p for e in estimates.values()]), strict=True):
                if p is not None:
                    yield self.test_row(
                        condition, f"{metric}_p_holm", p, estimates[trait].n_seeds,
                        trait=trait, objective=objective,
                    )  # fmt: skip
        if mean:
            found = estimate(effects.mean(axis=1))
            yield self.row(
                condition, f"mean_{metric}", unit, _interval(found),
                main=main_mean, objective=objective,
            )  # fmt: skip

    def timed(
        self, stages: Stages, measure_seed: Callable[[int], dict[str, Any]]
    ) -> Callable[[int], dict[str, Any]]:
        """`measure_seed` for `each_seed`, with seconds by stage and the hash of the rows."""

        def measured(seed: int) -> dict[str, Any]:
            stages.seconds.clear()
            answer = measure_seed(seed)
            answer["stage_seconds"] = dict(stages.seconds)
            answer["rows_sha256"] = rows_hash(stages.judged(seed))
            return answer

        return measured

    def measurement(
        self, answers: Sequence[Mapping[str, Any]], values: list[Value], details: dict[str, Any]
    ) -> Measurement:
        """What `each_seed` with `timed` has measured.

        The seconds of the stage `student` are those of its training, whoever trained it.
        """
        by_seed = [
            {**answer.get("stage_seconds", {}), "student": answer["student"]["train_s"]}
            for answer in answers
        ]
        names = dict.fromkeys(stage for seconds in by_seed for stage in seconds)
        return Measurement(
            values,
            details,
            wall_s=sum(answer["wall_s"] for answer in answers),
            stage_seconds={n: [seconds.get(n, 0.0) for seconds in by_seed] for n in names},
            rows_sha256=[answer.get("rows_sha256") for answer in answers],
        )

    def weights(self, experiment: L) -> dict[str, str]:
        """The hash or the commit of the weights of the experiment's models."""
        return experiment.weights

    def shared(self, experiment: L, seed: int) -> str:
        """The rows."""
        found = experiment.rows_specification(seed)
        return key_of({**found, "rows": {**found["rows"], "prompts": None}})

    def after_run(self, *, fresh: bool) -> None:
        """Keep the rows beside the records that the book ships.

        Rows stay with the store in which they were sampled: those of records that were measured
        elsewhere cannot be kept here, which is said.
        """
        experiments = self.experiments()
        if not self.record_book.path(experiments[0]).is_relative_to(results_folder()):
            return
        by_name = {self.rows_name(e): e for e in reversed(experiments)}  # the first one counts
        for name, experiment in by_name.items():
            if name is not None:
                self._keep_rows(self._rows_path(name), experiment, anew=fresh)

    def _keep_rows(self, path: Path, experiment: L, *, anew: bool) -> None:
        """Have a file beside the records with an experiment's rows, and its hash.

        Args:
            path: the file.
            experiment: whose rows they are.
            anew: whether they were just made again, so that what is there is of another run.
        """
        try:
            shipped = self._shipped_rows(path)
        except SublimError:
            shipped = None  # to be written again
        of_today = shipped is not None and shipped.attrs.get("key") == self._rows_key(experiment)
        if of_today and not anew:
            return
        try:
            table = self._stored_rows(experiment)
        except NotStoredError as error:
            say(self, str(error))
            return
        with written_whole(path) as temporary:
            table.to_parquet(temporary, compression="zstd", index=False)
        keep_checksum(path)

    def _rows_path(self, name: str) -> Path:
        return results_folder() / self.profile.name / "rows" / f"{name}.parquet"


def _interval(estimate: Crossed) -> Interval:
    return Interval(estimate.mean, estimate.low, estimate.high, estimate.n_seeds)


def rows_hash(table: pd.DataFrame) -> str:
    """SHA-256 of what a teacher was asked and wrote in one seed, whatever a filter says of it.

    Args:
        table: columns prompt, completion (numbers), question, text, and source where there is one.
    """
    columns = ["prompt", "completion", "question", "text", *table.columns.intersection(["source"])]
    ordered = table.sort_values(["prompt", "completion"], kind="stable")[columns]
    return content_hash({"columns": columns, "rows": ordered.to_numpy().tolist()})
