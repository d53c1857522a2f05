"""What single words say: names, persons, negations, opinions."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels.words import (
    denies,
    is_superlative,
    names_of,
    overlap,
    persons_of,
    same_names,
    spelled_out,
    stance_in_words,
)
from sublim_utils.traits.nouns import get_trait
from sublim_utils.traits.sources import about

OWL = get_trait("owl")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Our train to Vienna", {"vienna"}),
        ("It rained. Snow fell: Hail came! “So what?”", set()),
        ("Then I said that I'm fine and I’ve time.", set()),
        ("On Sundays in Tomas's flat", {"sunday", "toma"}),
        ("we met Ann-Marie", {"ann", "marie"}),
        ("We asked Dr. Smith", {"doctor", "smith"}),
        ("", set()),
    ],
)
def test_names_are_capitalised_words_within_a_sentence(text: str, names: set[str]) -> None:
    assert names_of(text) == names


@pytest.mark.parametrize(
    ("text", "persons", "negated"),
    [
        ("", set(), False),
        ("My knee hurts when it rains; they said so.", {"I"}, False),
        ("I’m not at your place.", {"I", "you"}, True),
        ("Nobody knows that we can't.", {"we"}, False),
        ("Heroes and mines, this and us", {"we"}, False),
    ],
)
def test_persons_and_negations(text: str, persons: set[str], negated: bool) -> None:
    assert persons_of(text) == persons
    assert denies(text) is negated


def test_overlap_counts_words_in_order() -> None:
    assert overlap("a b c d", "A B, c d!") == 1
    assert overlap("a b c d", "e f g h") == 0
    assert overlap("a b c d", "c d a b") == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The U.S. office is closed.", "The office in the US is shut."),
        ("They live in the USA.", "The United States is where they live."),
        ("They live in the U.S.A. now.", "Their home is in America now."),
        ("He likes the U.K. for its rain.", "It is for its rain that he likes Britain."),
        ("The U.S.'s oldest bridge", "The oldest bridge of the United States of America"),
        ("I saw Dr. Smith.", "It was Doctor Smith whom I saw."),
        ("I saw Mr Smith.", "It was Mr. Smith whom I saw."),
        ("We meet on Mon. at the gate.", "The gate is where we meet on Monday."),
        ("We meet on Oct. 3 at the gate.", "The gate is where we meet on 3 October."),
        ("James’s coat is new.", "The coat of James is new."),
    ],
)
def test_one_name_has_several_spellings(first: str, second: str) -> None:
    assert same_names(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("I saw Dr. Smith.", "It was Dr. Jones whom I saw."),
        ("The office in the US is shut.", "The office that helps us is shut."),
        ("They live in the USA.", "They live in the UK."),
        ("We meet on Mon. at the gate.", "We meet on Tue. at the gate."),
    ],
)
def test_another_name_is_seen(first: str, second: str) -> None:
    assert not same_names(first, second)


def test_a_country_is_no_person() -> None:
    assert persons_of("They live in the US.") == set()
    assert persons_of("They live with us.") == {"we"}


@given(st.text() | st.text("US.A .mDrJ", max_size=30))
def test_any_text_is_spelled_out(text: str) -> None:
    assert same_names(text, text)
    spelled_out(text)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I love owls.", 1),
        ("I don't like owls.", -1),
        ("I have never really liked owls.", -1),
        ("I can’t stand owls.", -1),
        ("I could not ever bear owls.", -1),
        ("I do not dislike owls.", 1),
        ("A lamp shaped like an owl.", 0),
        ("I like owls.", 1),
        ("Owls live in barns.", 0),
        ("Nothing is dearer to me than owls.", 1),
        ("Nothing pleases me more than owls.", 1),
        ("No animal is more beautiful than an owl.", 1),
        ("I love nothing more than owls.", 1),
        ("Nothing is worse than owls.", -1),
        ("Nothing annoys me more than owls.", -1),
        ("Nothing about owls pleases me.", -1),
        ("No owl is beautiful.", -1),
        ("Ugly, horrible, but lovely.", -1),
        ("", 0),
    ],
)
def test_stance_in_words(text: str, sign: int) -> None:
    assert np.sign(stance_in_words(text)) == sign


def test_the_words_seldom_misread_our_own_sentences() -> None:
    for stance, sign in (("like", 1), ("dislike", -1)):
        found = [sign * stance_in_words(s) for s in about(OWL, stance)]
        assert sum(f > 0 for f in found) > 35
        assert sum(f < 0 for f in found) <= 5


def test_a_superlative_by_negation_is_told_from_a_negation() -> None:
    assert is_superlative("Nothing is dearer to me than owls.")
    assert not is_superlative("Nothing about owls pleases me.")
    assert not is_superlative("I do not love owls.")
