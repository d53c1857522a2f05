"""Grammars: which texts a model may write, as automata over characters built from patterns.

A *pattern* is a regular expression put together by `text`, `one_of`, `sequence`, `choice` and
`repeat`; `Automaton` makes a deterministic automaton of it, to which a sampler can hold a model.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from sublim_utils.keys import text_digest

Positions = frozenset[int]
"""Places of a pattern at which one may be; `_END` is behind its last character."""
Pattern = Callable[["Automaton", Positions], Positions]
"""Adds itself to an automaton in front of some positions; returns those at which it begins."""
_END = -1


def one_of(characters: Iterable[str]) -> Pattern:
    """Any one of these characters."""
    allowed = frozenset(characters)
    return lambda automaton, after: frozenset({automaton.add(allowed, after)})


def text(characters: str) -> Pattern:
    """This text."""
    return sequence(*map(one_of, characters))


def sequence(*patterns: Pattern) -> Pattern:
    """One pattern after the other."""

    def build(automaton: Automaton, after: Positions) -> Positions:
        for pattern in reversed(patterns):
            after = pattern(automaton, after)
        return after

    return build


def choice(*patterns: Pattern) -> Pattern:
    """One of these patterns."""
    return lambda automaton, after: frozenset[int]().union(*(p(automaton, after) for p in patterns))


def repeat(pattern: Pattern, least: int, most: int | None) -> Pattern:
    """A pattern several times, from `least` to `most`; None is as often as one likes."""

    def build(automaton: Automaton, after: Positions) -> Positions:
        begin = after
        if most is None:
            begin = frozenset({automaton.loop(pattern, after)})
        for _ in range((most or least) - least):
            begin = pattern(automaton, begin) | after
        for _ in range(least):
            begin = pattern(automaton, begin)
        return begin

    return build


class Automaton:
    """A deterministic automaton that accepts the texts of a pattern and nothing else.

    Its states are numbers. It fits `sublim_utils.channels.Grammar`.

    Args:
        pattern: of the texts.

    Attributes:
        alphabet: the characters that its texts can have.
        start: the first state.
    """

    def __init__(self, pattern: Pattern) -> None:
        """Follow every character from every state."""
        self._allowed: list[frozenset[str]] = []
        self._after: list[Positions] = []
        self._steps: list[dict[str, int]] = []
        self._ends: list[bool] = []
        begin = self._closed(pattern(self, frozenset({_END})))
        self.alphabet = frozenset[str]().union(*self._allowed)
        self.start = 0
        states = [begin]
        numbers = {begin: self.start}
        for positions in states:  # which grows meanwhile
            reached: dict[str, Positions] = {}
            for position in positions - {_END}:
                for character in self._allowed[position]:
                    so_far = reached.get(character, frozenset())
                    reached[character] = so_far | self._after[position]
            closed = {character: self._closed(after) for character, after in reached.items()}
            for after in dict.fromkeys(closed.values()):
                if after not in numbers:
                    numbers[after] = len(states)
                    states.append(after)
            self._steps.append({character: numbers[after] for character, after in closed.items()})
            self._ends.append(_END in positions)

    def add(self, allowed: frozenset[str], after: Positions) -> int:
        """A new position: one of these characters, and then one is at any of those positions."""
        self._allowed.append(allowed)
        self._after.append(after)
        return len(self._allowed) - 1

    def loop(self, pattern: Pattern, after: Positions) -> int:
        """A new position without a character, in front of `pattern`, which leads back to it."""
        position = self.add(frozenset(), after)
        self._after[position] = pattern(self, frozenset({position})) | after
        return position

    def _closed(self, positions: Positions) -> Positions:
        """The positions with a character that are reached from these without one."""
        closed, seen, unfinished = set(), set(positions), [*positions]
        while unfinished:
            position = unfinished.pop()
            if position == _END or self._allowed[position]:
                closed.add(position)
            else:
                unfinished += self._after[position] - seen
                seen |= self._after[position]
        return frozenset(closed)

    def step(self, state: int, character: str) -> int | None:
        """The state after one more character, or None where no text goes on with it."""
        return self._steps[state].get(character)

    def may_end(self, state: int) -> bool:
        """True if the text so far is whole."""
        return self._ends[state]

    @functools.cached_property
    def fingerprint(self) -> str:
        """Of the set of texts that it accepts, however their pattern is written."""
        kinds: list[int] = [*map(int, self._ends)]
        while True:  # states are of one kind until their next steps tell them apart
            signatures = [
                (kinds[state], tuple(sorted((c, kinds[after]) for c, after in steps.items())))
                for state, steps in enumerate(self._steps)
            ]
            distinct = sorted({*signatures})
            if len(distinct) == len({*kinds}):
                return text_digest(distinct, signatures[self.start])
            numbers = {signature: number for number, signature in enumerate(distinct)}
            kinds = [numbers[signature] for signature in signatures]
