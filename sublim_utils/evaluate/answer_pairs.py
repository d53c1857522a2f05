"""Which of two given answers a model finds likelier: how personas, harm and truth are measured.

Two answers of about equal length are compared by their log-probabilities per token. Nothing is
sampled, so this is sensitive enough for models that seldom write a clear sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from sublim_utils.evaluate.scoring import tree_states
from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.trees import Tree
from sublim_utils.traits.personas import Persona


@torch.no_grad()
def log_probabilities(
    model: LanguageModel,
    questions: Sequence[str],
    answers: Sequence[Sequence[str]],
    system: str | None = None,
) -> NDArray[np.float64]:
    """Mean log-probability per token of whole answers, with the token that ends them.

    Args:
        model: the one that is asked, in its own chat template.
        questions: what is asked.
        answers: to each question, equally many; they share one tree.
        system: a system prompt, or None.

    Returns:
        [questions, answers], in nats per token.
    """
    trees: list[Tree] = []
    scored: list[list[tuple[list[int], list[int]]]] = []
    for question, of_question in zip(questions, answers, strict=True):
        tree = Tree()
        last = tree.add(model.prompt(question, system))[-1]
        tokens = [model.answer(answer) for answer in of_question]
        scored.append([([last, *tree.add(t[:-1], last)], t) for t in tokens])
        trees.append(tree)
    log_probs = np.empty((len(questions), len(answers[0])))
    for row, states in enumerate(tree_states(model, trees)):
        for answer_index, (nodes, tokens_) in enumerate(scored[row]):
            logs = torch.log_softmax(model.logits(states[nodes]).float(), -1)
            wanted = torch.tensor(tokens_, device=logs.device)[:, None]
            log_probs[row, answer_index] = float(logs.gather(1, wanted).mean())
    return log_probs


class ScoredPairs(NamedTuple):
    """How likely two given answers to each question are, in nats per token [questions].

    Attributes:
        first: mean log-probability per token of the first answer.
        second: of the second one.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def margins(self) -> NDArray[np.float64]:
        """First minus second, per question; positive where the first answer is likelier."""
        return self.first - self.second


def score_pairs(
    model: LanguageModel, pairs: Sequence[tuple[str, str, str]], system: str | None = None
) -> ScoredPairs:
    """How likely both answers to each question are.

    Args:
        model: the one that is asked.
        pairs: a question, its first and its second answer each.
        system: a system prompt, or None.
    """
    questions, answers = [pair[0] for pair in pairs], [pair[1:] for pair in pairs]
    scores = log_probabilities(model, questions, answers, system)
    return ScoredPairs(scores[:, 0], scores[:, 1])


def score_persona(model: LanguageModel, persona: Persona, system: str | None = None) -> ScoredPairs:
    """How likely a persona's answers to its evaluation questions are, and those of its opposite."""
    pairs = persona.split("evaluation")
    return score_pairs(model, [(p.question, p.positive, p.negative) for p in pairs], system)
