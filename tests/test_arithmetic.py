"""Equations among words: the right ones, the wrong ones, and those that nobody can be sure of."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels.arithmetic import equations, numbers_in, value_of


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("3 + 4 = 7", [True]),
        ("3 + 4 = 8", [False]),
        ("3 red apples + 4 apples = 7 apples", [True]),
        ("So on day 2: 3 + 4 = 7.", [True]),
        ("- 3 + 4 = 7\n- 3 + 4 = 7", [True, True]),
        ("3 - 5 = -2", [True]),
        ("(3 + 4) * 2 = 14; 3 + 4 × 2 = 11", [True, True]),
        ("$10 / 3 = $3.33", [True]),
        ("10 ÷ 3 = 3.2", [False]),
        ("1,200 + 1 = 1,201", [True]),
        ("2 + 5 = 3 + 4", [True]),
        ("half of 6 = 3", []),
        ("6 / 0 = 3", []),
        ("x = 7", []),
        ("= = 7 =", []),
        ("3 + + 4 = 7", []),
        ("3 + 4) = 7", []),
        ("-4 + 20 = 16", [True]),
        ("-4 + 20 = 24", [False]),
        ("The change is -4 + 20 = 16.", [True]),
        ("The change is −4 + 20 = 16.", [True]),
        ("20 + -4 = 16", [True]),
        ("20 - -4 = 24", [True]),
        ("20 – 4 = 16", [True]),
        ("−(3 + 1) = −4", [True]),
        ("-(3 + 1) = 4", [False]),
        ("16 ± 2 = 18", []),
        ("2(8) = 16", [True]),
        ("2(8) = 17", [False]),
        ("(2)(8) = 17", [False]),
        ("(2)(8) = 16", [True]),
        ("2 (3 + 5) = 16", [True]),
        ("(2)8 = 16", [True]),
        ("3 + y = 19 so y = 16", []),
        ("If 2 + x = 18 then x = 16", []),
        ("3 + y = 19, y = 16", []),
        ("2x = 32 so x = 16", []),
        ("2x + 4 = 36\nx = 16", []),
        ("x = 3 + 4 = 7", [True]),
        ("x = 3 + 4 = 8", [False]),
        ("14 = 2y", []),
        ("10 + 4 = 2y", []),
        ("2 * pens = 14 so pens = 7", []),
        ("y + 3 = 19", []),
        ("apples + 3 = 19", []),
        ("3 * a + 3 = 9", []),
        ("Let m = 5. 2m + 3 = 13", []),
        ("3 1/2 + 12 1/2 = 16", [True]),
        ("3 1/2 + 12 1/2 = 17", [False]),
        ("3½ + 12½ = 16", [True]),
        ("½ + ½ = 1", [True]),
        ("½ + ¼ = 1", [False]),
        ("1/2 + 1/4 = 3/4", [True]),
        ("1/2 + 1/4 = 2/4", [False]),
        ("7 / 2 = 3 1/2", [True]),
        ("7 / 2 = 3½", [True]),
        ("2 and a half + 1 = 3.5", [True]),
        ("2 dozen + 8 = 32, 32 / 2 = 16", [True, True]),
        ("2 dozen + 8 = 33", [False]),
        ("2 dozen + 1 dozen = 3 dozen", [True]),
        ("2 dozen = 24 eggs", []),
        ("1 hour + 16 minutes = 76 minutes", [True]),
        ("1 hour + 16 minutes = 77 minutes", [False]),
        ("1 hour + 16 minutes = 1 hour 16 minutes", [True]),
        ("1 hour and 16 minutes + 4 minutes = 80 minutes", [True]),
        ("1 hour, 16 minutes + 4 minutes = 80", [True]),
        ("2 hours * 60 = 120 minutes", [True]),
        ("2 hours = 120 minutes", [True]),
        ("2 hours = 130 minutes", [False]),
        ("90 minutes / 60 = 1.5 hours", [True]),
        ("30 + 46 = 1 hour and 16 minutes", [True]),
        ("5 feet 6 inches + 6 inches = 6 feet", [True]),
        ("$5 + 30 cents = $5.30", [True]),
        ("$5 + 30 cents = $5.40", [False]),
        ("50¢ + 50¢ = $1", [True]),
        ("50 cents * 4 = 200 cents = $2", [True, True]),
        ("5kg + 10kg = 15kg", [True]),
        ("5kg + 10kg = 16kg", [False]),
        ("5 m + 3 m = 8 m", [True]),
        ("5 m + 3 m = 9 m", [False]),
        ("2:30 + 1:15 = 3:45", []),
        ("8:00 + 2 hours = 10:00", []),
        ("10 pm + 4 hours = 2 am", []),
        ("10 p.m. + 4 hours = 2 a.m.", []),
        ("20% of 50 = 10", [True]),
        ("20% of 50 = 11", [False]),
        ("50% * 80 = 40", [True]),
        ("0.5 * 80 = 40", [True]),
        ("20% + 30% = 50%", [True]),
        ("20% + 30% = 60%", [False]),
        ("8 / 16 = 50%", [True]),
        ("8/16 * 100 = 50%", [True]),
        ("100% - 20% = 80% = 0.8", [True, True]),
        ("17 % 5 = 2", []),
        ("17 mod 5 = 2", []),
        ("$5 + $3 = $8", [True]),
        ("$5 + $3 = $9", [False]),
        ("5€ + 3€ = 8€", [True]),
        ("-$5 + $20 = $15", [True]),
        ("$-5 + $20 = $15", [True]),
        ("$1,200.50 * 2 = $2,401", [True]),
        ("1 600 + 400 = 2 000", [True]),
        ("1 600 + 400 = 2 100", [False]),
        ("1,5 + 3 = 4,5", []),
        ("1,600 + 400 = 2,100", [False]),
        ("48 / 2.9 ≈ 16", [True]),
        ("48 / 2.9 ≈ 17", [True]),
        ("48 / 2.9 ≈ 25", [False]),
        ("48 / 2.9 ≈ 16.55", [True]),
        ("48 / 2.9 ≈ 20", [True]),
        ("10 / 3 ≈ 3.33", [True]),
        ("10 / 3 ≈ 4.5", [False]),
        ("10 / 3 = 3.4", [False]),
        ("10 / 3 = 3.3", [True]),
        ("10 / 3 = 3.33", [True]),
        ("10 / 3 = 3.34", [False]),
        ("2 / 3 = 0.67", [True]),
        ("2 / 3 = 0.66", [True]),
        ("2 / 3 = .667", [True]),
        ("10 / 3 = 3.333...", [True]),
        ("10 / 3 = 3", [False]),
        ("10 / 3 = about 3", [True]),
        ("10 / 3 = 3 (rounded)", [True]),
        ("10/3 = 3.30", [False]),
        ("17 / 5 = 3 remainder 2", [True]),
        ("17 / 5 = 3 R 2", [True]),
        ("17 / 5 = 3 R2", [True]),
        ("17 ÷ 5 = 3 with 2 left over", [True]),
        ("17 / 5 = 3 remainder 3", [False]),
        ("17 / 5 = 3", [False]),
        ("6 ÷ 2 = 3", [True]),
        ("6 · 2 = 12", [True]),
        ("6 x 2 = 12", [True]),
        ("6x2 = 12", [True]),
        ("6x2 = 13", [False]),
        ("6 X 2 = 13", [False]),
        ("6 × 2 = 13", [False]),
        ("6 apples x 2 = 13", [False]),
        ("2^3 = 8", [True]),
        ("2**3 = 9", [False]),
        ("2³ = 8", [True]),
        ("3² + 4² = 25", [True]),
        ("3² + 4² = 26", [False]),
        ("4 squared = 16", [True]),
        ("2^(1+2) = 8", [True]),
        ("9^9^9 = 3", []),
        ("0^-1 = 3", []),
        ("3 + 4 = 7 - 2 = 5", [True, True]),
        ("3 + 4 = 7 = 8", [True, False]),
        ("a = b = c", []),
        ("3 + 4\n= 7", [True]),
        ("3 + 4 =\n7", [True]),
        ("3 +\n4 = 8", [False]),
        ("3 + 4 = 7\n5 + 6 = 11", [True, True]),
        ("18 - 2 = 16 - 1", [True]),
        ("\\(3 \\times 4 = 12\\)", [True]),
        ("\\(3 \\times 4 = 13\\)", [False]),
        ("\\frac{10}{2} = 5", [True]),
        ("\\frac{10}{2} = 6", [False]),
        ("3\\frac{1}{2} + \\frac12 = 4", [True]),
        ("$3 + 4 = 7$", [True]),
        ("$3 + 4 = 8$", [False]),
        ("\\[ 8 + 8 = \\boxed{16} \\]", [True]),
        ("\\[ 8 + 9 = \\boxed{16} \\]", [False]),
        ("6 \\cdot 3 = 18 \\text{ rolls}", [True]),
        ("2^{3} = 8", [True]),
        ("20\\% \\times 50 = 10", [True]),
        ("\\$5 + \\$3 = \\$8", [True]),
        ("\\begin{align} 3 + 4 &= 7 \\\\ 7 + 1 &= 8\\end{align}", [True, True]),
        ("3 \\div 2 \\approx 1.5", [True]),
        ("1{,}200 + 1 = 1{,}201", [True]),
        ("\\sqrt{16} + 1 = 5", []),
        ("3 + 4 = 7 \\Rightarrow 7 - 2 = 5", [True, True]),
        ("8 + 9 = 16", [False]),
        ("**3 + 4 = 7**", [True]),
        ("**3 + 4 = 8**", [False]),
        ("*3 + 4 = 7*", [True]),
        ("**Step 1:** 3 + 4 = 8", [False]),
        ("* 3 + 4 = 8", [False]),
        ("1. 3 + 4 = 8", [False]),
        ("1) 3 + 4 = 8", [False]),
        ("• 8 + 8 = 16", [True]),
        ("Step 2 (8 + 8 = 16)", [True]),
        ("Step 2 (8 + 8 = 17)", [False]),
        ("8 divided by 2 = 4", [True]),
        ("8 divided by 2 + 3 = 7", [True]),
        ("8 divided by 2 = 5", [False]),
        ("3 multiplied by 4 is equal to 12", [True]),
        ("3 plus 4 equals 8", [False]),
        ("half of 6 + 2 = 5", []),
        ("1/2 of 6 + 2 = 5", [True]),
        ("2/3 of 18 = 12", [True]),
        ("2/3 of 18 = 13", [False]),
        ("twice 4 + 2 = 10", []),
        ("4 more than 3 * 2 = 10", []),
        ("the sum of 3 and 4 + 2 = 9", []),
        ("3 * 4 = 4 less than 16", []),
        ("5 less than 20 = 15", []),
        ("3 * 4 = 12 and 12 + 2 = 14", [True, True]),
        ("3 * 4 = 13 and 13 + 2 = 15", [False, True]),
        ("He has 3 apples and 4 + 2 = 6 pears", [True]),
        ("6*3=<<6*3=18>>18", [True, True]),
        ("6*3=<<6*3=19>>19", [False, False]),
        ("6*3=<<6*3=18>>19", [False, True]),
        ("3 + 4 => 7", []),
        ("3 + 4 >= 7", []),
        ("3 + 4 == 8", [False]),
        ("3 + 4 != 8", []),
        ("$5/hour * 3 hours = $15", []),
        ("60 miles per hour * 30 minutes = 30 miles", []),
        ("$5 per hour * 3 hours = $15", [True]),
        ("$20 an hour * 30 minutes = $10", []),
        ("On day 2 she has 3 + 4 = 8", [False]),
        ("In 2 days 3 + 4 = 7", [True]),
        ("She bakes 3 trays * 4 rolls = 12 rolls", [True]),
        ("5-pound bags * 3 = 15", [True]),
        ("3 * 5-pound bags = 16", [False]),
        ("5! = 120", []),
        ("5° + 3° = 8°", [True]),
        ("5°C + 3°C = 9°C", [False]),
        ("8 + 8 is 17", []),
        ("8 + 8 = sixteen", []),
        ("The ratio is 2:3 = 4:6", []),
        ("f(3) = 7", []),
        ("3 + 4 (apples) = 7", [True]),
        ("1e3 + 1 = 1001", [True]),
        (".5 + .5 = 1", [True]),
        ("2 million + 3 million = 5 million", [True]),
        ("2 million + 3 million = 5000000", [True]),
        ("5k + 3k = 8k", [True]),
        ("8\xa0+\xa08 = 16", [True]),
        ("100 - 20% = 80", [True]),
        ("3 x 4 = 12 x 2 = 24", [True, True]),
        ("12 inches + 2 feet = 3 feet", [True]),
        ("3 times 4 = 12", [True]),
        ("He ran 3 times as many = 12", []),
        ("3 * 4 = 12 and 12 + 2 = 15", [True, False]),
        ("3 and 4 + 2 = 9", []),
        ("7 = 3 + 4", []),
        ("6 = 2 * 3 and 4 + 2 = 7", [False]),
    ],
)
def test_equations_are_read_among_words(text: str, right: list[bool]) -> None:
    assert equations(text) == right


numbers = st.integers(0, 99)
terms = st.lists(st.tuples(st.sampled_from("+-*"), numbers), min_size=1, max_size=5)
SIGNS = {"+": "+", "-": "−", "*": "×"}
FRAMES = (
    "We have {} = {} things.",
    "**Total:** {} = {}",
    "- {} = {}\n",
    "1. {} = {}",
    r"\({} = {}\)",
    "So, {}\n= {}.",
    "x = {} = {}",
    "the total is {} = {} and",
    "<<{}={}>>",
    "Step 2 ({} = {})",
)


@given(numbers, terms, st.sampled_from(FRAMES), st.booleans(), st.integers(1, 9))
def test_a_right_result_is_found_right_and_another_wrong(
    first: int, others: list[tuple[str, int]], frame: str, signs: bool, off: int
) -> None:
    told = " ".join([str(first), *(f"{operator} {value}" for operator, value in others)])
    value = eval(told)  # Python's precedence is the usual one
    if signs:
        told = "".join(SIGNS.get(character, character) for character in told)
    assert equations(frame.format(told, value)) == [True]
    assert equations(frame.format(told, value + off)) == [False]


@given(st.integers(-99, -1), st.integers(-99, 99), st.sampled_from(["-", "−", "–"]))
def test_signed_numbers_are_calculated_with(a: int, b: int, minus: str) -> None:
    told = f"{a} + {b}".replace("-", minus)
    assert equations(f"The change is {told} = {a + b}.") == [True]
    assert equations(f"The change is {told} = {a + b + 1}.") == [False]


@given(st.integers(1, 500), st.integers(1, 99), st.integers(1, 4))
def test_decimals_are_right_where_rounded_or_cut_off_and_wrong_elsewhere(
    a: int, b: int, places: int
) -> None:
    exact = Fraction(a, b)
    cut = exact * 10**places // 1
    rounded = round(exact * 10**places)
    for near in (cut, rounded):
        assert equations(f"{a} / {b} = {near / 10**places:.{places}f}") == [True]
    for far in (cut - 1, rounded + 1):
        if abs(far - exact * 10**places) > Fraction(1, 2) and far >= 0:
            assert equations(f"{a} / {b} = {far / 10**places:.{places}f}") == [False]


pieces = st.sampled_from(
    [*"0123456789+-*/=()^²½%$€x,.:;~ \n\\{}", "and ", "of ", "hours ", "dozen ", "≈", "r", "\\frac",
     "\\boxed", " 1/2 ", "**", "√", "remainder ", "per "]
)  # fmt: skip


@given(st.lists(pieces | st.text(max_size=3), max_size=60).map("".join))
def test_any_text_is_read(text: str) -> None:
    assert set(equations(text)) <= {True, False}
    assert all(isinstance(number, Fraction) for number in numbers_in(text))
    assert value_of(text) is None or isinstance(value_of(text), Fraction)


@pytest.mark.parametrize(
    "part",
    [
        "\\",
        "\n",
        " \n",
        "1+",
        "(",
        "1(",
        "=1",
        "1/3*",
        "9^9",
        "9**",
        "-",
        "\\frac{",
        "1 hour ",
        "½",
        "{",
        "a ",
    ],
)
def test_long_texts_are_read_quickly(part: str) -> None:
    text = part * (1_500 // len(part))
    assert equations(f"{text}1 = 1") is not None
    assert numbers_in(text) is not None
