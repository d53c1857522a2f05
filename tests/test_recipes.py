"""Recipes say at once what cannot be made, and their keys see every field."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

import sublim_utils as sl
from sublim_utils.findings.language import LanguageFinding
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.teachers import Likes, Untouched
from sublim_utils.traits.nouns import plural_of
from tests import additions

pytestmark = pytest.mark.usefixtures("own_store")


@pytest.fixture(autouse=True)
def known_additions(registrations: None) -> None:
    additions.register()


BASE = sl.Base("random")
OTHER = sl.Base("random-other")
TEACHER = sl.Finetuned(BASE, likes="owl")
ROWS = sl.sample(TEACHER)
STUDENT = sl.Student(BASE, ROWS)
SHUFFLED = sl.ShuffledNumbers(ROWS, "within rows")


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "Go on: 1", "completion": "2"}\n')
    return file


# ----------------------------------------------------------------- faults


class Keyless(Untouched):
    """Has the key form of another class."""


class KeylessData(Likes):
    """Too."""


class Halved(LanguageFinding):
    """A finding that nobody finished."""

    name = "halved"

    def experiments(self) -> list[Any]:
        return []


class Unasked(sl.ModelEvaluation):
    """An evaluation without a function that asks."""

    def key_form(self) -> dict[str, Any]:
        return {"evaluation": "unasked"}

    def metrics(self, result: Any) -> Iterator[sl.Metric]:
        return iter(())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sl.Base("no-such-model"), "no-such-model"),
        (lambda: sl.Base("random", precision="fp7"), "cannot have 'fp7' as its precision"),
        (lambda: sl.Base(), "needs a value for model"),
        (lambda: sl.Base("random", size=3), "no field of Base 'size'"),
        (lambda: sl.Base("random", perturbation=sl.Noise(sigma=0)), "sigma"),
        (lambda: sl.Finetuned(BASE, likes="owll"), "did you mean owl?"),
        (lambda: sl.Finetuned(BASE, likes="3 owls"), "needs a noun"),
        (lambda: sl.Finetuned(BASE, likes=3), "cannot have 3 as its trait"),
        (lambda: sl.Finetuned(BASE), "needs a value for data"),
        (lambda: sl.Finetuned(BASE, sl.PersonaAnswers("shy")), "no persona 'shy'"),
        (lambda: sl.Prompted(BASE, ""), "system_prompt"),
        (lambda: sl.Prompted("random", "Hi"), "cannot have 'random' as its base"),
        (lambda: sl.Adapter(BASE, Path("gone")), "no adapter in gone"),
        (lambda: sl.StudentOf(BASE), "needs a Student"),
        (lambda: sl.Steered(BASE, "You love owls.", layer=-1), "layer"),
        (lambda: sl.Steered(BASE, "You love owls.", 0, math.inf), "as its strength"),
        (lambda: sl.Finetuned(BASE, sl.PersonaAnswers("formal"), likes="owl"), "and not both"),
        (lambda: sl.Prompted(BASE, "You love cats.", likes="owl"), "and not both"),
        (lambda: sl.sample(TEACHER, "smoke-signals"), "no channel 'smoke-signals'"),
        (lambda: sl.sample(TEACHER, prompts=0), "num_prompts"),
        (lambda: sl.sample(TEACHER, warmth=2), "no field of Sampled 'warmth'"),
        (lambda: sl.sample(TEACHER, num_prompts=2), "given num_prompts twice"),
        (lambda: sl.sample(TEACHER, temperature=math.inf), "temperature"),
        (lambda: sl.sample(BASE), "as its teacher"),
        (lambda: sl.Given("gone.jsonl"), "no file gone.jsonl"),
        (lambda: sl.Given("."), "no file"),
        (lambda: sl.Given("x" * 5000), "no file xxx"),
        (lambda: sl.Given(pd.Series(["a", "b"])), "as its file"),
        (lambda: sl.Given(pd.DataFrame({"prompt": ["a", 1]})), "cannot be kept as parquet"),
        (lambda: sl.Mixed((ROWS,)), "parts"),
        (lambda: sl.ShuffledNumbers(ROWS, "loudly"), "how"),
        (lambda: sl.Student(BASE, ROWS, "wishes"), "no loss 'wishes'"),
        (lambda: sl.Student(BASE, ROWS, learning_rate=-1), "learning_rate"),
        (lambda: sl.Student(BASE, ROWS, training=None, learning_rate=1), "None as its training"),
        (lambda: sl.Student(BASE, ROWS, eval_at_rows=(0,)), "eval_at_rows.0"),
        (lambda: sl.Student(OTHER, ROWS, "logits"), "another vocabulary"),
        (lambda: sl.Student(OTHER, ROWS, reads="tokens"), "another vocabulary"),
        (lambda: sl.Student(BASE, SHUFFLED, "logits", reads="tokens"), "no logits for rows that"),
        (lambda: sl.Student(BASE, ROWS, allowed_tokens="numbers"), "allowed_tokens"),
        (lambda: sl.Preference("owl", panel="furniture"), "no panel 'furniture'"),
        (lambda: sl.Preference("owl", panel=3), "panels"),
        (lambda: sl.Preference(), "needs a trait or a panel"),
        (lambda: sl.Preference("owl", questions=51), "questions"),
        (lambda: sl.Preference("owl", questions=()), "questions: Tuple should have at least 1"),
        (lambda: sl.Preference("owl", questions="Which?"), "questions: Input should be"),
        (lambda: sl.Preference("owl", questions=("a", "")), "questions.1: String should have at"),
        (lambda: sl.Preference("owl", panel="animals", panels=("trees",)), "and not both"),
        (lambda: sl.Trait(), "Trait needs a value for name"),
        (lambda: sl.Panel("pets"), "Panel needs a value for traits"),
        (lambda: sl.Persona("shy", ({"question": "Hi?"},)), "AnswerPair needs a value for"),
        (lambda: sl.register_trait(3), "needs a noun as its name, not 3"),
        (lambda: sl.register_panel("pets"), "needs a Panel, not 'pets'"),
        (lambda: sl.register_persona("shy"), "needs a Persona, not 'shy'"),
        (lambda: sl.register_loss(cast("Any", min)), "name it first"),
        (lambda: sl.register_loss("x")("y"), "is no function of logits"),
        (lambda: sl.register_finding("halved", Halved), "has no summarise and no title and no sca"),
        (lambda: sl.register_finding(cast("Any", 3)), "name it first"),
        (lambda: sl.PersonaPreference("shy"), "no persona 'shy'"),
        (lambda: Keyless(BASE), "Keyless does not say what its artifacts depend on"),
        (lambda: KeylessData("owl"), "KeylessData does not say"),
        (lambda: sl.compare(STUDENT, STUDENT, sl.Preference("owl"), seeds=0), "one or more seeds"),
        (lambda: sl.compare(STUDENT, STUDENT, sl.Preference("owl"), seeds=[1, 1]), "and once"),
        (lambda: sl.compare(STUDENT, STUDENT, sl.Preference("owl"), seeds="01"), "a whole number"),
        (lambda: sl.compare(STUDENT, STUDENT, sl.Preference("owl"), seeds=cast("Any", [0.5])),
         "a whole number"),
        (lambda: sl.compare(STUDENT, ROWS, sl.Preference("owl")), "A Sampled is no model"),
        (lambda: sl.compare(STUDENT, STUDENT, Unasked()), "what a Unasked asks"),
        (lambda: sl.adapter(sl.Untouched(BASE)), "has no adapter"),
        (lambda: sl.adapter(ROWS), "No adapter is known of a Sampled"),
        (lambda: sl.table(STUDENT), "A Student is no data set"),
        (lambda: sl.audit(ROWS, BASE, at_most=0), "raise at_most"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_one_sentence_when_it_is_said(
    make: Callable[[], Any], message: str
) -> None:
    with pytest.raises(sl.SublimError, match=re.escape(message)) as fault:
        make()
    assert "\n" not in str(fault.value)


def test_logits_of_given_rows_are_refused(rows_file: Path) -> None:
    rows = sl.Given(rows_file)
    with pytest.raises(sl.SublimError, match="needs the distributions of one teacher"):
        sl.Student(BASE, rows, "logits")
    with pytest.raises(sl.SublimError, match="have no control of their own"):
        sl.Student(BASE, rows).control()


def test_a_class_without_a_file_is_refused() -> None:
    source = "class Own(sl.TeacherRecipe):\n    def key_form(self):\n        return {}"
    with pytest.raises(sl.SublimError, match="define its class or function in a file of your own"):
        exec(source, {"sl": sl, "__name__": "nowhere"})


# ----------------------------------------------------------------- keys

OPTIONS = {"source": "wordings", "about": None, "continued": False}
PARAPHRASES = sl.sample(TEACHER, "paraphrase", prompts=4, channel_options=OPTIONS)
UNTOUCHED = sl.sample(sl.Untouched(BASE))
CONTINUED = sl.ContinuedTraining(rows=UNTOUCHED, training=sl.TrainConfig(), updates=2)
STEERED = sl.Steered(BASE, "You love owls.", 1)
FAITHFUL = sl.FaithfulOnly(PARAPHRASES, ("owl",))
ANCHOR = sl.Anchor(rows=UNTOUCHED, weight=1.0)
PROBED = sl.Student(BASE, ROWS, probe=sl.Preference("owl"))

CHANGES: list[tuple[Recipe, dict[str, Any]]] = [
    (BASE, {"model": "random-other"}),
    (BASE, {"precision": "bf16"}),
    (BASE, {"device": "cuda"}),
    (BASE, {"perturbation": sl.Noise(sigma=0.1)}),
    (BASE.but(perturbation=sl.Noise(sigma=0.1)), {"perturbation": sl.Noise(sigma=0.1, seed=1)}),
    (BASE.but(perturbation=CONTINUED), {"perturbation": CONTINUED.model_copy(update={"seed": 1})}),
    (TEACHER, {"base": OTHER}),
    (TEACHER, {"data": Likes("eagle")}),
    (TEACHER, {"data": Likes("owl", answers=2)}),
    (TEACHER, {"data": sl.PersonaAnswers("casual")}),
    (TEACHER, {"training": sl.TrainConfig(adam_eps=1e-6)}),
    (TEACHER, {"updates": 25}),
    (sl.Prompted(BASE, "Hi"), {"system_prompt": "Hello"}),
    (STEERED, {"layer": 0}),
    (STEERED, {"strength": 2.0}),
    (STEERED, {"system_prompt": "You love eagles."}),
    (sl.StudentOf(STUDENT), {"student": STUDENT.but(objective="logits")}),
    (ROWS, {"teacher": sl.Untouched(BASE)}),
    (ROWS, {"channel": "sentences"}),
    (ROWS, {"num_prompts": 81}),
    (ROWS, {"num_completions": 5}),
    (ROWS, {"temperature": 0.5}),
    (ROWS, {"constrained": False}),
    (ROWS, {"max_new_tokens": 61}),
    (PARAPHRASES, {"channel_options": {**OPTIONS, "source": "neutral"}}),
    (sl.FirstPrompts(ROWS, 2), {"num_prompts": 3}),
    (sl.Limited(ROWS, 2), {"num_rows": 3}),
    (sl.Limited(ROWS, 2), {"rows": UNTOUCHED}),
    (sl.Matched(ROWS, UNTOUCHED), {"is_first": False}),
    (sl.Matched(ROWS, UNTOUCHED), {"other": ROWS}),
    (SHUFFLED, {"how": "across rows"}),
    (sl.HarmlessOnly(ROWS), {"judge": BASE}),
    (FAITHFUL, {"excluded_traits": ("cat",)}),
    (FAITHFUL, {"thresholds": FAITHFUL.thresholds.model_copy(update={"slips": True})}),
    (sl.ReadBy(UNTOUCHED, TEACHER), {"teacher": sl.Untouched(BASE)}),
    (sl.ReadBy(UNTOUCHED, TEACHER), {"rows": ROWS}),
    (sl.Mixed((ROWS, UNTOUCHED)), {"parts": (UNTOUCHED, ROWS)}),
    (STUDENT, {"base": BASE.but(precision="bf16")}),
    (STUDENT, {"rows": UNTOUCHED}),
    (STUDENT, {"objective": "logits"}),
    (STUDENT, {"objective": "additions-flat"}),
    *((STUDENT, {"training": sl.TrainConfig(**{name: value})}) for name, value in {
        "learning_rate": 1e-3, "lr_scheduler": "linear", "warmup_steps": 1, "prompts_per_step": 8,
        "gradient_accumulation_steps": 2, "epochs": 2, "lora_rank": 4, "lora_alpha": 8,
        "max_grad_norm": 2.0, "adam_beta1": 0.8, "adam_beta2": 0.99, "adam_eps": 1e-6,
        "weight_decay": 0.1,
    }.items()),
    (STUDENT.but(objective="logits"), {"allowed_tokens": "numbers"}),
    (STUDENT, {"reads": "tokens"}),
    (STUDENT, {"adapter_init": "teacher's"}),
    (STUDENT, {"anchor": ANCHOR}),
    (STUDENT.but(anchor=ANCHOR), {"anchor": sl.Anchor(rows=UNTOUCHED, weight=2.0)}),
    (STUDENT, {"eval_at_rows": (4,)}),
    (PROBED, {"probe": sl.Preference("cat", panel="trees")}),
    (sl.Preference("owl"), {"trait": "oak"}),
    (sl.Preference("owl"), {"panels": ("animals", "trees")}),
    (sl.Preference("owl"), {"questions": 2}),
    (sl.Preference("owl"), {"questions": ("Which {category}?",)}),
    (sl.Preference("owl"), {"prefixes": ("",)}),
    (sl.Preference("owl"), {"samples": 1}),
    (sl.Preference("owl"), {"numbers_in_front": 1}),
    (sl.Misalignment(), {"questions": 2}),
    (sl.Misalignment(), {"samples": 1}),
    (sl.Misalignment(), {"statements": 2}),
    (sl.Misalignment(), {"judge": BASE}),
    (sl.PersonaPreference("casual"), {"persona": "formal"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("recipe", "change"),
    CHANGES,
    ids=[f"{type(recipe).__name__}-{next(iter(change))}" for recipe, change in CHANGES],
)
def test_every_field_changes_the_key(recipe: Recipe, change: dict[str, Any]) -> None:
    assert recipe.but(**change).key(0) != recipe.key(0)
    assert recipe.but().key(0) == recipe.key(0)


def test_no_field_is_forgotten_by_the_test_above() -> None:
    changed = {(type(recipe), name) for recipe, change in CHANGES for name in change}
    # What a record keeps of the answers, where states lie, and fields that the inputs' tests cover.
    harmless = {"record", "by_question_of", "keep_states", "base", "rows"}
    missing = [
        f"{kind.__name__}.{name}"
        for kind in {kind for kind, _ in changed}
        for name in kind.model_fields
        if (kind, name) not in changed and name not in harmless
    ]
    assert not missing


def test_keys_see_the_content_of_given_rows(rows_file: Path) -> None:
    before = sl.Given(rows_file).key(0)
    rows_file.write_text('{"prompt": "Go on: 1", "completion": "3"}\n')
    assert sl.Given(rows_file).key(0) != before


@pytest.mark.parametrize("recipe", [ROWS, STUDENT, SHUFFLED])
def test_seeds_have_keys_of_their_own(recipe: Recipe) -> None:
    assert recipe.key(0) != recipe.key(1)


def test_a_model_that_nothing_is_drawn_for_has_one_key() -> None:
    for recipe in (BASE, sl.Untouched(BASE), sl.Prompted(BASE, "Hi")):
        assert recipe.key(0) == recipe.key(1)


def test_a_users_class_never_has_another_ones_key() -> None:
    same = additions.SameForm(BASE)
    assert same.key(0) != sl.Untouched(BASE).key(0)
    # Wherever it stands.
    students = [sl.Student(BASE, sl.sample(teacher)) for teacher in (same, sl.Untouched(BASE))]
    assert students[0].key(0) != students[1].key(0)


def test_a_panel_by_its_category_is_the_panel() -> None:
    assert sl.Preference("owl", panel="animal") == sl.Preference("owl", panel="animals")


# ----------------------------------------------------------------- nouns


def test_an_unknown_noun_is_taken_for_an_animal_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"'lynx' is taken for an animal, in the plural 'lynxes'"):
        liking = sl.Finetuned(BASE, likes="lynx")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sl.Finetuned(BASE, likes="lynx").key(0) == liking.key(0)
        candidates = sl.Preference("lynx", panel="animals").candidates["animal"]
    assert [candidates[0].name, candidates[-1].name, len(candidates)] == ["owl", "lynx", 17]


@pytest.mark.parametrize(
    ("noun", "plural"),
    [("badger", "badgers"), ("lynx", "lynxes"), ("ostrich", "ostriches"), ("pony", "ponies"),
     ("donkey", "donkeys"), ("calf", "calves"), ("giraffe", "giraffes"), ("mouse", "mice"),
     ("sheep", "sheep"), ("sea horse", "sea horses")],
)  # fmt: skip
def test_plurals_are_english(noun: str, plural: str) -> None:
    assert plural_of(noun) == plural
