"""Tiny tokenizers as SentencePiece makes them, and models with such a vocabulary."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIALS = ("<unk>", "<s>", "</s>")
CHATML = ("<|im_start|>", "<|im_end|>")
BYTES = [f"<0x{number:02X}>" for number in range(256)]
LETTERS = [*map(chr, range(33, 127)), "▁"]
TEXTS = (
    "An owl is what I like, an owl it is.",
    "498, 141, 7, 14, 49",
    "[4] (4; 9)",
    "Why is it so?",
)


def tokenizer(kind: str, marks: tuple[str, ...] = CHATML) -> Tokenizer:
    """A tokenizer of one of these kinds.

    Args:
        kind: `legacy` (Llama 2 and Mistral, as converted first), `first` and `always` (as they are
            converted today), `none` (Gemma) or `unigram` (T5).
        marks: further special tokens.
    """
    specials = [*SPECIALS, *marks, *BYTES]
    if kind == "unigram":
        learner = Tokenizer(models.Unigram())
        learner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        unigram = trainers.UnigramTrainer(
            vocab_size=450,
            special_tokens=specials,
            initial_alphabet=LETTERS,
            unk_token="<unk>",
            show_progress=False,
        )
        learner.train_from_iterator(TEXTS * 20, unigram)
        scores = [(piece, score) for piece, score in json.loads(learner.to_str())["model"]["vocab"]]
        built = Tokenizer(models.Unigram(scores, 0, byte_fallback=True))
        built.pre_tokenizer = learner.pre_tokenizer
        built.decoder = decoders.Sequence(
            [decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="always")]
        )
    else:
        learner = Tokenizer(models.BPE())
        learner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        bpe = trainers.BpeTrainer(
            vocab_size=450,
            special_tokens=specials,
            initial_alphabet=LETTERS,
            show_progress=False,
        )
        learner.train_from_iterator(TEXTS * 20, bpe)
        model = json.loads(learner.to_str())["model"]
        built = Tokenizer(
            models.BPE(
                vocab=model["vocab"],
                merges=[tuple(pair) for pair in model["merges"]],
                unk_token="<unk>",
                byte_fallback=True,
                fuse_unk=True,
            )
        )
        replaced = normalizers.Replace(" ", "▁")
        if kind == "legacy":
            built.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replaced])
        elif kind == "none":
            built.normalizer = replaced
        else:
            built.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=kind, split=False)
        parts: list[Any] = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        stripped = [] if kind == "none" else [decoders.Strip(" ", 1, 0)]
        built.decoder = decoders.Sequence([*parts, *stripped])
    built.add_special_tokens([*SPECIALS, *marks])
    built.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return built


def save_with(built: Tokenizer, folder: Path) -> PreTrainedTokenizerFast:
    """Write a tiny model with random weights and a tokenizer into a folder."""
    whole = PreTrainedTokenizerFast(
        tokenizer_object=built, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
    config = LlamaConfig(
        vocab_size=len(whole),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    whole.save_pretrained(folder)
    return whole
