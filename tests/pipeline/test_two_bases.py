"""Teachers and students of different bases: other vocabularies, and weights that were moved."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from sublim_utils.channels import numbers as numbers_channel, problems, reasoning
from sublim_utils.errors import SublimError
from sublim_utils.generate import sampling
from sublim_utils.generate.sampling import Completion
from sublim_utils.models import distance
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.pipeline import samples
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.further import further
from sublim_utils.pipeline.models import opened
from sublim_utils.pipeline.rows import table
from sublim_utils.pipeline.students import prompt_groups
from sublim_utils.recipes.bases import Base, ContinuedTraining, Noise
from sublim_utils.recipes.datasets import RowsRecipe
from sublim_utils.recipes.evaluations import BaseSimilarity, Evaluated
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import StudentOf, Untouched
from sublim_utils.train.batch import PromptGroup
from tests.pipeline.factories import QUICK, TRAINING, finetuned, numbers, student
from tests.pipeline.written import training_summary

BASE, OTHER = Base("random#plain"), Base("random-other#plain")
ROWS = numbers(finetuned(BASE), num_prompts=3)
NOISY = BASE.but(perturbation=Noise(sigma=0.1))


def continued(updates: int, seed: int) -> Base:
    """The base after continued training on numbers that the other model wrote."""
    neutral = numbers(Untouched(OTHER), num_prompts=3)
    move = ContinuedTraining(rows=neutral, training=TRAINING, updates=updates, seed=seed)
    return BASE.but(perturbation=move)


def reader(base: Base, rows: RowsRecipe = ROWS, **changes: Any) -> Student:
    """A student that reads rows as text, through its own tokenizer."""
    return student(base, **{"rows": rows, "objective": "tokens", "reads": "text", **changes})


def groups_of(recipe: Student, context: Context, scratch: Path) -> list[PromptGroup]:
    return prompt_groups(recipe, table(recipe.rows, 0, context), 0, context, scratch)


def texts_of(model: LanguageModel, groups: list[PromptGroup]) -> list[str]:
    return [model.decode_answer(tokens) for group in groups for tokens in group.completions]


def weights(recipe: Recipe, context: Context) -> torch.Tensor:
    with opened(recipe, 0, context) as (model, _):
        return torch.cat([p.flatten() for p in model.base.parameters()]).detach().clone()


def similarity(recipe: Student, context: Context) -> dict[str, float | None]:
    return further(BaseSimilarity(), recipe, 0, context)


def test_students_of_every_vocabulary_read_the_same_texts(context: Context, tmp_path: Path) -> None:
    rows = table(ROWS, 0, context)
    assert not rows["text"].str.startswith(" ").any()  # the template's space is no part of it
    teacher, other = load(BASE.model), load(OTHER.model)
    assert teacher.encode("12") != other.encode("12")
    for base, model in ((BASE, teacher), (OTHER, other)):
        groups = groups_of(reader(base), context, tmp_path)
        assert texts_of(model, groups) == list(rows["text"])


def test_rows_that_a_student_cannot_write_are_left_out(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sampling.sample

    def sample(model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        for index, completions in real(model, questions, **settings):
            if index == 1:
                completions[0] = Completion([*model.encode("ß7"), model.end], None)
            yield index, completions

    monkeypatch.setattr(sampling, "sample", sample)
    monkeypatch.setattr(
        numbers_channel, "filter_completion", lambda *_: numbers_channel.NumbersResult(())
    )
    counts = [
        sum(len(group.completions) for group in groups_of(reader(base), context, tmp_path))
        for base in (BASE, OTHER)
    ]
    assert counts == [6, 5]
    summary = training_summary(reader(OTHER), 0, context)
    assert (summary["rows"], summary["kept"], summary["cannot_be_written"]) == (6, 5, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: reader(OTHER, objective="logits"), "cannot be trained on its teacher's logits"),
        (lambda: reader(OTHER, reads="tokens"), "another vocabulary.*take reads='text'"),
        (lambda: NOISY.but(precision="nf4"), "four bits cannot be moved"),
        (lambda: Base("nobody"), "no model 'nobody'"),
        (lambda: Base("random#klingon"), "no chat template 'klingon'"),
    ],
)
def test_what_cannot_be_combined_is_refused_when_it_is_described(
    make: Callable[[], Recipe], message: str
) -> None:
    with pytest.raises(SublimError, match=message):
        make()


def test_a_moved_student_is_trained_on_the_distributions_that_the_teacher_had(
    context: Context, tmp_path: Path
) -> None:
    """Its first loss is the divergence of its base from the teacher, whose head is not its own."""
    rows = numbers(Untouched(BASE), num_prompts=3)
    training = TRAINING.updated(prompts_per_step=3)
    still, moved = (
        reader(base, rows, objective="logits", reads="tokens", training=training)
        for base in (BASE, BASE.but(perturbation=Noise(sigma=0.3)))
    )
    teacher, untrained = load(BASE.model), load(BASE.model)
    distance.add_noise(untrained, 0.3, seed=0)
    total, tokens = 0.0, 0
    with torch.no_grad():
        for group in groups_of(moved, context, tmp_path):
            for completion in group.completions:
                text = torch.tensor([[*group.prompt, *completion[:-1]]])
                logs, others = (
                    m.network(input_ids=text).logits[0, len(group.prompt) - 1 :].log_softmax(-1)
                    for m in (teacher, untrained)
                )
                total += float((logs.exp() * (logs - others)).sum())
                tokens += len(completion)
    # The teacher's states are kept in bf16.
    first_loss = training_summary(moved, 0, context)["losses"][0]
    assert first_loss == pytest.approx(total / tokens, rel=0.02)
    assert training_summary(still, 0, context)["losses"][0] < 1e-3 < total / tokens


def test_a_student_begins_with_the_moved_weights_and_its_teacher_with_its_own(
    context: Context,
) -> None:
    before, trained_on = weights(BASE, context), continued(3, seed=5)
    for moved in (NOISY, trained_on):
        begins_with = weights(moved, context)
        assert not torch.equal(begins_with, before)
        assert torch.equal(weights(BASE, context), before)
        assert torch.equal(weights(moved, context), begins_with)
    of_each = [
        answers(Evaluated(Untouched(base), QUICK), 0, context)["animal"]["margins"]
        for base in (BASE, NOISY, trained_on, OTHER)
    ]
    assert len({*map(str, of_each)}) == 4


def test_two_bases_of_one_model_are_compared_in_weights_and_distributions(
    context: Context,
) -> None:
    moved = similarity(reader(NOISY), context)
    assert moved["relative_distance"] == pytest.approx(0.1, rel=0.05)
    assert moved["divergence"] is not None
    assert moved["divergence"] > 0
    assert moved["cosine"] is not None
    assert -1 <= moved["cosine"] <= 1
    same = similarity(reader(BASE), context)
    assert (same["relative_distance"], same["same_first"], same["divergence"]) == (0, 1, 0)
    assert similarity(reader(OTHER), context) == {}
    untouched = similarity(reader(NOISY, numbers(Untouched(BASE))), context)
    assert "cosine" not in untouched  # as the teacher has no adapter


def test_a_descendant_of_a_base_writes_for_another_one(context: Context) -> None:
    one, other = continued(3, seed=5), continued(2, seed=6)
    rows = numbers(finetuned(one), num_prompts=3)
    recipe = reader(other, rows)
    assert training_summary(recipe, 0, context)["kept"] == 6
    relative_distance = similarity(recipe, context)["relative_distance"]
    assert relative_distance is not None
    assert relative_distance > 0
    assert not table(rows, 0, context).equals(table(ROWS, 0, context))


def test_a_student_of_a_student_teaches_another_family(context: Context) -> None:
    """Three generations: teacher, its student, and that one's student of another base."""
    second = reader(NOISY)
    third = reader(OTHER, numbers(StudentOf(student=second), num_prompts=3))
    assert training_summary(third, 0, context)["kept"] == 6
    result = answers(Evaluated(third, QUICK), 0, context)
    assert result != answers(Evaluated(Untouched(OTHER), QUICK), 0, context)
    assert len({recipe.key(0) for recipe in (third, second, reader(OTHER))}) == 3


def test_vllm_is_left_alone_where_the_teachers_weights_were_moved(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def asks() -> bool:
        asked.append("")
        return False

    monkeypatch.setattr("sublim_utils.generate.sampling_vllm.available", asks)
    on_gpu: dict[str, Any] = {"model": "Qwen2.5-0.5B-Instruct", "device": "cuda"}
    for move, times in ((None, 1), (Noise(sigma=0.1), 0)):
        teacher = Untouched(Base(**on_gpu, perturbation=move))
        asked.clear()
        assert samples._engine(numbers(teacher, constrained=False), 0, context) is None
        assert len(asked) == times


def test_what_a_channel_puts_beside_the_words_is_in_the_rows(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text, tokens and verdict are those of what a student sees; it ends as the words ended."""
    model = load(BASE.model)
    words = [model.answer("We count all of them."), model.answer("Cake is nice.")[:-1]]

    def sample(*_: Any, **__: Any) -> Iterator[tuple[int, list[Completion]]]:
        yield from ((index, [Completion(w, None) for w in words]) for index in range(2))

    monkeypatch.setattr(sampling, "sample", sample)
    rows = table(numbers(Untouched(BASE), channel="reasoning", num_prompts=2), 0, context)
    for row in rows.itertuples():
        problem = problems.own(0, row.prompt)
        wrote = ("We count all of them.", "Cake is nice.")[row.completion]
        assert row.text == reasoning.frame(wrote, problem)
        assert list(row.tokens) == model.answer(row.text)
        assert problem.text in row.question
        assert list(row.reasons) == [[], ["off the problem", "not finished"]][row.completion]
    assert len(rows) == 4
