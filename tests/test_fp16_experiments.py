"""Experiments on GPUs without bf16 units, which compute in fp16."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sublim_utils import doctor, profiles
from sublim_utils.config import Precision
from sublim_utils.findings import plan
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.measuring import measure_seed
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import Measurement, Value
from sublim_utils.store import Store
from tests.pipeline.factories import (
    BASE,
    QUICK,
    experiment as new_experiment,
    finetuned,
    numbers,
    student,
)


@pytest.mark.parametrize("precision", ["fp16", "nf4-fp16"])
@pytest.mark.parametrize("objective", ["tokens", "logits"])
def test_a_whole_experiment_runs_in_fp16(
    precision: Precision, objective: Any, tmp_path: Path
) -> None:
    base = BASE.but(precision=precision)
    learner = student(base, rows=numbers(finetuned(base)), objective=objective)
    experiment = new_experiment(learner, evaluation=QUICK.but(samples=1))
    measured = measure_seed(experiment, 0, Context(Store(tmp_path)))
    assert measured["training"]["kept"] == 8
    margins = torch.tensor(list(measured["student"]["animal"]["margins"].values()))
    assert margins.isfinite().all()
    assert margins.std() > 0


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
        assert {base.precision for base in experiment.bases} == {"nf4"}
        assert {base.precision for base in here.bases} == {"nf4-fp16"}
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
    experiments = finding.experiments()
    changed = {e.student.base.precision: e.in_fp16().student.base.precision for e in experiments}
    assert changed == {"fp32": "fp32", "nf4": "nf4-fp16"}
    teachers = [e.in_fp16().teacher for e in experiments]
    assert {teacher.base.precision for teacher in teachers if teacher is not None} == {"fp32"}


@pytest.mark.usefixtures("a_t4")
def test_a_record_in_fp16_says_so_and_is_found_on_any_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path / "results"))
    finding = OwlNumbers(find_profile("gpu"), store=Store(tmp_path))
    experiment = finding.experiments()[0]
    measured = []

    def measure(asked: LanguageExperiment, store: Store) -> Any:
        measured.append(asked.student.base.precision)
        values = [Value(seed=s, condition="x", metric="margin", value=0.5) for s in asked.seeds]
        return Measurement(values, {}, 1.0, {}, [None] * len(values))

    monkeypatch.setattr(finding, "measure", measure)
    record = finding.run(only=[experiment.name])[experiment.name]
    assert measured == ["nf4-fp16"]
    assert record.experiment["student"]["base"]["precision"] == "nf4-fp16"
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
