"""Sampling in vLLM where it can, which a module with its documented interface plays here."""

import sys
import types
from importlib.machinery import ModuleSpec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sublim_utils.channels import numbers as numbers_channel
from sublim_utils.generate import sampling, sampling_vllm
from sublim_utils.models import loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import load
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.rows import table
from sublim_utils.recipes.bases import Base, Noise
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.teachers import Prompted, Steered, TeacherRecipe, Untouched
from tests.beginnings import let_texts_begin
from tests.checkpoints import save_random
from tests.pipeline.factories import BASE, numbers


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
    save_random(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> FakeVllm:
    model = load(get_model("random"))
    fake = FakeVllm([*model.encode("12, 345"), model.end])
    request = types.ModuleType("vllm.lora.request")
    vars(request)["LoRARequest"] = LoRARequest
    monkeypatch.setitem(sys.modules, "vllm", fake)
    monkeypatch.setitem(sys.modules, "vllm.lora", types.ModuleType("vllm.lora"))
    monkeypatch.setitem(sys.modules, "vllm.lora.request", request)
    return fake


def free(teacher: TeacherRecipe, **changes: Any) -> Sampled:
    """Rows that nothing holds to the format."""
    return numbers(teacher, constrained=False, **changes)


def on_gpu(folder: Path | str, **changes: Any) -> Base:
    return Base(str(folder), device="cuda", **changes)


def test_rows_come_from_vllm_where_it_can(folder: Path, context: Context, vllm: FakeVllm) -> None:
    assert sampling_vllm.available()
    teacher = Prompted(on_gpu(folder, precision="nf4"), "You love owls.")
    rows = table(free(teacher), 3, context)
    assert set(rows["text"]) == {"12, 345"}
    assert rows["reasons"].map(len).sum() == 0
    assert list(zip(rows["prompt"], rows["completion"], strict=True)) == [
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
    texts = load(get_model("random"))
    for index, (prompt, params) in enumerate(zip(prompts, settings, strict=True)):
        question = texts.decode(prompt["prompt_token_ids"])
        assert "owls" in question
        assert numbers_channel.prompt(3, index).text in question
        assert (params.n, params.temperature, params.max_tokens) == (2, 1.0, 60)
        assert params.stop_token_ids == [texts.end]
    seeds = sorted(params.seed for params in settings)
    assert min(b - a for a, b in pairwise(seeds)) >= 2


def test_vllm_gets_a_base_models_first_token(
    folder: Path, context: Context, vllm: FakeVllm
) -> None:
    let_texts_begin(folder, "<|im_start|>", 0)
    vllm.answer = [*load(get_model("random")).encode("12, 345\n")]
    table(free(Untouched(on_gpu(f"{folder}#plain"))), 3, context)
    ((prompts, _, _),) = vllm.generated
    assert {prompt["prompt_token_ids"][0] for prompt in prompts} == {0}


def test_vllm_carries_the_adapter_and_gives_all_completions(folder: Path, vllm: FakeVllm) -> None:
    adapter = folder / "adapter"
    spec = get_model(str(folder)).model_copy(update={"revision": "v1"})
    engine = sampling_vllm.Engine(spec, "bf16", adapter, rank=12)
    (options,) = vllm.made
    assert options["revision"] == options["tokenizer_revision"] == "v1"
    assert (options["enable_lora"], options["max_lora_rank"]) == (True, 16)
    assert "quantization" not in options
    end = engine.texts.end
    vllm.answer = [5, 6]  # the token that ends an answer is not always given
    questions = [sampling.Question([1, 2], None, 7), sampling.Question([3], None, 8)]
    for temperature in (1.0, 0.0):  # vLLM gives one greedy completion at most
        sampled = list(engine.sample(questions, seed=1, each=3, temperature=temperature))
        assert [position for position, _ in sampled] == [0, 1]
        for _, completions in sampled:
            assert completions == [sampling.Completion([5, 6, end], None)] * 3
    _, settings, request = vllm.generated[1]
    assert (request.number, request.path) == (1, str(adapter))
    assert [params.n for params in settings] == [1, 1]
    grammar = numbers_channel.grammar("commas", 3)
    with pytest.raises(ValueError, match="grammar"):
        list(engine.sample([sampling.Question([1], grammar, 0)], seed=1))
    engine.close()


@pytest.fixture
def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models for a GPU are loaded on the CPU."""
    real = loading.load
    monkeypatch.setattr(loading, "load", lambda spec, precision, device, store: real(spec))


CANNOT: dict[str, Any] = {
    "a grammar": lambda base: free(Untouched(base)).but(constrained=True),
    "states": lambda base: free(Untouched(base), keep_states=True),
    "moved weights": lambda base: free(Untouched(base.but(perturbation=Noise(sigma=0.1)))),
    "steering": lambda base: free(Steered(base, "You love owls.", layer=0)),
    "no GPU": lambda base: free(Untouched(base.but(device="cpu"))),
    "no files": lambda base: free(Untouched(BASE.but(device="cuda"))),
    "rounded values": lambda base: free(Untouched(base.but(precision="nf4-rounded"))),
}


@pytest.mark.usefixtures("without_cuda")
@pytest.mark.parametrize("rows", CANNOT.values(), ids=CANNOT)
def test_our_sampler_does_what_vllm_cannot(
    rows: Any, folder: Path, context: Context, vllm: FakeVllm
) -> None:
    assert len(table(rows(on_gpu(folder)), 0, context)) == 8
    assert vllm.made == []


@pytest.mark.usefixtures("without_cuda")
def test_without_memory_for_vllm_our_sampler_goes_on(
    folder: Path, context: Context, vllm: FakeVllm
) -> None:
    vllm.fault = RuntimeError("no room")
    with pytest.warns(UserWarning, match="vLLM cannot load model .no room.; sampling goes on"):
        rows = table(free(Untouched(on_gpu(folder))), 0, context)
    assert len(rows) == 8


@pytest.mark.usefixtures("without_cuda")
def test_without_vllm_our_sampler_writes(
    folder: Path, context: Context, vllm: FakeVllm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling_vllm, "available", lambda: False)
    assert len(table(free(Untouched(on_gpu(folder))), 0, context)) == 8
    assert vllm.made == []
