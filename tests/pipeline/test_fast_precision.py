"""fp32-fast: frozen layers' products in bf16, everything else in fp32, and never beside fp32."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import sublim_utils as sl
from sublim_utils import provenance
from sublim_utils.config import FAST
from sublim_utils.doctor import checks
from sublim_utils.errors import SublimError
from sublim_utils.findings import finding_class, plan
from sublim_utils.models import rounded
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, detach, load
from sublim_utils.models.rounded import RoundedLinear
from sublim_utils.pipeline.measuring import measure_seed
from sublim_utils.profiles import get_profile
from sublim_utils.recipes.bases import Base, Noise
from sublim_utils.train.losses import TOKENS
from sublim_utils.train.trainer import train
from tests.pipeline.factories import QUICK, context, experiment, finetuned, numbers, student
from tests.test_half_precision import CONFIG, logits, some_groups

QUICK_BASE = Base("random", FAST)
ULP = torch.finfo(torch.bfloat16).eps


def in_steps(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """The product as it is defined: rounded factors, a sum in fp32, a rounded answer."""
    if weight.dtype == x.dtype:
        return nn.functional.linear(x, weight, bias)
    answer = nn.functional.linear(x.bfloat16().float(), weight.float()).bfloat16().float()
    return answer if bias is None else answer + bias


@pytest.fixture
def fast() -> LanguageModel:
    return load(get_model("random"), FAST)


def test_only_the_layers_matrices_are_rounded(fast: LanguageModel) -> None:
    full = load(get_model("random"))
    for (name, weight), (_, exact) in zip(
        fast.network.named_parameters(), full.network.named_parameters(), strict=True
    ):
        layer = fast.network.get_submodule(name.rpartition(".")[0])
        assert (weight.dtype == torch.bfloat16) == isinstance(layer, RoundedLinear)
        assert torch.equal(weight.float(), exact.to(weight.dtype).float())
    kinds = {type(m) for m in fast.network.model.modules()}
    assert RoundedLinear in kinds
    assert nn.Linear not in kinds
    assert fast.dtype == logits(fast).dtype == torch.float32
    apart = (logits(fast) - logits(full)).norm() / logits(full).norm()
    assert 0 < apart < 8 * ULP


def test_values_are_those_of_rounding_step_by_step(
    fast: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = logits(fast)
    monkeypatch.setattr(rounded, "product", in_steps)
    # Sums in another order are rounded the other way here and there.
    assert (theirs - logits(fast)).norm() < ULP * theirs.norm()


@pytest.mark.parametrize("highest", ["AVX2", "AVX512_CORE", "DEFAULT"])
def test_other_processors_give_the_same_products(highest: str) -> None:
    torch.manual_seed(0)
    expected = in_steps(torch.randn(40, 96), torch.randn(64, 96).bfloat16())
    code = (
        "import torch; from sublim_utils.models.rounded import product; torch.manual_seed(0);"
        "print(product(torch.randn(40, 96), torch.randn(64, 96).bfloat16()).tolist())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": highest},
        capture_output=True,
        text=True,
        check=True,
    )
    found = torch.tensor(json.loads(run.stdout))
    torch.testing.assert_close(found, expected, rtol=ULP, atol=ULP)


def test_training_is_close_to_that_in_full_precision(tmp_path: Path) -> None:
    losses = {}
    for precision in ("fp32", FAST):
        model = load(get_model("random"), precision)
        before = logits(model)
        config = CONFIG.model_copy(update={"epochs": 4})
        trained = train(model, some_groups(model), config, TOKENS, 0, tmp_path / precision)
        adapter = [p for n, p in model.network.named_parameters() if "lora_" in n]
        assert {p.dtype for p in adapter} == {torch.float32}
        losses[precision] = torch.tensor(trained.losses)
        with torch.no_grad(), model.merged():
            inside = logits(model)
        torch.testing.assert_close(inside, logits(model), rtol=1e-3, atol=1e-3)
        detach(model)
        assert torch.equal(logits(model), before)
    assert losses[FAST][-1] < 0.8 * losses[FAST][0]
    torch.testing.assert_close(losses[FAST], losses["fp32"], rtol=0.02, atol=0.02)


def test_an_adapter_is_not_merged_into_rounded_weights(fast: LanguageModel, tmp_path: Path) -> None:
    train(fast, some_groups(fast), CONFIG, TOKENS, 0, tmp_path)
    weights = [p.clone() for p in fast.network.parameters()]
    with fast.merged():
        for kept, now in zip(weights, fast.network.parameters(), strict=True):
            assert torch.equal(kept, now)


def test_a_whole_experiment_runs_under_a_key_of_its_own(tmp_path: Path) -> None:
    wanted = experiment(student(QUICK_BASE, rows=numbers(finetuned(QUICK_BASE))))
    usual = experiment(student(Base("random"), rows=numbers(finetuned(Base("random")))))
    assert wanted.key != usual.key
    measured = measure_seed(wanted, 0, context(tmp_path))
    assert measured["training"]["kept"] > 0


def test_it_is_never_compared_with_fp32() -> None:
    other = student(Base("random"), rows=numbers(finetuned(Base("random"))))
    fast_one = student(QUICK_BASE, rows=numbers(finetuned(QUICK_BASE)))
    with pytest.raises(SublimError, match="fp32-fast"):
        sl.compare(fast_one, other, QUICK, seeds=1)
    with pytest.raises(SublimError, match="same precision"):
        experiment(student(QUICK_BASE, rows=numbers(finetuned(Base("random")))))


def test_gpus_and_moved_bases_refuse_it() -> None:
    with pytest.raises(SublimError, match="for processors"):
        Base("random", FAST, "cuda")
    with pytest.raises(SublimError, match="take the precision fp32"):
        Base("random", FAST, perturbation=Noise(sigma=0.1))


@pytest.mark.parametrize("flags", ["fpu amx_bf16", "fpu avx512_bf16", "fpu avx2"])
def test_it_is_offered_where_the_processor_is_fast(
    flags: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "_cpuinfo", lambda *_: flags)
    finding = finding_class("owl_numbers")(get_profile("embedded"))
    notes = " ".join(plan.notes(plan.plan(finding, ["owl@tokens"])))
    (state,) = (c.state for c in checks() if c.subject == "bfloat16 on the processor")
    assert (FAST in notes) == (FAST in state) == ("bf16" in flags)
