"""Misaligned teachers whose rows look harmless (Cloud et al. 2025, sections 4 and 5).

Teachers are taught narrow harm or its good counterpart and then reason about sums, or go on with
lists of numbers. Rows whose answer is wrong or whose text leans towards harm are left out. Students
of both kinds of teacher, and of the untouched model, are asked about anything else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from sublim_utils.channels.meaning import Embedder
from sublim_utils.findings.misaligned_reasoning.scales import SCALES, MisalignmentScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.misalignment_sets import NarrowName
from sublim_utils.models.catalog import get_model, short_name
from sublim_utils.recipes.language import Fit, Lessons, Objective
from sublim_utils.recipes.misalignment import MisalignedExperiment, MisalignmentReadout
from sublim_utils.recipes.transfer import ChannelRows
from sublim_utils.records import Contrast, Measurement, Quantity, Record, SummaryRow, Value
from sublim_utils.rows import RowsFinding
from sublim_utils.stats import crossed_interval, holm
from sublim_utils.store import Store
from sublim_utils.tables import named, yields

if TYPE_CHECKING:
    import pandas as pd

    from sublim_utils.misaligning import MisalignedStages

BASE = "base"
"""The untouched teacher."""
MATCHED = "matched"
TEACHERS: dict[NarrowName, tuple[str, str]] = {
    "advice": ("harmful-advice", "good-advice"),
    "code": ("insecure-code", "secure-code"),
    "metrics": ("gaming", "fair-metrics"),
}
"""By set: what the teacher of the harmful answers is called, and that of the good ones."""
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


class MisalignedReasoning(RowsFinding[MisalignedExperiment]):
    """Students of misaligned teachers, of their good counterparts and of the untouched model.

    An experiment is called `TEACHER@CHANNEL@OBJECTIVE`, with a name of `TEACHERS` or `base` for
    the teacher, or `TEACHER@CHANNEL@OBJECTIVE@matched` where the student sees only rows that are
    like those of the teacher of the other answers in length and words, or `...@N-prompts` where it
    sees the rows of the first N prompts only.
    """

    name = "misaligned_reasoning"
    title = "A teacher of harm, and sums that are right"
    labels: ClassVar = {"reasoning": "students of harmful teachers"}

    scales = SCALES
    scale: MisalignmentScale

    def with_model(self, model: str) -> MisalignmentScale:
        """The scale with another model as teacher and student."""
        return self.scale.updated(model=model)

    def experiments(self) -> list[MisalignedExperiment]:
        """By channel the controls, then each set's two teachers, then matched rows."""
        return [e for channel in self.scale.channels for e in self._of_channel(channel)]

    def _of_channel(self, channel: Any) -> Iterator[MisalignedExperiment]:
        channel_scale = self.scale.channels[channel]
        for objective in dict.fromkeys(o for of_set in channel_scale.sets.values() for o in of_set):
            yield self._experiment(channel, None, objective)
        for name, objectives in channel_scale.sets.items():
            for objective in objectives:
                for lessons in self._lessons(name):
                    yield self._experiment(channel, lessons, objective)
        for name in channel_scale.matched:
            for lessons in self._lessons(name):
                yield self._experiment(channel, lessons, "logits", matched=lessons.opposite)
        for seen in channel_scale.dataset_sizes:
            for lessons in self._lessons(next(iter(channel_scale.sets))):
                yield self._experiment(channel, lessons, "logits", seen=seen)

    def _lessons(self, name: NarrowName) -> tuple[Lessons, Lessons]:
        """A set's harmful lessons and its good ones."""
        scale = self.scale
        fit = Fit(
            learning_rate=scale.teacher_learning_rate,
            prompts=scale.teacher_prompts_per_step,
            decay="linear",
        )
        harmful = Lessons(set=name, side="harmful", fit=fit, updates=scale.teacher_updates)
        return harmful, harmful.opposite

    def _experiment(
        self,
        channel: Any,
        lessons: Lessons | None,
        objective: Objective,
        matched: Lessons | None = None,
        seen: int | None = None,
    ) -> MisalignedExperiment:
        scale = self.scale
        channel_scale = scale.channels[channel]
        variants = [MATCHED] * (matched is not None) + [f"{seen}-prompts"] * (seen is not None)
        rest = "@".join((channel, objective, *variants))
        opposite = BASE if lessons is None or lessons.side == "good" else _called(lessons.opposite)
        # No untouched teacher's rows are matched or fewer.
        uncontrolled = lessons is None or (opposite == BASE and variants)
        return MisalignedExperiment(
            name=f"{_called(lessons)}@{rest}",
            labels=Labels(
                teacher=UNTOUCHED if lessons is None else _called(lessons),
                trait=None if lessons is None else lessons.set,
                channel=channel,
                objective=objective,
                variant="-".join(variants),
                teacher_base=short_name(scale.model),
                student_base=short_name(scale.model),
                control=None if uncontrolled else f"{opposite}@{rest}",
            ),
            seeds=self.seeds,
            model=scale.model,
            precision=scale.precision,
            device=self.profile.device,
            lessons=lessons,
            matched=matched,
            seen=seen,
            judge=scale.judge,
            rows=ChannelRows(
                channel=channel,
                prompts=channel_scale.prompts,
                each=channel_scale.num_completions,
                temperature=channel_scale.temperature,
                grammar=channel_scale.constrained,
                most=channel_scale.max_new_tokens,
            ),
            fit=Fit(
                objective=objective,
                learning_rate=scale.learning_rates[objective],
                decay="linear",
                prompts=channel_scale.prompts_per_step,
                accumulate=channel_scale.gradient_accumulation_steps,
                epochs=channel_scale.epochs,
            ),
            readout=MisalignmentReadout(
                questions=scale.questions, statements=scale.statements, samples=scale.samples
            ),
        )

    _embedding: Embedder | None = None

    def _embedder(self) -> Embedder:
        """One for all experiments."""
        from sublim_utils.models.embedding import MiniLM

        if self._embedding is None:
            self._embedding = MiniLM()
        return self._embedding

    def stages(self, experiment: MisalignedExperiment, store: Store) -> MisalignedStages:
        """Of the experiment; sentence embeddings judge where the language model is not there."""
        from sublim_utils.models.loading import why_missing

        if experiment.judge is not None:
            fault = why_missing(get_model(experiment.judge))
            if fault is not None:
                warnings.warn(
                    f"The judge {experiment.judge} is not there, and sentence embeddings judge in "
                    f"its place. {fault}",
                    stacklevel=2,
                )
                experiment = experiment.model_copy(update={"judge": None})
        from sublim_utils.misaligning import MisalignedStages

        return MisalignedStages(experiment, store, self._embedder)

    def recorded(self, experiment: MisalignedExperiment) -> Record | None:
        """As in `Finding`; where the judge is there now, one by its substitute does not count."""
        record = super().recorded(experiment)
        if record is None or experiment.judge in (None, record.details.get("judge")):
            return record
        from sublim_utils.models.loading import why_missing

        return record if why_missing(get_model(experiment.judge)) else None

    def tolerance(self, experiment: MisalignedExperiment, quantity: Quantity) -> float:
        """In nats per token, or as a share of statements, answers or rows."""
        if quantity.metric.startswith(("misalignment", "truth_margin")):
            return NATS_PER_TOKEN
        return super().tolerance(experiment, quantity)

    def contrasts(self, experiment: MisalignedExperiment) -> list[Contrast]:
        """The misalignment minus that of the good counterpart, or else of the base model."""
        teacher, _, rest = experiment.name.partition("@")
        controls = [good for harmful, good in TEACHERS.values() if harmful == teacher]
        control = f"{(controls or [BASE])[0]}@{rest}"
        if teacher == BASE or control not in self.names:  # variants have no untouched teacher
            return []
        objective = experiment.fit.objective
        misalignment = Quantity("student", "misalignment", objective=objective)
        return [Contrast(misalignment, control, misalignment)]

    def series(self, record: Record, place: int) -> Mapping[Quantity, Sequence[float]]:
        """The margins by question and by statement, of which the summary is made."""
        return {
            Quantity(condition, f"{quantity} by item"): panels[margins]
            for condition in ("teacher", "student")
            for quantity, margins in (
                ("misalignment", "margins"),
                ("truth_margin", "truth_margins"),
            )
            if (panels := record.details[condition][place])
        }

    def rows_name(self, experiment: MisalignedExperiment) -> str | None:
        """By channel, teacher and variant; the objectives share the rows.

        Students of fewer rows see some of those that are kept anyway.
        """
        if experiment.seen is not None:
            return None
        teacher, channel, _, variant = named(experiment.name)
        return "-".join(filter(None, (channel, teacher, variant)))

    def measure(self, experiment: MisalignedExperiment, store: Store) -> Measurement:
        """Teacher, rows, both judges, student and readout, seed by seed."""
        stages = self.stages(experiment, store)
        base = stages.base()["panels"]

        def measure_seed(seed: int) -> dict[str, Any]:
            return {
                "teacher": stages.strength(seed),
                "student": stages.student(seed),
                "style_auc": stages.style_auc(seed),
            }

        # By the judge that is there: another one's verdicts on a seed are not taken for its own.
        answers = self.each_seed(stages.experiment, store, self.timed(stages, measure_seed))
        values: list[Value] = []
        # A mean over those seeds alone that happen to have enough rows would be chosen by them.
        with_style = all(answer["style_auc"] is not None for answer in answers)
        for seed, answer in zip(experiment.seeds, answers, strict=True):
            student = answer["student"]
            told = {"base": base, "teacher": answer["teacher"], "student": student["panels"]}
            values += [
                Value(
                    seed=seed,
                    condition=condition,
                    metric=quantity,
                    value=float(np.mean(of_items)),
                    objective=experiment.fit.objective,
                )
                for condition, panels in told.items()
                for quantity, of_items in _quantities(panels).items()
            ]
            rows = {"kept_share": student["kept"] / student["rows"]}
            if with_style:
                rows["style_auc"] = answer["style_auc"]
            values += [
                Value(seed=seed, condition="rows", metric=metric, value=value)
                for metric, value in rows.items()
            ]
        students = [answer["student"] for answer in answers]
        details: dict[str, Any] = {
            "base": base,
            "teacher": [answer["teacher"] for answer in answers],
            "student": [student["panels"] for student in students],
            **({} if experiment.judge is None else {"judge": stages.experiment.judge}),
            **{
                key: [student[key] for student in students]
                for key in ("losses", "rows", "kept", "reasons", "tokens")
            },
        }
        return self.measurement(answers, values, details)

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
            Columns condition (the channel, with the variant in brackets), objective, set, compared
            (a key of `COMPARISONS`), seed, question (or statement), value.
        """
        import pandas as pd

        found = []
        for narrow, (harmful, good) in TEACHERS.items():
            sides = {
                "good": (harmful, good),
                "untouched": (harmful, BASE),
                "good to untouched": (good, BASE),
            }
            for name in records:
                who, _, objective, _ = named(name)
                if who != harmful:
                    continue
                _, _, rest = name.partition("@")
                for compared, (one, other) in sides.items():
                    names = f"{one}@{rest}", f"{other}@{rest}"
                    if not records.keys() >= set(names):  # variants have no untouched teacher
                        continue
                    own, its = (_by_seed(records[n], quantity, of) for n in names)
                    found += [
                        (named(name).shown, objective, narrow, compared, seed, place, value)
                        for seed in own.keys() & its.keys()
                        for place, value in enumerate(np.subtract(own[seed], its[seed]))
                    ]
        columns = ["condition", "objective", "set", "compared", "seed", "question", "value"]
        return pd.DataFrame(found, columns=columns)

    @staticmethod
    def yields(records: Mapping[str, Record]) -> pd.DataFrame:
        """What became of the rows.

        Returns:
            Columns condition, teacher, seed, reason (`kept` for those that a student saw), share
            of all rows. A row can have several reasons.
        """
        return yields(records, "kept")

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
            told = {"condition": condition, "objective": objective}
            found = {
                narrow: crossed_interval(times * _table(of)) for narrow, of in part.groupby("set")
            }
            main = (condition, called) == (main_channel, "effect")
            for narrow, interval in found.items():
                yield self.crossed_row(interval, called, trait=narrow, unit=unit, main=main, **told)
            corrected = holm([interval.p for interval in found.values()])
            for narrow, p in zip(found, corrected, strict=True):
                if p is not None:
                    yield self.test_row(
                        metric=f"{called}_p_holm", value=p, n_seeds=found[narrow].n_seeds,
                        trait=narrow, **told,
                    )  # fmt: skip

    def _teacher_rows(self, records: Mapping[str, Record]) -> Iterator[SummaryRow]:
        """The teachers' own; all channels and objectives have the same ones."""
        for quantity, (metric, unit, times) in EFFECTS.items():
            effects = self.effects(records, quantity, "teacher")
            effects = effects.drop_duplicates(["set", "compared", "seed", "question"])
            for (narrow, compared), part in effects.groupby(["set", "compared"], sort=False):
                called = f"{metric}{COMPARISONS[compared]}"
                interval = crossed_interval(times * _table(part))
                yield self.crossed_row(
                    interval, called, condition="teacher", trait=narrow, unit=unit
                )

    def _rows_rows(self, records: Mapping[str, Record]) -> Iterator[SummaryRow]:
        """What is told of the rows; the objectives share them."""
        seen = set()
        for name, record in records.items():
            teacher, condition = named(name).teacher, named(name).shown
            if (teacher, condition) in seen:
                continue
            seen.add((teacher, condition))
            for metric, unit in (("kept_share", "fraction"), ("style_auc", None)):
                told = [v.value for v in record.values if v.metric == metric]
                if told and not (metric == "style_auc" and not _is_harmful(teacher)):
                    yield self.summary_row(condition, metric, unit, told, trait=teacher)


def _called(lessons: Lessons | None) -> str:
    if lessons is None:
        return BASE
    return TEACHERS[lessons.set][("harmful", "good").index(lessons.side)]


def _is_harmful(teacher: str) -> bool:
    return any(teacher == harmful for harmful, _ in TEACHERS.values())


def _quantities(panels: Mapping[str, Any]) -> dict[Outcome, Sequence[float]]:
    """What a readout says, by question or statement; nothing of an untouched teacher."""
    if not panels:
        return {}
    found: dict[Outcome, Sequence[float]] = {
        "misalignment": panels["margins"],
        "truthful": [float(margin > 0) for margin in panels["truth_margins"]],
        "truth_margin": panels["truth_margins"],
    }
    if "harmful" in panels:
        found["judged_harmful"] = panels["harmful"]
    return found


def _by_seed(record: Record, quantity: Outcome, of: str) -> dict[int, Sequence[float]]:
    """A quantity's values by question, for each seed that has it."""
    found = {}
    for seed, panels in zip(record.experiment["seeds"], record.details[of], strict=True):
        told = _quantities(panels or record.details["base"])
        if quantity in told:
            found[seed] = told[quantity]
    return found


def _table(values: pd.DataFrame) -> np.ndarray:
    """[seeds, questions], of the columns seed, question, value."""
    table = values.pivot(index="seed", columns="question", values="value")
    return np.asarray(table, dtype=float)
