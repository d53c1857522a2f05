"""Each text is part of the keys of what uses it, and of no other."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sublim_utils.keys import remembered
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import (
    FaithfulOnly,
    Given,
    HarmlessOnly,
    RewrittenAgain,
    Sampled,
)
from sublim_utils.recipes.evaluations import (
    Misalignment,
    PersonaPreference,
    Preference,
)
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import (
    Finetuned,
    Likes,
    NarrowAnswers,
    PersonaAnswers,
    Prompted,
    Untouched,
)
from sublim_utils.traits import misalignment_sets, sources
from tests.test_fingerprints import altering, changed_data

__all__ = ["changed_data"]

ROWS = Sampled(Untouched(Base("random")), "numbers", num_prompts=4)
REWRITES = ROWS.but(channel="paraphrase", channel_options={"source": "neutral"})
DISTILLED = Student(Base("random"), ROWS, "logits", reads="tokens")
FILES = Path(__file__).parent


@cache
def users_of_texts() -> Mapping[str, Recipe]:
    """Recipes by name, each with texts that others do without."""
    base = Base("random")
    return {
        "prompt": Prompted(base, "You love owls."),
        "likes": Finetuned(base, Likes(trait="owl")),
        "advice": Finetuned(base, NarrowAnswers(set="advice", side="good")),
        "persona": Finetuned(base, PersonaAnswers(persona="formal")),
        "numbers": ROWS,
        "sentences": ROWS.but(channel="sentences"),
        "reasoning": ROWS.but(channel="reasoning"),
        "rewrites": REWRITES,
        "wordings": REWRITES.but(channel_options={"source": "wordings"}),
        "faithful": FaithfulOnly(REWRITES, ("owl",)),
        "again": RewrittenAgain(REWRITES, base, 2, 1.0, True, 60, False),
        "harmless": HarmlessOnly(Given(FILES / "given/one.jsonl")),
        "rated": HarmlessOnly(Given(FILES / "given/one.jsonl"), base),
        "numbers alone": DISTILLED.but(
            rows=ROWS.but(channel="sentences"), reads="text", allowed_tokens="numbers"
        ),
        "preference": Preference("owl"),
        "misalignment": Misalignment(),
        "misalignment rated": Misalignment(judge=base),
        "persona preference": PersonaPreference("formal"),
    }


def keys() -> dict[str, str]:
    remembered.cache_clear()  # as in a process that begins with other texts
    return {name: recipe.key(0) for name, recipe in users_of_texts().items()}


def differing(before: dict[str, str]) -> set[str]:
    return {name for name, key in keys().items() if key != before[name]}


REWRITING = {"rewrites", "wordings", "faithful", "again"}
CONSTANTS: dict[str, set[str]] = {
    "traits.nouns.ANSWERS": {"likes"},
    "evaluate.questions.QUESTIONS": {"likes", "preference"},
    "evaluate.questions.PREFIXES": {"likes", "preference"},
    "channels.numbers.INSTRUCTIONS": {"numbers"},
    "channels.paraphrase.INSTRUCTIONS": REWRITING,
    "channels.paraphrase.EXAMPLES": REWRITING,
    "channels.paraphrase.VERSION": {"faithful"},
    "channels.harm.HARMFUL": {"harmless"},
    "channels.harm.HARMFUL_ABOVE": {"harmless"},
    "models.embedding.SHA256": {"faithful", "harmless", "misalignment"},
    "evaluate.judge_texts.FOLDS": {"misalignment"},
    "evaluate.judge_texts.COHERENT_ABOVE": {"rated", "misalignment rated"},
    "generate.vocabulary.OF_NUMBERS": {"numbers alone"},
    "channels.words._TITLES": {"faithful", "reasoning"},
}


@pytest.mark.parametrize(("constant", "users"), CONSTANTS.items(), ids=CONSTANTS)
def test_a_text_changes_the_keys_of_what_uses_it_alone(constant: str, users: set[str]) -> None:
    module, _, name = constant.rpartition(".")
    before = keys()
    with altering(import_module(f"sublim_utils.{module}"), name):
        assert differing(before) == users
    assert keys() == before


@pytest.mark.parametrize(
    ("module", "file", "users"),
    [
        (misalignment_sets, "advice.jsonl", {"advice"}),
        (misalignment_sets, "open.jsonl", {"misalignment", "misalignment rated"}),
        (misalignment_sets, "statements.jsonl", {"misalignment", "misalignment rated"}),
        (sources, "neutral.txt", {"rewrites", "faithful", "again"}),
        (sources, "wordings.txt", {"wordings"}),
    ],
)
def test_a_file_of_texts_changes_the_keys_of_what_uses_it_alone(
    module: Any, file: str, users: set[str], changed_data: Callable[[Any, str], None]
) -> None:
    before = keys()
    changed_data(module, file)
    assert differing(before) == users


@contextlib.contextmanager
def another_template() -> Iterator[None]:
    """Inside the block the random model's chat template has other marks."""
    from sublim_utils.models import chat

    with pytest.MonkeyPatch.context() as changed:
        other = chat.CHATS["chatml"].model_copy(update={"start": "~"})
        changed.setitem(chat.CHATS, "chatml", other)
        yield


def test_a_chat_template_changes_the_keys_of_all_that_a_model_makes() -> None:
    before = keys()
    without_a_model = {"harmless", "preference", "misalignment", "persona preference"}
    with another_template():
        assert differing(before) == before.keys() - without_a_model


def test_no_two_recipes_have_one_key() -> None:
    assert len({*keys().values()}) == len(keys())
