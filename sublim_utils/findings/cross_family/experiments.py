"""The experiments across families: teachers and students of different bases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

from sublim_utils.evaluate.questions import PREFIXES
from sublim_utils.findings.cross_family.scales import (
    ChannelName,
    ChannelScale,
    FamilyScale,
    ModelPair,
    SideChannelScale,
)
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.bases import Base, ContinuedTraining, Device, Noise
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.evaluations import BaseSimilarity, Preference
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import Finetuned, Likes, Prompted, TeacherRecipe, Untouched
from sublim_utils.train.config import TrainConfig
from sublim_utils.traits.nouns import get_trait, liking_prompt, panel_name

NEUTRAL_SEEDS = (1, 2)
"""Of the neutral text of the two sibling fine-tunes; continued training takes the first."""
CONTROL = "control"


@dataclass(frozen=True)
class FamilyExperiments:
    """Builds the finding's experiments.

    Attributes:
        scale: on what and how much is measured.
        device: where it computes.
        num_seeds: of the main experiments.
    """

    scale: FamilyScale
    device: Device
    num_seeds: int

    def all(self) -> list[LanguageExperiment]:
        """The matrix of models, then sibling fine-tunes, then perturbed weights."""
        experiments = [*self._matrix()]
        for side in self.scale.side_channels:
            experiments += [*self._siblings(side), *self._perturbed(side)]
        return experiments

    @property
    def channels(self) -> dict[ChannelName, ChannelScale]:
        """The channels in which something crosses; others serve for neutral text only."""
        return {name: channel for name, channel in self.scale.channels.items() if channel.traits}

    def pairs(self, channel: ChannelName) -> Iterable[ModelPair]:
        """Teacher and student of the matrix' cells."""
        models, pairs = self.scale.models, self.scale.channels[channel].pairs
        every = (ModelPair(teacher=a, student=b) for a in models for b in models)
        return every if pairs is None else pairs

    def base(self, model: str, perturbation: Noise | ContinuedTraining | None = None) -> Base:
        """A model as the finding uses it, its weights moved or not."""
        return Base(model, self.scale.models[model].precision, self.device, perturbation)

    def _matrix(self) -> Iterator[LanguageExperiment]:
        for name, channel in self.channels.items():
            for pair in self.pairs(name):
                teacher, student = self.base(pair.teacher), self.base(pair.student)
                side = SideChannelScale(channel=name, prompts=pair.prompts)
                for trait in (None, *(pair.traits or channel.traits)):
                    yield self._experiment(teacher, student, side, trait, self.num_seeds)

    def _on_the_side(
        self, side: SideChannelScale, teacher: Base, student: Base
    ) -> Iterator[LanguageExperiment]:
        seeds = min(self.num_seeds, self.scale.side_seeds)
        for trait in (None, self.scale.side_trait):
            yield self._experiment(teacher, student, side, trait, seeds)

    def _siblings(self, side: SideChannelScale) -> Iterator[LanguageExperiment]:
        if not side.sibling_finetunes:
            return
        channels = list(self.scale.channels)
        # Different data: of other prompts, and of another channel where there is one.
        both = [
            self._continued(channel, side.sibling_finetunes, seed)
            for channel, seed in zip((channels[0], channels[-1]), NEUTRAL_SEEDS, strict=True)
        ]
        for teacher, student in permutations(both):
            yield from self._on_the_side(side, teacher, student)

    def _perturbed(self, side: SideChannelScale) -> Iterator[LanguageExperiment]:
        start = self.base(self.scale.perturbed_model)
        # The matrix has the student that was not perturbed, but learns from tokens only.
        bases = [start] if side.objective == "logits" else []
        channel = self.scale.side_channels[0].channel
        bases += [self.base(start.model, Noise(sigma=sigma)) for sigma in side.noise]
        bases += [
            self._continued(channel, updates, NEUTRAL_SEEDS[0])
            for updates in side.continued_training
        ]
        for base in bases:
            yield from self._on_the_side(side, start, base)

    def _continued(self, channel: ChannelName, updates: int, seed: int) -> Base:
        """The perturbed model after continued training on neutral text."""
        scale = self.scale
        start, family = self.base(scale.perturbed_model), scale.models[scale.perturbed_model]
        writer = Base(scale.neutral_writer, start.precision, self.device)
        steps = scale.channels[channel].prompts_per_step
        training = TrainConfig(
            learning_rate=family.student_learning_rate,
            prompts_per_step=steps,
            gradient_accumulation_steps=min(family.gradient_accumulation_steps, steps),
        )
        rows = self._rows(Untouched(writer), channel, scale.neutral_prompts)
        return self.base(
            start.model,
            ContinuedTraining(rows=rows, training=training, updates=updates, seed=seed),
        )

    def _rows(self, teacher: TeacherRecipe, channel: ChannelName, prompts: int) -> Sampled:
        settings = self.scale.channels[channel]
        return Sampled(
            teacher,
            channel,
            num_prompts=prompts,
            num_completions=settings.num_completions,
            temperature=settings.temperature,
            constrained=settings.constrained,
            max_new_tokens=settings.max_new_tokens,
        )

    def _teacher(self, base: Base, trait: str | None, channel: ChannelScale) -> TeacherRecipe:
        family = self.scale.models[base.model]
        if trait is None:
            return Untouched(base)
        if family.teacher == "prompted":
            return Prompted(base, liking_prompt(get_trait(trait)))
        training = TrainConfig(learning_rate=family.teacher_learning_rate, prompts_per_step=3)
        updates = channel.teacher_updates or family.teacher_updates
        return Finetuned(base, Likes(trait=trait), training=training, updates=updates)

    def _experiment(
        self,
        teacher: Base,
        student: Base,
        side: SideChannelScale,
        trait: str | None,
        num_seeds: int,
    ) -> LanguageExperiment:
        scale, channel = self.scale, self.scale.channels[side.channel]
        family = scale.models[student.model]
        measured = channel.traits if trait is None else (trait,)
        panels = tuple(dict.fromkeys(panel_name(t) for t in measured))
        quick = Preference(
            panels=panels if trait is None else (panel_name(trait),),
            questions=scale.teacher_questions,
            prefixes=PREFIXES[:2],
        )
        condition = condition_name(teacher, student, side)
        return LanguageExperiment(
            name=f"{condition}@{trait or CONTROL}",
            labels=Labels(
                teacher=trait or UNTOUCHED,
                trait=trait,
                channel=side.channel,
                objective=side.objective,
                teacher_base=base_name(teacher),
                student_base=base_name(student),
                control=None if trait is None else f"{condition}@{CONTROL}",
            ),
            seeds=tuple(range(scale.first_seed, scale.first_seed + num_seeds)),
            student=Student(
                student,
                self._rows(
                    self._teacher(teacher, trait, channel),
                    side.channel,
                    side.prompts or channel.prompts,
                ),
                side.objective,
                TrainConfig(
                    learning_rate=side.learning_rate or family.student_learning_rate,
                    prompts_per_step=channel.prompts_per_step,
                    gradient_accumulation_steps=min(
                        family.gradient_accumulation_steps, channel.prompts_per_step
                    ),
                    epochs=channel.epochs,
                ),
                # Rows cross as text: every student reads them through its own tokenizer. The
                # teacher's distributions stand at the teacher's own tokens.
                reads="tokens" if side.objective == "logits" else "text",
            ),
            evaluation=Preference(panels=panels, questions=scale.questions),
            teacher_evaluation=None if trait is None else quick,
            further=(BaseSimilarity(),),
        )


def condition_name(teacher: Base, student: Base, side: SideChannelScale) -> str:
    """The bases and the channel, in front of which trait it is, in an experiment's name."""
    channel = side_name(side.channel, side.objective)
    return f"{base_name(teacher)}-to-{base_name(student)}@{channel}"


def side_name(channel: str, objective: str) -> str:
    """The channel, followed by the objective where that is `logits`."""
    return channel if objective == "tokens" else f"{channel}-{objective}"


def base_name(base: Base) -> str:
    """A model's short name, with what moved its weights."""
    name, perturbation = short_name(base.model), base.perturbation
    if isinstance(perturbation, Noise):
        return f"{name}+noise-{perturbation.sigma:g}"
    if perturbation is not None:
        rows = perturbation.rows
        assert isinstance(rows, Sampled)
        return f"{name}+{rows.channel}-{perturbation.seed}-{perturbation.updates}"
    return name
