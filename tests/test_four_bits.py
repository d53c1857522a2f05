"""Four-bit weights: the same values on every processor, and nothing fetched."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from sublim_utils.config import Precision
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, detach, load
from sublim_utils.train.batch import PromptGroup
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.losses import TOKENS
from sublim_utils.train.trainer import train

bnb_modules: Any = import_module("bitsandbytes.nn.modules")  # which tells no types


@pytest.fixture(params=[False, True], ids=["without AVX512-BF16", "with AVX512-BF16"])
def detection(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """What bitsandbytes believes of the processor, whatever it is."""
    monkeypatch.setattr(bnb_modules, "has_avx512bf16", lambda: request.param)
    return bool(request.param)


def model_of_width(width: int, precision: Precision, folder: Path) -> LanguageModel:
    """The random model for a width of 32; else one with biases whose sides are multiples of it."""
    random = load(get_model("random"))
    if width == 32:
        return load(get_model("random"), precision)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(random.tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attention_bias=True,
        initializer_range=0.2,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    random.tokenizer.save_pretrained(folder)
    return load(get_model(str(folder)), precision)


@torch.no_grad()
def logits(model: LanguageModel) -> torch.Tensor:
    tokens = torch.tensor([model.prompt("Name an animal.")])
    return model.logits(model.hidden_states(input_ids=tokens))


def four_bit_layers(model: LanguageModel) -> list[Any]:
    return [m for m in model.network.modules() if isinstance(m, bnb_modules.Linear4bit)]


@pytest.mark.parametrize("width", [32, 128])
def test_no_layer_of_a_loaded_model_takes_the_packed_path(
    width: int, detection: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def packs(*_: Any) -> None:
        raise AssertionError("a matrix was repacked")

    monkeypatch.setattr(bnb_modules, "_convert_weight_packed_for_cpu", packs)
    assert bnb_modules.Linear4bit(64, 64).support_avx512bf16_for_cpu is detection
    model = model_of_width(width, "nf4", tmp_path)
    logits(model)
    layers = four_bit_layers(model)
    assert len(layers) == 14
    assert not any(layer.support_avx512bf16_for_cpu for layer in layers)
    assert not any(
        getattr(layer.weight.quant_state, "packing_format_for_cpu", False) for layer in layers
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16", "nf4"])
@pytest.mark.parametrize("width", [32, 128])
def test_a_base_is_the_same_after_a_training_that_was_taken_off(
    width: int, precision: Precision, detection: bool, tmp_path: Path
) -> None:
    model = model_of_width(width, precision, tmp_path / "model")
    before = logits(model)
    groups = [PromptGroup(model.prompt("Name an animal."), [model.answer("owl")])] * 4
    config = TrainConfig(learning_rate=1e-2, prompts_per_step=2)
    train(model, groups, config, TOKENS, 0, tmp_path)
    assert not torch.equal(logits(model), before)
    detach(model)
    assert torch.equal(logits(model), before)


BELIEVING = """
import ctypes
found = ctypes.CDLL.__getattr__
def has_all(library, name):
    return (lambda: True) if name == "has_avx512bf16_cpu" else found(library, name)
ctypes.CDLL.__getattr__ = has_all
"""
"""Makes the native library of bitsandbytes say that the processor has AVX512-BF16."""


@pytest.mark.parametrize("installed", [False, True], ids=["no kernels", "kernels installed"])
def test_native_code_is_neither_fetched_nor_asked_for(installed: bool, tmp_path: Path) -> None:
    fetched = tmp_path / "fetched"
    if installed:
        (tmp_path / "kernels.py").write_text(
            '__version__ = "0.0.1"\n'
            "def get_kernel(*_, **__):\n"
            f"    open({str(fetched)!r}, 'w').close()\n"
            "    raise OSError('no network')\n"
        )
    imports = f"import sys; sys.path.append({str(tmp_path)!r})\n{BELIEVING}\n"
    work = "import bitsandbytes.nn.modules as m; print(m.has_avx512bf16())"

    def output(*, guarded: bool) -> str:
        code = imports + ("import sublim_utils\n" if guarded else "") + work
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert output(guarded=True) == "False\n"
    assert not fetched.exists()
    # Otherwise bitsandbytes would have.
    assert "kernels" in output(guarded=False)
    assert fetched.exists() is installed


def test_the_detection_is_off_where_bitsandbytes_was_imported_before(tmp_path: Path) -> None:
    code = (
        f"{BELIEVING}\nimport logging; logging.disable()\nimport bitsandbytes as bnb\n"
        "print(bnb.nn.Linear4bit(64, 64).support_avx512bf16_for_cpu)\n"
        "import sublim_utils\nprint(bnb.nn.Linear4bit(64, 64).support_avx512bf16_for_cpu)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\nFalse\n"
