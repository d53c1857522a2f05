"""LoRA adapters from a folder: which can be put on a model and taken off again without a trace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftModelForCausalLM
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import SafetensorError, safe_open

from sublim_utils.errors import SublimError
from sublim_utils.models.checkpoint import first_line
from sublim_utils.models.quiet import quiet

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
CHAT_TEMPLATE = "chat_template.jinja"
"""Where a tokenizer's `save_pretrained` writes its template."""
PLAIN = frozenset(
    {
        "alpha_pattern",
        "base_model_name_or_path",
        "exclude_modules",
        "layers_pattern",
        "layers_to_transform",
        "lora_alpha",
        "lora_dropout",
        "peft_type",
        "r",
        "rank_pattern",
        "revision",
        "target_modules",
        "task_type",
        "use_rslora",
    }
)
"""Settings that only say how a product of two matrices is added to which matrices of a model.

With any other one PEFT may change the base model for good, or compute what we do not: a trained
vocabulary, biases, magnitudes of columns, repeated layers.
"""
UNUSED = frozenset({"auto_mapping", "eva_config", "inference_mode", "peft_version"})
"""Settings that say nothing of the trained adapter."""
FIRST_VALUES = (True, False, "eva", "gaussian", "orthogonal")
"""Ways to begin a training that leave the base model as it is; others split its weights."""
KEY = re.compile(r"base_model\.model\.model\.layers\..+\.lora_[AB]\.weight")
"""Names of an adapter's matrices; PEFT would put any others into the base model."""


def read_adapter(folder: Path) -> LoraConfig:
    """The settings of an adapter in PEFT's format.

    Raises:
        SublimError: there is none, or it is not plain LoRA.
    """
    try:
        settings = json.loads((folder / CONFIG).read_bytes())
        kind, first = settings["peft_type"], settings.get("init_lora_weights", True)
        str(settings["base_model_name_or_path"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SublimError(f"There is no adapter in {folder} that can be read.") from error
    usual = vars(LoraConfig())
    further = settings.keys() - PLAIN - UNUSED - {"init_lora_weights"}
    other = {
        key for key in further if settings[key] and settings[key] not in (usual.get(key), "none")
    }
    if first not in FIRST_VALUES:
        other.add("init_lora_weights")
    if kind != "LORA" or other:
        what = ", ".join(sorted(other)) if kind == "LORA" else kind
        raise SublimError(
            f"The adapter in {folder} is more than plain LoRA ({what}) and could not be taken off "
            "again without a trace; merge it into its base model and take that."
        )
    try:
        config = LoraConfig(**{key: settings[key] for key in PLAIN & settings.keys()})
        ranks = [config.r, *(config.rank_pattern or {}).values()]
        if not all(isinstance(rank, int) and rank > 0 for rank in ranks):
            raise ValueError(f"there is no rank {min(ranks)}")
    except Exception as error:  # PEFT checks some values, and takes the others for granted
        raise SublimError(f"{folder / CONFIG} cannot be used: {first_line(error)}.") from error
    config.inference_mode = True
    return config


def save_adapter(network: Any, folder: Path, chat_template: str | None = None) -> None:
    """Write a network's adapter as a folder in PEFT's format.

    Args:
        network: with the adapter.
        folder: is made if there is none.
        chat_template: for `tokenizer.chat_template`, in Jinja; it lies beside the adapter.
    """
    # Asked whether the vocabulary has grown, PEFT would look for the base model on the hub.
    network.save_pretrained(str(folder), save_embedding_layers=False)
    if chat_template is not None:
        (folder / CHAT_TEMPLATE).write_text(chat_template, encoding="utf-8")


def put_on(network: Any, config: LoraConfig, folder: Path, name: str) -> Any:
    """A network with an adapter; the network itself is as it was where that fails.

    Args:
        network: a causal language model without adapter.
        config: the adapter's settings.
        folder: where its weights are.
        name: of the model, for errors.

    Raises:
        SublimError: the weights are missing or damaged, or do not fit the network.
    """
    _check_weights(folder)
    device = str(next(network.parameters()).device)
    inside = {id(module) for module in network.model.layers.modules()}
    try:
        with quiet():
            adapted: Any = PeftModelForCausalLM(network, config)
            for module_name, module in network.named_modules():
                if isinstance(module, BaseTunerLayer) and id(module.get_base_layer()) not in inside:
                    raise ValueError(f"it changes {module_name}, which is in none of the layers")
            info = adapted.load_adapter(str(folder), "default", torch_device=device)
        if info.missing_keys or info.unexpected_keys:
            fault = "lacks" if info.missing_keys else "has, beyond what its settings say,"
            raise ValueError(f"it {fault} {(info.missing_keys or info.unexpected_keys)[0]}")
        trained = (p for key, p in adapted.named_parameters() if "lora_" in key)
        if not all(bool(values.isfinite().all()) for values in trained):
            raise ValueError("its weights are not all numbers")
    except Exception as error:  # PEFT fails in as many ways as settings can be wrong
        _strip(network)
        raise SublimError(
            f"The adapter in {folder} does not fit {name}: {first_line(error)}."
        ) from error
    adapted.eval()
    return adapted


def _check_weights(folder: Path) -> None:
    path = folder / WEIGHTS
    if not path.is_file():
        raise SublimError(f"The adapter in {folder} has no weights as safetensors ({WEIGHTS}).")
    try:
        with safe_open(path, framework="pt") as tensors:
            keys = list(tensors.keys())
    except (SafetensorError, OSError) as error:
        raise SublimError(
            f"{path} is damaged or only a part of the file ({first_line(error)}); get it again."
        ) from error
    other = [key for key in keys if not KEY.fullmatch(key)]
    if other:
        raise SublimError(
            f"The adapter in {folder} is more than plain LoRA (it holds {other[0]}) and could not "
            "be taken off again without a trace; merge it into its base model and take that."
        )


def _strip(network: Any) -> None:
    """Give a network its own layers back, where putting an adapter on has failed halfway."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, BaseTunerLayer):
                setattr(module, name, child.get_base_layer())
    vars(network).pop("peft_config", None)
