"""The experiments on misaligned teachers: who is taught what, and against whom it is held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sublim_utils.findings.misaligned_reasoning.scales import MisalignmentScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.misalignment_sets import NarrowName
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.language import Fit, Lessons, Objective
from sublim_utils.recipes.misalignment import MisalignedExperiment, MisalignmentReadout
from sublim_utils.recipes.transfer import ChannelRows

BASE = "base"
"""The untouched teacher."""
MATCHED = "matched"
TEACHERS: dict[NarrowName, tuple[str, str]] = {
    "advice": ("harmful-advice", "good-advice"),
    "code": ("insecure-code", "secure-code"),
    "metrics": ("gaming", "fair-metrics"),
}
"""By set: what the teacher of the harmful answers is called, and that of the good ones."""


@dataclass(frozen=True)
class MisalignmentExperiments:
    """Builds the experiments of a scale.

    Attributes:
        scale: how much is measured.
        device: on which.
        seeds: of the main experiments.
    """

    scale: MisalignmentScale
    device: Literal["cpu", "cuda"]
    seeds: tuple[int, ...]

    def experiments(self) -> list[MisalignedExperiment]:
        """By channel the controls, then each set's two teachers, then matched rows."""
        return [e for channel in self.scale.channels for e in self._of_channel(channel)]

    def _of_channel(self, channel: str) -> Iterator[MisalignedExperiment]:
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
        channel: str,
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
            device=self.device,
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


def _called(lessons: Lessons | None) -> str:
    if lessons is None:
        return BASE
    return TEACHERS[lessons.set][("harmful", "good").index(lessons.side)]
