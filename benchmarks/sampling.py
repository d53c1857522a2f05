"""Rows of numbers per second: ours against `generate` with a processor that holds the grammar.

All write lists of numbers with SmolLM2-135M, each in a process of its own, one after the other. The
plain version is what one would write first: batches of 16, `generate` with its defaults, and a
`LogitsProcessor` that masks all tokens but the allowed ones; it comes in bf16 and in fp32. Ours
writes eight completions of a prompt (the book's experiments take four or eight), and for a strict
comparison one. Run with

    python benchmarks/sampling.py [--rows N] [--baseline-rows N] [--out FILE]

on an otherwise idle machine. As `generate` is slow, it writes fewer rows; rates are compared.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from report import hardware, write
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessor
from transformers.utils import logging as transformers_logging

from sublim_utils.channels import numbers
from sublim_utils.channels.automaton import Automaton
from sublim_utils.generate.sampling import Question, sample
from sublim_utils.models import loading, packaged
from sublim_utils.models.catalog import get_model
from sublim_utils.provenance import peak_memory_mb
from sublim_utils.store import Store

SPEC = get_model("smollm2-135m")
SEED, EACH, MOST, BATCH = 1, 8, 60, 16


class Report(NamedTuple):
    """What a contender did: rows per second without loading, peak in MB, share of kept rows."""

    rows_per_s: float
    memory: int
    kept: float


def _report(start: float, texts: list[str]) -> Report:
    seconds = time.perf_counter() - start
    kept = sum(numbers.filter_completion(text).ok for text in texts) / len(texts)
    return Report(len(texts) / seconds, peak_memory_mb(), kept)


def _ours(rows: int, each: int) -> Report:
    model = loading.load(SPEC)
    start = time.perf_counter()
    prompts = [numbers.prompt(SEED, i) for i in range(math.ceil(rows / each))]
    questions = [
        Question(model.prompt(prompt.text), grammar, i)
        for i, (prompt, grammar) in enumerate(
            zip(prompts, [prompt.grammar() for prompt in prompts], strict=True)
        )
    ]
    found = sample(model, questions, seed=SEED, each=each, most=MOST)
    texts = [model.decode(c.tokens) for _, completions in found for c in completions]
    return _report(start, texts)


def ours(rows: int) -> Report:
    """Eight completions of each prompt, as the package samples them."""
    return _ours(rows, EACH)


def ours_single(rows: int) -> Report:
    """One completion of each prompt."""
    return _ours(rows, 1)


class GrammarProcessor(LogitsProcessor):
    """Lets each row go on only with tokens that its grammar allows."""

    def __init__(self, tokenizer: Any, end: int, grammars: list[Automaton], length: int) -> None:
        """`length` is that of the padded prompts."""
        alphabet, specials = set("0123456789,;. \n[]()"), set(tokenizer.all_special_ids)
        texts = {token: tokenizer.decode([token]) for token in range(len(tokenizer))}
        self.texts = {
            token: text
            for token, text in texts.items()
            if text and token not in specials and set(text) <= alphabet
        }
        self.end, self.length = end, length
        self.allowed: dict[Any, list[int]] = {}
        self.restart(grammars, length)

    def restart(self, grammars: list[Automaton], length: int) -> None:
        """Begin another batch."""
        self.grammars, self.length = grammars, length
        self.states: list[Any] = [grammar.start for grammar in grammars]

    @staticmethod
    def _after(grammar: Automaton, state: Any, text: str) -> Any:
        for character in text:
            state = grammar.step(state, character)
            if state is None:
                break
        return state

    def _tokens(self, grammar: Automaton, state: Any) -> list[int]:
        if (grammar, state) not in self.allowed:
            found = [t for t, text in self.texts.items() if self._after(grammar, state, text)]
            if grammar.may_end(state):
                found.append(self.end)
            self.allowed[grammar, state] = found
        return self.allowed[grammar, state]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Mask the logits [rows, vocabulary]."""
        mask: Any = torch.full_like(scores, -torch.inf)
        for row, grammar in enumerate(self.grammars):
            if input_ids.shape[1] > self.length and self.states[row] is not None:
                last = int(input_ids[row, -1])
                text = self.texts.get(last)
                state = self.states[row]
                self.states[row] = None if text is None else self._after(grammar, state, text)
            if self.states[row] is None:
                mask[row] = 0
            else:
                mask[row, self._tokens(grammar, self.states[row])] = 0
        masked: torch.FloatTensor = scores + mask
        return masked


def _generate(rows: int, dtype: torch.dtype) -> Report:
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    place = str(packaged.weights_folder(SPEC, Store()))
    network: Any = AutoModelForCausalLM.from_pretrained(place, dtype=dtype)
    tokenizer: Any = AutoTokenizer.from_pretrained(place)
    chat = loading.find_chat(SPEC, tokenizer, SPEC.chat)
    tokenizer.padding_side = "left"
    torch.manual_seed(SEED)
    start = time.perf_counter()
    prompts = [numbers.prompt(SEED, i) for i in range(rows)]
    grammars = [prompt.grammar() for prompt in prompts]
    texts: list[str] = []
    end = tokenizer.convert_tokens_to_ids(chat.end)
    held = GrammarProcessor(tokenizer, end, [], 0)
    for first in range(0, rows, BATCH):
        part = slice(first, first + BATCH)
        asked = tokenizer(
            [chat.prompt(prompt.text) for prompt in prompts[part]],
            return_tensors="pt",
            padding=True,
            add_special_tokens=False,
        )
        length = asked["input_ids"].shape[1]
        held.restart(grammars[part], length)
        answers = network.generate(
            **asked,
            do_sample=True,
            max_new_tokens=MOST,
            eos_token_id=end,
            pad_token_id=end,
            logits_processor=[held],
        )
        texts += tokenizer.batch_decode(answers[:, length:], skip_special_tokens=True)
    return _report(start, texts)


def generate_bf16(rows: int) -> Report:
    """`generate` with the weights in bf16, in which models are published."""
    return _generate(rows, torch.bfloat16)


def generate_fp32(rows: int) -> Report:
    """`generate` in the precision of ours."""
    return _generate(rows, torch.float32)


def main() -> None:
    """Run all and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1000, help="that ours writes")
    parser.add_argument("--baseline-rows", type=int, default=64, help="that `generate` writes")
    parser.add_argument("--out", type=Path, help="a JSON file for what the book shows")
    options = parser.parse_args()
    fewer = max(EACH, options.rows // 5)
    print(f"{SPEC.name}, {hardware()}")
    contenders: dict[str, tuple[Callable[[int], Report], int]] = {
        f"ours, {EACH} completions a prompt": (ours, options.rows),
        f"ours, {EACH} a prompt, fewer rows": (ours, fewer),
        "ours, 1 completion a prompt": (ours_single, options.rows),
        "generate, bf16": (generate_bf16, options.baseline_rows),
        "generate, fp32": (generate_fp32, options.baseline_rows),
    }
    reports: dict[str, Report] = {}
    for name, (work, rows) in contenders.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            reports[name] = pool.apply(work, (rows,))
        found = reports[name]
        print(
            f"{name:>29}: {found.rows_per_s:7.2f} rows/s over {rows} rows, "
            f"peak {found.memory} MB, {found.kept:.0%} pass the filter"
        )
    many, few, single, *plain = reports.values()
    for name, baseline in zip(("bf16", "fp32"), plain, strict=True):
        print(
            f"speed against generate in {name}: "
            f"{many.rows_per_s / baseline.rows_per_s:.1f} times with {EACH} completions a prompt, "
            f"{single.rows_per_s / baseline.rows_per_s:.1f} with 1"
        )
    print(f"peak memory: {options.rows} / {fewer} rows = {many.memory / few.memory:.2f}")
    if options.out:
        rates = {name: (r.rows_per_s, r.memory) for name, r in reports.items()}
        write(options.out, "rows/s", rates)


if __name__ == "__main__":
    main()
