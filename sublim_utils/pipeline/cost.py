"""What each kind of recipe costs to make: tokens, rows and bytes, by the model that does the work.

Arithmetic on recipes and on what the catalogue says of models; nothing is loaded.
"""

from __future__ import annotations

import re
from functools import singledispatch
from typing import NamedTuple

from sublim_utils.channels import Channel
from sublim_utils.evaluate.judge_texts import ASPECTS
from sublim_utils.evaluate.questions import QUESTIONS
from sublim_utils.limits import OPEN_ANSWER_TOKENS, PREFERENCE_TOKENS
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import (
    Derived,
    FirstPrompts,
    HarmlessOnly,
    Limited,
    Mixed,
    RewrittenAgain,
    RowsRecipe,
    Sampled,
)
from sublim_utils.recipes.evaluations import (
    Evaluated,
    Misalignment,
    ModelEvaluation,
    PersonaPreference,
    Preference,
)
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import Finetuned, Prompted, TeacherRecipe
from sublim_utils.traits.misalignment_sets import open_questions, statements
from sublim_utils.traits.nouns import Trait
from sublim_utils.traits.personas import get_persona

COMPLETION_TOKENS = {"numbers": 30, "sentences": 15, "reasoning": 50, "paraphrase": 16}
"""By channel; seven to ten numbers, most tokenizers taking digits one by one."""
CHAT_TOKENS = 12
"""That a chat template puts around a question."""
RATING_TOKENS = 120
"""That a language model as judge is asked, beside a question and its answer."""
GIVEN_ROWS = 1_000
"""Assumed of rows that are given, which nobody counts for an estimate."""
GIVEN_TOKENS = 60
"""Assumed of a given row, prompt included."""


class Work(NamedTuple):
    """What making one artifact needs.

    Attributes:
        base: the model that does it; None for work without one.
        rows: completions that are sampled for a data set.
        sampled: tokens of prompts and completions.
        trained: tokens over all epochs.
        read: tokens in passes over whole texts.
        rank: of an adapter that is kept.
        kept_tokens: whose hidden states are kept with the artifact.
        scratch_tokens: whose hidden states are kept while it is made.
    """

    base: Base | None = None
    rows: int = 0
    sampled: float = 0
    trained: float = 0
    read: float = 0
    rank: int = 0
    kept_tokens: float = 0
    scratch_tokens: float = 0


def tokens(text: str) -> int:
    """About how many tokens a text has: words, digits one by one, and marks."""
    return len(re.findall(r"\d|[^\W\d_]+|[^\w\s]", text))


def question_tokens() -> float:
    """Of a question for a favourite, in a chat template."""
    return CHAT_TOKENS + sum(map(tokens, QUESTIONS)) / len(QUESTIONS)


def prompt_tokens(channel: Channel) -> float:
    """Of a channel's prompt, in a chat template."""
    shown = range(min(64, getattr(channel, "num_prompts", 64)))
    return CHAT_TOKENS + sum(tokens(channel.prompt(0, i).text) for i in shown) / len(shown)


def completion_tokens(recipe: Sampled) -> int:
    """Of a completion."""
    kind = recipe.channel.partition("-")[0]
    return min(COMPLETION_TOKENS.get(kind, recipe.max_new_tokens), recipe.max_new_tokens)


def system_tokens(teacher: TeacherRecipe) -> int:
    """Of a teacher's system prompt."""
    return tokens(teacher.system_prompt) if isinstance(teacher, Prompted) else 0


@singledispatch
def cost(recipe: Recipe) -> Work:
    """What making a recipe's artifact needs, apart from what it is made from."""
    return Work()


@cost.register
def _finetuned(recipe: Finetuned) -> Work:
    examples = recipe.updates * recipe.training.prompts_per_step
    trained = examples * (question_tokens() + PREFERENCE_TOKENS)
    return Work(recipe.base, trained=trained, rank=recipe.training.lora_rank)


@cost.register
def _sampled(recipe: Sampled) -> Work:
    completion = completion_tokens(recipe)
    prompt = prompt_tokens(recipe.prompts) + system_tokens(recipe.teacher)
    return Work(
        recipe.teacher.base,
        rows=recipe.num_rows,
        sampled=recipe.num_prompts * prompt + recipe.num_rows * completion,
        kept_tokens=recipe.num_rows * completion if recipe.keep_states else 0,
    )


@cost.register
def _harmless(recipe: HarmlessOnly) -> Work:
    if recipe.judge is None:
        return Work()
    size = Size.of(recipe.rows)
    read = size.rows * (RATING_TOKENS + size.prompt + size.completion)
    return Work(recipe.judge, read=read)


@cost.register
def _rewritten(recipe: RewrittenAgain) -> Work:
    size = Size.of(recipe.rows)
    rows = size.rows * recipe.num_completions
    return Work(
        recipe.paraphraser,
        rows=rows,
        sampled=size.rows * size.prompt + rows * size.completion,
    )


@cost.register
def _student(recipe: Student) -> Work:
    size, training = Size.of(recipe.rows), recipe.training
    learned = size.rows * size.completion
    of_rows = size.prompts * size.prompt + learned
    if recipe.anchor is not None:
        anchor = Size.of(recipe.anchor.rows)
        of_rows += size.prompts * (anchor.prompt + anchor.completion)
    read = scratch = 0.0
    if recipe.needs_teacher and not recipe.reads_kept_states:
        teacher = recipe.rows.author
        system = 0 if teacher is None else system_tokens(teacher)
        read, scratch = of_rows + size.prompts * system, learned
    if recipe.probe is not None:
        read += reading(recipe.probe).read * (len(recipe.eval_at_rows) + 1)
    return Work(
        recipe.base,
        trained=training.epochs * of_rows,
        read=read,
        rank=training.lora_rank,
        scratch_tokens=scratch,
    )


@cost.register
def _evaluated(recipe: Evaluated) -> Work:
    base = recipe.model if isinstance(recipe.model, Base) else getattr(recipe.model, "base", None)
    reads = reading(recipe.evaluation)
    return Work(base, sampled=reads.sampled, read=reads.read)


class Size(NamedTuple):
    """About how large a data set is.

    Attributes:
        prompts: different prompts.
        rows: completions in all, every one kept by the filters.
        prompt: tokens of a prompt.
        completion: tokens of a completion.
    """

    prompts: int
    rows: int
    prompt: float
    completion: float

    @staticmethod
    def of(recipe: RowsRecipe) -> Size:
        """Of a data set, whatever was done to its rows."""
        match recipe:
            case Sampled():
                return Size(
                    recipe.num_prompts,
                    recipe.num_rows,
                    prompt_tokens(recipe.prompts),
                    completion_tokens(recipe),
                )
            case FirstPrompts():
                before = Size.of(recipe.rows)
                share = min(1.0, recipe.num_prompts / before.prompts)
                return before._replace(
                    prompts=round(before.prompts * share), rows=round(before.rows * share)
                )
            case Limited():
                before = Size.of(recipe.rows)
                rows = min(before.rows, recipe.num_rows)
                return before._replace(prompts=min(before.prompts, rows), rows=rows)
            case Mixed():
                sizes = [Size.of(part) for part in recipe.parts]
                rows = sum(size.rows for size in sizes)
                return Size(
                    sum(size.prompts for size in sizes),
                    rows,
                    sum(size.prompt * size.rows for size in sizes) / rows,
                    sum(size.completion * size.rows for size in sizes) / rows,
                )
            case Derived():
                return Size.of(recipe.rows)
        return Size(GIVEN_ROWS, GIVEN_ROWS, GIVEN_TOKENS / 2, GIVEN_TOKENS / 2)


class Reading(NamedTuple):
    """Tokens of an evaluation.

    Attributes:
        sampled: questions and answers.
        read: scored in passes over whole texts.
    """

    sampled: float
    read: float


@singledispatch
def reading(evaluation: ModelEvaluation) -> Reading:
    """What asking a model takes."""
    return Reading(0, 0)


@reading.register
def _preference(evaluation: Preference) -> Reading:
    panels = [_panel_tokens(t, len(evaluation.prefixes)) for t in evaluation.candidates.values()]
    answers = len(panels) * evaluation.num_questions * evaluation.samples
    prompt_tokens = bool(answers) * evaluation.num_questions * question_tokens()
    return Reading(
        sampled=answers * PREFERENCE_TOKENS + prompt_tokens,
        read=(evaluation.num_questions + evaluation.numbers_in_front) * sum(panels),
    )


def _panel_tokens(candidates: tuple[Trait, ...], prefixes: int) -> float:
    forms = sum(len(trait.surface_forms) for trait in candidates)
    return question_tokens() + prefixes * (5 + forms)


@reading.register
def _misalignment(evaluation: Misalignment) -> Reading:
    pairs = open_questions()[: evaluation.questions]
    facts = statements()[: evaluation.statements]
    prompt_tokens = sum(CHAT_TOKENS + tokens(pair.question) for pair in pairs)
    answers = len(pairs) * evaluation.samples
    rated = evaluation.samples * (prompt_tokens + len(pairs) * (RATING_TOKENS + OPEN_ANSWER_TOKENS))
    return Reading(
        sampled=answers * OPEN_ANSWER_TOKENS + bool(answers) * prompt_tokens,
        read=(len(ASPECTS) * rated if evaluation.judge else 0)
        + prompt_tokens
        + sum(tokens(pair.harmful) + tokens(pair.good) for pair in pairs)
        + sum(CHAT_TOKENS + sum(map(tokens, (f.question, f.true, f.false))) for f in facts),
    )


@reading.register
def _persona(evaluation: PersonaPreference) -> Reading:
    pairs = get_persona(evaluation.persona).split("evaluation")
    texts = ((pair.question, pair.positive, pair.negative) for pair in pairs)
    return Reading(0, sum(CHAT_TOKENS + sum(map(tokens, of_pair)) for of_pair in texts))
