"""Wordings: the automaton accepts the listed variants, and nothing else."""

import random

import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels.paraphrase import filter_completion, form_faults
from sublim_utils.channels.wordings import Wording, first_variant
from sublim_utils.errors import SublimError
from sublim_utils.traits.sources import wordings
from tests.automata import accepts


def language(wording: Wording) -> set[str]:
    """Every text that the automaton accepts; wordings have no loops."""
    found = set()
    open_ = [(wording.start, "")]
    while open_:
        state, text = open_.pop()
        if wording.may_end(state):
            found.add(text)
        for character in wording.alphabet:
            after = wording.step(state, character)
            if after is not None:
                open_.append((after, text + character))
    return found


def test_choices_options_and_orders() -> None:
    text = "It [closes|shuts][ again|] at six. || At six, it [closes|shuts]."
    wording = Wording(text)
    listed = {
        "It closes again at six.",
        "It shuts again at six.",
        "It closes at six.",
        "It shuts at six.",
        "At six, it closes.",
        "At six, it shuts.",
    }
    assert set(wording.variants()) == language(wording) == listed
    assert first_variant(text) == "It closes again at six."
    assert not accepts(wording, "")
    assert not accepts(wording, "It closes again at six")
    assert not accepts(wording, "At six, it closes again.")


option = st.text(st.sampled_from("ab "), max_size=3)
part = st.lists(option, min_size=2, max_size=3).map(lambda options: f"[{'|'.join(options)}]")
order = st.lists(part | st.text("ab ", min_size=1, max_size=3), min_size=1, max_size=4)
notation = st.lists(order.map("".join), min_size=1, max_size=3).map(" || ".join)


@given(notation)
def test_exactly_the_listed_variants_are_accepted(text: str) -> None:
    try:
        wording = Wording(text)
    except SublimError:  # an order without a single character
        return
    assert language(wording) == set(wording.variants())
    assert first_variant(text) in language(wording)


@given(st.text(st.sampled_from("ab[]|"), max_size=12) | st.text(max_size=12))
def test_any_notation_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        wording = Wording(text)
    except SublimError:
        return
    assert language(wording) == set(wording.variants())


@pytest.mark.parametrize("text", ["", "[]", "[a|b", "a]", "a|b", "[a[b|c]]", "a || ", " || a"])
def test_notations_that_are_refused(text: str) -> None:
    with pytest.raises(SublimError, match="cannot be read"):
        Wording(text)


@pytest.mark.parametrize("text", wordings())
def test_our_wordings_keep_form_numbers_and_names(text: str) -> None:
    wording = Wording(text)
    variants = list(wording.variants())
    assert len(set(variants)) == len(variants) >= 6
    assert language(wording) == set(variants)
    for variant in random.Random(0).sample(variants, 6):
        assert form_faults(variant) == ()
        assert variant == " ".join(variant.split())
        assert " ," not in variant
        assert variant[0].isupper()
        assert variant[-1] in ".?"
        # A variant may be close to its source, or as much shorter as the wording says.
        assert set(filter_completion(first_variant(text), variant).rejection_reasons) <= {
            "copy",
            "length",
        }


def test_our_wordings_are_enough_for_a_data_set() -> None:
    assert len(wordings()) >= 100
    sources = [first_variant(text) for text in wordings()]
    assert len(set(sources)) == len(sources)
    assert sum(len(set(Wording(text).variants())) for text in wordings()) > 1500
