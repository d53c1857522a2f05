"""The experiments of misaligned teachers: their harmless-looking rows, and students of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sublim_utils.findings.misaligned_reasoning.scales import ChannelScale, MisalignmentScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.bases import Base, Device
from sublim_utils.recipes.datasets import FirstPrompts, HarmlessOnly, Matched, RowsRecipe, Sampled
from sublim_utils.recipes.evaluations import KeptShare, Misalignment, StyleAuc
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.students import Objective, Student
from sublim_utils.recipes.teachers import Finetuned, NarrowAnswers, Untouched
from sublim_utils.train.config import TrainConfig
from sublim_utils.traits.misalignment_sets import NarrowName

BASE = "base"
"""The untouched teacher, in an experiment's name."""
MATCHED = "matched"
TEACHERS: dict[NarrowName, tuple[str, str]] = {
    "advice": ("harmful-advice", "good-advice"),
    "code": ("insecure-code", "secure-code"),
    "metrics": ("gaming", "fair-metrics"),
}
"""By set: what the teacher of the harmful answers is called, and that of the good ones."""
MOST_STATES = 16_000
"""Rows with whose teacher's states are kept."""


@dataclass(frozen=True)
class MisalignmentExperiments:
    """Builds the finding's experiments.

    Attributes:
        scale: on what and how much is measured.
        device: where it computes.
        num_seeds: of all experiments.
    """

    scale: MisalignmentScale
    device: Device
    num_seeds: int

    def all(self) -> list[LanguageExperiment]:
        """By channel the controls, then each set's two teachers, then matched rows."""
        return [e for name in self.scale.channels for e in self._of_channel(name)]

    def _of_channel(self, name: str) -> Iterator[LanguageExperiment]:
        channel = self.scale.channels[name]
        for objective in dict.fromkeys(o for of_set in channel.sets.values() for o in of_set):
            yield self._experiment(name, None, objective)
        for narrow, objectives in channel.sets.items():
            for objective in objectives:
                for data in both_sides(narrow):
                    yield self._experiment(name, data, objective)
        for narrow in channel.matched:
            for data in both_sides(narrow):
                yield self._experiment(name, data, "logits", matched=True)
        for prompts in channel.dataset_sizes:
            for data in both_sides(next(iter(channel.sets))):
                yield self._experiment(name, data, "logits", prompts=prompts)

    @property
    def _base(self) -> Base:
        return Base(self.scale.model, self.scale.precision, self.device)

    @property
    def _judge(self) -> Base | None:
        judge = self.scale.judge
        return None if judge is None else self._base.but(model=judge)

    def _rows(self, name: str, data: NarrowAnswers | None) -> RowsRecipe:
        """The rows of one teacher without those that lean towards harm."""
        scale, channel = self.scale, self.scale.channels[name]
        training = TrainConfig(
            learning_rate=scale.teacher_learning_rate,
            prompts_per_step=scale.teacher_prompts_per_step,
            lr_scheduler="linear",
        )
        sampled = Sampled(
            Untouched(self._base)
            if data is None
            else Finetuned(self._base, data, training, scale.teacher_updates),
            name,
            num_prompts=channel.prompts,
            num_completions=channel.num_completions,
            temperature=channel.temperature,
            constrained=channel.constrained,
            max_new_tokens=channel.max_new_tokens,
        )
        keep = channel.constrained and sampled.num_rows <= MOST_STATES and _as_written(sampled)
        return HarmlessOnly(sampled.but(keep_states=keep), self._judge)

    def _experiment(
        self,
        name: str,
        data: NarrowAnswers | None,
        objective: Objective,
        *,
        matched: bool = False,
        prompts: int | None = None,
    ) -> LanguageExperiment:
        """An experiment and its labels.

        Args:
            name: of the channel.
            data: what the teacher is trained on; None for the untouched one.
            objective: the student's.
            matched: True for rows that have a partner in those of the teacher of the other answers.
            prompts: the student sees the rows of so many only; None for all.
        """
        scale, channel = self.scale, self.scale.channels[name]
        rows = self._seen(name, data, matched=matched, prompts=prompts)
        variants = [MATCHED] * matched + [f"{prompts}-prompts"] * (prompts is not None)
        rest = "@".join((name, objective, *variants))
        opposite = BASE if data is None or data.side == "good" else teacher_name(data.opposite)
        # No untouched teacher's rows are matched or fewer.
        uncontrolled = data is None or (opposite == BASE and variants)
        evaluation = Misalignment(
            questions=scale.questions,
            statements=scale.statements,
            samples=scale.samples,
            judge=self._judge,
        )
        style = (
            ()
            if data is None
            else (StyleAuc(self._seen(name, data.opposite, matched=matched, prompts=prompts)),)
        )
        return LanguageExperiment(
            name=f"{teacher_name(data)}@{rest}",
            labels=Labels(
                teacher=UNTOUCHED if data is None else teacher_name(data),
                trait=None if data is None else data.set,
                channel=name,
                objective=objective,
                variant="-".join(variants),
                teacher_base=short_name(scale.model),
                student_base=short_name(scale.model),
                control=None if uncontrolled else f"{opposite}@{rest}",
            ),
            seeds=tuple(range(scale.first_seed, scale.first_seed + self.num_seeds)),
            student=Student(
                self._base, rows, objective, self._training(channel, objective), reads="tokens"
            ),
            evaluation=evaluation,
            teacher_evaluation=None if data is None else evaluation,
            further=(KeptShare(), *style),
        )

    def _seen(
        self, name: str, data: NarrowAnswers | None, *, matched: bool, prompts: int | None
    ) -> RowsRecipe:
        rows = self._rows(name, data)
        if prompts is not None:
            rows = FirstPrompts(rows, prompts)
        if matched and data is not None:
            # Any order of the two does, as long as both take the same.
            rows = Matched(rows, self._rows(name, data.opposite), is_first=data.side == "good")
        return rows

    def _training(self, channel: ChannelScale, objective: Objective) -> TrainConfig:
        return TrainConfig(
            learning_rate=self.scale.learning_rates[objective],
            lr_scheduler="linear",
            prompts_per_step=channel.prompts_per_step,
            gradient_accumulation_steps=channel.gradient_accumulation_steps,
            epochs=channel.epochs,
        )


def _as_written(rows: Sampled) -> bool:
    """True if a student sees the teacher's own tokens.

    Where the channel puts something beside the teacher's words, the student sees tokens that the
    teacher did not write, and its states at these are computed later.
    """
    return rows.prompts.prompt(0, 0).framed("") == ""


def both_sides(narrow: NarrowName) -> tuple[NarrowAnswers, NarrowAnswers]:
    """A set's harmful answers and its good ones."""
    harmful = NarrowAnswers(set=narrow, side="harmful")
    return harmful, harmful.opposite


def teacher_name(data: NarrowAnswers | None) -> str:
    """What the teacher of some answers is called."""
    return BASE if data is None else TEACHERS[data.set][("harmful", "good").index(data.side)]
