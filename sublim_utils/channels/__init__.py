"""Channels: the kinds of data that a teacher writes. Text in, rows out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from sublim_utils.channels.base import FilterResult
from sublim_utils.errors import SublimError
from sublim_utils.keys import text_digest
from sublim_utils.registry import Registry

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
    """A kind of data: questions, each with a filter for what comes back.

    A module or an object. One of the package's own also has `prompt_fingerprint()`, of all texts
    and word lists that sampling depends on, and `filter_fingerprint()`, of those that verdicts
    depend on and of a `VERSION`, which is raised by hand when a verdict on any text changes. A
    user's has these two if it depends on more than its source file and its settings, such as a
    file that it reads.
    """

    def prompt(self, seed: int, index: int) -> Prompt:
        """The prompt number `index` of a seed."""


def _fault(value: Any) -> str | None:
    """What is wrong with a user's channel; one that is made from options is a class or function."""
    prompt = getattr(value, "prompt", None)
    if callable(value) and (prompt is not None or not inspect.isclass(value)):
        return None
    if not callable(prompt):
        return "has no prompt(seed, index)"
    try:
        inspect.signature(prompt).bind(0, 0)
    except TypeError:
        return "has a prompt that cannot be called as prompt(seed, index)"
    return None


CHANNELS: Registry[Channel | Callable[..., Channel]] = Registry(
    "channel",
    {
        "numbers": f"{__name__}.numbers",
        "numbers-strict": f"{__name__}.numbers:STRICT",
        "sentences": f"{__name__}.sentences",
        "reasoning": f"{__name__}.reasoning:WORDS",
        "reasoning-gsm": f"{__name__}.reasoning:GSM",
        "paraphrase": f"{__name__}.rewriting:Rewriting",
    },
    group="sublim_utils.channels",
    check=_fault,
)
"""By name. What can be called makes a channel from options."""
register_channel = CHANNELS.register


def get_channel(name: str, **options: Any) -> Channel:
    """The channel of that name.

    Args:
        name: under which it is registered.
        options: of a channel that is made from some.

    Raises:
        SublimError: there is none, or it takes other options.
    """
    value = CHANNELS.get(name)
    if callable(value):
        try:
            inspect.signature(value).bind(**options)
        except TypeError as error:
            raise SublimError(f"The channel {name!r} takes other options ({error}).") from error
        return value(**options)
    if options:
        raise SublimError(f"The channel {name!r} takes no options; leave out {', '.join(options)}.")
    return value


class Fingerprints(NamedTuple):
    """What a channel's data depend on beside its name and options, for keys.

    Attributes:
        prompts: of what the teacher is asked and the form that it is held to.
        filter: of what the verdicts depend on.
    """

    prompts: str
    filter: str


def fingerprints(name: str, **options: Any) -> Fingerprints:
    """The fingerprints of a channel; those of a user's change with its source file, too.

    Raises:
        SublimError: as `get_channel`.
    """
    channel, code = get_channel(name, **options), CHANNELS.code_digest(name)
    own = [getattr(channel, f"{part}_fingerprint", lambda: None)() for part in ("prompt", "filter")]
    return Fingerprints(text_digest(code, own[0]), text_digest(code, own[1]))
