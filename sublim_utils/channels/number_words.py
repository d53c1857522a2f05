"""Numbers in words, put in digits: "one hundred and twenty guests" becomes "120 guests".

Cardinals, ordinals, fractions, years, decades and the time of the day are read. Words that are a
number only at times ("one", "second", "half") stay as they are, unless they are part of a larger
number.
"""

from __future__ import annotations

import re
from fractions import Fraction

_CARDINALS = (  # noqa: SIM905
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_ORDINALS = (  # noqa: SIM905
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_VALUES: dict[str, int] = {
    **{word: value for value, word in enumerate(_CARDINALS)},
    **{word: value for value, word in enumerate(_ORDINALS)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    **{f"{word[:-1]}ieth": 10 * value for value, word in enumerate(_TENS, 2)},
}
_PARTS = {
    **{word: value for value, word in enumerate(_ORDINALS) if value > 2},
    "half": 2,
    "quarter": 4,
    "halve": 2,
    "hundredth": 100,
    "thousandth": 1000,
}

_RANKS = frozenset(
    [*_ORDINALS, *(f"{word[:-1]}ieth" for word in _TENS), *(f"{word}th" for word in _SCALES)]
)

_JOINT = r"[\s\-‑]+"
_AND = rf"(?:{_JOINT}and)?{_JOINT}"


def _any_of(words: list[str] | dict[str, int]) -> str:
    return rf"\b(?:{'|'.join(words)})\b"


_TEN = _any_of([*_TENS, *(f"{word[:-1]}ieth" for word in _TENS)])
_DIGIT = _any_of([*_CARDINALS[1:10], *_ORDINALS[1:10]])
_BELOW_HUNDRED = rf"(?:{_TEN}(?:{_JOINT}{_DIGIT})?|{_any_of([*_CARDINALS, *_ORDINALS])})"
_BELOW_THOUSAND = (
    rf"(?:(?:(?:{_BELOW_HUNDRED}|\ba){_JOINT})?\bhundred(?:th)?\b"
    # "between two hundred and three hundred" are two numbers.
    rf"(?:{_AND}{_BELOW_HUNDRED}(?!{_JOINT}hundred\b))?"
    rf"|{_BELOW_HUNDRED})"
)
_WORD = _any_of([*_VALUES, *_SCALES])
_LARGE = [scale for scale, value in reversed(_SCALES.items()) if value > 100]
_CARDINAL = re.compile(
    rf"(?=(?:\ba{_JOINT})?{_WORD[:-2]}(?:th)?\b)"
    + "".join(
        rf"(?:(?:(?:{_BELOW_THOUSAND}|\ba){_JOINT})?\b{scale}(?:th)?\b(?:{_AND}(?={_WORD}))?)?"
        for scale in _LARGE
    )
    + rf"(?:{_BELOW_THOUSAND}(?!{_JOINT}(?:{'|'.join(_LARGE)})\b))?"
)
"""A number from the largest scale down; it may end in an "and" that leads to another one."""
_OFTEN_NO_NUMBER = ("one", "first", "second")
_AFTER_DIGITS = re.compile(r"\d[\s\-]*\Z")
"""Of "1.5 million" the scale is left for who reads digits."""
_WITH_POINT = re.compile(
    rf"({_BELOW_HUNDRED}|\d+) point ({_any_of(_CARDINALS[:10])}(?: {_any_of(_CARDINALS[:10])})*)"
)
_YEAR = re.compile(
    rf"({_any_of([*_CARDINALS[13:], 'twenty'])}){_JOINT}"
    rf"({_TEN}(?:{_JOINT}{_DIGIT})?|{_any_of(_CARDINALS[10:])})"
    rf"(?!{_JOINT}(?:hundred|thousand|million|billion)\b)(?![-‑])"
)
_DOZEN = re.compile(rf"\b(?:(half a|a|{_BELOW_HUNDRED}){_JOINT})?dozen\b")
_SHARES = {"half": "0.5", "quarter": "0.25"}
_PART_OF_SCALE = re.compile(
    rf"\b(?:an? )?(half|quarter)(?: of)? an? ({'|'.join(scale for scale in _SCALES)})\b"
)
_DECADE = re.compile(_any_of([f"{word[:-1]}ies" for word in _TENS]))

_HOUR = rf"({_any_of(_CARDINALS[1:13])}|\b\d{{1,2}}\b)"
_PAST = re.compile(
    rf"(?:\b(?:a )?(half|quarter)|({_BELOW_HUNDRED}|\b\d{{1,2}})(?: minutes?)?) past {_HOUR}"
)
_QUARTER_TO = re.compile(rf"\b(?:a )?quarter (?:to|before|of) {_HOUR}")
_HOUR_AND_MINUTES = re.compile(
    rf"({_any_of(_CARDINALS[1:13])}) ({_any_of(_TENS[:4])}(?:{_JOINT}{_DIGIT})?"
    rf"|{_any_of(_CARDINALS[10:])})(?!{_JOINT}(?:hundred|thousand|million|billion)\b)(?![-‑])"
)

_PLURAL_PARTS = _any_of([f"{part}s" for part in _PARTS])
_SINGLE_PART = re.compile(
    rf"\b(?:an? |one{_JOINT})({_any_of([p for p in _PARTS if p not in ('half', 'quarter')])})"
    r"(?= of\b)|\bone[\s-](half|quarter|third)\b"
)
_SEVERAL_PARTS = re.compile(rf"({_any_of(_CARDINALS[2:])}){_JOINT}({_PLURAL_PARTS})")
_AND_A_PART = re.compile(
    rf"({_BELOW_HUNDRED}|\b\d+) and (?:a|one)[ -](half|quarter|third)\b(?! of)"
)
_MIXED = re.compile(r"(?<![\d/.,:])(\d+)(?: and)? (\d+)/(\d+)(?![\d/])")


def _value_of(words: str) -> int:
    """The value of a number in words, which is known to be one."""
    total = part = 0
    for word in re.findall(r"[a-z]+", words):
        scale = _SCALES.get(word.removesuffix("th"))
        if word in _VALUES:
            part += _VALUES[word]
        elif scale == 100:
            part = max(part, 1) * 100
        elif scale is not None:
            total, part = total + max(part, 1) * scale, 0
    return total + part


def _number(text: str) -> int:
    """The value of a number in digits or in words."""
    return int(text) if text.isdecimal() else _value_of(text)


def _clock(hour: str, minutes: int, earlier: int = 0) -> str:
    dial = _number(hour) - earlier
    return f"{dial or 12}:{minutes:02}"


def _past(match: re.Match[str]) -> str:
    named, minutes, hour = match.groups()
    if named:
        return _clock(hour, 30 if named == "half" else 15)
    past = _number(minutes)
    return _clock(hour, past) if past < 60 else match.group()


def _cardinal(match: re.Match[str]) -> str:
    words = match.group()
    after_digits = _AFTER_DIGITS.search(match.string, 0, match.start())
    if words in ("", *_OFTEN_NO_NUMBER) or (words in _SCALES and after_digits):
        return words
    words = re.sub(rf"{_AND}$", "", words)
    link = match.group()[len(words) :]
    value, last = str(_value_of(words)), re.split(_JOINT, words)[-1]
    if re.search(rf"(?:{'|'.join(_TENS)}){_JOINT}second$", words):
        # "the thirty-second floor", or "a thirty-second break"
        return f"{value}th|{int(value) - 2} second"
    return f"{value}{'th' * (last in _RANKS)}{link}"


def _decimal(match: re.Match[str]) -> str:
    whole, digits = match.groups()
    return f"{_number(whole)}.{''.join(str(_VALUES[word]) for word in digits.split())}"


def _dozen(match: re.Match[str]) -> str:
    many = match.group(1)
    if many is None and _AFTER_DIGITS.search(match.string, 0, match.start()):
        return match.group()
    return "6" if many == "half a" else str(12 * (_value_of(many or "") or 1))


def _mixed(match: re.Match[str]) -> str:
    whole, above, below = map(int, match.groups())
    return written(whole + Fraction(above, below)) if 0 < above < below else match.group()


def written(value: Fraction) -> str:
    """A value in digits: as a decimal number where it has an end, else as a fraction."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1:
        return str(value)
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.12g}"


def in_digits(text: str) -> str:
    """A text with its numbers in digits; ordinals end in "th".

    Args:
        text: in lower case, with straight apostrophes.
    """
    text = _PAST.sub(_past, text)
    text = _QUARTER_TO.sub(lambda match: _clock(match[1], 45, earlier=1), text)
    text = _HOUR_AND_MINUTES.sub(lambda match: _clock(match[1], _value_of(match[2])), text)
    text = _SINGLE_PART.sub(lambda match: f"1/{_PARTS[match[1] or match[2]]}", text)
    text = _SEVERAL_PARTS.sub(
        lambda match: f"{_VALUES[match[1]]}/{_PARTS[match[2].removesuffix('s')]}", text
    )
    text = _WITH_POINT.sub(_decimal, text)
    text = _YEAR.sub(lambda match: str(100 * _VALUES[match[1]] + _value_of(match[2])), text)
    text = _DECADE.sub(lambda match: f"{_VALUES[match[0][:-3] + 'y']}s", text)
    text = _DOZEN.sub(_dozen, text)
    text = _PART_OF_SCALE.sub(lambda match: f"{_SHARES[match[1]]} {match[2]}", text)
    text = _AND_A_PART.sub(lambda match: f"{_number(match[1])} and 1/{_PARTS[match[2]]}", text)
    text = _CARDINAL.sub(_cardinal, text)
    return _MIXED.sub(_mixed, text)
