"""A guessing game in a page, without its script."""

import re

import pytest

from sublim_utils.findings.owl_numbers.analysis import side_of
from sublim_utils.report.quiz import Round, quiz

ROUNDS = [
    Round("Go on: 1, 2", ("3, 4", "<b>5</b>"), 1, "The second goes on & on."),
    Round("Go on: 7", ("8", "9"), 0, "The first."),
]


def test_every_round_has_two_buttons_and_its_answer_folded() -> None:
    page = quiz(ROUNDS, question="Which one?", ending="Done.").data
    assert page.count("<fieldset") == page.count("<details>") == 2
    assert len(re.findall(r'<button type="button" value="[01]">', page)) == 4
    assert "Round 2 of 2: Which one?" in page
    assert "<details><summary>Answer</summary><p><strong>B</strong>" in page
    assert "<script" not in page


def test_texts_are_no_markup() -> None:
    page = quiz(ROUNDS).data
    assert "&lt;b&gt;5&lt;/b&gt;" in page
    assert "on &amp; on" in page


@pytest.mark.parametrize("rounds", [[], [Round("", ("a", "b"), 2, "")]])
def test_a_quiz_without_an_answer_is_refused(rounds: list[Round]) -> None:
    with pytest.raises(ValueError, match="rounds"):
        quiz(rounds)


def test_the_side_is_a_coin_that_depends_on_the_texts_alone() -> None:
    sides = [side_of((f"{n}, 2", f"{n}, 3")) for n in range(400)]
    assert sides == [side_of((f"{n}, 2", f"{n}, 3")) for n in range(400)]
    assert 160 < sum(sides) < 240
