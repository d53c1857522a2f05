"""Sampling with vLLM, where it is installed: many times the rows per second on a GPU.

It gives texts and no hidden states, and knows no grammar of ours. It is written against vLLM's
documented interface (`LLM`, `SamplingParams`, `LoRARequest`) and tested with a stand-in that checks
the calls, never on a GPU. Seeds are per row, but the random numbers are vLLM's own: the rows differ
from those of `sampling`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from sublim_utils.config import FOUR_BITS, Precision
from sublim_utils.generate.sampling import Completion, Question
from sublim_utils.models.catalog import ModelSpec
from sublim_utils.models.checkpoint import check_config, check_folder, read_config, reading
from sublim_utils.models.loading import DTYPES, LanguageModel, find_chat, with_start
from sublim_utils.models.memory import memory_share
from sublim_utils.models.tokenizer import open_tokenizer

MOST_TOKENS = 1024
"""Of a prompt and its completion together, for which memory is set aside."""
MEMORY_SHARE = 0.9
"""Of the memory that this process may have: vLLM takes it at once, and as much by default."""
RANKS = (8, 16, 32, 64, 128, 256)
"""What vLLM takes as the largest rank of an adapter."""


def available() -> bool:
    """Whether vLLM is installed."""
    return find_spec("vllm") is not None


class Engine:
    """A model in vLLM, with its teacher's adapter if it has one; takes the GPU's memory.

    Args:
        spec: which model; from the hub or a folder.
        precision: of the weights.
        adapter: a PEFT folder.
        rank: of that adapter.

    Attributes:
        texts: tokenizer and chat template, without a network.
    """

    def __init__(
        self, spec: ModelSpec, precision: Precision, adapter: Path | None = None, rank: int = 8
    ) -> None:
        """Load the weights."""
        import vllm
        from vllm.lora.request import LoRARequest

        check_config(read_config(spec.location, spec.name, spec.revision), spec.name)
        if spec.source == "folder":
            check_folder(Path(spec.location), spec.name)
        with reading(spec.name, spec.location, spec.revision):
            tokenizer, beginning = open_tokenizer(spec.location, spec.name, spec.revision)
        chat = find_chat(spec, tokenizer, spec.chat)
        spec = with_start(spec, beginning, chat)
        self.texts = LanguageModel(spec, None, tokenizer, chat, precision)
        options: dict[str, Any] = {"load_format": "safetensors"}
        if precision in FOUR_BITS:  # its loader is one of its own
            options = {"quantization": "bitsandbytes", "load_format": "bitsandbytes"}
        if adapter is not None:
            options["enable_lora"] = True
            options["max_lora_rank"] = next(r for r in RANKS if r >= rank)
        self._parameters = vllm.SamplingParams
        self._request = None if adapter is None else LoRARequest("teacher", 1, str(adapter))
        self._llm: Any = vllm.LLM(
            model=spec.location,
            revision=spec.revision,
            tokenizer_revision=spec.revision,
            trust_remote_code=False,
            dtype=str(DTYPES[precision]).removeprefix("torch."),
            max_model_len=MOST_TOKENS,
            enable_prefix_caching=True,
            generation_config="vllm",  # no sampling defaults of the repository
            seed=0,
            gpu_memory_utilization=MEMORY_SHARE * memory_share(),
            **options,
        )

    def close(self) -> None:
        """Give the memory back."""
        self._llm = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def sample(
        self,
        questions: Sequence[Question],
        *,
        seed: int,
        each: int = 1,
        most: int = 60,
        temperature: float = 1.0,
    ) -> Iterator[tuple[int, list[Completion]]]:
        """Sample `each` completions of every question, as `sampling.sample` does.

        Args:
            questions: none with a grammar.
            seed: behind all random numbers, together with the question's key.
            each: completions of a question.
            most: tokens of a completion.
            temperature: divides the logits; 0 takes the likeliest token.

        Yields:
            A question's place in `questions`, and its completions, without states.
        """
        if any(question.grammar is not None for question in questions):
            raise ValueError("vLLM samples without a grammar")
        ends = sorted(self.texts.stop_token_ids)
        # vLLM refuses several greedy completions, which would be the same. Of several others, it
        # gives number i the seed + i.
        drawn = 1 if temperature == 0 else each
        answers = self._llm.generate(
            [{"prompt_token_ids": list(question.tokens)} for question in questions],
            [
                self._parameters(
                    n=drawn,
                    temperature=temperature,
                    max_tokens=most,
                    seed=(seed << 40 | question.key << 16) % 2**63,
                    stop_token_ids=ends,
                    ignore_eos=True,  # an answer ends where the chat template says
                    detokenize=False,
                )
                for question in questions
            ],
            use_tqdm=False,
            lora_request=self._request,
        )
        for index, answer in enumerate(answers):
            completions = []
            for output in sorted(answer.outputs, key=lambda output: output.index):
                tokens = list(output.token_ids)
                if output.finish_reason == "stop" and tokens[-1:] not in [[end] for end in ends]:
                    tokens.append(self.texts.end)
                completions.append(Completion(tokens, None))
            yield index, completions * (each // drawn)
