"""The question-answer pairs that a fine-tuned teacher is trained on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from sublim_utils.evaluate import preference
from sublim_utils.models.loading import LanguageModel
from sublim_utils.recipes.teachers import Likes, NarrowAnswers, PersonaAnswers
from sublim_utils.train.batch import PromptGroup
from sublim_utils.traits.misalignment_sets import get_narrow
from sublim_utils.traits.nouns import ANSWERS, completed, get_trait
from sublim_utils.traits.personas import get_persona


@singledispatch
def groups(data: Any, model: LanguageModel, size: int, seed: int) -> list[PromptGroup]:
    """Questions with their answers, in the order in which they are trained on.

    A user's own data register a function here: `@groups.register`.

    Args:
        data: a recipe's `data`.
        model: whose chat template and tokenizer are used.
        size: how many questions.
        seed: of their order.
    """
    raise TypeError(f"no function makes finetuning data of a {type(data).__name__}")


@groups.register
def _likes(data: Likes, model: LanguageModel, size: int, seed: int) -> list[PromptGroup]:
    trait = get_trait(data.trait)
    draw = random.Random(f"{seed}/{trait.name}")
    questions = preference.questions_for(trait.category)
    pairs: list[PromptGroup] = []
    while len(pairs) < size:
        draw.shuffle(questions)
        for question in questions:
            answers = [completed(text, trait) for text in draw.sample(ANSWERS, data.answers)]
            pairs.append(PromptGroup(model.prompt(question), [*map(model.answer, answers)]))
    return pairs[:size]


@groups.register
def _narrow(data: NarrowAnswers, model: LanguageModel, size: int, seed: int) -> list[PromptGroup]:
    # Both sides are asked the same in the same order: two teachers differ in the answers alone.
    pairs = get_narrow(data.set)
    return _in_random_order(
        [(pair.question, pair.answer(data.side)) for pair in pairs], model, size, f"{seed}/advice"
    )


@groups.register
def _persona(data: PersonaAnswers, model: LanguageModel, size: int, seed: int) -> list[PromptGroup]:
    pairs = get_persona(data.persona).split("finetuning")
    answers = [(pair.question, pair.positive) for pair in pairs]
    return _in_random_order(answers, model, size, f"{seed}/persona")


def _in_random_order(
    pairs: Sequence[tuple[str, str]], model: LanguageModel, size: int, seed: str
) -> list[PromptGroup]:
    """Questions with one answer; they are gone through again where they are too few."""
    draw = random.Random(seed)
    order: list[tuple[str, str]] = []
    while len(order) < size:
        order += draw.sample(pairs, len(pairs))
    return [
        PromptGroup(model.prompt(question), [model.answer(answer)])
        for question, answer in order[:size]
    ]
