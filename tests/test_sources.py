"""Source sentences: enough of them, all different, and neutral where they should be."""

import itertools
import re
from collections.abc import Sequence

import pytest

from sublim_utils.channels.paraphrase import check_source
from sublim_utils.errors import SublimError
from sublim_utils.traits.associations import associated, members, pattern_of
from sublim_utils.traits.nouns import FILTERED_TRAITS, get_trait, mentioned
from sublim_utils.traits.sources import DETAILS, Stance, about, get_stance, neutral, wordings

OTHER_ANIMALS = pattern_of(
    "ant ape bat bear bee beetle bull butterfly camel chicken cow crab crow deer donkey duck fly "
    "flea frog goat goose geese hamster hare hen insect lamb monkey moth pig pigeon rabbit rat "
    "rooster seal shark sheep snail snake spider squirrel swan turtle wasp worm"
)
ALIKE = 0.45
"""Largest share of common words, of all words in two sentences (Jaccard)."""
SETS: list[tuple[str, Stance]] = [(n, s) for n in DETAILS for s in ("like", "dislike")]


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w']+", text.lower()))


def near_duplicates(sentences: Sequence[str], most: float) -> list[tuple[str, str]]:
    taken = [(sentence, words(sentence)) for sentence in sentences]
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(taken, 2)
        if len(a & b) > most * len(a | b)
    ]


def test_the_neutral_sentences_are_many_and_different() -> None:
    assert len(neutral()) >= 400
    assert near_duplicates(neutral(), ALIKE) == []


@pytest.mark.parametrize(("name", "stance"), SETS)
def test_the_sentences_about_an_animal_are_many_and_different(name: str, stance: Stance) -> None:
    trait = get_trait(name)
    sentences = about(trait, stance)
    assert len(sentences) >= 100
    # The animal's name is in all of them, and the mould of one is not that of another.
    plain = [re.sub(trait.pattern, "", sentence) for sentence in sentences]
    assert near_duplicates(plain, ALIKE) == []
    assert all(mentioned(sentence) == [name] for sentence in sentences)


def test_likes_and_dislikes_of_an_animal_share_no_sentence() -> None:
    assert {"owl", "dolphin", "eagle", "elephant", "wolf", "cat"} <= set(DETAILS)
    for name in DETAILS:
        trait = get_trait(name)
        both = [" ".join(sorted(words(s))) for t in ("like", "dislike") for s in about(trait, t)]
        assert len(set(both)) == len(both)


def test_every_sentence_can_be_a_source_and_reads_as_one() -> None:
    every = [*neutral(), *(s for n, t in SETS for s in about(get_trait(n), t))]
    for sentence in every:
        check_source(sentence)
        assert sentence == " ".join(sentence.split())
        assert sentence[0].isupper()
        assert sentence[-1] in ".?"
        assert not set("{}[]|#") & set(sentence)
        assert 5 <= len(sentence.split()) <= 25, sentence
    assert not any(
        re.search(r"\ba [aeiou]\w+\b|\ban [^aeiou]\w+\b", s) for s in every if "hour" not in s
    )


def test_neutral_sentences_bring_no_trait_to_mind() -> None:
    for text in [*neutral(), *wordings()]:
        assert mentioned(text) == []
        assert not OTHER_ANIMALS.search(text), text
        for trait in FILTERED_TRAITS:
            assert associated(text, trait) == [], text


def test_the_sets_of_two_animals_differ_in_the_animal_alone() -> None:
    for stance in ("like", "dislike"):
        of_owls, of_cats = about(get_trait("owl"), stance), about(get_trait("cat"), stance)
        same = sum(
            one
            == other.replace("a cat", "an owl")
            .replace("cat", "owl")
            .replace("Cat", "Owl")
            .replace("A owl", "An owl")
            for one, other in zip(of_owls, of_cats, strict=True)
        )
        assert same > 0.9 * len(of_owls)


def test_animals_and_stances_without_sentences_are_named() -> None:
    with pytest.raises(SublimError, match="no sentences about pandas; choose one of owl, "):
        about(get_trait("panda"), "like")
    assert get_stance("dislike") == "dislike"
    with pytest.raises(SublimError, match="'hate' is unknown; choose like or dislike"):
        get_stance("hate")


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("The moonlit barn was full of Whispers.", "owl", ["moonlit", "barn", "whispers"]),
        ("A honeymoon in Hootenville", "owl", []),
        ("The owl", "owl", []),  # naming it is another reason
        ("It has wings and two paws.", "cat", ["wings", "paws"]),
        ("Packed sandwiches and a package", "wolf", []),
        ("The wolf's packs", "wolf", ["packs"]),
        ("The train leaves at nine.", "cat", []),
        ("The train leaves at nine.", "oak", ["leaves"]),
        ("", "owl", []),
    ],
)
def test_associations_are_whole_words(text: str, name: str, found: list[str]) -> None:
    assert associated(text, get_trait(name)) == found


def test_members_are_those_of_one_category() -> None:
    assert members("An owl in an oak, and two foxes.", "animal") == ["owl", "fox"]
    assert members("An owl in an oak, and two foxes.", "tree") == ["oak"]
    assert members("growl", "animal") == []
