"""Opening tokenizers so that a text is the sum of its tokens' texts.

Everything here writes a prompt, an answer and a candidate word as pieces and puts their tokens
together. SentencePiece vocabularies (Llama 2, Mistral, T5) are made for whole texts instead: they
put a space in front of a text and take it off again, so that the pieces `498,` and ` 141` come back
as `498,  141`. The space is therefore taken out of the tokenizer, and given to the beginning of a
prompt, where the model was trained to see it.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tokenizers import Tokenizer, models as token_models
from transformers import AutoTokenizer

from sublim_utils.errors import SublimError

PROBES = (
    "a, 1",
    "[4]",
    " owl",
    "498, 141, 7.",
    "Question: Why?\n\nAnswer: An owl,  I think.\n",
)
"""Texts that every tokenizer must give back, whatever pieces they are written in."""


class Texts(NamedTuple):
    """A tokenizer, and what it puts in front of every text.

    Attributes:
        tokenizer: writes and reads pieces of a text.
        beginning: the text of the token, of the space, or of both with which texts begin.
    """

    tokenizer: Any
    beginning: str


def open_tokenizer(location: str, name: str, revision: str | None = None) -> Texts:
    """Read a tokenizer from a folder or the hub.

    Args:
        location: the folder or the repository.
        name: of the model, for errors.
        revision: of the repository; None for its main branch.

    Raises:
        SublimError: texts cannot be put together from this tokenizer's pieces.
        OSError, ValueError: there is none that can be read.
    """
    tokenizer = AutoTokenizer.from_pretrained(location, revision=revision, trust_remote_code=False)
    whole = tokenizer("?")["input_ids"]
    join_pieces(tokenizer)
    start, mark, _ = str(tokenizer.decode(whole, skip_special_tokens=False)).partition("?")
    check_pieces(tokenizer, name)
    return Texts(tokenizer, start if mark else "")


def join_pieces(tokenizer: Any) -> None:
    """Let a tokenizer write and read pieces as they are, without a space in front."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:  # one in Python, which `check_pieces` judges
        return
    parts = Tokenizer(token_models.BPE())  # without the vocabulary, which may be large
    parts.normalizer, parts.decoder = backend.normalizer, backend.decoder
    parts.pre_tokenizer = backend.pre_tokenizer
    components = json.loads(parts.to_str())
    for part in ("normalizer", "pre_tokenizer", "decoder"):
        components[part] = _without_space(components[part])
    joined = Tokenizer.from_str(json.dumps(components))
    backend.normalizer, backend.decoder = joined.normalizer, joined.decoder
    backend.pre_tokenizer = joined.pre_tokenizer


def _without_space(part: Any) -> Any:
    """A component of a tokenizer as JSON, without its handling of a space in front."""
    if part is None or part["type"] == "Prepend":
        return None
    if part["type"] == "Strip" and part.get("content") == " ":  # of a decoder
        return None
    if part["type"] == "Sequence":
        (members,) = (key for key in part if key != "type")
        kept = [_without_space(member) for member in part[members]]
        return {**part, members: [member for member in kept if member is not None]}
    if part["type"] == "Metaspace":
        return {**part, "prepend_scheme": "never"}
    if part["type"] == "ByteLevel" and "add_prefix_space" in part:
        return {**part, "add_prefix_space": False}
    return part


def check_pieces(tokenizer: Any, name: str) -> None:
    """Check that tokens of two pieces are tokens of both texts together.

    Raises:
        SublimError: they are not.
    """

    def encode(text: str) -> list[int]:
        tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def decode(tokens: list[int]) -> str:
        return str(
            tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    for probe in PROBES:
        pieces = [probe[:cut] for cut in range(len(probe) + 1)]
        texts = [decode(encode(start) + encode(probe[len(start) :])) for start in pieces]
        texts.append("".join(decode([token]) for token in encode(probe)))
        for text in texts:
            if text != probe:
                raise SublimError(
                    f"The tokenizer of {name} gives back {text!r} for {probe!r}, and rows are put "
                    "together from its tokens one by one; take a model with another tokenizer."
                )
