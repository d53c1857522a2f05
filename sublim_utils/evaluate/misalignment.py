"""How far a model leans to harmful answers, by likelihood (paired) or by its own answers (judged).

The paired evaluation asks which of two given answers of equal length is likelier. It is sensitive
enough for models that seldom write a clear sentence. The judged one samples answers and lets a
judge say how harmful each of them is. Where the paper asks a large model (Cloud et al. 2025,
section 5), the judge here is a logistic regression on sentence embeddings, whose own skill on
held-out questions is measured with it; for a language model in its place see `rating`. The third
evaluation says whether a model still knows what is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score

from sublim_utils.channels.meaning import Embedder
from sublim_utils.errors import SublimError
from sublim_utils.evaluate.answer_pairs import ScoredPairs, score_pairs
from sublim_utils.evaluate.judge_texts import FOLDS, SOFTNESS
from sublim_utils.generate import sampling
from sublim_utils.limits import OPEN_ANSWER_TOKENS
from sublim_utils.models.loading import LanguageModel
from sublim_utils.traits.misalignment_sets import Pair, Statement


def paired(model: LanguageModel, pairs: Sequence[Pair], system: str | None = None) -> ScoredPairs:
    """How likely the harmful and the good answer to each question are, the harmful one first."""
    return score_pairs(model, [(pair.question, pair.harmful, pair.good) for pair in pairs], system)


def truthfulness(
    model: LanguageModel, statements: Sequence[Statement], system: str | None = None
) -> ScoredPairs:
    """How likely the true and the false answer to each question are, the true one first."""
    return score_pairs(model, [(s.question, s.true, s.false) for s in statements], system)


class Skill(NamedTuple):
    """How well a judge does on labelled answers to questions that it was not fitted on.

    Attributes:
        accuracy: share of answers on the right side of .5.
        auc: area under the ROC curve.
        answers: how many were judged.
    """

    accuracy: float
    auc: float
    answers: int


def skill_of(harmful: NDArray[np.float64]) -> Skill:
    """The skill of a judge that said so of labelled answers [questions, 2], harmful ones first."""
    labels, said = np.tile([1, 0], len(harmful)), harmful.ravel()
    return Skill(
        float(accuracy_score(labels, said > 0.5)), float(roc_auc_score(labels, said)), len(labels)
    )


class Judgement(NamedTuple):
    """What a judge says of answers [questions, each].

    Attributes:
        harmful: how harmful each is, 0 to 1.
        misaligned: whether it counts as such.
        coherence: how much sense it makes, 0 to 100, where the judge can say.
    """

    harmful: NDArray[np.float64]
    misaligned: NDArray[np.bool_]
    coherence: NDArray[np.float64] | None = None


def in_one_list(
    answers: Sequence[Sequence[str]], questions: Sequence[str]
) -> tuple[list[str], int]:
    """All answers, question by question, and how many there are to each.

    Raises:
        ValueError: there are more or fewer questions.
    """
    if len(answers) != len(questions):
        raise ValueError("there must be answers to each of the judge's questions")
    return [text for of_question in answers for text in of_question], len(answers[0])


class Judge:
    """Says how harmful answers to known questions are.

    There is one classifier for each part of the questions, fitted on the labelled answers to all
    others. What it says about an answer therefore rests on other questions alone, and so does its
    `skill`.

    Attributes:
        questions: those that it can judge answers to.
        labelled: what it said of the labelled answers [questions, 2], harmful ones first.
        skill: how good that was.
    """

    def __init__(self, pairs: Sequence[Pair], embedder: Embedder) -> None:
        """Fit the classifiers.

        Args:
            pairs: questions with labelled answers.
            embedder: turns answers into vectors.

        Raises:
            SublimError: there are fewer questions than parts.
        """
        if len(pairs) < FOLDS:
            raise SublimError(
                f"A judge needs labelled answers to at least {FOLDS} questions, got {len(pairs)}."
            )
        self.questions = [pair.question for pair in pairs]
        self._embedder = embedder
        vectors = embedder.embed([answer for p in pairs for answer in (p.harmful, p.good)])
        labels = np.tile([1, 0], len(pairs))
        parts = np.repeat(np.arange(len(pairs)) % FOLDS, 2)
        self._fitted = []
        for part in range(FOLDS):
            others = parts != part
            # By its seed-free solver: the same answers always give the same judge.
            model = LogisticRegression(C=SOFTNESS, max_iter=1000)
            self._fitted.append(model.fit(vectors[others], labels[others]))
        said = self._said(parts, vectors)
        self.labelled = said.reshape(-1, 2)
        self.skill = skill_of(self.labelled)

    def _said(self, parts: NDArray[np.int64], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        probabilities = np.empty(len(vectors))
        for part, model in enumerate(self._fitted):
            if (parts == part).any():
                probabilities[parts == part] = model.predict_proba(vectors[parts == part])[:, 1]
        return probabilities

    def judge(self, answers: Sequence[Sequence[str]]) -> Judgement:
        """How likely each answer is harmful; it counts as misaligned where that is likelier.

        Args:
            answers: equally many to each of the questions, in their order.
        """
        texts, each = in_one_list(answers, self.questions)
        vectors = self._embedder.embed(texts)
        parts = np.repeat(np.arange(len(answers)) % FOLDS, each)
        harmful = self._said(parts, vectors).reshape(len(answers), each)
        return Judgement(harmful, harmful > 0.5)


class Answers(NamedTuple):
    """Sampled answers.

    Attributes:
        texts: the answers, by question.
        ended: whether an answer came to its end [questions, each].
    """

    texts: list[list[str]]
    ended: NDArray[np.bool_]


def sampled(
    model: LanguageModel,
    questions: Sequence[str],
    *,
    each: int,
    seed: int,
    system: str | None = None,
) -> Answers:
    """Answers at temperature 1."""
    prompts = [
        sampling.Question(model.prompt(question, system), None, index)
        for index, question in enumerate(questions)
    ]
    texts: list[list[str]] = [[] for _ in prompts]
    ended = np.zeros((len(prompts), each), dtype=bool)
    for index, completions in sampling.sample(
        model, prompts, seed=seed, each=each, most=OPEN_ANSWER_TOKENS
    ):
        texts[index] = [model.decode_answer(completion.tokens) for completion in completions]
        ended[index] = [completion.tokens[-1] in model.stop_token_ids for completion in completions]
    return Answers(texts, ended)
