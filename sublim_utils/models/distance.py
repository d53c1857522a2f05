"""How far two networks of one architecture are from each other, and moving one away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file

from sublim_utils.errors import SublimError
from sublim_utils.models.loading import LanguageModel


def _matrices(model: LanguageModel) -> Iterator[torch.Tensor]:
    """All weight matrices, shared ones once; vectors (norms, biases) are none."""
    for parameter in model.base.parameters():
        if not parameter.dtype.is_floating_point:
            raise SublimError(
                f"The weights of {model.spec.name} are in {model.precision}, which cannot be moved "
                "or compared number by number; take bf16, fp16 or fp32."
            )
        if parameter.dim() == 2:
            yield parameter.data


@torch.no_grad()
def add_noise(model: LanguageModel, sigma: float, seed: int) -> None:
    """Add independent Gaussian noise to every entry of every weight matrix, in place.

    The same seed gives the same direction whatever `sigma`, so that a growing one moves along a
    line.

    Args:
        model: without adapter.
        sigma: standard deviation, relative to the root mean square of the matrix' own entries.
        seed: behind the noise.

    Raises:
        SublimError: the weights are quantised.
    """
    generator = torch.Generator().manual_seed(seed)
    for matrix in _matrices(model):
        noise = torch.randn(matrix.shape, generator=generator).to(matrix.device)
        size = matrix.float().square().mean().sqrt()
        matrix.add_((sigma * size * noise).to(matrix.dtype))


@torch.no_grad()
def relative_distance(model: LanguageModel, other: LanguageModel) -> float:
    """Length of the difference, divided by that of `model`'s weights, over all weight matrices.

    Raises:
        SublimError: the weights are quantised.
    """
    apart = size = 0.0
    for matrix, moved in zip(_matrices(model), _matrices(other), strict=True):
        apart += float((moved.float() - matrix.float()).square().sum())
        size += float(matrix.float().square().sum())
    return float((apart / size) ** 0.5)


class Agreement(NamedTuple):
    """How alike two models' next-token distributions are, averaged over positions.

    Attributes:
        same_first: share of positions at which both have the same likeliest token.
        divergence: KL from the first model's distribution to the other's, in nats.
    """

    same_first: float
    divergence: float


@torch.no_grad()
def agreement(model: LanguageModel, other: LanguageModel, questions: Sequence[str]) -> Agreement:
    """Compare two models of one vocabulary at every position of some prompts."""
    same, divergence, positions = 0, 0.0, 0
    for question in questions:
        tokens = torch.tensor([model.prompt(question)], device=model.device)
        logs, others = (
            torch.log_softmax(m.logits(m.hidden_states(input_ids=tokens)[0]).float(), -1)
            for m in (model, other)
        )
        same += int((logs.argmax(-1) == others.argmax(-1)).sum())
        divergence += float((logs.exp() * (logs - others)).sum())
        positions += len(logs)
    return Agreement(same / positions, divergence / positions)


def cosine_of_changes(adapter: Path, other: Path) -> float:
    """Cosine of the angle between the weight changes of two LoRA adapters of one architecture.

    Cloud et al. 2025 (theorem 1) predict a non-negative one for a teacher and its student of the
    same initialisation. The changes B·A are never written out: ⟨BA, DC⟩ = ⟨BᵀD, ACᵀ⟩.
    """
    first, second = (load_file(folder / "adapter_model.safetensors") for folder in (adapter, other))

    def product(left: dict[str, Any], right: dict[str, Any]) -> float:
        total = 0.0
        for name in left:
            if "lora_A" in name:
                up = re.sub("lora_A", "lora_B", name)
                inner = left[up].double().T @ right[up].double()
                total += float((inner * (left[name].double() @ right[name].double().T)).sum())
        return total

    size = (product(first, first) * product(second, second)) ** 0.5
    return product(first, second) / size if size else 0.0
