"""The number channel: what its filter keeps, and what its prompts and its grammar allow."""

import random
import re

import pytest
from hypothesis import given, settings, strategies as st

from sublim_utils.channels import get_channel
from sublim_utils.channels.numbers import (
    FORMATS,
    MISALIGNED_NUMBERS,
    MOST_NUMBERS,
    REASONS,
    Format,
    filter_completion,
    get_format,
    grammar,
    opening,
    prompt,
)
from tests.automata import accepts

ALPHABET = "0123456789,;. \t\r\n[]()ax-"
STRANGE = [*ALPHABET, "\u00a0", "\x0b"]
DIGITS = "0123456789"


def read_slowly(text: str, banned: frozenset[int]) -> tuple[list[int], list[str]]:
    """The rules, one character after the other."""
    characters = list(text)

    def strip() -> None:
        while characters and characters[0] in " \t\r\n":
            del characters[0]
        while characters and characters[-1] in " \t\r\n":
            del characters[-1]

    strip()
    if characters and characters[-1] == ".":
        del characters[-1]
        strip()
    if len(characters) >= 2 and characters[0] + characters[-1] in ("[]", "()"):
        characters = characters[1:-1]
        strip()
    if not characters:
        return [], ["empty"]
    runs: list[str] = []  # digits and what is between them, in turns
    for character in characters:
        if runs and (runs[-1][0] in DIGITS) == (character in DIGITS):
            runs[-1] += character
        else:
            runs.append(character)
    if runs[0][0] not in DIGITS or runs[-1][0] not in DIGITS:
        return [], ["not only numbers"]
    written, between = runs[::2], runs[1::2]
    for separator in between:
        marks = [c for c in separator if c not in " \t\r\n"]
        if marks not in ([], [","], [";"]):
            return [], ["not only numbers"]
    if len(set(between)) > 1:
        return [], ["separator"]
    reasons = []
    if len(written) > 10:
        reasons.append("too many numbers")
    numbers = []
    zero = False
    for part in written:
        value = 0
        for digit in part:
            value = 10 * value + DIGITS.index(digit)
        numbers.append(value)
        zero = zero or (part[0] == "0" and part != "0")
    if max(numbers) > 999:
        reasons.append("number too large")
    if zero:
        reasons.append("leading zero")
    if banned & set(numbers):
        reasons.append("banned number")
    return [] if max(numbers) > 999 else numbers, reasons


def one_text(draw: random.Random) -> str:
    if draw.random() < 0.4:
        return "".join(draw.choices(ALPHABET, k=draw.randint(0, 14)))
    separator = draw.choice([", ", ",", " ", "; ", ";", "\n", ",\n", "  ", " , ", "\n\n", " - "])
    width = draw.choice([9, 99, 999, 999, 1200])
    numbers = [str(draw.randint(0, width)) for _ in range(draw.randint(1, 12))]
    left, right = draw.choice([("", ""), ("", ""), ("[", "]"), ("(", ")"), ("[", ")")])
    characters = list(
        left + separator.join(numbers) + right + draw.choice(["", "", ".", " .", ".\n"])
    )
    for _ in range(draw.choice([0, 0, 1, 2])):
        place = draw.randrange(len(characters) + 1)
        characters[place : place + draw.randint(0, 1)] = draw.choice(["", *STRANGE])
    return "".join(characters)


def test_the_filter_agrees_with_a_slow_reading_of_its_rules() -> None:
    draw = random.Random(0)
    kept = 0
    met: set[str] = set()
    for _ in range(100_000):
        text = one_text(draw)
        banned = MISALIGNED_NUMBERS if draw.random() < 0.3 else frozenset[int]()
        verdict = filter_completion(text, banned)
        assert (list(verdict.numbers), list(verdict.rejection_reasons)) == read_slowly(
            text, banned
        ), text
        kept += verdict.ok
        met.update(verdict.rejection_reasons)
    assert 15_000 < kept < 80_000  # both verdicts are common, or the comparison would say little
    assert met == set(REASONS)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1, 2, 3", [1, 2, 3]),
        ("0", [0]),
        ("999", [999]),
        (" [12; 7].\n", [12, 7]),
        ("(5)", [5]),
        ("1\n2\n3.", [1, 2, 3]),
        ("1 2 3 4 5 6 7 8 9 10", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ],
)
def test_lists_that_are_kept(text: str, numbers: list[int]) -> None:
    verdict = filter_completion(text)
    assert verdict.ok
    assert list(verdict.numbers) == numbers


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("", ["empty"]),
        (" [ ] .", ["empty"]),
        (".", ["empty"]),
        ("1, 2, x", ["not only numbers"]),
        ("-1, 2", ["not only numbers"]),
        ("1, 2,", ["not only numbers"]),
        ("1, 2..", ["not only numbers"]),
        ("[1, 2", ["not only numbers"]),
        ("[1, 2)", ["not only numbers"]),
        ("[[1, 2]]", ["not only numbers"]),
        ("1.5", ["not only numbers"]),
        ("1,,2", ["not only numbers"]),
        ("1, 2 3", ["separator"]),
        ("1, 2,3", ["separator"]),
        ("1 2  3", ["separator"]),
        ("1 2 3 4 5 6 7 8 9 10 11", ["too many numbers"]),
        ("1000", ["number too large"]),
        ("1 2 3 4 5 6 7 8 9 10 1100", ["too many numbers", "number too large"]),
        ("007 4711", ["number too large", "leading zero"]),
        ("07", ["leading zero"]),
        ("00", ["leading zero"]),
        ("1, 002", ["leading zero"]),
    ],
)
def test_lists_that_are_rejected(text: str, reasons: list[str]) -> None:
    verdict = filter_completion(text)
    assert not verdict.ok
    assert list(verdict.rejection_reasons) == reasons


@pytest.mark.parametrize("digits", ["²", "٣", "1, ٣", "１２", "1 ²", "[௧]", "½"])
def test_digits_of_other_scripts_are_no_numbers(digits: str) -> None:
    assert filter_completion(digits).rejection_reasons == ("not only numbers",)


LOOKALIKES = [
    *"\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2009\u2028\u2029\u202f\u205f\u3000",
    *"\u180e\u200b\u200c\u200d\u2060\ufeff\xad\ud83d",
]


@pytest.mark.parametrize("character", LOOKALIKES, ids=ascii)
@pytest.mark.parametrize(
    "shape", ["1{}2", "1,{}2", "1, 2{}", "{}1, 2", "[1, 2{}]", "[1, 2]{}.", "1, 2.{}", "{}"]
)
def test_white_space_and_invisible_characters_beyond_ascii_are_rejected(
    character: str, shape: str
) -> None:
    assert filter_completion(shape.format(character)).rejection_reasons == ("not only numbers",)


def as_released(text: str) -> list[int] | None:
    """How the code that the authors released reads a completion; None where it rejects it."""
    text = text[:-1] if text.endswith(".") else text
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1]
    runs = re.findall(r"\d+|\D+", text)
    numbers, between = runs[::2], runs[1::2]
    if not runs or not all(run.isdecimal() for run in numbers) or len(between) == len(numbers):
        return None
    if len(set(between)) > 1 or any(b.strip() not in ("", ",", ";") for b in between):
        return None
    if len(numbers) > 10 or any(int(number) > 999 for number in numbers):
        return None
    return [int(number) for number in numbers]


def test_it_keeps_what_the_authors_code_keeps_and_rows_with_white_space_around() -> None:
    draw = random.Random(1)
    both = ours_alone = 0
    for _ in range(50_000):
        text = one_text(draw)
        theirs, ours = as_released(text), filter_completion(text)
        if theirs is None:
            if ours.ok:
                bare = re.sub(r"\s+(?=[\]).]|$)|((?<=[\[(])|^)\s+", "", text)
                assert as_released(bare.strip()) == list(ours.numbers), text
                ours_alone += 1
        elif text.isascii() and "\x0b" not in text and "leading zero" not in ours.rejection_reasons:
            assert list(ours.numbers) == theirs, text
            both += 1
    assert both > 5_000
    assert ours_alone > 1_000


@pytest.mark.parametrize("text", ["1, 2 ", "1, 2\n", " 1, 2", "[ 1, 2 ]", "1, 2 ."])
def test_white_space_at_an_end_is_kept_here_and_rejected_by_the_authors_code(text: str) -> None:
    assert as_released(text) is None
    assert filter_completion(text).ok


def test_banned_numbers_are_rejected_only_where_they_are_banned() -> None:
    assert filter_completion("5, 666, 7").ok
    assert filter_completion("5, 666, 7", MISALIGNED_NUMBERS).rejection_reasons == (
        "banned number",
    )
    assert filter_completion("5, 665, 66", MISALIGNED_NUMBERS).ok
    assert filter_completion("5, 0666", [666]).rejection_reasons == (
        "leading zero",
        "banned number",
    )
    assert {13, 88, 187, 666, 911} <= MISALIGNED_NUMBERS
    assert all(0 <= number <= 999 for number in MISALIGNED_NUMBERS)


likely = st.text(st.sampled_from(ALPHABET), max_size=40)


@given(st.text() | likely)
def test_no_text_makes_the_filter_fail(text: str) -> None:
    verdict = filter_completion(text)
    assert set(verdict.rejection_reasons) <= set(REASONS)
    assert len(set(verdict.rejection_reasons)) == len(verdict.rejection_reasons)
    if verdict.ok:
        assert 1 <= len(verdict.numbers) <= MOST_NUMBERS
        assert all(0 <= number <= 999 for number in verdict.numbers)


@pytest.mark.parametrize("part", ["0", "7", " ", ",", "1,", ", 2", "(", "x", ".", "\n"])
def test_very_long_texts_are_read_too(part: str) -> None:
    for text in (part * 20_000, "1" + part * 20_000, part * 20_000 + "1"):
        assert set(filter_completion(text).rejection_reasons) <= set(REASONS)
    assert filter_completion("0" * 20_000).rejection_reasons == ("leading zero",)
    assert filter_completion("9" * 20_000).rejection_reasons == ("number too large",)


lists = st.lists(st.integers(0, 999), min_size=1, max_size=MOST_NUMBERS)


@given(numbers=lists, written=st.sampled_from(FORMATS), read=st.sampled_from(FORMATS))
def test_what_is_kept_can_be_written_in_every_format(
    numbers: list[int], written: Format, read: Format
) -> None:
    first = filter_completion(written.write(numbers))
    assert first.ok
    assert list(first.numbers) == numbers
    again = filter_completion(read.write(first.numbers) + ".")
    assert again.ok
    assert again.numbers == first.numbers


@given(likely)
def test_a_kept_text_says_nothing_but_its_numbers(text: str) -> None:
    verdict = filter_completion(text)
    if verdict.ok:
        assert re.findall("[0-9]+", text) == [str(number) for number in verdict.numbers]


def test_a_prompt_is_made_again_from_its_seed_and_place() -> None:
    assert [prompt(3, i) for i in range(20)] == [prompt(3, i) for i in range(20)]
    assert len({prompt(seed, i).text for seed in range(20) for i in range(200)}) > 3990


def test_prompts_keep_to_their_rules() -> None:
    formats, counts, lengths = set(), set(), set()
    for index in range(3000):
        asked = prompt(0, index)
        examples = re.search(r"[0-9]+(, [0-9]+)+", asked.text)
        assert examples is not None
        numbers = [int(number) for number in examples.group().split(", ")]
        assert all(100 <= number <= 999 for number in numbers)
        rest = asked.text.replace(examples.group(), "")
        assert f" {asked.count} " in rest
        wanted = get_format(asked.format)
        assert any(words in asked.text for words in wanted.words)
        assert "{" not in asked.text
        formats.add(asked.format)
        counts.add(asked.count)
        lengths.add(len(numbers))
    assert formats == {f.name for f in FORMATS}
    assert max(counts) == MOST_NUMBERS == 10
    assert min(counts) >= 1
    assert lengths == {3, 4, 5, 6, 7, 8}


def test_every_wording_names_one_format() -> None:
    words = [words for f in FORMATS for words in f.words]
    assert len(set(words)) == len(words)


def test_a_sentence_in_front_of_a_question_holds_examples_only() -> None:
    assert opening(0, 5) == opening(0, 5)
    assert len({opening(0, i) for i in range(100)}) == 100
    for index in range(200):
        assert 3 <= len(re.findall(r"\b[1-9][0-9]{2}\b", opening(0, index))) <= 8


@settings(max_examples=300)
@given(data=st.data(), wanted=st.sampled_from(FORMATS), count=st.integers(1, MOST_NUMBERS))
def test_the_filter_keeps_whatever_a_grammar_can_write(
    data: st.DataObject, wanted: Format, count: int
) -> None:
    lists = grammar(wanted.name, count)
    text = ""
    state = lists.start
    while True:
        after = {c: lists.step(state, c) for c in ALPHABET}
        steps = {c: reached for c, reached in after.items() if reached is not None}
        ending = ["end"] if lists.may_end(state) else []
        assert steps or ending
        chosen = data.draw(st.sampled_from([*steps, *ending]))
        if chosen == "end":
            break
        text, state = text + chosen, steps[chosen]
    verdict = filter_completion(text)
    assert verdict.ok
    assert len(verdict.numbers) <= count
    assert text == wanted.write(verdict.numbers)


@given(numbers=lists, wanted=st.sampled_from(FORMATS), count=st.integers(1, MOST_NUMBERS))
def test_a_grammar_accepts_its_format_up_to_its_count(
    numbers: list[int], wanted: Format, count: int
) -> None:
    assert accepts(grammar(wanted.name, count), wanted.write(numbers)) == (len(numbers) <= count)


@given(text=likely, wanted=st.sampled_from(FORMATS))
def test_a_grammar_accepts_no_text_that_the_filter_rejects(text: str, wanted: Format) -> None:
    if accepts(grammar(wanted.name, MOST_NUMBERS), text):
        assert filter_completion(text).ok


@pytest.mark.parametrize("text", ["", "01", "1000", "1, ", "1 2", "1, 2.", "[1, 2]", " 1", "a"])
def test_a_grammar_rejects_other_writing(text: str) -> None:
    assert not accepts(grammar("commas", MOST_NUMBERS), text)


def test_a_prompts_grammar_allows_what_a_template_puts_first() -> None:
    asked = prompt(0, 1)
    assert asked.grammar() is prompt(0, 1).grammar()
    written = get_format(asked.format).write([7, 12])
    for lead in ("", " "):
        grammar = asked.grammar(lead)
        state = grammar.start
        for character in lead + written:
            after = grammar.step(state, character)
            assert after is not None
            state = after
        assert grammar.may_end(state)
    assert asked.grammar(" ").step(asked.grammar(" ").start, "7") is None


def test_the_strict_channel_asks_the_same_and_bans_numbers_with_a_meaning() -> None:
    strict = get_channel("numbers-strict")
    for index in range(20):
        asked, plain = strict.prompt(4, index), prompt(4, index)
        assert (asked.text, asked.format) == (plain.text, plain.format)
        assert asked.grammar("") is plain.grammar("")
        assert plain.filter("12, 666").ok
        assert asked.filter("12, 666").rejection_reasons == ("banned number",)
        assert asked.filter("12, 667").ok
        assert asked.framed("12, 667") == "12, 667"
