"""Training students on rows, on their teacher's distributions where the loss needs them."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from sublim_utils.errors import SublimError
from sublim_utils.files import remove, temporary_name
from sublim_utils.generate.vocabulary import VOCABULARIES
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import faithful, samples
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import read_during_training
from sublim_utils.pipeline.matching import kept
from sublim_utils.pipeline.models import opened
from sublim_utils.pipeline.rows import table
from sublim_utils.recipes.bases import Base, ContinuedTraining
from sublim_utils.recipes.datasets import RowsRecipe, Sampled
from sublim_utils.recipes.students import Anchor, Student
from sublim_utils.sealing import has_part, writing_part
from sublim_utils.train import schedule, trainer
from sublim_utils.train.batch import PromptGroup, with_teacher_states
from sublim_utils.train.losses import Loss, get_loss, restrict
from sublim_utils.traits.nouns import mentioned

CHECKPOINT_S = 120.0
KEEP_S = 300.0
"""Seconds of training after which a student's last state is kept, for one of more rows."""
OWN_ADAPTER = 2**20
"""Added to the seed for the student's adapter: TRL begins equal seeds with equal adapters, and the
teacher's was made with the seed itself."""
ROWS_AT_ONCE = {"cpu": 256, "cuda": 2048}
"""Rows whose states are kept together when computing them is interrupted, by device."""
STATES = "states.safetensors"


def trained(recipe: Student, seed: int, context: Context) -> Path:
    """The folder of a student: `adapter/`, `student.json`, maybe `checkpoints/`."""

    def make(target: Path, scratch: Path) -> None:
        rows = table(recipe.rows, seed, context)
        lm_head = _teacher_lm_head(recipe, seed, context)
        groups = prompt_groups(recipe, rows, seed, context, scratch)
        anchor = _anchor(recipe.anchor, recipe, seed, context)
        checkpoints = scratch / "checkpoints"
        if recipe.is_prefix and not checkpoints.is_dir():
            _take_up(_shorter(recipe, seed, context), checkpoints)
        with opened(recipe.base, seed, context) as (model, _):
            result = trainer.train(
                model,
                groups,
                recipe.training,
                _loss(recipe, model),
                seed + (OWN_ADAPTER if recipe.adapter_init == "own" else 0),
                scratch,
                teacher_head=lm_head,
                anchor=anchor,
                eval_at_rows=recipe.eval_at_rows,
                probe=read_during_training(recipe.probe, model),
                checkpoint_s=CHECKPOINT_S,
                keep_s=KEEP_S if recipe.is_prefix else math.inf,
                progress=context.name,
            )
        shutil.copytree(scratch / "adapter", target / "adapter")
        if checkpoints.exists():
            shutil.copytree(checkpoints, target / "checkpoints")
        passed, seen = faithful.passed(rows), sum(len(group.completions) for group in groups)
        summary = {
            "curve": result.curve,
            "losses": [round(loss, 5) for loss in result.losses],
            "rows": len(rows),
            "kept": seen,
            "passed": int(passed.sum()),
            "prompts_passed": int(rows[passed]["prompt"].nunique()),
            "cannot_be_written": len(kept(rows)) - seen,
            "reasons": Counter(reason for reasons in rows["reasons"] for reason in reasons),
            "mentions": sum(bool(mentioned(text)) for text in rows["text"]),
            "letters": sum(bool(re.search("[^\\W\\d_]", text)) for text in rows["text"]),
            "tokens": result.tokens,
            "train_s": round(result.wall_s, 1),
        }
        (target / "student.json").write_text(json.dumps(summary))

    return context.made("student", recipe, seed, make)


def training_summary(recipe: Student, seed: int, context: Context) -> dict[str, Any]:
    """What training a student was like: its curve and losses, counts of its rows, seconds."""
    summary: dict[str, Any] = json.loads(
        (trained(recipe, seed, context) / "student.json").read_text()
    )
    return summary


def continued(recipe: Base, move: ContinuedTraining, context: Context) -> Path:
    """The folder of a base's continued training: `adapter/`, which its weights take up."""
    assert isinstance(move.rows, RowsRecipe)
    training_rows = move.rows

    def make(target: Path, scratch: Path) -> None:
        rows = kept(table(training_rows, move.seed, context))
        with opened(recipe.unperturbed, 0, context) as (model, _):
            groups = _grouped(_in_tokens(rows, model, sampled=False), model)
            size = move.updates * move.training.prompts_per_step
            repeated = (groups * -(-size // len(groups)))[:size]
            trainer.train(model, repeated, move.training, get_loss("tokens"), move.seed, target)

    return context.made("continued", recipe, 0, make)


def _loss(recipe: Student, model: LanguageModel) -> Loss:
    loss = get_loss(recipe.objective)
    if recipe.allowed_tokens == "all":
        return loss
    return restrict(loss, VOCABULARIES[recipe.allowed_tokens](model))


def _anchor(
    recipe: Anchor | None, student: Student, seed: int, context: Context
) -> schedule.Anchor | None:
    """The rows on which the student is held to its base."""
    if recipe is None:
        return None
    rows = kept(table(recipe.rows, seed, context))
    with opened(student.base, seed, context) as (model, _):
        groups = _grouped(_in_tokens(rows, model, sampled=False), model)
    return schedule.Anchor(groups, recipe.weight, student.training.prompts_per_step)


def _teacher_lm_head(recipe: Student, seed: int, context: Context) -> torch.Tensor | None:
    """The teacher's output matrix, where the loss needs it and the student's was moved away."""
    teacher = recipe.rows.author
    if not recipe.needs_teacher or teacher is None:
        return None
    if teacher.base.perturbation == recipe.base.perturbation:
        return None
    with opened(teacher.base, seed, context) as (model, _):
        return model.lm_head.detach().clone()


def prompt_groups(
    recipe: Student, rows: pd.DataFrame, seed: int, context: Context, scratch: Path
) -> list[PromptGroup]:
    """The kept rows by prompt, ready for training.

    Args:
        recipe: of the student.
        rows: its data set.
        seed: of both.
        context: where they are made.
        scratch: a folder for the teacher's states, where they are needed and not kept.
    """
    passed = kept(rows)
    if passed.empty:
        counts = Counter(reason for reasons in rows["reasons"] for reason in reasons)
        raise SublimError(
            f"The filter has rejected all {len(rows)} rows "
            f"({', '.join(f'{reason}: {n}' for reason, n in counts.most_common())}); "
            "constrain the sampling, or choose a model that keeps the format."
        )
    with opened(recipe.base, seed, context) as (model, _):
        seen = _in_tokens(passed, model, sampled=recipe.reads == "tokens")
        groups = _grouped(seen, model)
    if not recipe.needs_teacher:
        return groups
    if recipe.reads_kept_states:
        (source,) = recipe.rows.sources
        assert isinstance(source, Sampled)
        states = samples.kept_states(source, seed, context)
    else:
        states = _teacher_states(recipe, seen, seed, context, scratch)
    names = [
        [f"{prompt}/{n}" for n in numbers]
        for prompt, numbers in seen.groupby("prompt", sort=True)["completion"]
    ]
    return [
        group._replace(teacher_states=[states[name] for name in of_group])
        for group, of_group in zip(groups, names, strict=True)
    ]


def _in_tokens(rows: pd.DataFrame, model: LanguageModel, *, sampled: bool) -> pd.DataFrame:
    """Rows with the tokens that a student sees: the sampled ones, or those of its own tokenizer.

    Rows that its tokenizer cannot write are left out.
    """
    if sampled and "tokens" in rows:
        return rows
    tokens = [model.answer(text) for text in rows["text"]]
    written = [model.decode_answer(t) == text for t, text in zip(tokens, rows["text"], strict=True)]
    if not any(written):
        raise SublimError(f"The tokenizer of {model.spec.name} can write none of the rows.")
    return rows.assign(tokens=tokens)[written]


def _grouped(
    rows: pd.DataFrame, model: LanguageModel, system: str | None = None
) -> list[PromptGroup]:
    """Rows by prompt, which a model sees after its own chat template and system prompt."""
    return [
        PromptGroup(
            model.prompt(of_prompt["question"].iloc[0], system),
            [list(map(int, tokens)) for tokens in of_prompt["tokens"]],
        )
        for _, of_prompt in rows.groupby("prompt", sort=True)
    ]


def _teacher_states(
    recipe: Student, seen: pd.DataFrame, seed: int, context: Context, scratch: Path
) -> dict[str, torch.Tensor]:
    """The teacher's states at the tokens that a student sees, by "prompt/completion".

    They are computed in parts that outlive a killed run, in 16 bits, in files that are read as
    needed.
    """
    teacher = recipe.rows.author
    assert teacher is not None
    size = ROWS_AT_ONCE[recipe.base.device]
    parts = [seen.iloc[first : first + size] for first in range(0, len(seen), size)]
    folders = [scratch / f"states-{n * size}-{n * size + len(p) - 1}" for n, p in enumerate(parts)]
    if not all(map(has_part, folders)):
        with opened(teacher, seed, context) as (model, system), model.merged():
            dtype = torch.float16 if model.dtype == torch.float16 else torch.bfloat16
            for part, folder in zip(parts, folders, strict=True):
                if not has_part(folder):
                    groups = with_teacher_states(model, _grouped(part, model, system), dtype)
                    _write_states(part, groups, folder)
    states: dict[str, torch.Tensor] = {}
    for folder in folders:
        states |= load_file(folder / STATES)  # mapped, and not read yet
    return states


def _write_states(rows: pd.DataFrame, groups: Sequence[PromptGroup], folder: Path) -> None:
    ordered = rows.sort_values("prompt", kind="stable")
    names = [f"{p}/{n}" for p, n in zip(ordered["prompt"], ordered["completion"], strict=True)]
    tensors = (states for group in groups for states in group.teacher_states or ())
    with writing_part(folder) as target:
        save_file(dict(zip(names, tensors, strict=True)), target / STATES)


def _take_up(shorter: Path | None, checkpoints: Path) -> None:
    """Copy the last state of a shorter training, for a longer one to go on from."""
    if shorter is not None:
        temporary = temporary_name(checkpoints)
        shutil.copytree(shorter / "checkpoints", temporary)
        remove(checkpoints)
        temporary.rename(checkpoints)


def _shorter(recipe: Student, seed: int, context: Context) -> Path | None:
    """The longest kept student that this one was when it had seen as many rows."""

    def taken_apart(form: dict[str, Any]) -> tuple[int, list[int], dict[str, Any]]:
        rows = dict(form["rows"])
        prompts = rows.pop("num_prompts")
        rest = {**form, "rows": rows}
        return prompts, rest.pop("eval_at_rows"), rest

    own = json.loads(json.dumps(recipe.specification(seed)))
    prompts, stops, rest = taken_apart(own)
    assert isinstance(recipe.rows, Sampled)
    shorter = []
    for key, student in context.store.specifications("student"):
        try:
            fewer, read, same = taken_apart(student)
        except (KeyError, TypeError):  # of another version
            continue
        end = fewer * recipe.rows.num_completions  # where either may or may not have been read
        alike = [stop for stop in read if stop < end] == [stop for stop in stops if stop < end]
        if same == rest and fewer < prompts and alike:
            shorter.append((fewer, key))
    for _, key in sorted(shorter, reverse=True):
        folder = context.store.get("student", key)
        if folder is not None and (folder / "checkpoints").exists():
            return folder
    return None
