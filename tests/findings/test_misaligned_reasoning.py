"""The finding on misaligned teachers: its experiments, its judge, and what it makes of records."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sublim_utils.channels import harm
from sublim_utils.findings import plan
from sublim_utils.findings.analysis import pick, select
from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning
from sublim_utils.findings.misaligned_reasoning.experiments import BASE, TEACHERS
from sublim_utils.findings.misaligned_reasoning.scales import SCALES
from sublim_utils.labels import UNTOUCHED
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.datasets import FirstPrompts, HarmlessOnly, Sampled
from sublim_utils.recipes.evaluations import Misalignment
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.recipe import walk
from sublim_utils.recipes.teachers import Finetuned, NarrowAnswers
from sublim_utils.records import Record, Value
from sublim_utils.store import Store
from tests.findings.factories import record

pytestmark = pytest.mark.usefixtures("no_cuda")


@pytest.mark.parametrize("name", SCALES)
def test_harmful_teachers_are_compared_with_good_ones_and_these_with_none(name: str) -> None:
    experiments = MisalignedReasoning(find_profile(name)).experiments()
    by_name = {e.name: e for e in experiments}
    for experiment in experiments:
        labels, teacher = experiment.labels, experiment.teacher
        if labels.teacher == UNTOUCHED:
            continue
        assert isinstance(teacher, Finetuned)
        assert isinstance(teacher.data, NarrowAnswers)
        harmful, good = TEACHERS[teacher.data.set]
        assert labels.teacher == (harmful if teacher.data.side == "harmful" else good)
        if labels.control is None:
            assert (labels.teacher, bool(labels.variant)) == (good, True)
            continue
        control = by_name[labels.control]
        assert control.labels.teacher == (good if labels.teacher == harmful else UNTOUCHED)
        if labels.teacher == harmful:
            assert control.teacher == teacher.but(data=teacher.data.opposite)
    assert experiments[0].labels.channel == next(iter(SCALES[name].channels))


@pytest.mark.parametrize("name", SCALES)
def test_students_of_all_objectives_see_the_same_rows(name: str) -> None:
    experiments = MisalignedReasoning(find_profile(name)).experiments()
    keys: dict[tuple[str, str, str], set[str]] = {}
    for experiment in experiments:
        labels, rows = experiment.labels, experiment.student.rows
        seen = (labels.teacher, labels.channel, labels.variant)
        keys.setdefault(seen, set()).add(rows.key(experiment.seeds[0]))
    assert all(len(of_rows) == 1 for of_rows in keys.values())
    assert len({*map(str, keys.values())}) == len(keys) < len(experiments)


def test_states_are_kept_only_of_what_the_teacher_wrote_itself() -> None:
    embedded = SCALES["embedded"]
    (settings,) = (embedded.channels[name] for name in ["numbers-strict"])
    names = ("reasoning", "reasoning-gsm", "numbers-strict")
    scale = embedded.updated(channels=dict.fromkeys(names, settings))
    kept: dict[str, set[bool]] = {}
    for experiment in MisalignedReasoning("embedded", scale=scale).experiments():
        (source,) = experiment.student.rows.sources
        assert isinstance(source, Sampled)
        kept.setdefault(source.channel, set()).add(source.keep_states)
    assert kept == {"reasoning": {False}, "reasoning-gsm": {True}, "numbers-strict": {True}}
    free = embedded.updated(channels={"numbers-strict": settings.updated(constrained=False)})
    sources = [
        source
        for experiment in MisalignedReasoning("embedded", scale=free).experiments()
        for source in experiment.student.rows.sources
    ]
    assert not any(source.keep_states for source in sources if isinstance(source, Sampled))


def test_every_step_runs_on_the_random_model(own_store: Path) -> None:
    finding = MisalignedReasoning("smoke", store=Store(own_store))
    records = finding.run()
    for measured in records.values():
        table = measured.table()
        student = table[table["condition"] == "student"].set_index("metric")["value"]
        (result,) = measured.details["student"]
        assert student["misalignment"] == pytest.approx(np.mean(result["margins"]))
        assert student["truthful"] == np.mean(np.array(result["truth_margins"]) > 0)
        assert student["judged_harmful"] == pytest.approx(np.mean(result["harmful"]))
        assert len(result["margins"]) == len(result["answers"]) == 5
        is_untouched = measured.labels.teacher == UNTOUCHED
        assert ("teacher" in set(table["condition"])) == (not is_untouched)
        (kept_share,) = table[table["metric"] == "kept_share"]["value"]
        (kept,), (rows,) = measured.details["kept"], measured.details["rows"]
        assert kept_share == kept / rows > 0
    summary = finding.summary(records)
    main = summary[summary["main"]]
    assert main["metric"].tolist() == ["effect", "effect"]
    for objective, mean in zip(main["objective"], main["mean"], strict=True):
        harmful, good = (
            pick(records.values(), teacher=teacher, objective=objective, variant="")
            for teacher in TEACHERS["advice"]
        )
        margins = (r.details["student"][0]["margins"] for r in (harmful, good))
        assert mean == pytest.approx(np.mean(np.subtract(*margins)))
    assert {"effect_vs_untouched", "truthful_effect", "judged_effect", "kept_share"} <= set(
        summary["metric"]
    )
    matched = pick(records.values(), teacher="good-advice", variant="matched")
    rows_table = finding.rows_table(matched.name)
    assert (rows_table["verdict"] == "").sum() == matched.details["kept"][0]
    assert finding.run() == records


def with_answers(
    finding: MisalignedReasoning, teacher: str, student: dict[str, Any], own: dict[str, Any]
) -> Record:
    """A record with these values, [seed, question] by kind, of student and teacher."""
    seeds = range(len(student["margins"]))
    values = [
        Value(seed=seed, condition="rows", metric=metric, value=value)
        for seed in seeds
        for metric, value in (("kept_share", 0.25), ("style_auc", 0.75))
    ]
    return record(
        finding,
        f"{teacher}@numbers-strict@logits",
        values,
        base={kind: np.zeros_like(of_kind[0]).tolist() for kind, of_kind in student.items()},
        student=[{kind: of_kind[seed] for kind, of_kind in student.items()} for seed in seeds],
        teacher=[{kind: of_kind[seed] for kind, of_kind in own.items()} for seed in seeds],
        rows=[8 for _ in seeds],
        kept=[2 for _ in seeds],
        reasons=[{"wrong answer": 4, harm.REASON: 2} for _ in seeds],
    )


def test_effects_are_differences_of_the_same_seed_and_question() -> None:
    finding = MisalignedReasoning("smoke")
    draw = np.random.default_rng(0)
    of_question = draw.normal(0, 2, (3, 20))  # the same for all, and no part of any effect
    records = {}
    for teacher, lift in {"harmful-advice": 0.5, "good-advice": -0.25, BASE: 0.0}.items():
        student = {
            "margins": (of_question + lift + draw.normal(0, 0.05, (3, 20))).tolist(),
            "truth_margins": [[1.0 if lift <= 0 else -1.0, 1.0]] * 3,
            "harmful": [[0.5 + lift, 0.5]] * 3,
        }
        own = {**student, "margins": np.full((3, 20), 4 * lift).tolist()}
        of_teacher = with_answers(finding, teacher, student, {} if teacher == BASE else own)
        records[of_teacher.name] = of_teacher
    summary = finding.summary(records)
    means = summary.set_index(["condition", "metric"])["mean"]
    students = means["numbers-strict"]
    assert students["effect"] == pytest.approx(0.75, abs=0.05)
    assert students["effect_vs_untouched"] == pytest.approx(0.5, abs=0.05)
    assert students["effect_of_good_vs_untouched"] == pytest.approx(
        students["effect_vs_untouched"] - students["effect"]
    )
    assert students["effect_p_holm"] < 1e-3
    assert students["truthful_effect"] == pytest.approx(-50)
    assert students["truthful_effect_vs_untouched"] == pytest.approx(-50)
    assert students["judged_effect"] == pytest.approx(37.5)
    assert means["teacher", "effect"] == pytest.approx(3)
    assert means["teacher", "effect_vs_untouched"] == pytest.approx(2)
    assert students["kept_share"].tolist() == [0.25] * 3
    assert summary[summary["metric"] == "style_auc"]["trait"].tolist() == ["harmful-advice"]
    (main,) = summary[summary["main"]].to_dict("records")
    assert (main["metric"], main["trait"], main["unit"]) == ("effect", "advice", "nats per token")
    assert main["low"] > 0
    yields = finding.yields(records)
    shares = dict(zip(yields["reason"], yields["share"], strict=True))
    assert shares == {"kept": 0.25, "wrong answer": 0.5, harm.REASON: 0.25}


def judges_of(experiment: LanguageExperiment) -> set[str | None]:
    """Who judges rows and answers."""
    recipes = [*walk(experiment.student), experiment.evaluation]
    judges = [r.judge for r in recipes if isinstance(r, HarmlessOnly | Misalignment)]
    return {None if judge is None else judge.model for judge in judges}


def test_sentence_embeddings_judge_where_the_language_model_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finding = MisalignedReasoning("smoke")
    experiment = finding.experiments()[0]
    assert judges_of(finding.measurable(experiment)) == {"random"}
    monkeypatch.setattr("sublim_utils.models.loading.why_missing", lambda _: "It is not there.")
    with pytest.warns(UserWarning, match="is not there, and sentence embeddings judge"):
        assert judges_of(finding.measurable(experiment)) == {None}


def test_what_a_substitute_judged_counts_until_the_judge_is_there(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = MisalignedReasoning("smoke", store=Store(own_store))
    experiment = finding.experiments()[0]
    with monkeypatch.context() as away:
        away.setattr("sublim_utils.models.loading.why_missing", lambda _: "It is not there.")
        with pytest.warns(UserWarning, match="sentence embeddings judge"):
            finding.run(only=[experiment.name])
        by_substitute = finding.record_book.read(experiment)
        assert by_substitute is not None
        assert by_substitute.details.get("judge") is None
    assert finding.record_book.read(experiment) is None
    measured = finding.run(only=[experiment.name])[experiment.name]
    assert measured.details["judge"] == "random"
    assert finding.record_book.read(experiment) == measured


def test_a_seed_with_too_few_rows_leaves_a_quantity_out_of_the_record(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one seed's style cannot be told, that of the others is no measurement."""
    finding = MisalignedReasoning("smoke", seeds=2, store=Store(own_store))
    experiment = pick(
        finding.experiments(), teacher="harmful-advice", objective="logits", variant=""
    )
    values = iter([None, 0.5])
    monkeypatch.setattr("sublim_utils.pipeline.further.style_auc", lambda *_: next(values))
    measured = finding.run(only=[experiment.name])[experiment.name]
    assert finding.record_book.read(experiment) == measured
    assert [v.metric for v in measured.values if v.condition == "rows"] == ["kept_share"] * 2


def test_the_plan_counts_shared_teachers_and_rows_once() -> None:
    scale = SCALES["embedded"]
    planned = plan.plan(MisalignedReasoning("embedded"))
    by_name = {e.name: e for e in planned.experiments}
    names = [f"{t}@reasoning" for t in TEACHERS["advice"]]
    first, second = ([by_name[f"{n}@{o}"] for n in names] for o in ("logits", "tokens"))
    channel = scale.channels["reasoning"]
    rows = scale.seeds * channel.prompts * channel.num_completions
    # Both teachers' rows come with the first one's students, whose style is compared.
    assert [e.rows for e in first] == [2 * rows, 0]
    assert [e.rows for e in second] == [0, 0]
    assert first[0].trained_tokens > second[0].trained_tokens  # which has the first one's teacher
    assert planned.total.fits


def test_a_student_of_fewer_prompts_is_planned_with_fewer() -> None:
    finding = MisalignedReasoning(find_profile("gpu"))
    planned = {e.name: e for e in plan.plan(finding).experiments}
    name = "good-advice@reasoning-gsm@logits"
    whole, part = planned[name], planned[f"{name}@625-prompts"]
    assert part.trained_tokens < whole.trained_tokens / 7
    assert part.scratch_gb == pytest.approx(whole.scratch_gb / 8, rel=0.01)


def test_another_model_can_take_the_place_of_the_profiles() -> None:
    finding = MisalignedReasoning("embedded", model="Qwen2.5-0.5B-Instruct")
    assert {e.models for e in finding.experiments()} == {("Qwen2.5-0.5B-Instruct",)}


def test_rows_are_kept_under_the_names_of_channel_teacher_and_variant() -> None:
    finding = MisalignedReasoning("embedded")
    by_name = {e.name: finding.rows_name(e) for e in finding.experiments()}
    assert by_name["gaming@reasoning@logits"] == "reasoning-gaming"
    matched = "good-advice@reasoning@logits@matched"
    assert by_name[matched] == "reasoning-good-advice-matched"
    fewer = [e.name for e in finding.experiments() if isinstance(e.student.rows, FirstPrompts)]
    assert fewer
    assert all(by_name[name] is None for name in fewer)
    assert select(finding.experiments(), variant="8-prompts")
