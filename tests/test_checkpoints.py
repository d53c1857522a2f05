"""Folders with weights: what is loaded from them, and one sentence for each that cannot be."""

import ast
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, Gemma3Config, Gemma3ForConditionalGeneration

import sublim_utils
from sublim_utils.errors import SublimError
from sublim_utils.generate import sampling
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import load
from tests.checkpoints import WEIGHTS, edit_json, edit_weights, save_random, split_weights
from tests.command import sublim

Change = Callable[[Path], Any]
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99\n"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    save_random(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def config(**changes: Any) -> Change:
    return lambda folder: edit_json(folder / "config.json", **changes)


def write(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content)


def remove(*names: str) -> Change:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def cut(name: str, share: float) -> Change:
    def change(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * share)])

    return change


def weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Change:
    return lambda folder: edit_weights(folder, change)


def changed(key: str, value: float) -> Change:
    def change(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        tensors[key].view(-1)[7] = value
        return tensors

    return weights(change)


def without(key: str) -> Change:
    return weights(lambda tensors: {k: v for k, v in tensors.items() if k != key})


def with_tensor(key: str, tensor: torch.Tensor) -> Change:
    return weights(lambda tensors: {**tensors, key: tensor})


def cast(dtype: torch.dtype) -> Change:
    return weights(lambda tensors: {k: v.to(dtype) for k, v in tensors.items()})


def in_shards(change: Callable[[list[Path]], Any]) -> Change:
    return lambda folder: change(split_weights(folder))


def only_pickled(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))


def only_adapter(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / "config.json").rename(folder / "adapter_config.json")


def with_marks_beyond(folder: Path) -> None:
    told = json.loads((folder / "tokenizer.json").read_text())
    for token in told["added_tokens"]:
        token["id"] += 300
        told["model"]["vocab"][token["content"]] += 300
    (folder / "tokenizer.json").write_text(json.dumps(told))


def with_few_rows(folder: Path) -> None:
    edit_json(folder / "config.json", vocab_size=200)
    key = "model.embed_tokens.weight"
    edit_weights(folder, lambda tensors: {**tensors, key: tensors[key][:200]})


UP = "model.layers.1.mlp.up_proj.weight"
FAULTS: dict[str, tuple[Change, str]] = {
    "half": (cut(WEIGHTS, 0.5), "damaged or only a part"),
    "without the last byte": (cut(WEIGHTS, 0.9999), "damaged or only a part"),
    "empty file": (write(WEIGHTS, b""), "damaged or only a part"),
    "a page in its place": (write(WEIGHTS, b"<html>Not found</html>"), "damaged or only a part"),
    "zeros in its place": (write(WEIGHTS, bytes(9999)), "damaged or only a part"),
    "a pointer": (write(WEIGHTS, POINTER), "git lfs pull"),
    "a pointer to the config": (write("config.json", POINTER), "not a valid JSON"),
    "a pointer to the tokenizer": (write("tokenizer.json", POINTER), "Cannot load"),
    "no weights": (remove(WEIGHTS), "holds no weights"),
    "pickled": (only_pickled, r"format that may run code.*convert.*save_pretrained"),
    "GGUF": (lambda f: (f / WEIGHTS).rename(f / "model.gguf"), "as GGUF"),
    "a shard missing": (in_shards(lambda paths: paths[1].unlink()), "is without model-00002-of"),
    "a shard as a pointer": (in_shards(lambda paths: paths[0].write_bytes(POINTER)), "git lfs"),
    "an empty index": (
        in_shards(lambda paths: (paths[0].parent / f"{WEIGHTS}.index.json").write_text("{}")),
        "index.json cannot be read",
    ),
    "an index to elsewhere": (
        in_shards(
            lambda paths: edit_json(
                paths[0].parent / f"{WEIGHTS}.index.json", weight_map={"a": "../b.safetensors"}
            )
        ),
        r"is without \.\./b",
    ),
    "not a number": (changed(UP, float("nan")), "not all numbers"),
    "infinite": (changed("model.embed_tokens.weight", float("inf")), "not all numbers"),
    "all zero": (weights(lambda t: {k: torch.zeros_like(v) for k, v in t.items()}), "are empty"),
    "a matrix missing": (without(UP), f"lacks {UP}"),
    "a norm missing": (without("model.norm.weight"), r"lacks model\.norm\.weight"),
    "no tensors": (weights(lambda _: {}), r"lacks lm_head\.weight and 20 more"),
    "a matrix turned": (weights(lambda t: {**t, UP: t[UP].T}), "another shape"),
    "a bias beyond": (
        with_tensor("model.layers.0.self_attn.q_proj.bias", torch.zeros(32)),
        "beyond what its config says",
    ),
    "a layer beyond": (config(num_hidden_layers=1), "beyond what its config says"),
    "a layer short": (config(num_hidden_layers=3), r"lacks model\.layers\.2"),
    "a million layers": (config(num_hidden_layers=10**6), "describes 1000000 layers"),
    "no head": (config(tie_word_embeddings=False), r"lacks lm_head\.weight"),
    "a classifier's head": (with_tensor("score.weight", torch.zeros(2, 32)), "beyond what"),
    "scales beside the weights": (
        with_tensor("model.layers.0.mlp.up_proj.weight_scale", torch.ones(1)),
        "beyond what its config says",
    ),
    "8-bit floats": (cast(torch.float8_e4m3fn), r"quantised already .*F8_E4M3"),
    "8-bit integers": (cast(torch.int8), r"quantised already .*I8"),
    **{
        f"quantised by {method}": (
            config(quantization_config={"quant_method": method}),
            f"quantised already .*{method}",
        )
        for method in ("bitsandbytes", "gptq", "awq", "fp8", "compressed-tensors", "mxfp4", "hqq")
    },
    "quantised by an old bitsandbytes": (
        config(quantization_config={"load_in_4bit": True}),
        "quantised already",
    ),
    "quantised, as the config once said": (config(compression_config={"a": 1}), "quantised"),
    "quantised by an old GPTQ": (write("quantize_config.json", b"{}"), "quantised already"),
    "quantised by ModelOpt": (write("hf_quant_config.json", b"{}"), "quantised already"),
    "an adapter beside": (
        write("adapter_config.json", b'{"base_model_name_or_path": "a", "peft_type": "LORA"}'),
        "holds an adapter",
    ),
    "an adapter alone": (
        only_adapter,
        "an adapter and not the model below it",
    ),
    "no config": (remove("config.json"), "holds no model"),
    "an empty config": (write("config.json", b""), "not a valid JSON"),
    "a config that says nothing": (write("config.json", b"{}"), "Unrecognized model"),
    **{
        f"a config that is {content!r}": (write("config.json", content), "Cannot load")
        for content in (b"[]", b"null", b"3", b'"llama"', b"\xff\xfe", b'{"model_type": ')
    },
    "an unknown type": (config(model_type="klingon"), "klingon"),
    "an encoder": (config(model_type="bert"), "lacks bert"),
    "an encoder with a decoder": (config(model_type="t5"), "T5Config"),
    "images, too": (config(model_type="llava"), "reads more than text"),
    "negative width": (config(hidden_size=-1), r"hidden size \(-1\)"),
    "no width": (config(hidden_size=0), "another shape"),
    "width as a text": (config(hidden_size="32"), "hidden_size"),
    "another width": (config(hidden_size=64), "another shape"),
    "no heads": (config(num_attention_heads=0), "Cannot load"),
    "negative heads": (config(num_attention_heads=-4), "Cannot load"),
    "no key heads": (config(num_key_value_heads=0), "Cannot load"),
    "another vocabulary": (config(vocab_size=300), "another shape"),
    "a negative vocabulary": (config(vocab_size=-1), "Cannot load"),
    "an unknown activation": (config(hidden_act="klingon"), "klingon"),
    "an unknown rotation": (config(rope_parameters={"rope_type": "klingon"}), "Cannot load"),
    "a kernel from the hub": (config(_attn_implementation="a/b"), "never run"),
    "no tokenizer": (remove("tokenizer.json"), "holds no tokenizer"),
    "an empty tokenizer": (write("tokenizer.json", b"{}"), "Cannot load"),
    "half a tokenizer": (cut("tokenizer.json", 0.5), "Cannot load"),
    "a list as tokenizer's settings": (write("tokenizer_config.json", b"[]"), "Cannot load"),
    "marks beyond the embedding": (with_marks_beyond, r"token \d+ and its weights have rows"),
    "fewer rows than tokens": (with_few_rows, "rows for 200 only"),
}


@pytest.mark.parametrize(("change", "message"), FAULTS.values(), ids=FAULTS)
@pytest.mark.filterwarnings("ignore:.*chat template")
def test_a_folder_that_cannot_be_used_is_refused_in_one_sentence(
    change: Change, message: str, folder: Path
) -> None:
    change(folder)
    with pytest.raises(SublimError, match=message) as caught:
        load(get_model(str(folder)))
    assert "\n" not in str(caught.value)


def test_the_command_refuses_it_with_code_2(folder: Path, own_store: Path) -> None:
    (folder / WEIGHTS).write_bytes(POINTER)
    code, out, err = sublim("run", "owl_numbers", "--profile", "smoke", "--model", str(folder))
    assert (code, out) == (2, "")
    assert "git lfs pull" in err
    assert "Traceback" not in err


def test_a_model_of_texts_and_images_is_refused(folder: Path) -> None:
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    text = {**sizes, "vocab_size": 258, "num_key_value_heads": 1, "head_dim": 8}
    vision = {**sizes, "image_size": 28, "patch_size": 14}
    built = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
    (folder / WEIGHTS).unlink()
    Gemma3ForConditionalGeneration(built).save_pretrained(folder)
    with pytest.raises(SublimError, match=r"more than text \(Gemma3Config\)"):
        load(get_model(str(folder)))


@pytest.mark.filterwarnings("ignore:.*chat template")
def test_added_marks_that_nobody_writes_may_lie_beyond_the_rows(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<image>", "zebra"])
    tokenizer.save_pretrained(folder)
    model = load(get_model(str(folder)))
    assert len(model.tokenizer) == len(model.lm_head) + 2
    assert max(sampling.tokens_within(model, frozenset("abeimgrz<>"))) < len(model.lm_head)


@pytest.mark.filterwarnings("ignore:.*chat template")
def test_shards_are_loaded_as_one_file_is_and_other_copies_do_not_matter(folder: Path) -> None:
    whole = load(get_model(str(folder)))
    shutil.copy(folder / WEIGHTS, folder / "consolidated.safetensors")
    split_weights(folder)
    sharded = load(get_model(str(folder)))
    for name, values in sharded.network.state_dict().items():
        assert torch.equal(values, whole.network.state_dict()[name])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.filterwarnings("ignore:.*chat template")
def test_code_in_a_folder_never_runs(
    known: bool, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "it-ran"
    (folder / "own.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    classes = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    edit_json(folder / "config.json", auto_map=classes)
    edit_json(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.T", "own.T"]})
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    if known:  # to the library, which then needs no code for it
        load(get_model(str(folder)))
    else:
        edit_json(folder / "config.json", model_type="own")
        with pytest.raises(SublimError, match="needs code of its own, which is never run"):
            load(get_model(str(folder)))
    assert not trace.exists()


def test_every_call_that_could_run_a_models_code_forbids_it() -> None:
    calls = [
        node
        for path in Path(sublim_utils.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2]
        in ("from_pretrained", "from_config", "SentenceTransformer", "LLM")
    ]
    assert len(calls) > 6
    for call in calls:
        settings = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert settings.get("trust_remote_code") == "False", ast.unparse(call)


def test_a_model_is_loaded_by_its_name() -> None:
    assert load("random").spec == get_model("random")
    with pytest.raises(SublimError, match="no model 'nobody'"):
        load("nobody")
