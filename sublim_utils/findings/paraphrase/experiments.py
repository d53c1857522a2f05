"""The experiments on paraphrases: whose rewrites of which sentences students are trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sublim_utils.channels.paraphrase import STANDARD, Thresholds
from sublim_utils.findings.paraphrase.scales import ParaphraseScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.language import Fit, Objective, Readout, Teacher, TeacherKind
from sublim_utils.recipes.paraphrase import ParaphraseExperiment, ParaphraseRows, Source
from sublim_utils.traits import get_trait

CONTROL = "control"
OBJECTIVES: tuple[Objective, ...] = ("logits", "tokens")


@dataclass(frozen=True)
class ParaphraseExperiments:
    """Builds the experiments of a scale.

    Attributes:
        scale: how much is measured.
        device: on which.
        seeds: of the main experiments.
    """

    scale: ParaphraseScale
    device: Literal["cpu", "cuda"]
    seeds: tuple[int, ...]

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

    def _teacher(self, trait: str | None, kind: TeacherKind) -> Teacher:
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
            "device": self.device,
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


def _called(trait: str | None, condition: str, objective: Objective, variant: str) -> str:
    """An experiment's name."""
    return "@".join(filter(None, (trait or CONTROL, condition, objective, variant)))
