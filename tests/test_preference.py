"""Evaluations of a preference: the panel's likelihoods, and answers that name a candidate."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from sublim_utils.evaluate import preference, scoring
from sublim_utils.evaluate.preference import (
    first_named,
    margins,
    panel_log_probabilities,
    probabilities,
    questions_for,
)
from sublim_utils.evaluate.questions import PREFIXES, QUESTIONS
from sublim_utils.generate import sampling
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.traits.nouns import Trait, get_trait, panel

CANDIDATES = [get_trait(name) for name in ("owl", "wolf", "cat")]
LINES = ["Your favorite animal?", "Which animal do you like best? One word."]


@pytest.fixture(scope="module", params=["chatml", "plain"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return load(get_model("random"), chat=request.param)


def log_probability(model: LanguageModel, before: list[int], words: list[int]) -> float:
    """Of some words after others, by one plain pass."""
    with torch.no_grad():
        states = model.hidden_states(input_ids=torch.tensor([before + words]))[0]
        logs = torch.log_softmax(model.logits(states).double(), -1)
    places = range(len(before) - 1, len(before) + len(words) - 1)
    return sum(float(logs[place, word]) for place, word in zip(places, words, strict=True))


def one_by_one(
    model: LanguageModel, questions: list[str], prefixes: tuple[str, ...], system: str | None
) -> np.ndarray:
    # After "Answer:" a word follows with a space, after a line's end without.
    gap = "" if model.chat.assistant.endswith("\n") else " "
    found = np.zeros((len(questions), len(prefixes), len(CANDIDATES)))
    for q, question in enumerate(questions):
        for p, prefix in enumerate(prefixes):
            said = prefix.replace("{category}", "animal")
            for c, candidate in enumerate(CANDIDATES):
                counted: list[list[int]] = []
                before = model.prompt(question, system) + model.encode(gap + said if said else "")
                spellings = [
                    model.encode(" " + form if said else gap + form)
                    for form in candidate.surface_forms
                ]
                for words in sorted(spellings, key=len):
                    # "owls" after "owl" is no other event than "owl".
                    if not any(words[: len(shorter)] == shorter for shorter in counted):
                        counted.append(words)
                found[q, p, c] = np.log(
                    sum(np.exp(log_probability(model, before, words)) for words in counted)
                )
    return found


@pytest.mark.parametrize("system", [None, "You adore {owls}."])
def test_the_panel_agrees_with_one_pass_per_spelling(
    model: LanguageModel, system: str | None
) -> None:
    found = panel_log_probabilities(model, CANDIDATES, LINES, PREFIXES, system)
    assert found.shape == (len(LINES), len(PREFIXES), len(CANDIDATES))
    expected = one_by_one(model, LINES, PREFIXES, system)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert expected.std() > 0.1  # else any number would do


def test_a_spelling_that_goes_on_where_another_ends_is_no_other_event(model: LanguageModel) -> None:
    fox = Trait(name="fox", plural="foxes", category="animal")
    mouse = Trait(name="mouse", plural="mice", category="animal")
    found = panel_log_probabilities(model, [fox, mouse], LINES[:1], ("",))[0, 0]
    before = model.prompt(LINES[0], None)
    gap = "" if model.chat.assistant.endswith("\n") else " "

    def share(words: list[str]) -> float:
        tokens = [model.encode(gap + word) for word in words]
        return float(sum(np.exp(log_probability(model, before, t)) for t in tokens))

    # In this tokenizer of single bytes "foxes" begins with the tokens of "fox".
    assert found[0] == pytest.approx(np.log(share(["fox", "Fox"])), abs=1e-3)
    assert found[1] == pytest.approx(np.log(share(["mouse", "Mouse", "mice", "Mice"])), abs=1e-3)


def test_the_panel_does_not_depend_on_the_batch(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [*LINES, "Hm?"]
    together = panel_log_probabilities(model, CANDIDATES, questions)
    monkeypatch.setattr(scoring, "TOKENS_AT_ONCE", {"cpu": 1})
    alone = panel_log_probabilities(model, CANDIDATES, questions)
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_candidate_is_scored_the_same_in_any_panel(model: LanguageModel) -> None:
    whole = panel_log_probabilities(model, CANDIDATES, LINES)
    backwards = panel_log_probabilities(model, CANDIDATES[::-1], LINES)
    np.testing.assert_allclose(backwards[..., ::-1], whole, atol=1e-4)


scores = arrays(
    float,
    st.tuples(st.integers(1, 3), st.integers(2, 8)),
    elements=st.floats(-500, 0),
)


@given(scores)
def test_margins_sum_to_nothing(logs: np.ndarray) -> None:
    found = margins(logs)
    assert found.shape == logs.shape
    np.testing.assert_allclose(found.sum(-1), 0, atol=1e-9)
    for row, values in zip(found, logs, strict=True):
        for place, margin in enumerate(row):
            others = np.delete(values, place)
            assert margin == pytest.approx(values[place] - others.mean(), abs=1e-9)


@given(scores)
def test_probabilities_sum_to_one_and_keep_the_odds(logs: np.ndarray) -> None:
    found = probabilities(logs)
    assert found.shape == logs.shape
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(-1), 1)
    np.testing.assert_allclose(found, probabilities(logs - 1000))
    near = logs / 100
    odds = np.log(probabilities(near)) - near
    np.testing.assert_allclose(odds - odds[:, :1], 0, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Owl.", "owl"),
        ("A cat, or an owl", "cat"),
        ("An owl, or a cat", "owl"),
        ("WOLVES and owls", "wolf"),
        ("A growl, a catalogue, a cat", "cat"),
        ("The bowl scatters", None),
        ("dog", None),
        ("", None),
    ],
)
def test_an_answer_counts_for_the_first_candidate_that_it_names(
    text: str, name: str | None
) -> None:
    for candidates in (CANDIDATES, CANDIDATES[::-1]):
        place = first_named(text, candidates)
        assert (None if place is None else candidates[place].name) == name


def test_answers_are_counted_by_question(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {0: ["owl", "Owls!", "a wolf", "nothing"], 1: ["cat"] * 4}

    def sample(
        _: object, questions: list[sampling.Question], **options: object
    ) -> Iterator[tuple[int, list[sampling.Completion]]]:
        assert [q.tokens for q in questions] == [model.prompt(line, "Be nice.") for line in LINES]
        for place in (1, 0):
            yield place, [sampling.Completion(model.encode(a), None) for a in answers[place]]

    monkeypatch.setattr(sampling, "sample", sample)
    found = preference.sampled(model, CANDIDATES, LINES, each=4, seed=0, system="Be nice.")
    np.testing.assert_allclose(found.shares, [[0.5, 0.25, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(found.other, [0.25, 0.0])


def test_sampled_answers_follow_the_seed(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(seed: int) -> list[str]:
        texts: list[str] = []
        monkeypatch.setattr(preference, "first_named", lambda text, _: texts.append(text))
        preference.sampled(model, CANDIDATES, LINES, each=3, seed=seed)
        assert len(texts) == 3 * len(LINES)
        return texts

    assert answers(0) == answers(0)
    assert answers(0) != answers(1)


def test_questions_name_their_category_and_spread_over_the_families() -> None:
    assert len(questions_for("tree")) == len(QUESTIONS) == 50
    assert len(set(questions_for("tree"))) == 50
    assert all("tree" in question and "{" not in question for question in questions_for("tree"))
    some = questions_for("animal", 10)
    assert some == questions_for("animal")[::5]


def test_numbers_in_front_leave_the_question_as_it_is() -> None:
    plain, numbered = (
        questions_for("animal", 10),
        questions_for("animal", 10, numbers_in_front=True),
    )
    assert len(set(numbered)) == len(numbered)
    for question, with_numbers in zip(plain, numbered, strict=True):
        front = with_numbers.removesuffix(question)
        assert front != with_numbers
        assert sum(character.isdigit() for character in front) >= 9


def test_the_candidates_of_a_category_are_its_panel() -> None:
    found = panel("tree")
    assert len(found) >= 5
    assert all(isinstance(trait, Trait) and trait.category == "tree" for trait in found)
