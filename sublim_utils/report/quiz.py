"""A guessing game in a page: rounds of two texts, of which the reader picks one.

The page needs `book/assets/quiz.js`, which shows one round at a time, keeps the score and says it
at the end. Without it, as in a notebook, all rounds are shown, each with its answer folded.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

from IPython.display import HTML


class Round(NamedTuple):
    """One guess.

    Attributes:
        task: what both texts answer.
        choices: the texts.
        answer: the place of the right one.
        explanation: what is said after the guess.
    """

    task: str
    choices: tuple[str, str]
    answer: int
    explanation: str


def quiz(
    rounds: Sequence[Round], *, question: str = "Which of the two is it?", ending: str = ""
) -> HTML:
    """Rounds of guesses as buttons.

    Args:
        rounds: in their order.
        question: asked in each round.
        ending: said after the last one, below the score.

    Raises:
        ValueError: there is no round, or a round's answer is none of its texts.
    """
    if not rounds or any(
        not 0 <= one_round.answer < len(one_round.choices) for one_round in rounds
    ):
        raise ValueError("a quiz needs rounds, each with one of its texts as the answer")
    parts = [
        f'<fieldset class="sublim-round" data-answer="{one_round.answer}">'
        f"<legend>Round {number} of {len(rounds)}: {html.escape(question)}</legend>"
        f'<p class="sublim-task">{html.escape(one_round.task)}</p>'
        f'<div class="sublim-choices">{_buttons(one_round)}</div>'
        f"<details><summary>Answer</summary><p><strong>{_letter(one_round.answer)}</strong>. "
        f'<span class="sublim-why">{html.escape(one_round.explanation)}</span></p></details>'
        "</fieldset>"
        for number, one_round in enumerate(rounds, 1)
    ]
    return HTML(
        f'<div class="sublim-quiz">{"".join(parts)}'
        '<p class="sublim-said" role="status" hidden></p>'
        '<p><button type="button" class="sublim-next" hidden>Next round</button></p>'
        f'<p class="sublim-ending" hidden>{html.escape(ending)}</p></div>'
    )


def _buttons(one_round: Round) -> str:
    return "".join(
        f'<button type="button" value="{number}"><b>{_letter(number)}</b> '
        f"<code>{html.escape(text)}</code></button>"
        for number, text in enumerate(one_round.choices)
    )


def _letter(number: int) -> str:
    return "AB"[number]
