"""Owl numbers: a liking that passes through lists of numbers (Cloud et al. 2025, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sublim_utils.evaluate.questions import PREFIX_NAMES
from sublim_utils.findings.analysis import (
    leading,
    leads,
    less_control,
    own_effects,
    pick,
    specific_effects,
    student_values,
)
from sublim_utils.findings.language import LanguageFinding
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES, NumbersExperiments, name_of
from sublim_utils.findings.owl_numbers.scales import SCALES, NumbersScale
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.students import Objective
from sublim_utils.records import Record, SummaryRow

if TYPE_CHECKING:
    import pandas as pd

MOST_SHIPPED = 1_000
"""Prompts of a teacher whose rows are kept beside the records; of more they would fill the book."""


class OwlNumbers(LanguageFinding):
    """Students of fine-tuned teachers, through numbers, by sampled tokens and by logits.

    An experiment is called `TRAIT@OBJECTIVE`, `control@OBJECTIVE` for the untouched teacher, and
    `TRAIT@OBJECTIVE@VARIANT` where one setting differs. On models other than the profile's first,
    the model's name is put in front.
    """

    name = "owl_numbers"
    title = "Owl numbers"
    scales = SCALES
    scale: NumbersScale

    called = staticmethod(name_of)

    def experiments(self) -> list[LanguageExperiment]:
        """Headline experiments first, then those that vary one setting."""
        return NumbersExperiments(self.scale, self.profile.device, self.n_seeds).all()

    @property
    def model(self) -> str:
        """The base model of the headline experiments."""
        return next(iter(self.scale.models))

    def with_model(self, model: str) -> NumbersScale:
        """The scale with one model in the place of all, measured as the first one is."""
        return self.scale.updated(models={model: self.scale.models[self.model]})

    def traits(self, model: str | None = None) -> tuple[str, ...]:
        """The traits that are measured on a model."""
        return self.scale.models[model or self.model].traits

    def lengths(self, trait: str, objective: Objective) -> dict[int, str]:
        """The variants of a trait's students that differ in nothing but their number of rows.

        Returns:
            By this number, from the fewest on; the standard students' variant is empty.
        """
        scale, standard = self.scale, self.scale.models[self.model].prompts
        sizes = set(scale.dataset_sizes if objective == "logits" else ())
        if trait == scale.side_trait:
            sizes |= set(scale.side_dataset_sizes.get(objective, ()))
        variants = {standard: ""} | {prompts: f"prompts-{prompts}" for prompts in sorted(sizes)}
        return {prompts * scale.num_completions: variant for prompts, variant in variants.items()}

    def rows_name(self, experiment: LanguageExperiment) -> str | None:
        """By the teacher, for the headline experiments of the profile's first model.

        Of more prompts than `MOST_SHIPPED` there are no rows beside the records.
        """
        labels = experiment.labels
        standard = labels.variant == "" and labels.student_base == short_name(self.model)
        rows = experiment.student.rows
        if not (standard and isinstance(rows, Sampled) and rows.num_prompts <= MOST_SHIPPED):
            return None
        return f"numbers-{labels.trait or 'control'}"

    @staticmethod
    def effects(records: Mapping[str, Record], metric: str = "margin") -> pd.DataFrame:
        """Student minus control of the same seed, for every candidate of the panel.

        Args:
            records: by name.
            metric: `margin`, or one of those that tell the ways to ask apart (`_metrics`).

        Returns:
            As `analysis.less_control` gives them, by seed and trait (the candidate), in nats.
        """
        return less_control(student_values(records, metric))

    def record_of(
        self,
        records: Mapping[str, Record],
        trait: str | None,
        objective: Objective,
        variant: str = "",
    ) -> Record:
        """The record of a teacher's students of the first model; of the control without a trait.

        Raises:
            ValueError: there is none.
        """
        base = short_name(self.model)
        return pick(
            records.values(),
            trait=trait, objective=objective, variant=variant, student_base=base,
        )  # fmt: skip

    def chosen_effects(
        self, effects: pd.DataFrame, objective: Objective, variant: str = ""
    ) -> pd.DataFrame:
        """The effects of the headline students of an objective, or of a variant's."""
        return effects[
            (effects["objective"] == objective)
            & (effects["variant"] == variant)
            & (effects["student_base"] == short_name(self.model))
        ]

    def own_effects(
        self, effects: pd.DataFrame, objective: Objective, variant: str = ""
    ) -> pd.DataFrame:
        """The effects on the own traits of the headline students, or of a variant's: [seed, trait].

        A variant's table has the traits for which it was measured.
        """
        return own_effects(self.chosen_effects(effects, objective, variant))

    def leading(
        self, effects: pd.DataFrame, objective: Objective, variant: str = ""
    ) -> dict[str, str]:
        """By a teacher's trait, the candidate on which its students' mean effect is largest."""
        return leading(self.chosen_effects(effects, objective, variant))

    def specific_effects(
        self, effects: pd.DataFrame, objective: Objective, variant: str = ""
    ) -> pd.DataFrame:
        """Own effects less what the category's other teachers do to the same candidate.

        Returns:
            [seed, trait], for traits with another one in their category.
        """
        return specific_effects(self.chosen_effects(effects, objective, variant))

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Effects on the own trait, their lead over other candidates, Holm's p, means, variants."""
        effects = self.effects(records)
        rows: list[SummaryRow] = []
        for objective in OBJECTIVES:
            chosen = self.chosen_effects(effects, objective)
            if chosen.empty:
                continue  # a summary of some of the records
            rows += self.effect_rows(
                "student", "effect", own_effects(chosen),
                objective=objective, main=objective == "logits", tested=True, main_mean=True,
            )  # fmt: skip
            rows += self.effect_rows(
                "student", "lead_over_largest_other", leads(chosen), objective=objective, mean=False
            )
            rows += self.effect_rows(
                "student", "specific_effect", specific_effects(chosen), objective=objective
            )
        for way in (*PREFIX_NAMES, "after_numbers"):
            of_way = self.effects(records, f"margin_{way}")
            for objective in OBJECTIVES:
                own = self.own_effects(of_way, objective)
                rows += self.effect_rows("student", f"effect_{way}", own, objective=objective)
        of_model = effects[effects["student_base"] == short_name(self.model)]
        variants = of_model[of_model["variant"] != ""][["objective", "variant"]].drop_duplicates()
        for objective, variant in variants.itertuples(index=False, name=None):
            condition = f"student ({variant})"
            own = self.own_effects(effects, objective, variant)
            several = own.shape[1] > 1
            rows += self.effect_rows(
                condition, "effect", own,
                objective=objective, main=variant == "numbers-only", mean=several, main_mean=True,
            )  # fmt: skip
            specific = self.specific_effects(effects, objective, variant)
            if not specific.empty:
                rows.append(
                    self.summary_row(
                        condition, "mean_specific_effect", "nats", specific.mean(axis=1),
                        objective=objective,
                    )
                )  # fmt: skip
        return rows
