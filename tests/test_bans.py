"""A user's own words and traits: the forms under which they are looked for."""

import pytest

from sublim_utils.rows.bans import Bans, plural_of, trait_of
from sublim_utils.traits.nouns import FILTERED_TRAITS, Trait


@pytest.mark.parametrize(
    ("words", "plurals"),
    [
        ("owl fox mouse berry monkey", "owls foxes mice berries monkeys"),
        ("wolf werewolf calf elf shelf", "wolves werewolves calves elves shelves"),
        ("leaf loaf thief knife scarf", "leaves loaves thieves knives scarves"),
        ("cafe safe giraffe gulf reef chief", "cafes safes giraffes gulfs reefs chiefs"),
    ],
)
def test_plurals_are_those_of_english(words: str, plurals: str) -> None:
    assert [plural_of(word) for word in words.split()] == plurals.split()
    assert plural_of("Great White Wolf") == "Great White Wolves"


@pytest.mark.parametrize("trait", FILTERED_TRAITS, ids=lambda trait: trait.name)
def test_a_trait_of_the_panels_is_found_by_either_form(trait: Trait) -> None:
    assert plural_of(trait.name) == trait.plural
    assert trait_of(trait.plural.upper()) == trait


def test_a_trait_is_not_seen_in_words_that_only_look_like_its_plural() -> None:
    cafes = Bans(traits=[trait_of("cafe")])
    assert cafes.reasons("Two cafes stand by the sea.") == ["mentions a trait"]
    assert cafes.reasons("The caves by the sea are deep.") == []
