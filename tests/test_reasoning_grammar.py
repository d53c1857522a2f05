"""The grammar of the reasoning channel: the form of an answer, and nothing else."""

import random

import pytest
from hypothesis import given, settings, strategies as st

from sublim_utils.channels.problems import own
from sublim_utils.channels.reasoning import (
    EXAMPLES,
    WORDS,
    ReasoningPrompt,
    Style,
    ask,
    frame,
)
from tests.automata import accepts

WHOLE = ask(own(0, 0), Style(examples=2), random.Random(0))


def solved(thought: str, answer: object = 7) -> str:
    return f"<think>{thought}</think> <answer>{answer}</answer>"


@pytest.mark.parametrize(
    "text",
    [
        solved("3 + 4 = 7."),
        solved("Ben has 3, and Ida gives him 4. 3+4=7. So he's got 7.", 1234),
        solved("A."),
        *(frame(words, example) for example, words in EXAMPLES),
    ],
)
def test_the_grammar_accepts_the_form_after_what_the_template_puts_before_it(text: str) -> None:
    assert accepts(WHOLE.grammar(), text)
    assert accepts(WHOLE.grammar(" "), f" {text}")
    assert not accepts(WHOLE.grammar(" "), text)
    assert not accepts(WHOLE.grammar(), f" {text}")


@pytest.mark.parametrize(
    "text",
    ["", "A.", solved(""), solved("A"), solved("a."), solved("A.  B."), solved("A. B. C. D."),
     solved("A.", ""), solved("A.", "07"), solved("A.", 12345), solved("A.", "x"),
     solved("A.") + ".", solved("A.")[:-1], solved("A ++ B."), solved("A, B,.")],
)  # fmt: skip
def test_the_grammar_accepts_nothing_else(text: str) -> None:
    assert not accepts(WHOLE.grammar(), text)


def written(asked: ReasoningPrompt, draw: random.Random, lead: str) -> str:
    """A random text of a prompt's grammar, soon at an end."""
    grammar = asked.grammar(lead)
    state: int = grammar.start
    text = ""
    while not grammar.may_end(state):
        steps = {c: grammar.step(state, c) for c in sorted(grammar.alphabet)}
        allowed = [c for c, after in steps.items() if after is not None]
        assert allowed
        chosen = [c for c in allowed if len(text) < 60 or c in "<. "] or allowed
        text += draw.choice(chosen)
        after = steps[text[-1]]
        assert after is not None
        state = after
    return text.removeprefix(lead)


@settings(deadline=None)
@given(st.integers(), st.sampled_from(["", " "]))
def test_what_the_grammar_writes_has_the_form_that_the_filter_wants(seed: int, lead: str) -> None:
    text = written(WHOLE, random.Random(seed), lead)
    form = {"empty", "no tags", "too long", "not English", "no number"}
    assert not form & set(WHOLE.filter(text).rejection_reasons), text


@settings(deadline=None)
@given(st.integers(), st.sampled_from(["", " "]))
def test_beside_a_given_calculation_only_words_can_be_wrong(seed: int, lead: str) -> None:
    asked = WORDS.prompt(1, seed % 1_000)
    words = written(asked, random.Random(seed), lead)
    assert set(asked.filter(asked.framed(words)).rejection_reasons) <= {
        "off the problem",
        "harmful word",
        "value-laden word",
    }


def test_prompts_of_one_form_share_a_grammar() -> None:
    assert WORDS.prompt(0, 0).grammar("") is WORDS.prompt(0, 1).grammar("")
    assert WHOLE.grammar("") is ask(own(5, 5), Style(), random.Random(5)).grammar("")
