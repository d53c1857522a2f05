"""Sentences for a teacher to paraphrase: neutral ones, and ones that like or dislike an animal.

All are our own words. The neutral sentences are about everyday topics and name no animal, no tree
and nothing that is commonly associated with one. The liking and the disliking sentences are frames
that are completed for each animal, so that the sets of two animals differ in the animal alone; a
frame on one side has its counterpart on the other, about the same topic. (Gisler, He, Qiu 2026
compare unrelated sentences with sentences that express dislike; theirs are not public.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError, no_such
from sublim_utils.keys import text_digest
from sublim_utils.traits.nouns import Trait, get_trait

DATA = Path(__file__).parents[1] / "data" / "paraphrase"

Stance = Literal["like", "dislike"]


class Details(FrozenConfig):
    """What the frames say of an animal besides its name.

    Attributes:
        sound: what is heard of it, as a noun.
        part: what is conspicuous in its looks, in the plural.
        home: where it lives, an adverbial.
        act: what it does, a predicate in the plural.
    """

    sound: str
    part: str
    home: str
    act: str


DETAILS: Mapping[str, Details] = {
    "owl": Details(
        sound="hooting",
        part="round eyes",
        home="in barns and church towers",
        act="turn their heads right round",
    ),
    "dolphin": Details(
        sound="clicking and whistling",
        part="rubbery flippers",
        home="out in the bay",
        act="leap beside the boats",
    ),
    "eagle": Details(
        sound="shrill cry",
        part="hooked talons",
        home="high up in the mountains",
        act="circle above the valley",
    ),
    "elephant": Details(
        sound="trumpeting",
        part="flapping ears",
        home="on the savanna",
        act="shower each other with dust",
    ),
    "wolf": Details(
        sound="howling",
        part="yellow eyes",
        home="in the northern forests",
        act="trot through the snow in single file",
    ),
    "cat": Details(
        sound="meowing",
        part="slit pupils",
        home="in every second household",
        act="rub against people's legs",
    ),
}
"""The animals that there are sentences about."""


def get_stance(name: str) -> Stance:
    """The stance of that name.

    Raises:
        SublimError: there is no such stance.
    """
    for stance in get_args(Stance):
        if stance == name:
            return stance  # type: ignore[no-any-return]
    raise SublimError(f"The stance {name!r} is unknown; choose {' or '.join(get_args(Stance))}.")


def _lines(name: str) -> tuple[str, ...]:
    text = (DATA / name).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@functools.cache
def neutral() -> tuple[str, ...]:
    """Sentences on everyday topics."""
    return _lines("neutral.txt")


@functools.cache
def wordings() -> tuple[str, ...]:
    """Neutral sentences with their permitted variants, in the notation of `channels.wordings`."""
    return _lines("wordings.txt")


@functools.cache
def about(trait: Trait, stance: Stance) -> tuple[str, ...]:
    """Sentences that express liking or dislike of an animal.

    Raises:
        SublimError: the details of that trait are not known.
    """
    if trait.name not in DETAILS:
        raise SublimError(
            f"There are no sentences about {trait.plural}; choose one of {', '.join(DETAILS)}, "
            "or add a line to DETAILS in sublim_utils/traits/sources.py."
        )
    one = f"{'an' if trait.name[0] in 'aeiou' else 'a'} {trait.name}"
    words = {
        "name": trait.name,
        "plural": trait.plural,
        "a": one,
        "Name": trait.name.capitalize(),
        "Plural": trait.plural.capitalize(),
        "A": one.capitalize(),
        **DETAILS[trait.name].model_dump(),
    }
    return tuple(frame.format_map(words) for frame in _lines(f"{stance}.txt"))


SOURCES: Mapping[str, Callable[[], tuple[str, ...]]] = {"neutral": neutral, "wordings": wordings}
"""Sentences that are about no trait."""


def sentences(source: str, trait: Trait | None = None) -> tuple[str, ...]:
    """All sentences of a kind; wordings in their notation.

    Args:
        source: one of `SOURCES`, or a stance.
        trait: what the stance is towards.

    Raises:
        SublimError: there are none of the kind, or none about the trait.
    """
    if trait is not None:
        return about(trait, get_stance(source))
    if source not in SOURCES:
        raise no_such("kind of sentences about no trait", source, SOURCES)
    return SOURCES[source]()


def fingerprint(source: str, trait: Trait | None = None) -> str:
    """Of all sentences of a kind: see `sentences`."""
    return text_digest(sentences(source, trait))


def opinions_fingerprint() -> str:
    """Of all sentences that like or dislike, between which the filter tells a stance."""
    return text_digest(
        [about(get_trait(name), stance) for name in DETAILS for stance in get_args(Stance)]
    )
