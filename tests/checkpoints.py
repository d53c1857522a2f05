"""Folders with a tiny model, as people have them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, load

WEIGHTS = "model.safetensors"


def save_random(folder: Path) -> LanguageModel:
    """Write the random model into a folder."""
    model = load(get_model("random"))
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return model


def edit_json(path: Path, **changes: Any) -> None:
    """Change entries of a JSON file; None takes one away."""
    content = json.loads(path.read_text()) if path.exists() else {}
    content.update(changes)
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))


def edit_weights(
    folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]
) -> None:
    """Change a folder's tensors."""
    tensors = change(load_file(folder / WEIGHTS))
    whole = {key: values.contiguous() for key, values in tensors.items()}
    save_file(whole, folder / WEIGHTS, metadata={"format": "pt"})


def split_weights(folder: Path) -> list[Path]:
    """Write a folder's weights as two shards with an index."""
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    shards: dict[str, dict[str, torch.Tensor]] = {name: {} for name in names}
    for number, key in enumerate(sorted(tensors)):
        shards[names[number % 2]][key] = tensors[key]
    for name, part in shards.items():
        save_file(part, folder / name, metadata={"format": "pt"})
    places = {key: name for name, part in shards.items() for key in part}
    (folder / f"{WEIGHTS}.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": places})
    )
    return [folder / name for name in names]
