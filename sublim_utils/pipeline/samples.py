"""Sampling a teacher's completions in portions, each kept in the store as it is finished.

Every row draws from random numbers of its own, so that a data set with more prompts begins with the
rows of one with fewer. The two share portions, whichever was sampled first.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from sublim_utils import progress
from sublim_utils.generate import sampling, sampling_vllm
from sublim_utils.models.catalog import get_model
from sublim_utils.models.chat import ChatTemplate
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.models import adapter_folder, opened
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.teachers import Finetuned, Prompted, Untouched
from sublim_utils.store import key_of

ROWS_AT_ONCE = {"cpu": 256, "cuda": 2048}
"""Rows that are kept together, by device."""
STAGE = "samples"
FILE, STATES = "completions.parquet", "states.safetensors"


class Writer(NamedTuple):
    """A teacher that is ready to write.

    Attributes:
        texts: the tokenizer and the chat template.
        system: the teacher's system prompt.
        sample: completions of questions, as `sampling.sample` gives them.
        name: of the sampler.
    """

    texts: LanguageModel
    system: str | None
    sample: Callable[[list[sampling.Question]], Iterator[tuple[int, list[sampling.Completion]]]]
    name: str


def completions(recipe: Sampled, seed: int, context: Context) -> pd.DataFrame:
    """What the teacher wrote, before any filter.

    Returns:
        Columns prompt, completion, question, format, text, tokens, finished.
    """
    parts = _portions(recipe, seed, context)
    written = pd.concat([pd.read_parquet(part / FILE) for part in parts])
    written = written[written["prompt"] < recipe.num_prompts]
    return written.sort_values(["prompt", "completion"], ignore_index=True)


def kept_states(recipe: Sampled, seed: int, context: Context) -> dict[str, torch.Tensor]:
    """The hidden states that were kept while sampling, [tokens, width] by "prompt/completion"."""
    states: dict[str, torch.Tensor] = {}
    for part in _portions(recipe, seed, context):
        states |= load_file(part / STATES)
    return states


def _portions(recipe: Sampled, seed: int, context: Context) -> list[Path]:
    """The folders with the rows of all prompts; those that are not stored are sampled now."""
    size = max(1, ROWS_AT_ONCE[recipe.teacher.base.device] // recipe.num_completions)
    words = f"{context.name}, seed {seed}: rows"
    form = {**recipe.sampling_form(), "seed": seed, "states": recipe.keep_states}
    parts = []
    with contextlib.ExitStack() as stack:
        writer: Writer | None = None
        bar = stack.enter_context(progress.counting(recipe.num_rows, 0, words, "row"))
        first = 0
        while first < recipe.num_prompts:
            limit = first - first % size + size
            stored = _stored_portion(form, context, first, limit)
            if stored is None:
                if writer is None:
                    writer = stack.enter_context(_writer(recipe, seed, context))
                end = min(limit, recipe.num_prompts)
                make = functools.partial(_sample, recipe, seed, writer, range(first, end), bar)
                stored = context.kept(STAGE, {**form, "first": first, "end": end}, make), end
            else:
                bar.update((min(stored[1], recipe.num_prompts) - first) * recipe.num_completions)
            part, first = stored
            parts.append(part)
    return parts


def _stored_portion(
    form: dict[str, Any], context: Context, first: int, limit: int
) -> tuple[Path, int] | None:
    """The largest stored portion that begins with a prompt, and where it ends."""
    for end in range(limit, first, -1):
        folder = context.store.get(STAGE, key_of({**form, "first": first, "end": end}))
        if folder is not None:
            return folder, end
    return None


def _sample(
    recipe: Sampled,
    seed: int,
    writer: Writer,
    indices: range,
    bar: progress.Bar,
    target: Path,
    scratch: Path,
) -> None:
    """Sample the completions of some prompts into a folder."""
    texts = writer.texts
    prompts = {index: recipe.prompts.prompt(seed, index) for index in indices}
    questions = []
    for index, prompt in prompts.items():
        grammar = prompt.grammar(texts.chat.lead) if recipe.constrained else None
        questions.append(
            sampling.Question(texts.prompt(prompt.text, writer.system), grammar, index)
        )
    rows, states = [], {}
    for position, sampled in writer.sample(questions):
        index = indices[position]
        for number, completion in enumerate(sampled):
            written, tokens = texts.decode_answer(completion.tokens), completion.tokens
            text = prompts[index].framed(written)
            rows.append(
                {
                    "prompt": index,
                    "completion": number,
                    "question": prompts[index].text,
                    "format": prompts[index].format,
                    "text": text,
                    "tokens": tokens if text == written else texts.answer(text),
                    "finished": tokens[-1] in texts.stop_token_ids,
                }
            )
            if completion.states is not None:
                states[f"{index}/{number}"] = completion.states.contiguous()
        bar.update(len(sampled))
    pd.DataFrame(rows).to_parquet(target / FILE)
    if recipe.keep_states:
        save_file(states, target / STATES)


@contextlib.contextmanager
def _writer(recipe: Sampled, seed: int, context: Context) -> Iterator[Writer]:
    """The teacher, ready to write: in vLLM where that can, else in our own sampler."""
    settings: dict[str, Any] = {
        "seed": seed,
        "each": recipe.num_completions,
        "most": recipe.max_new_tokens,
        "temperature": recipe.temperature,
    }
    engine = _engine(recipe, seed, context)
    if engine is not None:
        try:
            system = recipe.teacher.system_prompt if isinstance(recipe.teacher, Prompted) else None
            yield Writer(engine.texts, system, functools.partial(engine.sample, **settings), "vllm")
        finally:
            engine.close()
        return
    with opened(recipe.teacher, seed, context) as (model, system), model.merged():
        template: ChatTemplate | None = getattr(recipe.prompts, "template", None)
        texts = model if template is None else with_template(model, template)
        sample = functools.partial(
            sampling.sample, texts, **settings, keep_states=recipe.keep_states
        )
        yield Writer(texts, system, sample, "own")


def with_template(model: LanguageModel, template: ChatTemplate) -> LanguageModel:
    """The same model, asked in another chat template."""
    return LanguageModel(model.spec, model.network, model.tokenizer, template, model.precision)


def _engine(recipe: Sampled, seed: int, context: Context) -> sampling_vllm.Engine | None:
    """The teacher in vLLM; None where vLLM is not installed or cannot do what is asked."""
    base, teacher = recipe.teacher.base, recipe.teacher
    spec = get_model(base.model)
    if not (
        base.device == "cuda"
        and not recipe.constrained
        and not recipe.keep_states
        and base.precision != "nf4-rounded"  # values that no file holds
        and base.perturbation is None
        and spec.source in ("hub", "folder")
        and isinstance(teacher, Untouched | Prompted | Finetuned)
        and getattr(recipe.prompts, "template", None) is None  # it writes in the model's own
        and sampling_vllm.available()
    ):
        return None
    adapter = adapter_folder(teacher, seed, context)
    context.unload()  # two copies of the weights would not fit
    rank = teacher.training.lora_rank if isinstance(teacher, Finetuned) else 8
    try:
        return sampling_vllm.Engine(spec, base.precision, adapter, rank)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        warnings.warn(
            f"vLLM cannot load {spec.name} ({error}); sampling goes on without it.", stacklevel=2
        )
        return None
