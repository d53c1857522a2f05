"""What is independent combines: bases, teachers, data sets, students and evaluations."""

from pathlib import Path

import numpy as np

from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.measuring import measure_seed
from sublim_utils.pipeline.rows import table
from sublim_utils.pipeline.students import trained
from sublim_utils.recipes.bases import Base, Noise
from sublim_utils.recipes.datasets import FaithfulOnly, Given, Mixed, Sampled
from sublim_utils.recipes.evaluations import Evaluated, Misalignment
from sublim_utils.recipes.recipe import walk
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import NarrowAnswers, StudentOf, Untouched
from tests.embedders import Words
from tests.pipeline.factories import (
    BASE,
    QUICK,
    STRONG,
    context as new_context,
    entries,
    experiment,
    finetuned,
    numbers,
    student,
)

OTHER = Base("random-other")


def test_a_chain_of_three_generations(context: Context) -> None:
    """Each student writes the rows of the next one."""
    generation = student(training=STRONG)
    chain = [generation]
    for _ in range(2):
        chain.append(student(rows=numbers(StudentOf(student=chain[-1])), training=STRONG))
    margins = [
        answers(Evaluated(one, QUICK), 0, context)["animal"]["margins"]["owl"] for one in chain
    ]
    assert len({*margins}) == 3
    assert entries(context) == {
        "teacher": 1, "samples": 3, "rows": 3, "student": 3, "evaluation": 3
    }  # fmt: skip
    assert sum(isinstance(part, Student) for part in walk(chain[-1])) == 3


def test_misalignment_across_families(context: Context) -> None:
    teacher = finetuned(data=NarrowAnswers(set="advice", side="harmful"), training=STRONG)
    learner = student(OTHER, rows=numbers(teacher), objective="tokens", reads="text")
    short = Misalignment(questions=3, samples=0, statements=3)
    wanted = experiment(learner, evaluation=short, teacher_evaluation=short)
    assert set(wanted.bases) == {BASE, OTHER}
    result = measure_seed(wanted, 0, context)
    for answered in (result["student"], result["teacher"]):
        assert np.isfinite(answered["margins"]).all()
    assert result["student"] != result["teacher"]


def test_a_student_of_paraphrases_on_a_moved_base(tmp_path: Path) -> None:
    context = new_context(tmp_path, make_embedder=Words)
    rewrites = Sampled(
        finetuned(training=STRONG),
        "paraphrase",
        num_prompts=4,
        num_completions=2,
        channel_options={"source": "wordings", "about": None, "continued": False},
    )
    moved = BASE.but(perturbation=Noise(sigma=0.05))
    learner = student(moved, rows=FaithfulOnly(rewrites, ("owl",)), reads="text")
    result = measure_seed(experiment(learner, evaluation=QUICK), 0, context)
    assert 0 < result["training"]["kept"] <= 8
    assert np.isfinite(list(result["student"]["animal"]["margins"].values())).all()


def test_a_student_of_given_and_sampled_rows(context: Context, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "Name a colour.", "completion": "Red."}\n')
    mixed = Mixed((numbers(Untouched(BASE)), Given(file)))
    learner = student(rows=mixed, objective="tokens", reads="text", prompts_per_step=5)
    folder = trained(learner, 0, context)
    assert '"kept": 9' in (folder / "student.json").read_text()
    assert len(table(mixed, 0, context)) == 9


def test_an_artifact_is_the_same_whatever_was_made_before(context: Context, tmp_path: Path) -> None:
    seed = 3
    evaluated = Evaluated(student(training=STRONG), QUICK)
    alone = answers(evaluated, seed, context)
    busy = new_context(tmp_path / "another")
    for other in (student(OTHER, objective="tokens", reads="text"), student().control()):
        trained(other, seed, busy)
    assert answers(evaluated, seed, busy) == alone
