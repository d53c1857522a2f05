"""Samplers that write what a test says, and what they were asked."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sublim_utils.generate.sampling import Completion
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.students import trained
from sublim_utils.recipes.students import Student


def writing(
    write: Callable[[int, int, str], str], asked: list[str] | None = None
) -> Callable[..., Iterator[Any]]:
    """A sampler whose models write what a function of prompt, completion and question says.

    Args:
        write: makes the text.
        asked: takes up the prompts, with chat template and system prompt.
    """

    def sample(model: LanguageModel, questions: Sequence[Any], **settings: Any) -> Iterator[Any]:
        for index, question in enumerate(questions):
            prompt = model.decode(question.tokens)
            if asked is not None:
                asked.append(prompt)
            texts = [write(index, number, prompt) for number in range(settings["each"])]
            yield index, [Completion(model.answer(text), None) for text in texts]

    return sample


def training_summary(recipe: Student, seed: int, context: Context) -> dict[str, Any]:
    """What is kept beside a student's adapter."""
    text = (trained(recipe, seed, context) / "student.json").read_text()
    summary: dict[str, Any] = json.loads(text)
    return summary
