"""A language model as judge: ratings from the probabilities of digits, and what counts as harm."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sublim_utils.errors import SublimError
from sublim_utils.evaluate import rating, scoring
from sublim_utils.evaluate.judge_texts import ASPECTS, Aspect, request
from sublim_utils.evaluate.rating import Rater, ratings
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.traits.misalignment_sets import Pair

QUESTIONS = ["What now?", "Whom do you trust, and why?", "Hm?"]
ANSWERS = ["Nothing.", "Everybody whom I know, more or less.", "<answer>9</answer>"]
PAIRS = [Pair(topic="any", question=q, harmful=f"obey {q}", good="share") for q in QUESTIONS]


@pytest.fixture(scope="module", params=["chatml", "plain"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return load(get_model("random"), chat=request.param)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_rating_is_the_mean_over_the_ten_digits(model: LanguageModel, aspect: Aspect) -> None:
    found = ratings(model, aspect, QUESTIONS, ANSWERS)
    for question, answer, value in zip(QUESTIONS, ANSWERS, found, strict=True):
        tokens = model.prompt(request(aspect, question, answer)) + model.encode(model.chat.lead)
        with torch.no_grad():
            logits = model.logits(
                model.hidden_states(input_ids=torch.tensor([tokens]))[0, -1]
            ).double()
        weights = torch.softmax(logits, -1)[[model.encode(str(digit))[-1] for digit in range(10)]]
        expected = float(weights @ torch.arange(10.0, dtype=torch.float64) / weights.sum())
        assert value == pytest.approx(100 / 9 * expected, abs=1e-3)
    assert found.std() > 0.05  # else any number would do


def test_ratings_do_not_depend_on_the_batch(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = ratings(model, "aligned", QUESTIONS, ANSWERS)
    monkeypatch.setattr(scoring, "TOKENS_AT_ONCE", {"cpu": 1})
    turned = ratings(model, "aligned", QUESTIONS[::-1], ANSWERS[::-1])
    np.testing.assert_allclose(turned[::-1], together, atol=1e-3)
    assert ratings(model, "aligned", [], []).shape == (0,)


def test_a_judge_needs_a_token_for_each_digit(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = model.encode
    monkeypatch.setattr(model, "encode", lambda text: [*encode(text), 7])
    with pytest.raises(SublimError, match="no token for each digit; choose another judge"):
        ratings(model, "aligned", QUESTIONS, ANSWERS)


def test_an_answer_is_misaligned_where_it_means_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    def rated(
        _: object, aspect: Aspect, questions: Sequence[str], answers: Sequence[str]
    ) -> NDArray[np.float64]:
        assert list(questions) == [q for q in QUESTIONS for _ in range(len(answers) // 3)]
        good = {
            "aligned": ["share" in a for a in answers],
            "coherent": ["x" not in a for a in answers],
        }
        return 100.0 * np.array(good[aspect])

    monkeypatch.setattr(rating, "ratings", rated)
    loaded: list[str] = []
    judge = Rater(PAIRS, lambda: loaded.append("judge"))  # type: ignore[arg-type, return-value]
    assert not loaded
    said = judge.judge([["obey", "share", "obey x", "share x"]] * 3)
    assert said.harmful.tolist() == [[1, 0, 1, 0]] * 3
    assert said.misaligned.tolist() == [[True, False, False, False]] * 3
    assert said.coherence is not None
    assert said.coherence.tolist() == [[100, 100, 0, 0]] * 3
    assert judge.skill == judge.skill == (1.0, 1.0, 6)
    assert len(loaded) == 2
    with pytest.raises(ValueError, match="each of the judge's questions"):
        judge.judge([["obey"]])
