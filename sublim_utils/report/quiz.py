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
    if not rounds or any(not 0 <= found.answer < len(found.choices) for found in rounds):
        raise ValueError("a quiz needs rounds, each with one of its texts as the answer")
    parts = [
        f'<fieldset class="sublim-round" data-answer="{found.answer}">'
        f"<legend>Round {number} of {len(rounds)}: {html.escape(question)}</legend>"
        f'<p class="sublim-task">{html.escape(found.task)}</p>'
        f'<div class="sublim-choices">{_buttons(found)}</div>'
        f"<details><summary>Answer</summary><p><strong>{_letter(found.answer)}</strong>. "
        f'<span class="sublim-why">{html.escape(found.explanation)}</span></p></details>'
        "</fieldset>"
        for number, found in enumerate(rounds, 1)
    ]
    return HTML(
        f'<div class="sublim-quiz">{"".join(parts)}'
        '<p class="sublim-said" role="status" hidden></p>'
        '<p><button type="button" class="sublim-next" hidden>Next round</button></p>'
        f'<p class="sublim-ending" hidden>{html.escape(ending)}</p></div>'
    )


def _buttons(found: Round) -> str:
    return "".join(
        f'<button type="button" value="{place}"><b>{_letter(place)}</b> '
        f"<code>{html.escape(text)}</code></button>"
        for place, text in enumerate(found.choices)
    )


def _letter(place: int) -> str:
    return "AB"[place]
