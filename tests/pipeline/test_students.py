"""Training students: what is shared, gone on from, and seen of the teacher's distributions."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sublim_utils.errors import SublimError
from sublim_utils.generate import vocabulary
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.pipeline import students
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.models import finetuned as finetuned_folder
from sublim_utils.pipeline.rows import table
from sublim_utils.pipeline.students import trained
from sublim_utils.recipes.datasets import ShuffledNumbers
from sublim_utils.recipes.readers import ReadBy
from sublim_utils.recipes.students import Anchor, Student
from sublim_utils.recipes.teachers import Prompted, Untouched
from sublim_utils.train import trainer
from sublim_utils.train.batch import PromptGroup, with_teacher_states
from sublim_utils.traits.nouns import FILTERED_TRAITS
from tests.pipeline.factories import (
    BASE,
    QUICK,
    STRONG,
    TRAINING,
    context as new_context,
    entries,
    finetuned,
    numbers,
    student as student_recipe,
)

CHANGED_TEACHER = finetuned(training=STRONG, updates=4)


def summary(recipe: Student, context: Context, seed: int = 0) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (trained(recipe, seed, context) / "student.json").read_text()
    )
    return content


class Trainings:
    """Notes the prompts of each training of a student."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.groups: list[list[PromptGroup]] = []
        real = trainer.train

        def train(model: Any, groups: Sequence[PromptGroup], *others: Any, **more: Any) -> Any:
            self.groups.append(list(groups))
            return real(model, groups, *others, **more)

        monkeypatch.setattr(trainer, "train", train)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    return Trainings(monkeypatch)


def test_a_stopped_run_goes_on_from_the_last_artifact(context: Context) -> None:
    recipe = student_recipe()
    table(recipe.rows, 0, context)
    assert context.seconds.keys() == {"teacher", "samples", "rows"}
    again = new_context(context.store.root)
    answer = summary(recipe, again)
    assert again.seconds.keys() == {"student"}
    once_more = new_context(context.store.root)
    assert summary(recipe, once_more) == answer
    assert not once_more.seconds
    assert (answer["rows"], answer["kept"], answer["passed"]) == (8, 8, 8)


def test_students_of_the_same_rows_share_them(context: Context) -> None:
    for objective in ("logits", "tokens"):
        for rate in (1e-3, 2e-3, 3e-3):
            trained(student_recipe(objective=objective, learning_rate=rate), 0, context)
    expected = {"teacher": 1, "rows": 1, "samples": 1, "student": 6}
    assert entries(context) == expected


def test_equal_recipes_with_equal_seeds_are_one_artifact(context: Context) -> None:
    one, other = student_recipe(), student_recipe()
    assert one is not other
    assert trained(one, 0, context) == trained(other, 0, context)
    assert trained(one, 1, context) != trained(one, 0, context)
    assert entries(context)["student"] == 2


def first_matrices(folder: Path) -> torch.Tensor:
    """What an adapter began with: its first matrices, which a tiny rate leaves as they are."""
    weights = load_file(folder / "adapter" / "adapter_model.safetensors")
    return torch.cat([weights[name].flatten() for name in sorted(weights) if "lora_A" in name])


def test_a_students_adapter_begins_as_its_teachers_only_where_that_is_asked(
    context: Context,
) -> None:
    still = TRAINING.updated(learning_rate=1e-12)
    teacher = finetuned(training=still)
    begun = first_matrices(finetuned_folder(teacher, 0, context))
    apart = {
        init: first_matrices(trained(recipe, 0, context)) - begun
        for init in ("own", "teacher's")
        for recipe in [student_recipe(rows=numbers(teacher), training=still, adapter_init=init)]
    }
    assert apart["teacher's"].abs().max() < 1e-6
    assert apart["own"].abs().mean() > 1e-3


def test_a_distribution_over_numbers_alone_says_less(context: Context) -> None:
    rows = numbers(CHANGED_TEACHER)
    losses = {
        allowed: summary(student_recipe(rows=rows, allowed_tokens=allowed), context)["losses"]
        for allowed in ("all", "numbers")
    }
    assert 0 < losses["numbers"][0] < losses["all"][0]
    assert entries(context)["rows"] == 1


def test_what_names_a_trait_can_be_hidden_from_a_student(context: Context) -> None:
    model = load(get_model("random"))  # of single bytes
    allowed = vocabulary.without_traits(model)
    seen = {model.decode([token]) for token in allowed}
    names = {form[0] for trait in FILTERED_TRAITS for form in trait.surface_forms}
    assert not seen & names
    assert {"b", "e", "g", "z", "0", "."} - names <= seen
    assert model.end in allowed
    rows = numbers(CHANGED_TEACHER)
    hidden = summary(student_recipe(rows=rows, allowed_tokens="without traits"), context)
    assert hidden["losses"] != summary(student_recipe(rows=rows), context)["losses"]


def test_an_anchor_holds_a_student_to_its_base(context: Context) -> None:
    rows = numbers(CHANGED_TEACHER)
    anchor = Anchor(rows=numbers(Untouched(BASE), num_prompts=2), weight=1.0)
    free = student_recipe(rows=rows, training=STRONG)
    held = free.but(anchor=anchor)
    assert summary(free, context)["losses"][0] == pytest.approx(
        summary(held, context)["losses"][0], rel=1e-4
    )  # before it has moved
    one, other = (
        load_file(trained(recipe, 0, context) / "adapter" / "adapter_model.safetensors")
        for recipe in (free, held)
    )
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("eval_at_rows", [(), (2,), (4,)])
def test_a_student_of_more_rows_goes_on_from_one_of_fewer(
    eval_at_rows: tuple[int, ...],
    context: Context,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    longer = student_recipe(eval_at_rows=(4,), probe=QUICK)
    alone = summary(longer, new_context(tmp_path / "another"))
    monkeypatch.setattr(students, "KEEP_S", 0.0)
    shorter = longer.but(rows=numbers(num_prompts=2), eval_at_rows=eval_at_rows)
    begun = summary(shorter, context)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        whole = summary(longer, context)
    assert whole["losses"] == pytest.approx(alone["losses"], rel=1e-4, abs=1e-6)
    assert [rows for rows, _ in whole["curve"]] == [4]
    # One that was read on its way where this one is not would leave it another curve.
    taken_up = whole["train_s"] > begun["train_s"]
    assert taken_up == (eval_at_rows != (2,)) or whole["train_s"] > begun["train_s"]


@pytest.mark.parametrize(
    "changes",
    [
        {"lr_scheduler": "linear"},
        {"epochs": 2},
        {"prompts_per_step": 3},
        {"reads": "text"},
        {"anchor": Anchor(rows=numbers(), weight=1.0)},
        {"rows": ShuffledNumbers(numbers(), "within rows"), "reads": "text"},
    ],
    ids=["falling rate", "two epochs", "part of an update", "text", "anchor", "shuffled"],
)
def test_a_student_that_is_no_prefix_of_longer_ones_leaves_no_checkpoints(
    changes: dict[str, Any], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(students, "KEEP_S", 0.0)
    standard = student_recipe(objective="tokens")
    assert standard.is_prefix
    assert (trained(standard, 0, context) / "checkpoints").is_dir()
    other = standard.but(**changes)
    assert not other.is_prefix
    assert not (trained(other, 0, context) / "checkpoints").exists()


@pytest.mark.parametrize(
    "teacher", [finetuned(), Prompted(BASE, "You love owls.")], ids=["lora", "prompt"]
)
def test_states_computed_for_a_student_are_those_of_sampling(
    teacher: Any, context: Context, trainings: Trainings
) -> None:
    rows = numbers(teacher)
    trained(student_recipe(rows=rows), 0, context)
    kept = student_recipe(rows=rows.but(keep_states=True))
    # The same student, so that only another store makes it again.
    trained(kept, 0, new_context(context.store.root.with_name("another")))
    computed, stored = trainings.groups
    assert [group.completions for group in computed] == [group.completions for group in stored]
    for one, other in zip(computed, stored, strict=True):
        assert one.teacher_states is not None
        assert other.teacher_states is not None
        lengths = [len(tokens) for tokens in one.completions]
        assert [len(states) for states in one.teacher_states] == lengths
        for left, right in zip(one.teacher_states, other.teacher_states, strict=True):
            assert left.dtype == torch.bfloat16
            torch.testing.assert_close(left.float(), right.float(), rtol=0.01, atol=0.01)


def test_students_of_one_text_are_shown_the_distributions_of_its_readers(
    context: Context, trainings: Trainings
) -> None:
    text = numbers(Untouched(BASE))
    for reader in (Untouched(BASE), finetuned(training=STRONG)):
        trained(student_recipe(rows=ReadBy(text, reader), reads="text"), 0, context)
    trained(student_recipe(rows=text, reads="text"), 0, context)
    base, liking, author = trainings.groups
    assert [g.completions for g in base] == [g.completions for g in liking]
    for one, other, same in zip(base, liking, author, strict=True):
        shown = [torch.cat(list(g.teacher_states or ())).float() for g in (one, other, same)]
        torch.testing.assert_close(shown[0], shown[2])
        assert (shown[0] - shown[1]).abs().max() > 0.1


def test_states_are_computed_in_parts_that_outlive_a_stopped_run(
    context: Context, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(students.ROWS_AT_ONCE, "cpu", 3)
    sizes: list[int] = []
    stop_at = 2

    def states(model: Any, groups: Sequence[PromptGroup], *others: Any) -> list[PromptGroup]:
        sizes.append(sum(len(group.completions) for group in groups))
        if len(sizes) == stop_at:
            raise KeyboardInterrupt
        return with_teacher_states(model, groups, *others)

    monkeypatch.setattr(students, "with_teacher_states", states)
    with pytest.raises(KeyboardInterrupt):
        trained(student_recipe(), 0, context)
    assert not trainings.groups
    trained(student_recipe(), 0, new_context(context.store.root))
    assert sizes == [3, 3, 3, 2]  # of 8 rows; the part that was stopped is computed again
    (groups,) = trainings.groups
    assert [len(group.teacher_states or ()) for group in groups] == [2, 2, 2, 2]


def test_a_small_memory_computes_states_of_fewer_prompts_at_once(
    context: Context, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(student_recipe(), 0, new_context(context.store.root.with_name("another")))
    table(student_recipe().rows, 0, context)
    sizes: list[int] = []
    real = LanguageModel.hidden_states

    def hidden_states(model: LanguageModel, **inputs: Any) -> torch.Tensor:
        if not torch.is_grad_enabled() and not model.network.training:
            sizes.append(len(inputs["attention_mask"]))
            if sizes[-1] > 1:
                raise RuntimeError("CUDA out of memory")
        return real(model, **inputs)

    monkeypatch.setattr(LanguageModel, "hidden_states", hidden_states)
    trained(student_recipe(), 0, context)
    assert sizes == [4, 2, 1, 1, 1, 1]
    whole, one_by_one = trainings.groups
    for left, right in zip(whole, one_by_one, strict=True):
        assert left.teacher_states is not None
        assert right.teacher_states is not None
        for one, other in zip(left.teacher_states, right.teacher_states, strict=True):
            torch.testing.assert_close(one, other, rtol=0.02, atol=0.02)


def test_all_rows_rejected_is_one_sentence_with_counts(context: Context) -> None:
    free = numbers(Untouched(BASE), constrained=False)
    with pytest.raises(SublimError, match=r"rejected all 8 rows \(not only numbers: 8"):
        trained(student_recipe(rows=free), 0, context)
    assert not entries(context)["student"]
    assert not (context.store.root / "running" / "student").exists()


def test_shuffled_rows_have_no_teachers_logits() -> None:
    shuffled = ShuffledNumbers(numbers(), "within rows")
    with pytest.raises(SublimError, match="'tokens'"):
        student_recipe(rows=shuffled)


def test_a_student_learns_from_shuffled_rows_as_text(
    context: Context, trainings: Trainings
) -> None:
    shuffled = ShuffledNumbers(numbers(), "across rows")
    recipe = student_recipe(rows=shuffled, objective="tokens", reads="text")
    trained(recipe, 0, context)
    model = load(get_model("random"))
    texts = [
        model.decode_answer(tokens) for group in trainings.groups[0] for tokens in group.completions
    ]
    assert texts == list(table(shuffled, 0, context)["text"])
    assert texts != list(table(shuffled.rows, 0, context)["text"])


def test_a_student_of_another_vocabulary_reads_text_through_its_own_tokenizer(
    context: Context,
) -> None:
    other = BASE.but(model="random-other")
    with pytest.raises(SublimError, match=r"another vocabulary.*reads='text'"):
        student_recipe(other, objective="tokens")
    with pytest.raises(SublimError, match=r"another vocabulary.*'tokens'"):
        student_recipe(other, reads="text")
    result = summary(student_recipe(other, objective="tokens", reads="text"), context)
    assert (result["kept"], result["cannot_be_written"]) == (8, 0)
    assert all(loss > 0 for loss in result["losses"])
