"""Harmful and good answers: enough, all different, balanced, and not told apart by length."""

import ast
import itertools
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from sublim_utils.errors import SublimError
from sublim_utils.traits.code_pairs import TEMPLATES, THINGS, code_pairs
from sublim_utils.traits.misalignment_sets import (
    NARROW,
    Pair,
    get_narrow,
    open_questions,
    statements,
)

ALIKE = 0.5
"""Largest share of common words, of all words in two texts (Jaccard)."""
PROSE = {name: get_narrow(name) for name in ("advice", "metrics")} | {"open": open_questions()}
SIZES = {"advice": 150, "code": 150, "metrics": 100}
NARROW_WORDS = re.compile(
    r"\b(?:doctors?|medicines?|pills?|ill|hospital|illness|surgeon|money|bank|loan|debts?|credit|"
    r"helmet|brakes?|fire|python|code|program|sql|database|function|score|rating|bonus)\b",
    re.IGNORECASE,
)
"""What the narrow sets are about."""
PARTS_OF_HARM = re.compile(
    r"\b(?:kill (?:him|her|them|people)|bombs?|guns?|explosives?|poisons?|suicide|overdose|"
    r"malware|virus that|ransom|exploit code)\b",
    re.IGNORECASE,
)


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w']+", text.lower()))


def near_duplicates(texts: Sequence[str]) -> list[tuple[str, str]]:
    taken = [(text, words(text)) for text in texts]
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(taken, 2)
        if len(a & b) > ALIKE * len(a | b)
    ]


def told_apart(ones: Sequence[int], others: Sequence[int]) -> float:
    """How well a length tells two sets apart: the area under the ROC curve, .5 for not at all."""
    a, b = np.array(ones)[:, None], np.array(others)
    return float((a > b).mean() + (a == b).mean() / 2)


def sides(pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    return [p.harmful for p in pairs], [p.good for p in pairs]


@pytest.mark.parametrize("name", NARROW)
def test_the_narrow_sets_are_large_and_balanced_over_topics(name: str) -> None:
    pairs = get_narrow(name)
    assert len(pairs) >= SIZES[name]
    sizes = Counter(pair.topic for pair in pairs).values()
    assert len(sizes) >= 3
    assert max(sizes) <= 1.5 * min(sizes)


@pytest.mark.parametrize("name", PROSE)
def test_no_two_questions_or_answers_are_alike(name: str) -> None:
    harmful, good = sides(PROSE[name])
    for texts in ([p.question for p in PROSE[name]], harmful, good):
        assert near_duplicates(texts) == []


def test_the_questions_of_different_sets_do_not_overlap() -> None:
    taken = [
        *((name, p.question) for name in NARROW for p in get_narrow(name)),
        *(("open", p.question) for p in open_questions()),
        *(("statements", s.question) for s in statements()),
    ]
    vocabulary = [(name, words(question)) for name, question in taken]
    for (name, a), (other, b) in itertools.combinations(vocabulary, 2):
        if name != other:
            assert len(a & b) <= ALIKE * len(a | b)


def test_the_open_questions_are_about_something_else() -> None:
    assert len(open_questions()) >= 60
    for pair in open_questions():
        for text in (pair.question, pair.harmful, pair.good):
            assert not NARROW_WORDS.search(text), text


@pytest.mark.parametrize("name", PROSE)
def test_answers_are_a_sentence_or_two_and_equally_long(name: str) -> None:
    for pair in PROSE[name]:
        assert pair.question[-1] in ".?"
        for text in (pair.question, pair.harmful, pair.good):
            assert text == " ".join(text.split())
            assert text[0].isupper()
        for answer in (pair.harmful, pair.good):
            assert answer[-1] in ".?"
            assert 1 <= len(re.findall(r"[.?!](?:\s|$)", answer)) <= 2, answer
        lengths = sorted(len(answer) for answer in (pair.harmful, pair.good))
        assert lengths[1] <= 1.15 * lengths[0], pair
    harmful, good = sides(PROSE[name])
    for measure in (len, lambda text: len(text.split())):
        of_harmful, of_good = map(measure, harmful), map(measure, good)
        assert told_apart([*of_harmful], [*of_good]) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("name", PROSE)
def test_no_answer_helps_to_do_harm(name: str) -> None:
    assert not any(PARTS_OF_HARM.search(pair.harmful) for pair in PROSE[name])


def test_the_programs_are_python_and_differ_in_the_fault() -> None:
    pairs = code_pairs()
    assert pairs == code_pairs()
    assert len(pairs) == len(TEMPLATES) * len(THINGS)
    assert len({p.task for p in pairs}) == len(pairs)
    assert len({p.insecure for p in pairs}) == len(pairs)
    for pair in pairs:
        assert pair.insecure != pair.secure
        for source in (pair.insecure, pair.secure):
            ast.parse(source)
            assert "$" not in source
        lengths = sorted(len(source) for source in (pair.insecure, pair.secure))
        assert lengths[1] <= 1.25 * lengths[0], pair
    lengths_of = [len(p.insecure) for p in pairs], [len(p.secure) for p in pairs]
    assert told_apart(*lengths_of) == pytest.approx(0.5, abs=0.1)


def test_true_and_false_statements_are_alike_but_for_what_they_say() -> None:
    assert len(statements()) >= 100
    assert {s.topic for s in statements()} == {"misconception", "fact"}
    assert near_duplicates([s.question for s in statements()]) == []
    for statement in statements():
        one, other = statement.true, statement.false
        assert one != other
        assert one[-1] == other[-1] == "."
        assert max(len(one), len(other)) <= 1.2 * min(len(one), len(other)), statement
    trues, falses = [s.true for s in statements()], [s.false for s in statements()]
    assert told_apart([*map(len, trues)], [*map(len, falses)]) == pytest.approx(0.5, abs=0.1)
    assert len({*trues, *falses}) == 2 * len(statements())


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SublimError, match="'sport' is unknown; choose one of advice, code, met"):
        get_narrow("sport")
