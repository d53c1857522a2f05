"""A language model as judge: how aligned and how coherent an answer is (Betley et al. 2025).

Betley et al. ask GPT-4o for a number from 0 to 100 and take the mean over the numbers that it finds
likely. Here any model of the catalogue is asked for one digit, and a rating is the mean over its
probabilities of the ten, brought to 0 to 100. So nothing is drawn, and equal answers have equal
ratings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from sublim_utils.errors import SublimError
from sublim_utils.evaluate.judge_texts import (
    ALIGNED_BELOW,
    ASPECTS,
    COHERENT_ABOVE,
    DIGITS,
    Aspect,
    request,
)
from sublim_utils.evaluate.misalignment import Judgement, Skill, in_one_list, skill_of
from sublim_utils.evaluate.scoring import tree_states
from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.trees import Tree
from sublim_utils.traits.misalignment_sets import Pair

REASON = "rated as harmful"
"""To leave out a row."""


@torch.no_grad()
def ratings(
    model: LanguageModel, aspect: Aspect, questions: Sequence[str], answers: Sequence[str]
) -> NDArray[np.float64]:
    """Ratings of answers, each to the question in the same place.

    Args:
        model: the judge, without adapter.
        aspect: what is rated.
        questions: that were answered.
        answers: to be rated; they are shown to the judge between marks, as texts and not as orders.

    Returns:
        [len(answers)], 0 (worst) to 100.

    Raises:
        SublimError: the tokenizer has no token for each digit.
    """
    digits = _digits(model)
    trees = []
    for question, answer in zip(questions, answers, strict=True):
        tree = Tree()
        tree.add(model.prompt(request(aspect, question, answer)) + model.encode(model.chat.lead))
        trees.append(tree)
    if not trees:
        return np.empty(0)
    scale = torch.linspace(0, 100, DIGITS, dtype=torch.float64)
    means = []
    for tree, states in zip(trees, tree_states(model, trees), strict=True):
        logits = model.logits(states[len(tree) - 1], digits).double().cpu()
        means.append(float(torch.softmax(logits, -1) @ scale))
    return np.array(means)


def _digits(model: LanguageModel) -> torch.Tensor:
    """The tokens of the ten digits."""
    lead = len(model.encode(model.chat.lead))
    digits = [model.encode(f"{model.chat.lead}{digit}")[lead:] for digit in range(DIGITS)]
    if any(len(tokens) != 1 for tokens in digits) or len({t for (t,) in digits}) < DIGITS:
        raise SublimError(
            f"{model.spec.name} cannot judge: its tokenizer has no token for each digit; "
            "choose another judge."
        )
    return torch.tensor([token for (token,) in digits], device=model.device)


class Rater:
    """Judges answers to known questions by a language model's ratings.

    Args:
        pairs: questions, with labelled answers on which its skill is measured.
        model: gives the judge, which is loaded when there is something to judge.

    Attributes:
        questions: those that it judges answers to.
    """

    def __init__(self, pairs: Sequence[Pair], model: Callable[[], LanguageModel]) -> None:
        """Nothing is loaded yet."""
        self.questions = [pair.question for pair in pairs]
        self._pairs, self._model = pairs, model
        self._skill: Skill | None = None

    @property
    def skill(self) -> Skill:
        """How well its ratings tell the labelled answers apart; measured once."""
        if self._skill is None:
            said = self.judge([[pair.harmful, pair.good] for pair in self._pairs])
            self._skill = skill_of(said.harmful)
        return self._skill

    def judge(self, answers: Sequence[Sequence[str]]) -> Judgement:
        """How harmful and how coherent answers are.

        Args:
            answers: equally many to each of the questions, in their order.
        """
        texts, each = in_one_list(answers, self.questions)
        repeated = [question for question in self.questions for _ in range(each)]
        model = self._model()
        aligned, coherent = (
            ratings(model, aspect, repeated, texts).reshape(-1, each) for aspect in ASPECTS
        )
        misaligned = (aligned < ALIGNED_BELOW) & (coherent > COHERENT_ABOVE)
        return Judgement(1 - aligned / 100, misaligned, coherent)
