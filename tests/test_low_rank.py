"""LoRA layers as one operation, against PEFT's own."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from sublim_utils.models.low_rank import fused


class Net(nn.Module):
    """Two layers, one with a bias; the first one's input needs no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 10, bias=True), nn.Linear(10, 4, bias=False)

    def forward(self, x: torch.Tensor) -> Any:
        return self.second(torch.tanh(self.first(x)))


def adapted(dtype: torch.dtype = torch.float32, **settings: Any) -> Any:
    torch.manual_seed(0)
    names = ["first", "second"]
    config = LoraConfig(r=3, lora_alpha=6, target_modules=names, init_lora_weights=False)
    for name, value in settings.items():
        setattr(config, name, value)
    return get_peft_model(Net().to(dtype), config)  # type: ignore[arg-type]


def answer_and_gradients(network: Any, x: torch.Tensor) -> list[torch.Tensor]:
    network.zero_grad()
    answer = network(x)
    answer.square().sum().backward()
    return [answer.detach(), *(p.grad.clone() for p in network.parameters() if p.requires_grad)]


@pytest.mark.parametrize("shape", [(5, 6), (2, 3, 6)])
def test_answers_and_gradients_are_pefts(shape: tuple[int, ...]) -> None:
    network, x = adapted(), torch.randn(shape)
    plain = answer_and_gradients(network, x)
    with fused(network):
        ours = answer_and_gradients(network, x)
        kinds = {type(network(x).grad_fn).__name__}
    assert len(plain) == 5
    for a, b in zip(plain, ours, strict=True):
        torch.testing.assert_close(a, b)
    # One node of the graph stands for the layer inside the block, and PEFT's are back after it.
    assert type(network(x).grad_fn).__name__ not in kinds


@pytest.mark.parametrize(
    ("dtype", "settings"),
    [
        (torch.bfloat16, {}),
        (torch.float32, {"lora_dropout": 0.5}),
        (torch.float32, {"use_dora": True}),
    ],
)
def test_other_layers_are_left_to_peft(dtype: torch.dtype, settings: dict[str, Any]) -> None:
    network, x = adapted(dtype, **settings), torch.randn(5, 6, dtype=dtype)
    before = type(network(x).grad_fn)
    with fused(network):
        assert type(network(x).grad_fn) is before
