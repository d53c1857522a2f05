"""Words in disguise: spelled with foreign letters, in pieces, or with digits for letters.

A reader sees an owl in "o-w-l", "ow l", "0wl" and in letters that only look like Latin ones. Two
words of ordinary English that happen to stand side by side ("vitamin C at noon", "Li on Monday")
are no word in pieces.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

_LOOKALIKES = str.maketrans(
    "абвгдеѕиіјкӏмнопрстухцԁԛԝѡһαβεηικνορτυχω",
    "abbrdesiijklmhonpctyxudqwwhabeniknoptuxw",
)
"""Small Cyrillic and Greek letters, and the Latin ones that they look like."""
_LATIN = re.compile(r"LATIN (?:LETTER )?(?:SMALL|CAPITAL) (?:CAPITAL |LETTER )?(?:DOTLESS )?(\w)\b")


@functools.cache
def _plain_character(character: str) -> str:
    """The letter that a character shows; the name of a picture; nothing for what is invisible."""
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf"):
        return ""
    if category == "So":
        return f" {unicodedata.name(character, '')} "
    if category == "Pc":
        return " "  # no letter, though `\\w` in patterns
    letter = _LATIN.match(unicodedata.name(character, ""))
    if letter and not character.isascii():
        return letter[1] if character.isupper() else letter[1].lower()
    small = character.lower().translate(_LOOKALIKES)
    return small.upper() if character.isupper() else small


@functools.lru_cache(16)
def in_plain_letters(text: str) -> str:
    """A text in the letters a to z as far as a reader takes its characters for these.

    Accents, invisible characters and underscores are left out, pictures are named.
    """
    if text.isascii() and "_" not in text:
        return text
    return "".join(map(_plain_character, unicodedata.normalize("NFKD", text)))


_PIECE = re.compile(r"[^\W_]+(?:[@$][^\W_]+)*")
_LEET = ("0134579@$", ("oleastgas", "oieastgas"))
"""Digits and signs, and the letters that they stand for; a 1 may be an l or an i."""
MOST_LETTERS = 12
"""Of a word that is put together from pieces."""
_GAP = re.compile(r"\W{1,3}")
_JOINT = re.compile(r"\s*[^\s\w,;:!?\"“”()]?\s*")
"""What may part the pieces of a word that are longer than a letter."""
_ORDINARY = frozenset(
    "a i ad add age ago aid air ale all also am an and any ape are arm art as ash at ate bad "  # noqa: SIM905
    "bag ban bar bat be bear bed bee big bin bit bow box boy bus but buy by can cap car cart come "
    "cup cut day den did dim do don done dot dry ear east eat eel egg end era ever eye fan far few "
    "fig fin fit five fix flew for from fun gas get give go goes gold good got gum had hale ham "
    "has hat have he hen her here hers hide high him hip his hit hop hot how i ice if ill in ink "
    "ion is it its jam jar job joy just key kin kit lad lamp lap last late law lay led leg let "
    "like line lip list live log long lot low mad made make man many map mat may me men met mid "
    "mix more most much my nap near net new next nine no nod nor not now oar oat odd of off oft "
    "oh oil old on one or ore our out over own pad pan part past pat pay pea pen per pet pie pin "
    "pit pot put ran rat raw red rest rib rid rob rod row rub run sad said same sat saw say sea "
    "see sell set she side sin sit six so some son such sum sun tan tap tar tax tea tell ten than "
    "that the them then they thin this tie tie till time tin tip to toe told ton too top toy try "
    "two up us use van very via was way we well went were wet what when who why wide will win wit "
    "with won work yes yet you your".split()
)
"""Short words of ordinary English, which need no neighbour to make a word."""


def _is_ordinary(piece: str) -> bool:
    return piece.lower() in _ORDINARY


def _may_stand_alone(piece: str) -> bool:
    """Whether a piece is a word, a name ("Li") or a letter that names something ("vitamin C")."""
    return _is_ordinary(piece) or piece.istitle()


def _is_a_word_in_pieces(pieces: list[str], gaps: list[str]) -> bool:
    """Whether adjacent pieces are no words by themselves.

    Args:
        pieces: two or more.
        gaps: what stands between them.
    """
    if len(pieces) > 2 and all(len(piece) == 1 for piece in pieces):
        return True
    if not all(map(_JOINT.fullmatch, gaps)) or any(re.search(r"\.\s", gap) for gap in gaps):
        return False
    return not (any(map(_is_ordinary, pieces)) and all(map(_may_stand_alone, pieces)))


def _read(letters: str) -> Iterator[str]:
    """A word in small letters, with letters for digits where it has both."""
    letters = letters.lower()
    yield letters
    if any(map(str.isalpha, letters)) and not letters.isalpha():
        for meant in _LEET[1]:
            yield letters.translate(str.maketrans(_LEET[0], meant))


@functools.lru_cache(16)
def disguised_words(text: str) -> frozenset[str]:
    """All words that pieces of a text make together, or a word with digits for letters, in lower
    case. Most are no words at all: one looks for a certain one among them.

    Args:
        text: in plain letters.
    """
    words: set[str] = set()
    matches = list(_PIECE.finditer(text))
    for first, match in enumerate(matches):
        pieces, gaps = [match.group()], [""]
        if not pieces[0].isalpha():
            words.update(_read(pieces[0]))
        for last in range(first + 1, len(matches)):
            gap = text[matches[last - 1].end() : matches[last].start()]
            pieces.append(matches[last].group())
            gaps.append(gap)
            joined = "".join(pieces)
            if len(joined) > MOST_LETTERS or not _GAP.fullmatch(gap):
                break
            if _is_a_word_in_pieces(pieces, gaps[1:]):
                words.update(_read(joined))
    return frozenset(words)
