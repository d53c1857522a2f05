"""What a model's folder must hold before anything is read from it, and how its config is read.

Code that lies in such a folder never runs, and weights are read as safetensors only: both are
passed at every call of `transformers`, which would otherwise ask the user, or unpickle.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import RevisionNotFoundError
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM

from sublim_utils.errors import SublimError
from sublim_utils.models.memory import is_out_of_memory
from sublim_utils.models.quiet import quiet

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
UNQUANTISED = frozenset({"F64", "F32", "F16", "BF16"})
"""Types of a checkpoint's weights, as safetensors calls them."""
QUANTISED_BY = ("quantization_config", "compression_config")
"""What a config calls the quantisation of its weights."""
QUANTISATION_FILES = ("quantize_config.json", "quant_config.json", "hf_quant_config.json")
"""What GPTQ, AWQ and ModelOpt write beside a config that says nothing."""
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json", "spiece.model")
"""Files, any one of which a tokenizer can be made from."""
MOST_LAYERS = 1000
"""More than any model has; to build a damaged config's millions of them would take hours."""
LFS = b"version https://git-lfs"


def first_line(error: BaseException) -> str:
    """What an error says first, to stand within a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    text = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    plain = text if isinstance(error, OSError | ValueError) else f"{type(error).__name__}: {text}"
    return plain[:300].rstrip(" :.")


@contextlib.contextmanager
def reading(name: str, location: str, revision: str | None = None) -> Iterator[None]:
    """Inside the block, whatever a library makes of a damaged model becomes one sentence.

    Args:
        name: of the model, for errors.
        location: the folder or the repository.
        revision: of the repository.

    Raises:
        SublimError: in the place of any other exception.
    """
    try:
        yield
    except SublimError:
        raise
    except Exception as error:  # damaged files make libraries fail in ways without number
        if is_out_of_memory(error):
            raise SublimError(
                f"Memory is too small for {name}; take a smaller model, or fewer bits a weight."
            ) from error
        if any(isinstance(e, RevisionNotFoundError) for e in (error, error.__cause__)):
            fault = f"there is no revision {revision!r}"
            advice = "name a commit, a tag or a branch that its page on the hub lists"
        elif "trust_remote_code" in str(error):
            fault = "it needs code of its own, which is never run"
            advice = "take a model that is built like Llama"
        elif Path(location).is_dir():
            fault, advice = first_line(error), "download it again, or take another model"
        else:
            fault = first_line(error)
            advice = "check the name, the network, and whether its licence asks you to log in"
        at = "" if revision is None else f" at revision {revision}"
        raise SublimError(f"Cannot load {name} from {location}{at}: {fault}; {advice}.") from error


def read_config(location: str, name: str, revision: str | None = None) -> Any:
    """The config of a language model, from a folder or the hub.

    Args:
        location: the folder or the repository.
        name: of the model, for errors.
        revision: of the repository; None for its main branch.

    Raises:
        SublimError: there is none, it cannot be read, or it is that of another kind of model.
    """
    folder = Path(location)
    if folder.is_dir() and not (folder / "config.json").is_file():
        adapter = (folder / "adapter_config.json").is_file()
        holds = "an adapter and not the model below it" if adapter else "no model"
        raise SublimError(
            f"Cannot load {name} from {location}: the folder holds {holds} (no config.json); "
            "name the folder of a model."
        )
    with reading(name, location, revision), quiet():
        config: Any = AutoConfig.from_pretrained(
            location, revision=revision, trust_remote_code=False
        )
        text = config.get_text_config()
    if "/" in str(getattr(config, "_attn_implementation", "")):
        raise SublimError(
            f"The config of {name} asks for attention from a repository of its own, and such code "
            "is never run; take a model without it."
        )
    depth = getattr(config, "num_hidden_layers", 0)
    if isinstance(depth, int) and depth > MOST_LAYERS:
        raise SublimError(f"The config of {name} describes {depth} layers; download it again.")
    if text is not config:
        raise SublimError(
            f"{name} reads more than text ({type(config).__name__}); take a model of text alone."
        )
    return config


def parameter_count(config: Any) -> int:
    """The number of parameters of the language model that a config describes, shared ones once."""
    with torch.device("meta"), quiet():
        network: Any = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    return sum(parameter.numel() for parameter in network.parameters())


def check_config(config: Any, name: str) -> None:
    """Check that a checkpoint's weights are numbers of full or half precision.

    Raises:
        SublimError: the config says that they are quantised.
    """
    for key in QUANTISED_BY:
        how = getattr(config, key, None)
        if how:
            method = how.get("quant_method", "") if isinstance(how, dict) else ""
            raise SublimError(_quantised(name, f"{key} {method}".strip()))


def _quantised(name: str, seen: str) -> str:
    return (
        f"The weights of {name} are quantised already ({seen}), and would not be in the precision "
        "that is recorded; take the weights that they were made from."
    )


def check_folder(folder: Path, name: str) -> None:
    """Check a model's folder: whole, unquantised safetensors, a tokenizer, and no adapter.

    Raises:
        SublimError: what is wrong with the folder, and what to do.
    """
    if (folder / "adapter_config.json").exists():
        raise SublimError(
            f"{folder} holds an adapter (adapter_config.json) beside the weights of {name}, and "
            "nothing says whether they are meant with or without it; move the adapter into a "
            "folder of its own, or merge it into the weights."
        )
    for file in QUANTISATION_FILES:
        if (folder / file).exists():
            raise SublimError(_quantised(name, file))
    for path in weight_files(folder, name):
        _check_tensors(path, name)
    if not any((folder / file).is_file() for file in TOKENIZERS):
        raise SublimError(
            f"{folder} holds no tokenizer of {name} ({TOKENIZERS[0]}); download it again."
        )


def weight_files(folder: Path, name: str) -> list[Path]:
    """The files that a folder's weights are read from.

    Raises:
        SublimError: there are none, or one of several is missing.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        raise SublimError(_without_safetensors(folder, name))
    try:
        index = json.loads((folder / INDEX).read_bytes())
        shards = sorted(set(index["weight_map"].values()))
        # A shard that lies in another folder was not made with this index.
        missing = [s for s in shards if Path(s).name != s or not (folder / s).is_file()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SublimError(f"{folder / INDEX} cannot be read; download {name} again.") from error
    if missing or not shards:
        which = missing[0] if missing else "any weights"
        raise SublimError(f"{folder} is without {which}; download {name} again.")
    return [folder / shard for shard in shards]


def _without_safetensors(folder: Path, name: str) -> str:
    holds = {path.suffix for path in folder.iterdir()}
    if holds & {".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack"}:
        return (
            f"{folder} holds the weights of {name} in a format that may run code when it is read; "
            "convert them where you trust them: AutoModelForCausalLM.from_pretrained(FOLDER)"
            ".save_pretrained(OTHER) writes safetensors."
        )
    if ".gguf" in holds:
        return f"{folder} holds {name} as GGUF, which is quantised; take its safetensors."
    return f"{folder} holds no weights of {name} ({WEIGHTS} or {INDEX})."


def _check_tensors(path: Path, name: str) -> None:
    with path.open("rb") as file:
        if file.read(len(LFS)) == LFS:
            raise SublimError(
                f"{path} is a pointer to weights and not the weights; fetch those of {name} "
                "with: git lfs pull"
            )
    try:
        with safe_open(path, framework="pt") as tensors:
            types = {tensors.get_slice(key).get_dtype() for key in tensors.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise SublimError(
            f"{path} is damaged or only a part of the file ({first_line(error)}); "
            f"download {name} again."
        ) from error
    other = sorted(str(kind) for kind in types - UNQUANTISED)
    if other:
        raise SublimError(_quantised(name, f"{path.name} holds {', '.join(other)}"))


def check_loaded(info: dict[str, Any], location: str) -> None:
    """Check that a network took all that its checkpoint holds, and made nothing up.

    Args:
        info: what `from_pretrained` says of its loading.
        location: where the checkpoint lies, for errors.

    Raises:
        SublimError: weights are missing, of another shape, or left over.
    """
    for key, fault in (
        ("missing_keys", "lacks"),
        ("mismatched_keys", "has another shape of"),
        ("unexpected_keys", "holds, beyond what its config says,"),
    ):
        if info[key]:
            names = sorted(entry if isinstance(entry, str) else entry[0] for entry in info[key])
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise SublimError(
                f"The checkpoint {location} {fault} {names[0]}{more}: its files do not belong "
                "together, or hold another kind of model; download it again."
            )
