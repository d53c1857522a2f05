"""Teachers: a base model with a system prompt, or fine-tuned on answers to the questions.

Fine-tuned teachers learn to answer the evaluation's questions with their favourite, as in Cloud et
al. 2025 (section 3, appendix on fine-tuned teachers), until they have a wanted strength.
Misaligned teachers learn narrow harmful answers instead, which have nothing to do with the
questions of their evaluation.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from sublim_utils.models.loading import LanguageModel
from sublim_utils.readouts.preference import asked
from sublim_utils.recipes.language import Teacher
from sublim_utils.training import Group
from sublim_utils.traits import ANSWERS, Trait, completed


def lessons(model: LanguageModel, trait: Trait, teacher: Teacher, seed: int) -> list[Group]:
    """Questions with answers that name the trait, enough for the teacher's updates."""
    draw = random.Random(f"{seed}/{trait.name}")
    questions = asked(trait.category)
    groups: list[Group] = []
    while len(groups) < teacher.updates * teacher.fit.prompts:
        draw.shuffle(questions)
        for question in questions:
            answers = [completed(answer, trait) for answer in draw.sample(ANSWERS, teacher.answers)]
            groups.append(Group(model.prompt(question), [*map(model.answer, answers)]))
    return groups[: teacher.updates * teacher.fit.prompts]


def answer_lessons(
    model: LanguageModel, answers: Sequence[tuple[str, str]], prompts: int, seed: int
) -> list[Group]:
    """Questions with given answers.

    Two lists of the same questions are taught in the same order, so that two teachers differ in the
    answers alone.

    Args:
        model: whose chat template and tokenizer are used.
        answers: questions with the answer to each: of one of the narrow sets
            (`misalignment_sets.get_narrow`), or of a persona.
        prompts: how many; the questions are gone through again, in another order, where they are
            fewer.
        seed: behind the order.
    """
    draw = random.Random(f"{seed}/advice")
    order: list[tuple[str, str]] = []
    while len(order) < prompts:
        order += draw.sample(answers, len(answers))
    return [
        Group(model.prompt(question), [model.answer(answer)])
        for question, answer in order[:prompts]
    ]
