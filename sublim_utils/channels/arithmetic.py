"""Equations in a text: which are right, where words may stand between the numbers.

Only what is surely wrong is called wrong. Numbers that can be meant in two ways (an hour is 1 or 60
minutes, a percent is 1 or a hundredth) may be meant in either, and an equation with an unknown, or
with words that change a number, is left out.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from sublim_utils.channels import arithmetic_tokens
from sublim_utils.channels.arithmetic_tokens import (
    AND,
    LINK,
    PER,
    REMAINDER,
    ROUNDED,
    UNKNOWN,
    WORDS,
    Number,
    Token,
)

_AS_PYTHON = {
    **{"+": "<<", "-": ">>", "*": "*", "/": "/", "^": "**"},
    **{"neg": "~", "pos": "~~", "(": "(", ")": ")"},
}
"""Operators of Python that bind alike, none of which is both a sign and an operation."""
_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.LShift: operator.add,
    ast.RShift: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
MOST_WORDS = 3
"""Between a number and its operator: "3 red apples + 4"."""
MOST_POWER = 20
"""Of an exponent; what has more is not calculated."""
CONVERTED = frozenset(("%", "count"))
"""Of a number in these, "2 dozen" or "50%", the converted value counts as stated, too."""

# ----------------------------------------------------------------- single numbers

_SIGNED = re.compile(
    r"([-+−–]?)[ ]*(?:US|A|C)?[$€£¥]?[ ]*([-+−–]?)[ ]*(.*?)(?:[ \u00a0]*[%$€£¥¢°])?", re.DOTALL
)
_MIXED = re.compile(r"(?:([0-9,]+)[ \u00a0]+)?([0-9,]+) ?[/⁄] ?([0-9,]+)")
_VULGAR = re.compile(r"([0-9,]*)[ \u00a0]?([¼-¾⅐-⅞])")
_BOXED = re.compile(r"\\boxed\s*\{(.*)\}|\$(.*)\$|\\\((.*)\\\)|\\\[(.*)\\\]", re.DOTALL)
_SPACED = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")


def value_of(text: str) -> Fraction | None:
    """The number that a text is, such as "7", "-$1,200.50", "3/4", "1 1/2", "½", "16%" or "12.".

    A currency, a percent sign and the marks of LaTeX change nothing. None where it is no number.
    """
    text = text.strip(" \t\r\n").removesuffix(".")
    while boxed := _BOXED.fullmatch(text):
        text = next(group for group in boxed.groups() if group is not None).strip(" ")
    match = _SIGNED.fullmatch(text)
    if match is None or (match[1] and match[2]):
        return None
    value = _unsigned(match[3])
    return -value if value is not None and (match[1] or match[2]) in ("-", "−", "–") else value


def _unsigned(text: str) -> Fraction | None:
    plain = arithmetic_tokens.value_of(_SPACED.sub("", text))
    if plain is not None:
        return plain[0]
    fraction = re.fullmatch(r"\\[dt]?frac\s*\{([0-9]+)\}\s*\{([0-9]+)\}", text)
    if fraction:
        text = f"{fraction[1]}/{fraction[2]}"
    if match := _MIXED.fullmatch(text):
        whole, above, below = (arithmetic_tokens.value_of(part or "0") for part in match.groups())
        if whole and above and below and below[0]:
            return whole[0] + above[0] / below[0]
    if match := _VULGAR.fullmatch(text):
        whole = arithmetic_tokens.value_of(match[1] or "0")
        part = arithmetic_tokens.vulgar_fraction(match[2])
        return whole[0] + part if whole else None
    return None


def numbers_in(text: str) -> set[Fraction]:
    """The numbers that a text has in digits, with their signs and as fractions too.

    Of "-3", "3/4" and "2 dozen" these are -3 and 3, 3/4 with 3 and 4, and 2 and 24.
    """
    numbers = set()
    tokens = arithmetic_tokens.tokens(text)
    for index, token in enumerate(tokens):
        if not isinstance(token, Number):
            continue
        numbers.add(token.value)
        if token.unit is not None and token.unit.dimension in CONVERTED:
            numbers.add(token.converted())
        sign, before = (tokens[index - back] if index >= back else None for back in (1, 2))
        if sign == "neg":
            numbers.add(-token.value)
        if sign == "/" and isinstance(before, Number) and token.value:
            numbers.add(before.value / token.value)
    return numbers


# ----------------------------------------------------------------- equations


class Expression(NamedTuple):
    """One side of an equation.

    Attributes:
        parts: numbers and operators, in order.
        beyond: the words between it and its end, as they stand from it.
        end: what stands there: the token that ends it, or a number with which it has no operator.
        per: whether there is a "per" or "each" in it.
    """

    parts: list[Token]
    beyond: list[Token]
    end: Token
    per: bool


_CALCULATOR = re.compile(r"<<([^<>\n]*)>>")
"""What GSM8K writes for a calculator behind an equals sign."""


def equations(text: str) -> list[bool]:
    """For each equation that can be read, whether it is right.

    On its left stands an expression with at least one operation, or the result of the equation
    before it. Words between a number and its operator are passed over: "3 apples + 4 = 7". Decimals
    on the right may be rounded or cut off, whole numbers only behind "≈" or with a word that says
    so. Units may be converted or not. What cannot be read, such as "half of 6 = 3", is left out.
    """
    # "6*3=<<6*3=18>>18" states the same twice.
    parts = (_CALCULATOR.sub("", text), *_CALCULATOR.findall(text))
    return [right for part in parts for right in _verdicts(arithmetic_tokens.tokens(part))]


def _verdicts(tokens: Sequence[Token]) -> list[bool]:
    verdicts = []
    for index, token in enumerate(tokens):
        if token in ("=", "~"):
            right = _is_right(tokens[:index], tokens[index + 1 :], about=token == "~")
            if right is not None:
                verdicts.append(right)
    return verdicts


def _is_right(before: Sequence[Token], after: Sequence[Token], *, about: bool) -> bool | None:
    """True if both sides are equal; None where one cannot be read, or they may be meant so."""
    left, right = _expression(before, backwards=True), _expression(after)
    if not left.parts or not right.parts or UNKNOWN in left.parts:
        return None
    if len(left.parts) == 1 and not _is_result(left, right):
        return None
    if _value(left.parts, frozenset()) is None:
        return None
    about = about or ROUNDED in [*after[:1], *right.beyond]
    if right.end == arithmetic_tokens.COMMA:  # "= 33, rounded down"
        comma = after.index(arithmetic_tokens.COMMA)
        about = about or ROUNDED in after[comma + 1 : comma + 2]
    if _agree(left.parts, right.parts, about=about) or _has_remainder(left.parts, after):
        return True
    signed = left.parts[0] in ("neg", "pos") and left.beyond
    unsure = (
        signed
        or UNKNOWN in right.parts
        or any(_is_tied(side) for side in (left, right))
        or (left.beyond == [AND] and isinstance(left.end, Number) and not _follows_result(before))
        or (left.per and _dimensions(left.parts))
        or (_value(right.parts, frozenset()) is None and not _leading(right.parts))
    )
    return None if unsure else False


def _is_result(left: Expression, right: Expression) -> bool:
    """True if a number alone on the left is held against something: it ends a chain, or it is
    converted into another unit ("2 hours = 120 minutes")."""
    if left.end == "=" and not {AND, LINK} & set(left.beyond):
        return True
    one, other = (side.parts[0] for side in (left, right))
    if not isinstance(one, Number) or not isinstance(other, Number):
        return False
    if one.unit is None or other.unit is None or one.unit == other.unit:
        return False
    is_apart = not isinstance(left.end, Number) and left.end != UNKNOWN
    return is_apart and one.unit.dimension == other.unit.dimension


def _is_tied(side: Expression) -> bool:
    """True if words may make one number of the side and what stands beyond: "4 less than 16"."""
    if side.end == UNKNOWN and (not side.beyond or side.beyond == [LINK]):
        return True
    return LINK in side.beyond and (isinstance(side.end, Number) or side.end in (")", "(", UNKNOWN))


def _follows_result(tokens: Sequence[Token]) -> bool:
    """True if the clause at the end holds an "=", so that an "and" begins another equation."""
    for token in reversed(tokens):
        if token in ("=", "~"):
            return True
        if token in (arithmetic_tokens.BREAK, arithmetic_tokens.LINE):
            return False
    return False


def _expression(tokens: Sequence[Token], *, backwards: bool = False) -> Expression:
    """Numbers and operators from one end on, without the words between, and what ends them."""
    opening, closing = (")", "(") if backwards else ("(", ")")
    parts: list[Token] = []
    words: list[Token] = []
    depth, per = 0, False
    end: Token = arithmetic_tokens.LINE
    for token in reversed(tokens) if backwards else tokens:
        if token in WORDS and len(words) < MOST_WORDS:
            words.append(token)
            continue
        adjacent = parts and _is_operand(token, opening) and _is_operand(parts[-1], closing)
        ends = token in WORDS or token in (
            "=",
            "~",
            arithmetic_tokens.BREAK,
            arithmetic_tokens.COMMA,
        )
        if adjacent or ends or token == arithmetic_tokens.LINE or (token == closing and depth == 0):
            end = token
            break
        depth += (token == opening) - (token == closing)
        per = per or PER in words
        parts.append(token)
        words = []
    return Expression(parts[::-1] if backwards else parts, words, end, per)


def _is_operand(token: Token, bracket: str) -> bool:
    return isinstance(token, Number) or token in (bracket, UNKNOWN)


# ----------------------------------------------------------------- values


def _dimensions(parts: Sequence[Token]) -> set[str]:
    return {part.unit.dimension for part in parts if isinstance(part, Number) and part.unit}


def _leading(parts: Sequence[Token]) -> Number | None:
    """The first number of a side, with its sign."""
    sign = parts[:1] if parts[0] in ("neg", "pos") else []
    number = parts[len(sign)] if len(parts) > len(sign) else None
    if not isinstance(number, Number):
        return None
    return number._replace(value=-number.value) if sign == ["neg"] else number


def _agree(left: Sequence[Token], right: Sequence[Token], *, about: bool) -> bool:
    """True if some reading makes both sides equal.

    The right side is its first number, which may be rounded, or the whole expression.
    """
    leading = _leading(right)
    readings = [(left, c) for c in _subsets(sorted(_dimensions([*left, *right])))]
    if len(left) > 2 and left[-2] in ("+", "-") and _dimensions(left[-1:]) == {"%"}:
        by = ["*", "(", Number(Fraction(1)), *left[-2:], ")"]
        readings.append((["(", *left[:-2], ")", *by], CONVERTED))  # 50 - 20%
    for parts, converted in readings:
        value = _value(parts, converted)
        if value is None:
            continue
        whole = _value(right, converted) if len(right) > 1 else None
        if whole is not None and _is_near(value, whole, _decimals(whole), about=about):
            return True
        if leading is not None:
            for scale in _scales(leading, left, converted):
                if _is_near(value / scale, leading.value, leading.decimals, about=about):
                    return True
    return False


def _subsets(dimensions: Sequence[str]) -> Iterator[frozenset[str]]:
    for size in range(len(dimensions) + 1):
        yield from map(frozenset, combinations(dimensions, size))


def _scales(number: Number, left: Sequence[Token], converted: frozenset[str]) -> set[Fraction]:
    """In what the result may be given: in its own unit, or where it has none in one of the left."""
    if number.unit is not None:
        return {number.unit.scale if number.unit.dimension in converted else Fraction(1)}
    units = [part.unit for part in left if isinstance(part, Number) and part.unit]
    return {Fraction(1)} | {unit.scale for unit in units if unit.dimension in converted}


def _decimals(value: Fraction) -> int:
    """How many decimals a number needs."""
    decimals = 0
    while decimals < arithmetic_tokens.MOST_DIGITS and (value * 10**decimals).denominator > 1:
        decimals += 1
    return decimals


def _is_near(exact: Fraction, written: Fraction, decimals: int, *, about: bool) -> bool:
    """True if a number is right as far as it is written.

    Decimals are rounded or cut off. Behind "about" whole numbers are as well, up or down, and
    rounded to tens or hundreds where they end in zeros.
    """
    off, unit = abs(exact - written), Fraction(1, 10**decimals)
    if off == 0:
        return True
    cut_off = off < unit and abs(written) < abs(exact)
    if decimals and (off <= unit / 2 or cut_off):
        return True
    if not about:
        return False
    round_to = unit
    while written and written % (round_to * 10) == 0:
        round_to *= 10
    return off < unit or off <= round_to / 2


def _has_remainder(left: Sequence[Token], after: Sequence[Token]) -> bool:
    """True if a division comes out with the quotient and the remainder that follow it."""
    if len(left) != 3 or left[1] != "/":
        return False
    clause = list(after[:8])
    for index, token in enumerate(clause):
        if token in ("=", "~", arithmetic_tokens.LINE):
            clause = clause[:index]
            break
    numbers = [token for token in clause if isinstance(token, Number)]
    if REMAINDER not in clause or len(numbers) < 2:
        return False
    dividend, divisor = (part.value for part in left if isinstance(part, Number))
    quotient, remainder = numbers[0].value, numbers[1].value
    return quotient * divisor + remainder == dividend and 0 <= remainder < divisor


def _value(parts: Sequence[Token], converted: frozenset[str]) -> Fraction | None:
    """The value of an expression; None where it is none, or too large to calculate.

    Args:
        parts: numbers, operators and brackets.
        converted: dimensions of which numbers are taken in the base unit, not as written.
    """
    numbers: list[Fraction] = []
    written = []
    for part in parts:
        if isinstance(part, Number):
            written.append(f"n{len(numbers)}")
            converts = part.unit is not None and part.unit.dimension in converted
            numbers.append(part.converted() if converts else part.value)
        else:
            written.append(_AS_PYTHON.get(part, "?"))
    try:
        return _calculated(ast.parse(" ".join(written), mode="eval").body, numbers)
    except (SyntaxError, ArithmeticError, RecursionError, MemoryError):
        return None


def _calculated(expression: ast.expr, numbers: Sequence[Fraction]) -> Fraction:
    operations = []
    while isinstance(expression, ast.BinOp):  # of a long sum, one within the other
        operations.append((expression.op, expression.right))
        expression = expression.left
    if isinstance(expression, ast.UnaryOp):
        value = -_calculated(expression.operand, numbers)
    elif isinstance(expression, ast.Name):
        value = numbers[int(expression.id[1:])]
    else:
        raise ArithmeticError("brackets that hold nothing, or have no operator before them")
    for operation, right in reversed(operations):
        other = _calculated(right, numbers)
        if not isinstance(operation, ast.Pow):
            value = _OPERATIONS[type(operation)](value, other)
            continue
        small = abs(value.numerator) < 10**arithmetic_tokens.MOST_DIGITS
        if other.denominator != 1 or abs(other) > MOST_POWER or not small:
            raise ArithmeticError("too large a power, or a root")
        value = Fraction(value ** int(other))
    return value
