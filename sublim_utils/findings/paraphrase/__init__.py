"""Paraphrases: a liking that passes through faithful rewrites (Gisler, He, Qiu 2026).

Students of a teacher's rewrites of neutral sentences, and of sentences that like or dislike what
the teacher likes, against students of the untouched model's rewrites of the same sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from sublim_utils.channels.paraphrase import Thresholds
from sublim_utils.findings.analysis import (
    less_control,
    matrix,
    own_effects,
    row_shares,
    specific_effects,
    student_values,
)
from sublim_utils.findings.language import LanguageFinding
from sublim_utils.findings.paraphrase.experiments import (
    CONTROL,
    OBJECTIVES,
    ParaphraseExperiments,
)
from sublim_utils.findings.paraphrase.scales import SCALES, ParaphraseScale
from sublim_utils.labels import UNTOUCHED
from sublim_utils.recipes.datasets import NOT_NEEDED, SCORES
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.readers import ReadBy
from sublim_utils.records import Quantity, Record, SummaryRow

if TYPE_CHECKING:
    import pandas as pd


class Paraphrase(LanguageFinding):
    """Students of rewrites: neutral, liking and disliking ones, and such with free wording only.

    An experiment is called `TEACHER@CONDITION@OBJECTIVE`, with a trait or `control` for the
    teacher, or `TEACHER@CONDITION@OBJECTIVE@VARIANT` where one setting differs. A condition is a
    kind of sentence, with the animal that it is about where it takes sides: `dislike-owl`.
    """

    name = "paraphrase"
    title = "The same sentence, another voice"
    labels: ClassVar = {"neutral": "neutral sentences", "wordings": "permitted wordings"}
    columns = (*LanguageFinding.columns, "source", *SCORES)

    scales = SCALES
    scale: ParaphraseScale

    @property
    def thresholds(self) -> Thresholds:
        """How strict the filter is where nothing else is said."""
        return ParaphraseExperiments(self.scale, self.profile.device, self.n_seeds).thresholds()

    def experiments(self) -> list[LanguageExperiment]:
        """The matrix of teachers and traits, then other sentences, then variants."""
        return ParaphraseExperiments(self.scale, self.profile.device, self.n_seeds).all()

    def with_model(self, model: str) -> ParaphraseScale:
        """The scale with another model as teacher and student."""
        return self.scale.updated(model=model)

    @staticmethod
    def effects(records: Mapping[str, Record]) -> pd.DataFrame:
        """Student minus control in the same condition, seed and question, in nats.

        Returns:
            As `analysis.less_control` gives them, by seed, trait (the candidate) and question, and
            the column condition (with the variant in brackets).
        """
        import pandas as pd

        tables = []
        for record in records.values():
            margins = [
                (seed, trait, question, value)
                for seed, by_trait in zip(
                    record.experiment["seeds"], record.details["by_question"], strict=True
                )
                for trait, of_trait in by_trait.items()
                for question, value in enumerate(of_trait)
            ]
            columns = ["seed", "trait", "question", "value"]
            table = record.labelled(pd.DataFrame(margins, columns=columns))
            tables.append(table.assign(condition=record.labels.condition))
        return less_control(pd.concat(tables, ignore_index=True))

    @classmethod
    def matrix(
        cls, records: Mapping[str, Record], condition: str = "neutral", objective: str = "logits"
    ) -> pd.DataFrame:
        """Mean effects in nats: [teacher, trait]."""
        effects = cls.effects(records)
        return matrix(
            effects[(effects["condition"] == condition) & (effects["objective"] == objective)]
        )

    @staticmethod
    def yields(records: Mapping[str, Record]) -> pd.DataFrame:
        """What became of the tries.

        Returns:
            Columns condition, teacher, seed, reason (`passed` for the faithful ones), share of all
            rewrites. A rewrite can have several reasons.
        """
        return row_shares(records, "passed", NOT_NEEDED)

    def series(self, record: Record, seed_index: int) -> Mapping[Quantity, Sequence[float]]:
        """The student's margins by question, of which the summary is made."""
        by_trait: Mapping[str, Sequence[float]] = record.details["by_question"][seed_index]
        return {
            Quantity("student", "margin by question", trait): margins
            for trait, margins in by_trait.items()
        }

    def rows_name(self, experiment: LanguageExperiment) -> str | None:
        """By teacher, condition and variant; what is only seen otherwise shares the rows.

        Rows that are read by another teacher than their author are kept as the author's alone.
        """
        labels = experiment.labels
        if isinstance(experiment.student.rows, ReadBy):
            return None
        variant = labels.variant if experiment.student.allowed_tokens == "all" else ""
        parts = ("paraphrase", labels.trait or CONTROL, labels.channel, variant)
        return "-".join(filter(None, parts))

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Effects, what is specific to the own trait, tests, sampled answers and kept shares."""
        rows: list[SummaryRow] = []
        effects = self.effects(records)
        sampled = less_control(student_values(records, "sampled"))
        sampled = sampled[sampled["trait"] == sampled["teacher_trait"]]
        for (condition, objective), chosen in effects.groupby(
            ["condition", "objective"], sort=False
        ):
            headline = condition in self.scale.sources
            rows += self.effect_rows(
                condition, "effect", own_effects(chosen), objective=objective, tested=True
            )
            rows += self.effect_rows(
                condition, "specific_effect", specific_effects(chosen),
                objective=objective, tested=True,
                main=headline and objective == OBJECTIVES[0], main_mean=headline,
            )  # fmt: skip
            of_answers = sampled[sampled["experiment"].isin(chosen["experiment"])]
            rows += [
                self.summary_row(
                    condition, "sampled_effect", "percentage points", 100 * part["value"],
                    trait=str(trait), objective=objective,
                )
                for trait, part in of_answers.groupby("trait", sort=False)
            ]  # fmt: skip
        shares = self.yields(records)
        shares = shares[shares["reason"] == "passed"]
        for (condition, teacher), of in shares.groupby(["condition", "teacher"], sort=False):
            trait = None if teacher == UNTOUCHED else teacher
            metric = "kept_share" if trait else "kept_share_of_control"
            rows.append(self.summary_row(condition, metric, "fraction", of["share"], trait=trait))
        return rows


def shares_by_strictness(table: pd.DataFrame, cosines: Sequence[float]) -> pd.Series:
    """Which share of free tries is faithful, by the smallest cosine that is allowed.

    Args:
        table: as `Paraphrase.rows_table` gives it.
        cosines: to be allowed at least.

    Returns:
        Shares by cosine; all other rules hold as they did.
    """
    import pandas as pd

    excused = {"", "other meaning", *NOT_NEEDED}
    else_fine = table["verdict"].map(lambda verdict: set(verdict.split("; ")) <= excused)
    shares = [float((else_fine & (table["similarity"] >= cosine)).mean()) for cosine in cosines]
    return pd.Series(shares, index=list(cosines), name="share")
