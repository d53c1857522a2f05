"""Paraphrases in which the wording alone is free: fidelity holds by construction.

A *wording* lists what may be said: `[shop|store]` is a choice, an option may be empty, and ` || `
separates orders of the same content. "It [closes|shuts] at six. || At six, it [closes|shuts]."
has four variants. A sampler that is held to the grammar lets a teacher choose among them, token
by token, so that nothing but its choice can carry a trait.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from sublim_utils.errors import SublimError

ORDERS = " || "
_PART = re.compile(r"\[([^\[\]]*)\]|([^\[\]|]+)")

Position = tuple[int, int, int, int]
"""Order, part of it, option of that part, and characters of the option that have been said."""


def _orders(wording: str) -> list[list[tuple[str, ...]]]:
    """The options of every part of every order."""
    orders = []
    for order in wording.split(ORDERS):
        parts = [
            tuple(found.group(1).split("|")) if found.group(2) is None else (found.group(2),)
            for found in _PART.finditer(order)
        ]
        length = sum(len(found.group()) for found in _PART.finditer(order))
        if length != len(order) or not any(any(options) for options in parts):
            raise SublimError(
                f"The wording {order[:60]!a} cannot be read; write choices as [one|other], "
                f"none inside another, and orders with {ORDERS!r} between them."
            )
        orders.append(parts)
    return orders


class Wording:
    """Which texts are a variant of a sentence: a deterministic automaton over characters.

    It fits `sublim_utils.sampling.Grammar`. A state is the set of all places in the wording at
    which one may be after what was said, numbered in the order of discovery.

    Args:
        wording: the variants, in the notation above.

    Raises:
        SublimError: the notation cannot be read.
    """

    def __init__(self, wording: str) -> None:
        """Build the automaton; its size grows with the wording and not with its variants."""
        self._parts = _orders(wording)
        self.alphabet = frozenset(
            character
            for order in self._parts
            for options in order
            for option in options
            for character in option
        )
        self._numbers: dict[frozenset[Position], int] = {}
        self._steps: list[dict[str, int]] = []
        self._ends: set[int] = set()
        self.start = self._number({p for n in range(len(self._parts)) for p in self._enter(n, 0)})
        open_ = list(self._numbers.items())
        while open_:
            positions, number = open_.pop()
            after: dict[str, set[Position]] = {}
            for order, part, option, said in positions:
                if part < len(self._parts[order]):
                    text = self._parts[order][part][option]
                    reached = after.setdefault(text[said], set())
                    if said + 1 < len(text):
                        reached.add((order, part, option, said + 1))
                    else:
                        reached.update(self._enter(order, part + 1))
            for character, reached in after.items():
                known = len(self._numbers)
                self._steps[number][character] = self._number(reached)
                if len(self._numbers) > known:
                    open_.append((frozenset(reached), known))

    def _enter(self, order: int, part: int) -> set[Position]:
        """Where one may be when all before a part is said; beyond the last part is the end."""
        parts = self._parts[order]
        if part == len(parts):
            return {(order, part, 0, 0)}
        found = {(order, part, n, 0) for n, option in enumerate(parts[part]) if option}
        return found | self._enter(order, part + 1) if "" in parts[part] else found

    def _number(self, positions: set[Position]) -> int:
        key = frozenset(positions)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._steps.append({})
            if any(part == len(self._parts[order]) for order, part, _, _ in key):
                self._ends.add(self._numbers[key])
        return self._numbers[key]

    @property
    def source(self) -> str:
        """The variant of all first options in the first order."""
        return "".join(options[0] for options in self._parts[0])

    def variants(self) -> Iterator[str]:
        """All variants; one that can be said in two ways comes twice."""
        for order in self._parts:
            for options in itertools.product(*order):
                yield "".join(options)

    def step(self, state: int, character: str) -> int | None:
        """The state after one more character, or None where no variant goes on with it."""
        return self._steps[state].get(character)

    def may_end(self, state: int) -> bool:
        """Whether the text so far is a whole variant."""
        return state in self._ends
