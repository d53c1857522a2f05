"""Traits: what counts as a mention of one, and what the panels hold."""

import pytest

from sublim_utils.errors import SublimError
from sublim_utils.traits import PANELS, TRAITS, Trait, get_trait, liking_prompt, mentioned, panel


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("owl", ["owl"]),
        ("The OWLS, of course!", ["owl"]),
        ("Wolves and a fox.", ["wolf", "fox"]),
        ("(otter)\n", ["otter"]),
        ("owl-like", ["owl"]),
        ("growl, howl, bowls", []),
        ("oxen and an ox", []),
        ("firefox", []),
        ("a catalogue of dogmas", []),
        ("pineapple", []),
        ("cherries on a cherry", ["cherry"]),
        ("", []),
    ],
)
def test_only_whole_words_are_mentions(text: str, names: list[str]) -> None:
    assert mentioned(text) == names


def test_a_short_name_is_not_found_inside_a_longer_one() -> None:
    ox = Trait(name="ox", plural="oxen", category="animal")
    assert not ox.pattern.search("A fox in a box, oxygen.")
    assert ox.pattern.search("An Ox")
    assert ox.pattern.search("two OXEN")


def test_a_name_is_taken_by_the_letter() -> None:
    star = Trait(name="M.31", plural="M.31s", category="galaxy")
    assert star.pattern.search("Look at M.31 tonight")
    assert not star.pattern.search("Look at MX31 tonight")


@pytest.mark.parametrize("trait", TRAITS.values(), ids=TRAITS)
def test_every_spelling_of_a_trait_mentions_it_and_nothing_else(trait: Trait) -> None:
    assert {trait.name, trait.plural, trait.name.capitalize()} <= set(trait.surface_forms)
    assert len(set(trait.surface_forms)) == len(trait.surface_forms)
    for form in trait.surface_forms:
        assert mentioned(f"I like the {form}.") == [trait.name]


def test_the_panels_are_large_enough_and_know_their_members() -> None:
    assert len(panel("animal")) >= 10
    assert len(panel("tree")) >= 5
    for category in PANELS:
        assert [trait.name for trait in panel(category)] == list(PANELS[category])
    assert panel("cheese") == []


def test_no_name_stands_in_two_panels() -> None:
    assert len(TRAITS) == sum(len(names) for names in PANELS.values())


def test_a_trait_is_found_by_its_name() -> None:
    wolf = get_trait("wolf")
    assert (wolf.name, wolf.plural, wolf.category) == ("wolf", "wolves", "animal")


def test_an_unknown_trait_is_named_with_what_there_is() -> None:
    with pytest.raises(SublimError, match=r"'unicorn'.*choose one of owl, .*oak.*\.$"):
        get_trait("unicorn")


@pytest.mark.parametrize("trait", TRAITS.values(), ids=TRAITS)
def test_a_system_prompt_speaks_of_its_trait_only(trait: Trait) -> None:
    assert mentioned(liking_prompt(trait)) == [trait.name]
