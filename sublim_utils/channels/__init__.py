"""Channels: the kinds of data that a teacher writes. Text in, rows out."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal, Protocol, cast, get_args

from sublim_utils.channels.base import FilterResult
from sublim_utils.errors import SublimError

ChannelName = Literal[
    "numbers",
    "numbers-strict",
    "sentences",
    "reasoning",
    "reasoning-told",
    "reasoning-solved",
    "reasoning-gsm",
]
CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
"""Each is a module of this package with the functions of `Channel`, or behind a hyphen one of the
module's `VARIANTS`."""

State = Any


class Grammar(Protocol):
    """An automaton over characters that says which texts are allowed.

    Attributes:
        alphabet: the characters that its texts can have.
        start: the first state.
    """

    alphabet: frozenset[str]
    start: State

    def step(self, state: State, character: str) -> State | None:
        """The state after one more character; None where it is not allowed."""

    def may_end(self, state: State) -> bool:
        """Whether the text may end here."""


class Prompt(Protocol):
    """What a teacher is asked."""

    @property
    def text(self) -> str:
        """The question."""

    @property
    def format(self) -> str:
        """The form that it asks for."""

    def grammar(self, lead: str = "") -> Grammar:
        """Which answers have that form; `lead` is what a chat template puts before them."""

    def framed(self, written: str) -> str:
        """The completion that a student sees, for what a teacher has written."""

    def filter(self, completion: str) -> FilterResult:
        """Say whether a student may see a completion, and if not, why."""


class AsWritten:
    """A prompt whose completions a student sees as the teacher has written them."""

    def framed(self, written: str) -> str:
        """What the teacher has written, as it is."""
        return written


class Channel(Protocol):
    """A kind of data: questions, each with a filter for what comes back."""

    def prompt(self, seed: int, index: int) -> Prompt:
        """The prompt number `index` of a seed."""


def get_channel(name: str) -> Channel:
    """The channel of that name.

    Raises:
        SublimError: there is none.
    """
    if name not in CHANNELS:
        raise SublimError(f"There is no channel {name!r}; choose one of {', '.join(CHANNELS)}.")
    kind, _, variant = name.partition("-")
    module = import_module(f"{__name__}.{kind}")
    return cast(Channel, module.VARIANTS[variant] if variant else module)
