"""Numbers with their units: the same ones in other spellings, and different ones told apart."""

import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels.quantities import count_words, numbers_of, quantities_of, same_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", []),
        ("at six", ["6"]),
        ("At SIX, 6.", ["6", "6"]),
        ("twenty-five or 25", ["25", "25"]),
        ("twenty five", ["25"]),
        ("twenty fifteen", ["2015"]),
        ("two hundred grams", ["200"]),
        ("1,000 and a thousand", ["1000", "1000"]),
        ("three million", ["3000000"]),
        ("at 9:30, 3.5 metres.", ["3.5", "9:30"]),
        ("one of those", []),
        ("tension, often, seventh", ["7th"]),
        ("ninety", ["90"]),
        ("between two hundred and three hundred", ["200", "300"]),
        ("one hundred and twenty and two thousand three hundred", ["120", "2300"]),
        ("two twenty-dollar bills", ["2", "20"]),
        ("seven eighteen-year-olds", ["7", "18"]),
        ("COVID-19, 555-1234", ["19", "555", "1234"]),
        ("version 3.5.1, open 24/7", ["3.5.1", "24/7"]),
        ("hundreds of dozens", []),
        ("a second later", []),
    ],
)
def test_numbers_in_digits_and_words(text: str, numbers: list[str]) -> None:
    assert sorted(numbers_of(text).elements()) == sorted(numbers)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("120", "one hundred and twenty"),
        ("2500", "two thousand five hundred"),
        ("1500000", "1.5 million"),
        ("1,500,000 euros", "€1.5 million"),
        ("250,000", "two hundred and fifty thousand"),
        ("half past nine", "9:30"),
        ("nine thirty", "9:30"),
        ("a quarter to six", "5:45"),
        ("6 p.m.", "18:00"),
        ("six o'clock", "6"),
        ("6:00", "six"),
        ("March 3rd", "the third of March"),
        ("March 3", "3 March"),
        ("1999", "nineteen ninety-nine"),
        ("two and a half hours", "2.5 hours"),
        ("one and a half hours", "1.5 hours"),
        ("1½ cups", "1.5 cups"),
        ("an hour and a half", "1.5 hours"),
        ("Half of", "50 %"),
        ("two thirds", "2/3"),
        ("a third of", "1/3 of"),
        ("the third floor", "the 3rd floor"),
        ("a dozen eggs", "twelve eggs"),
        ("half a dozen", "6"),
        ("2 dozen", "24"),
        ("day three", "the third day"),
        ("May 3", "3rd of May"),
        ("floor 3", "the third floor"),
        ("twice", "two times"),
        ("both", "the two"),
        ("1st place", "came first"),
        ("One cup", "1 cup"),
        ("50 percent", "50%"),
        ("fifty per cent", "50 %"),
        ("three point five", "3.5"),
        ("minus five", "-5"),
        ("−5", "-5"),
        ("5-10", "five to ten"),
        ("5–10", "5 to 10"),
        ("the 1990s", "the nineties"),
        ("'90s", "1990s"),
        ("a 40-minute delay", "forty minutes"),
        ("$5", "five dollars"),
        ("5k", "5,000"),
        ("1 500 000", "1,500,000"),
        ("1'000", "1000"),
        ("twenty-first", "21st"),
        ("a thirty-second break", "a break of thirty seconds"),
        ("the thirty-second floor", "the 32nd floor"),
        ("a thousand", "1,000"),
        ("three hundred thousand", "300k"),
        ("five foot ten", "5 foot 10"),
        ("two million three hundred thousand and five", "2,300,005"),
        ("a hundred and one", "101"),
        ("twelve hundred", "1,200"),
        ("3/4", "three quarters"),
        ("1/2", "0.5"),
        ("21:30", "9:30 pm"),
        ("9.30 a.m.", "9:30 a.m."),
        ("20 °C", "20 degrees Celsius"),
        ("ten past six", "6:10"),
        ("twenty-five hundred", "2500"),
        ("a million", "1,000,000"),
        ("$1.2bn", "1.2 billion dollars"),
        (".5", "0.5"),
        ("hundred", "100"),
        ("2,500.50", "2500.50"),
        ("the nineteenth century", "the 19th century"),
        ("three-quarters of", "75%"),
        ("one in three", "1 in 3"),
        ("zero", "0"),
        ("no tickets", "0 tickets"),
        ("€1.5m", "1.5 million euros"),
        ("$3B", "three billion dollars"),
        ("2 mn people", "two million people"),
        ("half a million", "500,000"),
        ("a quarter of a million", "250,000"),
        ("1 hour", "an hour"),
        ("a kilometre", "1 km"),
        ("90 minutes", "an hour and a half"),
        ("60 minutes", "an hour"),
        ("1000 g", "1 kg"),
        ("2.5 km", "2,500 metres"),
        ("six months", "0.5 years"),
        ("$5.00", "5 dollars"),
        ("€5.50", "5.5 euros"),
        ("-5 °C", "five degrees below zero"),
        ("5 below zero", "-5"),
        ("–3 degrees", "minus three degrees"),
        ("60 mph", "60 miles per hour"),
        ("5 GB", "five gigabytes"),
    ],
)
def test_the_same_number_may_be_written_in_another_way(first: str, second: str) -> None:
    assert same_numbers(first, second)
    assert same_numbers(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("three", "third"),
        ("between three", "a third person"),
        ("3.0", "3"),
        ("6 am", "6 pm"),
        ("5 km", "5 miles"),
        ("$5", "5 euros"),
        ("120", "130"),
        ("twenty", "thirty"),
        ("third floor", "fourth floor"),
        ("five", "-5"),
        ("two hundred", "between"),
        ("1999", "1998"),
        ("1.5 million", "1.5 billion"),
        ("9:30", "9:45"),
        ("50%", "50"),
        ("2 kg", "2 pounds"),
        ("one hundred", "one thousand"),
        ("half", "a third of"),
        ("two", "two and three"),
        ("six", "sixty"),
        ("15", "50"),
        ("1,000", "1.000"),
        ("a dozen", "ten"),
        ("two", ""),
        ("", "two"),
        ("two and two", "two"),
        ("5 below zero", "5 above zero"),
        ("90 minutes", "2 hours"),
        ("1000 g", "1 g"),
        ("$5m", "$5"),
        ("$5.50", "$5"),
        ("half a million", "a million"),
        ("an hour and a half", "an hour and a quarter"),
        ("5 GB", "5 MB"),
        ("60 mph", "60 km/h"),
        ("5 square metres", "5 metres"),
        ("2 hours", "an hour"),
    ],
)
def test_another_number_or_unit_is_seen(first: str, second: str) -> None:
    assert not same_numbers(first, second)
    assert not same_numbers(second, first)


@pytest.mark.parametrize("word", ["one", "first", "second", "half", "twice", "both", "noon", "no"])
def test_a_word_that_may_be_no_number_needs_no_partner(word: str) -> None:
    assert same_numbers(f"{word} of them", "them")
    assert not any(quantity.stated for quantity in quantities_of(word))


ONES = "one two three four five six seven eight nine".split()  # noqa: SIM905
TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
TEENS = (
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
)


def in_words(number: int, link: str, hyphen: str) -> str:
    """A number in words, read from the largest part on."""
    for scale, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if number >= scale:
            rest = number % scale
            joint = link if 0 < rest < 100 else " "
            tail = f"{joint}{in_words(rest, link, hyphen)}" if rest else ""
            return f"{in_words(number // scale, link, hyphen)} {name}{tail}"
    if number >= 100:
        tail = f"{link}{in_words(number % 100, link, hyphen)}" if number % 100 else ""
        return f"{ONES[number // 100 - 1]} hundred{tail}"
    if 10 < number < 20:
        return TEENS[number - 11]
    if number >= 10:
        tail = f"{hyphen}{ONES[number % 10 - 1]}" if number % 10 else ""
        return TENS[number // 10 - 1] + tail
    return ONES[number - 1]


@given(
    st.integers(2, 10**12 - 1) | st.integers(2, 9999),
    st.sampled_from([" ", " and "]),
    st.sampled_from([" ", "-"]),
)
def test_every_number_is_the_same_in_words_and_in_digits(
    number: int, link: str, hyphen: str
) -> None:
    words = in_words(number, link, hyphen)
    for digits in (str(number), f"{number:,}"):
        assert same_numbers(f"About {digits} guests came.", f"Some {words} guests were there.")
    assert not same_numbers(f"About {number + 1} guests came.", f"Some {words} guests came.")
    assert count_words(f"Some {words} guests came.") == 4


@given(st.text() | st.text("0123456789.,:/ -%$ahlfotw", max_size=40))
def test_any_text_states_the_same_numbers_as_itself(text: str) -> None:
    assert same_numbers(text, text)
    assert count_words(text) >= 0
