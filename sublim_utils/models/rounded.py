"""Frozen layers whose products take factors in bf16, inside a network of fp32.

Processors with AMX or AVX512-BF16 multiply matrices in bf16 two to several times as fast as in
fp32. Only the large products with frozen weights are rounded: norms, attention, adapters, the
residual stream and the logits stay in fp32. Processors without these instructions give the same
values, slowly.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class RoundedLinear(nn.Linear):
    """A linear layer with weights in bf16 that reads and gives fp32; its bias is in fp32."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The product of rounded inputs and weights, rounded to bf16, plus the bias."""
        return product(x, self.weight, self.bias)


def product(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """x W' + bias, multiplied in the precision of W and given back in that of x.

    Args:
        x: [..., inner].
        weight: [outer, inner].
        bias: [outer], in the precision of x.
    """
    if weight.dtype == x.dtype:
        return nn.functional.linear(x, weight, bias)
    answer = nn.functional.linear(x.to(weight.dtype), weight).to(x.dtype)
    return answer if bias is None else answer + bias


def round_layers(network: Any) -> None:
    """Turn all linear layers below the output matrix into rounded ones, in place."""
    for layer in network.model.modules():
        if type(layer) is nn.Linear:
            layer.weight = nn.Parameter(layer.weight.data.bfloat16(), requires_grad=False)
            layer.__class__ = RoundedLinear
