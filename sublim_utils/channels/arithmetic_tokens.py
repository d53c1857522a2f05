"""The numbers, units and signs that a text has, in order: what arithmetic is read from.

Numbers are read as people and models write them: "1,200.50", "3 1/2", "½", "$5", "50%", "1e3",
"2 dozen". What could be read in several ways, such as a time of day or "1,5", becomes `UNKNOWN`, so
that nobody calculates with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

MOST_DIGITS = 40
"""Of a number; what has more is none."""


class Unit(NamedTuple):
    """What a number counts, where it can be converted.

    Attributes:
        dimension: units of one dimension can be added.
        scale: how many of the dimension's base unit it is.
    """

    dimension: str
    scale: Fraction


class Number(NamedTuple):
    """A number.

    Attributes:
        value: as written, without its unit.
        decimals: how many digits are written behind the point.
        unit: that follows it, or the currency before it.
    """

    value: Fraction
    decimals: int = 0
    unit: Unit | None = None

    def converted(self) -> Fraction:
        """The value in the base unit of its dimension."""
        return self.value * self.unit.scale if self.unit else self.value


Token = Number | str
"""A number; an operator (+ - * / ^, "neg" for the sign of a number), a bracket, "=", "~" for "is
about"; or one of the names below."""
UNKNOWN = "unknown"
"""Something that stands for a number, but nobody knows for which: "x", "half", "2:30"."""
BREAK, COMMA, LINE = "break", ",", "line"
"""Where no expression goes on: punctuation, "so", an arrow; a comma; and the end of a line."""
WORD, AND, LINK, PER = "word", "and", "link", "per"
"""A word of no effect; "and"; one that makes one number of two ("than", "of"); "per" or "each"."""
REMAINDER, ROUNDED = "remainder", "rounded"
"""Words that say so of the number before or after them."""
WORDS = frozenset((WORD, AND, LINK, PER, REMAINDER, ROUNDED))


def _units(*tables: tuple[str, Mapping[str, str]]) -> dict[str, Unit]:
    """Units by each of their names, in the singular and in the plural."""
    units = {}
    for dimension, table in tables:
        for names, scale in table.items():
            for name in names.split():
                units[name] = units[f"{name}s"] = Unit(dimension, Fraction(scale))
    return units


UNITS = _units(
    ("time", {"second sec s": "1", "minute min": "60", "hour hr h": "3600"}),
    ("time", {"day": "86400", "week": "604800"}),
    ("months", {"month": "1", "year yr": "12", "decade": "120", "century centuries": "1200"}),
    ("length", {"millimeter millimetre mm": "1", "centimeter centimetre cm": "10"}),
    ("length", {"meter metre m": "1000", "kilometer kilometre km": "1000000"}),
    ("feet", {"inch inche": "1", "foot feet ft": "12", "yard yd": "36", "mile": "63360"}),
    ("mass", {"milligram mg": "1/1000", "gram g": "1", "kilogram kilo kg": "1000", "tonne": "1e6"}),
    ("pounds", {"ounce oz": "1", "pound lb": "16"}),
    ("volume", {"milliliter millilitre ml": "1", "liter litre l": "1000"}),
    ("cups", {"teaspoon tsp": "1", "tablespoon tbsp": "3", "cup": "48", "pint": "96"}),
    ("cups", {"quart": "192", "gallon": "768"}),
    ("money", {"cent penny pennies pence ¢": "1/100", "nickel": "1/20", "dime": "1/10"}),
    ("money", {"dollar buck euro $ € £ ¥": "1"}),
    ("count", {"pair": "2", "dozen": "12", "hundred": "100", "thousand k": "1000"}),
    ("count", {"million": "1e6", "billion": "1e9", "trillion": "1e12"}),
    ("%", {"percent %": "1/100"}),
)  # fmt: skip
"""Note that "$5", "5 €" and "£5" are all 5 of money: no text adds dollars to pounds."""

_OPERATORS = {
    "plus": "+", "minus": "-", "times": "*", "equals": "=", "multiplied by": "*",
    "divided by": "/", "equal to": "=", "is equal to": "=",
    "+": "+", "-": "-", "−": "-", "–": "-", "‐": "-", "‑": "-", "‒": "-", "*": "*", "×": "*",
    "·": "*", "⋅": "*", "∙": "*", "∗": "*", "/": "/", "÷": "/", "∕": "/", "⁄": "/",
    "^": "^", "**": "^", "=": "=", "==": "=", "≈": "~", "≃": "~", "≅": "~",
    "(": "(", "[": "(", "{": "(", ")": ")", "]": ")", "}": ")",
}  # fmt: skip
_SIGNS = frozenset(_OPERATORS.values()) - {"=", "~", "("}
_KINDS = {
    UNKNOWN: "half halves third thirds quarter quarters fourth fourths fifth fifths sixth sixths "
    "eighth eighths tenth tenths twice double doubled triple tripled thrice root average mean mod "
    "modulo factorial ± √",
    BREAK: "so then thus therefore hence which where means meaning giving gives because since but "
    "if when while leaving leaves making makes let is are was were has have had",
    AND: "and &",
    LINK: "than of from to by into out",
    PER: "per each every a an",
    REMAINDER: "remainder remaining rem left leftover leftovers over rest",
    ROUNDED: "rounded rounding approximately approx about around roughly nearly almost ~",
    COMMA: ",",
    LINE: "\n",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split(" ")}
_CLOCK = frozenset(("am", "pm", "a.m", "p.m", "o'clock", "o’clock"))
_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_UNIT_LETTERS = frozenset("mghslLkK")

_PLAIN = re.compile(
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+|(?=\.))(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?"
)
_SPACE = "[ \t\u00a0\u2009\u202f]"
_TOKEN = re.compile(
    rf"""
    (?P<unclear>[0-9]+:[0-9]+(?::[0-9]+)? | [^\W\d_][0-9]+)  # 2:30, x1
  | (?P<mixed>(?P<whole>[0-9]{{1,9}})(?:{_SPACE}+|{_SPACE}+and{_SPACE}+)
      (?P<above>[0-9]{{1,9}})[/⁄](?P<below>[0-9]{{1,9}})(?![0-9.,/]))
  | (?P<vulgar>(?P<before>[0-9]{{0,9}}){_SPACE}?(?P<part>[¼-¾⅐-⅞]))
  | (?P<halves>(?P<wholes>[0-9]{{1,9}})\s+and\s+(?:a|one)\s+(?P<share>half|third|quarter)\b)
  | (?P<spaced>[0-9]{{1,3}}(?:{_SPACE}[0-9]{{3}}){{1,5}}(?:\.[0-9]{{1,9}})?(?![0-9]))
  | (?P<number>(?:[0-9]+(?:[.,][0-9]+)*|(?<![\w.])\.[0-9]+)(?:[eE][+-]?[0-9]{{1,2}}(?![\w.]))?)
  | (?P<power>[²³¹⁰⁴-⁹]+)
  | (?P<phrase>\b(?:divided\s+by|multiplied\s+by|(?:is\s+)?equal\s+to|[ap]\.m\b)\.?(?!\w))
  | (?P<word>[^\W\d_]+(?:['’‐‑-][^\W\d_]+)*)
  | (?P<arrow>=+>|[<>!:≠≤≥]=|->)
  | (?P<currency>[$€£¥¢])
  | (?P<operator>\*\*|==|[-+*/×÷−–‐‑‒·⋅∙∗∕⁄^=≈≃≅()\[\]{{}}])
  | (?P<space>[^\S\n]+)
  | (?P<other>.|\n)
    """,
    re.VERBOSE | re.DOTALL,
)
_FUNCTIONS = frozenset("sqrt abs max min floor ceil round int sum mod".split())  # noqa: SIM905
"""Of what follows them in brackets; nobody calculates with their values."""
_SHARES = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_BEGINS_NUMBER = re.compile(r"[$€£¥]?[(.0-9¼-¾⅐-⅞]")

# ----------------------------------------------------------------- what is rewritten beforehand

_BULLET = re.compile(rf"^{_SPACE}*(?:\(?[0-9]{{1,2}}[.)]|[-*+•–—]){_SPACE}+", re.MULTILINE)
_LINE_END = re.compile(r"\n[ \t\n]*+")
_CONTINUED = re.compile(r"\n(?=[=≈])|(?<=[=+*/×÷≈−-])[ \t]*\n")
_LATEX = (
    (r"\\[dtc]?frac\s*([0-9])\s*([0-9])", r"\\frac{\1}{\2}"),
    (r"([0-9])\s*\\[dtc]?frac\s*\{\s*([0-9]+)\s*\}\s*\{\s*([0-9]+)\s*\}", r"\1 \2/\3"),
    (r"\\[dtc]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r" ((\1)/(\2)) "),
    (r"\\sqrt\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}", " √ "),
    (r"\^\{([^{}]*)\}", r"^(\1)"),
    (r"\\(?:text|mathrm|mathbf|textbf|mbox|boxed)\s*\{([^{}]*)\}", r" \1 "),
    (r"\{,\}", ","),
    (r"\\(?:times|cdot|ast)(?![a-zA-Z])", "×"),
    (r"\\div(?![a-zA-Z])", "÷"),
    (r"\\(?:approx|simeq)(?![a-zA-Z])", "≈"),
    (r"\\(?:left|right|quad|qquad|displaystyle)(?![a-zA-Z])", " "),
    (r"\\[\\]", "\n"),
    (r"\\([$%#&_])", r"\1"),
    (r"\\[,;:! ()\[\]]", " "),
    (r"\\[a-zA-Z]+", " ⇒ "),
    (r"&=", "="),
)


def _plain(text: str) -> str:
    """The text without what LaTeX, lists and broken lines add to it."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    text = re.sub("°[CF]?", " degrees ", text)
    if "\\" in text or "{" in text:
        for pattern, plain in _LATEX:
            text = re.sub(pattern, plain, text)
    return _CONTINUED.sub(" ", _BULLET.sub("", _LINE_END.sub("\n", text)))


# ----------------------------------------------------------------- tokens


def value_of(written: str) -> tuple[Fraction, int] | None:
    """The value of a plain number without a sign, such as "1,200.50", and its decimals."""
    if not _PLAIN.fullmatch(written) or len(written) > MOST_DIGITS:
        return None
    digits, _, exponent = written.replace(",", "").lower().partition("e")
    decimals = len(digits.partition(".")[2])
    value = Fraction(digits if digits[0] != "." else f"0{digits}")
    if exponent:
        return value * Fraction(10) ** int(exponent), 0
    return value, decimals


def vulgar_fraction(character: str) -> Fraction:
    """The value of a character such as "½"."""
    return Fraction(unicodedata.numeric(character)).limit_denominator(10)


class _Reader:
    """Reads a text token by token, each in the light of those before it."""

    def __init__(self, text: str) -> None:
        self.text = _plain(text)
        self.tokens: list[Token] = []
        self.space = True  # before the token that is being read
        self.currency: Unit | None = None
        # A letter that stands somewhere without a number before it is an unknown, not a unit.
        unknowns = re.findall(r"(?<!\w)(?<![0-9] )[a-zA-Z](?!\w)", self.text)
        self.unit_letters = _UNIT_LETTERS.difference(unknowns)

    def read(self) -> list[Token]:
        """All tokens of the text."""
        readers = {
            "unclear": self._unclear, "mixed": self._mixed, "vulgar": self._vulgar,
            "halves": self._halves, "spaced": self._spaced, "number": self._number,
            "power": self._power, "phrase": self._phrase, "word": self._word,
            "arrow": self._arrow, "currency": self._currency, "operator": self._operator,
            "other": self._other,
        }  # fmt: skip
        position = 0
        while match := _TOKEN.match(self.text, position):
            position = match.end()
            kind = match.lastgroup or "other"
            if kind != "space":
                readers[kind](match)
                if kind not in ("currency", "operator"):
                    self.currency = None
            self.space = kind == "space"
        return self.tokens

    @property
    def last(self) -> Token:
        """The token before, of which the first has a line's end."""
        return self.tokens[-1] if self.tokens else LINE

    def _ends_operand(self) -> bool:
        return isinstance(self.last, Number) or self.last in (")", UNKNOWN)

    def _rest(self, match: re.Match[str]) -> str:
        """The next few characters."""
        return self.text[match.end() : match.end() + 8]

    # -- numbers

    def _push(self, value: Fraction, decimals: int = 0) -> None:
        if self.last == ")" and not self.space:
            self.tokens.append("*")  # (2)8
        self.tokens.append(Number(value, decimals, self.currency))

    def _unclear(self, match: re.Match[str]) -> None:
        written = match.group()
        sign = {"x": "*", "r": REMAINDER}.get(written[0].lower())
        read = value_of(written[1:])
        if sign and read and isinstance(self.last, Number):  # 3x4, 3 R2
            self.tokens += [sign, Number(*read)]
        else:
            self.tokens.append(UNKNOWN)

    def _mixed(self, match: re.Match[str]) -> None:
        whole, above, below = (Fraction(match[name]) for name in ("whole", "above", "below"))
        if above < below:
            self._push(whole + above / below)
        else:
            self._push(whole)
            self.tokens += [Number(above), "/", Number(below)]

    def _vulgar(self, match: re.Match[str]) -> None:
        self._push(int(match["before"] or 0) + vulgar_fraction(match["part"]))

    def _halves(self, match: re.Match[str]) -> None:
        self._push(int(match["wholes"]) + _SHARES[match["share"]])

    def _spaced(self, match: re.Match[str]) -> None:
        digits = re.sub(r"\s", "", match.group())
        self._push(Fraction(digits), len(digits.partition(".")[2]))

    def _number(self, match: re.Match[str]) -> None:
        read = value_of(match.group())
        if read is None:
            self.tokens.append(UNKNOWN)
        else:
            self._push(*read)

    def _power(self, match: re.Match[str]) -> None:
        exponent = int(match.group().translate(_POWERS)[:3])
        self.tokens += ["^", Number(Fraction(exponent))]

    # -- words

    def _phrase(self, match: re.Match[str]) -> None:
        phrase = " ".join(match.group().lower().split())
        self._plain_word(phrase)

    def _word(self, match: re.Match[str]) -> None:
        word, after = match.group(), self._rest(match)
        between = self._ends_operand() or self.last in WORDS
        if word in ("x", "X") and between and _BEGINS_NUMBER.match(after.lstrip(" -−")):
            self.tokens.append("*")
        elif word.lower() in _FUNCTIONS and after[:1] == "(":
            self.tokens.append(UNKNOWN)
        elif word in ("a", "A") and not re.match(r"\s+[^\W\d_]", after):
            self.tokens.append(UNKNOWN)  # not the article
        elif isinstance(self.last, Number) and self.last.unit is None and self._is_unit(word):
            self._attach(UNITS[word.lower()])
        else:
            self._plain_word(word.lower())

    def _plain_word(self, word: str) -> None:
        """A word or phrase that is no unit."""
        last = self.last
        if isinstance(last, Number) and word.rstrip(".") in _CLOCK:
            self.tokens[-1] = UNKNOWN
        elif isinstance(last, Number) and word in _ORDINALS and not self.space:
            self.tokens[-1] = WORD
        elif isinstance(last, Number) and word == "r":
            self.tokens.append(REMAINDER)
        elif word in ("squared", "cubed"):
            self.tokens += ["^", Number(Fraction(2 if word == "squared" else 3))]
        elif word == "of" and self._is_share():
            self.tokens.append("*")
        elif word in _OPERATORS:
            self.tokens.append(_OPERATORS[word])
        elif word in _KIND_OF:
            self.tokens.append(_KIND_OF[word])
        else:
            self.tokens.append(UNKNOWN if len(word) == 1 and word != "i" else WORD)

    def _is_unit(self, word: str) -> bool:
        return word in self.unit_letters if len(word) == 1 else word.lower() in UNITS

    def _is_share(self) -> bool:
        """True if the last number is a fraction or a percentage, of which a part can be taken."""
        if not isinstance(self.last, Number):
            return False
        percent = self.last.unit == UNITS["%"]
        return percent or self.tokens[-2:-1] == ["/"] or self.last.value.denominator > 1

    def _attach(self, unit: Unit) -> None:
        """Give the last number its unit; "1 hour and 16 minutes" becomes one number of minutes."""
        number = self.tokens.pop()
        assert isinstance(number, Number)
        value, decimals = number.value, number.decimals
        if value and self.tokens[-1:] == ["/"] and self._is_alone(-2):
            above = self.tokens[-2]
            assert isinstance(above, Number)
            del self.tokens[-2:]
            value, decimals = above.value / value, 0  # 3/4 hour
        joint = 2 if self.last in (AND, COMMA) else 1
        before = self.tokens[-joint] if len(self.tokens) >= joint else None
        if isinstance(before, Number) and before.unit is not None and unit.dimension != "count":
            same = before.unit.dimension == unit.dimension
            if same and before.unit.scale > unit.scale:
                del self.tokens[-joint:]
                value += before.converted() / unit.scale
        self.tokens.append(Number(value, decimals, unit))

    def _is_alone(self, index: int) -> bool:
        """True if there is a number without a unit, and no operator before it."""
        number, before = ([LINE, LINE, *self.tokens][i] for i in (index, index - 1))
        return isinstance(number, Number) and number.unit is None and before not in _SIGNS

    # -- signs

    def _currency(self, match: re.Match[str]) -> None:
        unit = UNITS[match.group()]
        follows = _BEGINS_NUMBER.match(self._rest(match).lstrip().lstrip("-−+"))
        if isinstance(self.last, Number) and not (follows and self.space):
            self.tokens[-1] = self.last._replace(unit=unit)
        else:
            self.currency = unit

    def _arrow(self, match: re.Match[str]) -> None:
        self.tokens.append(BREAK)

    def _operator(self, match: re.Match[str]) -> None:
        sign, rest = _OPERATORS[match.group()], self._rest(match)
        if sign in "+-":
            self._plus_or_minus(sign, rest)
        elif sign == "(":
            if isinstance(self.last, Number) or self.last == ")":
                self.tokens.append("*")  # 2(8)
            self.tokens.append("(")
        elif sign == ")":
            self._close()
        elif sign in "*^" and not (self._ends_operand() or self.last in WORDS):
            pass  # the mark of an item or of bold print
        elif match.group() in ("*", "**") and not re.match(r"\s*[\w$€£¥(.+−-]", rest):
            pass  # the end of bold print
        else:
            self.tokens.append(sign)

    def _plus_or_minus(self, sign: str, rest: str) -> None:
        attached = bool(_BEGINS_NUMBER.match(rest))
        last = self.last
        if isinstance(last, Number) and not self.space and rest[:1].isalpha():
            return  # 5-pound
        if last in ("=", "~", "("):
            unary = attached or sign == "-"
        elif last in ("+", "-", "*", "/", "^", LINE, BREAK, COMMA):
            unary = attached
        else:
            unary = attached and self.space and last in WORDS
        self.tokens.append(("neg" if sign == "-" else "pos") if unary else sign)

    def _close(self) -> None:
        """A closing bracket; what has only words within says at most how a number is meant."""
        words = 0
        while words < len(self.tokens) and self.tokens[-1 - words] in WORDS:
            words += 1
        if words and self.tokens[-1 - words : -words] == ["("]:
            kinds = [token for token in self.tokens[-words:] if token in (REMAINDER, ROUNDED)]
            del self.tokens[-1 - words :]
            if self.last == "*":
                self.tokens.pop()
            self.tokens += kinds
        else:
            self.tokens.append(")")

    def _other(self, match: re.Match[str]) -> None:
        character = match.group()
        if character == "%" and isinstance(self.last, Number):
            modulo = re.match(r"\s*[0-9(]", self._rest(match))
            self.tokens[-1] = UNKNOWN if modulo else self.last._replace(unit=UNITS["%"])
        else:
            self.tokens.append(_KIND_OF.get(character, BREAK))


def tokens(text: str) -> list[Token]:
    """The numbers and signs of a text, and what stands between them."""
    return _Reader(text).read()
