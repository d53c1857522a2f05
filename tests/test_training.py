"""Training against a plain implementation, after interruptions, and where memory is small."""

import random
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import get_constant_schedule_with_warmup, set_seed
from trl.trainer.sft_config import SFTConfig

from sublim_utils.config import Precision
from sublim_utils.errors import SublimError
from sublim_utils.models import loading
from sublim_utils.models.catalog import PROJECTIONS, get_model
from sublim_utils.models.loading import LanguageModel
from sublim_utils.sealing import writing_part
from sublim_utils.train.batch import PromptGroup
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.losses import LOGITS, TOKENS, get_loss, restrict
from sublim_utils.train.schedule import Anchor
from sublim_utils.train.trainer import TrainResult, train

CONFIG = TrainConfig(learning_rate=1e-2, warmup_steps=2, prompts_per_step=4)
SEED = 5


def fresh(precision: Precision = "fp32") -> LanguageModel:
    return loading.load(get_model("random"), precision)


def rows(prompts: int = 11, each: int = 3) -> list[PromptGroup]:
    """Completions of unlike length, of which two begin alike and two are equal."""
    model, draw = fresh(), random.Random(1)
    groups = []
    for _ in range(prompts):
        question = "".join(draw.choices("abc ", k=draw.randint(1, 20)))
        answers = [[draw.randrange(2, 250) for _ in range(draw.randint(1, 9))] for _ in range(each)]
        answers[-1] = [*answers[0][:2], *answers[-1]]
        groups.append(PromptGroup(model.prompt(question), [[*a, model.end] for a in answers]))
    groups[0].completions[1] = groups[0].completions[0]
    return groups


@pytest.fixture(scope="module")
def groups() -> list[PromptGroup]:
    return rows()


def with_states(groups: Sequence[PromptGroup], teacher: LanguageModel) -> list[PromptGroup]:
    """The same rows with the teacher's states, row by row."""
    found = []
    for prompt, completions, _ in groups:
        states = []
        for completion in completions:
            with torch.no_grad():
                whole = teacher.hidden_states(input_ids=torch.tensor([prompt + completion]))
            states.append(whole[0, len(prompt) - 1 : -1])
        found.append(PromptGroup(prompt, completions, states))
    return found


def other_model() -> LanguageModel:
    """The base model with every weight changed a little."""
    model = fresh()
    torch.manual_seed(3)
    with torch.no_grad():
        for layer in model.network.model.layers:
            for parameter in layer.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
    return model


def adapter(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter" / "adapter_model.safetensors")


def assert_close(a: Path, b: Path) -> None:
    ours, theirs = adapter(a), adapter(b)
    assert ours.keys() == theirs.keys()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=1e-4)


def assert_equal(a: Path, b: Path) -> None:
    ours, theirs = adapter(a), adapter(b)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def plain(
    groups: Sequence[PromptGroup],
    config: TrainConfig,
    teacher: Any,
    folder: Path,
    vocabulary: Sequence[int] | None = None,
) -> list[float]:
    """Row by row with `transformers`' forward, PyTorch's losses and its optimiser."""
    set_seed(SEED)
    settings = LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        target_modules=list(PROJECTIONS),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network: Any = get_peft_model(fresh().network, settings)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=0.0)
    schedule = get_constant_schedule_with_warmup(optimiser, config.warmup_steps)
    losses = []
    for first in range(0, len(groups), config.prompts_per_step):
        found = []
        for prompt, completions, _ in groups[first : first + config.prompts_per_step]:
            for completion in completions:
                whole = torch.tensor([prompt + completion])
                logits = network(input_ids=whole).logits[0, len(prompt) - 1 : -1]
                if teacher is None:
                    target = torch.tensor(completion)
                    found.append(
                        torch.nn.functional.cross_entropy(logits, target, reduction="none")
                    )
                else:
                    with torch.no_grad():
                        theirs = teacher(input_ids=whole).logits[0, len(prompt) - 1 : -1]
                    if vocabulary is not None:
                        logits, theirs = logits[:, vocabulary], theirs[:, vocabulary]
                    ratio = theirs.log_softmax(-1) - logits.log_softmax(-1)
                    found.append((theirs.softmax(-1) * ratio).sum(-1))
        loss = torch.cat(found).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    network.save_pretrained(folder / "adapter", save_embedding_layers=False)
    return losses


@pytest.mark.parametrize("objective", ["tokens", "logits"])
def test_trees_train_as_the_rows_one_by_one(
    groups: list[PromptGroup], tmp_path: Path, objective: str
) -> None:
    teacher = other_model()
    rows, loss = with_states(groups, teacher), get_loss(objective)
    trained = train(fresh(), rows, CONFIG, loss, SEED, tmp_path / "ours")
    distribution = teacher.network if objective == "logits" else None
    losses = plain(groups, CONFIG, distribution, tmp_path / "plain")
    assert trained.losses == pytest.approx(losses, rel=1e-4)
    assert_close(tmp_path / "ours", tmp_path / "plain")
    positions = sum(len(g.prompt) + sum(len(c) - 1 for c in g.completions) for g in groups)
    assert positions > trained.tokens > 0


def test_only_the_given_tokens_are_compared(groups: list[PromptGroup], tmp_path: Path) -> None:
    allowed, teacher = [3, 5, 8, 13, 21, 34], other_model()
    rows, loss = with_states(groups, teacher), restrict(LOGITS, allowed)
    trained = train(fresh(), rows, CONFIG, loss, SEED, tmp_path / "ours")
    losses = plain(groups, CONFIG, teacher.network, tmp_path / "plain", allowed)
    assert trained.losses == pytest.approx(losses, rel=1e-4)
    assert_close(tmp_path / "ours", tmp_path / "plain")


def test_a_model_has_nothing_to_learn_from_its_own_states(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    own = with_states(groups, fresh())
    config = TrainConfig(learning_rate=1e-6)
    losses = train(fresh(), own, config, LOGITS, SEED, tmp_path).losses
    assert losses == pytest.approx([0] * len(losses), abs=1e-5)


def test_the_curve_is_measured_after_the_asked_for_rows(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    trained = train(
        fresh(),
        groups,
        CONFIG,
        TOKENS,
        SEED,
        tmp_path,
        eval_at_rows=[12, 13, 24, 33],
        probe=lambda: "x",
    )
    assert trained.curve == [(12, "x"), (24, "x"), (33, "x")]
    assert len(trained.losses) == 3
    assert trained.wall_s > 0


@pytest.mark.parametrize("scheduler", ["constant", "linear"])
@pytest.mark.parametrize("warmup", [0, 4])
def test_the_config_tells_the_learning_rates_that_training_uses(
    groups: list[PromptGroup], tmp_path: Path, scheduler: str, warmup: int
) -> None:
    changes = {"lr_scheduler": scheduler, "warmup_steps": warmup, "prompts_per_step": 1}
    config = CONFIG.model_copy(update=changes)
    trained = train(fresh(), groups, config, TOKENS, SEED, tmp_path)
    assert trained.learning_rates == config.learning_rates(len(groups))
    assert max(trained.learning_rates) == config.learning_rate
    assert (trained.learning_rates[0] == 0) == (warmup > 0)
    assert (trained.learning_rates[-1] < config.learning_rate / 2) == (scheduler == "linear")


def test_the_config_declares_what_would_else_be_a_silent_default(tmp_path: Path) -> None:
    silent = SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False)
    config = TrainConfig()
    assert (config.adam_beta1, config.adam_beta2) == (silent.adam_beta1, silent.adam_beta2)
    assert config.adam_eps == silent.adam_epsilon
    assert config.max_grad_norm == silent.max_grad_norm
    assert config.weight_decay == silent.weight_decay
    assert config.model_dump().keys() == TrainConfig.model_fields.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"max_grad_norm": 0.01},
        {"adam_beta1": 0.5},
        {"adam_beta2": 0.5},
        {"adam_eps": 1e-3},
        {"weight_decay": 0.5},
        {"lora_alpha": 32},
    ],
    ids=str,
)
def test_every_hyper_parameter_reaches_the_optimiser(
    groups: list[PromptGroup], tmp_path: Path, change: dict[str, float]
) -> None:
    usual = train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path / "usual")
    config = CONFIG.model_copy(update=change)
    other = train(fresh(), groups, config, TOKENS, SEED, tmp_path / "other")
    assert other.losses[0] == usual.losses[0]
    ours, theirs = adapter(tmp_path / "usual"), adapter(tmp_path / "other")
    assert any(not torch.allclose(ours[name], theirs[name], rtol=1e-6) for name in ours)


def test_a_loss_without_a_closed_form_trains_as_one_with_it(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    rows = with_states(groups, other_model())
    closed = train(fresh(), rows, CONFIG, LOGITS, SEED, tmp_path / "closed")
    loss = replace(LOGITS, closed_form=None)
    by_autograd = train(fresh(), rows, CONFIG, loss, SEED, tmp_path / "autograd")
    assert by_autograd.losses == pytest.approx(closed.losses, rel=1e-4)
    assert_close(tmp_path / "closed", tmp_path / "autograd")
    with pytest.raises(ValueError, match="'logits' needs the teacher's states"):
        train(fresh(), groups, CONFIG, loss, SEED, tmp_path / "without")


def test_an_anchor_holds_the_student_to_its_base_on_other_rows(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    others, taught = groups[7:], groups[:6]

    def trained(name: str, weight: float) -> TrainResult:
        anchor = Anchor(others, weight, prompts_per_step=3)
        folder = tmp_path / name
        return train(fresh(), taught, config, TOKENS, SEED, folder, anchor=anchor)

    config = CONFIG.model_copy(update={"prompts_per_step": 2, "epochs": 4})
    free = train(fresh(), taught, config, TOKENS, SEED, tmp_path / "free")
    loose, tight = trained("loose", 0.0), trained("tight", 10.0)
    assert free.anchor_losses == []
    assert_equal(tmp_path / "free", tmp_path / "loose")
    assert loose.losses == free.losses
    assert len(loose.anchor_losses) == len(tight.anchor_losses) == 12
    assert tight.anchor_losses[0] == pytest.approx(0, abs=1e-5)
    assert tight.anchor_losses[-1] < 0.5 * loose.anchor_losses[-1]
    assert tight.losses[-1] > loose.losses[-1]


def test_an_anchored_training_goes_on_where_it_was_killed(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    anchor = Anchor(groups[7:], 1.0, prompts_per_step=3)
    run: dict[str, Any] = {"anchor": anchor, "eval_at_rows": [12, 24], "checkpoint_s": 0}
    whole = train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path / "whole", **run, probe=lambda: 0)
    with pytest.raises(Killed):
        train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, **run, probe=killed_at(2, Killed))
    resumed = train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, **run, probe=lambda: 0)
    assert resumed._replace(wall_s=0) == whole._replace(wall_s=0)
    assert_equal(tmp_path / "whole", tmp_path)
    with pytest.raises(Killed):
        train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, **run, probe=killed_at(2, Killed))
    run["anchor"] = anchor._replace(weight=2.0)
    with pytest.warns(UserWarning, match="belongs to another training"):
        train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, **run, probe=lambda: 0)


class Killed(Exception):
    pass


def killed_at(number: int, fault: type[BaseException]) -> Callable[[], int]:
    """A probe that counts its calls and fails in one of them."""
    calls = 0

    def probe() -> int:
        nonlocal calls
        calls += 1
        if calls == number:
            raise fault
        return 0

    return probe


@pytest.mark.parametrize("number", [2, 3, 4, 6])
@pytest.mark.parametrize(
    ("fault", "checkpoint_s"), [(Killed, 0.0), (KeyboardInterrupt, float("inf"))]
)
def test_a_killed_training_ends_as_if_nothing_had_happened(
    groups: list[PromptGroup],
    tmp_path: Path,
    number: int,
    fault: type[BaseException],
    checkpoint_s: float,
) -> None:
    config = CONFIG.model_copy(update={"epochs": 2})
    stops = list(range(1, 67))

    def run(folder: str, probe: Callable[[], int]) -> TrainResult:
        return train(
            model, groups, config, TOKENS, SEED, tmp_path / folder,
            eval_at_rows=stops, probe=probe, checkpoint_s=checkpoint_s,
        )  # fmt: skip

    model = fresh()
    whole = run("whole", lambda: 0)
    model = fresh()
    with pytest.raises(fault):
        run("killed", killed_at(number, fault))
    kept = list((tmp_path / "killed" / "checkpoints").iterdir())
    # A checkpoint follows the probe; Ctrl-C makes one in the middle of it.
    assert [place.name for place in kept] == [f"checkpoint-{number - (fault is Killed)}"]
    assert not hasattr(model.network, "peft_config")
    torch.manual_seed(99)
    resumed = run("killed", lambda: 0)
    assert resumed.losses == whole.losses
    assert resumed.curve == whole.curve
    assert len(whole.curve) == len(whole.losses) == 6
    assert_equal(tmp_path / "whole", tmp_path / "killed")
    assert not (tmp_path / "killed" / "checkpoints").exists()


def test_half_a_checkpoint_is_overlooked(groups: list[PromptGroup], tmp_path: Path) -> None:
    train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path / "whole")
    with pytest.raises(Killed):
        train(
            fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, eval_at_rows=[12, 24],
            probe=killed_at(2, Killed), checkpoint_s=0,
        )  # fmt: skip
    half = tmp_path / "checkpoints" / "checkpoint-2"
    half.mkdir()
    (half / "adapter_model.safetensors").write_bytes(b"half")
    train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, eval_at_rows=[12, 24], probe=lambda: 0)
    assert_equal(tmp_path, tmp_path / "whole")


def test_a_checkpoint_of_another_training_is_not_taken(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        train(
            fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, eval_at_rows=[12, 24],
            probe=killed_at(2, Killed), checkpoint_s=0,
        )  # fmt: skip
    with pytest.warns(UserWarning, match="belongs to another training"):
        train(fresh(), groups, CONFIG, TOKENS, SEED + 1, tmp_path)
    train(fresh(), groups, CONFIG, TOKENS, SEED + 1, tmp_path / "clean")
    assert_equal(tmp_path, tmp_path / "clean")


@pytest.mark.parametrize("objective", ["tokens", "logits"])
def test_a_longer_training_goes_on_from_the_end_of_a_shorter_one(
    groups: list[PromptGroup], tmp_path: Path, objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = with_states(groups, other_model()) if objective == "logits" else groups
    loss = get_loss(objective)
    run: dict[str, Any] = {"eval_at_rows": [12, 24], "probe": lambda: 0, "keep_s": 0.0}
    whole = train(fresh(), rows, CONFIG, loss, SEED, tmp_path / "whole", **run)
    train(fresh(), rows[:8], CONFIG, loss, SEED, tmp_path / "parts", **run)
    computed = 0
    states = LanguageModel.hidden_states

    def counted(model: LanguageModel, **inputs: Any) -> torch.Tensor:
        nonlocal computed
        computed += len(inputs["attention_mask"])
        return states(model, **inputs)

    monkeypatch.setattr(LanguageModel, "hidden_states", counted)
    longer = train(fresh(), rows, CONFIG, loss, SEED, tmp_path / "parts", **run)
    assert computed == len(rows) - 8
    again = train(
        fresh(), rows, CONFIG, loss, SEED, tmp_path / "parts", **run
    )  # killed after its last step
    assert computed == len(rows) - 8
    assert whole.losses == longer.losses == again.losses
    assert whole.tokens == longer.tokens == again.tokens
    assert whole.curve == longer.curve == again.curve
    assert_equal(tmp_path / "whole", tmp_path / "parts")
    files = {path.suffix for path in (tmp_path / "parts" / "checkpoints").rglob("*.*")}
    assert files <= {".safetensors", ".json", ".md"}  # no pickles


@pytest.mark.parametrize("change", [{"prompts_per_step": 3}, {"lr_scheduler": "linear"}])
def test_a_longer_training_that_would_have_been_another_begins_anew(
    groups: list[PromptGroup], tmp_path: Path, change: dict[str, Any]
) -> None:
    config = CONFIG.model_copy(update=change)  # eight prompts are no whole number of updates
    train(fresh(), groups[:8], config, TOKENS, SEED, tmp_path, keep_s=0.0)
    with pytest.warns(UserWarning, match="belongs to another training"):
        train(fresh(), groups, config, TOKENS, SEED, tmp_path)
    train(fresh(), groups, config, TOKENS, SEED, tmp_path / "clean")
    assert_equal(tmp_path, tmp_path / "clean")


def test_a_loss_that_is_no_number_ends_training_and_keeps_the_last_checkpoint(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    taught = with_states(groups, other_model())
    states = taught[-1].teacher_states
    assert states is not None
    states[0][0, 0] = torch.nan
    model = fresh()
    with pytest.raises(SublimError, match=r"in update 3.*learning rate below 0.01") as error:
        train(model, taught, CONFIG, LOGITS, SEED, tmp_path, checkpoint_s=0)
    kept = tmp_path / "checkpoints" / "checkpoint-2"
    assert str(kept) in str(error.value)
    loading.attach(model, kept)
    with pytest.raises(SublimError, match=r"below 0.01\.$"):
        train(fresh(), taught, CONFIG, LOGITS, SEED, tmp_path / "without")


def test_a_spoilt_adapter_is_no_checkpoint(
    groups: list[PromptGroup], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh()

    def spoil() -> None:
        for parameter in model.network.parameters():
            if parameter.requires_grad:
                parameter.data.fill_(torch.nan)

    with pytest.raises(SublimError, match="in update 3"):
        train(
            model,
            groups,
            CONFIG,
            TOKENS,
            SEED,
            tmp_path,
            eval_at_rows=[24],
            probe=spoil,
            checkpoint_s=0,
        )
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["checkpoint-1"]


@pytest.mark.parametrize("none", [[], [PromptGroup([1, 2], [])]])
def test_no_rows_are_a_fault_of_the_filter(none: list[PromptGroup], tmp_path: Path) -> None:
    with pytest.raises(SublimError, match="no rows"):
        train(fresh(), none, CONFIG, TOKENS, SEED, tmp_path)


@pytest.mark.parametrize("empty", [PromptGroup([], [[5, 1]]), PromptGroup([5], [[5, 1], []])])
def test_a_row_without_tokens_is_named_as_one(
    empty: PromptGroup, groups: list[PromptGroup], tmp_path: Path
) -> None:
    with pytest.raises(SublimError, match="a completion has no tokens"):
        train(fresh(), [*groups, empty], CONFIG, TOKENS, SEED, tmp_path)


@pytest.mark.parametrize("precision", ["fp32", "nf4"])
@pytest.mark.parametrize("objective", ["tokens", "logits"])
def test_a_saved_adapter_makes_the_same_student(
    groups: list[PromptGroup], tmp_path: Path, precision: Precision, objective: str
) -> None:
    model = fresh(precision)
    config = CONFIG.model_copy(update={"epochs": 3})
    rows = with_states(groups, other_model())
    trained = train(model, rows, config, get_loss(objective), SEED, tmp_path)
    assert trained.losses[-1] < trained.losses[0]
    tokens = torch.tensor([groups[0].prompt])
    again = fresh(precision)
    with torch.no_grad():
        base = again.network(input_ids=tokens).logits
        loading.attach(again, tmp_path / "adapter")
        own, other = (m.network(input_ids=tokens).logits for m in (model, again))
    # A quantised model's adapter is trained in bf16 and attached in fp32.
    torch.testing.assert_close(own, other, rtol=0, atol=0.2 if precision == "nf4" else 0)
    assert not torch.equal(own, base)


def test_a_quantised_model_goes_on_from_a_checkpoint(
    groups: list[PromptGroup], tmp_path: Path
) -> None:
    whole = train(fresh("nf4"), groups, CONFIG, TOKENS, SEED, tmp_path / "whole")
    with pytest.raises(Killed):
        train(
            fresh("nf4"), groups, CONFIG, TOKENS, SEED, tmp_path, eval_at_rows=[24],
            probe=killed_at(1, Killed), checkpoint_s=0,
        )  # fmt: skip
    resumed = train(
        fresh("nf4"), groups, CONFIG, TOKENS, SEED, tmp_path, eval_at_rows=[24], probe=lambda: 0
    )
    assert resumed.losses == whole.losses
    assert_equal(tmp_path, tmp_path / "whole")


@pytest.mark.parametrize("passes", [2, 3, 4, 9])
def test_passes_do_not_change_an_update(
    groups: list[PromptGroup], tmp_path: Path, passes: int
) -> None:
    one = train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path / "one")
    config = CONFIG.model_copy(update={"gradient_accumulation_steps": passes})
    more = train(fresh(), groups, config, TOKENS, SEED, tmp_path / "more")
    assert more.losses == pytest.approx(one.losses, rel=1e-5)
    assert_close(tmp_path / "one", tmp_path / "more")


def fitting(most: int, fault: Exception) -> Callable[..., torch.Tensor]:
    """`LanguageModel.hidden_states` on a machine with memory for so many trees at once."""
    states = LanguageModel.hidden_states

    def checked(model: LanguageModel, **inputs: Any) -> torch.Tensor:
        if len(inputs["attention_mask"]) > most:
            raise fault
        return states(model, **inputs)

    return checked


@pytest.mark.parametrize(
    "fault",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes."),
        MemoryError(),
    ],
)
def test_small_memory_makes_more_passes(
    groups: list[PromptGroup], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    enough = train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path / "enough")
    monkeypatch.setattr(LanguageModel, "hidden_states", fitting(1, fault))
    with pytest.warns(UserWarning, match="going on with 4 passes") as warned:
        small = train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path / "small")
    assert len(warned) == 1
    assert small.losses == pytest.approx(enough.losses, rel=1e-5)
    assert_close(tmp_path / "enough", tmp_path / "small")


def test_memory_for_not_even_one_prompt_is_said(
    groups: list[PromptGroup], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LanguageModel, "hidden_states", fitting(0, MemoryError()))
    with pytest.raises(SublimError, match="one prompt with 3 completions"):
        train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path)


def test_other_faults_are_not_taken_for_small_memory(
    groups: list[PromptGroup], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LanguageModel, "hidden_states", fitting(0, RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path)


def test_only_the_bar_is_printed(
    groups: list[PromptGroup], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = fresh()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(model, groups, CONFIG, TOKENS, SEED, tmp_path, checkpoint_s=0)
        assert capfd.readouterr() == ("", "")
        loading.detach(model)
        forward = vars(model.network).get("forward")
        train(model, groups, CONFIG, TOKENS, SEED, tmp_path, progress="a name")
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("\ra name: ")
    assert "/33 [" in err
    assert "row/s" in err
    loading.detach(model)
    assert vars(model.network).get("forward") is forward


@pytest.mark.parametrize("damage", ["another folder", "a byte", "cut", "missing"])
def test_a_damaged_checkpoint_is_told_and_training_begins_anew(
    groups: list[PromptGroup], tmp_path: Path, damage: str
) -> None:
    with pytest.raises(Killed):
        train(
            fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, eval_at_rows=[12, 24],
            probe=killed_at(2, Killed), checkpoint_s=0,
        )  # fmt: skip
    (place,) = (tmp_path / "checkpoints").iterdir()
    file = place / "optimizer.safetensors"
    if damage == "another folder":
        shutil.rmtree(place)
        with writing_part(place) as folder:
            (folder / "rows.parquet").write_bytes(b"rows")
    elif damage == "missing":
        file.unlink()
    else:
        content = file.read_bytes()
        file.write_bytes(content[:-1] + (b"" if damage == "cut" else bytes([content[-1] ^ 1])))
    with pytest.warns(UserWarning, match=r"checkpoint-\d is damaged .* made again"):
        train(
            fresh(), groups, CONFIG, TOKENS, SEED, tmp_path, eval_at_rows=[12, 24], probe=lambda: 0
        )
    train(fresh(), groups, CONFIG, TOKENS, SEED, tmp_path / "clean")
    assert_equal(tmp_path, tmp_path / "clean")
