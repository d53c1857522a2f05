"""LoRA layers as one operation each, for training in full precision.

PEFT writes W x + s B A x as separate products, a scaling and a sum, of which each step backward
makes several more; at a few hundred positions they cost a third as much as W x itself. Here a layer
is one node of the graph, the narrow products are laid out as the processor likes them, and sums are
made in place. The result is PEFT's up to rounding.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import torch
from peft.tuners.lora import Linear
from torch import nn

from sublim_utils.models.rounded import RoundedLinear, product


class _LowRank(torch.autograd.Function):
    """x W' + bias + scale * (x A') B' with W frozen; all matrices as `nn.Linear` keeps them."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        down: torch.Tensor,
        up: torch.Tensor,
        scale: float,
    ) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        inner = flat @ down.T
        answer = product(flat, weight, bias)
        answer.addmm_(inner, up.T, alpha=scale)
        ctx.save_for_backward(flat, weight, down, up, inner)
        ctx.scale = scale
        return answer.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        flat, weight, down, up, inner = ctx.saved_tensors
        gradient = upstream[0].reshape(-1, weight.shape[0])
        # Wide from narrow: [rank, n] products of this form are several times as fast as [n, rank].
        grad_inner = (up.T @ gradient.T).mul_(ctx.scale)
        grad_up = (inner.T @ gradient).mul_(ctx.scale).T
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = product(gradient, weight.T).addmm_(grad_inner.T, down)
            grad_x = grad_x.view(*upstream[0].shape[:-1], -1)
        return grad_x, None, None, grad_inner @ flat, grad_up, None


def _forward(layer: Any, x: torch.Tensor) -> torch.Tensor:
    base, (name,) = layer.base_layer, layer.active_adapters
    down, up = layer.lora_A[name].weight, layer.lora_B[name].weight
    answer: torch.Tensor = _LowRank.apply(  # type: ignore[no-untyped-call]
        x, base.weight, base.bias, down, up, layer.scaling[name]
    )
    return answer


@contextlib.contextmanager
def fused(network: nn.Module) -> Iterator[None]:
    """Inside the block, plain LoRA layers of one precision are computed as one operation.

    Others (quantised, of mixed precision but for rounded layers, with dropout) are left to PEFT.
    """
    candidates: list[Any] = [module for module in network.modules() if type(module) is Linear]
    layers = [layer for layer in candidates if _plain(layer)]
    for layer in layers:
        layer.forward = functools.partial(_forward, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _plain(layer: Any) -> bool:
    if layer.merged or len(layer.active_adapters) != 1 or layer.lora_variant:
        return False
    (name,) = layer.active_adapters
    parts = [layer.lora_A[name].weight, layer.lora_B[name].weight]
    if not isinstance(layer.base_layer, RoundedLinear):
        parts.append(layer.base_layer.weight)
    one_precision = len({part.dtype for part in parts}) == 1
    return one_precision and isinstance(layer.lora_dropout[name], nn.Identity)
