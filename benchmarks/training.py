"""Tokens trained on per second: ours against TRL's `SFTTrainer` as one would call it.

All train LoRA adapters of rank 8 on SmolLM2-135M on the same lists of numbers, each in a process of
its own, one after the other, on a GPU where there is one. The plain version has the defaults of
`SFTConfig` (bf16, gradient checkpointing); a second one has fp32 and no checkpointing, as ours.
Ours trains on the eight completions of a prompt in one tree, as the book does, and for a strict
comparison on one. On a GPU both are also timed on weights in four bits. Run with

    python benchmarks/training.py [--rows N] [--baseline-rows N] [--out FILE]

on an otherwise idle machine. As `SFTTrainer` is slow, it gets fewer rows; rates are compared. A
token is one of a row's prompt or completion, for all alike; what ours shares between rows it need
not compute, so the positions that it did compute are printed, too.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import torch
from peft import LoraConfig
from report import hardware, peak_mb, write
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from sublim_utils.channels import numbers
from sublim_utils.config import Precision
from sublim_utils.models import loading, packaged
from sublim_utils.models.catalog import get_model
from sublim_utils.store import Store
from sublim_utils.train.batch import PromptGroup
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.losses import TOKENS
from sublim_utils.train.trainer import train

SPEC = get_model("smollm2-135m")
SEED, EACH, RANK, ALPHA = 1, 8, 8, 16
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Report(NamedTuple):
    """What a contender did; seconds are of training, positions None where they are the tokens."""

    tokens: int
    positions: int | None
    seconds: float
    memory: int

    @property
    def tokens_per_s(self) -> float:
        """Speed of training."""
        return self.tokens / self.seconds


def _rows(rows: int, each: int) -> list[tuple[str, list[str]]]:
    """Questions, and for each its answers: numbers drawn at random in the asked-for format."""
    draw = random.Random(SEED)
    found = []
    for i in range(math.ceil(rows / each)):
        prompt = numbers.prompt(SEED, i)
        form = numbers.get_format(prompt.format)
        answers = [
            form.write([draw.randint(0, numbers.LARGEST) for _ in range(prompt.count)])
            for _ in range(each)
        ]
        found.append((prompt.text, answers))
    return found


def _ours(rows: int, each: int, prompts: int, precision: Precision = "fp32") -> Report:
    model = loading.load(SPEC, precision, DEVICE)
    groups = [
        PromptGroup(
            model.prompt(question), [[*model.encode(answer), model.end] for answer in answers]
        )
        for question, answers in _rows(rows, each)
    ]
    config = TrainConfig(lora_rank=RANK, lora_alpha=ALPHA, prompts_per_step=prompts)
    with tempfile.TemporaryDirectory() as folder:
        trained = train(model, groups, config, TOKENS, SEED, Path(folder))
    tokens = sum(len(g.prompt) + len(c) for g in groups for c in g.completions)
    return Report(tokens, trained.tokens, trained.wall_s, peak_mb(DEVICE))


def ours(rows: int) -> Report:
    """Eight completions of each prompt, four prompts an update, as the package trains."""
    return _ours(rows, EACH, 4)


def ours_single(rows: int) -> Report:
    """One completion of each prompt, eight rows an update, as `SFTTrainer` has by default."""
    return _ours(rows, 1, 8)


def ours_nf4(rows: int) -> Report:
    """As `ours`, on weights in four bits."""
    return _ours(rows, EACH, 4, "nf4")


def _plain(rows: int, dtype: torch.dtype, *, nf4: bool = False, **settings: Any) -> Report:
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    datasets.disable_progress_bars()
    if DEVICE == "cuda":
        torch.set_float32_matmul_precision("high")  # as ours
    place = str(packaged.weights_folder(SPEC, Store()))
    loads: dict[str, Any] = {"dtype": dtype, "device_map": {"": DEVICE}}
    if nf4:
        loads["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    network: Any = AutoModelForCausalLM.from_pretrained(place, **loads)
    tokenizer: Any = AutoTokenizer.from_pretrained(place)
    chat = loading.find_chat(SPEC, tokenizer, SPEC.chat)
    pairs = [
        {"prompt": chat.prompt(question), "completion": answer + chat.end}
        for question, answers in _rows(rows, EACH)
        for answer in answers
    ]
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=network,
            args=SFTConfig(
                output_dir=folder,
                num_train_epochs=1,
                save_strategy="no",
                use_cpu=DEVICE == "cpu",  # else the default bf16 is refused there
                report_to="none",
                disable_tqdm=True,
                logging_strategy="no",
                **settings,
            ),
            train_dataset=datasets.Dataset.from_list(pairs),
            processing_class=tokenizer,
            peft_config=LoraConfig(
                r=RANK,
                lora_alpha=ALPHA,
                target_modules=list(SPEC.target_modules),
                task_type="CAUSAL_LM",
            ),
        )
        start = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - start
    tokens = sum(
        len(tokenizer(pair[part], add_special_tokens=False)["input_ids"])
        for pair in pairs
        for part in ("prompt", "completion")
    )
    return Report(tokens, None, seconds, peak_mb(DEVICE))


def sft_defaults(rows: int) -> Report:
    """`SFTTrainer` with its defaults and the weights in bf16, in which models are published."""
    return _plain(rows, torch.bfloat16)


def sft_fp32(rows: int) -> Report:
    """`SFTTrainer` in the precision of ours and without computing activations twice."""
    return _plain(rows, torch.float32, bf16=False, gradient_checkpointing=False)


def sft_nf4(rows: int) -> Report:
    """`SFTTrainer` with its defaults on weights in four bits (QLoRA)."""
    return _plain(rows, torch.bfloat16, nf4=True)


def main() -> None:
    """Run all and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=500, help="that ours trains on")
    parser.add_argument("--baseline-rows", type=int, default=32, help="that `SFTTrainer` gets")
    parser.add_argument("--out", type=Path, help="a JSON file for what the book shows")
    options = parser.parse_args()
    # On a GPU the first updates, which compile and load, would be most of a few.
    baseline_rows = options.rows if DEVICE == "cuda" else options.baseline_rows
    print(f"{SPEC.name}, {hardware(DEVICE)}")
    contenders: dict[str, tuple[Callable[[int], Report], int]] = {
        f"ours, {EACH} completions a prompt": (ours, options.rows),
        "ours, 1 completion a prompt": (ours_single, options.rows),
        "SFTTrainer, defaults": (sft_defaults, baseline_rows),
        "SFTTrainer, fp32": (sft_fp32, baseline_rows),
    }
    if DEVICE == "cuda":  # a processor unpacks four bits in every pass
        contenders["ours, NF4"] = ours_nf4, options.rows
        contenders["SFTTrainer, NF4"] = sft_nf4, baseline_rows
    reports: dict[str, Report] = {}
    for name, (work, rows) in contenders.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = reports[name] = pool.apply(work, (rows,))
        computed = (
            ""
            if found.positions is None
            else f", {found.positions / found.seconds:.0f} computed positions/s"
        )
        print(
            f"{name:>29}: {found.tokens_per_s:6.0f} tokens/s over {rows} rows "
            f"({found.seconds:.1f} s){computed}, peak {found.memory} MB"
        )
    many, single, *plain = (report.tokens_per_s for report in reports.values())
    if DEVICE == "cuda":
        *plain, ours_four, sft_four = plain
        print(f"speed against SFTTrainer, both in NF4: {ours_four / sft_four:.1f} times")
    for name, baseline in zip(("its defaults", "fp32"), plain, strict=True):
        print(
            f"speed against SFTTrainer with {name}: {many / baseline:.1f} times with {EACH} "
            f"completions a prompt, {single / baseline:.1f} with 1"
        )
    if options.out:
        rates = {name: (r.tokens_per_s, r.memory) for name, r in reports.items()}
        write(options.out, "tokens/s", rates, DEVICE)


if __name__ == "__main__":
    main()
