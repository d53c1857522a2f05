"""Patterns of grammars mean what regular expressions of the same form mean."""

from __future__ import annotations

import re

from hypothesis import given, strategies as st

from sublim_utils.channels.automaton import (
    Automaton,
    Pattern,
    choice,
    one_of,
    repeat,
    sequence,
    text,
)
from tests.automata import accepts

Both = tuple[Pattern, str]
"""A pattern and the regular expression that says the same."""

letters = st.text("abc", min_size=1, max_size=3)
times = st.tuples(st.integers(0, 2), st.integers(0, 2) | st.none())


def repeated(both: Both, least: int, more: int | None) -> Both:
    most = None if more is None else least + more
    return repeat(both[0], least, most), f"(?:{both[1]}){{{least},{'' if most is None else most}}}"


simple: st.SearchStrategy[Both] = letters.map(lambda s: (one_of(s), f"[{s}]")) | st.text(
    "abc", max_size=2
).map(lambda s: (text(s), s))
patterns = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(
            lambda all_: (sequence(*(p for p, _ in all_)), "".join(f"(?:{r})" for _, r in all_))
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda all_: (choice(*(p for p, _ in all_)), "|".join(f"(?:{r})" for _, r in all_))
        ),
        st.tuples(inner, times).map(lambda t: repeated(t[0], *t[1])),
    ),
    max_leaves=6,
)


@given(patterns, st.lists(st.text("abcd", max_size=6), min_size=1, max_size=8))
def test_an_automaton_accepts_what_a_regular_expression_matches(
    both: Both, texts: list[str]
) -> None:
    pattern, expression = both
    automaton = Automaton(pattern)
    for written in ["", "a", "ab", "ba", "aab", *texts]:
        matches = re.fullmatch(expression, written) is not None
        assert accepts(automaton, written) == matches, (expression, written)


def test_a_loop_leads_back_to_the_state_before_it() -> None:
    words = sequence(repeat(one_of("ab"), 1, None), text("."))
    automaton = Automaton(repeat(words, 0, None))
    within = automaton.step(automaton.start, "a")
    assert within is not None
    assert automaton.step(within, "b") == within != automaton.start
    assert automaton.step(within, ".") == automaton.start
    assert automaton.step(automaton.start, ".") is None
    assert automaton.alphabet == frozenset("ab.")
