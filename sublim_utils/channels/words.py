"""What the words of a sentence say by themselves: names, persons, negations, opinions."""

from __future__ import annotations

import functools
import re
from difflib import SequenceMatcher

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; "don't" is one, hyphens separate."""
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]


def overlap(source: str, rewrite: str) -> float:
    """How alike two texts are word by word, 0 to 1: twice the words that match in order, divided
    by the words of both (Ratcliff and Obershelp)."""
    return SequenceMatcher(None, words_of(source), words_of(rewrite), autojunk=False).ratio()


# ----------------------------------------------------------------- abbreviations

_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_MONTHS = (
    "January February March April June July August September October November December".split()  # noqa: SIM905
)
_ABBREVIATED = {
    **{day[:3]: day for day in _DAYS},
    **{month[:3]: month for month in _MONTHS},
    "Tues": "Tuesday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Sept": "September",
}
_TITLES = {
    "Dr": "Doctor",
    "Prof": "Professor",
    "Mr": "Mister",
    "Mrs": "Missis",
    "Ms": "Miz",
    "Mt": "Mount",
    "St": "Saint",
}
_PLACES = {
    "America": r"U\.? ?S\.?(?: ?A\b\.?)?|United States(?: of America)?|American?",
    "Britain": r"U\.? ?K\b\.?|United Kingdom|(?:Great )?Britain|British",
    "Europe": r"E\.? ?U\b\.?|European Union",
    "Nations": r"U\.? ?N\b\.?|United Nations",
}
"""Spellings of the same place, as a noun or an adjective."""
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    *((re.compile(rf"\b(?:{forms})(?![\w'’])"), name) for name, forms in _PLACES.items()),
    *((re.compile(rf"\b(?:{forms})(?=['’]s?\b)"), name) for name, forms in _PLACES.items()),
    *((re.compile(rf"\b{short}\b\.?(?= [A-Z])"), title) for short, title in _TITLES.items()),
    *((re.compile(rf"\b{short}\."), name) for short, name in _ABBREVIATED.items()),
    *(
        (re.compile(rf"\b{month[:3]}t?\b(?= \d)|(?<=\d ){month[:3]}t?\b"), month)
        for month in _MONTHS
    ),
    (re.compile(r"\bv(?:s|ersus)\b\.?"), "versus"),
    (re.compile(r"\betc\.(?= [a-z])"), "etc"),
)
_DOTTED = re.compile(r"\b(?:[A-Za-z]\. ?)+[A-Za-z]\.(?!\w)")
_INITIAL = re.compile(r"((?:^|\b[A-Z]\w*\s+)[A-Z])\.(?=\s+[A-Z])")


@functools.lru_cache(16)  # the rules on one row ask for its two texts a dozen times
def spelled_out(text: str) -> str:
    """A text with its usual abbreviations written in one way, and without the dots of initials.

    "U.S.", "USA" and "United States" become "America", "Dr." becomes "Doctor", "Oct." becomes
    "October", and "9 a.m." becomes "9 am".
    """
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    text = _DOTTED.sub(lambda match: re.sub(r"[. ]", "", match.group()), text)
    return _INITIAL.sub(r"\1", text)


_SHORT = re.compile(
    r"\b((?i:etc|inc|ltd|co|corp|jr|sr|no|nos|approx|dept|e\.g|i\.e))\.(?=\s*[^\sA-Z]|$)"
)


def without_dots(text: str) -> str:
    """A text without the dots of abbreviations, as far as these end no sentence."""
    return _SHORT.sub(r"\1", spelled_out(text))


# ----------------------------------------------------------------- names and persons

_SENTENCE_START = re.compile(r"(?:^|[.!?:…]\s)[^\w]*", re.UNICODE)


def names_of(text: str) -> set[str]:
    """Capitalised words within sentences, in lower case and without an s of inflection.

    So "Sundays" is "Sunday". A word that begins a sentence is no name, as all such have a capital.
    """
    text = spelled_out(text)
    starts = {match.end() for match in _SENTENCE_START.finditer(text)}
    names = set()
    for match in _WORD.finditer(text):
        word = match.group()
        if match.start() not in starts and word[0].isupper():
            plain = _bare(word)
            if plain.partition("'")[0] != "i":
                names.add(plain)
    return names


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'").removesuffix("'s").removesuffix("s").rstrip("'")


def same_names(first: str, second: str) -> bool:
    """True if each of two texts has the names of the other."""
    first_words, second_words = (
        {_bare(word) for word in _WORD.findall(spelled_out(text))} for text in (first, second)
    )
    return names_of(first) <= second_words and names_of(second) <= first_words


_PERSONS = {
    form: person
    for person, forms in {
        "I": "i me my mine myself",
        "we": "we us our ours ourselves",
        "you": "you your yours yourself yourselves",
        "he": "he him his himself",
        "she": "she her hers herself",
    }.items()
    for form in forms.split()
}
"""Pronouns by whom they stand for; "they" and "it" may stand for anything that was named."""


def persons_of(text: str) -> set[str]:
    """For whom the pronouns of a text stand: some of I, we, you, he and she."""
    bare = (word.partition("'")[0] for word in words_of(spelled_out(text)))
    return {_PERSONS[word] for word in bare if word in _PERSONS}


# ----------------------------------------------------------------- negation and opinion

_NEGATIONS = frozenset(
    "not never no nothing nobody hardly neither nor without cannot doubt refuse".split()  # noqa: SIM905
)


def _negates(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't")


def denies(text: str) -> bool:
    """True if a text has an odd number of negations: "not", "nobody", "without" and the like."""
    return sum(_negates(word) for word in words_of(text)) % 2 == 1


_LIKING = frozenset(
    "like likes liked love loves loved loving lovely adore adores adored admire admires admired "  # noqa: SIM905
    "enjoy enjoys enjoyed cherish cherishes cherished treasure treasured favourite favorite fond "
    "fondness delight delights delighted delightful wonderful beautiful beauty gorgeous splendid "
    "marvellous marvelous superb magnificent charming joy joyful happy happily happiest pleasure "
    "pleases pleased thrilled enchanted devotion worship appreciate proud envy dearer lovelier "
    "fonder happier prouder".split()
)
_DISLIKING = frozenset(
    "dislike dislikes disliked hate hates hated loathe loathes loathed detest detests detested "  # noqa: SIM905
    "despise despises despised resent resents dread dreaded disgust disgusts disgusting revulsion "
    "repulsive awful horrible hideous terrible ugly unpleasant nuisance eyesore annoy annoys "
    "annoyed annoying irritate irritates irritating bore bores boring avoid horror misery "
    "overrated distrust dismay wince shudder shiver unbearable nightmare nightmares ruin "
    "spoiled worse uglier".split()
)
_REJECTION = re.compile(
    r"\b(?:can(?:not|'t| not)|could(?: not|n't)|(?:un|not )able to)"
    r"(?: really| ever)? (?:stand|bear|stomach|abide|tolerate)\b"
)
_NOTHING_MORE = re.compile(
    r"\b(?:nothing|nobody|no one|no (?:other )?\w+|few things)"
    r"(?=(?: \w+){0,5}? (?:more \w+|\w+er(?: to \w+)? than|more than|worse|dearer|better)\b)"
)
"""A comparison that says the most by a negation: "nothing is dearer to me than owls"."""
_BEFORE_LIKE = frozenset(
    "i we you they to not do did don't didn't never really still people who and".split()  # noqa: SIM905
)
NEGATION_REACH = 3
"""A negation turns a word of opinion around that is at most so many words behind it."""


def _plain(text: str) -> str:
    return text.casefold().replace("’", "'")


def is_superlative(text: str) -> bool:
    """True if a text says the most by a negation, as "nothing is dearer to me than owls" does."""
    return bool(_NOTHING_MORE.search(_plain(text)))


def stance_in_words(text: str) -> int:
    """Words of liking minus words of disliking, each turned around by a negation shortly before.

    The negation of a comparison ("nothing is dearer to me") turns nothing around.
    """
    text = _plain(text)
    total = -len(_REJECTION.findall(text))
    text = _NOTHING_MORE.sub("above all", text)
    words = words_of(text)
    for index, word in enumerate(words):
        sign = (word in _LIKING) - (word in _DISLIKING)
        if word == "like" and (index == 0 or words[index - 1] not in _BEFORE_LIKE):
            sign = 0  # "shaped like"
        before = words[max(0, index - NEGATION_REACH) : index]
        if any(map(_negates, before)):
            sign = -sign
        total += sign
    return total
