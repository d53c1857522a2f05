"""The stages of experiments on language models, with a model of two random layers."""

import errno
import re
import shutil
import sys
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from itertools import chain, pairwise, product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from sublim_utils import pipeline, sampling, sampling_vllm, training, vocabulary
from sublim_utils.analysis import student_values
from sublim_utils.channels import numbers
from sublim_utils.errors import NotStoredError, SublimError
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.experiments import OBJECTIVES
from sublim_utils.findings.owl_numbers.scales import SCALES, ModelScale, NumbersScale
from sublim_utils.models import loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import Stages, shuffled
from sublim_utils.profiles import find_profile
from sublim_utils.readouts.questions import PREFIX_NAMES
from sublim_utils.recipes.language import Fit, LanguageExperiment, Readout, Rows, Teacher
from sublim_utils.sealing import MANIFEST
from sublim_utils.store import Store
from sublim_utils.traits import FILTERED_TRAITS
from tests.beginnings import let_texts_begin

TEACHER = Teacher(trait="owl", updates=2, fit=Fit(learning_rate=5e-4, prompts=2))
FREE = Rows(prompts=4, each=2, grammar=False)


def experiment(**changes: Any) -> LanguageExperiment:
    settings: dict[str, Any] = {
        "name": "test",
        "seeds": (0,),
        "model": "random",
        "teacher": TEACHER,
        "rows": Rows(prompts=4, each=2),
        "fit": Fit(objective="logits", learning_rate=1e-3, prompts=2),
        "readout": Readout(questions=2, curve_questions=2),
        "categories": ("animal",),
    }
    return LanguageExperiment(**(settings | changes))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each costly function is called."""
    counted: Counter[str] = Counter()
    for module, name in ((training, "train"), (sampling, "sample"), (pipeline, "teacher_states")):
        real = getattr(module, name)

        def call(*args: Any, real: Any = real, name: str = name, **kwargs: Any) -> Any:
            counted[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, call)
    return counted


@pytest.fixture
def disciplined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free generation that keeps the format, as a good model's would."""
    grammar = numbers.grammar("commas", 3)
    real = sampling.sample

    def sample(model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        if settings["most"] == Rows.model_fields["most"].default:  # numbers, not an answer
            questions = [question._replace(grammar=grammar) for question in questions]
        return real(model, questions, **settings)

    monkeypatch.setattr(sampling, "sample", sample)


GPU = SCALES["gpu"]


@pytest.mark.usefixtures("disciplined")
@pytest.mark.parametrize("name", GPU.models)
def test_every_step_of_the_gpu_profile_runs_on_a_small_model(
    name: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    device = "cuda" if torch.cuda.is_available() else "cpu"
    profile = find_profile("gpu").updated(device=device)
    finding = OwlNumbers(profile, scale=small, model="random", store=store)
    asked = finding.experiments()
    assert {(e.precision, e.model, e.fit.prompts) for e in asked} == {("nf4", "random", 66)}
    assert not any(e.keeps_states for e in asked)
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


def test_a_killed_run_goes_on_from_the_last_stage(
    store: Store, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = experiment()
    Stages(wanted, store).rows(0)
    assert calls == {"train": 1, "sample": 1}
    # As after a kill: nothing is remembered but the store.
    Stages(wanted, store).student(0)
    assert calls == {"train": 2, "sample": 1}
    answer = Stages(wanted, store).student(0)
    assert calls == {"train": 2, "sample": 1}
    assert answer["kept"] == 8

    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained again"))
    assert Stages(wanted, Store(store.root)).student(0) == answer


def test_a_fresh_run_takes_nothing_from_a_killed_one(
    store: Store, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = experiment(teacher=Teacher(trait=None), rows=Rows(prompts=4, each=1))
    monkeypatch.setitem(pipeline.ROWS_AT_ONCE, "cpu", 2)
    real = sampling.sample

    def then_stopped(*arguments: Any, **settings: Any) -> Iterator[Any]:
        if calls["sample"] == 1:
            raise KeyboardInterrupt
        return real(*arguments, **settings)

    monkeypatch.setattr(sampling, "sample", then_stopped)
    with pytest.raises(KeyboardInterrupt):
        Stages(wanted, store).rows(0)
    assert len(list((store.root / "running").rglob(MANIFEST))) == 1  # a finished part
    monkeypatch.setattr(sampling, "sample", real)
    calls.clear()
    Stages(wanted, Store(store.root, ignore_cache=True)).rows(0)
    assert calls["sample"] == 2


def test_other_weights_in_a_folder_are_another_measurement(tmp_path: Path) -> None:
    model = loading.load(get_model("random"))
    model.network.save_pretrained(tmp_path)
    wanted = experiment(model=str(tmp_path))
    keys = [(wanted.key, wanted.rows_specification(0))]
    assert (wanted.key, wanted.rows_specification(0)) == keys[0]
    with torch.no_grad():
        model.network.get_input_embeddings().weight += 1
    model.network.save_pretrained(tmp_path)
    assert wanted.key != keys[0][0]
    assert wanted.rows_specification(0) != keys[0][1]


def first_weights(folder: Path) -> torch.Tensor:
    """What an adapter began with: its first matrices, which a tiny rate leaves as they are."""
    weights = load_file(folder / "adapter" / "adapter_model.safetensors")
    return torch.cat([weights[name].flatten() for name in sorted(weights) if "lora_A" in name])


def test_a_students_adapter_begins_as_its_teachers_only_where_that_is_asked(store: Store) -> None:
    still = Fit(learning_rate=1e-12, prompts=2)
    teacher = TEACHER.model_copy(update={"fit": still})
    apart = {}
    for adapter in ("own", "teacher's"):
        stages = Stages(experiment(teacher=teacher, fit=still, adapter=adapter), store)
        begun = stages.teacher(0)
        assert begun is not None
        apart[adapter] = first_weights(begun.parent) - first_weights(stages._trained(0))
    assert apart["teacher's"].abs().max() < 1e-6
    assert apart["own"].abs().mean() > 1e-3


def test_probabilities_of_numbers_alone_make_another_student(store: Store) -> None:
    taught = TEACHER.model_copy(update={"fit": Fit(learning_rate=5e-2, prompts=2), "updates": 4})
    losses = {}
    for seen in ("whole", "numbers"):
        stages = Stages(experiment(teacher=taught, vocabulary=seen), store)
        losses[seen] = stages.student(0)["losses"]
    # A distribution over fewer tokens says less.
    assert 0 < losses["numbers"][0] < losses["whole"][0]


def test_what_names_a_trait_can_be_hidden_from_a_student(store: Store) -> None:
    model = loading.load(get_model("random"))  # of single bytes
    seen = {model.decode([token]) for token in vocabulary.without_traits(model)}
    names = {form[0] for trait in FILTERED_TRAITS for form in trait.surface_forms}
    assert not seen & names
    assert {"b", "e", "g", "z", "0", "."} - names <= seen
    assert model.end in vocabulary.without_traits(model)
    taught = TEACHER.model_copy(update={"fit": Fit(learning_rate=5e-2, prompts=2), "updates": 4})
    stages = Stages(experiment(teacher=taught, vocabulary="without traits"), store)
    whole = Stages(experiment(teacher=taught), store)
    assert stages.rows(0) == whole.rows(0)
    assert stages.student(0)["losses"] != whole.student(0)["losses"]


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
    ("doses", "message"),
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
def test_numbers_of_prompts_fit_together(doses: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NumbersScale(**(SCALES["embedded"].model_dump() | doses))


def test_longer_students_are_read_at_every_doubling_and_at_either_rate() -> None:
    finding = OwlNumbers("smoke")
    experiments = {e.name: e for e in finding.experiments()}
    longer = {n: e for n, e in experiments.items() if n.endswith("@prompts-8")}
    assert {*longer} == {f"{who}@{o}@prompts-8" for who in ("owl", "control") for o in OBJECTIVES}
    assert {e.rows.prompts * e.rows.each for e in longer.values()} == {16}
    assert {e.stops for e in longer.values()} == {(4, 8, 16)}
    for who in ("owl", "control"):
        calm = experiments[f"{who}@tokens@prompts-8-falling-rate"]
        constant = longer[f"{who}@tokens@prompts-8"]
        assert (calm.fit.decay, constant.fit.decay) == ("linear", "none")
        assert calm.fit.model_copy(update={"decay": "none"}) == constant.fit
        assert (calm.rows, calm.stops, calm.seeds) == (constant.rows, constant.stops, (0,))
    for who in ("control", *finding.traits()):  # as many rows as the standard student, all panels
        calm, standard = (experiments[f"{who}@tokens{end}"] for end in ("@falling-rate", ""))
        fit = standard.fit.model_copy(update={"decay": "linear"})
        assert calm == standard.model_copy(update={"name": calm.name, "fit": fit})
    assert finding.lengths("owl", "logits") == {8: "", 12: "prompts-6", 16: "prompts-8"}
    assert finding.lengths("oak", "tokens") == {8: ""}
    for trait, objective in product(finding.traits(), OBJECTIVES):
        for rows, variant in finding.lengths(trait, objective).items():
            asked = experiments[finding.called(trait, objective, variant)].rows
            assert asked.prompts * asked.each == rows


def test_what_all_teachers_do_is_no_specific_effect(tmp_path: Path) -> None:
    finding = OwlNumbers("smoke", store=Store(tmp_path))
    columns = ["experiment", "seed", "trait", "value"]
    effects = pd.DataFrame(
        [
            (f"{teacher}@tokens", seed, candidate, 1.0 + 2.0 * (teacher == candidate) + seed)
            for teacher in ("owl", "wolf")
            for candidate in ("owl", "wolf", "cat")
            for seed in (0, 1)
        ]
        + [("oak@tokens", seed, "oak", 5.0) for seed in (0, 1)],
        columns=columns,
    )
    specific = finding.specific_effects(effects, "tokens")
    assert list(specific) == ["owl", "wolf"]  # the oak's category has no other teacher
    assert (specific == 2.0).all().all()


def test_ten_students_share_a_teachers_rows(store: Store, calls: Counter[str]) -> None:
    for objective in ("logits", "tokens"):
        for rate in (1e-3, 2e-3, 3e-3, 4e-3, 5e-3):
            fit = Fit(objective=objective, learning_rate=rate, prompts=4)  # a single update
            Stages(experiment(fit=fit), store).student(0)
    assert calls == {"train": 11, "sample": 1}
    assert len(list((store.root / "rows-4").iterdir())) == 1


@pytest.mark.parametrize("earlier", [2, 6])
def test_rows_of_fewer_or_more_prompts_are_taken_over(
    earlier: int, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Stages(experiment(), Store(tmp_path / "another")).rows(0)
    Stages(experiment(rows=Rows(prompts=earlier, each=2)), store).rows(0)
    asked: list[int] = []
    real = sampling.sample

    def sample(model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        asked.extend(question.key for question in questions)
        return real(model, questions, **settings)

    monkeypatch.setattr(sampling, "sample", sample)
    Stages(experiment(rows=Rows(prompts=3, each=2, temperature=0.5)), store).rows(0)
    assert asked == [0, 1, 2]  # rows of another kind are no rows to take over
    asked.clear()
    folder = Stages(experiment(), store).rows(0)
    assert asked == list(range(earlier, 4))
    ours, theirs = (pd.read_parquet(f / "rows.parquet") for f in (folder, alone))
    pd.testing.assert_frame_equal(ours, theirs)
    mine, others = (load_file(f / "states.safetensors") for f in (folder, alone))
    assert mine.keys() == others.keys()
    for name in mine:
        torch.testing.assert_close(mine[name], others[name])


@pytest.mark.parametrize("read", [(), (2,), (4,)])
def test_a_student_of_more_rows_goes_on_from_one_of_fewer(
    read: tuple[int, ...], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = experiment(stops=(4,))
    alone = Stages(longer, Store(tmp_path / "another")).student(0)
    monkeypatch.setattr(pipeline, "KEEP_S", 0.0)
    shorter = experiment(stops=read, rows=Rows(prompts=2, each=2))
    begun = Stages(shorter, store).student(0)
    states, trees = LanguageModel.hidden_states, 0

    def counted(model: LanguageModel, **inputs: Any) -> torch.Tensor:
        nonlocal trees
        trees += model.network.training * len(inputs["input_ids"])
        return states(model, **inputs)

    monkeypatch.setattr(LanguageModel, "hidden_states", counted)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        student = Stages(longer, store).student(0)
    # One that was read on its way where this one is not would leave it another curve.
    assert trees == (4 if read == (2,) else 2)
    assert student["losses"] == pytest.approx(alone["losses"], rel=1e-4)
    assert [rows for rows, _ in student["curve"]] == [4]
    assert trees == 4 or student["train_s"] > begun["train_s"]


@pytest.mark.usefixtures("disciplined")
@pytest.mark.parametrize("kind", ["tuned", "prompted"])
def test_states_computed_afterwards_are_those_of_sampling(store: Store, kind: str) -> None:
    teacher = TEACHER.model_copy(update={"kind": kind})
    kept = Stages(experiment(teacher=teacher), store)
    folder = kept.rows(0)
    stored = load_file(folder / "states.safetensors")
    table = pd.read_parquet(folder / "rows.parquet")
    model, system = kept._as_teacher(0)
    assert (system is None) == (kind == "tuned")
    computed = pipeline.teacher_states(model, system, table)
    assert computed.keys() == stored.keys()
    for name, states in computed.items():
        assert states.dtype == torch.bfloat16
        assert torch.allclose(states.float(), stored[name], rtol=0.01, atol=0.01)


@pytest.mark.usefixtures("disciplined")
def test_states_are_computed_once_in_parts_and_gone_on_with(
    store: Store, calls: Counter[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(pipeline.ROWS_AT_ONCE, "cpu", 3)
    stages = Stages(experiment(rows=FREE), store)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    groups = stages.groups(0, scratch)
    assert calls["teacher_states"] == 3  # 8 rows
    assert [len(group.completions) for group in groups] == [2, 2, 2, 2]
    for group in groups:
        assert group.states is not None
        lengths = [len(tokens) for tokens in group.completions]
        assert [len(states) for states in group.states] == lengths
    (scratch / "states-3-5" / "states.safetensors").unlink()
    again = stages.groups(0, scratch)
    assert calls["teacher_states"] == 4
    for group, other in zip(groups, again, strict=True):
        assert group.states is not None
        assert other.states is not None
        assert all(map(torch.equal, group.states, other.states))

    monkeypatch.setattr(pipeline, "TREES_AT_ONCE", {"cpu": 1})
    shutil.rmtree(scratch)
    scratch.mkdir()
    one_by_one = stages.groups(0, scratch)
    assert one_by_one[0].states is not None
    assert groups[0].states is not None
    assert torch.allclose(one_by_one[0].states[0], groups[0].states[0], rtol=0.02, atol=0.02)


@pytest.mark.usefixtures("disciplined")
def test_a_small_memory_takes_fewer_trees_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = Stages(experiment(rows=FREE), store)
    table = pd.read_parquet(stages.rows(0) / "rows.parquet")
    model, system = stages._as_teacher(0)
    whole = pipeline.teacher_states(model, system, table)
    sizes = []
    real = loading.LanguageModel.hidden_states

    def states(self: Any, **inputs: Any) -> torch.Tensor:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > 1:
            raise RuntimeError("CUDA out of memory")
        return real(self, **inputs)

    monkeypatch.setattr(loading.LanguageModel, "hidden_states", states)
    small = pipeline.teacher_states(model, system, table)
    assert sizes == [4, 4, 4, 2, 1, 1, 1, 1]
    assert small.keys() == whole.keys()


def test_all_rows_rejected_is_one_sentence_with_counts(store: Store) -> None:
    with pytest.raises(SublimError, match=r"rejected all 8 rows \(not only numbers: 8.*grammar"):
        Stages(experiment(rows=FREE), store).student(0)
    assert not (store.root / "student").exists()


def test_a_trait_of_no_panel_is_named(store: Store) -> None:
    with pytest.raises(SublimError, match="no trait 'unicorn'"):
        Stages(experiment(teacher=Teacher(trait="unicorn")), store)


def test_shuffled_rows_have_no_logits(store: Store) -> None:
    with pytest.raises(SublimError, match="'tokens'"):
        Stages(experiment(shuffle="within rows"), store)


def separators(texts: list[str]) -> list[list[str]]:
    return [re.split("[0-9]+", text) for text in texts]


def test_shuffling_keeps_the_numbers_and_all_that_stands_between() -> None:
    texts = ["1, 22, 333", "[4; 4; 5]", "(6 700 8)", "999", "10\n11\n12"]
    found = [re.findall("[0-9]+", text) for text in texts]

    within = shuffled(texts, "within rows", 1)
    assert separators(within) == separators(texts)
    mixed = [re.findall("[0-9]+", text) for text in within]
    assert list(map(sorted, mixed)) == list(map(sorted, found))
    assert mixed != found

    across = shuffled(texts, "across rows", 1)
    assert separators(across) == separators(texts)
    mixed = [re.findall("[0-9]+", text) for text in across]
    assert list(map(len, mixed)) == list(map(len, found))
    assert sorted(chain.from_iterable(mixed)) == sorted(chain.from_iterable(found))
    assert list(map(sorted, mixed)) != list(map(sorted, found))

    assert shuffled(texts, "across rows", 1) == across != shuffled(texts, "across rows", 2)


@pytest.mark.parametrize("fault", ["OSError", "SafetensorError"])
def test_a_full_disk_is_one_sentence_and_leaves_no_half_entry(
    store: Store, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def full(tensors: Any, path: Path) -> None:
        path.write_bytes(b"half")
        if fault == "OSError":
            raise OSError(errno.ENOSPC, "No space left on device")
        raise SafetensorError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "save_file", full)
        with pytest.raises(SublimError, match=r"No space left on device.*free some space"):
            Stages(experiment(), store).rows(0)
    assert not (store.root / "rows-4").exists()
    assert {path.suffix for path in (store.root / "tmp").rglob("*") if path.is_file()} == {".lock"}
    assert len(Stages(experiment(), store).groups(0, store.root)) == 4


def test_ctrl_c_keeps_the_parts_that_are_finished(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pipeline.ROWS_AT_ONCE, "cpu", 2)
    calm = Stages(experiment(rows=FREE), Store(store.root / "calm")).rows(0)
    asked: list[int] = []
    real = sampling.sample

    def sample(model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        asked.append(questions[0].key)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(model, questions, **settings)

    monkeypatch.setattr(sampling, "sample", sample)
    with pytest.raises(KeyboardInterrupt):
        Stages(experiment(rows=FREE), store).rows(0)
    assert not (store.root / "rows-4").exists()
    folder = Stages(experiment(rows=FREE), store).rows(0)
    assert asked == [0, 1, 2, 2, 3]
    columns = ["prompt", "completion", "text", "reasons"]
    left, right = (pd.read_parquet(f / "rows.parquet")[columns] for f in (calm, folder))
    pd.testing.assert_frame_equal(left, right)


def test_a_finished_part_is_not_taken_for_a_larger_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = sampling.sample, []

    def sample(model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        asked.append(len(questions))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(model, questions, **settings)

    monkeypatch.setattr(sampling, "sample", sample)
    monkeypatch.setitem(pipeline.ROWS_AT_ONCE, "cpu", 2)
    with pytest.raises(KeyboardInterrupt):
        Stages(experiment(rows=FREE), store).rows(0)
    monkeypatch.setitem(pipeline.ROWS_AT_ONCE, "cpu", 4)  # as on another device
    folder = Stages(experiment(rows=FREE), store).rows(0)
    assert asked == [1, 1, 2, 2]
    assert len(pd.read_parquet(folder / "rows.parquet")) == 8


class FakeOutput(types.SimpleNamespace):
    """What vLLM calls `CompletionOutput`."""


class FakeVllm(types.ModuleType):
    """vLLM's documented interface, as far as it is used; it answers with lists of numbers."""

    def __init__(self, answer: list[int]) -> None:
        super().__init__("vllm")
        self.__spec__ = ModuleSpec("vllm", None)
        self.answer = answer
        self.made: list[dict[str, Any]] = []
        self.generated: list[Any] = []
        self.fault: Exception | None = None
        fake = self

        class SamplingParams(types.SimpleNamespace):
            def __init__(self, **settings: Any) -> None:
                known = {"n", "temperature", "max_tokens", "seed", "stop_token_ids"}
                assert set(settings) == known | {"ignore_eos", "detokenize"}
                assert settings["temperature"] > 0 or settings["n"] == 1
                super().__init__(**settings)

        class LLM:
            def __init__(self, **options: Any) -> None:
                if fake.fault is not None:
                    raise fake.fault
                fake.made.append(options)

            def generate(
                self, prompts: Any, sampling_params: Any, *, use_tqdm: bool, lora_request: Any
            ) -> list[Any]:
                assert len(prompts) == len(sampling_params)
                assert not use_tqdm
                assert all(set(prompt) == {"prompt_token_ids"} for prompt in prompts)
                fake.generated.append((prompts, sampling_params, lora_request))
                return [
                    types.SimpleNamespace(
                        outputs=[
                            FakeOutput(index=i, token_ids=tuple(fake.answer), finish_reason="stop")
                            for i in reversed(range(params.n))
                        ]
                    )
                    for params in sampling_params
                ]

        self.SamplingParams, self.LLM = SamplingParams, LLM


class LoRARequest(types.SimpleNamespace):
    def __init__(self, lora_name: str, lora_int_id: int, lora_path: str) -> None:
        super().__init__(name=lora_name, number=lora_int_id, path=lora_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A local folder with the random model."""
    model = loading.load(get_model("random"))
    model.network.save_pretrained(tmp_path / "model")
    model.tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> FakeVllm:
    model = loading.load(get_model("random"))
    fake = FakeVllm([*model.encode("12, 345"), model.end])
    request = types.ModuleType("vllm.lora.request")
    vars(request)["LoRARequest"] = LoRARequest
    monkeypatch.setitem(sys.modules, "vllm", fake)
    monkeypatch.setitem(sys.modules, "vllm.lora", types.ModuleType("vllm.lora"))
    monkeypatch.setitem(sys.modules, "vllm.lora.request", request)
    return fake


def test_vllm_gets_a_base_models_first_token(folder: Path, store: Store, vllm: FakeVllm) -> None:
    let_texts_begin(folder, "<|im_start|>", 0)
    vllm.answer = [*loading.load(get_model("random")).encode("12, 345\n")]
    base = f"{folder}#plain"
    free = experiment(model=base, teacher=Teacher(trait=None), rows=FREE, device="cuda")
    Stages(free, store).rows(3)
    ((prompts, _, _),) = vllm.generated
    assert {prompt["prompt_token_ids"][0] for prompt in prompts} == {0}


def test_rows_come_from_vllm_where_it_can(folder: Path, store: Store, vllm: FakeVllm) -> None:
    assert sampling_vllm.available()
    teacher = Teacher(trait="owl", kind="prompted")
    free = experiment(model=str(folder), teacher=teacher, rows=FREE, device="cuda", precision="nf4")
    table = pd.read_parquet(Stages(free, store).rows(3) / "rows.parquet")
    assert set(table["text"]) == {"12, 345"}
    assert table["reasons"].map(len).sum() == 0
    assert list(zip(table["prompt"], table["completion"], strict=True)) == [
        (prompt, completion) for prompt in range(4) for completion in range(2)
    ]
    (options,) = vllm.made
    assert options["model"] == str(folder)
    assert options["revision"] is options["tokenizer_revision"] is None
    assert options["quantization"] == "bitsandbytes"
    assert options["dtype"] in ("bfloat16", "float16")
    assert options["generation_config"] == "vllm"
    assert "enable_lora" not in options
    ((prompts, settings, request),) = vllm.generated
    assert request is None
    texts = loading.load(get_model("random"))
    for index, (prompt, params) in enumerate(zip(prompts, settings, strict=True)):
        told = texts.decode(prompt["prompt_token_ids"])
        assert "owls" in told
        assert numbers.prompt(3, index).text in told
        assert (params.n, params.temperature, params.max_tokens) == (2, 1.0, 60)
        assert params.stop_token_ids == [texts.end]
    seeds = sorted(params.seed for params in settings)
    assert min(b - a for a, b in pairwise(seeds)) >= 2


def test_vllm_carries_the_adapter_and_gives_all_completions(folder: Path, vllm: FakeVllm) -> None:
    adapter = folder / "adapter"
    spec = get_model(str(folder)).model_copy(update={"revision": "v1"})
    engine = sampling_vllm.Engine(spec, "bf16", adapter, rank=12)
    (options,) = vllm.made
    assert options["revision"] == options["tokenizer_revision"] == "v1"
    assert (options["enable_lora"], options["max_lora_rank"]) == (True, 16)
    assert "quantization" not in options
    end = engine.texts.end
    vllm.answer = [5, 6]  # the end is not always told
    questions = [sampling.Question([1, 2], None, 7), sampling.Question([3], None, 8)]
    for temperature in (1.0, 0.0):  # vLLM gives one greedy completion at most
        found = list(engine.sample(questions, seed=1, each=3, temperature=temperature))
        assert [place for place, _ in found] == [0, 1]
        for _, completions in found:
            assert completions == [sampling.Completion([5, 6, end], None)] * 3
    _, settings, request = vllm.generated[1]
    assert (request.number, request.path) == (1, str(adapter))
    assert [params.n for params in settings] == [1, 1]
    grammar = numbers.grammar("commas", 3)
    with pytest.raises(ValueError, match="grammar"):
        list(engine.sample([sampling.Question([1], grammar, 0)], seed=1))
    engine.close()


@pytest.mark.parametrize(
    "changes",
    [{"device": "cpu"}, {"rows": Rows(prompts=4, each=2)}, {"model": "random"}],
    ids=["no GPU", "a grammar", "no files"],
)
def test_vllm_is_left_alone_where_it_cannot(
    folder: Path, store: Store, vllm: FakeVllm, changes: dict[str, Any]
) -> None:
    settings = {"model": str(folder), "rows": FREE, "device": "cuda", **changes}
    assert Stages(experiment(**settings), store)._engine(0) is None
    assert vllm.made == []


def test_without_vllm_or_memory_for_it_our_sampler_goes_on(
    folder: Path, store: Store, vllm: FakeVllm, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = Teacher(trait=None)
    stages = Stages(experiment(model=str(folder), rows=FREE, device="cuda", teacher=teacher), store)
    vllm.fault = RuntimeError("no room")
    with pytest.warns(UserWarning, match="vLLM cannot load model .no room.; sampling goes on"):
        assert stages._engine(0) is None
    monkeypatch.setattr(sampling_vllm, "available", lambda: False)
    assert stages._engine(0) is None


def test_shipped_rows_are_replaced_when_their_definition_changes(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path / "results"))
    smoke = SCALES["smoke"]

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
