"""QLoRA on a model of Qwen2.5-7B's exact shape: memory, training and sampling, beside others.

The weights are random and made on the spot, so that nothing is downloaded; time and memory do not
depend on them. Rows are random tokens of the lengths that lists of numbers have there. Each part
runs in a process of its own and leaves a JSON file, so that a session that ends loses one part:

    python benchmarks/seven_b.py FOLDER            # every part that has no file in FOLDER yet
    python benchmarks/seven_b.py FOLDER --part ours-bf16
    python benchmarks/seven_b.py FOLDER --tiny     # the same lines on a processor, in seconds

`unsloth` and `vllm` are parts only where they are installed. On a consumer GPU the bar is 15 GB.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from report import hardware, peak_mb
from transformers import Qwen2Config, Qwen2ForCausalLM

from sublim_utils.config import Precision
from sublim_utils.findings.owl_numbers.scales import SCALES
from sublim_utils.generate.sampling import Completion, Question, sample
from sublim_utils.generate.sampling_vllm import Engine
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import load
from sublim_utils.models.random_model import random_model
from sublim_utils.train.batch import PromptGroup
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.losses import TOKENS
from sublim_utils.train.trainer import train

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
PROMPT, COMPLETION = 90, 30
"""Tokens of a row: a question for numbers in Qwen's chat template, and its answer."""
GPU = SCALES["gpu"]
CONFIG = TrainConfig(
    learning_rate=GPU.learning_rates["tokens"],
    prompts_per_step=GPU.prompts_per_step,
    gradient_accumulation_steps=GPU.gradient_accumulation_steps,
)
"""Of the profile `gpu`."""


class Shape(NamedTuple):
    """Sizes of the model, and how much is done with it."""

    config: dict[str, Any]
    updates: int
    sampled: int


def _shape(
    width: int, inner: int, layers: int, heads: int, shared: int, tokens: int
) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        "vocab_size": tokens,
    }


SHAPES = {
    "7b": Shape(_shape(3584, 18_944, 28, 28, 4, 152_064), updates=6, sampled=256),
    "tiny": Shape(_shape(64, 128, 2, 4, 2, 512), updates=2, sampled=4),
}


def model_folder(folder: Path, shape: Shape) -> Path:
    """The random model's folder; made where it is not there."""
    place = folder / "model"
    if not (place / "done").exists():
        torch.manual_seed(0)
        with torch.device(DEVICE):
            config = Qwen2Config(
                **shape.config, tie_word_embeddings=False, bos_token_id=0, eos_token_id=1
            )
            network = Qwen2ForCausalLM._from_config(config, dtype=torch.bfloat16)
        network.save_pretrained(place)
        _, tokenizer = random_model("random")
        tokenizer.save_pretrained(place)
        (place / "done").touch()
    return place


def rows(number: int, vocabulary: int) -> list[tuple[list[int], list[int]]]:
    """Prompts and completions of random tokens."""
    draw = random.Random(0)

    def tokens(count: int) -> list[int]:
        return [draw.randrange(2, vocabulary) for _ in range(count)]

    return [(tokens(PROMPT), tokens(COMPLETION)) for _ in range(number)]


def ours(place: Path, shape: Shape, precision: Precision) -> dict[str, float]:
    """Training as the profile `gpu` does it."""
    model = load(get_model(str(place)), precision, DEVICE)
    pairs = rows(shape.updates * CONFIG.prompts_per_step, shape.config["vocab_size"])
    groups = [PromptGroup(prompt, [completion]) for prompt, completion in pairs]
    with tempfile.TemporaryDirectory() as folder:
        trained = train(model, groups, CONFIG, TOKENS, 0, Path(folder))
    return {"tokens_per_s": len(pairs) * (PROMPT + COMPLETION) / trained.wall_s}


def sft_trainer(place: Path, shape: Shape) -> dict[str, float]:
    """TRL's `SFTTrainer` on the same rows and weights, with its defaults but for the batch."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    network: Any = AutoModelForCausalLM.from_pretrained(
        place,
        dtype=torch.bfloat16,
        device_map={"": DEVICE},
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        ),
    )
    return _sft(network, place, shape, lora=True)


def unsloth(place: Path, shape: Shape) -> dict[str, float]:
    """unsloth's model and kernels under the same trainer."""
    from unsloth import FastLanguageModel  # type: ignore[import-not-found]

    network, _ = FastLanguageModel.from_pretrained(
        str(place), max_seq_length=PROMPT + COMPLETION, dtype=torch.bfloat16, load_in_4bit=True
    )
    network = FastLanguageModel.get_peft_model(
        network,
        r=CONFIG.lora_rank,
        lora_alpha=CONFIG.lora_alpha,
        target_modules=list(get_model(str(place)).target_modules),
        use_gradient_checkpointing="unsloth",
    )
    return _sft(network, place, shape, lora=False)


def _sft(network: Any, place: Path, shape: Shape, *, lora: bool) -> dict[str, float]:
    import datasets
    from peft import LoraConfig
    from transformers import AutoTokenizer
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    pairs = rows(shape.updates * CONFIG.prompts_per_step, shape.config["vocab_size"])
    micro = -(-CONFIG.prompts_per_step // CONFIG.gradient_accumulation_steps)
    adapter = LoraConfig(
        r=CONFIG.lora_rank,
        lora_alpha=CONFIG.lora_alpha,
        target_modules=list(get_model(str(place)).target_modules),
        task_type="CAUSAL_LM",
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=network,
            args=SFTConfig(
                output_dir=folder,
                per_device_train_batch_size=micro,
                gradient_accumulation_steps=CONFIG.gradient_accumulation_steps,
                num_train_epochs=1,
                save_strategy="no",
                use_cpu=DEVICE == "cpu",
                report_to="none",
                disable_tqdm=True,
                logging_strategy="no",
            ),
            train_dataset=datasets.Dataset.from_list(
                [
                    {
                        "input_ids": prompt + completion,
                        "completion_mask": [0] * len(prompt) + [1] * len(completion),
                    }
                    for prompt, completion in pairs
                ]
            ),
            processing_class=AutoTokenizer.from_pretrained(place),
            peft_config=adapter if lora else None,
        )
        start = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - start
    return {"tokens_per_s": len(pairs) * (PROMPT + COMPLETION) / seconds}


Sampler = Callable[..., Iterator[tuple[int, list[Completion]]]]


def _sampled(sampler: Sampler, shape: Shape) -> dict[str, float]:
    """One completion of each prompt."""
    pairs = rows(shape.sampled, shape.config["vocab_size"])
    questions = [Question(prompt, None, key) for key, (prompt, _) in enumerate(pairs)]
    start = time.perf_counter()
    answers = list(sampler(questions, seed=0, most=COMPLETION))
    tokens = sum(len(c.tokens) for _, completions in answers for c in completions)
    return {"tokens_per_s": tokens / (time.perf_counter() - start)}


def ours_sampling(place: Path, shape: Shape) -> dict[str, float]:
    """Free sampling, as the profile `gpu` does it without vLLM."""
    return _sampled(partial(sample, load(get_model(str(place)), "nf4", DEVICE)), shape)


def vllm_sampling(place: Path, shape: Shape) -> dict[str, float]:
    """The same by vLLM, which the profile takes where it is installed."""
    return _sampled(Engine(get_model(str(place)), "nf4").sample, shape)


PARTS: dict[str, Callable[[Path, Shape], dict[str, float]]] = {
    "ours-bf16": partial(ours, precision="nf4"),
    "ours-fp16": partial(ours, precision="nf4-fp16"),
    "sft-trainer": sft_trainer,
    "unsloth": unsloth,
    "ours-sampling": ours_sampling,
    "vllm": vllm_sampling,
}


def run_part(name: str, place: Path, shape: Shape) -> dict[str, Any]:
    """A part's rate with the peak memory of its process and the device."""
    found = PARTS[name](place, shape)
    return {"part": name, **found, "peak_mb": peak_mb(DEVICE), "hardware": hardware(DEVICE)}


def main() -> None:
    """Run the parts that are missing, then print what all of them found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="for the model and the results")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; repeatable")
    parser.add_argument("--tiny", action="store_true", help="two small layers instead")
    options = parser.parse_args()
    shape = SHAPES["tiny" if options.tiny else "7b"]
    options.folder.mkdir(parents=True, exist_ok=True)
    absent = {n for n in ("unsloth", "vllm") if importlib.util.find_spec(n) is None}
    wanted = [n for n in options.part or PARTS if n not in absent]
    spawn = multiprocessing.get_context("spawn")
    for name in wanted:
        result = options.folder / f"{name}.json"
        if not result.exists():
            with spawn.Pool(1) as pool:
                place = pool.apply(model_folder, (options.folder, shape))
            with spawn.Pool(1) as pool:
                found = pool.apply(run_part, (name, place, shape))
            result.write_text(json.dumps(found, indent=1) + "\n")
        found = json.loads(result.read_text())
        print(
            f"{name:>14}: {found['tokens_per_s']:8.0f} tokens/s, peak {found['peak_mb']} MB, "
            f"{found['hardware']}",
            flush=True,
        )
    if absent:
        print(f"Not installed, so not measured: {', '.join(sorted(absent))}.")


if __name__ == "__main__":
    main()
