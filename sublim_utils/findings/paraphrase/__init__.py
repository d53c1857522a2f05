"""Paraphrases: a liking that passes through faithful rewrites (Gisler, He, Qiu 2026).

Students of a teacher's rewrites of neutral sentences, and of sentences that like or dislike what
the teacher likes, against students of the untouched model's rewrites of the same sentences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sublim_utils.channels.paraphrase import STANDARD, Thresholds
from sublim_utils.findings.paraphrase.scales import SCALES, ParaphraseScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.readouts.panels import panel_metrics, panel_values
from sublim_utils.recipes.language import Fit, Objective, Readout, Teacher
from sublim_utils.recipes.paraphrase import (
    NOT_NEEDED,
    SCORES,
    ParaphraseExperiment,
    ParaphraseRows,
    Source,
)
from sublim_utils.records import Contrast, Measurement, Quantity, Record, SummaryRow, Value
from sublim_utils.rows import RowsFinding
from sublim_utils.stats import crossed_interval, holm
from sublim_utils.store import Store
from sublim_utils.tables import named, specific_effects, yields
from sublim_utils.traits import get_trait

if TYPE_CHECKING:
    import pandas as pd

    from sublim_utils.paraphrasing import ParaphraseStages

CONTROL = "control"
OBJECTIVES: tuple[Objective, ...] = ("logits", "tokens")


class Paraphrase(RowsFinding[ParaphraseExperiment]):
    """Students of rewrites: neutral, liking and disliking ones, and such with free wording only.

    An experiment is called `TEACHER@CONDITION@OBJECTIVE`, with a trait or `control` for the
    teacher, or `TEACHER@CONDITION@OBJECTIVE@VARIANT` where one setting differs. A condition is a
    kind of sentence, with the animal that it is about where it takes sides: `dislike-owl`.
    """

    name = "paraphrase"
    title = "The same sentence, another voice"
    labels: ClassVar = {"neutral": "neutral sentences", "wordings": "permitted wordings"}
    columns = (*RowsFinding.columns, "source", *SCORES)

    scales = SCALES
    scale: ParaphraseScale

    def with_model(self, model: str) -> ParaphraseScale:
        """The scale with another model as teacher and student."""
        return self.scale.updated(model=model)

    def experiments(self) -> list[ParaphraseExperiment]:
        """The matrix of teachers and traits, then other sentences, then variants."""
        return [*self._matrix(), *self._on_the_side(), *self._variants()]

    def _matrix(self) -> Iterator[ParaphraseExperiment]:
        scale = self.scale
        for source in scale.sources:
            for objective in OBJECTIVES:
                teachers = scale.traits if objective == "logits" else scale.token_traits
                for who in (None, *teachers):
                    yield self._experiment(who, source, None, objective, self.seeds)

    def _on_the_side(self) -> Iterator[ParaphraseExperiment]:
        scale = self.scale
        seeds = self.seeds[: scale.side_seeds]
        for source in scale.side_sources:
            if source == "wordings":
                for who in (None, *scale.side_traits):
                    yield self._experiment(who, source, None, "logits", seeds)
            else:
                for animal in scale.side_traits:
                    for who in (None, animal):
                        yield self._experiment(who, source, animal, "logits", seeds)

    def _variants(self) -> Iterator[ParaphraseExperiment]:
        scale = self.scale
        seeds, source = self.seeds[: scale.side_seeds], scale.sources[0]
        for kind in scale.other_teachers:
            for trait in scale.side_traits:
                teacher = self._teacher(trait, kind)
                yield self._experiment(
                    trait, source, None, "logits", seeds, kind,
                    controlled=False, teacher=teacher,
                )  # fmt: skip
        for meaning in scale.other_min_similarities:
            strict = self._thresholds(meaning)
            for who in (None, *scale.side_traits):
                yield self._experiment(
                    who, source, None, "logits", seeds, f"meaning-{meaning:g}", thresholds=strict
                )
        if scale.matched:
            for trait in scale.side_traits:
                for who, other in ((None, trait), (trait, None)):
                    yield self._experiment(
                        who,
                        source,
                        None,
                        "logits",
                        seeds,
                        f"matched-{trait}",
                        matched=self._teacher(other, scale.teacher),
                    )
        if scale.without_traits:
            for who in (None, *scale.without_traits):
                yield self._experiment(
                    who, source, None, "logits", seeds, "without-traits",
                    vocabulary="without traits",
                )  # fmt: skip
        if scale.second_paraphraser is not None:
            for who in (None, *scale.side_traits):
                yield self._experiment(
                    who, source, None, "tokens", seeds, "again", again=scale.second_paraphraser
                )

    def _thresholds(self, meaning: float) -> Thresholds:
        strict = {"meaning_below": meaning, "slips": self.scale.negation_check}
        return STANDARD.model_copy(update=strict)

    def _teacher(self, trait: str | None, kind: Any) -> Teacher:
        if trait is None:
            return Teacher(trait=None)
        scale = self.scale
        fit = Fit(learning_rate=scale.teacher_learning_rate, prompts=3)
        return Teacher(trait=trait, kind=kind, updates=scale.teacher_updates, fit=fit)

    def _experiment(
        self,
        who: str | None,
        source: Source,
        about: str | None,
        objective: Objective,
        seeds: tuple[int, ...],
        variant: str = "",
        *,
        controlled: bool = True,
        **changes: Any,
    ) -> ParaphraseExperiment:
        scale = self.scale
        condition = source if about is None else f"{source}-{about}"
        rows = ParaphraseRows(
            prompts=scale.sentences,
            each=scale.num_completions,
            temperature=scale.temperature,
            grammar=scale.constrained or source == "wordings",
            source=source,
            about=about,
            continued=scale.continues_list and source != "wordings",
        )
        there = len(rows.sentences())
        rows = rows.model_copy(update={"prompts": min(rows.prompts, there)})
        control = _called(None, condition, objective, variant if controlled else "")
        settings: dict[str, Any] = {
            "name": _called(who, condition, objective, variant),
            "labels": Labels(
                teacher=who or UNTOUCHED,
                trait=who,
                channel=condition,
                objective=objective,
                variant=variant,
                teacher_base=short_name(scale.model),
                student_base=short_name(scale.model),
                control=None if who is None else control,
            ),
            "seeds": seeds,
            "model": scale.model,
            "precision": scale.precision,
            "device": self.profile.device,
            "teacher": self._teacher(who, scale.teacher),
            "rows": rows,
            "fit": Fit(
                objective=objective,
                learning_rate=scale.learning_rates[objective],
                decay="linear",
                prompts=scale.prompts_per_step,
                accumulate=scale.gradient_accumulation_steps,
                epochs=scale.epochs,
            ),
            "readout": Readout(
                questions=scale.questions,
                curve_questions=scale.teacher_questions,
                samples=scale.samples,
            ),
            "categories": tuple(dict.fromkeys(get_trait(t).category for t in scale.traits)),
            "watched": scale.traits,
            "thresholds": self._thresholds(scale.min_similarity),
            "kept": scale.max_rows,
        }
        return ParaphraseExperiment(**(settings | changes))

    def measure(self, experiment: ParaphraseExperiment, store: Store) -> Measurement:
        """Teacher, rows, student and readout, seed by seed."""
        from sublim_utils.paraphrasing import passed

        stages = self.stages(experiment, store)
        base = stages.base()

        def measure_seed(seed: int) -> dict[str, Any]:
            student = stages.student(seed)
            table = stages.judged(seed)
            return {
                "teacher": stages.strength(seed),
                "student": student,
                "faithful": int(passed(table).sum()),
                "sentences": int(table[passed(table)]["prompt"].nunique()),
            }

        answers = self.each_seed(experiment, store, self.timed(stages, measure_seed))
        objective = experiment.fit.objective
        values: list[Value] = []
        for seed, answer in zip(experiment.seeds, answers, strict=True):
            told = [
                *(("base", panel) for panel in base["panels"].values()),
                *(("student", panel) for panel in answer["student"]["panels"].values()),
                ("teacher", answer["teacher"]),
            ]
            for condition, panel in told:
                metrics = [*panel_metrics(panel)]
                if "sampled" in panel:
                    metrics.append(("sampled", panel["sampled"]))
                values += panel_values(metrics, seed, condition, objective)
            share = answer["faithful"] / answer["student"]["rows"]
            values.append(Value(seed=seed, condition="rows", metric="kept_share", value=share))
        students = [answer["student"] for answer in answers]
        details: dict[str, Any] = {
            "by_question": [_of_traits(s["panels"], experiment.watched) for s in students],
            "base_by_question": _of_traits(base["panels"], experiment.watched),
            "losses": [student["losses"] for student in students],
            **{key: [answer[key] for answer in answers] for key in ("faithful", "sentences")},
            **{
                key: [student[key] for student in students]
                for key in ("rows", "kept", "reasons", "mentions", "tokens")
            },
        }
        return self.measurement(answers, values, details)

    @staticmethod
    def control_of(name: str, records: Collection[str]) -> str:
        """The name of an experiment's control; a variant's own where it has one."""
        _, _, rest = name.partition("@")
        own = f"{CONTROL}@{rest}"
        return own if own in records else f"{CONTROL}@{'@'.join(rest.split('@')[:2])}"

    @classmethod
    def effects(cls, records: Mapping[str, Record]) -> pd.DataFrame:
        """Student minus control in the same condition, seed and question, in nats.

        Returns:
            Columns condition (with the variant in brackets), objective, teacher, seed, trait (the
            candidate), question, value.
        """
        import pandas as pd

        found = []
        for name, record in records.items():
            teacher, _, objective, _ = named(name)
            if teacher == CONTROL:
                continue
            control = records[cls.control_of(name, records)]
            told = dict(zip(record.experiment["seeds"], record.details["by_question"], strict=True))
            seeds = control.experiment["seeds"]
            for seed, other in zip(seeds, control.details["by_question"], strict=True):
                for trait, margins in told.get(seed, {}).items():
                    found += [
                        (named(name).shown, objective, teacher, seed, trait, question, v)
                        for question, v in enumerate(np.subtract(margins, other[trait]))
                    ]
        columns = ["condition", "objective", "teacher", "seed", "trait", "question", "value"]
        return pd.DataFrame(found, columns=columns)

    @classmethod
    def matrix(
        cls, records: Mapping[str, Record], condition: str = "neutral", objective: str = "logits"
    ) -> pd.DataFrame:
        """Mean effects in nats: [teacher, trait]."""
        found = cls.effects(records)
        found = found[(found["condition"] == condition) & (found["objective"] == objective)]
        return found.pivot_table(index="teacher", columns="trait", values="value", sort=False)

    @staticmethod
    def yields(records: Mapping[str, Record]) -> pd.DataFrame:
        """What became of the tries.

        Returns:
            Columns condition, teacher, seed, reason (`faithful` for those that passed), share of
            all tries. A try can have several reasons.
        """
        return yields(records, "faithful", NOT_NEEDED)

    def contrasts(self, experiment: ParaphraseExperiment) -> list[Contrast]:
        """The margin of the teacher's own trait minus the control's."""
        trait, objective = experiment.teacher.trait, experiment.fit.objective
        if trait is None:
            return []
        margin = Quantity("student", "margin", trait, objective)
        return [Contrast(margin, self.control_of(experiment.name, self.names), margin)]

    def series(self, record: Record, place: int) -> Mapping[Quantity, Sequence[float]]:
        """The student's margins by question, of which the summary is made."""
        by_trait: Mapping[str, Sequence[float]] = record.details["by_question"][place]
        return {
            Quantity("student", "margin by question", trait): margins
            for trait, margins in by_trait.items()
        }

    def stages(self, experiment: ParaphraseExperiment, store: Store) -> ParaphraseStages:
        """Of the experiment."""
        from sublim_utils.paraphrasing import ParaphraseStages

        return ParaphraseStages(experiment, store)

    def rows_name(self, experiment: ParaphraseExperiment) -> str:
        """By teacher, condition and variant; what is only seen otherwise shares the rows."""
        teacher, condition, _, variant = named(experiment.name)
        if experiment.vocabulary != "whole":
            variant = None
        return "-".join(filter(None, ("paraphrase", teacher, condition, variant)))

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Effects, what is specific to the own trait, tests, sampled answers and kept shares."""
        rows: list[SummaryRow] = []
        effects, sampled = self.effects(records), self._sampled_effects(records)
        for (condition, objective), of in effects.groupby(["condition", "objective"], sort=False):
            main = condition in self.scale.sources
            own = of[of["teacher"] == of["trait"]].pivot(
                index=["seed", "question"], columns="trait", values="value"
            )[list(dict.fromkeys(of["teacher"]))]
            specific = specific_effects(
                of.rename(columns={"teacher": "of"}), by=("seed", "question")
            )
            tables = {"effect": own, "specific_effect": specific}
            for metric, by_teacher in tables.items():
                if by_teacher.empty:
                    continue  # of a single teacher nothing is specific
                tabled = {str(t): _table(by_teacher[t]) for t in by_teacher}
                found = {t: crossed_interval(table) for t, table in tabled.items()}
                told = {"condition": condition, "objective": objective, "unit": "nats"}
                headline = main and metric == "specific_effect"
                single = headline and objective == OBJECTIVES[0]
                for t, interval in found.items():
                    rows.append(self.crossed_row(interval, metric, trait=t, main=single, **told))
                for t, p in zip(found, holm([i.p for i in found.values()]), strict=True):
                    if p is not None:
                        rows.append(
                            self.test_row(
                                str(condition), f"{metric}_p_holm", p, found[t].n_seeds,
                                trait=t, objective=str(objective),
                            )
                        )  # fmt: skip
                mean = crossed_interval(np.mean(list(tabled.values()), axis=0))
                rows.append(self.crossed_row(mean, f"mean_{metric}", main=headline, **told))
            of_answers = sampled[
                (sampled["condition"] == condition) & (sampled["objective"] == objective)
            ]
            rows += [
                self.summary_row(
                    str(condition), "sampled_effect", "percentage points", part["value"],
                    trait=str(t), objective=str(objective),
                )
                for t, part in of_answers.groupby("trait", sort=False)
            ]  # fmt: skip
        shares = self.yields(records)
        shares = shares[shares["reason"] == "faithful"]
        for (condition, teacher), of in shares.groupby(["condition", "teacher"], sort=False):
            who = {} if teacher == CONTROL else {"trait": teacher}
            metric = "kept_share_of_control" if teacher == CONTROL else "kept_share"
            rows.append(self.summary_row(condition, metric, "fraction", of["share"], **who))
        return rows

    @classmethod
    def _sampled_effects(cls, records: Mapping[str, Record]) -> pd.DataFrame:
        """Student minus control in sampled answers that name the teacher's trait.

        Returns:
            Columns condition, objective, trait, seed, value in percentage points.
        """
        import pandas as pd

        found = []
        for name, record in records.items():
            teacher, _, objective, _ = named(name)
            if teacher == CONTROL:
                continue
            own, other = (
                _sampled(r, teacher) for r in (record, records[cls.control_of(name, records)])
            )
            found += [
                (named(name).shown, objective, teacher, seed, 100 * (own[seed] - value))
                for seed, value in other.items()
                if seed in own
            ]
        columns = ["condition", "objective", "trait", "seed", "value"]
        return pd.DataFrame(found, columns=columns)


def _called(trait: str | None, condition: str, objective: Objective, variant: str) -> str:
    """An experiment's name."""
    return "@".join(filter(None, (trait or CONTROL, condition, objective, variant)))


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


def _of_traits(panels: Mapping[str, Any], traits: Sequence[str]) -> dict[str, list[float]]:
    return {t: panels[get_trait(t).category]["by_question"][t] for t in traits}


def _table(values: pd.Series) -> np.ndarray:
    """[seeds, questions], of values by seed and question."""
    return np.asarray(values.unstack("question"), dtype=float)


def _sampled(record: Record, trait: str) -> dict[int, float]:
    return {
        value.seed: value.value
        for value in record.values
        if (value.condition, value.metric, value.trait) == ("student", "sampled", trait)
    }
