"""The channel `paraphrase`: which sentences are asked for, how, and what may be answered."""

from typing import Any

import pytest

from sublim_utils.channels import get_channel
from sublim_utils.channels.paraphrase import BEFORE
from sublim_utils.channels.rewriting import Rewriting
from sublim_utils.channels.wordings import Wording
from sublim_utils.errors import SublimError
from sublim_utils.traits.nouns import get_trait
from sublim_utils.traits.sources import neutral, wordings

NEUTRAL = Rewriting(source="neutral")
WORDINGS = Rewriting(source="wordings")


def test_teachers_of_one_seed_rewrite_the_same_sentences() -> None:
    prompts = [NEUTRAL.prompt(5, index) for index in range(422)]
    assert sorted(prompt.source for prompt in prompts) == sorted(neutral())
    again = get_channel("paraphrase", source="neutral")
    assert prompts[:9] == [again.prompt(5, index) for index in range(9)]
    assert prompts[:9] != [NEUTRAL.prompt(6, index) for index in range(9)]


def test_a_student_is_asked_without_the_examples_that_its_teacher_sees() -> None:
    for index in range(20):
        prompt = NEUTRAL.prompt(5, index)
        paragraphs = prompt.text.split("\n\n")
        assert prompt.question == f"{paragraphs[0]}\n\n{paragraphs[-1]}"
        assert prompt.question.count(BEFORE) == 1 < prompt.text.count(BEFORE)
        assert prompt.source in prompt.question


@pytest.mark.parametrize("lead", ["", " "])
def test_permitted_wordings_are_asked_for_without_examples_and_are_all_that_may_be_said(
    lead: str,
) -> None:
    for index in range(len(wordings())):
        prompt = WORDINGS.prompt(0, index)
        assert prompt.text == prompt.question
        grammar = prompt.grammar(lead)
        assert prompt.wording is not None
        assert isinstance(grammar, Wording)
        variants = set(Wording(prompt.wording).variants())
        assert prompt.source in variants
        assert set(grammar.variants()) == {lead + variant for variant in variants}


def test_sentences_that_take_sides_are_about_their_trait() -> None:
    channel = Rewriting(source="dislike", about="owl")
    assert channel.stance == "dislike"
    assert all(get_trait("owl").pattern.search(sentence) for sentence in channel.sentences())


@pytest.mark.parametrize("options", [{"source": "dislike"}, {"source": "neutral", "about": "owl"}])
def test_only_sentences_that_take_sides_are_about_a_trait(options: dict[str, Any]) -> None:
    with pytest.raises(SublimError, match="about a trait, and only these"):
        get_channel("paraphrase", **options)
