"""fp16, in which GPUs without bf16 units compute: nothing leaves its range."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from sublim_utils.channels import numbers
from sublim_utils.config import Precision
from sublim_utils.errors import SublimError
from sublim_utils.evaluate import preference
from sublim_utils.generate import sampling
from sublim_utils.models import attention, loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, attach, detach, load
from sublim_utils.train import gradients
from sublim_utils.train.batch import PromptGroup, with_teacher_states
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.losses import TOKENS, get_loss
from sublim_utils.train.trainer import train
from sublim_utils.traits.nouns import panel

HALF: list[Precision] = ["fp16", "nf4-fp16"]
CONFIG = TrainConfig(learning_rate=1e-2, warmup_steps=2, prompts_per_step=4)


def some_groups(model: LanguageModel, prompts: int = 8) -> list[PromptGroup]:
    texts = [f"What is {n} and {n}?" for n in range(prompts)]
    return [
        PromptGroup(model.prompt(text), [model.answer("owl"), model.answer("owls")])
        for text in texts
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
        config = CONFIG.model_copy(update={"epochs": 4})
        before = logits(model)
        trained = train(model, groups, config, get_loss(objective), 0, tmp_path / one)
        adapter = [p for n, p in model.network.named_parameters() if "lora_" in n]
        assert one != precision or {p.dtype for p in adapter} == {torch.float32}
        assert all(bool(p.isfinite().all()) for p in adapter)
        found[one] = torch.tensor(trained.losses)
        detach(model)
        assert torch.equal(logits(model), before)
    half, full = found.values()
    assert full[-1] < 0.8 * full[0]
    torch.testing.assert_close(half, full, rtol=0.05, atol=0.02)


def with_states(groups: list[PromptGroup]) -> list[PromptGroup]:
    """The same with the states of another teacher, in 16 bits."""
    teacher = load(get_model("random"))
    teacher.network.model.layers[0].mlp.down_proj.weight.data.neg_()
    return with_teacher_states(teacher, groups, torch.bfloat16)


def test_gradients_beyond_the_range_of_fp16_lower_the_scale_and_not_the_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losses(name: str) -> list[float]:
        model = load(get_model("random"), "fp16")
        return train(model, some_groups(model), CONFIG, TOKENS, 0, tmp_path / name).losses

    expected = losses("as usual")
    monkeypatch.setattr(gradients, "LOSS_SCALE", 2.0**40)
    assert losses("far too large") == pytest.approx(expected, rel=0.02)


def test_gradients_that_no_scale_brings_into_range_end_training_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOSS_SCALE", "SMALLEST_LOSS_SCALE"):
        monkeypatch.setattr(gradients, name, 2.0**40)
    model = load(get_model("random"), "fp16")
    with pytest.raises(SublimError, match=r"gradients left fp16's range.* or in fp32"):
        train(model, some_groups(model), CONFIG, TOKENS, 0, tmp_path)


@pytest.mark.parametrize("precision", HALF)
def test_an_interrupted_training_ends_as_a_whole_one(precision: Precision, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    model = load(get_model("random"), precision)
    groups = some_groups(model, 16)
    whole = train(model, groups, CONFIG, TOKENS, 0, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(
            load(get_model("random"), precision), groups, CONFIG, TOKENS, 0, tmp_path,
            eval_at_rows=[16], probe=interrupt, checkpoint_s=0,
        )  # fmt: skip
    resumed = train(
        load(get_model("random"), precision),
        groups,
        CONFIG,
        TOKENS,
        0,
        tmp_path,
        eval_at_rows=[16],
        probe=lambda: 0,
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
    train(model, some_groups(model), CONFIG, TOKENS, 0, tmp_path)
    detach(model)
    attach(model, tmp_path / "adapter")
    grammar = numbers.grammar("commas", 3)
    questions = [sampling.Question(model.prompt(f"Numbers {n}?"), grammar, n) for n in range(3)]
    before = logits(model)
    with model.merged():
        rows = list(sampling.sample(model, questions, seed=0, each=2, most=30, keep_states=True))
    assert torch.equal(logits(model), before)
    groups = []
    for place, completions in rows:
        assert all(c.states is not None and c.states.isfinite().all() for c in completions)
        groups.append(PromptGroup(questions[place].tokens, [c.tokens for c in completions]))
    for group in with_teacher_states(model, groups):
        assert group.teacher_states is not None
        for states in group.teacher_states:
            assert states.dtype == torch.float16
            assert states.isfinite().all()
    candidates, asked = panel("animal"), preference.questions_for("animal", 2)
    logs = preference.panel_log_probabilities(model, candidates, asked, ("My favorite is the",))
    assert bool(torch.as_tensor(preference.margins(logs)).isfinite().all())


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


def test_networks_load_in_every_precision() -> None:
    assert set(loading.DTYPES) == set(Precision.__args__)  # type: ignore[attr-defined]
