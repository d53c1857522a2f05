"""Whether the equations in a text are right, where words may stand between the numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_PART = re.compile(rf"[$€£]?{_DIGITS}|(?P<sign>[-+*/×÷−–=()])|(?P<word>[^\W\d_]+)|(?P<other>\S|\n)")
_ALONE = re.compile(rf"-?[$€£]?{_DIGITS}")
_SIGNS = {"−": "-", "–": "-", "×": "*", "÷": "/"}
_SAID = {"plus": "+", "minus": "-", "times": "*", "equals": "="}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
MOST_WORDS = 3
"""Between a number and its operator: "3 red apples + 4"."""
MOST_DIGITS = 15
"""Of a number; what has more is none."""

Part = Fraction | str
"""A number, a sign, "word" for a word or "other"."""


def value_of(text: str) -> Fraction | None:
    """The number that a text is, such as "7", "$1,200.50" or "12."; None where it is none."""
    text = text.strip().removesuffix(".")
    return _value(text) if _ALONE.fullmatch(text) else None


def _value(text: str) -> Fraction | None:
    digits = re.sub("[$€£,]", "", text)
    return Fraction(digits) if len(digits) <= MOST_DIGITS else None


def numbers_in(text: str) -> set[Fraction]:
    """The numbers that a text has in digits."""
    return {part for part in _parts(text) if isinstance(part, Fraction)}


def equations(text: str) -> list[bool]:
    """For each equation that can be read, whether it is right.

    On its left stands an expression with at least one operation, or the result of the equation
    before it. Words between a number and its operator are passed over: "3 apples + 4 = 7". Decimals
    on the right may be rounded. What cannot be read, such as "half of 6 = 3", is left out.
    """
    parts = _parts(text)
    found = []
    for place, part in enumerate(parts):
        if part == "=":
            left, right = _left(parts[:place]), _right(parts[place + 1 :])
            if left is not None and right:
                found.append(any(abs(left - value) <= _rounding(value) for value in right))
    return found


def _rounding(value: Fraction) -> Fraction:
    """How far a rounded number may be off: nothing for a whole one, else its last decimal."""
    places = 0
    while places < MOST_DIGITS and (value * 10**places).denominator > 1:
        places += 1
    return Fraction(1, 10**places) if places else Fraction(0)


def _parts(text: str) -> list[Part]:
    found: list[Part] = []
    for match in _PART.finditer(text):
        kind, said = match.lastgroup, match.group()
        if kind is None:
            value = _value(said)
            found.append("other" if value is None else value)
        elif kind == "sign":
            found.append(_SIGNS.get(said, said))
        elif said in ("x", "X") and found and isinstance(found[-1], Fraction):
            found.append("*")
        else:
            found.append("line" if said == "\n" else _SAID.get(said, kind))
    return found


def _left(before: Sequence[Part]) -> Fraction | None:
    """The value of the expression that ends here."""
    taken, boundary = _expression(list(reversed(before)))
    taken.reverse()
    if taken and taken[0] == "-" and boundary in ("line", "start"):
        taken = taken[1:]  # a dash before an item of a list
    if len(taken) == 1 and boundary != "=":
        return None  # "half of 6 = 3"
    return _evaluate(taken)


def _right(after: Sequence[Part]) -> list[Fraction]:
    """What the right side may be meant to be: its first number, or the whole expression."""
    negative = after[:1] == ["-"]
    taken, _ = _expression(after[1:] if negative else after)
    if not taken:
        return []
    if negative and isinstance(taken[0], Fraction):
        taken[0] = -taken[0]
    found = [taken[0], _evaluate(taken)]
    return [value for value in found if isinstance(value, Fraction)]


def _expression(parts: Sequence[Part]) -> tuple[list[Part], Part]:
    """Numbers and operators from the first part on, without words, and what ends them."""
    taken: list[Part] = []
    words = 0
    for part in parts:
        if part == "word" and words < MOST_WORDS:
            words += 1
            continue
        adjacent = isinstance(part, Fraction) and taken and isinstance(taken[-1], Fraction)
        if part in ("word", "other", "line", "=") or adjacent:
            return taken, part
        taken.append(part)
        words = 0
    return taken, "start"


def _evaluate(parts: Sequence[Part]) -> Fraction | None:
    """The value of an expression; None where it is none. Dijkstra's two stacks."""
    values: list[Fraction] = []
    operators: list[str] = []

    def apply() -> bool:
        operator = operators.pop()
        if operator == "(" or len(values) < 2:
            return False
        b, a = values.pop(), values.pop()
        if operator == "/" and b == 0:
            return False
        values.append(
            a + b if operator == "+" else a - b if operator == "-" else
            a * b if operator == "*" else a / b
        )  # fmt: skip
        return True

    number_wanted = True
    for part in parts:
        if isinstance(part, Fraction) or part == "(":
            if not number_wanted:
                return None
            if isinstance(part, Fraction):
                values.append(part)
                number_wanted = False
            else:
                operators.append("(")
        elif number_wanted:
            return None
        elif part == ")":
            while operators and operators[-1] != "(":
                if not apply():
                    return None
            if not operators:
                return None
            operators.pop()
        else:
            while operators and _RANK.get(operators[-1], 0) >= _RANK[part]:
                if not apply():
                    return None
            operators.append(part)
            number_wanted = True
    if number_wanted:
        return None
    while operators:
        if not apply():
            return None
    return values[0]
