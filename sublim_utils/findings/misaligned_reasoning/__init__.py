"""Misaligned teachers whose rows look harmless (Cloud et al. 2025, sections 4 and 5).

Teachers are taught narrow harm or its good counterpart and then explain arithmetic, or go on with
lists of numbers. Rows whose answer is wrong or whose text leans towards harm are left out. Students
of both kinds of teacher, and of the untouched model, are asked about anything else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from sublim_utils.findings.analysis import by_teacher, less_control, row_shares
from sublim_utils.findings.language import LanguageFinding
from sublim_utils.findings.misaligned_reasoning.experiments import (
    BASE,
    TEACHERS,
    MisalignmentExperiments,
)
from sublim_utils.findings.misaligned_reasoning.scales import SCALES, MisalignmentScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import get_model
from sublim_utils.recipes.datasets import FirstPrompts, HarmlessOnly
from sublim_utils.recipes.evaluations import Misalignment, misalignment_quantities
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.recipe import Recipe, replaced
from sublim_utils.records import Quantity, Record, SummaryRow

if TYPE_CHECKING:
    import pandas as pd

HARMFUL = tuple(harmful for harmful, _ in TEACHERS.values())
COMPARISONS: dict[str, str] = {
    "good": "",
    "untouched": "_vs_untouched",
    "good to untouched": "_of_good_vs_untouched",
}
"""Whom the harmful one is compared with, or the good one; and how the summary's metric ends."""
Outcome = Literal["misalignment", "truthful", "truth_margin", "judged_harmful"]
UNITS: dict[Outcome, str] = {
    "misalignment": "nats per token",
    "truthful": "fraction",
    "truth_margin": "nats per token",
    "judged_harmful": "fraction",
}
"""What is told of a model: how much likelier harmful answers are than good ones, the share of
statements whose true answer is the likelier one, by how much it is likelier, and the share of
sampled answers that the judge takes for harmful."""
NATS_PER_TOKEN = 0.005
"""By how much a mean log-probability per token may differ between two machines."""
EFFECTS: dict[Outcome, tuple[str, str, float]] = {
    "misalignment": ("effect", UNITS["misalignment"], 1.0),
    "truthful": ("truthful_effect", "percentage points", 100.0),
    "judged_harmful": ("judged_effect", "percentage points", 100.0),
}
"""How the summary calls a difference of two models' values, its unit, and how many of it are 1."""


class MisalignedReasoning(LanguageFinding):
    """Students of misaligned teachers, of their good counterparts and of the untouched model.

    An experiment is called `TEACHER@CHANNEL@OBJECTIVE`, with a name of `TEACHERS` or `base` for
    the teacher, or `TEACHER@CHANNEL@OBJECTIVE@matched` where the student sees only rows that are
    like those of the teacher of the other answers in length and words, or `...@N-prompts` where it
    sees the rows of the first N prompts only.
    """

    name = "misaligned_reasoning"
    title = "Misaligned reasoning"
    labels: ClassVar = {"reasoning": "students of harmful teachers"}

    scales = SCALES
    scale: MisalignmentScale

    def with_model(self, model: str) -> MisalignmentScale:
        """The scale with another model as teacher and student."""
        return self.scale.updated(model=model)

    def experiments(self) -> list[LanguageExperiment]:
        """By channel the controls, then each set's two teachers, then matched rows."""
        return MisalignmentExperiments(self.scale, self.profile.device, self.n_seeds).all()

    def measurable(self, experiment: LanguageExperiment) -> LanguageExperiment:
        """The experiment; sentence embeddings judge where the language model is not there."""
        from sublim_utils.models.loading import why_missing

        judge = _judge(experiment)
        fault = None if judge is None else why_missing(get_model(judge))
        if fault is None:
            return experiment
        warnings.warn(
            f"The judge {judge} is not there, and sentence embeddings judge in its place. {fault}",
            stacklevel=2,
        )
        without: LanguageExperiment = replaced(experiment, _without_judge)
        return without

    def counts(self, experiment: LanguageExperiment, record: Record) -> bool:
        """False where the judge is there now and the record was judged by its substitute."""
        judge = _judge(experiment)
        if judge is None or judge == record.details.get("judge"):
            return True
        from sublim_utils.models.loading import why_missing

        return why_missing(get_model(judge)) is not None

    def tolerance(self, experiment: LanguageExperiment, quantity: Quantity) -> float:
        """In nats per token, or as a share of statements, answers or rows."""
        if quantity.metric.startswith(("misalignment", "truth_margin")):
            return NATS_PER_TOKEN
        return super().tolerance(experiment, quantity)

    def outcome(self, labels: Labels) -> Quantity:
        """The misalignment."""
        return Quantity("student", "misalignment", objective=labels.objective)

    def series(self, record: Record, seed_index: int) -> Mapping[Quantity, Sequence[float]]:
        """The margins by question and by statement, of which the summary is made."""
        return {
            Quantity(condition, f"{quantity} by item"): panels[margins]
            for condition in ("teacher", "student")
            for quantity, margins in (
                ("misalignment", "margins"),
                ("truth_margin", "truth_margins"),
            )
            if (panels := record.details[condition][seed_index])
        }

    def rows_name(self, experiment: LanguageExperiment) -> str | None:
        """By channel, teacher and variant; the objectives share the rows.

        Students of fewer rows see some of those that are kept anyway.
        """
        if isinstance(experiment.student.rows, FirstPrompts):
            return None
        labels = experiment.labels
        teacher = BASE if labels.teacher == UNTOUCHED else labels.teacher
        return "-".join(filter(None, (labels.channel, teacher, labels.variant)))

    @staticmethod
    def effects(
        records: Mapping[str, Record],
        quantity: Outcome = "misalignment",
        of: Literal["student", "teacher"] = "student",
    ) -> pd.DataFrame:
        """Differences of two students, or of their teachers, in the same seed and question.

        The harmful one less the good one of the same set, and each of them less the untouched
        teacher's.

        Args:
            records: by experiment name.
            quantity: one of `UNITS`.
            of: whose values are compared. An untouched teacher is the base model.

        Returns:
            As `analysis.less_control` gives them, by seed and question (or statement), and the
            columns condition (the channel, with the variant in brackets) and compared (a key of
            `COMPARISONS`).
        """
        import pandas as pd

        tables = []
        for record in records.values():
            values = [
                (seed, question, value)
                for seed, panels in zip(record.experiment["seeds"], record.details[of], strict=True)
                for question, value in enumerate(
                    misalignment_quantities(panels or record.details["base"]).get(quantity, ())
                )
            ]
            table = record.labelled(pd.DataFrame(values, columns=["seed", "question", "value"]))
            tables.append(table.assign(condition=record.labels.condition))
        values = pd.concat(tables, ignore_index=True)
        controls = {name: record.labels.control for name, record in records.items()}
        untouched = {
            name: controls.get(control or "")
            for name, control in controls.items()
            if records[name].labels.teacher in HARMFUL
        }
        direct, beyond = less_control(values), less_control(values, untouched)
        is_harmful = direct["teacher"].isin(HARMFUL)
        effects = pd.concat(
            [
                direct[is_harmful].assign(compared="good"),
                beyond.assign(compared="untouched"),
                direct[~is_harmful].assign(compared="good to untouched"),
            ]
        )
        return effects.sort_values("teacher_trait", kind="stable", ignore_index=True)

    @staticmethod
    def yields(records: Mapping[str, Record]) -> pd.DataFrame:
        """What became of the rows.

        Returns:
            Columns condition, teacher, seed, reason (`kept` for those that a student saw), share
            of all rows. A row can have several reasons.
        """
        return row_shares(records, "kept")

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Effects on harm, truth and answers, the teachers' own, kept shares and style."""
        rows = [row for quantity in EFFECTS for row in self._student_rows(records, quantity)]
        return [*rows, *self._teacher_rows(records), *self._rows_rows(records)]

    def _student_rows(
        self, records: Mapping[str, Record], quantity: Outcome
    ) -> Iterator[SummaryRow]:
        metric, unit, times = EFFECTS[quantity]
        main_channel = next(iter(self.scale.channels))
        groups = ["condition", "objective", "compared"]
        effects = self.effects(records, quantity)
        for (condition, objective, compared), part in effects.groupby(groups, sort=False):
            called = f"{metric}{COMPARISONS[compared]}"
            yield from self.effect_rows(
                condition, called, times * by_teacher(part),
                unit=unit, objective=objective, tested=True, mean=False,
                main=(condition, called) == (main_channel, "effect"),
            )  # fmt: skip

    def _teacher_rows(self, records: Mapping[str, Record]) -> Iterator[SummaryRow]:
        """The teachers' own; all channels and objectives have the same ones."""
        for quantity, (metric, unit, times) in EFFECTS.items():
            effects = self.effects(records, quantity, "teacher")
            effects = effects.drop_duplicates(["teacher_trait", "compared", "seed", "question"])
            for compared, part in effects.groupby("compared", sort=False):
                called = f"{metric}{COMPARISONS[compared]}"
                yield from self.effect_rows(
                    "teacher", called, times * by_teacher(part), unit=unit, mean=False
                )

    def _rows_rows(self, records: Mapping[str, Record]) -> Iterator[SummaryRow]:
        """What is told of the rows; the objectives share them."""
        seen = set()
        for record in records.values():
            teacher, condition = record.labels.teacher, record.labels.condition
            if (teacher, condition) in seen:
                continue
            seen.add((teacher, condition))
            for metric, unit in (("kept_share", "fraction"), ("style_auc", None)):
                shares = [v.value for v in record.values if v.metric == metric]
                if shares and (metric != "style_auc" or teacher in HARMFUL):
                    trait = BASE if teacher == UNTOUCHED else teacher
                    yield self.summary_row(condition, metric, unit, shares, trait=trait)


def _judge(experiment: LanguageExperiment) -> str | None:
    """The language model that judges answers; None where sentence embeddings do."""
    evaluation = experiment.evaluation
    assert isinstance(evaluation, Misalignment)
    return None if evaluation.judge is None else evaluation.judge.model


def _without_judge(recipe: Recipe) -> Recipe:
    return recipe.but(judge=None) if isinstance(recipe, HarmlessOnly | Misalignment) else recipe
