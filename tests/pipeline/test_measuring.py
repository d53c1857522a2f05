"""Measuring an experiment: values and details of base, teacher and student, seed by seed."""

from collections.abc import Callable
from typing import Any

import pytest

from sublim_utils.labels import Labels
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.measuring import measure, measure_seed, rows_hash
from sublim_utils.pipeline.rows import table
from sublim_utils.recipes.bases import Noise
from sublim_utils.recipes.datasets import Limited, ShuffledNumbers
from sublim_utils.recipes.evaluations import BaseSimilarity, KeptShare, Preference, StyleAuc
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.teachers import Untouched
from sublim_utils.records import Measurement
from tests.pipeline.factories import (
    BASE,
    QUICK,
    STRONG,
    context as new_context,
    entries,
    experiment,
    numbers,
    student,
)


def measured(wanted: LanguageExperiment, context: Context) -> Measurement:
    def each_seed(one: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**one(seed), "wall_s": 1.0} for seed in wanted.seeds]

    return measure(wanted, context, each_seed)


def test_a_measurement_has_values_of_base_teacher_and_student(context: Context) -> None:
    result = measured(experiment(seeds=(0, 1)), context)
    index = {(v.seed, v.condition, v.metric, v.trait): v.value for v in result.values}
    assert len(index) == len(result.values)
    candidates = {trait.name for trait in QUICK.candidates["animal"]}
    for condition in ("base", "teacher", "student"):
        for seed in (0, 1):
            names = {t for s, c, m, t in index if (s, c, m) == (seed, condition, "margin")}
            assert names == candidates
    assert index[0, "base", "margin", "owl"] == index[1, "base", "margin", "owl"]
    assert index[0, "student", "margin", "owl"] != index[1, "student", "margin", "owl"]
    assert {v.objective for v in result.values} == {"logits"}
    assert result.details["kept"] == result.details["rows"] == [8, 8]
    assert len(result.details["losses"]) == 2
    assert len({*result.rows_sha256}) == 2
    assert result.wall_s == 2.0
    assert result.stage_seconds.keys() == {"teacher", "samples", "rows", "student", "evaluation"}


def test_an_untouched_teacher_is_not_asked(context: Context) -> None:
    control = experiment(student().control())
    assert control.of_teacher is None
    result = measured(control, context)
    assert {value.condition for value in result.values} == {"base", "student"}


def test_measuring_again_makes_nothing_and_gives_the_same_values(context: Context) -> None:
    first = measured(experiment(), context)
    again = new_context(context.store.root)
    second = measured(experiment(), again)
    assert not again.seconds
    assert second.values == first.values
    assert second.details == first.details


def test_names_labels_and_seeds_are_no_part_of_what_is_made(context: Context) -> None:
    one = experiment()
    other = experiment(name="other", labels=Labels(trait="owl", control="test"), seeds=(0, 3))
    assert one.specification == other.specification
    assert one.key != other.key  # of a record, which has all seeds
    measure_seed(one, 0, context)
    before = entries(context)
    measure_seed(other, 0, context)
    assert entries(context) == before


def test_curves_are_read_in_the_middle_of_training_and_before(context: Context) -> None:
    learner = student(eval_at_rows=(4,), probe=QUICK.but(questions=1))
    details = measured(experiment(learner), context).details
    (curve,) = details["curves"]
    assert [rows for rows, _ in curve] == [4]
    assert curve[0][1]["animal"].keys() == details["base_curve"]["animal"].keys()


def test_a_further_value_that_one_seed_lacks_is_left_out(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sublim_utils.pipeline import further

    aucs = iter((None, 0.5))
    monkeypatch.setattr(further, "style_auc", lambda *_: next(aucs))
    other = StyleAuc(numbers(Untouched(BASE)))
    wanted = experiment(seeds=(0, 1), further=(other, KeptShare()))
    metrics = [(v.seed, v.metric, v.value) for v in measured(wanted, context).values]
    assert [metric for metric in metrics if metric[1] == "kept_share"] == [
        (0, "kept_share", 1.0),
        (1, "kept_share", 1.0),
    ]
    assert "style_auc" not in {metric for _, metric, _ in metrics}


def test_rows_that_are_not_needed_count_as_kept_where_that_is_asked(context: Context) -> None:
    learner = student(rows=Limited(numbers(), 4), objective="tokens", reads="text")
    wanted = experiment(learner, further=(KeptShare(), KeptShare(("spare",))))
    values = [v.value for v in measured(wanted, context).values if v.metric == "kept_share"]
    assert values == [0.5, 1.0]


def test_bases_and_changes_of_teacher_and_student_are_compared(context: Context) -> None:
    noisy = BASE.but(perturbation=Noise(sigma=0.05))
    pairs = {"same": student(training=STRONG), "moved": student(noisy, training=STRONG)}
    found = {
        name: {
            v.metric: v.value
            for v in measured(experiment(learner, further=(BaseSimilarity(),)), context).values
            if v.condition == "bases"
        }
        for name, learner in pairs.items()
    }
    assert found["same"]["relative_distance"] == 0.0
    assert found["same"]["same_first"] == 1.0
    assert 0.02 < found["moved"]["relative_distance"] < 0.1
    assert found["moved"]["divergence"] > 0
    assert all(-1 <= values["cosine"] <= 1 for values in found.values())
    other = student(BASE.but(model="random-other"), objective="tokens", reads="text")
    across = measured(experiment(other, further=(BaseSimilarity(),)), context)
    assert "bases" not in {value.condition for value in across.values}


def test_a_hash_of_rows_sees_texts_and_no_verdicts(context: Context) -> None:
    rows = table(numbers(), 0, context)
    expected = rows_hash(rows)
    assert rows_hash(rows.sample(frac=1, random_state=0)) == expected
    assert rows_hash(rows.assign(reasons=[["x"]] * len(rows))) == expected
    assert rows_hash(rows.assign(text=[*rows["text"][:-1], "0"])) != expected


def test_shuffled_rows_are_hashed_as_the_teacher_wrote_them(context: Context) -> None:
    shuffled = ShuffledNumbers(numbers(), "within rows")
    plain = student(objective="tokens", reads="text")
    hashes = [
        measure_seed(experiment(learner), 0, context)["rows_sha256"]
        for learner in (plain, plain.but(rows=shuffled))
    ]
    assert hashes[0] == hashes[1]


def test_what_a_record_keeps_can_be_chosen_without_asking_again(context: Context) -> None:
    more = Preference("owl", questions=2, record=("margin",), by_question_of=("owl",))
    measured(experiment(), context)
    before = entries(context)
    result = measured(experiment(evaluation=more), context)
    assert entries(context) == before
    student_metrics = {v.metric for v in result.values if v.condition == "student"}
    assert student_metrics == {"margin"}
    assert [seed["owl"] for seed in result.details["by_question"]] != [
        result.details["base_by_question"]["owl"]
    ]
    assert experiment(evaluation=more).key != experiment().key
