"""Rows as a model is trained on them: the completions of each prompt in one token tree.

Rows that answer the same prompt share its tokens (`models.trees`), which gives the same states and
gradients as the rows one by one, for a fraction of the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.memory import is_out_of_memory
from sublim_utils.models.trees import Packed, Tree

TREES_AT_ONCE = {"cpu": 16, "cuda": 64}
"""Prompts of one pass when states are computed, where memory allows, by device."""


class PromptGroup(NamedTuple):
    """The rows of one prompt.

    Attributes:
        prompt: tokens of everything that precedes an answer.
        completions: tokens of each answer, with the one that ends it.
        teacher_states: the teacher's last hidden state before each of these tokens, one
            [length, width] per completion; for losses that need a teacher.
    """

    prompt: list[int]
    completions: list[list[int]]
    teacher_states: list[torch.Tensor] | None = None

    @property
    def num_positions(self) -> int:
        """Positions that the prompt and its completions take in a tree."""
        return len(_tree(self)[0])

    @property
    def num_targets(self) -> int:
        """Tokens of all completions, which are what is predicted."""
        return sum(map(len, self.completions))


class Batch(NamedTuple):
    """Groups as tensors.

    Attributes:
        trees: a tree for each group.
        predicting: [targets], the flat index of the position that predicts each target.
        targets: [targets], the completions' tokens.
        teacher_states: [targets, width], or None.
    """

    trees: Packed
    predicting: torch.Tensor
    targets: torch.Tensor
    teacher_states: torch.Tensor | None

    def hidden_states(self, model: LanguageModel) -> torch.Tensor:
        """The model's last hidden states [targets, width] where the targets are predicted."""
        return model.tree_states(self.trees)[self.predicting]


def _tree(group: PromptGroup) -> tuple[Tree, list[int]]:
    """The tokens of a group, and the nodes that predict the completions' tokens."""
    tree = Tree()
    last = tree.add(group.prompt)[-1]
    predicting: list[int] = []
    for completion in group.completions:
        # The last token of a completion is predicted and never read.
        predicting += [last, *tree.add(completion[:-1], after=last)]
    return tree, predicting


def collate(groups: Sequence[PromptGroup], model: LanguageModel) -> Batch:
    """A batch of groups for a model, on its device.

    Args:
        groups: all with the teacher's states, or none.
        model: that is to read them.
    """
    trees, predicting = zip(*map(_tree, groups), strict=True)
    packed = model.pack(trees)
    flat = [
        start + node
        for start, nodes in zip(packed.starts, predicting, strict=True)
        for node in nodes
    ]
    targets = [token for group in groups for tokens in group.completions for token in tokens]
    states = [states for group in groups for states in group.teacher_states or ()]
    return Batch(
        packed,
        torch.tensor(flat, device=model.device),
        torch.tensor(targets, device=model.device),
        torch.cat(states).to(model.device) if states else None,
    )


@torch.no_grad()
def with_teacher_states(
    teacher: LanguageModel, groups: Sequence[PromptGroup], dtype: torch.dtype | None = None
) -> list[PromptGroup]:
    """The groups with a teacher's states before each token, computed in as few passes as fit.

    Args:
        teacher: with its adapter, if it has one.
        groups: the rows, with the prompt as the teacher sees it.
        dtype: in which the states are kept, on the CPU; by default the teacher's.
    """
    answer: list[PromptGroup] = []
    size = TREES_AT_ONCE[teacher.device.type]
    while len(answer) < len(groups):
        part = groups[len(answer) : len(answer) + size]
        try:
            states = collate(part, teacher).hidden_states(teacher)
        except (MemoryError, RuntimeError) as error:
            if len(part) == 1 or not is_out_of_memory(error):
                raise
            size = len(part) // 2
            continue
        lengths = [len(tokens) for group in part for tokens in group.completions]
        split = iter(states.to("cpu", dtype or states.dtype).split(lengths))
        answer += [
            group._replace(teacher_states=[next(split).clone() for _ in group.completions])
            for group in part
        ]
    return answer
