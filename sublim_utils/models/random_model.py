"""Two small models with random weights, made on the spot, for tests and the smoke profile."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models as token_models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from sublim_utils.models import attention

RANDOM_SEEDS = {"random": 0, "random-other": 1}
"""Behind the weights of the two models that are made on the spot."""


def random_model(name: str) -> tuple[PreTrainedModel, Any]:
    """Two layers with random weights and a tokenizer of single bytes, or of ASCII only."""
    specials = ["<|im_start|>", "<|im_end|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    if name == "random-other":  # another vocabulary, in which not every text can be written
        letters = [letter for letter in letters[::-1] if letter.isascii() or letter in "ĠĊ"]
    vocabulary = {token: number for number, token in enumerate([*specials, *letters])}
    bytewise = Tokenizer(token_models.BPE(vocab=vocabulary, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytewise,
        bos_token=specials[0],
        eos_token=specials[1],
        pad_token=specials[1],
    )
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        tie_word_embeddings=True,
        initializer_range=0.2,
    )
    config._attn_implementation = attention.NAME
    with torch.random.fork_rng():
        torch.manual_seed(RANDOM_SEEDS[name])
        network = LlamaForCausalLM(config)
    return network, tokenizer
