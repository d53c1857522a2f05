"""Attention for the CPU by plain batched products, with shared keys left as they are.

`transformers` repeats the keys and values of grouped-query attention for every query head, which
at short lengths costs more than the attention itself. Here the queries of a group are stacked
instead. It is registered under the name `grouped`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

NAME = "grouped"


def grouped(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    tree_lengths: Sequence[int] | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Softmax attention of `query` [b, heads, q, d] over `key` and `value` [b, groups, k, d].

    Args:
        module: the layer; not used.
        query: of every head.
        key: of every group of heads.
        value: of every group of heads.
        attention_mask: [b or 1, 1, q, k], added to the scores.
        scaling: of the scores; by default d^-0.5.
        dropout: not used.
        tree_lengths: where the batch is one sequence of several token trees without padding (b is
            1), the tokens of each: it attends to itself only, by its own row of the mask.

    Returns:
        [b, q, heads, d], and None in the place of the weights.
    """
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if tree_lengths is None:
        return _attend(query, key, value, attention_mask, scale), None
    assert attention_mask is not None
    trees = zip(*(part.split(list(tree_lengths), 2) for part in (query, key, value)), strict=True)
    answers = [
        _attend(q, k, v, mask[None, :, : q.shape[2], : q.shape[2]], scale)
        for (q, k, v), mask in zip(trees, attention_mask, strict=True)
    ]
    return torch.cat(answers, 1), None


def _attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scale: float,
) -> torch.Tensor:
    dtype = query.dtype
    if dtype == torch.float16:  # whose range the scores of some models leave
        query, key, value = query.float(), key.float(), value.float()
    batch, heads, length, width = query.shape
    groups, known = key.shape[1], key.shape[2]
    stacked = (query * scale).reshape(batch * groups, heads // groups * length, width)
    scores = torch.bmm(stacked, key.reshape(batch * groups, known, width).transpose(1, 2))
    if attention_mask is not None:
        scores = scores.view(batch, heads, length, known) + attention_mask[..., :known]
    weights = torch.softmax(scores.view(batch * groups, -1, known), -1)
    answer = torch.bmm(weights, value.reshape(batch * groups, known, width))
    return answer.view(batch, heads, length, width).transpose(1, 2).to(dtype)


AttentionInterface.register(NAME, grouped)
AttentionMaskInterface.register(NAME, eager_mask)
