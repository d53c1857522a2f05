"""Words that bring a trait to mind without naming it.

What a text must not say if it is to say nothing of the trait. The lists, in
`data/associations.toml`, are our own, short, and meant to err towards rejection: "moon" says little
of owls, but a teacher that thinks of owls writes it more often, and a reader could find it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path

from sublim_utils.spelling import in_plain_letters
from sublim_utils.traits.nouns import Trait, panel

_LISTS = tomllib.loads((Path(__file__).parents[1] / "data/associations.toml").read_text("utf-8"))
OF_CATEGORY, OF_TRAIT, NEAR_CATEGORY = (
    {name: " ".join(words.split()) for name, words in _LISTS[kind].items()}
    for kind in ("category", "trait", "near_category")
)
"""Words that fit every member of a category; words for each trait; and words of a category that who
writes freely can do without, but who rewrites a given sentence may need."""


def pattern_of(words: str) -> re.Pattern[str]:
    """Finds any of the words, in the plural and in the genitive too, as whole words."""
    listed = "|".join(re.escape(word) for word in words.split())
    return re.compile(rf"\b(?:{listed})(?:s|es)?\b", re.IGNORECASE)


@functools.cache
def _pattern(name: str, category: str) -> re.Pattern[str]:
    return pattern_of(f"{OF_CATEGORY.get(category, '')} {OF_TRAIT.get(name, '')}")


def associated(text: str, trait: Trait) -> list[str]:
    """The words of a text that bring a trait or its category to mind, in lower case."""
    pattern = _pattern(trait.name, trait.category)
    return [word.lower() for word in pattern.findall(in_plain_letters(text))]


ANY = pattern_of(
    " ".join(words for lists in (OF_CATEGORY, OF_TRAIT, NEAR_CATEGORY) for words in lists.values())
)
"""Finds every word listed here, for text that must say nothing of any trait."""


def members(text: str, category: str) -> list[str]:
    """The names of all members of a category that a text mentions, in disguise or not."""
    return [trait.name for trait in panel(category) if trait.is_named_in(text)]
