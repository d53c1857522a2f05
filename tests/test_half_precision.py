"""fp16, in which GPUs without bf16 units compute: every stage, and nothing beyond its range."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from sublim_utils import doctor, plan, profiles, sampling, training
from sublim_utils.channels import numbers
from sublim_utils.config import Precision
from sublim_utils.errors import SublimError
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.models import attention, loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, attach, detach, load
from sublim_utils.pipeline import Stages, teacher_states
from sublim_utils.profiles import find_profile
from sublim_utils.readouts import preference
from sublim_utils.recipes.language import Fit, LanguageExperiment, Readout, Rows, Teacher
from sublim_utils.records import Measurement, Value
from sublim_utils.store import Store
from sublim_utils.training import Group, train
from sublim_utils.traits import panel

HALF: list[Precision] = ["fp16", "nf4-fp16"]
FIT = Fit(learning_rate=1e-2, warmup=2, prompts=4)


def some_groups(model: LanguageModel, prompts: int = 8) -> list[Group]:
    texts = [f"What is {n} and {n}?" for n in range(prompts)]
    return [
        Group(model.prompt(text), [model.answer("owl"), model.answer("owls")]) for text in texts
    ]


@torch.no_grad()
def logits(model: LanguageModel) -> torch.Tensor:
    tokens = torch.tensor([model.prompt("Name an animal.")])
    return model.logits(model.hidden_states(input_ids=tokens)).float()


@pytest.mark.parametrize("precision", HALF)
def test_half_precision_is_close_to_full(precision: Precision) -> None:
    half = load(get_model("random"), precision)
    full = load(get_model("random"), "fp32" if precision == "fp16" else "nf4-rounded")
    assert {p.dtype for p in half.network.parameters()} <= {torch.float16, torch.uint8}
    apart = (logits(half) - logits(full)).norm() / logits(full).norm()
    # Four bits are of weights that were rounded to fp16 before, or to bf16, which moves some.
    assert apart < (8 * torch.finfo(torch.float16).eps if precision == "fp16" else 0.15)


def test_logits_beyond_the_range_of_fp16_are_right() -> None:
    half = load(get_model("random"), "fp16")
    with torch.no_grad():
        states = 1e3 * half.hidden_states(input_ids=torch.tensor([half.prompt("Name an animal.")]))
        head = 100 * half.lm_head
        expected = states.float() @ head.float().T
        assert states.isfinite().all()
        assert expected.abs().max() > 2 * torch.finfo(torch.float16).max
        assert not (states @ head.T).isfinite().all()
        found = half.logits(states, lm_head=head)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3 * float(expected.abs().max()))


def test_scores_beyond_the_range_of_fp16_give_the_attention_of_fp32() -> None:
    torch.manual_seed(0)
    query, key, value = (300 * torch.randn(1, 4, 6, 64) for _ in range(3))
    mask = torch.full((6, 6), torch.finfo(torch.float16).min).triu(1)[None, None]
    assert not (query.half() @ key.half().transpose(2, 3)).isfinite().all()

    def answer(dtype: torch.dtype) -> torch.Tensor:
        q, k, v = (part.half().to(dtype) for part in (query, key, value))
        found, _ = attention.grouped(torch.nn.Module(), q, k, v, mask.to(dtype))
        assert found.dtype == dtype
        return found.float()

    torch.testing.assert_close(answer(torch.float16), answer(torch.float32), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("objective", ["tokens", "logits"])
@pytest.mark.parametrize("precision", HALF)
def test_training_comes_to_what_it_comes_to_in_full_precision(
    precision: Precision, objective: Any, tmp_path: Path
) -> None:
    found = {}
    for one in (precision, "fp32" if precision == "fp16" else "nf4-rounded"):
        model = load(get_model("random"), one)  # type: ignore[arg-type]
        groups = some_groups(model)
        if objective == "logits":
            groups = with_states(groups)
        fit = FIT.model_copy(update={"objective": objective, "epochs": 4})
        before = logits(model)
        trained = train(model, groups, fit, 0, tmp_path / one)
        adapter = [p for n, p in model.network.named_parameters() if "lora_" in n]
        assert one != precision or {p.dtype for p in adapter} == {torch.float32}
        assert all(bool(p.isfinite().all()) for p in adapter)
        found[one] = torch.tensor(trained.losses)
        detach(model)
        assert torch.equal(logits(model), before)
    half, full = found.values()
    assert full[-1] < 0.8 * full[0]
    torch.testing.assert_close(half, full, rtol=0.05, atol=0.02)


def with_states(groups: list[Group]) -> list[Group]:
    """The same with the states of another teacher, in 16 bits."""
    teacher = load(get_model("random"))
    teacher.network.model.layers[0].mlp.down_proj.weight.data.neg_()
    whole = []
    for prompt, completions, _ in groups:
        states = []
        for completion in completions:
            with torch.no_grad():
                read = teacher.hidden_states(input_ids=torch.tensor([prompt + completion]))
            states.append(read[0, len(prompt) - 1 : -1].bfloat16())
        whole.append(Group(prompt, completions, states))
    return whole


def test_gradients_beyond_the_range_of_fp16_lower_the_scale_and_not_the_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losses(name: str) -> list[float]:
        model = load(get_model("random"), "fp16")
        return train(model, some_groups(model), FIT, 0, tmp_path / name).losses

    expected = losses("as usual")
    monkeypatch.setattr(training, "LOSS_SCALE", 2.0**40)
    assert losses("far too large") == pytest.approx(expected, rel=0.02)


def test_gradients_that_no_scale_brings_into_range_end_training_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOSS_SCALE", "SMALLEST_LOSS_SCALE"):
        monkeypatch.setattr(training, name, 2.0**40)
    model = load(get_model("random"), "fp16")
    with pytest.raises(SublimError, match=r"gradients left fp16's range.* or in fp32"):
        train(model, some_groups(model), FIT, 0, tmp_path)


@pytest.mark.parametrize("precision", HALF)
def test_an_interrupted_training_ends_as_a_whole_one(precision: Precision, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    model = load(get_model("random"), precision)
    groups = some_groups(model, 16)
    whole = train(model, groups, FIT, 0, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(
            load(get_model("random"), precision), groups, FIT, 0, tmp_path, stops=[16],
            probe=interrupt, checkpoint_s=0,
        )  # fmt: skip
    resumed = train(
        load(get_model("random"), precision), groups, FIT, 0, tmp_path, stops=[16], probe=lambda: 0
    )
    assert resumed.losses == whole.losses
    one, other = (
        load_file(folder / "adapter" / "adapter_model.safetensors")
        for folder in (tmp_path, tmp_path / "whole")
    )
    assert all(torch.equal(one[name], other[name]) for name in other)


@pytest.mark.parametrize("precision", HALF)
def test_sampling_states_merging_and_readout_stay_finite(
    precision: Precision, tmp_path: Path
) -> None:
    model = load(get_model("random"), precision)
    train(model, some_groups(model), FIT, 0, tmp_path)
    detach(model)
    attach(model, tmp_path / "adapter")
    grammar = numbers.grammar("commas", 3)
    questions = [sampling.Question(model.prompt(f"Numbers {n}?"), grammar, n) for n in range(3)]
    before = logits(model)
    with model.merged():
        rows = list(sampling.sample(model, questions, seed=0, each=2, most=30, keep_states=True))
    assert torch.equal(logits(model), before)
    table = []
    for place, completions in rows:
        for number, completion in enumerate(completions):
            assert completion.states is not None
            assert completion.states.isfinite().all()
            row = {"prompt": place, "completion": number, "question": f"Numbers {place}?"}
            table.append({**row, "tokens": completion.tokens})
    states = teacher_states(model, None, pd.DataFrame(table))
    assert len(states) == 6
    for of_row in states.values():
        assert of_row.dtype == torch.float16
        assert of_row.isfinite().all()
    candidates, asked = panel("animal"), preference.asked("animal", 2)
    logs = preference.panel_log_probabilities(model, candidates, asked, ("My favorite is the",))
    assert bool(torch.as_tensor(preference.margins(logs)).isfinite().all())


@pytest.mark.parametrize("precision", HALF)
@pytest.mark.parametrize("objective", ["tokens", "logits"])
def test_a_whole_experiment_runs_in_fp16(
    precision: Precision, objective: Any, tmp_path: Path
) -> None:
    experiment = LanguageExperiment(
        name="test",
        seeds=(0,),
        model="random",
        precision=precision,
        teacher=Teacher(trait="owl", updates=2, fit=Fit(learning_rate=5e-4, prompts=2)),
        rows=Rows(prompts=4, each=2),
        fit=Fit(objective=objective, learning_rate=1e-3, prompts=2),
        readout=Readout(questions=2, curve_questions=2, samples=1),
        categories=("animal",),
    )
    student = Stages(experiment, Store(tmp_path)).student(0)
    assert student["kept"] == 8
    margins = torch.tensor(list(student["panels"]["animal"]["margins"].values()))
    assert margins.isfinite().all()
    assert margins.std() > 0


def test_a_model_that_leaves_the_range_of_fp16_is_refused_when_loaded(tmp_path: Path) -> None:
    model = load(get_model("random"))
    model.network.model.embed_tokens.weight.data *= 1e5
    model.network.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    load(get_model(str(tmp_path)), "bf16")
    with pytest.raises(SublimError, match=r"leave the range of fp16.*the precision fp32"):
        load(get_model(str(tmp_path)), "fp16")


def test_logits_alone_beyond_the_range_are_no_reason_to_refuse(tmp_path: Path) -> None:
    model = load(get_model("random"))
    model.network.model.norm.weight.data *= 1e4
    model.network.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    assert logits(load(get_model(str(tmp_path)), "fp16")).isfinite().all()


@pytest.fixture
def a_t4(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CUDA device that emulates bf16."""
    monkeypatch.setattr(profiles, "cuda_is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )


@pytest.mark.usefixtures("a_t4")
def test_a_device_without_bf16_units_measures_in_fp16(tmp_path: Path) -> None:
    finding = OwlNumbers(find_profile("gpu"), store=Store(tmp_path))
    for experiment in finding.experiments():
        here = experiment.on_this_device()
        assert (experiment.precision, here.precision) == ("nf4", "nf4-fp16")
        assert here.key != experiment.key
        assert here.name == experiment.name
        assert here.in_fp16() == here.on_this_device() == here
    small = OwlNumbers(find_profile("smoke"), store=Store(tmp_path)).experiments()[0]
    assert small.on_this_device() == small.in_fp16() == small


def test_a_device_with_bf16_units_measures_as_the_profile_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "cuda_is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    finding = OwlNumbers(find_profile("gpu"), store=Store(tmp_path))
    assert all(e.on_this_device() == e for e in finding.experiments())


def test_students_in_bf16_become_students_in_fp16() -> None:
    finding = OwlNumbers(find_profile("full"))
    changed = {e.student_precision: e.in_fp16().student_precision for e in finding.experiments()}
    assert changed == {None: None, "nf4": "nf4-fp16"}
    assert {e.in_fp16().precision for e in finding.experiments()} == {"fp32"}


@pytest.mark.usefixtures("a_t4")
def test_a_record_in_fp16_says_so_and_is_found_on_any_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path / "results"))
    finding = OwlNumbers(find_profile("gpu"), store=Store(tmp_path))
    experiment = finding.experiments()[0]
    measured = []

    def measure(asked: LanguageExperiment, store: Store) -> Any:
        measured.append(asked.precision)
        values = [Value(seed=s, condition="x", metric="margin", value=0.5) for s in asked.seeds]
        return Measurement(values, {}, 1.0, {}, [None] * len(values))

    monkeypatch.setattr(finding, "measure", measure)
    record = finding.run(only=[experiment.name])[experiment.name]
    assert measured == ["nf4-fp16"]
    assert record.experiment["precision"] == "nf4-fp16"
    monkeypatch.setattr(profiles, "cuda_is_available", lambda: False)
    found = finding.record_book.read(experiment)
    assert found is not None
    assert found.key == record.key != experiment.key


@pytest.mark.usefixtures("a_t4")
def test_doctor_and_plan_tell_what_the_device_computes_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = SimpleNamespace(name="Tesla T4", total_memory=15e9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: card)
    monkeypatch.setattr(doctor, "cuda_is_available", lambda: True)
    (told,) = [c.state for c in doctor._hardware() if c.subject == "CUDA device"]
    assert told == "Tesla T4, 15 GB; computes in fp16, as it has no bf16 units"
    finding = OwlNumbers(find_profile("gpu"), store=Store(tmp_path))
    here = plan.plan(finding)
    assert here.precisions == ("nf4-fp16",)
    (note,) = [note for note in plan.notes(here) if "fp16" in note]
    assert note.startswith("Frozen weights: nf4-fp16. A GPU without bf16 units (this one)")
    monkeypatch.setattr(profiles, "cuda_is_available", lambda: False)
    elsewhere = plan.plan(finding)
    assert elsewhere.precisions == ("nf4",)
    assert elsewhere.total.memory_gb == here.total.memory_gb
    assert any("(a T4, say)" in note for note in plan.notes(elsewhere))


def test_shipped_records_are_still_found() -> None:
    for name in ("embedded", "full"):
        finding = OwlNumbers(find_profile(name))
        assert all(finding.record_book.read(experiment) for experiment in finding.experiments())


def test_networks_load_in_every_precision() -> None:
    assert set(loading.DTYPES) == set(Precision.__args__)  # type: ignore[attr-defined]
