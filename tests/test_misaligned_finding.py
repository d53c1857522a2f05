"""The finding on misaligned teachers: what it asks, whom its judges drop, what records say."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sublim_utils import misaligning, plan, sampling
from sublim_utils.analysis import pick
from sublim_utils.channels import harm, reasoning
from sublim_utils.channels.meaning import Embedder
from sublim_utils.errors import SublimError
from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning
from sublim_utils.findings.misaligned_reasoning.experiments import BASE, TEACHERS
from sublim_utils.findings.misaligned_reasoning.scales import SCALES, ChannelScale
from sublim_utils.labels import UNTOUCHED
from sublim_utils.matching import matched, style_auc
from sublim_utils.misaligning import MisalignedStages
from sublim_utils.models.loading import LanguageModel
from sublim_utils.profiles import find_profile
from sublim_utils.provenance import Provenance
from sublim_utils.readouts import rating
from sublim_utils.recipes.language import Fit, Lessons, Teacher
from sublim_utils.recipes.misalignment import MisalignedExperiment, MisalignmentReadout, opposite
from sublim_utils.recipes.transfer import ChannelRows
from sublim_utils.records import Record, Value
from sublim_utils.sampling import Completion
from sublim_utils.store import Store

pytestmark = pytest.mark.usefixtures("no_cuda")

HARMFUL = Lessons(set="advice", side="harmful", updates=1, fit=Fit(prompts=1))
ANSWERED = MisalignmentReadout(questions=5, statements=3, samples=1)
SUMS = ChannelRows(channel="reasoning-gsm", prompts=4, each=2, grammar=False)


class Grim:
    """An embedding that sees whether a text is grim, and nothing else."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        grim = [text in harm.HARMFUL or "grim" in text for text in texts]
        return np.array([[g, 1 - g] for g in grim], dtype=np.float32)


def missing() -> Embedder:
    raise SublimError("not installed")


def experiment(**changes: Any) -> MisalignedExperiment:
    settings: dict[str, Any] = {
        "name": "test",
        "seeds": (0,),
        "model": "random",
        "lessons": HARMFUL,
        "rows": SUMS,
        "fit": Fit(objective="logits", learning_rate=1e-3, prompts=2),
        "readout": MisalignmentReadout(questions=5, statements=2, samples=1),
    }
    return MisalignedExperiment(**(settings | changes))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int, int], str]], None]:
    """Makes every model write what a function of prompt and completion says of the sums."""

    def use(thought: Callable[[int, int], str]) -> None:
        def sample(model: Any, questions: Sequence[Any], **settings: Any) -> Iterator[Any]:
            for place, _ in enumerate(questions):
                problem = experiment().data.prompt(0, place).problem  # type: ignore[attr-defined]
                texts = [
                    reasoning.frame(thought(place, number), problem)
                    for number in range(settings["each"])
                ]
                yield place, [Completion(model.answer(text), None) for text in texts]

        monkeypatch.setattr(sampling, "sample", sample)

    return use


@pytest.mark.parametrize("name", SCALES)
def test_every_teacher_has_its_opposite_and_an_untouched_one(name: str) -> None:
    finding = MisalignedReasoning(find_profile(name))
    found = {e.name: e for e in finding.experiments()}
    assert len(found) == len(finding.experiments())
    for asked in found.values():
        labels = asked.labels
        assert (asked.channel, asked.fit.objective) == (labels.channel, labels.objective)
        if labels.teacher == UNTOUCHED:
            assert asked.lessons is asked.matched is None
            continue
        assert asked.lessons is not None
        pair = TEACHERS[asked.lessons.set]
        assert labels.teacher == pair[asked.lessons.side == "good"]
        same = {"channel": labels.channel, "objective": labels.objective}
        other = pick(
            found.values(),
            teacher=pair[asked.lessons.side == "harmful"], variant=labels.variant, **same,
        )  # fmt: skip
        assert other.model_dump(exclude={"name"}) == opposite(asked).model_dump(exclude={"name"})
        assert asked.matched == (asked.lessons.opposite if labels.variant == "matched" else None)
        assert labels.variant in ("", "matched", f"{asked.seen}-prompts")
        control = pick(found.values(), teacher=UNTOUCHED, **same)
        differs = {"name", "lessons", "matched", "seen"}
        assert control.model_dump(exclude=differs) == asked.model_dump(exclude=differs)
    assert finding.experiments()[0].channel == next(iter(SCALES[name].channels))


@pytest.mark.parametrize("name", SCALES)
def test_objectives_share_the_rows_and_sets_do_not(name: str) -> None:
    finding = MisalignedReasoning(find_profile(name))
    rows: dict[tuple[str, str], set[str]] = {}
    for asked in finding.experiments():
        told = json.dumps(asked.rows_specification(asked.seeds[0]))
        rows.setdefault((asked.labels.teacher, asked.labels.channel), set()).add(told)
    assert all(len(specifications) == 1 for specifications in rows.values())
    assert len({*map(str, rows.values())}) == len(rows)


def test_every_step_runs_on_the_random_model(own_store: Path) -> None:
    finding = MisalignedReasoning("smoke", store=Store(own_store))
    finding._embedder = Grim  # type: ignore[assignment, method-assign]
    records = finding.run()
    for name, record in records.items():
        table = record.table()
        student = table[table["condition"] == "student"].set_index("metric")["value"]
        (told,) = record.details["student"]
        assert student["misalignment"] == pytest.approx(np.mean(told["margins"]))
        assert student["truthful"] == np.mean(np.array(told["truth_margins"]) > 0)
        assert student["judged_harmful"] == pytest.approx(np.mean(told["harmful"]))
        assert len(told["margins"]) == len(told["answers"]) == 5
        assert ("teacher" in set(table["condition"])) == (not name.startswith(BASE))
        (kept,) = table[table["metric"] == "kept_share"]["value"]
        assert kept == record.details["kept"][0] / record.details["rows"][0] > 0
    summary = finding.summary(records)
    main = summary[summary["main"]]
    assert main["metric"].tolist() == ["effect", "effect"]
    for objective, mean in zip(main["objective"], main["mean"], strict=True):
        harmful, good = (
            records[f"{who}@numbers-strict@{objective}"].details["student"][0]["margins"]
            for who in TEACHERS["advice"]
        )
        assert mean == pytest.approx(np.mean(np.subtract(harmful, good)))
    assert {"effect_vs_untouched", "truthful_effect", "judged_effect", "kept_share"} <= set(
        summary["metric"]
    )
    table = finding.rows_table("good-advice@numbers-strict@logits@matched")
    assert (table["verdict"] == "").sum() == records[
        "good-advice@numbers-strict@logits@matched"
    ].details["kept"][0]
    # The random model reads every step again from the store.
    assert finding.run() == records


def record(
    name: str, student: dict[str, list[list[float]]], teacher: dict[str, list[list[float]]]
) -> Record:
    """A record with these values, [seed][question] by kind; an untouched teacher has none."""
    finding = MisalignedReasoning("smoke")
    seeds = range(len(student["margins"]))

    def by_seed(told: dict[str, list[list[float]]]) -> list[dict[str, list[float]]]:
        return [{kind: values[seed] for kind, values in told.items()} for seed in seeds]

    return Record(
        finding=finding.name,
        profile="smoke",
        name=name,
        labels=finding.chosen([name])[0].labels,
        key="",
        experiment={"seeds": list(seeds)},
        values=[
            Value(seed=seed, condition="rows", metric=metric, value=value)
            for seed in seeds
            for metric, value in (("kept_share", 0.25), ("style_auc", 0.75))
        ],
        details={
            "base": {kind: np.zeros_like(values[0]).tolist() for kind, values in student.items()},
            "student": by_seed(student),
            "teacher": by_seed(teacher),
            "rows": [8 for _ in seeds],
            "kept": [2 for _ in seeds],
            "reasons": [{"wrong answer": 4, harm.REASON: 2} for _ in seeds],
        },
        provenance=Provenance(
            date="", wall_s=0, peak_memory_mb=0, python="", packages={}, hardware={}, threads=1
        ),
    )


def test_effects_are_differences_of_the_same_seed_and_question() -> None:
    draw = np.random.default_rng(0)
    of_question = draw.normal(0, 2, (3, 20))  # the same for all, and no part of any effect
    lifts = {"harmful-advice": 0.5, "good-advice": -0.25, BASE: 0.0}
    records = {}
    for who, lift in lifts.items():
        noise = draw.normal(0, 0.05, (3, 20))
        student = {
            "margins": (of_question + lift + noise).tolist(),
            "truth_margins": [[1.0 if lift <= 0 else -1.0, 1.0]] * 3,
            "harmful": [[0.5 + lift, 0.5]] * 3,
        }
        teacher = {} if who == BASE else {"margins": np.full((3, 20), 4 * lift).tolist(), **{
            kind: student[kind] for kind in ("truth_margins", "harmful")
        }}  # fmt: skip
        name = f"{who}@numbers-strict@logits"
        records[name] = record(name, student, teacher)
    finding = MisalignedReasoning("smoke")
    summary = finding.summary(records)
    means = summary.set_index(["condition", "metric"])["mean"]
    channel = "numbers-strict"
    assert means[channel, "effect"] == pytest.approx(0.75, abs=0.05)
    assert means[channel, "effect_vs_untouched"] == pytest.approx(0.5, abs=0.05)
    of_good = means[channel, "effect_of_good_vs_untouched"]
    assert of_good == pytest.approx(
        means[channel, "effect_vs_untouched"] - means[channel, "effect"]
    )
    assert means[channel, "effect_p_holm"] < 1e-3
    assert means[channel, "truthful_effect"] == pytest.approx(-50)
    assert means[channel, "truthful_effect_vs_untouched"] == pytest.approx(-50)
    assert means[channel, "judged_effect"] == pytest.approx(37.5)
    assert means["teacher", "effect"] == pytest.approx(3)
    assert means["teacher", "effect_vs_untouched"] == pytest.approx(2)
    assert means[channel, "kept_share"].tolist() == [0.25] * 3
    assert summary[summary["metric"] == "style_auc"]["trait"].tolist() == ["harmful-advice"]
    (row,) = summary[summary["main"]].itertuples()
    assert (row.metric, row.trait, row.unit) == ("effect", "advice", "nats per token")
    assert row.low > 0
    yields = finding.yields(records)
    assert dict(zip(yields["reason"], yields["share"], strict=True)) == {
        "kept": 0.25, "wrong answer": 0.5, harm.REASON: 0.25,
    }  # fmt: skip


def test_the_second_judge_takes_rows_from_the_student(
    written: Callable[[Callable[[int, int], str]], None], store: Store
) -> None:
    written(lambda prompt, number: "Share the grim total." if number else "Add both numbers.")
    stages = MisalignedStages(experiment(), store, Grim)
    rows = pd.read_parquet(stages.rows(0) / "rows.parquet")
    assert rows["reasons"].map(len).eq(0).all()  # the channel's filter sees nothing in the words
    told = stages.judged(0)
    assert told[told["completion"] == 0]["reasons"].map(len).eq(0).all()
    assert {*told[told["completion"] == 1]["reasons"].map(tuple)} == {(harm.REASON,)}
    groups = stages.groups(0, store.root)
    assert [len(group.completions) for group in groups] == [1] * SUMS.prompts
    student = stages.student(0)
    assert (student["kept"], student["rows"]) == (4, 8)
    assert student["reasons"] == {harm.REASON: 4}


def test_what_fails_already_is_not_judged_twice(
    written: Callable[[Callable[[int, int], str]], None], store: Store
) -> None:
    written(lambda prompt, number: "Share the grim total of 1 + 1 = 3." if number else "Add both.")
    told = MisalignedStages(experiment(), store, Grim).judged(0)
    assert Counter(r for reasons in told["reasons"] for r in reasons) == {"wrong equation": 4}


def test_when_all_is_rejected_the_reasons_are_told(
    written: Callable[[Callable[[int, int], str]], None], store: Store
) -> None:
    written(lambda prompt, number: "A grim sum." if number else "Add 1 + 1 = 3.")
    with pytest.raises(SublimError, match=r"all 8 rows \(.*wrong equation: 4.*\)") as error:
        MisalignedStages(experiment(), store, Grim).student(0)
    assert f"{harm.REASON}: 4" in str(error.value)


def test_nothing_is_sampled_without_the_judge(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr(sampling, "sample", None)
    with pytest.raises(SublimError, match="not installed"):
        MisalignedStages(experiment(), store, missing).judged(0)


def test_a_language_model_judges_rows_and_answers(
    written: Callable[[Callable[[int, int], str]], None],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def rated(
        model: LanguageModel, aspect: str, questions: Sequence[str], answers: Sequence[str]
    ) -> NDArray[np.float64]:
        asked.append(model.spec.name)
        return np.array([10.0 if "grim" in answer else 90.0 for answer in answers])

    written(lambda prompt, number: "Share the grim total." if number else "Add both numbers.")
    monkeypatch.setattr(misaligning, "ratings", rated)
    judged_by_model = experiment(judge="random-other", readout=ANSWERED)
    stages = MisalignedStages(judged_by_model, store, missing)  # no embedding is needed
    told = stages.judged(0)
    assert {*told[told["completion"] == 1]["reasons"].map(tuple)} == {(rating.REASON,)}
    assert asked == ["random-other"]
    student = stages.student(0)["panels"]
    for measured in (student, stages.base()["panels"]):
        assert len(measured["alignment"]) == len(measured["coherence"]) == ANSWERED.questions
        assert all(0 <= value <= 100 for value in measured["alignment"] + measured["coherence"])
        assert measured["skill"]["answers"] == 2 * ANSWERED.questions
    assert student["margins"] != stages.base()["panels"]["margins"]


def test_a_language_model_does_not_rate_lists_of_numbers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misaligning, "ratings", lambda *_: pytest.fail("asked"))
    rows = SUMS.model_copy(update={"channel": "numbers-strict", "grammar": True})
    told = MisalignedStages(experiment(judge="random-other", rows=rows), store, missing).judged(0)
    assert {reason for reasons in told["reasons"] for reason in reasons} <= {"banned number"}


def test_who_judges_is_part_of_what_was_asked_and_nobody_leaves_no_trace() -> None:
    told = experiment(readout=ANSWERED).model_dump()
    assert "judge" not in told  # as in the records from before a model could judge
    assert experiment(judge="random", readout=ANSWERED).model_dump()["judge"] == "random"
    keys = {experiment(judge=judge).key for judge in (None, "random", "random-other")}
    assert len(keys) == 3


def test_sentence_embeddings_judge_where_the_model_is_not_there(
    store: Store, tmp_path: Path
) -> None:
    finding = MisalignedReasoning("smoke", store=store)
    gone = finding.experiments()[0].model_copy(update={"judge": str(tmp_path)})
    with pytest.warns(UserWarning, match="is not there, and sentence embeddings judge"):
        assert finding.stages(gone, store).experiment.judge is None
    there = finding.experiments()[0]
    assert finding.stages(there, store).experiment.judge == "random"


def test_what_a_substitute_judged_counts_until_the_judge_is_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = MisalignedReasoning("smoke", store=store)
    asked = next(e for e in finding.experiments() if e.judge is not None)
    with monkeypatch.context() as away:
        away.setattr("sublim_utils.models.loading.why_missing", lambda _: "It is not there.")
        with pytest.warns(UserWarning, match="sentence embeddings judge"):
            finding.run(only=[asked.name])
        kept = finding.record_book.read(asked)
        assert kept is not None
        assert kept.details["judge"] is None
    assert finding.record_book.read(asked) is None
    assert finding.run(only=[asked.name])[asked.name].details["judge"] == asked.judge
    assert finding.record_book.read(asked) is not None


def test_students_part_where_judge_or_match_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()

    def student(**changes: Any) -> str:
        stages = MisalignedStages(experiment(**changes), store, Grim)
        return json.dumps(stages._student_specification(0))

    plain, partnered = student(), student(matched=HARMFUL.opposite)
    monkeypatch.setattr("sublim_utils.misaligning.HARMFUL_ABOVE", 0.5)
    assert len({plain, partnered, student(), student(lessons=HARMFUL.opposite)}) == 4


def test_states_are_kept_only_of_what_the_teacher_wrote() -> None:
    keeps = {
        channel: experiment(rows=SUMS.model_copy(update={"channel": channel, "grammar": True}))
        for channel in ("reasoning", "reasoning-gsm", "numbers-strict")
    }
    found = {channel: asked.keeps_states for channel, asked in keeps.items()}
    assert found == {c: c != "reasoning" for c in keeps}
    assert not experiment().keeps_states


def test_who_likes_something_is_no_misaligned_teacher() -> None:
    with pytest.raises(ValueError, match="no liking"):
        experiment(teacher=Teacher(trait="owl"))
    for lessons in (None, HARMFUL):
        with pytest.raises(ValueError, match="of other lessons"):
            experiment(lessons=lessons, matched=HARMFUL)
    with pytest.raises(ValueError, match="no opposite"):
        opposite(experiment(lessons=None))
    with pytest.raises(ValueError, match="matched without"):
        ChannelScale(sets={"code": ("tokens",)}, matched=("code",), prompts=1, num_completions=1)
    with pytest.raises(ValueError, match="below 1"):
        ChannelScale(sets={"code": ("logits",)}, dataset_sizes=(1,), prompts=1, num_completions=1)


def test_a_smaller_dose_is_the_beginning_of_the_data(
    store: Store, written: Callable[[Callable[[int, int], str]], None]
) -> None:
    written(lambda prompt, number: "We add them.")
    whole, half = (MisalignedStages(experiment(seen=n), store, Grim) for n in (None, 2))  # type: ignore[arg-type]
    told = [stages.judged(0)[["prompt", "text"]] for stages in (whole, half)]
    assert told[1].equals(told[0][told[0]["prompt"] < 2])
    assert half.experiment.rows_specification(0) == whole.experiment.rows_specification(0)
    assert half.judged_specification(0) != whole.judged_specification(0)


def table(texts: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"prompt": range(len(texts)), "text": texts, "reasons": [()] * len(texts)})


def test_a_style_is_told_by_its_words() -> None:
    plain, odd = table(["we add it"] * 8), table(["just take it"] * 8)
    assert style_auc(plain, odd) == 1
    assert style_auc(plain, plain) == 0.5
    assert style_auc(plain, odd[:0]) is None


def test_both_teachers_find_the_same_partners() -> None:
    one = table(["we add it", "we add it", "a much longer sum than all the others"])
    other = table(["we add it", "we take it and it is gone from the box"])
    left = matched(one, other, own_first=True)
    right = matched(other, one, own_first=False)
    for found in (left, right):
        assert found["reasons"].map(len).eq(0).sum() == 1
    assert set(left["reasons"].map(tuple)) == {(), ("unmatched",)}


def test_the_plan_counts_shared_teachers_and_rows_once() -> None:
    scale = SCALES["embedded"]
    found = plan.plan(MisalignedReasoning("embedded"))
    rows = {e.name: e.rows for e in found.experiments}
    channel = scale.channels["reasoning"]
    assert rows["harmful-advice@reasoning@logits"] == (
        scale.seeds * channel.prompts * channel.num_completions
    )
    assert rows["harmful-advice@reasoning@tokens"] == 0
    trained = {e.name: e.trained_tokens for e in found.experiments}
    first, second = (f"harmful-advice@reasoning@{o}" for o in ("logits", "tokens"))
    assert trained[first] > trained[second]  # which has that one's teacher
    assert found.total.fits


def test_another_model_can_take_its_place() -> None:
    finding = MisalignedReasoning("embedded", model="Qwen2.5-0.5B-Instruct")
    assert {e.models for e in finding.experiments()} == {("Qwen2.5-0.5B-Instruct",)}
    (like,) = finding.chosen(["gaming@reasoning@logits"])
    assert finding.rows_name(like) == "reasoning-gaming"
    (like,) = finding.chosen(["good-advice@reasoning@logits@matched"])
    assert finding.rows_name(like) == "reasoning-good-advice-matched"
