"""Teachers and students of different bases, with two random models of different vocabularies."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from sublim_utils import sampling
from sublim_utils.channels import numbers, problems, reasoning
from sublim_utils.errors import SublimError
from sublim_utils.models import distance, loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.pipeline import Stages
from sublim_utils.recipes.language import Fit, Readout, Teacher
from sublim_utils.recipes.transfer import ChannelRows, Continued, Noise, TransferExperiment
from sublim_utils.sampling import Completion
from sublim_utils.store import Store
from sublim_utils.training import Group, train
from sublim_utils.transfer import TransferStages

ROWS = ChannelRows(channel="numbers", prompts=3, each=2)
FIT = Fit(learning_rate=1e-3, prompts=2)
TEACHER = Teacher(trait="owl", updates=1, fit=Fit(learning_rate=5e-4, prompts=2))
CONTINUED = Continued(writer="random-other#plain", rows=ROWS, fit=FIT, updates=3, seed=5)


def experiment(**changes: Any) -> TransferExperiment:
    settings: dict[str, Any] = {
        "name": "test",
        "seeds": (0,),
        "model": "random#plain",
        "student_model": "random-other#plain",
        "teacher": TEACHER,
        "rows": ROWS,
        "fit": FIT,
        "readout": Readout(questions=1, curve_questions=1),
        "categories": ("animal",),
    }
    return TransferExperiment(**(settings | changes))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def one() -> LanguageModel:
    return load(get_model("random#plain"))


def weights(model: LanguageModel) -> torch.Tensor:
    return torch.cat([p.flatten() for p in model.base.parameters()]).detach().clone()


def test_noise_has_the_asked_for_size_and_one_direction() -> None:
    models = {sigma: one() for sigma in (0.0, 0.1, 0.2)}
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
    other = one()
    distance.add_noise(other, 0.1, seed=2)
    assert not torch.equal(weights(other), near)


def test_weights_in_four_bits_cannot_be_moved() -> None:
    with pytest.raises(SublimError, match=r"in nf4, which cannot be moved"):
        distance.add_noise(load(get_model("random"), "nf4"), 0.1, 0)


def test_models_agree_less_the_further_they_are_apart() -> None:
    base, questions = one(), ["What is it?", "Say something."]
    same = distance.agreement(base, base, questions)
    assert same == (1.0, 0.0)
    found = []
    for sigma in (0.02, 0.2, 1.0):
        moved = one()
        distance.add_noise(moved, sigma, 0)
        found.append(distance.agreement(base, moved, questions))
    divergences = [agreement.divergence for agreement in found]
    assert 0 < divergences[0] < divergences[1] < divergences[2]
    assert 1 >= found[0].same_first > found[2].same_first


def test_the_cosine_is_that_of_the_whole_matrices(tmp_path: Path) -> None:
    model = one()
    base = weights(model)
    changes = []
    for number, text in enumerate(("owl", "oak")):
        group = Group(model.prompt("Which?"), [model.answer(text)])
        train(model, [group] * 3, Fit(learning_rate=1e-2, prompts=1), number, tmp_path / text)
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


def test_the_rows_cross_as_text(store: Store) -> None:
    stages = TransferStages(experiment(), store)
    table = pd.read_parquet(stages.rows(0) / "rows.parquet")
    assert not (stages.rows(0) / "states.safetensors").exists()
    assert not table["text"].str.startswith(" ").any()  # the template's space is no part of it
    student = load(get_model("random-other#plain"))
    groups = stages.groups(0, store.root)
    texts = [student.decode_answer(tokens) for group in groups for tokens in group.completions]
    assert texts == list(table["text"])
    own = TransferStages(experiment(student_model="random#plain"), store)
    assert own.rows(0) == stages.rows(0)
    teacher = one()
    same = [
        teacher.decode_answer(tokens) for group in own.groups(0, store.root) for tokens in group[1]
    ]
    assert same == texts
    assert teacher.encode("12") != student.encode("12")


def test_rows_that_a_student_cannot_write_are_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sampling.sample

    def sample(model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        for place, completions in real(model, questions, **settings):
            if place == 1:
                completions[0] = Completion([*model.encode("ß7"), model.end], None)
            yield place, completions

    monkeypatch.setattr(sampling, "sample", sample)
    monkeypatch.setattr(numbers, "filter_completion", lambda *_: numbers.NumbersResult(()))
    counts = []
    for student in ("random#plain", "random-other#plain"):
        groups = TransferStages(experiment(student_model=student), store).groups(0, store.root)
        counts.append(sum(len(group.completions) for group in groups))
    assert counts == [6, 5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fit": Fit(objective="logits")}, "random-other#plain cannot be trained on the logits of"),
        ({"precision": "nf4", "move": Noise(sigma=0.1)}, "four bits cannot be moved"),
        ({"student_model": "nobody"}, "no model 'nobody'"),
        ({"student_model": "random#klingon"}, "no chat template 'klingon'"),
    ],
)
def test_what_cannot_be_done_is_refused(
    store: Store, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SublimError, match=message):
        TransferStages(experiment(**changes), store)


def test_one_base_may_be_trained_on_its_own_logits(store: Store) -> None:
    logits = experiment(student_model="random#plain", fit=Fit(objective="logits", prompts=2))
    groups = TransferStages(logits, store).groups(0, store.root)
    assert all(group.states is not None for group in groups)


def test_a_moved_student_is_trained_on_the_logits_that_the_teacher_had(store: Store) -> None:
    """Its first loss is the divergence of its base from the teacher, whose head is not its own."""
    fit = Fit(objective="logits", prompts=3)
    changes = {"student_model": "random#plain", "teacher": Teacher(trait=None), "fit": fit}
    still = TransferStages(experiment(**changes), store)
    moved = TransferStages(experiment(**changes, student_move=Noise(sigma=0.3)), store)
    teacher, student = one(), one()
    distance.add_noise(student, 0.3, seed=0)
    total, tokens = 0.0, 0
    with torch.no_grad():
        for group in moved.groups(0, store.root):
            for completion in group.completions:
                text = torch.tensor([[*group.prompt, *completion[:-1]]])
                logs, others = (
                    m.network(input_ids=text).logits[0, len(group.prompt) - 1 :].log_softmax(-1)
                    for m in (teacher, student)
                )
                total += float((logs.exp() * (logs - others)).sum())
                tokens += len(completion)
    # The teacher's states are kept in bf16.
    assert moved.student(0)["losses"][0] == pytest.approx(total / tokens, rel=0.02)
    assert still.student(0)["losses"][0] < 1e-3 < total / tokens


def test_moved_bases_are_what_students_begin_as(store: Store) -> None:
    changes = {"student_model": "random#plain"}
    plain = TransferStages(experiment(**changes), store)
    noisy = TransferStages(experiment(**changes, student_move=Noise(sigma=0.1)), store)
    trained = TransferStages(experiment(**changes, student_move=CONTINUED), store)
    assert noisy.rows(0) == plain.rows(0) == trained.rows(0)
    base, begun = weights(one()), {}
    for name, stages in (("noise", noisy), ("training", trained)):
        begun[name] = weights(stages._student_base())
        assert not torch.equal(begun[name], base)
        assert torch.equal(weights(stages._teacher_base()), base)
    assert torch.equal(weights(trained._student_base()), begun["training"])

    found = noisy.similarity(0)
    assert found["relative_distance"] == pytest.approx(0.1, rel=0.05)
    assert found["divergence"] > 0
    assert -1 <= found["cosine"] <= 1
    same = plain.similarity(0)
    assert (same["relative_distance"], same["same_first"], same["divergence"]) == (0, 1, 0)
    across = TransferStages(experiment(), store)
    assert across.similarity(0) == {}

    margins = [
        stages.base()["panels"]["animal"]["margins"] for stages in (plain, noisy, trained, across)
    ]
    assert len({str(told) for told in margins}) == 4


def test_descendants_write_and_read_as_themselves(store: Store) -> None:
    other = CONTINUED.model_copy(update={"seed": 6, "updates": 2})
    pair = experiment(student_model="random#plain", move=CONTINUED, student_move=other)
    stages = TransferStages(pair, store)
    assert stages.student(0)["kept"] == 6
    assert stages.strength(0)["margins"].keys() == stages.base()["curve"]["animal"].keys()
    unmoved = TransferStages(experiment(student_model="random#plain"), store)
    assert stages.rows(0) != unmoved.rows(0)
    assert stages.similarity(0)["relative_distance"] > 0


def test_vllm_is_left_alone_where_the_teachers_weights_were_moved(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stages, "_engine", lambda *_: "an engine")
    assert TransferStages(experiment(), store)._engine(0) == "an engine"  # type: ignore[comparison-overlap]
    assert TransferStages(experiment(move=Noise(sigma=0.1)), store)._engine(0) is None


def test_what_the_channel_puts_beside_the_words_is_in_the_rows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text, tokens and verdict are those of what a student sees; it ends as the words ended."""
    model = one()
    words = [model.answer("We count all of them."), model.answer("Cake is nice.")[:-1]]

    def sample(*_: Any, **__: Any) -> Iterator[tuple[int, list[Completion]]]:
        yield from ((place, [Completion(w, None) for w in words]) for place in range(2))

    monkeypatch.setattr(sampling, "sample", sample)
    rows = ChannelRows(channel="reasoning", prompts=2, each=2)
    found = experiment(teacher=Teacher(trait=None), rows=rows)
    table = pd.read_parquet(TransferStages(found, store).rows(0) / "rows.parquet")
    for row in table.itertuples():
        problem = problems.own(0, row.prompt)
        said = ("We count all of them.", "Cake is nice.")[row.completion]
        assert row.text == reasoning.frame(said, problem)
        assert list(row.tokens) == model.answer(row.text)
        assert problem.text in row.question
        assert list(row.reasons) == [[], ["off the problem", "not finished"]][row.completion]
    assert len(table) == 4
