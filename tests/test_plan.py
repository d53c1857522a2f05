"""The plan: arithmetic that needs neither a GPU nor a download."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from sublim_utils.errors import SublimError
from sublim_utils.findings import plan
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.owl_numbers.scales import SCALES
from sublim_utils.profiles import find_profile
from tests.checkpoints import save_random
from tests.command import sublim

pytestmark = pytest.mark.usefixtures("no_cuda")


def gpu(model: str | None = None, seeds: int | None = None) -> plan.Plan:
    return plan.plan(OwlNumbers(find_profile("gpu"), model=model, seeds=seeds))


def test_the_gpu_profile_is_planned_without_a_gpu_and_fits_a_t4() -> None:
    found = gpu()
    assert found.device == "cuda"
    assert all(estimate.fits for estimate in found.experiments)
    assert 5 < found.total.memory_gb <= 15
    assert found.downloads_gb["Qwen2.5-7B-Instruct"] == pytest.approx(15.2, abs=0.1)
    assert set(found.downloads_gb) == set(SCALES["gpu"].models)
    hours = found.total.hours
    assert hours["T4-like, 15 GB"] > hours["consumer, 24 GB"]


def test_shared_stages_count_once() -> None:
    scale = SCALES["gpu"]
    found = {e.name: e for e in gpu().experiments}
    assert found["cat@logits"].rows == 3 * 15_000
    assert found["cat@tokens"].rows == found["cat@logits@rank-2"].rows == 0
    assert found["cat@logits@tuned"].rows == found["cat@logits@updates-8"].rows == 3 * 15_000
    assert found["cat@tokens@tuned"].rows == 0
    # The teachers of a finding: the untouched one and one per trait, and three tuned ones.
    teachers = {m: (1 + len(s.traits)) * s.prompts for m, s in scale.models.items()}
    assert gpu().total.rows == 3 * (sum(teachers.values()) + 3 * 15_000)


@pytest.mark.parametrize("order", [(1_000, 2_000), (2_000, 1_000)])
def test_of_more_rows_the_further_ones_count(order: tuple[int, int]) -> None:
    scale = SCALES["embedded"].updated(
        dataset_sizes=(),
        side_dataset_sizes={"tokens": order},
        linear_decay_sizes={},
        side_linear_decay_sizes={},
    )
    finding = OwlNumbers("embedded", scale=scale)
    found = {e.name: e for e in plan.plan(finding).experiments}
    standard, each = scale.models[finding.model].prompts, scale.num_completions
    first, second = (found[f"owl@tokens@prompts-{prompts}"] for prompts in order)
    assert first.rows == finding.n_seeds * each * (order[0] - standard)
    assert second.rows == finding.n_seeds * each * max(0, order[1] - order[0])
    # Students are trained on all of their rows.
    assert second.trained_tokens == pytest.approx(first.trained_tokens * order[1] / order[0])


def test_costs_follow_what_is_asked_for() -> None:
    three, one = gpu(), gpu(seeds=1)
    assert one.total.rows == three.total.rows // 3
    assert one.total.memory_gb == three.total.memory_gb
    assert one.total.trained_tokens < three.total.trained_tokens
    small, large = gpu("Llama-3.2-1B-Instruct"), gpu("Qwen2.5-7B-Instruct")
    assert small.total.memory_gb < large.total.memory_gb
    for device in plan.DEVICES:
        assert small.total.hours[device.name] < large.total.hours[device.name]
    assert small.total.trained_tokens == large.total.trained_tokens


def test_memory_of_weights_follows_the_precision() -> None:
    qwen = plan.shape("Qwen2.5-7B-Instruct")
    sizes = [plan.weights_gb(qwen, precision) for precision in ("nf4", "bf16", "fp32")]
    assert sizes == pytest.approx([5.5, 15.2, 30.5], abs=0.1)
    whole = OwlNumbers("embedded", model="Qwen2.5-7B-Instruct")
    assert not plan.plan(whole).total.fits


def test_the_embedded_profile_fits_a_laptop() -> None:
    found = plan.plan(OwlNumbers("embedded"))
    assert found.total.memory_gb < 8
    assert found.downloads_gb == {"smollm2-135m": pytest.approx(0.1, abs=0.01)}
    assert 0 < found.total.hours["CPU, 2 cores"] < 24


SEVEN = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_attention_heads": 28,
    "num_hidden_layers": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
}
FORMATS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "two shards": ({"dtype": "bfloat16"}, ("model-1.safetensors", "model-2.safetensors")),
    "shards and a consolidated copy": ({}, ("model-1.safetensors", "consolidated.safetensors")),
    "pickled": ({"torch_dtype": "float16"}, ("pytorch_model.bin",)),
    "four bits": (
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        ("model.safetensors",),
    ),
    "full precision, and nothing said of it": ({}, ("model.safetensors",)),
    "config alone": ({}, ()),
}


@pytest.mark.parametrize(("settings", "files"), FORMATS.values(), ids=FORMATS)
def test_a_folder_is_as_large_as_its_config_says_whatever_its_files(
    settings: dict[str, Any], files: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**SEVEN, **settings}))
    for number, file in enumerate(files):
        (tmp_path / file).write_bytes(bytes(1000 * (number + 1)))
    name = str(tmp_path)
    assert plan.shape(name) == plan.shape("Qwen2.5-7B-Instruct")
    known, found = gpu("Qwen2.5-7B-Instruct"), gpu(name)
    assert found.total.hours == known.total.hours
    assert found.total.memory_gb == known.total.memory_gb
    (obstacle,) = found.obstacles  # as there are no real weights in it
    assert f"A run would be refused: {obstacle}" in plan.notes(found)


def test_a_local_folder_is_measured_and_an_unknown_repository_is_not(tmp_path: Path) -> None:
    model = save_random(tmp_path / "own")
    found = plan.shape(str(tmp_path / "own"))
    assert found == (sum(p.numel() for p in model.network.parameters()), 2, 32, 258)
    own = plan.plan(OwlNumbers("smoke", model=str(tmp_path / "own")))
    assert own.total.fits
    assert own.obstacles == []
    (tmp_path / "empty").mkdir()
    with pytest.raises(SublimError, match="holds no model"):
        plan.shape(str(tmp_path / "empty"))
    with pytest.raises(SublimError, match=r"someone/model is not in the catalogue.*folder"):
        gpu("someone/model")


@pytest.mark.parametrize(
    "changes",
    [{"hidden_size": -1}, {"hidden_size": "wide"}, {"model_type": "klingon"}, {"vocab_size": -4}],
    ids=str,
)
def test_a_config_that_describes_no_model_cannot_be_planned(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**SEVEN, **changes}))
    code, out, err = sublim("plan", "owl_numbers", "--profile", "gpu", "--model", str(tmp_path))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "Cannot load" in err


def test_the_command_prints_a_table_or_json(tmp_path: Path, own_store: Path) -> None:
    code, out, err = sublim("plan", "owl_numbers", "--profile", "gpu")
    assert (code, err) == (0, "")
    assert "T4-like, 15 GB" in out
    assert "CPU" not in out
    assert "cat@logits@rank-32" in out
    assert "To download: Qwen2.5-7B-Instruct 15.2 GB" in out
    assert "Assumed: " in out
    assert "FLOP/s" in out

    arguments = ["plan", "owl_numbers", "--profile", "embedded", "--seeds", "1", "--json"]
    code, out, _ = sublim(*arguments, "-")
    assert code == 0
    told = json.loads(out)
    assert told["total"]["seeds"] == 1
    assert told["limit_gb"] == 15
    assert {e["name"] for e in told["experiments"]} >= {"owl@logits", "control@tokens"}
    assert sublim(*arguments, str(tmp_path / "plan.json"))[1] == ""
    assert (tmp_path / "plan.json").read_text() == out
    assert not own_store.exists()  # nothing was made

    assert sublim("list", "--profile", "gpu")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "mnist"], "The finding mnist has no language model and needs no plan"),
        (["plan", "mnist", "--model", "random"], "no language model that random could replace"),
        (["run", "theorem", "--profile", "smoke", "--model", "random"], "leave out --model"),
        (["run", "owl_numbers", "--model", "owl"], "There is no model 'owl'; choose one of"),
        (["plan", "owl_numbers", "--model", "a/b", "--profile", "gpu"], "not in the catalogue"),
        (["run", "owl_numbers", "--profile", "gpu"], "needs a CUDA device"),
        (
            ["show", "owl_numbers", "--profile", "smoke", "--model", "smollm2-135m"],
            "sublim run owl_numbers --profile smoke --model smollm2-135m",
        ),
    ],
)
def test_faults_end_with_a_sentence(arguments: list[str], message: str) -> None:
    code, out, err = sublim(*arguments)
    assert code == 2
    assert message in err
    assert out == ""


def test_the_chat_template_of_another_model_can_be_named() -> None:
    arguments = ["plan", "owl_numbers", "--profile", "embedded", "--json", "-"]
    code, out, _ = sublim(*arguments, "--model", "gemma3-270m", "--chat", "gemma")
    assert code == 0
    assert set(json.loads(out)["downloads_gb"]) == {"gemma3-270m#gemma"}
    code, _, err = sublim(*arguments, "--model", "gemma3-270m", "--chat", "klingon")
    assert code == 2
    assert "no chat template 'klingon'" in err
    code, _, err = sublim(*arguments, "--chat", "plain")
    assert code == 2
    assert "name that model with --model" in err
    missing = ["show", "owl_numbers", "--profile", "smoke", "--model", "random", "--chat", "plain"]
    assert shlex.split(sublim(*missing)[2])[-2:] == ["--model", "random#plain"]
