"""Opening models: a base in memory, with whatever a recipe adds to it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from functools import singledispatch
from pathlib import Path
from typing import Any, NamedTuple

from sublim_utils.channels import get_channel
from sublim_utils.errors import SublimError
from sublim_utils.models import distance, loading, steering
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import finetuning
from sublim_utils.pipeline.context import Context
from sublim_utils.recipes.bases import Base, ContinuedTraining, Noise
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import (
    Adapter,
    Finetuned,
    Prompted,
    Steered,
    StudentOf,
    TeacherRecipe,
    Untouched,
)
from sublim_utils.train.losses import get_loss
from sublim_utils.train.trainer import train

NEUTRAL_SEED = 2**20
"""Far from all seeds of experiments, so that no rows were sampled for these neutral prompts."""
STEERING_PROMPTS = 16
"""Neutral questions behind a steering direction."""


class Open(NamedTuple):
    """A model that can be asked.

    Attributes:
        model: in memory.
        system: its system prompt.
    """

    model: LanguageModel
    system: str | None = None


@singledispatch
def opened(recipe: Recipe, seed: int, context: Context) -> contextlib.AbstractContextManager[Open]:
    """Inside the block, the model of a base, a teacher or a student.

    A user's own kind of teacher registers a function here: `@opened.register`.
    """
    raise SublimError(
        f"A {type(recipe).__name__} is no model; take a base, a teacher or a student, or, of a "
        "kind of your own, register a function with @opened.register."
    )


@opened.register
@contextlib.contextmanager
def _base(recipe: Base, seed: int, context: Context) -> Iterator[Open]:
    move = recipe.perturbation
    # Training it has a model in memory, too, so it comes first.
    adapter = adapter_folder(recipe, seed, context)

    def load() -> LanguageModel:
        spec = get_model(recipe.model)
        model = loading.load(spec, recipe.precision, recipe.device, context.store)
        if isinstance(move, Noise):
            distance.add_noise(model, move.sigma, move.seed)
        if adapter is not None:
            loading.attach(model, adapter)
            loading.merge(model)
        return model

    with context.loaded(recipe, load) as model:
        yield Open(model)


@opened.register
@contextlib.contextmanager
def _untouched(recipe: Untouched, seed: int, context: Context) -> Iterator[Open]:
    with opened(recipe.base, seed, context) as open_model:
        yield open_model


@opened.register
@contextlib.contextmanager
def _prompted(recipe: Prompted, seed: int, context: Context) -> Iterator[Open]:
    with opened(recipe.base, seed, context) as (model, _):
        yield Open(model, recipe.system_prompt)


@opened.register(Finetuned)
@opened.register(Adapter)
@opened.register(Student)
@opened.register(StudentOf)
@contextlib.contextmanager
def _with_adapter(recipe: Any, seed: int, context: Context) -> Iterator[Open]:
    adapter = adapter_folder(recipe, seed, context)
    assert adapter is not None
    with opened(recipe.base, seed, context) as (model, _):
        loading.attach(model, adapter)
        yield Open(model)


@opened.register
@contextlib.contextmanager
def _steered(recipe: Steered, seed: int, context: Context) -> Iterator[Open]:
    with opened(recipe.base, seed, context) as (model, _):
        channel = get_channel("sentences")
        questions = [channel.prompt(NEUTRAL_SEED, i).text for i in range(STEERING_PROMPTS)]
        direction = steering.direction(model, questions, recipe.system_prompt, recipe.layer)
        with steering.steered(model, recipe.layer, recipe.strength * direction):
            yield Open(model)


@singledispatch
def adapter_folder(recipe: Recipe, seed: int, context: Context) -> Path | None:
    """The folder of the adapter that makes a model what it is; None where it has none."""
    raise SublimError(
        f"No adapter is known of a {type(recipe).__name__}; take a fine-tuned teacher or a student."
    )


@adapter_folder.register(Untouched)
@adapter_folder.register(Prompted)
@adapter_folder.register(Steered)
def _no_adapter(recipe: TeacherRecipe, seed: int, context: Context) -> None:
    return None


@adapter_folder.register
def _given_adapter(recipe: Adapter, seed: int, context: Context) -> Path:
    return recipe.folder


# A student's rows come from a teacher, which is opened here: what trains is imported when needed.


@adapter_folder.register
def _students_adapter(recipe: Student, seed: int, context: Context) -> Path:
    from sublim_utils.pipeline.students import trained

    return trained(recipe, seed, context) / "adapter"


@adapter_folder.register
def _next_generation(recipe: StudentOf, seed: int, context: Context) -> Path | None:
    return adapter_folder(recipe.student, seed, context)


@adapter_folder.register
def _bases_adapter(recipe: Base, seed: int, context: Context) -> Path | None:
    move = recipe.perturbation
    if not isinstance(move, ContinuedTraining):
        return None
    from sublim_utils.pipeline.students import continued

    return continued(recipe, move, context) / "adapter"


@adapter_folder.register
def _teachers_adapter(recipe: Finetuned, seed: int, context: Context) -> Path:
    return finetuned(recipe, seed, context) / "adapter"


def finetuned(recipe: Finetuned, seed: int, context: Context) -> Path:
    """The folder of a fine-tuned teacher: `adapter/` and `losses.json`."""

    def make(target: Path, scratch: Path) -> None:
        with opened(recipe.base, seed, context) as (model, _):
            size = recipe.updates * recipe.training.prompts_per_step
            groups = finetuning.groups(recipe.data, model, size, seed)
            result = train(model, groups, recipe.training, get_loss("tokens"), seed, target)
        (target / "losses.json").write_text(json.dumps(result.losses))

    return context.made("teacher", recipe, seed, make)
