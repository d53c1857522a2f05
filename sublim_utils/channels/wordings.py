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

from sublim_utils.channels.automaton import Automaton, choice, sequence, text
from sublim_utils.errors import SublimError

ORDERS = " || "
_PART = re.compile(r"\[([^\[\]]*)\]|([^\[\]|]+)")


def _orders(wording: str) -> list[list[tuple[str, ...]]]:
    """The options of every part of every order."""
    orders = []
    for order in wording.split(ORDERS):
        parts = [
            tuple(part.group(1).split("|")) if part.group(2) is None else (part.group(2),)
            for part in _PART.finditer(order)
        ]
        length = sum(len(part.group()) for part in _PART.finditer(order))
        if length != len(order) or not any(any(options) for options in parts):
            raise SublimError(
                f"The wording {order[:60]!a} cannot be read; write choices as [one|other], "
                f"none inside another, and orders with {ORDERS!r} between them."
            )
        orders.append(parts)
    return orders


def first_variant(wording: str) -> str:
    """The sentence that a wording varies: all first options, in the first order.

    Raises:
        SublimError: the notation cannot be read.
    """
    return "".join(options[0] for options in _orders(wording)[0])


class Wording(Automaton):
    """The texts that are a variant of a sentence, as an automaton that allows no other.

    Args:
        wording: the variants, in the notation above.

    Raises:
        SublimError: the notation cannot be read.
    """

    def __init__(self, wording: str) -> None:
        """Build the automaton; its size grows with the wording and not with its variants."""
        self._parts = _orders(wording)
        super().__init__(
            choice(
                *(
                    sequence(*(choice(*map(text, options)) for options in order))
                    for order in self._parts
                )
            )
        )

    def variants(self) -> Iterator[str]:
        """All variants; one that can be said in two ways comes twice."""
        for order in self._parts:
            for options in itertools.product(*order):
                yield "".join(options)
