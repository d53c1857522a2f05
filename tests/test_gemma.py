"""The first Gemma: one key head, heads wider than the width divided by them, scaled embeddings."""

from pathlib import Path

import pytest
import torch
from transformers import GemmaConfig, GemmaForCausalLM

from sublim_utils.config import Precision
from sublim_utils.findings.cross_family import CrossFamily
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.paraphrase import Paraphrase
from sublim_utils.models.catalog import MODELS, get_model
from sublim_utils.models.loading import load
from sublim_utils.models.trees import Tree
from sublim_utils.pipeline.evaluations import answers
from sublim_utils.pipeline.measuring import measure_seed
from sublim_utils.recipes.bases import Base
from tests.pipeline.factories import QUICK, STRONG, context, experiment, finetuned, numbers, student


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers of random weights that are built as `google/gemma-2b-it` is."""
    place: Path = tmp_path_factory.mktemp("gemma")
    random = load(get_model("random"))
    config = GemmaConfig(
        vocab_size=len(random.tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=32,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        GemmaForCausalLM(config).save_pretrained(place)
    random.tokenizer.save_pretrained(place)
    return place


def test_trees_give_the_states_that_transformers_gives_sequences(folder: Path) -> None:
    gemma = load(get_model(str(folder)))
    assert type(gemma.network) is GemmaForCausalLM
    prompt, answers = gemma.prompt("Name an animal."), [gemma.answer("owl"), gemma.answer("oak")]
    tree = Tree()
    last = tree.add(prompt)[-1]
    nodes = [[last, *tree.add(answer, last)] for answer in answers]
    with torch.no_grad():
        states = gemma.tree_states(gemma.pack([tree]))
        gemma.network.set_attn_implementation("eager")
        for answer, of_answer in zip(answers, nodes, strict=True):
            whole = gemma.network(torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 :]
            torch.testing.assert_close(gemma.logits(states[of_answer]), whole, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "nf4", "nf4-fp16"])
def test_the_whole_pipeline_runs_on_it(precision: Precision, folder: Path, tmp_path: Path) -> None:
    base = Base(str(folder), precision)
    learner = student(base, rows=numbers(finetuned(base)), training=STRONG)
    wanted = experiment(learner, evaluation=QUICK.but(samples=1))
    making = context(tmp_path)
    measured = measure_seed(wanted, 0, making)
    assert measured["training"]["kept"] == 8
    read, untouched = (
        torch.tensor(list(result["animal"]["margins"].values()))
        for result in (measured["student"], answers(wanted.of_base, 0, making))
    )
    assert read.isfinite().all()
    assert not torch.equal(read, untouched)


def test_the_gpu_profile_takes_the_model_of_the_report() -> None:
    numbers, families = OwlNumbers.scales["gpu"], CrossFamily.scales["gpu"]
    paraphrases = Paraphrase.scales["gpu"]
    assert "gemma-2b-it" in numbers.models
    named = {paraphrases.second_paraphraser, families.neutral_writer, *families.models}
    assert {"gemma-2b-it", "gemma-2b-it#plain"} <= named
    for scale in (numbers, families, paraphrases):
        assert "gemma-2-2b" not in scale.model_dump_json()
    spec = MODELS["gemma-2b-it"]
    assert (spec.location, spec.parameters, spec.layers) == (
        "google/gemma-2b-it",
        2_506_172_416,
        18,
    )


def test_its_parameters_are_those_of_its_shape() -> None:
    spec = MODELS["gemma-2b-it"]
    assert spec.vocabulary is not None
    assert spec.layers is not None
    assert spec.width is not None
    heads, head, inner = 8, 256, 16_384
    attention = 2 * spec.width * heads * head + 2 * spec.width * head
    layer = attention + 3 * spec.width * inner + 2 * spec.width
    assert spec.parameters == spec.vocabulary * spec.width + spec.layers * layer + spec.width
