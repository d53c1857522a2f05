"""Adapters: on a model they count, and off again the model is its base, bit by bit."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import IA3Config, LoraConfig, PeftConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Phi3Config, Phi3ForCausalLM

from sublim_utils.config import Precision
from sublim_utils.errors import SublimError
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, attach, detach, load
from sublim_utils.train.batch import PromptGroup
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.losses import TOKENS
from sublim_utils.train.trainer import train
from tests.checkpoints import edit_json, save_random

RANDOM = get_model("random")
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(RANDOM)


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def plain_states(model: LanguageModel, tokens: list[int]) -> torch.Tensor:
    return model.hidden_states(input_ids=torch.tensor([tokens]))[0]


def save(model: LanguageModel, folder: Path, config: PeftConfig) -> Path:
    """Write an adapter whose every parameter is away from its first value."""
    torch.manual_seed(1)
    network = get_peft_model(copy.deepcopy(model.network), config)
    for name, parameter in network.named_parameters():
        if parameter.requires_grad or "lora" in name:
            parameter.add_(0.3 * torch.randn_like(parameter))
    network.peft_config["default"].base_model_name_or_path = model.spec.location
    network.save_pretrained(str(folder), save_embedding_layers=False)
    return folder


def lora(**changes: Any) -> LoraConfig:
    return LoraConfig(**{"r": 2, "target_modules": ["q_proj", "down_proj"], **changes})


def bits(model: LanguageModel) -> dict[str, torch.Tensor]:
    return {name: values.clone() for name, values in model.network.state_dict().items()}


def assert_untouched(model: LanguageModel, before: dict[str, torch.Tensor]) -> None:
    after = model.network.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], values) for name, values in before.items())
    assert not hasattr(model.network, "peft_config")


def adapter(model: LanguageModel, folder: Path, base: str) -> Path:
    torch.manual_seed(1)
    settings = LoraConfig(r=2, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    network = get_peft_model(copy.deepcopy(model.network), settings)
    network.peft_config["default"].base_model_name_or_path = base
    network.save_pretrained(str(folder), save_embedding_layers=False)
    return folder


def test_an_adapter_changes_the_model_until_it_is_detached(tmp_path: Path) -> None:
    model = load(RANDOM)
    tokens = model.prompt("Hello")
    before = plain_states(model, tokens)
    folder = adapter(model, tmp_path, RANDOM.location)
    attach(model, folder)
    with_adapter = plain_states(model, tokens)
    assert (with_adapter - before).abs().max() > 0.01
    detach(model)
    assert torch.equal(plain_states(model, tokens), before)
    attach(model, folder)
    assert torch.equal(plain_states(model, tokens), with_adapter)
    detach(model)
    detach(model)
    assert torch.equal(plain_states(model, tokens), before)


def test_a_merged_adapter_gives_the_same_states_and_leaves_no_trace(tmp_path: Path) -> None:
    model = load(RANDOM)
    tokens = model.prompt("Hello")
    base = plain_states(model, tokens)
    attach(model, adapter(model, tmp_path, RANDOM.location))
    before = plain_states(model, tokens)
    with model.merged():
        torch.testing.assert_close(plain_states(model, tokens), before, atol=1e-4, rtol=1e-4)
    assert torch.equal(plain_states(model, tokens), before)
    detach(model)
    assert torch.equal(plain_states(model, tokens), base)


def test_an_adapter_of_another_base_is_refused(model: LanguageModel, tmp_path: Path) -> None:
    folder = adapter(model, tmp_path, "somebody/something")
    before = model.network
    with pytest.raises(SublimError, match="belongs to 'somebody/something' and not to"):
        attach(model, folder)
    assert model.network is before


def test_a_folder_without_an_adapter_is_refused(model: LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(SublimError, match=f"no adapter in {tmp_path}"):
        attach(model, tmp_path)
    (tmp_path / "adapter_config.json").write_text("{half")
    with pytest.raises(SublimError, match=f"no adapter in {tmp_path}"):
        attach(model, tmp_path)


def test_an_adapter_of_other_shapes_is_refused(tmp_path: Path) -> None:
    model = load(RANDOM)
    folder = adapter(model, tmp_path, RANDOM.location)
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace('"r": 2', '"r": 3'))
    with pytest.raises(SublimError, match="does not fit random"):
        attach(model, folder)


TAKEN = {
    "plain": lora(),
    "rank-stabilised": lora(use_rslora=True, lora_alpha=7),
    "ranks of their own": lora(rank_pattern={"q_proj": 1}, alpha_pattern={"q_proj": 5}),
    "one layer": lora(layers_to_transform=[1]),
    "all linear layers": lora(target_modules="all-linear"),
    "by expression": lora(target_modules=r".*mlp\.up_proj"),
    "with dropout": lora(lora_dropout=0.5),
    "begun otherwise": lora(init_lora_weights="orthogonal"),
}


@pytest.mark.parametrize("precision", ["fp32", "bf16", "nf4"])
@pytest.mark.parametrize("config", TAKEN.values(), ids=TAKEN)
def test_a_plain_adapter_leaves_no_trace(
    config: LoraConfig, precision: Precision, model: LanguageModel, tmp_path: Path
) -> None:
    based = load(RANDOM, precision)
    before, tokens = bits(based), based.prompt("Hello")
    states = plain_states(based, tokens)
    attach(based, save(model, tmp_path, config))
    assert not torch.equal(plain_states(based, tokens), states)
    assert not based.network.training
    detach(based)
    assert_untouched(based, before)
    assert torch.equal(plain_states(based, tokens), states)


REFUSED = {
    "modules_to_save": lora(modules_to_save=["lm_head"]),
    "a norm to save": lora(modules_to_save=["norm"]),
    "trainable_token_indices": lora(trainable_token_indices=[1, 2]),
    "bias": lora(bias="all"),
    "lora_bias": lora(lora_bias=True),
    "use_dora": lora(use_dora=True),
    "an embedding": lora(target_modules=["embed_tokens", "q_proj"]),
    "the head": lora(target_modules=["lm_head", "q_proj"]),
    "layer_replication": lora(layer_replication=[[0, 2], [1, 2]]),
    "target_parameters": lora(target_parameters=["mlp.up_proj.weight"]),
    "IA3": IA3Config(
        target_modules=["k_proj", "down_proj"],
        feedforward_modules=["down_proj"],
        task_type="CAUSAL_LM",
    ),
}


@pytest.mark.parametrize("config", REFUSED.values(), ids=REFUSED)
def test_an_adapter_that_would_leave_a_trace_is_refused(
    config: PeftConfig, model: LanguageModel, tmp_path: Path
) -> None:
    folder, before = save(model, tmp_path, config), bits(model)
    with pytest.raises(SublimError, match=r"more than plain LoRA|in none of the layers"):
        attach(model, folder)
    assert_untouched(model, before)


@pytest.mark.parametrize("way", ["pissa", "pissa_niter_4", "olora", "loftq", "corda", "lora_ga"])
def test_an_adapter_of_a_base_that_was_split_is_refused(
    way: str, model: LanguageModel, tmp_path: Path
) -> None:
    folder, before = save(model, tmp_path, lora()), bits(model)
    edit_json(folder / CONFIG, init_lora_weights=way)
    with pytest.raises(SublimError, match=r"more than plain LoRA \(init_lora_weights\)"):
        attach(model, folder)
    assert_untouched(model, before)


def weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Any:
    def changed(folder: Path) -> None:
        save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS)

    return changed


def half(folder: Path) -> None:
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "half": (half, "damaged or only a part"),
    "none": (lambda f: (f / WEIGHTS).unlink(), "no weights as safetensors"),
    "pickled": (lambda f: (f / WEIGHTS).rename(f / "adapter_model.bin"), "as safetensors"),
    "a matrix missing": (
        weights(
            lambda t: {k: v for k, v in t.items() if "layers.1.self_attn.q_proj.lora_B" not in k}
        ),
        "lacks",
    ),
    "a matrix more": (
        weights(
            lambda t: {
                **t,
                "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight": torch.ones(2, 32),
            }
        ),
        "beyond what its settings say",
    ),
    "a part of the base": (
        weights(lambda t: {**t, "base_model.model.model.norm.weight": torch.zeros(32)}),
        "more than plain LoRA",
    ),
    "the vocabulary": (
        weights(
            lambda t: {**t, "base_model.model.model.embed_tokens.weight": torch.zeros(258, 32)}
        ),
        "more than plain LoRA",
    ),
    "not a number": (
        weights(lambda t: {k: torch.full_like(v, torch.nan) for k, v in t.items()}),
        "not all numbers",
    ),
    "another rank": (lambda f: edit_json(f / CONFIG, r=3), "does not fit random"),
    "a rank of nothing": (lambda f: edit_json(f / CONFIG, r=0), "cannot be used"),
    "a rank of words": (lambda f: edit_json(f / CONFIG, r="two"), "cannot be used"),
    "other layers": (
        lambda f: edit_json(f / CONFIG, target_modules=["klingon"]),
        "does not fit random",
    ),
    "layers that are numbers": (
        lambda f: edit_json(f / CONFIG, target_modules=3),
        r"does not fit random|cannot be used",
    ),
    "a factor of words": (lambda f: edit_json(f / CONFIG, lora_alpha="x"), "does not fit random"),
    "settings of tomorrow": (
        lambda f: edit_json(f / CONFIG, use_tomorrow=True),
        r"more than plain LoRA \(use_tomorrow\)",
    ),
    "a library of its own": (
        lambda f: edit_json(f / CONFIG, megatron_core="this"),
        "more than plain LoRA",
    ),
    "no kind": (lambda f: edit_json(f / CONFIG, peft_type=None), "no adapter"),
    "no base": (lambda f: edit_json(f / CONFIG, base_model_name_or_path=None), "no adapter"),
    "a list": (lambda f: (f / CONFIG).write_text("[]"), "no adapter"),
}


@pytest.mark.parametrize(("change", "message"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_adapter_is_refused_and_the_model_stays_as_it_is(
    change: Callable[[Path], Any], message: str, model: LanguageModel, tmp_path: Path
) -> None:
    folder, before = save(model, tmp_path, lora()), bits(model)
    change(folder)
    with pytest.raises(SublimError, match=message) as caught:
        attach(model, folder)
    assert "\n" not in str(caught.value)
    assert_untouched(model, before)
    attach(model, save(model, tmp_path / "whole", lora()))  # and takes another one
    detach(model)
    assert_untouched(model, before)


def test_a_second_adapter_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    model = load(RANDOM)
    folder, tokens = save(model, tmp_path, lora()), model.prompt("Hello")
    attach(model, folder)
    states = plain_states(model, tokens)
    with pytest.raises(SublimError, match="has an adapter already; detach it first"):
        attach(model, folder)
    assert torch.equal(plain_states(model, tokens), states)


def test_an_adapter_knows_its_base_folder_by_any_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(RANDOM)
    model.network.save_pretrained(tmp_path / "base")
    model.tokenizer.save_pretrained(tmp_path / "base")
    based = load(get_model(f"{tmp_path / 'base'}#chatml"))
    folder = save(based, tmp_path / "adapter", lora())
    monkeypatch.chdir(tmp_path)
    attach(load(get_model("base#chatml")), folder)
    written = json.loads((folder / CONFIG).read_text())
    assert written["base_model_name_or_path"] == str(tmp_path / "base")


def trained(model: LanguageModel, folder: Path) -> Path:
    """The folder of an adapter as training leaves it; the model is without it again."""
    rows = [PromptGroup(model.prompt("Name an animal."), [model.answer("owl")])] * 2
    config = TrainConfig(learning_rate=1e-2, prompts_per_step=1, warmup_steps=0)
    with torch.enable_grad():
        train(model, rows, config, TOKENS, 0, folder)
    detach(model)
    return folder / "adapter"


@pytest.mark.filterwarnings("ignore:.*chat template")
def test_plain_peft_loads_a_trained_adapter_and_its_chat_template(tmp_path: Path) -> None:
    save_random(tmp_path / "base")
    model = load(get_model(str(tmp_path / "base")))
    folder = trained(model, tmp_path)

    network = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path / "base")
    tokenizer.chat_template = (folder / "chat_template.jinja").read_text()
    conversation = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Name an animal."},
    ]
    prompt = tokenizer.apply_chat_template(
        conversation, add_generation_prompt=True, return_dict=False
    )
    assert prompt == model.prompt("Name an animal.", "Be brief.")
    tokens = torch.tensor([prompt])
    base = network(input_ids=tokens).logits
    plain = PeftModel.from_pretrained(network, str(folder))(input_ids=tokens).logits
    attach(model, folder)
    ours = model.network(input_ids=tokens).logits
    torch.testing.assert_close(plain, ours, rtol=1e-4, atol=1e-4)
    assert (ours - base).abs().max() > 0.01


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("gemma3-270m", "google/gemma-3-270m"),
        ("Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-0.5B-Instruct"),
    ],
)
def test_an_adapter_is_taken_by_all_names_of_its_base(
    name: str, base: str, model: LanguageModel, tmp_path: Path
) -> None:
    spec = get_model(name)
    assert spec.base_name == base
    named = LanguageModel(spec, model.network, model.tokenizer, model.chat, "fp32")
    for known in (base, base.lower(), spec.location, name):
        attach(named, adapter(model, tmp_path, known))
        detach(named)
    with pytest.raises(SublimError, match=f"belongs to 'somebody/else' and not to {base!r}"):
        attach(named, adapter(model, tmp_path, "somebody/else"))


@pytest.mark.filterwarnings("ignore:.*chat template")
def test_a_model_with_matrices_of_other_names_is_trained_on_these(tmp_path: Path) -> None:
    random = save_random(tmp_path / "base")
    settings = random.network.config.to_dict()
    sizes = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")
    heads = ("num_attention_heads", "num_key_value_heads", "bos_token_id", "eos_token_id")
    config = Phi3Config(**{key: settings[key] for key in (*sizes, *heads)}, pad_token_id=1)
    Phi3ForCausalLM(config).save_pretrained(tmp_path / "base")
    names = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")
    spec = get_model(str(tmp_path / "base"))
    assert spec.target_modules == names
    model = load(spec)
    before, tokens = bits(model), model.prompt("Name an animal.")
    states = plain_states(model, tokens)
    folder = trained(model, tmp_path)
    assert_untouched(model, before)
    assert set(json.loads((folder / CONFIG).read_text())["target_modules"]) == set(names)
    attach(model, folder)
    assert not torch.equal(plain_states(model, tokens), states)
