"""One pass of a model over many token trees, which every evaluation by likelihood stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.trees import Tree

TOKENS_AT_ONCE = {"cpu": 2_048, "cuda": 16_384}
"""Positions of one pass, by device."""


def tree_states(model: LanguageModel, trees: Sequence[Tree]) -> Iterator[torch.Tensor]:
    """The last hidden states of each tree's nodes, tree by tree, [nodes, width]."""
    at_once = max(1, TOKENS_AT_ONCE[model.device.type] // max(len(tree) for tree in trees))
    for first in range(0, len(trees), at_once):
        part = trees[first : first + at_once]
        packed = model.pack(part)
        states = model.tree_states(packed)
        yield from (
            states[start : start + len(tree)]
            for start, tree in zip(packed.starts, part, strict=True)
        )
