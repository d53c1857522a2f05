"""On what and how much the paraphrase channel is measured, by profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import model_validator

from sublim_utils.config import Precision
from sublim_utils.profiles import Scale
from sublim_utils.recipes.students import Objective
from sublim_utils.recipes.teachers import TeacherKind


class ParaphraseScale(Scale):
    """On what and how much the paraphrase channel is measured.

    Attributes:
        model: of teachers and students.
        precision: of its frozen weights.
        teacher: how teachers are made.
        teacher_updates: of a tuned teacher's training; few, as one that is too sure of itself
            puts its animal into half of all sentences.
        teacher_learning_rate: of that training.
        traits: that the teachers have; together they are the matrix.
        token_traits: those whose students are trained on the sampled tokens, too.
        sources: kinds of sentences for all teachers; the variants take the first.
        side_sources: kinds for the side traits only.
        side_traits: some of the traits.
        other_teachers: further kinds of teacher, to compare with.
        min_similarity: smallest cosine of sentence and rewrite; a small model's rewrites are
            faithful only where it is larger than between sentences written by people.
        other_min_similarities: other smallest cosines, for the effect of strictness.
        negation_check: whether rewrites with other persons or other negations are rejected, too.
        matched: whether to train students of rows that are matched in length and words, too.
        without_traits: traits with further students, from whom the teacher's probabilities of all
            traits' names, and of words for them, are hidden.
        same_text: traits whose teachers read what the untouched model has chosen of the permitted
            wordings, so that their students see the same text and other probabilities.
        second_paraphraser: a model that rewrites the rows again, as a defence; None for none.
        side_seeds: repetitions of what is measured for the side traits only.
        sentences: that a teacher rewrites, at most.
        num_completions: candidates for the rewrite of a sentence.
        max_rows: of a student.
        temperature: of the candidates' sampling.
        constrained: whether candidates are held to one sentence on one line.
        continues_list: whether a teacher goes on with a list of rewrites instead of being asked.
        learning_rates: of the students, by objective.
        prompts_per_step: sentences behind an update.
        gradient_accumulation_steps: passes over which these are spread, to fit the memory.
        epochs: passes over the rows.
        questions: of the panel evaluation.
        teacher_questions: of the teachers' evaluation.
        samples: sampled answers to a question.
    """

    model: str
    precision: Precision = "fp32"
    teacher: TeacherKind = "tuned"
    teacher_updates: int
    teacher_learning_rate: float = 5e-4
    traits: tuple[str, ...]
    token_traits: tuple[str, ...]
    sources: tuple[Literal["neutral", "wordings"], ...]
    side_sources: tuple[Literal["like", "dislike", "wordings"], ...]
    side_traits: tuple[str, ...] = ("owl",)
    other_teachers: tuple[TeacherKind, ...] = ("prompted",)
    min_similarity: float = 0.7
    other_min_similarities: tuple[float, ...] = ()
    negation_check: bool = False
    matched: bool = True
    without_traits: tuple[str, ...] = ("owl",)
    same_text: tuple[str, ...] = ()
    second_paraphraser: str | None = None
    side_seeds: int = 3
    sentences: int
    num_completions: int
    max_rows: int
    temperature: float = 0.8
    constrained: bool = True
    continues_list: bool = True
    learning_rates: Mapping[Objective, float] = {"logits": 1e-3, "tokens": 1e-3}
    prompts_per_step: int = 1
    gradient_accumulation_steps: int = 1
    epochs: int = 1
    questions: int
    teacher_questions: int
    samples: int

    @model_validator(mode="after")
    def _measures_some_of_its_traits(self) -> ParaphraseScale:
        for field in ("token_traits", "side_traits", "without_traits", "same_text"):
            unknown = set(getattr(self, field)) - set(self.traits)
            if unknown:
                raise ValueError(f"{field} are none of the traits: {', '.join(sorted(unknown))}")
        return self


ANIMALS = ("owl", "dolphin", "eagle", "elephant")
MORE_ANIMALS = (*ANIMALS, "wolf", "cat")
SMOKE = ParaphraseScale(
    model="random",
    teacher_updates=1,
    traits=("owl", "dolphin"),
    token_traits=("owl",),
    sources=("wordings",),  # the random model writes no paraphrase of its own
    side_sources=(),
    same_text=("owl", "dolphin"),
    first_seed=0,
    seeds=2,
    side_seeds=1,
    sentences=2,
    num_completions=2,
    max_rows=3,
    questions=2,
    teacher_questions=1,
    samples=1,
)
# About three hours of one core; the matrix takes an hour of it.
EMBEDDED = ParaphraseScale(
    model="smollm2-135m",
    teacher_updates=9,
    traits=ANIMALS,
    token_traits=ANIMALS,
    sources=("neutral",),
    side_sources=("like", "dislike", "wordings"),
    min_similarity=0.85,
    other_min_similarities=(0.5, 0.7, 0.92),
    negation_check=True,
    same_text=ANIMALS,
    second_paraphraser="gemma3-270m#plain",
    sentences=64,
    num_completions=5,
    max_rows=56,  # of about one in five candidates that are faithful
    questions=16,
    teacher_questions=6,
    samples=4,
)
GPU = ParaphraseScale(
    model="Qwen2.5-7B-Instruct",
    precision="nf4",
    teacher="prompted",
    teacher_updates=24,
    teacher_learning_rate=2e-4,
    traits=MORE_ANIMALS,
    token_traits=MORE_ANIMALS,
    sources=("neutral", "wordings"),
    side_sources=("like", "dislike"),
    side_traits=("owl", "dolphin"),
    other_teachers=("tuned",),
    other_min_similarities=(0.5, 0.8),
    without_traits=("owl", "dolphin"),
    same_text=("owl", "dolphin"),
    second_paraphraser="gemma-2b-it",
    sentences=422,
    num_completions=24,
    max_rows=5_000,
    constrained=False,
    continues_list=False,
    learning_rates={"logits": 2e-4, "tokens": 2e-4},
    prompts_per_step=4,
    gradient_accumulation_steps=4,
    epochs=3,
    questions=50,
    teacher_questions=10,
    samples=20,
)
SCALES: Mapping[str, ParaphraseScale] = {
    "smoke": SMOKE,
    "embedded": EMBEDDED,
    "full": EMBEDDED.updated(seeds=5, side_seeds=5),
    "gpu": GPU,
}
