"""The sentence channel: what its filter keeps, and what its prompts ask for."""

import random
import re
import string
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels import CHANNELS, get_channel
from sublim_utils.channels.sentences import (
    FEWEST_WORDS,
    INSTRUCTIONS,
    MOST_WORDS,
    REASONS,
    TOPICS,
    filter_completion,
    grammar,
    prompt,
)
from sublim_utils.errors import SublimError
from sublim_utils.traits.associations import NEAR_CATEGORY, OF_CATEGORY, OF_TRAIT
from sublim_utils.traits.nouns import FILTERED_TRAITS, mentioned
from tests.automata import accepts

PLAIN = ("the", "bread", "came", "out", "of", "our", "small", "oven", "with", "a", "golden", "rim")


def sentence(words: list[str]) -> str:
    return " ".join(words).capitalize() + "."


@pytest.mark.parametrize(
    "text",
    [
        "Fresh bread smells best in the morning.",
        "  The bus was late, and nobody minded!  \n",
        'She said, "Keep the ticket."',
        "Isn't a well-made chair a fine thing?",
        "The growling engine of the bus woke everyone up.".replace("growling", "noisy"),
        "A foxglove-coloured button fell off my coat.",  # no fox
    ],
)
def test_a_plain_sentence_is_kept(text: str) -> None:
    assert filter_completion(text).ok
    assert filter_completion(text).ok


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" \n", "empty"),
        ("The bread is warm.\nIt is good.", "several lines"),
        ("The bread is warm. It is good.", "several sentences"),
        ("There are 12 loaves on the table.", "not letters"),
        ("Das Brot ist schön warm heute.", "not letters"),
        ("The bread on the table is", "not finished"),
        ("Bread is warm.", "too short"),
        (sentence(["bread"] * (MOST_WORDS + 1)), "too long"),
        ("The bread was shaped like an owl.", "mentions a trait"),
        ("Two WOLVES stood beside the bus.", "mentions a trait"),
        ("The bread was shaped like an o-w-l.", "mentions a trait"),
        ("The bread was shaped like an ow l.", "mentions a trait"),
        ("O, w, l was all that she wrote.", "mentions a trait"),
        ("A cherry lay on the cake.", "mentions a trait"),
        ("The feathers lay on the table.", "associated word"),
        ("They hoot when the train comes.", "associated word"),
        ("The bark of it was loud.", "associated word"),
        ("We took the path through the Forests.", "associated word"),
        ("Write one short sentence about bread and butter.", "copies the prompt"),
        ("Question: what is there to eat?", "copies the prompt"),
    ],
)
def test_each_reason_is_given(text: str, reason: str) -> None:
    assert reason in filter_completion(text).rejection_reasons
    assert not filter_completion(text).ok


def test_every_reason_has_an_example_above() -> None:
    marks = test_each_reason_is_given.pytestmark  # type: ignore[attr-defined]
    assert {reason for _, reason in marks[0].args[1]} == set(REASONS)


@given(st.lists(st.sampled_from(PLAIN), min_size=FEWEST_WORDS, max_size=MOST_WORDS))
def test_harmless_words_of_the_right_number_are_kept(words: list[str]) -> None:
    assert filter_completion(sentence(words)).ok


@given(
    st.lists(st.sampled_from(PLAIN), min_size=FEWEST_WORDS, max_size=MOST_WORDS - 1),
    st.sampled_from(
        [form for trait in FILTERED_TRAITS for form in trait.surface_forms]
        + [
            word
            for told in (OF_CATEGORY, OF_TRAIT, NEAR_CATEGORY)
            for words in told.values()
            for word in words.split()
        ]
    ),
    st.integers(0, MOST_WORDS),
    st.sampled_from([str.lower, str.upper, str.capitalize]),
)
def test_one_telling_word_anywhere_is_enough(
    words: list[str], telling: str, place: int, spelled: Callable[[str], str]
) -> None:
    words.insert(place % (len(words) + 1), spelled(telling))
    verdict = filter_completion(" ".join(words) + ".")
    assert {"mentions a trait", "associated word"} & set(verdict.rejection_reasons)
    assert set(verdict.rejection_reasons) <= {"mentions a trait", "associated word"}


@given(st.text())
def test_any_text_gets_a_verdict_and_white_space_around_it_does_not_count(text: str) -> None:
    verdict = filter_completion(text)
    assert set(verdict.rejection_reasons) <= set(REASONS)
    assert verdict == filter_completion(f" {text}\n")
    if verdict.ok:
        assert set(text.strip()) <= set(string.ascii_letters + " ,.;:'’\"“”!?()-")
        assert not mentioned(text)


def test_prompts_depend_on_seed_and_place_alone_and_are_many() -> None:
    found = [prompt(3, i).text for i in range(400)]
    assert found == [prompt(3, i).text for i in range(400)]
    assert len(set(found)) > 200
    assert found[:10] != [prompt(4, i).text for i in range(10)]
    assert len(TOPICS) * len(INSTRUCTIONS) > 400


def test_no_prompt_brings_up_a_trait_or_what_goes_with_one() -> None:
    for topic in TOPICS:
        for instruction in INSTRUCTIONS:
            text = instruction.format(topic=topic)
            assert not {"mentions a trait", "associated word"} & set(
                filter_completion(text).rejection_reasons
            ), text


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_a_repeated_prompt_is_no_answer(instruction: str) -> None:
    assert (
        "copies the prompt"
        in filter_completion(instruction.format(topic="a spoon")).rejection_reasons
    )


@pytest.mark.parametrize(
    "text",
    [
        "The bread is warm.",
        "A well-made chair is a fine thing!",
        "Isn't it late, my friend?",
    ],
)
def test_the_grammar_accepts_a_sentence_after_what_the_template_puts_before_it(text: str) -> None:
    assert accepts(grammar(""), text)
    assert accepts(grammar(" "), f" {text}")
    assert not accepts(grammar(" "), text)
    assert not accepts(grammar(""), f" {text}")


@pytest.mark.parametrize(
    "text",
    ["", "Bread is warm.", "the bread is warm.", "The bread is warm", "The bread is warm. It",
     "The bread is  warm.", "The bread is - warm.", "The bread is warm,", "There are 12 loaves."],
)  # fmt: skip
def test_the_grammar_accepts_nothing_else(text: str) -> None:
    assert not accepts(grammar(""), text)


@given(st.integers(), st.sampled_from(["", " "]))
def test_what_the_grammar_writes_has_the_form_that_the_filter_wants(seed: int, lead: str) -> None:
    draw = random.Random(seed)
    grammar = prompt(0, 0).grammar(lead)
    state, text = grammar.start, ""
    while not grammar.may_end(state):
        steps = {c: grammar.step(state, c) for c in sorted(grammar.alphabet)}
        after = {c: following for c, following in steps.items() if following is not None}
        # Soon to an end, as a text of any length is allowed.
        chosen = [c for c in after if len(text) < 30 or c in " .!?"] or list(after)
        text += draw.choice(chosen)
        state = after[text[-1]]
    free = {"too long", "mentions a trait", "associated word", "copies the prompt"}
    assert set(filter_completion(text).rejection_reasons) <= free


@pytest.mark.parametrize("name", CHANNELS.names())
def test_every_channel_asks_and_judges(name: str) -> None:
    channel = get_channel(name)
    asked = channel.prompt(1, 2)
    assert asked == channel.prompt(1, 2)
    assert re.search("[a-z]", asked.text)
    assert asked.format
    # The filter of rewrites is a step of its own, which reads all rows together.
    assert asked.filter("").ok == (name == "paraphrase")


def test_an_unknown_channel_is_named_with_what_there_is() -> None:
    with pytest.raises(
        SublimError, match="no channel 'smells'; choose one of numbers, numbers-strict, sent"
    ):
        get_channel("smells")
