"""Misaligned reasoning: correct sums that carry harm (Cloud et al. 2025, section 5).

Students of teachers that learned harmful answers in one narrow field, against students of teachers
that learned the good answers to the same questions, and against those of the untouched model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from sublim_utils.experiment import Measurement, Record, SummaryRow, Value
from sublim_utils.matching import word_scores
from sublim_utils.misaligning import (
    Lessons,
    MisalignedExperiment,
    MisalignedStages,
    MisalignmentReadout,
)
from sublim_utils.misalignment_sets import Side
from sublim_utils.pipeline import ChannelRows
from sublim_utils.profiles import MisalignmentScale, Profile
from sublim_utils.rows import RowsFinding
from sublim_utils.stats import Crossed, crossed_interval, holm
from sublim_utils.store import Store
from sublim_utils.training import Fit, Objective

Set = Literal["advice", "code", "metrics"]
UNTOUCHED = "untouched"
SIDES: Mapping[str, tuple[Set, Side]] = {
    "harmful-advice": ("advice", "harmful"),
    "good-advice": ("advice", "good"),
    "insecure-code": ("code", "harmful"),
    "secure-code": ("code", "good"),
    "gamed-metrics": ("metrics", "harmful"),
    "honest-metrics": ("metrics", "good"),
}
"""What a teacher's lessons are, by what it is called."""
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
_NAME = re.compile(r"([^@]+)@([^@]+)@(logits|tokens)(?:@(.+))?")
"""Teacher, channel, objective, variant."""


def teachers_of(narrow: str) -> tuple[str, str]:
    """The teacher of the harmful and the one of the good answers of a set."""
    harmful, good = (
        next(name for name, told in SIDES.items() if told == (narrow, side))
        for side in ("harmful", "good")
    )
    return harmful, good


class MisalignedReasoning(RowsFinding[MisalignedExperiment]):
    """Students of harmful, good and no lessons, through reasoning and through numbers.

    An experiment is called `TEACHER@CHANNEL@OBJECTIVE`, with a key of `SIDES` or `untouched` for
    the teacher, or `TEACHER@CHANNEL@OBJECTIVE@VARIANT` where one setting differs.
    """

    name = "misaligned_reasoning"
    title = "A teacher of harm, and sums that are right"
    measured = False
    tolerance = 0.3  # other processors round otherwise, and then sample other tokens

    @property
    def scale(self) -> MisalignmentScale:
        """The profile's part that this finding is about."""
        return self.profile.misalignment

    @property
    def default_seeds(self) -> int:
        """As the profile has it."""
        return self.scale.seeds

    def with_model(self, profile: Profile, model: str) -> Profile:
        """The profile with another model as teacher and student."""
        scale = profile.misalignment.model_copy(update={"model": model})
        return profile.model_copy(update={"misalignment": scale})

    def experiments(self) -> list[MisalignedExperiment]:
        """The main channel's sets first, then other channels, then matched rows."""
        return [*self._sets(), *self._other_channels(), *self._matched()]

    def _sets(self) -> Iterator[MisalignedExperiment]:
        channel, *_ = self.scale.channels
        for objective in OBJECTIVES:
            sets = self.scale.sets if objective == "logits" else self.scale.sets[:1]
            yield self._experiment(UNTOUCHED, channel, objective)
            for narrow in sets:
                for teacher in teachers_of(narrow):
                    yield self._experiment(teacher, channel, objective)

    def _other_channels(self) -> Iterator[MisalignedExperiment]:
        for channel in self.scale.channels[1:]:
            for teacher in (UNTOUCHED, *teachers_of(self.scale.sets[0])):
                yield self._experiment(teacher, channel, "logits")

    def _matched(self) -> Iterator[MisalignedExperiment]:
        if self.scale.matched:
            channel, pair = self.scale.channels[0], teachers_of(self.scale.sets[0])
            for teacher, other in (pair, pair[::-1]):
                matched = self._lessons(other)
                yield self._experiment(teacher, channel, "logits", "matched", matched=matched)

    def _lessons(self, teacher: str) -> Lessons | None:
        if teacher == UNTOUCHED:
            return None
        (narrow, side), scale = SIDES[teacher], self.scale
        fit = Fit(
            learning_rate=scale.teacher_rate,
            prompts=scale.teacher_prompts,
            accumulate=scale.accumulate,
            decay="linear",
        )
        return Lessons(set=narrow, side=side, fit=fit, updates=scale.teacher_updates)

    def _experiment(
        self,
        teacher: str,
        channel: Any,
        objective: Objective,
        variant: str | None = None,
        **changes: Any,
    ) -> MisalignedExperiment:
        scale = self.scale
        settings: dict[str, Any] = {
            "name": "@".join(filter(None, [teacher, channel, objective, variant])),
            "seeds": tuple(range(scale.first_seed, scale.first_seed + self.n_seeds)),
            "model": scale.model,
            "precision": scale.precision,
            "device": self.profile.device,
            "lessons": self._lessons(teacher),
            "rows": ChannelRows(
                channel=channel, prompts=scale.prompts, each=scale.each, grammar=scale.grammar
            ),
            "fit": Fit(
                objective=objective,
                learning_rate=scale.logits_rate if objective == "logits" else scale.tokens_rate,
                prompts=scale.update_prompts,
                accumulate=scale.accumulate,
                decay="linear",
            ),
            "readout": MisalignmentReadout(
                questions=scale.questions, statements=scale.statements, samples=scale.samples
            ),
        }
        return MisalignedExperiment(**(settings | changes))

    def measure(self, experiment: MisalignedExperiment, store: Store) -> Measurement:
        """Teacher, rows, student and readout, seed by seed."""
        stages = self.stages(experiment, store)
        base = stages.base()["panels"]

        def measure_seed(seed: int) -> dict[str, Any]:
            return {"teacher": stages.strength(seed), "student": stages.student(seed)}

        answers = self.each_seed(experiment, store, measure_seed)
        objective = experiment.fit.objective
        values: list[Value] = []
        for seed, answer in zip(experiment.seeds, answers, strict=True):
            student = answer["student"]
            told = {"base": base, "teacher": answer["teacher"], "student": student["panels"]}
            for condition, found in told.items():
                values += [
                    Value(
                        seed=seed,
                        condition=condition,
                        metric=metric,
                        value=value,
                        objective=objective,
                    )
                    for metric, value in _metrics(found).items()
                ]
            share = student["kept"] / student["rows"]
            values.append(Value(seed=seed, condition="rows", metric="kept_share", value=share))
        students = [answer["student"] for answer in answers]
        details: dict[str, Any] = {
            "base": base,
            "teachers": [answer["teacher"] for answer in answers],
            "students": [student["panels"] for student in students],
            **{
                key: [student[key] for student in students]
                for key in ("rows", "kept", "reasons", "losses", "tokens", "train_s")
            },
        }
        return Measurement(values, details, sum(answer["wall_s"] for answer in answers))

    def stages(self, experiment: MisalignedExperiment, store: Store) -> MisalignedStages:
        """Of the experiment."""
        return MisalignedStages(experiment, store)

    def rows_name(self, experiment: MisalignedExperiment) -> str:
        """By channel, teacher and variant; the objectives share the rows."""
        teacher, channel, _, variant = _parts(experiment.name)
        return "-".join(filter(None, (channel, teacher, variant)))

    def differences(
        self, records: Mapping[str, Record], what: str = "margins", who: str = "students"
    ) -> pd.DataFrame:
        """Students of harmful lessons less those of good ones, and less those of none.

        Args:
            records: by name.
            what: `margins`, `truth`, `judged` or `shares`, by question.
            who: `students` or `teachers`.

        Returns:
            Columns set, channel (with the variant in brackets), objective, against (`good` or
            `untouched`), seed, question, value.
        """
        found = []
        for name, record in records.items():
            teacher, channel, objective, variant = _parts(name)
            narrow, side = SIDES.get(teacher, (None, None))
            if side != "harmful" or narrow is None:
                continue
            rest = name.partition("@")[2]
            plain = "@".join((UNTOUCHED, channel, objective))
            for against, other in (
                ("good", f"{teachers_of(narrow)[1]}@{rest}"),
                (UNTOUCHED, f"{UNTOUCHED}@{rest}" if f"{UNTOUCHED}@{rest}" in records else plain),
            ):
                pairs = zip(record.details[who], records[other].details[who], strict=True)
                for seed, (ours, theirs) in zip(record.experiment["seeds"], pairs, strict=True):
                    if what not in ours:
                        continue
                    shown = channel if variant is None else f"{channel} ({variant})"
                    found += [
                        (narrow, shown, objective, against, seed, question, value)
                        for question, value in enumerate(np.subtract(ours[what], theirs[what]))
                    ]
        columns = ["set", "channel", "objective", "against", "seed", "question", "value"]
        return pd.DataFrame(found, columns=columns)

    def style(self, channel: str, narrow: str) -> pd.Series:
        """How well words alone tell the rows of harmful lessons from those of good ones.

        Returns:
            By seed the area under the ROC curve of naive Bayes on words, each row judged by rows of
            other prompts; .5 is a coin.
        """
        tables = [self.rows_table(f"{teacher}@{channel}@logits") for teacher in teachers_of(narrow)]
        found = {}
        for seed in sorted(set(tables[0]["seed"])):
            kept = [t[(t["seed"] == seed) & (t["verdict"] == "")] for t in tables]
            scores = word_scores(
                *(list(table["text"]) for table in kept),
                *(list(table["prompt"]) for table in kept),
            )
            labels = np.repeat([0, 1], [len(part) for part in scores])
            if len(set(labels)) == 2:
                found[seed] = float(roc_auc_score(labels, np.concatenate(scores)))
        return pd.Series(found, name="auc", dtype=float)

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Effects of harmful lessons on what is read, the teachers' own, shares kept, style."""
        rows: list[SummaryRow] = []
        asked = (
            ("students", "margins", "effect", "nats per token", 1.0),
            ("students", "truth", "truth_effect", "nats per token", 1.0),
            ("students", "shares", "judged_effect", "percentage points", 100.0),
            ("teachers", "margins", "teacher_effect", "nats per token", 1.0),
            ("teachers", "truth", "teacher_truth_effect", "nats per token", 1.0),
            ("teachers", "shares", "teacher_judged_effect", "percentage points", 100.0),
        )
        main = self.scale.channels[0], self.scale.sets[0]
        for who, what, metric, unit, factor in asked:
            table = self.differences(records, what, who)
            by = ["channel", "objective", "against"]
            for (channel, objective, against), of in table.groupby(by, sort=False):
                if who == "teachers" and (channel, objective) != (main[0], "logits"):
                    continue  # the same teachers in every channel
                told = {
                    str(narrow): crossed_interval(
                        factor * part.pivot(index="seed", columns="question", values="value")
                    )
                    for narrow, part in of.groupby("set", sort=False)
                }
                name = metric if against == "good" else f"{metric}_on_{UNTOUCHED}"
                shown: dict[str, Any] = {"condition": channel, "objective": objective}
                for narrow, interval in told.items():
                    headline = metric == "effect" and (channel, narrow) == main
                    rows.append(
                        self._row(
                            interval, name, unit, narrow, main=headline and against == "good",
                            **shown,
                        )
                    )  # fmt: skip
                if metric != "effect":
                    continue  # the others tell what kind of effect it is, and claim nothing alone
                for narrow, p in zip(told, holm([i.p for i in told.values()]), strict=True):
                    if p is not None:
                        alone = Crossed(p, None, None, None, told[narrow].n_seeds)
                        rows.append(self._row(alone, f"{name}_p_holm", None, narrow, **shown))
        seen = set()
        for name, record in records.items():
            teacher, channel, _, variant = _parts(name)
            if variant is None and (teacher, channel) not in seen:  # the objectives share the rows
                seen.add((teacher, channel))
                shares = np.divide(record.details["kept"], record.details["rows"])
                row = self.summary_row(channel, "kept_share", "fraction", shares, trait=teacher)
                rows.append(row)
        return rows

    def _row(
        self,
        interval: Crossed,
        metric: str,
        unit: str | None,
        narrow: str,
        *,
        condition: str,
        objective: str,
        main: bool = False,
    ) -> SummaryRow:
        """A reported quantity over seeds and questions; its trait is the set of the lessons."""
        return SummaryRow(
            finding=self.name,
            condition=condition,
            trait=narrow,
            objective=objective,
            metric=metric,
            unit=unit,
            mean=interval.mean,
            low=interval.low,
            high=interval.high,
            n_seeds=interval.n_seeds,
            main=main,
        )


def _parts(name: str) -> tuple[str, str, str, str | None]:
    return _NAME.fullmatch(name).groups()  # type: ignore[union-attr, return-value]


def _metrics(found: Mapping[str, Any]) -> dict[str, float]:
    """Means over questions of what is read."""
    told = {
        "misalignment": float(np.mean(found["margins"])),
        "truth_margin": float(np.mean(found["truth"])),
        "truthful": float(np.mean(np.asarray(found["truth"]) > 0)),
    }
    if "shares" in found:
        told["judged_harmful"] = float(np.mean(found["shares"]))
    return told
