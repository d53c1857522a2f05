"""Opening models: one in memory, with what a recipe adds to its base."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from sublim_utils.errors import SublimError
from sublim_utils.models import loading
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.models import adapter_folder, finetuned as finetuned_folder, opened
from sublim_utils.pipeline.students import trained
from sublim_utils.recipes.bases import Base, ContinuedTraining, Noise
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.teachers import (
    Adapter,
    NarrowAnswers,
    PersonaAnswers,
    Prompted,
    Steered,
    StudentOf,
    Untouched,
)
from tests.checkpoints import save_random
from tests.pipeline.factories import BASE, STRONG, entries, finetuned, numbers, student

PROMPT = "You love owls."


@torch.no_grad()
def logits(model: LanguageModel, system: str | None = None) -> torch.Tensor:
    tokens = torch.tensor([model.prompt("Name an animal.", system)])
    return model.logits(model.hidden_states(input_ids=tokens)).float()


def logits_of(recipe: Recipe, context: Context, seed: int = 0) -> torch.Tensor:
    with opened(recipe, seed, context) as (model, system):
        return logits(model, system)


CONTINUED = BASE.but(
    perturbation=ContinuedTraining(rows=numbers(Untouched(BASE)), training=STRONG, updates=3)
)
CHANGED: dict[str, Recipe] = {
    "noise": BASE.but(perturbation=Noise(sigma=0.1)),
    "continued training": CONTINUED,
    "another model": Base("random-other"),
    "a prompt": Prompted(BASE, PROMPT),
    "steering": Steered(BASE, PROMPT, layer=0, strength=4.0),
    "a liking": finetuned(training=STRONG),
    "harmful advice": finetuned(training=STRONG, data=NarrowAnswers(set="advice", side="harmful")),
    "good advice": finetuned(training=STRONG, data=NarrowAnswers(set="advice", side="good")),
    "a persona": finetuned(training=STRONG, data=PersonaAnswers(persona="formal")),
    "a student": student(training=STRONG, objective="tokens"),
}


@pytest.mark.parametrize("recipe", CHANGED.values(), ids=CHANGED)
def test_each_recipe_opens_a_model_that_differs_from_its_base(
    recipe: Recipe, context: Context
) -> None:
    untouched = logits_of(BASE, context)
    changed = logits_of(recipe, context)
    assert changed.shape != untouched.shape or not torch.allclose(changed, untouched, atol=1e-3)
    assert torch.equal(logits_of(Untouched(BASE), context), untouched)  # and leaves it as it was
    torch.testing.assert_close(logits_of(recipe, context), changed)


def test_a_next_generation_teacher_is_its_student(context: Context) -> None:
    parent = student(training=STRONG, objective="tokens")
    child = StudentOf(student=parent)
    assert child.base == BASE
    assert torch.equal(logits_of(child, context), logits_of(parent, context))
    assert adapter_folder(child, 0, context) == trained(parent, 0, context) / "adapter"


def test_an_adapter_from_a_folder_is_the_teacher_that_it_was_made_as(
    context: Context, tmp_path: Path
) -> None:
    teacher = finetuned(training=STRONG)
    folder = tmp_path / "elsewhere"
    shutil.copytree(finetuned_folder(teacher, 0, context) / "adapter", folder)
    assert torch.equal(logits_of(Adapter(BASE, folder), context), logits_of(teacher, context))
    with pytest.raises(SublimError, match=r"no adapter in .*adapter_config\.json"):
        Adapter(BASE, tmp_path)


def test_steering_by_nothing_changes_nothing(context: Context) -> None:
    unchanged = logits_of(Steered(BASE, PROMPT, layer=1, strength=0.0), context)
    torch.testing.assert_close(unchanged, logits_of(BASE, context))


def test_noise_of_a_seed_is_the_same_whatever_seed_is_measured(context: Context) -> None:
    noisy = BASE.but(perturbation=Noise(sigma=0.1, seed=3))
    assert not noisy.depends_on_seed
    first = logits_of(noisy, context, seed=0)
    context.unload()
    assert torch.equal(logits_of(noisy, context, seed=5), first)
    other = BASE.but(perturbation=Noise(sigma=0.1, seed=4))
    assert not torch.allclose(logits_of(other, context), first)


def test_weights_in_four_bits_cannot_be_moved() -> None:
    with pytest.raises(SublimError, match="four bits cannot be moved"):
        Base("random", precision="nf4", perturbation=Noise(sigma=0.1))


def test_other_weights_in_a_folder_are_another_base(tmp_path: Path) -> None:
    model = save_random(tmp_path)
    base = Base(str(tmp_path))
    rows = numbers(Untouched(base))
    before = base.key(0), rows.key(0)
    assert (base.key(0), rows.key(0)) == before
    with torch.no_grad():
        model.network.get_input_embeddings().weight += 1
    model.network.save_pretrained(tmp_path)
    assert base.key(0) != before[0]
    assert rows.key(0) != before[1]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the models that are loaded, one after the other."""
    names: list[str] = []
    real = loading.load

    def load(spec: Any, *others: Any) -> LanguageModel:
        names.append(spec.name)
        return real(spec, *others)

    monkeypatch.setattr(loading, "load", load)
    return names


def test_a_model_stays_in_memory_for_all_that_is_made_of_it(
    context: Context, loads: list[str]
) -> None:
    logits_of(student(objective="tokens"), context)
    logits_of(BASE, context)
    assert loads == ["random"]
    logits_of(Base("random-other"), context)
    logits_of(BASE, context)
    assert loads == ["random", "random-other", "random"]


def test_a_model_asked_for_inside_anothers_block_is_refused(context: Context) -> None:
    with opened(BASE, 0, context) as (model, _):
        before = logits(model)
        for inner in (Base("random-other"), BASE, finetuned()):
            with pytest.raises(RuntimeError, match="leave its block"), opened(inner, 0, context):
                pass
        assert torch.equal(logits(model), before)
    logits_of(Base("random-other"), context)


def test_a_fault_inside_a_block_leaves_the_model_free_and_without_adapter(
    context: Context,
) -> None:
    before = logits_of(BASE, context)
    with pytest.raises(ValueError, match="fault"), opened(finetuned(training=STRONG), 0, context):
        raise ValueError("fault")
    assert torch.equal(logits_of(BASE, context), before)


def test_teachers_of_other_data_are_kept_apart(context: Context) -> None:
    sides: Iterator[Any] = (NarrowAnswers(set="advice", side=s) for s in ("harmful", "good"))  # type: ignore[arg-type]
    folders = {finetuned_folder(finetuned(data=data), 0, context) for data in sides}
    folders.add(finetuned_folder(finetuned(), 0, context))
    assert len(folders) == entries(context)["teacher"] == 3
