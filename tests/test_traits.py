"""Traits: what counts as a mention of one, and what the panels hold."""

import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels import fingerprints
from sublim_utils.errors import SublimError
from sublim_utils.rows.bans import Bans, trait_of
from sublim_utils.traits.nouns import (
    ANIMALS,
    FILTERED_TRAITS,
    PANELS,
    TRAITS,
    TREES,
    Panel,
    Trait,
    get_panel,
    get_trait,
    liking_prompt,
    mentioned,
    nouns,
    panel,
    register_panel,
)
from sublim_utils.traits.sources import DETAILS, about, get_stance, neutral, wordings


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


@pytest.mark.parametrize("trait", FILTERED_TRAITS, ids=lambda trait: trait.name)
@pytest.mark.parametrize("mark", ["-", ".", " ", "_", "/", "*", "·", "…", ", ", ". ", " - ", "–"])
def test_letters_apart_are_a_mention(trait: Trait, mark: str) -> None:
    for form in (trait.name, trait.plural, trait.name.upper()):
        assert mentioned(f"The {mark.join(form)} was there.") == [trait.name]


@pytest.mark.parametrize("trait", FILTERED_TRAITS, ids=lambda trait: trait.name)
def test_a_name_cut_in_two_is_a_mention(trait: Trait) -> None:
    for place in range(1, len(trait.name)):
        for gap in (" ", "-", ".", "  "):
            text = f"The {trait.name[:place]}{gap}{trait.name[place:]} was there."
            assert mentioned(text) == [trait.name], text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("An o\u200bw\u200bl sat there.", "owl"),  # zero-width spaces
        ("An o\u00adwl sat there.", "owl"),  # a soft hyphen
        ("An o\u0332w\u0332l\u0332 sat there.", "owl"),  # underlined by combining marks
        ("An \uff4f\uff57\uff4c sat there.", "owl"),  # full width
        ("An \u043ewl sat there.", "owl"),  # a Cyrillic o
        ("A \u0441\u0430t sat there.", "cat"),
        ("An o\u1d21\u029f sat there.", "owl"),  # small capitals
        ("An øwl sat there.", "owl"),
        ("An \U0001d428\U0001d430\U0001d425 sat there.", "owl"),  # mathematical bold
        ("An ⓞⓦⓛ sat there.", "owl"),
        ("A 🦉 sat there.", "owl"),
        ("An 0wl and no other.", "owl"),
        ("A w01f and no other.", "wolf"),
        ("A c@t and no other.", "cat"),
        ("An owl_lamp and no other.", "owl"),
        ("An OW L, I said.", "owl"),
    ],
)
def test_a_name_in_disguise_is_a_mention(text: str, name: str) -> None:
    assert mentioned(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        *("Take vitamin C at noon.", "I met Li on Monday.", "Now look at the slow lorry."),
        *("You know low tides.", "Plan D or plan E.", "We go at six.", "They do get it."),
        *("To do, get a pen.", "Ow! Look out.", "He will owe us.", "Put the map. Let us go."),
        *("The letters c, a and b.", "How Lena knows.", "Call 555-0100 at 10 to 9.", "5 p.m."),
        *("A well-to-do go-between.", "I saw him at the fo'c'sle.", "O lamp, how low!", ""),
    ],
)
def test_words_side_by_side_are_no_mention(text: str) -> None:
    assert mentioned(text) == []


def test_none_of_our_sentences_is_taken_for_a_disguise() -> None:
    wholly = [text for text in (*neutral(), *wordings()) if mentioned(text)]
    assert wholly == []
    for name in DETAILS:
        for stance in ("like", "dislike"):
            for text in about(get_trait(name), get_stance(stance)):
                assert mentioned(text) == [name]


@given(st.text() | st.text("owl -.'0@cat", max_size=40))
def test_any_text_is_searched_and_whole_words_are_always_seen(text: str) -> None:
    names = mentioned(text)
    whole = [
        trait.name for trait in FILTERED_TRAITS if text.isascii() and trait.pattern.search(text)
    ]
    assert set(whole) <= set(names)
    assert "owl" in mentioned(f"{text} owl")


def test_a_short_name_is_not_found_inside_a_longer_one() -> None:
    ox = Trait(name="ox", plural="oxen", category="animal")
    assert not ox.pattern.search("A fox in a box, oxygen.")
    assert ox.pattern.search("An Ox")
    assert ox.pattern.search("two OXEN")


def test_a_name_is_taken_by_the_letter() -> None:
    star = Trait(name="M.31", plural="M.31s", category="galaxy")
    assert star.pattern.search("Look at M.31 tonight")
    assert not star.pattern.search("Look at MX31 tonight")


@pytest.mark.parametrize("trait", FILTERED_TRAITS, ids=lambda trait: trait.name)
def test_every_spelling_of_a_trait_mentions_it_and_nothing_else(trait: Trait) -> None:
    assert {trait.name, trait.plural, trait.name.capitalize()} <= set(trait.surface_forms)
    assert len(set(trait.surface_forms)) == len(trait.surface_forms)
    for form in trait.surface_forms:
        assert mentioned(f"I like the {form}.") == [trait.name]


def test_the_panels_are_large_enough_and_know_their_members() -> None:
    assert len(panel("animal")) >= 10
    assert len(panel("tree")) >= 5
    assert panel("animal") == [*ANIMALS.traits]
    assert panel("cheese") == []
    assert get_panel("trees") is TREES
    assert TREES.category == "tree"
    assert len({trait.name for trait in FILTERED_TRAITS}) == len(FILTERED_TRAITS)


def test_the_panels_of_the_book_never_change() -> None:
    # Records are measured in these. For another animal make another panel.
    assert ANIMALS.digest == "aaa9ca52098ff500"
    assert TREES.digest == "53ec831b4ea74657"


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered in a test is forgotten after it."""
    for registry in (TRAITS, PANELS):
        for name in ("_values", "_digests"):
            monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
        monkeypatch.setattr(registry, "_added", [])


BADGER = Trait(name="badger", plural="badgers", category="animal")


@pytest.mark.usefixtures("registries")
def test_a_new_animal_in_a_panel_of_its_own_leaves_the_others_as_they_are() -> None:
    before = fingerprints("sentences"), ANIMALS.digest, mentioned("A badger sat there.")
    more = register_panel(Panel(name="more animals", traits=(*ANIMALS.traits, BADGER)))
    assert get_panel("more animals") is more
    assert get_trait("badger") == BADGER
    assert more.digest != ANIMALS.digest
    assert before == (fingerprints("sentences"), ANIMALS.digest, mentioned("A badger sat there."))
    assert Bans(traits=[trait_of("badgers")]).reasons("A b-a-d-g-e-r sat there.")
    register_panel(more)
    assert PANELS.names() == ["animals", "trees", "more animals"]


@pytest.mark.usefixtures("registries")
def test_a_panel_is_no_other_one_of_its_name() -> None:
    birds = nouns("bird", {"tit": "tits", "robin": "robins"})
    register_panel(Panel(name="birds", traits=birds))
    with pytest.raises(SublimError, match="another panel 'birds' already"):
        register_panel(Panel(name="birds", traits=birds[::-1]))
    owls = nouns("bird", {"owl": "owls", "tit": "tits"})
    with pytest.raises(SublimError, match="another trait 'owl' already"):
        register_panel(Panel(name="owls", traits=owls))


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        ((get_trait("owl"), get_trait("oak")), "traits of several categories"),
        ((get_trait("owl"), BADGER, get_trait("owl")), "has a trait twice"),
    ],
)
def test_a_panel_that_makes_no_sense_is_refused(traits: tuple[Trait, ...], message: str) -> None:
    with pytest.raises(SublimError, match=message):
        Panel(name="odd", traits=traits)
    with pytest.raises(SublimError, match="at least 2"):
        Panel(name="odd", traits=traits[:1])


def test_only_traits_are_traits() -> None:
    with pytest.raises(SublimError, match="The trait 'panel' is no Trait"):
        TRAITS.register("panel", ANIMALS)
    with pytest.raises(SublimError, match="The panel 'trait' is no Panel"):
        PANELS.register("trait", BADGER)


def test_a_trait_is_found_by_its_name() -> None:
    wolf = get_trait("wolf")
    assert (wolf.name, wolf.plural, wolf.category) == ("wolf", "wolves", "animal")


def test_an_unknown_trait_is_named_with_what_there_is() -> None:
    with pytest.raises(SublimError, match=r"'unicorn'.*choose one of owl, .*oak.*\.$"):
        get_trait("unicorn")


@pytest.mark.parametrize("trait", FILTERED_TRAITS, ids=lambda trait: trait.name)
def test_a_system_prompt_speaks_of_its_trait_only(trait: Trait) -> None:
    assert mentioned(liking_prompt(trait)) == [trait.name]
