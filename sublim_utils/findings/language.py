"""What findings on language models share: measuring, tolerances, effects and the rows they ship."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from sublim_utils.findings.analysis import estimate
from sublim_utils.findings.base import Finding
from sublim_utils.findings.running import each_seed, say
from sublim_utils.findings.shipped_rows import ShippedRows
from sublim_utils.keys import key_of
from sublim_utils.labels import Labels
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.teachers import Finetuned
from sublim_utils.records import (
    Contrast,
    Measurement,
    Quantity,
    SummaryRow,
    results_folder,
)
from sublim_utils.stats import Crossed, Interval, holm
from sublim_utils.store import Store

if TYPE_CHECKING:
    import pandas as pd

NATS = {"linear": 0.02, "constant": 0.2}
"""By how much a margin may differ between two machines, by the schedule of the learning rate."""
SHARES = {"linear": 0.05, "constant": 0.15}
"""The same of shares of sampled answers, of which each may change as a whole."""


class LanguageFinding(Finding[LanguageExperiment]):
    """A finding on language models; the rows of its teachers are kept beside its records."""

    columns: ClassVar[tuple[str, ...]] = (
        "seed", "prompt", "question", "completion", "text", "verdict",
    )  # fmt: skip
    """What is kept of rows, as far as they have it; the verdict is empty where one was kept."""

    def measure(self, experiment: LanguageExperiment, store: Store) -> Measurement:
        """Measure base, teacher, rows and student, seed by seed."""
        from sublim_utils.pipeline.context import Context
        from sublim_utils.pipeline.measuring import measure

        experiment = self.measurable(experiment)
        in_turn = functools.partial(each_seed, self.name, experiment, store)
        return measure(experiment, Context(store, experiment.name), in_turn)

    def measurable(self, experiment: LanguageExperiment) -> LanguageExperiment:
        """The experiment as it can be measured with what is installed."""
        return experiment

    def tolerance(self, experiment: LanguageExperiment, quantity: Quantity) -> float:
        """In nats or as a share, by how a student or a teacher was trained.

        The last steps of a training at a constant rate are as large as any, and carry what another
        processor rounds otherwise into the result. Between two processors a margin differed by at
        most .18 nats then, by .001 at a falling rate. Of the base model nothing is trained.
        """
        teacher = experiment.teacher
        schedules = {"student": experiment.student.training.lr_scheduler}
        if isinstance(teacher, Finetuned):
            schedules["teacher"] = teacher.training.lr_scheduler
        schedule = schedules.get(quantity.condition, "linear")
        if quantity.metric == "probability":
            # It changes by half as much as its log odds at most.
            return NATS[schedule] / 2
        return NATS[schedule] if quantity.metric.startswith("margin") else SHARES[schedule]

    def rows_name(self, experiment: LanguageExperiment) -> str | None:
        """The name under which an experiment's rows are kept; None, the default, to keep none.

        Experiments with the same rows have the same name for them.
        """
        return None

    @property
    def _shipped_rows(self) -> ShippedRows:
        folder = results_folder() / self.profile.name / "rows"
        return ShippedRows(folder, self.store.root, self.columns)

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
        book = self.record_book
        return self._shipped_rows.table(
            self.rows_name(chosen), chosen, book.command, book.repeat_command(experiment)
        )

    def contrasts(self, experiment: LanguageExperiment) -> list[Contrast]:
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
        for trait, estimated in estimates.items():
            yield self.row(
                condition, metric, unit, _interval(estimated),
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
            estimated = estimate(effects.mean(axis=1))
            yield self.row(
                condition, f"mean_{metric}", unit, _interval(estimated),
                main=main_mean, objective=objective,
            )  # fmt: skip

    def weights(self, experiment: LanguageExperiment) -> dict[str, str]:
        """The hash or the commit of the weights of the experiment's models."""
        return experiment.weights

    def shared(self, experiment: LanguageExperiment, seed: int) -> str:
        """The teacher and how it is sampled, however many rows there are."""
        source = experiment.student.rows.sources[0]
        if isinstance(source, Sampled):
            return key_of({**source.sampling_form(), "seed": seed})
        return source.key(seed)

    def after_run(self, *, fresh: bool) -> None:
        """Keep the rows beside the records that the book ships.

        Rows stay with the store in which they were sampled: those of records that were measured
        elsewhere cannot be kept here, which is said.
        """
        experiments, book = self.experiments(), self.record_book
        if not book.path(experiments[0]).is_relative_to(results_folder()):
            return
        by_name = {self.rows_name(e): e for e in reversed(experiments)}  # the first one counts
        for name, experiment in by_name.items():
            if name is not None:
                again = book.repeat_command(experiment.name)
                missing = self._shipped_rows.keep(name, experiment, again, anew=fresh)
                if missing is not None:
                    say(self, missing)


def _interval(estimate: Crossed) -> Interval:
    return Interval(estimate.mean, estimate.low, estimate.high, estimate.n_seeds)
