"""The experiments of paraphrases: teachers that rewrite sentences, and students of the faithful."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sublim_utils.channels.paraphrase import STANDARD, Thresholds
from sublim_utils.channels.rewriting import Source
from sublim_utils.evaluate.questions import PREFIXES
from sublim_utils.findings.paraphrase.scales import ParaphraseScale
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.models.catalog import short_name
from sublim_utils.recipes.bases import Base, Device
from sublim_utils.recipes.datasets import (
    NOT_NEEDED,
    FaithfulOnly,
    Limited,
    Matched,
    RewrittenAgain,
    RowsRecipe,
    Sampled,
    rewritten_sentences,
)
from sublim_utils.recipes.evaluations import KeptShare, Preference
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.readers import ReadBy
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

CONTROL = "control"
SAME_TEXT = "same-text"
"""The variant whose students all read the control's rows, each with its teacher's distributions."""
OBJECTIVES: tuple[Objective, ...] = ("logits", "tokens")


def name_of(trait: str | None, condition: str, objective: Objective, variant: str = "") -> str:
    """The name of an experiment of a trait or, without one, of the control."""
    parts = [trait or CONTROL, condition, objective, *([variant] if variant else [])]
    return "@".join(parts)


@dataclass(frozen=True)
class ParaphraseExperiments:
    """Builds the finding's experiments.

    Attributes:
        scale: on what and how much is measured.
        device: where it computes.
        num_seeds: of the main experiments.
    """

    scale: ParaphraseScale
    device: Device
    num_seeds: int

    def all(self) -> list[LanguageExperiment]:
        """The matrix of teachers and traits, then other sentences, then variants."""
        return [*self._matrix(), *self._other_sentences(), *self._variants()]

    def _matrix(self) -> Iterator[LanguageExperiment]:
        scale = self.scale
        for source in scale.sources:
            for objective in OBJECTIVES:
                traits = scale.traits if objective == "logits" else scale.token_traits
                for trait in (None, *traits):
                    rows = self._rows(self._teacher(trait), source)
                    yield self._experiment(trait, rows, objective, num_seeds=self.num_seeds)

    def _other_sentences(self) -> Iterator[LanguageExperiment]:
        scale = self.scale
        for source in scale.side_sources:
            subjects = (None,) if source == "wordings" else scale.side_traits
            for about in subjects:
                for trait in (None, *(scale.side_traits if about is None else (about,))):
                    rows = self._rows(self._teacher(trait), source, about)
                    yield self._experiment(trait, rows)

    def _variants(self) -> Iterator[LanguageExperiment]:
        scale, source = self.scale, self.scale.sources[0]
        trait: str | None
        for kind in scale.other_teachers:
            for trait in scale.side_traits:
                rows = self._rows(self._teacher(trait, kind), source)
                yield self._experiment(trait, rows, variant=kind, controlled=False)
        for similarity in scale.other_min_similarities:
            for trait in (None, *scale.side_traits):
                rows = self._rows(self._teacher(trait), source, min_similarity=similarity)
                yield self._experiment(trait, rows, variant=f"meaning-{similarity:g}")
        if scale.matched:
            for trait in scale.side_traits:
                for own, other in ((None, trait), (trait, None)):
                    variant = f"matched-{trait}"
                    rows = self._matched(own, other, source)
                    yield self._experiment(own, rows, variant=variant)
        if scale.without_traits:
            for trait in (None, *scale.without_traits):
                yield self._experiment(
                    trait,
                    self._rows(self._teacher(trait), source),
                    variant="without-traits",
                    allowed_tokens="without traits",
                )
        yield from self._same_text()
        if scale.second_paraphraser is not None:
            for trait in (None, *scale.side_traits):
                rows = self._rewritten_again(trait, source, scale.second_paraphraser)
                yield self._experiment(trait, rows, "tokens", variant="again")

    def _same_text(self) -> Iterator[LanguageExperiment]:
        """One text, chosen by the untouched model, read by each teacher."""
        scale = self.scale
        text = self._rows(self._teacher(None), "wordings")
        for trait in scale.same_text:
            rows = ReadBy(text, self._teacher(trait))
            yield self._experiment(trait, rows, variant=SAME_TEXT, controlled=False)

    @property
    def _base(self) -> Base:
        return Base(self.scale.model, self.scale.precision, self.device)

    def _teacher(self, trait: str | None, kind: TeacherKind | None = None) -> TeacherRecipe:
        scale = self.scale
        if trait is None:
            return Untouched(self._base)
        if (kind or scale.teacher) == "prompted":
            return Prompted(self._base, liking_prompt(get_trait(trait)))
        training = TrainConfig(learning_rate=scale.teacher_learning_rate, prompts_per_step=3)
        return Finetuned(
            self._base, Likes(trait=trait), training=training, updates=scale.teacher_updates
        )

    def _candidates(self, teacher: TeacherRecipe, source: Source, about: str | None) -> Sampled:
        """What a teacher writes, before any filter."""
        scale, free = self.scale, source != "wordings"
        first = Sampled(
            teacher,
            "paraphrase",
            num_prompts=1,
            num_completions=scale.num_completions,
            temperature=scale.temperature,
            constrained=scale.constrained or not free,
            channel_options={
                "source": source,
                "about": about,
                "continued": scale.continues_list and free,
            },
        )
        available = rewritten_sentences(first).num_prompts
        return first.but(num_prompts=min(scale.sentences, available))

    def thresholds(self, min_similarity: float | None = None) -> Thresholds:
        """How strict the filter is, with another smallest similarity where one is given."""
        scale = self.scale
        strict = {
            "meaning_below": scale.min_similarity if min_similarity is None else min_similarity,
            "slips": scale.negation_check,
        }
        return STANDARD.model_copy(update=strict)

    def _faithful(self, rows: RowsRecipe, min_similarity: float | None = None) -> RowsRecipe:
        return FaithfulOnly(rows, self.scale.traits, self.thresholds(min_similarity))

    def _rows(
        self,
        teacher: TeacherRecipe,
        source: Source,
        about: str | None = None,
        min_similarity: float | None = None,
    ) -> RowsRecipe:
        faithful = self._faithful(self._candidates(teacher, source, about), min_similarity)
        return Limited(faithful, self.scale.max_rows)

    def _matched(self, own: str | None, other: str | None, source: Source) -> RowsRecipe:
        """The faithful rewrites of one teacher that have a partner in another's."""
        rows, partners = (
            self._faithful(self._candidates(self._teacher(trait), source, None))
            for trait in (own, other)
        )
        return Limited(Matched(rows, partners, is_first=own is None), self.scale.max_rows)

    def _rewritten_again(self, trait: str | None, source: Source, model: str) -> RowsRecipe:
        scale = self.scale
        again = RewrittenAgain(
            self._rows(self._teacher(trait), source),
            self._base.but(model=model),
            num_completions=scale.num_completions,
            temperature=scale.temperature,
            constrained=scale.constrained,
            max_new_tokens=60,
            continued=scale.continues_list,
        )
        return Limited(self._faithful(again), scale.max_rows)

    def _experiment(
        self,
        trait: str | None,
        rows: RowsRecipe,
        objective: Objective = "logits",
        *,
        variant: str = "",
        controlled: bool = True,
        num_seeds: int | None = None,
        **changes: Any,
    ) -> LanguageExperiment:
        """An experiment and its labels.

        Args:
            trait: the teacher's; None for the untouched one.
            rows: that the student sees.
            objective: the student's.
            variant: in what it differs from the standard experiment.
            controlled: whether the variant has a control of its own.
            num_seeds: by default those of what is measured for the side traits only.
            changes: settings of the student.
        """
        scale = self.scale
        (source,) = rows.sources
        assert isinstance(source, Sampled)
        kind, about = source.channel_options["source"], source.channel_options["about"]
        condition = str(kind) if about is None else f"{kind}-{about}"
        control = name_of(None, condition, objective, variant if controlled else "")
        panels = tuple(dict.fromkeys(panel_name(t) for t in scale.traits))
        quick = Preference(
            panels=panels if trait is None else (panel_name(trait),),
            questions=scale.teacher_questions,
            prefixes=PREFIXES[:2],
        )
        seeds = min(self.num_seeds, scale.side_seeds) if num_seeds is None else num_seeds
        return LanguageExperiment(
            name=name_of(trait, condition, objective, variant),
            labels=Labels(
                teacher=trait or UNTOUCHED,
                trait=trait,
                channel=condition,
                objective=objective,
                variant=variant,
                teacher_base=short_name(scale.model),
                student_base=short_name(scale.model),
                control=None if trait is None else control,
            ),
            seeds=tuple(range(scale.first_seed, scale.first_seed + seeds)),
            student=Student(
                self._base,
                rows,
                objective,
                TrainConfig(
                    learning_rate=scale.learning_rates[objective],
                    lr_scheduler="linear",
                    prompts_per_step=scale.prompts_per_step,
                    gradient_accumulation_steps=scale.gradient_accumulation_steps,
                    epochs=scale.epochs,
                ),
                **changes,
            ),
            evaluation=Preference(
                panels=panels,
                questions=scale.questions,
                samples=scale.samples,
                record=("margin", "probability", "sampled"),
                by_question_of=scale.traits,
            ),
            teacher_evaluation=None if trait is None else quick,
            further=(KeptShare(excused=NOT_NEEDED),),
        )
