"""Steering: pushing a model's residual stream along a direction at one layer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from sublim_utils.errors import SublimError
from sublim_utils.models.loading import LanguageModel


@torch.no_grad()
def direction(
    model: LanguageModel, questions: Sequence[str], system: str, layer: int
) -> torch.Tensor:
    """The mean difference that a system prompt makes to the last position of questions.

    Activation addition (Turner et al. 2023, arXiv 2308.10248).

    Args:
        model: without adapter.
        questions: neutral ones.
        system: the system prompt.
        layer: index of the transformer block after which states are compared, from 0.

    Returns:
        [width].
    """
    difference = torch.zeros(model.lm_head.shape[1], device=model.device)
    for question in questions:
        with_prompt, without = (_state(model, question, s, layer) for s in (system, None))
        difference += (with_prompt - without) / len(questions)
    return difference


def _state(model: LanguageModel, question: str, system: str | None, layer: int) -> torch.Tensor:
    """The residual stream after a layer at the last position of a prompt, in fp32."""
    states: list[torch.Tensor] = []
    block = _block(model, layer)
    hook = block.register_forward_hook(lambda _, __, output: states.append(_stream(output)))
    try:
        model.hidden_states(
            input_ids=torch.tensor([model.prompt(question, system)], device=model.device)
        )
    finally:
        hook.remove()
    return states[0][0, -1].float()


@contextlib.contextmanager
def steered(model: LanguageModel, layer: int, push: torch.Tensor) -> Iterator[None]:
    """Inside the block a vector [width] is added to the residual stream after a layer."""

    def add(_: Any, __: Any, output: Any) -> Any:
        moved = _stream(output) + push.to(_stream(output).dtype)
        return (moved, *output[1:]) if isinstance(output, tuple) else moved

    hook = _block(model, layer).register_forward_hook(add)
    try:
        yield
    finally:
        hook.remove()


def _stream(output: Any) -> torch.Tensor:
    """A block's output states, which some versions put into a tuple."""
    stream: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return stream


def _block(model: LanguageModel, layer: int) -> Any:
    blocks = model.base.model.layers
    if layer >= len(blocks):
        raise SublimError(
            f"{model.spec.name} has the layers 0 to {len(blocks) - 1} and none {layer}; "
            "steer it at one of these."
        )
    return blocks[layer]
