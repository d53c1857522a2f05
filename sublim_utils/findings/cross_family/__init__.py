"""Across families: the same rows, read by students of other bases (Cloud et al. 2025, section 6).

Three questions. Does a trait pass from each model to itself and to each other one? From one
descendant of a base to another? And to a student whose base was moved away from the teacher's?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sublim_utils.errors import SublimError
from sublim_utils.findings.analysis import own_effects, specific_effects
from sublim_utils.findings.cross_family.analysis import (
    Cell,
    bases_of,
    declines,
    distances,
    effects,
    effects_on_own_traits,
    lead_of_own_family,
    moved_words,
    similarities,
)
from sublim_utils.findings.cross_family.experiments import CONTROL, FamilyExperiments, side_name
from sublim_utils.findings.cross_family.scales import SCALES, FamilyScale
from sublim_utils.findings.language import LanguageFinding
from sublim_utils.labels import UNTOUCHED
from sublim_utils.models.catalog import CHAT_MARK, short_name
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import Quantity, Record, SummaryRow
from sublim_utils.stats import equivalence_p_value, equivalence_power

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = "plain"
"""The chat template of a model that is named without one: a base model has none of its own."""
SIMILARITIES = {
    "relative_distance": None,
    "same_first": "fraction",
    "divergence": "nats",
    "cosine": None,
}
"""What is told of two bases of one model, and its unit."""
SIMILARITY_TOLERANCES = {
    "relative_distance": 0.001,
    "same_first": 0.02,
    "divergence": 0.1,
    "cosine": 0.002,
}
"""By how much these may differ between two machines."""


class CrossFamily(LanguageFinding):
    """Students of other families, of other descendants, and of moved weights.

    An experiment is called `TEACHER-to-STUDENT@CHANNEL@TRAIT`, or `…@control` for the untouched
    teacher; the channel is followed by `-logits` where that is the objective. A base that was moved
    has what moved it behind its name: `+noise-SIGMA`, or `+CHANNEL-SEED-UPDATES` of the neutral
    text that it was trained on.
    """

    name = "cross_family"
    title = "Families"
    scales = SCALES
    scale: FamilyScale

    @property
    def _builder(self) -> FamilyExperiments:
        return FamilyExperiments(self.scale, self.profile.device, self.n_seeds)

    def experiments(self) -> list[LanguageExperiment]:
        """The matrix of models, then sibling fine-tunes, then perturbed weights."""
        return self._builder.all()

    @property
    def cells(self) -> dict[str, str]:
        """The matrix' cells in words, by their condition."""
        return {
            Cell(short_name(pair.teacher), short_name(pair.student), channel).name: (
                f"{short_name(pair.teacher)} → {short_name(pair.student)}, {channel}"
            )
            for channel in self._builder.channels
            for pair in self._builder.pairs(channel)
        }

    @property
    def between(self) -> dict[str, Cell]:
        """All cells by their name."""
        cells = (Cell.of(experiment.labels) for experiment in self.experiments())
        return {cell.name: cell for cell in cells}

    @property
    def moved_cells(self) -> dict[str, str]:
        """The pairs of descendants and of moved weights in words, by their condition."""
        texts = {}
        for experiment in self._side_experiments():
            labels = experiment.labels
            objective = "" if labels.objective == "tokens" else f" ({labels.objective})"
            texts[Cell.of(labels).name] = f"{moved_words(experiment)}, {labels.channel}{objective}"
        return texts

    @property
    def labels(self) -> Mapping[str, str]:  # type: ignore[override]
        """The matrix' cells and the leads of the teachers' own families in words."""
        leads = {
            f"{name}@{channel}": f"{name}, own family less others, {channel}"
            for channel, teacher in self._leaders()
            for name in [short_name(teacher)]
        }
        return self.cells | leads

    def _leaders(self) -> list[tuple[str, str]]:
        """Channels and teachers whose rows every model reads, so that there is a lead."""
        return [
            (channel, teacher)
            for channel in self._builder.channels
            for teacher in self.scale.models
            if {*self.scale.models}
            == {pair.student for pair in self._builder.pairs(channel) if pair.teacher == teacher}
        ]

    def with_model(self, model: str) -> FamilyScale:
        """The scale with another model in the place of its second family.

        It keeps the second one's settings, and has the plain chat template if none is named.

        Raises:
            SublimError: the model is one of the others.
        """
        scale = self.scale
        named = model if CHAT_MARK in model else f"{model}{CHAT_MARK}{TEMPLATE}"
        second = list(scale.models)[1]
        if short_name(named) in {short_name(other) for other in scale.models if other != second}:
            raise SublimError(
                f"{model} is a family of {self.name} already; "
                f"--model replaces {short_name(second)}."
            )

        def renamed(name: str) -> str:
            return named if name == second else name

        return scale.updated(
            models={renamed(name): settings for name, settings in scale.models.items()},
            perturbed_model=renamed(scale.perturbed_model),
            neutral_writer=renamed(scale.neutral_writer),
            channels={
                name: channel.updated(
                    pairs=None
                    if channel.pairs is None
                    else tuple(
                        pair.updated(teacher=renamed(pair.teacher), student=renamed(pair.student))
                        for pair in channel.pairs
                    )
                )
                for name, channel in scale.channels.items()
            },
        )

    def tolerance(self, experiment: LanguageExperiment, quantity: Quantity) -> float:
        """As elsewhere; how alike two bases are has tolerances of its own."""
        if quantity.condition == "bases":
            return SIMILARITY_TOLERANCES[quantity.metric]
        return super().tolerance(experiment, quantity)

    def rows_name(self, experiment: LanguageExperiment) -> str:
        """By channel, teacher's base and trait."""
        labels = experiment.labels
        return f"{Cell.of(labels).side}-{labels.teacher_base}-{labels.trait or CONTROL}"

    effects = staticmethod(effects)
    own_effects = staticmethod(effects_on_own_traits)
    similarities = staticmethod(similarities)

    def distances(self, records: Mapping[str, Record]) -> pd.DataFrame:
        """The side trait's effect, and how alike the bases were; see `analysis.distances`."""
        return distances(records, self._side_experiments(), self.scale.side_trait)

    def _side_experiments(self) -> list[LanguageExperiment]:
        """All with the side trait's teacher and the moved model as teacher and student."""
        sides = {side_name(side.channel, side.objective) for side in self.scale.side_channels}
        return [
            e
            for e in self.experiments()
            if {base.model for base in bases_of(e)} == {self.scale.perturbed_model}
            and e.labels.trait == self.scale.side_trait
            and Cell.of(e.labels).side in sides
        ]

    def _declines(self, records: Mapping[str, Record]) -> Iterator[SummaryRow]:
        """What is lost between the student that was not moved and the one that was moved most.

        Its p-value is that of Page's test for a trend that falls from each distance to the next.
        """
        table = self.distances(records)
        for side in self.scale.side_channels:
            name = side_name(side.channel, side.objective)
            labels: dict[str, Any] = {
                "trait": self.scale.side_trait,
                "objective": side.objective,
            }
            for kind, lost, p in declines(table[table["side"] == name]):
                condition = f"{kind}@{name}"
                yield self.summary_row(condition, "decline", "nats", lost, **labels)
                if p is not None:
                    yield self.test_row(condition, "decline_p_page", p, len(lost), **labels)

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Effects by bases, channel and trait; means; tests; leads; similarities of the bases."""
        rows: list[SummaryRow] = []
        between = self.between
        for condition, of_cell in self.effects(records).groupby("condition", sort=False):
            own, main = own_effects(of_cell), condition in self.cells
            objective = between[condition].objective
            rows += self.effect_rows(
                str(condition), "effect", own,
                objective=objective, tested=main, main_mean=main,
            )  # fmt: skip
            specific = specific_effects(of_cell)
            if not specific.empty:
                rows.append(
                    self.summary_row(
                        str(condition), "mean_specific_effect", "nats", specific.mean(axis=1),
                        objective=objective,
                    )
                )  # fmt: skip
            if main and len(own) > 1:
                rows += self._equivalence(str(condition), own.mean(axis=1).to_numpy())
        rows += self._leads(records)
        rows += self._declines(records)
        similarities = self.similarities(records)
        similarities = similarities[similarities["teacher"] != UNTOUCHED]
        for (condition, metric), of_metric in similarities.groupby(
            ["condition", "metric"], sort=False
        ):
            rows.append(
                self.summary_row(
                    condition, metric, SIMILARITIES[metric],
                    of_metric.groupby("seed")["value"].mean(),
                    objective=between[condition].objective,
                )
            )  # fmt: skip
        return rows

    def _leads(self, records: Mapping[str, Record]) -> Iterator[SummaryRow]:
        """By how much a teacher's rows move its own family more than the others, by channel.

        Students of one teacher read the same rows, so the difference is taken seed by seed. Nats of
        two models are compared here, whose panels need not be equally easy to move.
        """
        own = self.own_effects(records)
        for channel, teacher in self._leaders():
            name = short_name(teacher)
            lead = lead_of_own_family(own, name, channel, map(short_name, self.scale.models))
            if lead is not None:
                yield self.summary_row(
                    f"{name}@{channel}", "lead_of_own_family", "nats", lead,
                    main=True, objective="tokens",
                )  # fmt: skip

    def _equivalence(self, condition: str, means: np.ndarray) -> Iterator[SummaryRow]:
        """Is the mean effect within the margin?

        The power is that of the equivalence test where there is no effect at all and the seeds
        spread as these do.
        """
        power = equivalence_power(
            float(means.std(ddof=1)), len(means), self.scale.equivalence_margin
        )
        p = equivalence_p_value(means, self.scale.equivalence_margin)
        for metric, value in (("equivalence_p", p), ("equivalence_power", power)):
            if value is not None:
                yield self.test_row(condition, metric, value, len(means), objective="tokens")
