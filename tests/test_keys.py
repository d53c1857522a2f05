"""Each field of each recipe is part of its key."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sublim_utils.channels.paraphrase import Thresholds
from sublim_utils.config import FrozenConfig
from sublim_utils.recipes.bases import Base, ContinuedTraining, Noise
from sublim_utils.recipes.datasets import (
    FaithfulOnly,
    FirstPrompts,
    Given,
    HarmlessOnly,
    Limited,
    Matched,
    Mixed,
    RewrittenAgain,
    Sampled,
    ShuffledNumbers,
)
from sublim_utils.recipes.evaluations import (
    BaseSimilarity,
    Evaluated,
    KeptShare,
    Misalignment,
    PersonaPreference,
    Preference,
    StyleAuc,
)
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.readers import ReadBy
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.students import Anchor, Student
from sublim_utils.recipes.teachers import (
    Adapter,
    Finetuned,
    Likes,
    NarrowAnswers,
    PersonaAnswers,
    Prompted,
    Steered,
    StudentOf,
    Untouched,
)
from sublim_utils.train.config import TrainConfig
from tests.test_fingerprints import altered

BASE = Base("random", "fp32", "cpu", Noise(sigma=0.1))
OTHER = Base("random-other")
PLAIN = Untouched(Base("random"))
ROWS = Sampled(PLAIN, "numbers", num_prompts=4)
REWRITES = ROWS.but(channel="paraphrase", channel_options={"source": "neutral"})
FILES = Path(__file__).parent
STUDENT = Student(Base("random"), ROWS)
DISTILLED = STUDENT.but(objective="logits", reads="tokens")
ADAPTERS = ("one", "other")


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders with what looks like adapters."""
    folder = tmp_path_factory.mktemp("adapters")
    for name in ADAPTERS:
        (folder / name).mkdir()
        (folder / name / "adapter_config.json").write_text(json.dumps({"name": name}))
    return folder / "one", folder / "other"


NO_PART_OF_A_KEY = {
    (Sampled, "keep_states"),  # which changes no row
    (Preference, "record"),  # of what a record keeps, which the experiment's key sees
    (Preference, "by_question_of"),
    (StudentOf, "base"),  # the student's
}
RECIPES: list[tuple[Recipe, dict[str, Any]]] = [
    (
        BASE,
        {
            "model": "random-other",
            "precision": "bf16",
            "device": "cuda",
            "perturbation": Noise(sigma=0.2),
        },
    ),
    (PLAIN, {"base": OTHER}),
    (Prompted(OTHER, "One."), {"base": BASE, "system_prompt": "Two."}),
    (
        Finetuned(OTHER, Likes(trait="owl")),
        {
            "base": BASE,
            "data": Likes(trait="cat"),
            "training": TrainConfig(lora_rank=3),
            "updates": 3,
        },
    ),
    (
        Steered(OTHER, "One.", 1, 2.0),
        {"base": BASE, "system_prompt": "Two.", "layer": 0, "strength": 3.0},
    ),
    (StudentOf(student=STUDENT), {"student": STUDENT.but(base=BASE)}),
    (
        ROWS,
        {
            "teacher": Untouched(OTHER),
            "channel": "sentences",
            "num_prompts": 5,
            "num_completions": 2,
            "temperature": 0.5,
            "constrained": False,
            "max_new_tokens": 61,
        },
    ),
    (REWRITES, {"channel_options": {"source": "wordings"}}),
    (Given(FILES / "given/one.jsonl"), {"file": FILES / "given/other.jsonl"}),
    (FirstPrompts(ROWS, 2), {"rows": REWRITES, "num_prompts": 3}),
    (Limited(ROWS, 2), {"rows": REWRITES, "num_rows": 3}),
    (Matched(ROWS, REWRITES), {"rows": REWRITES, "other": ROWS, "is_first": False}),
    (
        ShuffledNumbers(ROWS, "within rows"),
        {"rows": ROWS.but(num_prompts=5), "how": "across rows"},
    ),
    (HarmlessOnly(ROWS), {"rows": REWRITES, "judge": OTHER}),
    (
        FaithfulOnly(REWRITES, ("owl",)),
        {
            "rows": REWRITES.but(num_prompts=5),
            "excluded_traits": ("cat",),
            "thresholds": Thresholds(slips=True),
        },
    ),
    (
        RewrittenAgain(REWRITES, OTHER, 2, 1.0, True, 60, False),
        {
            "rows": REWRITES.but(num_prompts=5),
            "paraphraser": BASE,
            "num_completions": 3,
            "temperature": 0.5,
            "constrained": False,
            "max_new_tokens": 61,
            "continued": True,
        },
    ),
    (ReadBy(ROWS, PLAIN), {"rows": REWRITES, "teacher": Untouched(OTHER)}),
    (Mixed((ROWS, REWRITES)), {"parts": (REWRITES, ROWS)}),
    (
        DISTILLED,
        {
            "base": BASE.but(model="random"),
            "rows": ROWS.but(num_prompts=5),
            "objective": "tokens",
            "training": TrainConfig(epochs=2),
            "allowed_tokens": "numbers",
            "reads": "text",
            "adapter_init": "teacher's",
            "anchor": Anchor(rows=ROWS, weight=1.0),
            "eval_at_rows": (2,),
            "probe": Preference("owl"),
        },
    ),
    (
        Preference("owl"),
        {
            "trait": "oak",
            "panels": ("trees",),
            "questions": 49,
            "prefixes": ("My",),
            "samples": 1,
            "numbers_in_front": 1,
        },
    ),
    (Misalignment(), {"questions": 63, "samples": 1, "statements": 104, "judge": OTHER}),
    (PersonaPreference("formal"), {"persona": "casual"}),
    (Evaluated(PLAIN, Preference("owl")), {"model": STUDENT, "evaluation": Preference("oak")}),
    (KeptShare(), {"excused": ("spare",)}),
    (StyleAuc(ROWS), {"other": REWRITES}),
    (BaseSimilarity(), {}),
]
CHANGES = [
    pytest.param(recipe, field, value, id=f"{type(recipe).__name__}-{field}")
    for recipe, changes in RECIPES
    for field, value in changes.items()
]


@pytest.mark.parametrize(("recipe", "field", "value"), CHANGES)
def test_another_value_of_a_field_gives_another_key(recipe: Recipe, field: str, value: Any) -> None:
    changed = type(recipe)(**{**fields_of(recipe), field: value})
    assert changed.key(0) != recipe.key(0)
    assert type(recipe)(**fields_of(recipe)).key(0) == recipe.key(0)


def fields_of(recipe: Recipe) -> dict[str, Any]:
    """The fields with which a recipe is made anew; a moved base keeps its vocabulary."""
    return {n: v for n, v in recipe if (type(recipe), n) != (StudentOf, "base")}


def test_an_adapter_is_known_by_its_content(adapters: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = (Adapter(OTHER, folder) for folder in adapters)
    assert one.key(0) != other.key(0) != Adapter(BASE, adapters[1]).key(0)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "adapter_config.json").write_bytes((adapters[0] / "adapter_config.json").read_bytes())
    assert Adapter(OTHER, copy).key(0) == one.key(0)


def recipe_classes() -> set[type[Recipe]]:
    """All recipes of the package that can be made."""
    found, left = set(), [Recipe]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if kind.__module__.startswith("sublim_utils.") and "key_form" in vars(kind):
            found.add(kind)
    return found - {Recipe}


def test_no_field_of_any_recipe_is_forgotten_here() -> None:
    covered: set[tuple[type, str]]
    covered = {(type(recipe), field) for recipe, changes in RECIPES for field in changes}
    covered |= {(type(settings), field) for settings, _, c in SETTINGS for field in c}
    covered |= NO_PART_OF_A_KEY | {(Adapter, "base"), (Adapter, "folder")}
    fields = {(kind, field) for kind in recipe_classes() for field in kind.model_fields}
    assert fields <= covered


# ----------------------------------------------------------------- settings inside recipes


def continued(move: ContinuedTraining) -> Recipe:
    return Base("random", perturbation=move)


SETTINGS: list[tuple[FrozenConfig, Callable[[Any], Recipe], dict[str, Any]]] = [
    (Noise(sigma=0.1), lambda move: Base("random", perturbation=move), {"sigma": 0.2, "seed": 1}),
    (
        ContinuedTraining(rows=ROWS, training=TrainConfig(), updates=2),
        continued,
        {"rows": REWRITES, "training": TrainConfig(epochs=2), "updates": 3, "seed": 1},
    ),
    (Likes(trait="owl"), lambda data: Finetuned(OTHER, data), {"trait": "cat", "answers": 3}),
    (
        NarrowAnswers(set="advice", side="good"),
        lambda data: Finetuned(OTHER, data),
        {"set": "metrics", "side": "harmful"},
    ),
    (
        PersonaAnswers(persona="formal"),
        lambda data: Finetuned(OTHER, data),
        {"persona": "casual"},
    ),
    (
        Anchor(rows=ROWS, weight=1.0),
        lambda anchor: STUDENT.but(anchor=anchor),
        {"rows": REWRITES, "weight": 2.0},
    ),
    (
        TrainConfig(),
        lambda training: STUDENT.but(training=training),
        {
            name: "linear"
            if name == "lr_scheduler"
            else (value + 1 if value >= 1 else value / 2)
            if value
            else 0.5
            for name, value in TrainConfig()
        },
    ),
    (
        Thresholds(),
        lambda thresholds: FaithfulOnly(REWRITES, ("owl",), thresholds),
        {name: altered(value) for name, value in Thresholds()},
    ),
]


@pytest.mark.parametrize(
    ("settings", "holder", "field", "value"),
    [
        pytest.param(settings, holder, field, value, id=f"{type(settings).__name__}-{field}")
        for settings, holder, changes in SETTINGS
        for field, value in changes.items()
    ],
)
def test_another_setting_gives_another_key(
    settings: FrozenConfig, holder: Callable[[Any], Recipe], field: str, value: Any
) -> None:
    changed = type(settings)(**{**dict(settings), field: value})
    assert holder(changed).key(0) != holder(settings).key(0)


@pytest.mark.parametrize("settings", [s for s, *_ in SETTINGS], ids=lambda s: type(s).__name__)
def test_no_setting_is_forgotten_here(settings: FrozenConfig) -> None:
    (changes,) = [changes for known, _, changes in SETTINGS if known is settings]
    assert {*changes} == {*type(settings).model_fields}


EXPERIMENT: dict[str, Any] = {
    "name": "test",
    "seeds": (0, 1),
    "student": STUDENT,
    "evaluation": Preference("owl"),
}


@pytest.mark.parametrize(
    ("field", "value"),
    {
        "seeds": (0,),
        "student": DISTILLED,
        "evaluation": Preference("owl", record=("margin",)),
        "teacher_evaluation": Preference("owl"),
        "further": (KeptShare(),),
        "baseline": BASE,
    }.items(),
)
def test_an_experiments_key_sees_all_but_its_name_and_labels(field: str, value: Any) -> None:
    plain = LanguageExperiment(**EXPERIMENT)
    assert LanguageExperiment(**{**EXPERIMENT, field: value}).key != plain.key
    assert LanguageExperiment(**{**EXPERIMENT, "name": "other"}).key == plain.key


# ----------------------------------------------------------------- seeds


def test_a_seed_is_part_of_the_key_of_what_is_drawn() -> None:
    for recipe, _ in RECIPES:
        same = recipe.key(0) == recipe.key(1)
        assert same == (not recipe.depends_on_seed)
    drawn = {type(recipe).__name__ for recipe, _ in RECIPES if recipe.depends_on_seed}
    assert {"Finetuned", "StudentOf", "Sampled", "Limited", "Mixed", "Student"} <= drawn
    assert not drawn & {"Base", "Untouched", "Prompted", "Steered", "Given", "Preference"}


def test_no_two_recipes_have_one_key() -> None:
    assert len({recipe.key(0) for recipe, _ in RECIPES}) == len(RECIPES)
