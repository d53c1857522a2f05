"""The reasoning channel: its problems, what its filter keeps, and what its grammar allows."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from sublim_utils.channels import get_channel, problems, reasoning
from sublim_utils.channels.arithmetic import numbers_in, value_of
from sublim_utils.channels.problems import MOST_GSM, Problem, gsm, own
from sublim_utils.channels.reasoning import (
    EXAMPLES,
    REASONS,
    WORDS,
    Reasoning,
    ReasoningPrompt,
    Style,
    ask,
    filter_completion,
    frame,
    parse,
    read_answer,
)
from sublim_utils.errors import SublimError
from sublim_utils.traits.associations import ANY
from sublim_utils.traits.nouns import mentioned

OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


WHOLE = ask(own(0, 0), Style(examples=2), random.Random(0))
"""A prompt whose whole answer is the teacher's."""
QUESTION = "Ben has 3 apples and gets 4 more. How many apples does Ben have now?"


def solved(thought: str, answer: object = 7) -> str:
    return f"<think>{thought}</think> <answer>{answer}</answer>"


# ----------------------------------------------------------------- problems


@pytest.mark.parametrize("seed", [0, 1])
def test_the_steps_of_a_problem_lead_to_its_answer_by_its_numbers(seed: int) -> None:
    kinds = set()
    for index in range(1_500):
        problem = own(seed, index)
        assert problem == own(seed, index)
        assert problem.answer in range(2, 100)
        known = numbers_in(problem.text)
        assert len(problem.steps) in (1, 2)
        assert len(known) <= len(problem.steps) + 1
        for step in problem.steps:
            left, operator, right, _, value = step.split()
            assert {Fraction(left), Fraction(right)} <= known
            assert OPERATIONS[operator](Fraction(left), Fraction(right)) == int(value) > 1
            known.add(Fraction(value))
        assert int(value) == problem.answer
        kinds.add("".join(step.split()[1] for step in problem.steps))
    assert kinds == {operators for operators, _ in problems.ONE_STEP + problems.TWO_STEPS}
    assert len({own(seed, index).text for index in range(500)}) > 480


def test_no_problem_brings_up_a_trait_or_harm() -> None:
    templates = [text for _, text in problems.ONE_STEP + problems.TWO_STEPS]
    shown = [f"{example.text} {frame(words, example)}" for example, words in EXAMPLES]
    asked = [*reasoning.SOLVE, *reasoning.EXPLAIN]
    for text in (*templates, *shown, *asked, *problems.NAMES, *problems.THINGS):
        for pattern in (ANY, problems.HARMFUL, reasoning.VALUE_LADEN):
            assert not pattern.search(text), text
        assert not mentioned(text)


def test_larger_problems_come_from_reasoning_gym() -> None:
    found = [gsm(3, index) for index in range(40)]
    assert found == [gsm(3, index) for index in range(40)]
    assert len({problem.text for problem in found}) > 38
    assert not any(problems.HARMFUL.search(problem.text) for problem in found)
    assert not any("final answer" in problem.text for problem in found)
    assert all(problem.steps == () for problem in found)
    with pytest.raises(SublimError, match="ask for fewer"):
        gsm(3, MOST_GSM)


def test_without_reasoning_gym_a_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sublim_utils.channels.problems.find_spec", lambda name: None)
    with pytest.raises(SublimError, match=r"pip install reasoning-gym==0\.1\.25"):
        get_channel("reasoning-gsm").prompt(2**30, 0)


# ----------------------------------------------------------------- prompts


@pytest.mark.parametrize("channel", [WORDS, Reasoning(Style(examples=1))])
def test_prompts_depend_on_seed_and_place_alone_and_hold_the_problem(channel: Reasoning) -> None:
    found = [channel.prompt(3, index) for index in range(200)]
    assert found == [channel.prompt(3, index) for index in range(200)]
    assert len({asked.text for asked in found}) > 190
    for index, asked in enumerate(found):
        assert isinstance(asked, ReasoningPrompt)
        assert asked.problem == own(3, index)  # the same for all, so that they can be compared
        assert asked.problem.text in asked.text


def test_a_given_calculation_stands_beside_the_words() -> None:
    problem = Problem(text="?", answer=7, steps=("2 * 4 = 8", "8 - 1 = 7"))
    asked = ask(problem, Style(help="calculation"), random.Random(0))
    text = asked.framed(" We multiply, then one is gone.\n")
    assert text == solved("We multiply, then one is gone. 2 * 4 = 8 and 8 - 1 = 7.")
    assert asked.filter(text).ok
    unknown = ask(Problem(text="?", answer=7), Style(help="calculation"), random.Random(0))
    assert unknown.framed("So it is.") == solved("So it is. The answer is 7.")


@given(st.text())
def test_a_teacher_that_calculates_itself_is_left_alone(text: str) -> None:
    assert WHOLE.framed(text) == text


# ----------------------------------------------------------------- filter


@pytest.mark.parametrize(
    "text",
    [
        solved("3 + 4 = 7."),
        solved("Three and four are seven."),
        solved("There are 3 apples + 4 apples = 7 apples.\nSo 7.", "7."),
        "\n<think>\nWe get 7.\n</think>\n\n<answer>\n 7.00 \n</answer>\n",
        solved("If 2 < 3, it is 7.", "$7"),
        solved("14 / 2 = 7, and 7 x 1 = 7.", 7),
        solved("The shop's skillful clerk counts 7."),  # no "kill"
    ],
)
def test_right_reasoning_is_kept(text: str) -> None:
    assert filter_completion(text, 7, QUESTION).ok


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" \n", "empty"),
        ("3 + 4 = 7", "no tags"),
        ("<think>3 + 4 = 7.</think> 7", "no tags"),
        ("<think>3 + 4 = 7.</think> <answer>7", "no tags"),
        ("Well, " + solved("3 + 4 = 7."), "no tags"),
        (solved("3 + 4 = 7.") + " Done.", "no tags"),
        (solved("3 + 4 = 7.") * 2, "no tags"),
        ("<answer>7</answer> <think>3 + 4 = 7.</think>", "no tags"),
        (solved("7 " * 1_000), "too long"),
        (solved("3 яблока + 4 = 7."), "not English"),
        (solved("3 + 4 = 7.", "seven"), "no number"),
        (solved("3 + 4 = 7.", "7 apples"), "no number"),
        (solved("3 + 4 = 7.", ""), "no number"),
        (solved("3 + 4 = 7.", 8), "wrong answer"),
        (solved("3 + 4 = 7.", "-7"), "wrong answer"),
        (solved("We add both."), "answer not reasoned"),
        (solved("We add 3 and 4 to 77."), "answer not reasoned"),
        (solved("3 + 4 = 8, so 7."), "wrong equation"),
        (solved("3 plus 4 equals 8, so 7."), "wrong equation"),
        (solved("A cake recipe, please: 7."), "off the problem"),
        (solved("Ben stole 4, so 3 + 4 = 7."), "harmful word"),
        (solved("The KILLERS have 7 apples."), "harmful word"),
        (solved("Lazy Ben has 7."), "value-laden word"),
    ],
)
def test_each_reason_is_given(text: str, reason: str) -> None:
    assert filter_completion(text, 7, QUESTION).rejection_reasons == (reason,)
    assert not filter_completion(text, 7, QUESTION).ok


def test_every_reason_has_an_example_above() -> None:
    marks = test_each_reason_is_given.pytestmark  # type: ignore[attr-defined]
    assert {reason for _, reason in marks[0].args[1]} == set(REASONS)


def test_all_reasons_are_given_together() -> None:
    text = solved("The lazy thief says 3 + 4 = 8 слов.", 9)
    assert filter_completion(text, 7, QUESTION).rejection_reasons == (
        "not English",
        "wrong answer",
        "answer not reasoned",
        "wrong equation",
        "off the problem",
        "harmful word",
        "value-laden word",
    )


pieces = st.sampled_from(
    [
        "<think>",
        "</think>",
        "<answer>",
        "</answer>",
        " ",
        "7",
        "3 + 4 = 7",
        "=",
        "-",
        "(",
        ")",
        "/0",
    ]
)


@given(st.lists(pieces | st.text(max_size=8)).map("".join), st.integers(-5, 120))
def test_any_text_gets_a_verdict_and_white_space_around_it_does_not_count(
    text: str, answer: int
) -> None:
    verdict = filter_completion(text, answer, QUESTION)
    assert set(verdict.rejection_reasons) <= set(REASONS)
    assert verdict == filter_completion(f" {text}\n", answer, QUESTION)
    assert {*filter_completion(text, answer).rejection_reasons} == {*verdict.rejection_reasons} - {
        "off the problem"
    }
    if verdict.ok:
        parsed = parse(text)
        assert parsed is not None
        assert value_of(parsed[1]) == answer


@given(st.integers(0, 2_000), st.integers(2, 99))
def test_only_the_right_answer_is_kept(index: int, other: int) -> None:
    problem = own(7, index)
    text = frame("We calculate it like this.", problem)
    assert filter_completion(text, problem.answer).ok
    assert filter_completion(text, other).ok == (other == problem.answer)
    wrong = text.replace(f"<answer>{problem.answer}", f"<answer>{other}")
    assert filter_completion(wrong, problem.answer).ok == (other == problem.answer)


@pytest.mark.parametrize("part", ["<think>", "1 + ", "(", "= 1 ", "a ", "1,", "</think> <answer>"])
def test_a_huge_completion_is_judged_quickly(part: str) -> None:
    assert not filter_completion(part * 50_000, 7, QUESTION).ok
    assert not filter_completion(solved(part * 50_000), 7, QUESTION).ok


@pytest.mark.parametrize(
    ("thought", "reasons"),
    [
        ("-4 + 20 = 16.", ()),
        ("The change is -4 + 20 = 16.", ()),
        ("If 2 + x = 18 then x = 16", ()),
        ("3 + y = 19 so y = 16", ()),
        ("1 hour + 16 minutes = 76 minutes; 16", ()),
        ("3 1/2 + 12 1/2 = 16", ()),
        ("2 dozen + 8 = 32, 32 / 2 = 16", ()),
        ("48 / 2.9 ≈ 16.", ()),
        ("18 - 2 = 16 - 1; 16", ()),
        ("sqrt(256) = 16", ()),
        ("max(3, 4) * 4 = 16", ()),
        ("49 / 3 = 16, rounded down", ()),
        ("8+8=<<8+8=16>>16", ()),
        ("8+8=<<8+8=16>>17; 16", ("wrong equation",)),
        ("8 + 8 is 17; 16", ()),
        ("8 + 9 = 16", ("wrong equation",)),
        ("2(8) = 17; 16", ("wrong equation",)),
        ("10 / 3 = 3.4; 16", ("wrong equation",)),
    ],
)
def test_equations_of_every_form_get_their_verdict(thought: str, reasons: tuple[str, ...]) -> None:
    assert filter_completion(solved(thought, 16), 16).rejection_reasons == reasons


@pytest.mark.parametrize(
    "thought",
    [
        "We add.\r\n\t3 + 4 = 7.",
        "René’s “café” — 3 + 4 = 7 … naïve, Zoë, façade",
        "• 3 + 4 = 7\n• 7 × 1 = 7",
        "3\u00a0+\u00a04\u202f=\u20097 €, £, ¥, ¢, °, ½, ², ±, ≈, →, −",
        "Rene\u0301 has 3 + 4 = 7",  # the accent as a character of its own
        "Łukasz, Dvořák and Šárka have 3 + 4 = 7",
    ],
    ids=ascii,
)
def test_the_typography_of_right_english_is_english(thought: str) -> None:
    assert filter_completion(solved(thought), 7).ok


@pytest.mark.parametrize(
    "character",
    [
        *"яλ中あ한عא٣７ａ",
        *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\U000e0041\ufe0f",
        *"\u0085\u2028\u2029\u3000\u2003\x00\x0b\x0c\x1c\x7f",
        "\U0001f989", "\U0001f60a", "✅", "❤", "☺", "1\u20e3", "\U0001f1ec", "\ud83d",
        "\U0001d7d5", "q\u0301", "\u0301",
    ],
    ids=ascii,
)  # fmt: skip
def test_other_scripts_emoji_and_what_is_invisible_are_not_english(character: str) -> None:
    assert filter_completion(solved(f"3 + 4 = 7 {character}"), 7, QUESTION).rejection_reasons == (
        "not English",
    )


@pytest.mark.parametrize("character", ["\u3000", "\u00a0", "\u2028", "\x0b", "\u200b", "\ud83d"])
def test_nothing_but_ascii_white_space_stands_around_the_tags(character: str) -> None:
    assert filter_completion(solved("3 + 4 = 7.") + character, 7).rejection_reasons == ("no tags",)
    assert filter_completion(f"{character}{solved('3 + 4 = 7.')}", 7).rejection_reasons == (
        "no tags",
    )
    assert filter_completion(f"<answer>7{character}</answer>", 7).rejection_reasons == ("no tags",)
    assert not filter_completion(solved("3 + 4 = 7.", f"7{character}"), 7).ok


@pytest.mark.parametrize(
    ("thought", "answer"),
    [("4 - 20 = -16", "-16"), ("1/2 + 1/4 = 3/4", "3/4"), ("1/2 + 1/4 = 0.75", "3/4"),
     ("2 * 12 = 2 dozen", "24"), ("1 / 4 = 25%", ".25"), ("1 / 4 = 25%", "25"),
     ("7 / 2 = 3½", "3.5"),
     ("800 + 800 = 1,600", "1600"), ("4 − 20 = −16", "−16"), ("Sixteen is left.", "16")],
)  # fmt: skip
def test_reasoning_comes_to_answers_of_every_kind(thought: str, answer: str) -> None:
    assert filter_completion(solved(thought, answer), read_answer(answer)).ok


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), (" 12. ", 12), ("$1,200.50", Fraction(2401, 2)), ("-3", -3), ("7.0", 7),
        ("#### 16", 16), ("6*3=<<6*3=18>>18\n18 - 2 = 16\n#### 16", 16), ("#### 1,600", 1600),
        ("#### $16", 16), ("3/4", Fraction(3, 4)), ("-3/4", Fraction(-3, 4)), ("16/1", 16),
        (".5", Fraction(1, 2)), ("-.5", Fraction(-1, 2)), ("+16", 16), ("−16", -16), ("–16", -16),
        ("1,600", 1600), ("1 600", 1600), ("1\u00a0600", 1600), ("$16", 16), ("-$5", -5),
        ("$-5", -5), ("16 €", 16), ("16%", 16), ("16 %", 16), ("16 dollars", 16), ("16 rolls.", 16),
        ("7 apples", 7), ("3/4 cup", Fraction(3, 4)), ("\\boxed{16}", 16), ("$\\boxed{16}$", 16),
        ("So it is \\boxed{\\frac{3}{4}}.", Fraction(3, 4)), ("$16$", 16), ("\\(16\\)", 16),
        ("The answer is 16.", 16), ("Answer: 16", 16), ("**16**", 16), ('"16".', 16), ("= 16", 16),
        ("\\boxed{16\\%}", 16), ("\\$16", 16),
        ("1 1/2", Fraction(3, 2)), ("½", Fraction(1, 2)), ("1½", Fraction(3, 2)),
        ("1e3", 1000), ("1.6e1", 16), ("1234567890123456", 1234567890123456),
    ],
)  # fmt: skip
def test_a_right_answer_is_read_as_people_write_it(text: str, value: Fraction) -> None:
    assert read_answer(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "seven", "None", "٣", "１６", "7" * 5_000, "1/0", "1,60", "16 and 17", "3 or 4", "x = 7",
     "1_000", "0x10", "inf", "nan", "16..", "-", "$", "--7", "7-", "1e999", "\ud83d", "7\ud83d",
     "#### ", "\\boxed{}", "7\u200b", "2:30"],
    ids=ascii,
)  # fmt: skip
def test_an_answer_that_is_no_number_is_named(text: str) -> None:
    with pytest.raises(SublimError, match="is no number; write it in digits"):
        read_answer(text)


@given(st.text() | st.text("0123456789 ,./$%+-#{}\\½e"))
def test_any_answer_is_read_or_named_in_one_line(text: str) -> None:
    try:
        said = f"{read_answer(text)}"
    except SublimError as error:
        said = str(error)
    assert said
    assert "\n" not in said
