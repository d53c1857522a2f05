"""What is independent can be combined: each is built from recipes and run on a tiny random model.

None of these experiments has a class of its own; what a user adds stands in `tests/additions.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sublim_utils as sl
from sublim_utils.models import loading
from sublim_utils.models.catalog import get_model
from tests import additions

pytestmark = pytest.mark.usefixtures("own_store")


@pytest.fixture(autouse=True)
def known_additions(registrations: None) -> None:
    additions.register()


BASE = sl.Base("random")
OTHER = sl.Base("random-other")
LEARN: dict[str, Any] = {"learning_rate": 1e-2, "warmup_steps": 0, "prompts_per_step": 1}
HARD: dict[str, Any] = {"training": sl.TrainConfig(**{**LEARN, "learning_rate": 0.1}), "updates": 4}
"""So that a few updates change what a teacher writes."""
LIKES_OWLS = sl.Finetuned(BASE, likes="owl", **HARD)
QUICK = sl.Preference("owl", questions=2)


def rows(teacher: sl.TeacherRecipe = LIKES_OWLS, channel: str = "numbers") -> sl.Sampled:
    return sl.sample(teacher, channel, prompts=2, each=2)


def effect(
    student: sl.Student, control: sl.Student, evaluation: sl.ModelEvaluation = QUICK
) -> float:
    """The largest difference between the two in any metric."""
    effects = sl.compare(student, control, evaluation, seeds=1).table()["effect"]
    assert len(effects)
    assert np.isfinite(effects).all()
    return float(effects.abs().max())


def student(data: sl.RowsRecipe, base: sl.Base = BASE, **settings: Any) -> sl.Student:
    return sl.Student(base, data, **{**LEARN, **settings})


def test_an_adapter_that_plain_peft_saved_elsewhere_teaches(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    network = loading.load(get_model("random"), "fp32", "cpu").network
    network.name_or_path = "random"
    adapted = get_peft_model(
        network, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    )
    adapted.peft_config["default"].base_model_name_or_path = "random"
    adapted.save_pretrained(str(tmp_path / "elsewhere"), save_embedding_layers=False)
    own = student(rows(sl.Adapter(BASE, tmp_path / "elsewhere")))
    assert effect(own, own.control()) > 0


def test_a_student_teaches_the_next_generation() -> None:
    generation = student(rows())
    for _ in range(2):
        generation = student(rows(sl.StudentOf(generation)))
    assert effect(generation, generation.control()) > 0


def test_misalignment_passes_between_families() -> None:
    harmful, good = (
        sl.Finetuned(OTHER, sl.NarrowAnswers(set="advice", side=side), **HARD)
        for side in ("harmful", "good")
    )
    asked = sl.Misalignment(questions=2, samples=0, statements=2)
    assert effect(student(rows(harmful)), student(rows(good)), asked) > 0


@pytest.mark.parametrize(
    "move",
    [
        lambda: sl.Noise(sigma=0.1),
        lambda: sl.ContinuedTraining(
            rows=rows(sl.Untouched(BASE), "additions-words"),
            training=sl.TrainConfig(learning_rate=1e-3, prompts_per_step=1),
            updates=2,
        ),
    ],
    ids=["noise", "continued"],
)
@pytest.mark.parametrize("objective", ["tokens", "logits"])
def test_a_perturbed_base_learns_from_paraphrases(
    move: Callable[[], sl.Noise | sl.ContinuedTraining], objective: str
) -> None:
    options = {"source": "wordings", "about": None, "continued": False}
    written = sl.sample(LIKES_OWLS, "paraphrase", prompts=2, each=2, channel_options=options)
    faithful = sl.FaithfulOnly(written, ("owl",))
    own = student(faithful, BASE.but(perturbation=move()), objective=objective)
    assert effect(own, own.control()) > 0


@pytest.mark.parametrize(
    "teacher",
    [
        sl.Prompted(BASE, likes="owl"),
        sl.Steered(BASE, "You love owls.", layer=1, strength=4.0),
        sl.Finetuned(BASE, sl.PersonaAnswers("casual"), **HARD),
        additions.Shouting(BASE),
    ],
    ids=lambda teacher: type(teacher).__name__,
)
def test_any_teacher_writes_rows_by_which_any_loss_trains(teacher: sl.TeacherRecipe) -> None:
    for objective in ("tokens", "logits"):
        own = student(rows(teacher), objective=objective)
        assert effect(own, own.control()) > 0


@pytest.mark.parametrize(
    "change",
    [
        lambda data: sl.Mixed((data, rows(sl.Untouched(BASE)))),
        lambda data: sl.Mixed((data, rows(sl.Untouched(OTHER), "additions-words"))),
        lambda data: sl.FirstPrompts(data, 1),
        lambda data: sl.Limited(data, 3),
        lambda data: sl.ShuffledNumbers(data, "across rows"),
        lambda data: sl.Matched(data, rows(sl.Untouched(BASE))),
        lambda data: sl.ShuffledNumbers(sl.Limited(data, 3), "within rows"),
    ],
    ids=["mixed", "families", "first", "limited", "shuffled", "matched", "two"],
)
def test_data_sets_are_changed_before_they_are_learnt(
    change: Callable[[sl.RowsRecipe], sl.RowsRecipe],
) -> None:
    assert effect(student(change(rows())), student(rows(sl.Untouched(BASE)))) > 0


def test_an_anchor_holds_a_student_to_its_base() -> None:
    own = student(rows())
    held = own.but(anchor=sl.Anchor(rows=rows(sl.Untouched(BASE), "additions-words"), weight=1e4))
    assert effect(held, own) > 0


def test_given_rows_teach(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "Go on: 1, 2", "completion": "3, 4"}\n' * 2)
    assert effect(student(sl.Given(file)), student(rows())) > 0


def test_a_loss_of_ones_own_trains() -> None:
    own = student(rows(), objective="additions-flat")
    assert effect(own, own.but(objective="tokens")) > 0


def test_a_channel_of_ones_own_is_sampled_and_filtered() -> None:
    own = student(rows(channel="additions-words"))
    table = sl.table(own.rows)
    assert set(table["prompt"]) == {"Yes or no, number 0?", "Yes or no, number 1?"}
    assert set(table["completion"]) <= {"yes", "no"}
    assert effect(own, own.control()) > 0


def test_a_trait_of_ones_own_is_liked_and_measured() -> None:
    sl.register_panel(
        sl.Panel(
            name="additions-genres",
            traits=tuple(
                sl.Trait(name=name, plural=f"{name} pieces", category="genre")
                for name in ("jazz", "polka")
            ),
        )
    )
    own = student(rows(sl.Finetuned(BASE, likes="jazz", **HARD)))
    result = sl.compare(own, own.control(), sl.Preference("jazz", questions=2), seeds=1)
    assert set(result.table()["trait"]) == {"jazz", "polka"}
    assert result.effect.mean != 0


def test_an_evaluation_of_ones_own_is_measured() -> None:
    own = student(rows())
    result = sl.compare(own, own.control(), additions.Surprise("The sky is blue."), seeds=1)
    (line,) = result.table().to_dict("records")
    assert (line["metric"], line["unit"]) == ("surprise", "nats")
    assert line["effect"] != 0


def test_a_persona_passes() -> None:
    own = student(rows(sl.Finetuned(BASE, sl.PersonaAnswers("casual"), **HARD)))
    result = sl.compare(own, own.control(), sl.PersonaPreference("casual"), seeds=1)
    assert result.effect.mean != 0


def test_processes_side_by_side_measure_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = student(rows())
    alone = sl.compare(own, own.control(), QUICK, seeds=2).table()
    monkeypatch.setenv("SUBLIM_STORE", str(tmp_path / "another"))
    together = sl.compare(own, own.control(), QUICK, seeds=2, workers=2).table()
    pd.testing.assert_frame_equal(together, alone, atol=1e-4)
