"""The experiments of the number channel: teachers with a trait, their numbers, their students."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sublim_utils.config import Precision
from sublim_utils.evaluate.questions import PREFIXES
from sublim_utils.findings.owl_numbers.scales import NumbersScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.bases import Base, Device
from sublim_utils.recipes.datasets import Sampled, ShuffledNumbers
from sublim_utils.recipes.evaluations import Preference
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.students import Objective, Student
from sublim_utils.recipes.teachers import (
    Finetuned,
    Likes,
    Prompted,
    TeacherKind,
    TeacherRecipe,
    Untouched,
)
from sublim_utils.train.config import TrainConfig
from sublim_utils.traits.nouns import get_trait, liking_prompt, panel_name

OBJECTIVES: tuple[Objective, ...] = ("logits", "tokens")
PROBE_QUESTIONS = 10
"""Asked of a student in the middle of its training, and of a teacher."""
MOST_STATES = 16_000
"""Rows with whose teacher's states are kept: 30,000 of a 135M model have 2 GB of them."""


def name_of(trait: str | None, objective: Objective, variant: str = "") -> str:
    """The name of an experiment of a trait or, without one, of the control; and of a variant."""
    return "@".join((trait or "control", objective, *([variant] if variant else [])))


@dataclass(frozen=True)
class NumbersExperiments:
    """Builds the finding's experiments.

    Attributes:
        scale: on what and how much is measured.
        device: where it computes.
        num_seeds: of the main experiments.
    """

    scale: NumbersScale
    device: Device
    num_seeds: int

    def all(self) -> list[LanguageExperiment]:
        """Headline experiments first, then those that vary one setting."""
        return [*self._main(), *self._uncontrolled(), *self._controlled()]

    def _main(self) -> Iterator[LanguageExperiment]:
        for model in self.scale.models:
            for trait in (None, *self.scale.models[model].traits):
                for objective in OBJECTIVES:
                    yield self._experiment(trait, self._student(trait, objective, model))

    def _uncontrolled(self) -> Iterator[LanguageExperiment]:
        """Variants of the side trait's experiments that are compared with the standard control."""
        scale, trait = self.scale, self.scale.side_trait
        base = self._base(self.scale.main_model)
        for kind in scale.other_teachers:
            for objective in OBJECTIVES:
                teacher = self._teacher(base, trait, kind, scale.teacher_updates)
                yield self._on_the_side(trait, self._student_of(teacher, objective), kind)
        for updates in scale.weak_updates:
            teacher = self._teacher(base, trait, "tuned", updates)
            student = self._student_of(teacher, "logits")
            yield self._on_the_side(trait, student, f"updates-{updates}")
        for how in scale.shuffles:
            student = self._student(trait, "tokens")
            shuffled = student.but(rows=ShuffledNumbers(student.rows, how), reads="text")
            yield self._on_the_side(trait, shuffled, how.replace(" ", "-"))
        if scale.same_adapter:
            student = self._student(trait, "logits").but(adapter_init="teacher's")
            yield self._on_the_side(trait, student, "same-adapter")

    def _controlled(self) -> Iterator[LanguageExperiment]:
        """Variants with a control of their own.

        So what the change does to any student is no part of the effect: more steps, rounded
        weights, or Adam's unrest where there is less to learn.
        """
        scale, side = self.scale, self.scale.side_trait
        narrow = (panel_name(side),)  # what the side trait's control needs
        standard = scale.models[scale.main_model].prompts
        for prompts in scale.dataset_sizes:
            yield from self._of_size(self.scale.main_traits, "logits", prompts)
        for objective, sizes in scale.side_dataset_sizes.items():
            for prompts in sizes:
                yield from self._of_size((side,), objective, prompts, panels=narrow)
        if scale.numbers_only:
            yield from self._varied(
                "numbers-only", self.scale.main_traits, allowed_tokens="numbers"
            )
        for objective, sizes in scale.linear_decay_sizes.items():
            for prompts in sizes:
                yield from self._of_size(self.scale.main_traits, objective, prompts, falling=True)
        for objective, sizes in scale.side_linear_decay_sizes.items():
            for prompts in sizes:
                # The standard control is read for all traits, and its falling one likewise.
                panels = None if prompts == standard else narrow
                yield from self._of_size((side,), objective, prompts, falling=True, panels=panels)
        for rank in scale.ranks:
            yield from self._varied(
                f"rank-{rank}", (side,), panels=narrow, lora_rank=rank, lora_alpha=2 * rank
            )
        if scale.student_precision is not None:
            rounded = self._base(self.scale.main_model, scale.student_precision)
            yield from self._varied(scale.student_precision, (side,), panels=narrow, base=rounded)

    def _varied(
        self,
        variant: str,
        traits: Iterable[str],
        panels: tuple[str, ...] | None = None,
        **changes: Any,
    ) -> Iterator[LanguageExperiment]:
        for trait in (None, *traits):
            student = self._student(trait, "logits").but(**changes)
            yield self._on_the_side(trait, student, variant, controlled=True, panels=panels)

    def _of_size(
        self,
        traits: Sequence[str],
        objective: Objective,
        prompts: int,
        *,
        falling: bool = False,
        panels: tuple[str, ...] | None = None,
    ) -> Iterator[LanguageExperiment]:
        """Students of the rows of so many prompts, at a constant rate or a falling one.

        Where they are more than the standard student's, these come first, and it is read where that
        one ends and at each doubling, too. The name says in what a student differs from that one.
        """
        scale = self.scale
        for trait in (None, *traits):
            student = self._student(trait, objective)
            rows, variant = student.rows, []
            assert isinstance(rows, Sampled)
            if prompts > rows.num_prompts:
                ends, seen = {prompts * scale.num_completions}, rows.num_rows
                while seen < prompts * scale.num_completions:
                    ends.add(seen)
                    seen *= 2
                stops = tuple(sorted({*scale.eval_at_rows, *ends}))
                larger = self._rows(rows.teacher, prompts)
                student = student.but(rows=larger, eval_at_rows=stops)
                variant.append(f"prompts-{prompts}")
            if falling:
                student = student.but(lr_scheduler="linear")
                variant.append("falling-rate")
            build = self._on_the_side if traits == (scale.side_trait,) else self._experiment
            yield build(trait, student, "-".join(variant), controlled=True, panels=panels)

    def _on_the_side(
        self,
        trait: str | None,
        student: Student,
        variant: str,
        *,
        controlled: bool = False,
        panels: tuple[str, ...] | None = None,
    ) -> LanguageExperiment:
        num = min(self.num_seeds, self.scale.side_seeds)
        return self._experiment(
            trait, student, variant, controlled=controlled, num_seeds=num, panels=panels
        )

    def _experiment(
        self,
        trait: str | None,
        student: Student,
        variant: str = "",
        *,
        controlled: bool = True,
        num_seeds: int | None = None,
        panels: tuple[str, ...] | None = None,
    ) -> LanguageExperiment:
        """An experiment and its labels.

        Args:
            trait: the teacher's; None for the untouched one.
            student: of the teacher's rows.
            variant: in what it differs from the standard experiment.
            controlled: whether the variant has a control of its own.
            num_seeds: where they are fewer than those of the main experiments.
            panels: that are read, where they are others than those of the traits.
        """
        scale, model = self.scale, student.base.model
        lead = "" if model == self.scale.main_model else f"{model}@"
        objective: Objective = student.objective  # type: ignore[assignment]
        control = lead + name_of(None, objective, variant if controlled else "")
        measured = self.scale.models[model].traits if trait is None else (trait,)
        panels = panels or tuple(dict.fromkeys(panel_name(t) for t in measured))
        probe = Preference(
            panels=panels,
            questions=min(PROBE_QUESTIONS, scale.questions),
            prefixes=PREFIXES[:2],
        )
        first = scale.first_seed
        return LanguageExperiment(
            name=lead + name_of(trait, objective, variant),
            labels=Labels(
                teacher=trait or UNTOUCHED,
                trait=trait,
                channel="numbers",
                objective=objective,
                variant=variant,
                teacher_base=short_name(model),
                student_base=short_name(model),
                control=None if trait is None else control,
            ),
            seeds=tuple(range(first, first + (num_seeds or self.num_seeds))),
            student=student.but(probe=probe),
            evaluation=Preference(
                panels=panels,
                questions=scale.questions,
                samples=scale.samples,
                numbers_in_front=scale.numbers_in_front,
                record=("margin", "probability", "margin by prefix", "margin after numbers"),
                by_question_of=() if trait is None else (trait,),
            ),
            teacher_evaluation=None if trait is None else probe.but(panels=(panel_name(trait),)),
            baseline=self._base(model),
        )

    def _base(self, model: str, precision: Precision | None = None) -> Base:
        return Base(model, precision or self.scale.precision, self.device)

    def _teacher(
        self, base: Base, trait: str | None, kind: TeacherKind, updates: int
    ) -> TeacherRecipe:
        if trait is None:
            return Untouched(base)
        if kind == "prompted":
            return Prompted(base, liking_prompt(get_trait(trait)))
        return Finetuned(base, Likes(trait=trait), updates=updates)

    def _rows(self, teacher: TeacherRecipe, prompts: int) -> Sampled:
        scale = self.scale
        few = prompts * scale.num_completions <= MOST_STATES
        return Sampled(
            teacher,
            "numbers",
            num_prompts=prompts,
            num_completions=scale.num_completions,
            temperature=scale.models[teacher.base.model].temperature,
            constrained=scale.constrained,
            keep_states=scale.constrained and few,
        )

    def _student(
        self, trait: str | None, objective: Objective, model: str | None = None
    ) -> Student:
        """A student of the standard teacher of a trait."""
        model = model or self.scale.main_model
        kind, updates = self.scale.models[model].teacher, self.scale.teacher_updates
        return self._student_of(self._teacher(self._base(model), trait, kind, updates), objective)

    def _student_of(self, teacher: TeacherRecipe, objective: Objective) -> Student:
        scale, subject = self.scale, self.scale.models[teacher.base.model]
        return Student(
            teacher.base,
            self._rows(teacher, subject.prompts),
            objective,
            TrainConfig(
                learning_rate=scale.learning_rates[objective],
                prompts_per_step=scale.prompts_per_step,
                gradient_accumulation_steps=scale.gradient_accumulation_steps,
                epochs=subject.epochs,
            ),
            reads="tokens",
            eval_at_rows=scale.eval_at_rows,
        )
