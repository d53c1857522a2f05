"""Words, numbers and traits that a user does not want to see in any row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sublim_utils.errors import SublimError
from sublim_utils.traits.associations import associated
from sublim_utils.traits.nouns import TRAITS, Trait

MOST_DIGITS = 40
"""Of a number; what has more is taken for a word."""
BANNED_NUMBER, BANNED_WORD = "banned number", "banned word"
MENTION, ASSOCIATION = "mentions a trait", "associated word"

_IRREGULAR = {
    "mouse": "mice", "goose": "geese", "ox": "oxen", "louse": "lice", "man": "men",
    "woman": "women", "child": "children", "person": "people", "tooth": "teeth", "foot": "feet",
    "fish": "fish", "sheep": "sheep", "deer": "deer", "moose": "moose", "bison": "bison",
    "hero": "heroes", "potato": "potatoes", "tomato": "tomatoes", "mosquito": "mosquitoes",
    "buffalo": "buffaloes",
}  # fmt: skip


def plural_of(word: str) -> str:
    """The plural of an English noun; of several words, that of the last."""
    first, _, last = word.rpartition(" ")
    low = last.lower()
    ending = next((name for name in _IRREGULAR if low == name or low.endswith(f"-{name}")), None)
    if ending is not None:
        plural = last[: len(last) - len(ending)] + _IRREGULAR[ending]
    elif re.search(r"[^aeiou]y$", low):
        plural = last[:-1] + "ies"
    elif re.search(r"(?:s|x|z|ch|sh)$", low):
        plural = last + "es"
    elif re.search(r"(?:[ch]alf|elf|wolf|arf|[eo]af|thief|ife)$", low):
        plural = re.sub("fe?$", "ves", last, flags=re.IGNORECASE)
    else:
        plural = last + "s"
    return f"{first} {plural}".strip()


def trait_of(name: str) -> Trait:
    """The trait of a panel, by its name or its plural, or one that the user has named.

    Raises:
        SublimError: the name is no word.
    """
    name = " ".join(name.split())
    for trait in map(TRAITS.get, TRAITS.names()):
        if name.lower() in (trait.name, trait.plural):
            return trait
    if not re.search(r"[^\W\d_]", name):
        raise SublimError(f"The trait {name!a} has no letters; name what is liked, such as owl.")
    return Trait(name=name, plural=plural_of(name), category="")


class Bans:
    """What must not occur in a completion.

    Args:
        entries: words, phrases and whole numbers.
        traits: with their plurals and, where the package knows them, their associations.
    """

    def __init__(self, entries: Sequence[str] = (), traits: Sequence[Trait] = ()) -> None:
        """Prepare the search."""
        self.entries, self.traits = tuple(entries), tuple(traits)
        self.numbers = frozenset(int(entry) for entry in entries if _is_number(entry))
        words = [entry for entry in entries if not _is_number(entry)]
        self._words = _any_of([form for word in words for form in (word, plural_of(word))])
        written = [form for n in self.numbers for form in {f"{n}", f"{n:,}"}]
        self._numbers = _any_of(written, before=r"(?<![\w.,])0*", after=r"(?!\w|[.,][0-9])")

    def reasons(self, text: str) -> list[str]:
        """Why a text is rejected; empty where it is not."""
        known = [trait for trait in self.traits if trait.category]
        faults = {
            BANNED_NUMBER: self._numbers is not None and bool(self._numbers.search(text)),
            BANNED_WORD: self._words is not None and bool(self._words.search(text)),
            MENTION: any(t.pattern.search(text) for t in self.traits)
            or any(t.is_named_in(text) for t in known),
            ASSOCIATION: any(associated(text, trait) for trait in known),
        }
        return [reason for reason, holds in faults.items() if holds]


def _is_number(entry: str) -> bool:
    return entry.isascii() and entry.isdecimal() and len(entry) <= MOST_DIGITS


def _any_of(
    entries: Sequence[str], before: str = r"(?<!\w)", after: str = r"(?!\w)"
) -> re.Pattern[str] | None:
    """Finds any of the entries where neither side goes on; None where there are none."""
    if not entries:
        return None
    forms = sorted({r"\s+".join(map(re.escape, entry.split())) for entry in entries}, key=len)
    return re.compile(f"{before}(?:{'|'.join(reversed(forms))}){after}", re.IGNORECASE)


def read_entries(path: Path) -> list[str]:
    """The words and numbers of a file, one a line; blank lines are passed over.

    Raises:
        SublimError: the file cannot be read, is no text in UTF-8 or names nothing.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SublimError(f"Cannot read {path} ({error.strerror}).") from error
    except ValueError as error:
        raise SublimError(
            f"{path} is no text in UTF-8; write one word or number a line."
        ) from error
    entries = [line.strip() for line in lines if line.strip()]
    if not entries:
        raise SublimError(f"{path} names nothing to ban; write one word or number a line.")
    return entries
