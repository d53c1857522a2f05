"""The numbers of a sentence, with their units, and whether two sentences state the same ones.

"1,500,000" and "1.5 million" are the same number, and so are "half past nine" and "9:30", "March 3"
and "the third of March". Some words may state a number and often do not ("one", "second", "both"):
such a word can stand for a number, but need not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from sublim_utils.channels.number_words import in_digits, written
from sublim_utils.channels.words import spelled_out, words_of


class Quantity(NamedTuple):
    """A number that a text states.

    Attributes:
        values: ways to write it in digits, the plainest first; an hour of the afternoon has two.
        stated: whether it surely is a number; "one" and "second" may be, and may not.
        units: what is counted, such as `km`; several where a word has several meanings ("pound"),
            and none where there is no unit.
    """

    values: tuple[str, ...]
    stated: bool = True
    units: frozenset[str] = frozenset()

    def fits(self, other: Quantity) -> bool:
        """True if both can be the same number of the same unit, as far as units are named."""
        same_unit = not self.units or not other.units or bool(self.units & other.units)
        if same_unit and set(self.values) & set(other.values):
            return True
        return bool(self._converted() & other._converted())

    def _converted(self) -> set[tuple[str, Fraction]]:
        """In the base unit of its dimension: "90 minutes" and "1.5 hours" are 5,400 seconds."""
        return {
            (dimension, Fraction(value) * scale)
            for unit in self.units & set(_CONVERSIONS)
            for dimension, scale in (_CONVERSIONS[unit],)
            for value in self.values
            if _PLAIN_VALUE.fullmatch(value)
        }


_CONVERSIONS: dict[str, tuple[str, Fraction]] = {
    **{u: ("time", Fraction(n)) for u, n in {"s": 1, "min": 60, "h": 3600, "day": 86400}.items()},
    **{u: ("months", Fraction(n)) for u, n in {"month": 1, "year": 12}.items()},
    **{u: ("length", Fraction(n)) for u, n in {"mm": 1, "cm": 10, "m": 1000, "km": 10**6}.items()},
    **{u: ("feet", Fraction(n)) for u, n in {"inch": 1, "foot": 12, "yard": 36}.items()},
    **{u: ("mass", Fraction(n)) for u, n in {"g": 1, "kg": 1000}.items()},
    **{u: ("volume", Fraction(n)) for u, n in {"ml": 1, "l": 1000}.items()},
}
"""Of units of which people write one for another: the dimension, and how many base units it is."""
_PLAIN_VALUE = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?")


_MAYBE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("one", "once", "single", "first", "sole"), ("1", "1th")),
    **dict.fromkeys(("twice", "double", "both", "pair", "couple"), ("2",)),
    "second": ("2", "2th"),
    **dict.fromkeys(("thrice", "triple"), ("3",)),
    **dict.fromkeys(("no", "none"), ("0",)),
    "half": ("0.5", "50%", "30", "1.5"),
    "quarter": ("0.25", "25%", "15"),
    "fortnight": ("2", "14"),
    "decade": ("10",),
    "century": ("100",),
    "noon": ("12",),
    "midday": ("12",),
    "midnight": ("12", "0"),
}
"""What a word stands for where it states a number at all; `half` may be half an hour."""

_UNITS: dict[str, tuple[str, ...]] = {
    "usd": ("$", "dollar", "dollars", "buck", "bucks", "usd"),
    "eur": ("€", "euro", "euros", "eur"),
    "gbp": ("£", "pound", "pounds", "quid", "gbp"),
    "yen": ("¥", "yen", "jpy"),
    "cent": ("¢", "cent", "cents", "penny", "pence"),
    "km": ("km", "kilometre", "kilometres", "kilometer", "kilometers"),
    "m": ("m", "metre", "metres", "meter", "meters"),
    "cm": ("cm", "centimetre", "centimetres", "centimeter", "centimeters"),
    "mm": ("mm", "millimetre", "millimetres", "millimeter", "millimeters"),
    "mile": ("mi", "mile", "miles"),
    "foot": ("ft", "foot", "feet"),
    "inch": ("inch", "inches"),
    "yard": ("yd", "yard", "yards"),
    "kg": ("kg", "kilo", "kilos", "kilogram", "kilograms", "kilogramme", "kilogrammes"),
    "g": ("g", "gram", "grams", "gramme", "grammes"),
    "lb": ("lb", "lbs", "pound", "pounds"),
    "ounce": ("oz", "ounce", "ounces"),
    "ton": ("ton", "tons", "tonne", "tonnes"),
    "l": ("l", "litre", "litres", "liter", "liters"),
    "ml": ("ml", "millilitre", "millilitres", "milliliter", "milliliters"),
    "gallon": ("gallon", "gallons"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "min": ("min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "day": ("day", "days"),
    "week": ("week", "weeks"),
    "month": ("month", "months"),
    "year": ("year", "years"),
    "celsius": ("°c", "celsius"),
    "fahrenheit": ("°f", "fahrenheit"),
    "mph": ("mph", "miles per hour", "miles an hour"),
    "km/h": ("km/h", "kmh", "kph", "kilometres per hour", "kilometers per hour"),
    "kB": ("kb", "kilobyte", "kilobytes"),
    "MB": ("mb", "megabyte", "megabytes"),
    "GB": ("gb", "gigabyte", "gigabytes"),
    "TB": ("tb", "terabyte", "terabytes"),
    "volt": ("v", "volt", "volts"),
    "watt": ("w", "watt", "watts"),
    "kW": ("kw", "kilowatt", "kilowatts"),
    "m²": ("m²", "square metre", "square metres", "square meter", "square meters"),
    "km²": ("km²", "square kilometre", "square kilometres", "square kilometer",
            "square kilometers"),
    "am": ("am",),
    "pm": ("pm",),
}  # fmt: skip
_UNITS_OF_WORD = {
    word: frozenset(unit for unit, words in _UNITS.items() if word in words)
    for words in _UNITS.values()
    for word in words
}
_CURRENCIES = frozenset(("usd", "eur", "gbp"))
"""Written with two decimals: "$5.00" is no more exact than "$5"."""
_SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "mn": 10**6,
    "trillion": 10**12,
    "dozen": 12,
}
_LETTERS = {"k": "thousand", "m": "million", "b": "billion"}
"""Behind a number with a currency; "5k" is five thousand of anything, and "5m" a length."""
_GLYPHS = {
    "½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3",
    "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_RANKED = (
    f"{_MONTHS}|day|week|year|floor|storey|level|chapter|page|part|number|grade|class|round|season|"
    "episode|line|row|place|rank|position|stage|step|act|scene|volume|edition|version|century"
)
"""Words before a number that may be an ordinal as well: "day 3" is the third day."""

_QUANTITY = re.compile(
    rf"(?P<ranked>\b(?:{_RANKED})\.?[ -])?"
    r"(?P<sign>\b(?:minus|negative) |(?<![\w)\]])[-−–](?=[$€£¥.\d]))?"
    r"(?P<currency>[$€£¥])? ?"
    r"(?:(?P<decade>(?:\d\d)?\d0)s\b"
    r"|(?P<number>\d{1,3}(?:[,']\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?: \d{3})+(?!\d)(?:\.\d+)?"
    r"|\d+(?:[.,:/]\d+)*|\.\d+)(?:(?P<rank>(?:st|nd|rd|th)(?:\|\d+)?\b)|(?!\d)))"
    rf"(?P<scales>(?:(?(currency)[kmb]|k)\b|[ -]?(?:{'|'.join(_SCALES)})\b)*)"
    r"(?P<percent> ?%| ?percent\b| per ?cent\b| ?pct\b)?"
    rf"(?=(?P<date>(?: of)? (?:{_MONTHS})\b)?)"
    r"(?:[ \-‑]?(?:degrees? )?(?P<unit>"
    rf"{'|'.join(re.escape(w) for w in sorted(_UNITS_OF_WORD, key=len, reverse=True))})(?!\w))?"
    rf"|\b(?P<maybe>{'|'.join(_MAYBE)})\b"
    rf"|\ban? (?P<of>{'|'.join(w for w in _UNITS_OF_WORD if len(w) > 2)})\b"
)


def _read(match: re.Match[str]) -> Quantity:
    if match["maybe"]:
        return Quantity(_MAYBE[match["maybe"]], stated=False)
    if match["of"]:  # "an hour"
        return Quantity(("1",), stated=False, units=_UNITS_OF_WORD[match["of"]])
    if match["decade"]:
        short = match["decade"][-2:]
        return Quantity(tuple(dict.fromkeys((f"{match['decade']}s", f"19{short}s", f"{short}s"))))
    unit = match["currency"] or match["unit"]
    units = _UNITS_OF_WORD[unit] if unit else frozenset[str]()
    values = _values(match["number"], match["scales"].split(), units)
    if match["rank"]:
        values = (f"{values[0]}th", *match["rank"].split("|")[1:])
    elif match["ranked"] or match["date"]:
        values = (*values, *(f"{value}th" for value in values))
    if match["percent"]:
        values = tuple(f"{value}%" for value in values)
    if match["sign"]:
        values = tuple(f"-{value}" for value in values)
    return Quantity(values, units=units)


def _values(number: str, scales: Sequence[str], units: frozenset[str]) -> tuple[str, ...]:
    """Ways to write a number without what only separates its digits."""
    number = re.sub(r"[ ']|,(?=\d{3}(?!\d))", "", number)
    is_time = bool(units & {"am", "pm"})
    if time := re.fullmatch(r"(\d{1,2})[:.](\d\d)" if is_time else r"(\d{1,2}):(\d\d)", number):
        return _time(int(time[1]), int(time[2]), is_time)
    if ratio := re.fullmatch(r"(\d+)/(\d+)", number):
        above, below = int(ratio[1]), int(ratio[2])
        if not 0 < above < below:
            return (number,)
        part = Fraction(above, below)
        return written(part), f"{written(100 * part)}%"
    if not re.fullmatch(r"\d*\.?\d+", number):
        return (number,)
    if is_time and number.isdecimal():
        return _time(int(number), 0, is_time)
    money = units & _CURRENCIES and re.fullmatch(r"\d+\.\d\d", number)
    if not scales and not money and "." in number and number.endswith("0"):
        return (number,)  # "3.0" is more exact than "3"
    value = Fraction(f"0{number}")
    for scale in scales:
        value *= _SCALES[_LETTERS.get(scale, scale.strip("-"))]
    return (written(value),)


def _time(hours: int, minutes: int, is_time: bool) -> tuple[str, ...]:
    """A time of the day as clocks show it, of twelve hours and of twenty-four."""
    ways = [hours, hours - 12] if 12 < hours <= 24 else [hours]
    ways += [hours + 12] if is_time and hours < 12 else []
    return tuple(f"{hour}:{minutes:02}" if minutes else str(hour) for hour in ways)


def _plain(text: str) -> str:
    """A text in lower case with its numbers in digits."""
    plain = spelled_out(text).casefold().replace("’", "'")
    for glyph, ratio in _GLYPHS.items():
        plain = plain.replace(glyph, f" {ratio}")
    plain = _AND_A_HALF.sub(
        lambda match: f"1.{'5' if match[2] == 'half' else '25'} {match[1]}", plain
    )
    return _BELOW_ZERO.sub(_signed, in_digits(plain))


_AND_A_HALF = re.compile(
    r"\b(?:an?|one) (second|minute|hour|day|week|month|year|mile|pound|kilo|litre|liter)"
    r" and a (half|quarter)\b"
)
_BELOW_ZERO = re.compile(
    r"(?<![-−\d.,])(\d+(?:\.\d+)?(?: ?(?:°[cf]?|degrees?)(?: celsius| fahrenheit)?)?)"
    r" (below|above) (?:zero|0|freezing)\b"
)


def _signed(match: re.Match[str]) -> str:
    """Degrees with their sign, for "five degrees below zero"."""
    return f"{'minus ' if match[2] == 'below' else ''}{match[1]}"


def quantities_of(text: str) -> Iterator[Quantity]:
    """All numbers that a text states or may state, in order."""
    return map(_read, _QUANTITY.finditer(_plain(text)))


def numbers_of(text: str) -> Counter[str]:
    """The numbers that a text states, in digits or in words, as they are written in digits.

    "one" is no number here: it is a pronoun more often. "twenty-five" and "25" are the same, and
    "1,000" and "a thousand"; "3.0" and "3" are not.
    """
    return Counter(quantity.values[0] for quantity in quantities_of(text) if quantity.stated)


def same_numbers(first: str, second: str) -> bool:
    """True if each number that one of two texts states is in the other, too, with its unit.

    A word that may be a number ("one", "half") can be the partner of one, and needs none.
    """
    one, other = list(quantities_of(first)), list(quantities_of(second))
    return _have_partners(one, other) and _have_partners(other, one)


def _have_partners(some: Sequence[Quantity], others: Sequence[Quantity]) -> bool:
    left = sorted(others, key=lambda quantity: not quantity.stated)
    for quantity in some:
        if quantity.stated:
            partner = next((other for other in left if quantity.fits(other)), None)
            if partner is None:
                return False
            left.remove(partner)
    return True


def count_words(text: str) -> int:
    """How many words a text has, where a number is one word."""
    plain = _QUANTITY.sub(
        lambda match: f"{match['ranked'] or ''} 0 {match['unit'] or match['of'] or ''} ",
        _plain(text),
    )
    return len(words_of(plain))
