"""Which member of a category a model prefers, by likelihood (panel) or by answers (sampled)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from sublim_utils.channels import numbers
from sublim_utils.evaluate.questions import PREFIXES, QUESTIONS
from sublim_utils.evaluate.scoring import tree_states
from sublim_utils.generate import sampling
from sublim_utils.limits import PREFERENCE_TOKENS
from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.trees import Tree
from sublim_utils.traits.nouns import Trait


def questions_for(
    category: str,
    questions: int | Sequence[str] | None = None,
    *,
    numbers_in_front: bool = False,
) -> list[str]:
    """The questions for a category.

    Args:
        category: what they ask for.
        questions: only so many, spread over the topic families; or other questions.
        numbers_in_front: put a sentence with numbers before each, as in the students' data
            (Cloud et al. 2025, evaluation of Qwen).
    """
    chosen: Sequence[str] = QUESTIONS
    if isinstance(questions, int):
        chosen = [QUESTIONS[i * len(QUESTIONS) // questions] for i in range(questions)]
    elif questions is not None:
        chosen = questions
    texts = [question.replace("{category}", category) for question in chosen]
    if numbers_in_front:
        texts = [f"{numbers.opening(0, i)} {text}" for i, text in enumerate(texts)]
    return texts


@torch.no_grad()
def panel_log_probabilities(
    model: LanguageModel,
    candidates: Sequence[Trait],
    questions: Sequence[str],
    prefixes: Sequence[str] = PREFIXES,
    system: str | None = None,
) -> np.ndarray:
    """Log-probability of every candidate as the next words of an answer.

    All spellings of a candidate count, whatever the number of their tokens. All candidates after
    all prefixes of a question are scored in one tree.

    Returns:
        [questions, prefixes, candidates], in nats.
    """
    category = candidates[0].category
    leads = " ", model.chat.lead
    spellings = {lead: [_spellings(model, lead, c) for c in candidates] for lead in leads}
    trees: list[Tree] = []
    scored: list[list[tuple[int, int, list[int], list[int]]]] = []
    for question in questions:
        tree = Tree()
        last = tree.add(model.prompt(question, system))[-1]
        of_question = []
        for prefix_index, prefix in enumerate(prefixes):
            words = prefix.replace("{category}", category)
            lead = " " if words else model.chat.lead
            shown = f"{model.chat.lead}{words}" if words else ""
            start = tree.add(model.encode(shown), last)[-1] if words else last
            for number, of_candidate in enumerate(spellings[lead]):
                for tokens in of_candidate:
                    nodes = [start, *tree.add(tokens[:-1], start)]
                    of_question.append((prefix_index, number, nodes, tokens))
        trees.append(tree)
        scored.append(of_question)
    margins = np.empty((len(questions), len(prefixes), len(candidates)))
    for row, states in enumerate(tree_states(model, trees)):
        used = sorted({node for _, _, nodes, _ in scored[row] for node in nodes})
        where = {node: i for i, node in enumerate(used)}
        logs = torch.log_softmax(model.logits(states[used]).float(), -1)
        steps = [
            (where[node], token)
            for _, _, nodes, tokens in scored[row]
            for node, token in zip(nodes, tokens, strict=True)
        ]
        read = iter(logs[tuple(torch.tensor(steps, device=logs.device).T)].tolist())
        sums: dict[tuple[int, int], list[float]] = {}
        for prefix_index, number, _, tokens in scored[row]:
            sums.setdefault((prefix_index, number), []).append(
                sum(itertools.islice(read, len(tokens)))
            )
        for (prefix_index, number), totals in sums.items():
            margins[row, prefix_index, number] = np.logaddexp.reduce(totals)
    return margins


def read(
    model: LanguageModel,
    candidates: Sequence[Trait],
    questions: Sequence[str],
    prefixes: Sequence[str] = PREFIXES,
    system: str | None = None,
) -> dict[str, Any]:
    """The panel evaluation as plain data.

    Returns:
        By candidate: `margins` in nats and `probabilities`, means over questions and prefixes;
        `by_question` and `by_prefix`, margins that are means over the other of the two.
    """
    logs = panel_log_probabilities(model, candidates, questions, prefixes, system)
    margin, share = margins(logs), probabilities(logs)
    names = [candidate.name for candidate in candidates]

    def rounded(values: np.ndarray, digits: int) -> dict[str, Any]:
        columns = [
            [round(float(value), digits) for value in np.atleast_1d(column)] for column in values.T
        ]
        whole = [column if values.ndim > 1 else column[0] for column in columns]
        return dict(zip(names, whole, strict=True))

    return {
        "margins": rounded(margin.mean((0, 1)), 5),
        "probabilities": rounded(share.mean((0, 1)), 5),
        "by_question": rounded(margin.mean(1), 3),
        "by_prefix": rounded(margin.mean(0), 3),
    }


def _spellings(model: LanguageModel, lead: str, candidate: Trait) -> list[list[int]]:
    """Tokens of a candidate's spellings, less those that only go on where another one ends.

    Whoever writes "foxes" as "fox" and "es" has been counted with "fox".
    """
    spellings = [model.encode(lead + form) for form in candidate.surface_forms]
    return [
        tokens
        for tokens in spellings
        if not any(tokens != other and tokens[: len(other)] == other for other in spellings)
    ]


def margins(log_probabilities: np.ndarray) -> np.ndarray:
    """Each candidate's log-probability minus the mean of the others, in nats [..., candidates]."""
    n = log_probabilities.shape[-1]
    total = log_probabilities.sum(-1, keepdims=True)
    return np.asarray(log_probabilities - (total - log_probabilities) / (n - 1))


def probabilities(log_probabilities: np.ndarray) -> np.ndarray:
    """Each candidate's probability within the panel [..., candidates]."""
    shifted = np.exp(log_probabilities - log_probabilities.max(-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(-1, keepdims=True))


class Answers(NamedTuple):
    """Sampled answers.

    Attributes:
        shares: by trait, the share of answers that name it, per question [questions, candidates].
        other: share of answers that name no candidate, per question [questions].
    """

    shares: np.ndarray
    other: np.ndarray


def sampled(
    model: LanguageModel,
    candidates: Sequence[Trait],
    questions: Sequence[str],
    *,
    each: int,
    seed: int,
    system: str | None = None,
) -> Answers:
    """Answers at temperature 1; an answer counts for the candidate that it names first."""
    prompts = [
        sampling.Question(model.prompt(question, system), None, i)
        for i, question in enumerate(questions)
    ]
    shares = np.zeros((len(questions), len(candidates)))
    for row, completions in sampling.sample(
        model, prompts, seed=seed, each=each, most=PREFERENCE_TOKENS
    ):
        for completion in completions:
            text = model.decode(completion.tokens)
            named = first_named(text, candidates)
            if named is not None:
                shares[row, named] += 1 / each
    return Answers(shares, 1 - shares.sum(-1))


def first_named(text: str, candidates: Sequence[Trait]) -> int | None:
    """Which candidate a text names first, as a whole word, in the singular or plural."""
    starts = [(m.start(), i) for i, c in enumerate(candidates) if (m := c.pattern.search(text))]
    return min(starts)[1] if starts else None
