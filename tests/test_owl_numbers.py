"""The finding on numbers: its experiments, effects and rows, on the model of two random layers."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from sublim_utils.channels import numbers
from sublim_utils.errors import NotStoredError
from sublim_utils.evaluate.questions import PREFIX_NAMES
from sublim_utils.findings.analysis import student_values
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES
from sublim_utils.findings.owl_numbers.scales import SCALES, ModelScale, NumbersScale
from sublim_utils.generate import sampling
from sublim_utils.limits import PREFERENCE_TOKENS
from sublim_utils.pipeline.cost import cost
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.store import Store

GPU = SCALES["gpu"]


@pytest.fixture
def disciplined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free generation that keeps the format, as a good model's would."""
    grammar = numbers.grammar("commas", 3)
    real = sampling.sample

    def sample(model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        if settings["most"] != PREFERENCE_TOKENS:  # numbers, not an answer
            questions = [question._replace(grammar=grammar) for question in questions]
        return real(model, questions, **settings)

    monkeypatch.setattr(sampling, "sample", sample)


@pytest.mark.usefixtures("disciplined")
@pytest.mark.parametrize("name", GPU.models)
def test_every_step_of_the_gpu_profile_runs_on_a_small_model(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path / "results"))
    subject = GPU.models[name].model_copy(update={"prompts": 4, "epochs": 2})
    small = GPU.model_copy(
        update={
            "models": {name: subject.model_copy(update={"traits": subject.traits[:1]})},
            "seeds": 1,
            "questions": 2,
            "samples": 1,
            "eval_at_rows": (2,),
            "teacher_updates": 1,
            "weak_updates": (1,),
            "ranks": (2,),
            "side_linear_decay_sizes": {"logits": (4,)},
            "side_trait": subject.traits[0],
        }
    )
    store = Store(tmp_path / "store")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    profile = find_profile("gpu").updated(device=device)
    finding = OwlNumbers(profile, scale=small, model="random", store=store)
    asked = finding.experiments()
    students = [experiment.student for experiment in asked]
    assert {(s.base.precision, s.base.model) for s in students} == {("nf4", "random")}
    assert {s.training.prompts_per_step for s in students} == {66}
    assert not any(cost(s.rows.sources[0]).kept_tokens for s in students)
    # All variants on the first model; of the others, what the finding asks of them.
    first = name == next(iter(GPU.models))
    only = [] if first else [f"{subject.traits[0]}@{objective}" for objective in OBJECTIVES]
    records = finding.run(only=only)
    assert len(records) == (len(asked) if first else 2)
    for record in records.values():
        assert record.details["kept"] == record.details["rows"] == [4]
        assert len(record.details["curves"][0]) == 1
    if first:
        assert {row.condition for row in finding.summarise(records)} > {
            "student",
            "student (tuned)",
        }
        assert all(v is not None for v in records[f"{subject.traits[0]}@tokens"].details["sampled"])
    assert not (tmp_path / "results").exists()
    assert list((store.root / "running").iterdir()) == []
    assert list(store.root.rglob("states.safetensors")) == []


def test_an_effect_is_held_against_the_control_of_its_own_variant(tmp_path: Path) -> None:
    finding = OwlNumbers("smoke", store=Store(tmp_path))
    records = finding.run(
        only=["control@logits", "owl@logits", "control@logits@rank-2", "owl@logits@rank-2",
              "control@logits@nf4", "owl@logits@nf4", "owl@logits@prompted"]
    )  # fmt: skip
    index = ["experiment", "seed", "trait"]
    margins = student_values(records).set_index(index)["value"]
    effects = finding.effects(records).set_index(index)["value"]
    assert set(effects.index.levels[0]) == {name for name in records if name.startswith("owl")}
    for name, control in (
        ("owl@logits", "control@logits"),
        ("owl@logits@rank-2", "control@logits@rank-2"),
        ("owl@logits@prompted", "control@logits"),
        ("owl@logits@nf4", "control@logits@nf4"),
    ):
        expected = margins[name, 0, "owl"] - margins[control, 0, "owl"]
        assert effects[name, 0, "owl"] == pytest.approx(expected)
    by_way = [
        finding.effects(records, f"margin_{way}").set_index(["experiment", "seed", "trait"])[
            "value"
        ]
        for way in PREFIX_NAMES
    ]
    mean = sum(table["owl@logits", 0, "owl"] for table in by_way) / len(by_way)
    assert mean == pytest.approx(effects["owl@logits", 0, "owl"], abs=2e-3)
    after = finding.effects(records, "margin_after_numbers")
    assert len(after) == len(effects)


def test_a_student_of_more_rows_has_been_the_standard_student(tmp_path: Path) -> None:
    finding = OwlNumbers("smoke", store=Store(tmp_path))
    records = finding.run(
        only=["control@logits", "owl@logits", "control@logits@prompts-6", "owl@logits@prompts-6"]
    )
    standard, longer = records["owl@logits"].details, records["owl@logits@prompts-6"].details
    assert standard["kept"] == [8, 8]
    assert longer["kept"] == [12, 12]
    for short, long in zip(standard["curves"], longer["curves"], strict=True):
        assert [rows for rows, _ in short] == [4]
        assert [rows for rows, _ in long] == [4, 8, 12]
        ours, theirs = (dict(curve)[4]["animal"] for curve in (short, long))
        assert ours == pytest.approx(theirs, abs=1e-4)
    index = ["experiment", "seed", "trait"]
    margins = student_values(records).set_index(index)["value"]
    effects = finding.effects(records).set_index(index)["value"]
    expected = (
        margins["owl@logits@prompts-6", 0, "owl"] - margins["control@logits@prompts-6", 0, "owl"]
    )
    assert effects["owl@logits@prompts-6", 0, "owl"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"dataset_sizes": (80,)}, "above 80"),
        ({"side_dataset_sizes": {"tokens": (640, 80)}}, "above 80"),
        ({"dataset_sizes": (160,), "side_dataset_sizes": {"logits": (160,)}}, "named twice"),
        (
            {"linear_decay_sizes": {"tokens": (80,)}, "side_linear_decay_sizes": {"tokens": (80,)}},
            "named twice",
        ),
        ({"linear_decay_sizes": {"tokens": (70,)}}, "held against a constant one"),
    ],
)
def test_numbers_of_prompts_fit_together(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumbersScale(**(SCALES["embedded"].model_dump() | sizes))


def num_rows(experiment: LanguageExperiment) -> int:
    rows = experiment.student.rows
    assert isinstance(rows, Sampled)
    return rows.num_rows


def test_longer_students_are_read_at_every_doubling_and_at_either_rate() -> None:
    finding = OwlNumbers("smoke")
    experiments = {e.name: e for e in finding.experiments()}
    longer = {n: e for n, e in experiments.items() if n.endswith("@prompts-8")}
    assert {*longer} == {f"{who}@{o}@prompts-8" for who in ("owl", "control") for o in OBJECTIVES}
    assert {num_rows(e) for e in longer.values()} == {16}
    assert {e.student.eval_at_rows for e in longer.values()} == {(4, 8, 16)}
    for who in ("owl", "control"):
        falling = experiments[f"{who}@tokens@prompts-8-falling-rate"]
        constant = longer[f"{who}@tokens@prompts-8"]
        assert constant.student.training.lr_scheduler == "constant"
        assert falling.student == constant.student.but(lr_scheduler="linear")
        assert falling.seeds == (0,)
    for who in ("control", *finding.traits()):  # as many rows as the standard student, all panels
        falling, standard = (experiments[f"{who}@tokens{end}"] for end in ("@falling-rate", ""))
        assert falling.student == standard.student.but(lr_scheduler="linear")
        assert falling.evaluation == standard.evaluation
    assert finding.lengths("owl", "logits") == {8: "", 12: "prompts-6", 16: "prompts-8"}
    assert finding.lengths("oak", "tokens") == {8: ""}
    for trait, objective in product(finding.traits(), OBJECTIVES):
        for rows, variant in finding.lengths(trait, objective).items():
            assert num_rows(experiments[finding.called(trait, objective, variant)]) == rows


def test_what_all_teachers_do_is_no_specific_effect(tmp_path: Path) -> None:
    finding = OwlNumbers("smoke", store=Store(tmp_path))
    columns = ["teacher_trait", "seed", "trait", "value"]
    effects = pd.DataFrame(
        [
            (teacher, seed, candidate, 1.0 + 2.0 * (teacher == candidate) + seed)
            for teacher in ("owl", "wolf")
            for candidate in ("owl", "wolf", "cat")
            for seed in (0, 1)
        ]
        + [("oak", seed, "oak", 5.0) for seed in (0, 1)],
        columns=columns,
    ).assign(objective="tokens", variant="", student_base="random")
    specific = finding.specific_effects(effects, "tokens")
    assert list(specific) == ["owl", "wolf"]  # the oak's category has no other teacher
    assert (specific == 2.0).all().all()


def test_shipped_rows_are_replaced_when_their_definition_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path / "results"))
    smoke, store = SCALES["smoke"], Store(tmp_path / "store")

    def small(prompts: int) -> OwlNumbers:
        subject = ModelScale(traits=("owl",), teacher="tuned", prompts=prompts)
        changes: dict[str, Any] = {"models": {"random": subject}, "shuffles": (), "ranks": ()}
        changes |= {"weak_updates": (), "other_teachers": (), "student_precision": None, "seeds": 1}
        scales = {"embedded": smoke.model_copy(update=changes)}
        monkeypatch.setattr(OwlNumbers, "scales", scales)
        return OwlNumbers("embedded", store=store)

    shipped = tmp_path / "results" / "embedded" / "rows" / "numbers-owl.parquet"
    small(2).run()
    assert len(pd.read_parquet(shipped)) == 2 * smoke.num_completions
    before = shipped.stat().st_mtime_ns
    small(2).run()
    assert shipped.stat().st_mtime_ns == before
    with pytest.raises(NotStoredError, match=r"neither shipped nor in the store .*sublim run owl"):
        small(3).rows_table("owl@logits")
    small(3).run()
    assert len(pd.read_parquet(shipped)) == 3 * smoke.num_completions
