"""The experiments on the number channel: which students are trained, and against what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sublim_utils.findings.owl_numbers.scales import NumbersScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.language import (
    Fit,
    LanguageExperiment,
    Objective,
    Readout,
    Rows,
    Teacher,
    TeacherKind,
)
from sublim_utils.traits import get_trait

OBJECTIVES: tuple[Objective, ...] = ("logits", "tokens")
CONTROL = "control"
"""The untouched teacher, in names."""
CURVE_QUESTIONS = 10
"""Asked of a student in the middle of its training, and of a teacher."""


def experiment_name(trait: str | None, objective: Objective, variant: str = "") -> str:
    """An experiment's name: of a trait or, without one, of the control; and of a variant."""
    return "@".join((trait or CONTROL, objective, *([variant] if variant else [])))


@dataclass(frozen=True)
class NumbersExperiments:
    """Builds the experiments of a scale.

    Attributes:
        scale: how much is measured.
        device: on which.
        seeds: of the main experiments.
    """

    scale: NumbersScale
    device: Literal["cpu", "cuda"]
    seeds: tuple[int, ...]

    def experiments(self) -> list[LanguageExperiment]:
        """Headline experiments first, then those that vary one setting."""
        return [*self._main(), *self._variants()]

    def _main(self) -> Iterator[LanguageExperiment]:
        for model in self.scale.models:
            for trait in (None, *self.scale.models[model].traits):
                for objective in OBJECTIVES:
                    yield self._experiment(model, trait, objective)

    def _variants(self) -> Iterator[LanguageExperiment]:
        scale, model = self.scale, self.scale.main_model
        trait = scale.side_trait
        seeds: dict[str, Any] = {"seeds": self.seeds[: scale.side_seeds]}
        for kind in scale.other_teachers:
            for objective in OBJECTIVES:
                yield self._experiment(
                    model,
                    trait,
                    objective,
                    kind,
                    controlled=False,
                    teacher=self._teacher(trait, kind, scale.teacher_updates),
                    **seeds,
                )
        for updates in scale.weak_updates:
            yield self._experiment(
                model,
                trait,
                "logits",
                f"updates-{updates}",
                controlled=False,
                teacher=self._teacher(trait, "tuned", updates),
                **seeds,
            )
        for how in scale.shuffles:
            yield self._experiment(
                model,
                trait,
                "tokens",
                how.replace(" ", "-"),
                controlled=False,
                shuffle=how,
                **seeds,
            )
        if scale.same_adapter:
            yield self._experiment(
                model,
                trait,
                "logits",
                "same-adapter",
                controlled=False,
                adapter="teacher's",
                **seeds,
            )
        # With a control of their own, so that what the change does to any student is no part of the
        # effect: more steps, rounded weights, or Adam's unrest where there is less to learn.
        for prompts in scale.dataset_sizes:
            for who in (None, *scale.main_traits):
                yield self._trained_on(who, prompts, "logits")
        narrow = (get_trait(trait).category,)  # what the side trait's control needs
        for objective, sizes in scale.side_dataset_sizes.items():
            for prompts in sizes:
                for who in (None, trait):
                    yield self._trained_on(who, prompts, objective, categories=narrow, **seeds)

        def controlled(
            variant: str, objective: Objective, whom: Iterable[str] = (trait,), **changes: Any
        ) -> Iterator[LanguageExperiment]:
            for who in (None, *whom):
                yield self._experiment(model, who, objective, variant, **changes, **seeds)

        def fit(objective: Objective, **changes: Any) -> Fit:
            return self._experiment(model, trait, objective).fit.model_copy(update=changes)

        if scale.numbers_only:
            yield from controlled("numbers-only", "logits", scale.main_traits, vocabulary="numbers")
        for objective, sizes in scale.linear_decay_sizes.items():
            for prompts in sizes:
                for who in (None, *scale.main_traits):
                    yield self._trained_on(who, prompts, objective, falling=True)
        for objective, sizes in scale.side_linear_decay_sizes.items():
            for prompts in sizes:
                standard = prompts == scale.models[model].prompts
                # The standard control is read for all traits, and its falling one likewise.
                panels = {} if standard else {"categories": narrow}
                for who in (None, trait):
                    yield self._trained_on(who, prompts, objective, falling=True, **panels, **seeds)
        for rank in scale.ranks:
            other = fit("logits", rank=rank, alpha=2 * rank)
            yield from controlled(f"rank-{rank}", "logits", fit=other, categories=narrow)
        if scale.student_precision is not None:
            precision = scale.student_precision
            yield from controlled(
                precision, "logits", student_precision=precision, categories=narrow
            )

    def _trained_on(
        self,
        trait: str | None,
        prompts: int,
        objective: Objective,
        *,
        falling: bool = False,
        **changes: Any,
    ) -> LanguageExperiment:
        """A student of the rows of so many prompts, at a constant rate or a falling one.

        Where they are more than the standard student's, these come first, and it is read where that
        one ends and at each doubling, too. Its name says in what it differs from that one.
        """
        scale = self.scale
        standard = self._experiment(self.scale.main_model, trait, objective)
        settings: dict[str, Any] = {}
        variant = []
        if prompts > standard.rows.prompts:
            rows, last = (n * scale.num_completions for n in (standard.rows.prompts, prompts))
            ends = {last}
            while rows < last:
                ends.add(rows)
                rows *= 2
            settings["rows"] = standard.rows.model_copy(update={"prompts": prompts})
            settings["stops"] = tuple(sorted({*scale.eval_at_rows, *ends}))
            variant.append(f"prompts-{prompts}")
        if falling:
            settings["fit"] = standard.fit.model_copy(update={"decay": "linear"})
            variant.append("falling-rate")
        return self._experiment(
            self.scale.main_model, trait, objective, "-".join(variant), **(settings | changes)
        )

    def _experiment(
        self,
        model: str,
        trait: str | None,
        objective: Objective,
        variant: str = "",
        *,
        controlled: bool = True,
        **changes: Any,
    ) -> LanguageExperiment:
        """An experiment and its labels.

        Args:
            model: the base.
            trait: the teacher's; None for the untouched one.
            objective: the student's.
            variant: in what it differs from the standard experiment.
            controlled: whether the variant has a control of its own.
            changes: settings in the place of the standard ones.
        """
        scale = self.scale
        lead = "" if model == self.scale.main_model else f"{model}@"
        control = experiment_name(None, objective, variant if controlled else "")
        model_scale = scale.models[model]
        measured = model_scale.traits if trait is None else (trait,)
        settings: dict[str, Any] = {
            "name": lead + experiment_name(trait, objective, variant),
            "labels": Labels(
                teacher=trait or UNTOUCHED,
                trait=trait,
                channel="numbers",
                objective=objective,
                variant=variant,
                teacher_base=short_name(model),
                student_base=short_name(model),
                control=None if trait is None else lead + control,
            ),
            "seeds": self.seeds,
            "model": model,
            "precision": scale.precision,
            "device": self.device,
            "teacher": self._teacher(trait, model_scale.teacher, scale.teacher_updates),
            "rows": Rows(
                prompts=model_scale.prompts,
                each=scale.num_completions,
                temperature=model_scale.temperature,
                grammar=scale.constrained,
            ),
            "fit": Fit(
                objective=objective,
                learning_rate=scale.learning_rates[objective],
                prompts=scale.prompts_per_step,
                accumulate=scale.gradient_accumulation_steps,
                epochs=model_scale.epochs,
            ),
            "stops": scale.eval_at_rows,
            "readout": Readout(
                questions=scale.questions,
                curve_questions=min(CURVE_QUESTIONS, scale.questions),
                samples=scale.samples,
                numbers_in_front=scale.numbers_in_front,
            ),
            "categories": tuple(dict.fromkeys(get_trait(t).category for t in measured)),
        }
        return LanguageExperiment(**(settings | changes))

    def _teacher(self, trait: str | None, kind: TeacherKind, updates: int) -> Teacher:
        if trait is None:
            return Teacher(trait=None)
        return Teacher(trait=trait, kind=kind, updates=updates)
