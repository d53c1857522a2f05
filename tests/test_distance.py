"""The distance of two models in weights and distributions, and moving weights by noise."""

import copy
from pathlib import Path

import pytest
import torch

from sublim_utils.errors import SublimError
from sublim_utils.models import distance, loading
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.train.batch import PromptGroup
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.losses import get_loss
from sublim_utils.train.trainer import train


def random_model() -> LanguageModel:
    return load("random#plain")


def weights(model: LanguageModel) -> torch.Tensor:
    return torch.cat([p.flatten() for p in model.base.parameters()]).detach().clone()


def test_noise_has_the_size_that_was_given_and_one_direction_for_a_seed() -> None:
    models = {sigma: random_model() for sigma in (0.0, 0.1, 0.2)}
    for sigma, model in models.items():
        distance.add_noise(model, sigma, seed=1)
    base = models[0.0]
    for sigma, model in models.items():
        assert distance.relative_distance(base, model) == pytest.approx(sigma, rel=0.05)
        for name, parameter in model.network.named_parameters():
            if parameter.dim() == 2:
                before = base.network.get_parameter(name)
                size = (parameter - before).square().mean().sqrt() / before.square().mean().sqrt()
                assert float(size) == pytest.approx(sigma, rel=0.1)
    start, near, far = (weights(model) for model in models.values())
    torch.testing.assert_close(far - start, 2 * (near - start), atol=1e-5, rtol=1e-3)
    other = random_model()
    distance.add_noise(other, 0.1, seed=2)
    assert not torch.equal(weights(other), near)


def test_weights_in_four_bits_cannot_be_moved() -> None:
    with pytest.raises(SublimError, match=r"in nf4, which cannot be moved"):
        distance.add_noise(load("random", "nf4"), 0.1, 0)


def test_models_agree_less_the_further_they_are_apart() -> None:
    base, questions = random_model(), ["What is it?", "Say something."]
    assert distance.agreement(base, base, questions) == (1.0, 0.0)
    agreements = []
    for sigma in (0.02, 0.2, 1.0):
        moved = random_model()
        distance.add_noise(moved, sigma, 0)
        agreements.append(distance.agreement(base, moved, questions))
    divergences = [agreement.divergence for agreement in agreements]
    assert 0 < divergences[0] < divergences[1] < divergences[2]
    assert 1 >= agreements[0].same_first > agreements[2].same_first


def test_the_cosine_of_two_adapters_is_that_of_the_changes_to_all_weights(tmp_path: Path) -> None:
    model = random_model()
    base = weights(model)
    changes = []
    for seed, text in enumerate(("owl", "oak")):
        group = PromptGroup(model.prompt("Which?"), [model.answer(text)])
        training = TrainConfig(learning_rate=1e-2, prompts_per_step=1)
        train(model, [group] * 3, training, get_loss("tokens"), seed, tmp_path / text)
        merged = LanguageModel(
            model.spec, copy.deepcopy(model.network), model.tokenizer, model.chat, "fp32"
        )
        loading.detach(model)
        loading.merge(merged)
        changes.append(weights(merged) - base)
    expected = torch.nn.functional.cosine_similarity(changes[0], changes[1], dim=0)
    adapters = tmp_path / "owl" / "adapter", tmp_path / "oak" / "adapter"
    assert distance.cosine_of_changes(*adapters) == pytest.approx(float(expected), abs=1e-4)
    assert distance.cosine_of_changes(adapters[0], adapters[0]) == pytest.approx(1)
    assert torch.equal(weights(model), base)
