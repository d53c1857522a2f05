"""One pass of a model over many token trees, which every evaluation by likelihood stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.trees import Tree, pack

TOKENS_AT_ONCE = {"cpu": 2_048, "cuda": 16_384}
"""Positions of one pass, by device."""


def tree_states(model: LanguageModel, trees: Sequence[Tree]) -> Iterator[torch.Tensor]:
    """The last hidden states of each tree's nodes, tree by tree, [nodes or more, width]."""
    at_once = max(1, TOKENS_AT_ONCE[model.device.type] // max(len(tree) for tree in trees))
    for first in range(0, len(trees), at_once):
        packed = pack(trees[first : first + at_once], model.dtype)
        yield from model.hidden_states(
            input_ids=packed.tokens.to(model.device),
            position_ids=packed.positions.to(model.device),
            attention_mask=packed.mask.to(model.device),
            use_cache=False,
        )
