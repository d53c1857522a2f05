"""Small recipes on the model of two random layers; a test changes what it is about."""

from collections import Counter
from pathlib import Path
from typing import Any

from sublim_utils.labels import Labels
from sublim_utils.pipeline.context import Context
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.evaluations import Preference
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import Finetuned, Likes, TeacherRecipe
from sublim_utils.store import Store, entry_folders
from sublim_utils.train.config import TrainConfig

BASE = Base("random")
TRAINING = TrainConfig(learning_rate=1e-3, prompts_per_step=2)
STRONG = TrainConfig(learning_rate=5e-2, prompts_per_step=2, warmup_steps=0)
"""Moves the random model by far more than rounding."""
QUICK = Preference("owl", questions=2)


def finetuned(base: Base = BASE, **changes: Any) -> Finetuned:
    """A teacher of two updates that likes owls."""
    settings: dict[str, Any] = {"data": Likes(trait="owl"), "training": TRAINING, "updates": 2}
    return Finetuned(base, **(settings | changes))


def numbers(teacher: TeacherRecipe | None = None, **changes: Any) -> Sampled:
    """Two lists of numbers for each of four prompts."""
    settings: dict[str, Any] = {"channel": "numbers", "num_prompts": 4, "num_completions": 2}
    return Sampled(teacher or finetuned(), **(settings | changes))


def student(base: Base = BASE, **changes: Any) -> Student:
    """A student of two updates on the teacher's distributions."""
    settings: dict[str, Any] = {
        "rows": numbers(),
        "objective": "logits",
        "training": TRAINING,
        "reads": "tokens",
    }
    return Student(base, **(settings | changes))


def experiment(learner: Student | None = None, **changes: Any) -> LanguageExperiment:
    """An experiment with one seed and two questions."""
    settings: dict[str, Any] = {
        "name": "test",
        "labels": Labels(),
        "seeds": (0,),
        "student": learner or student(),
        "evaluation": QUICK,
        "teacher_evaluation": QUICK,
    }
    return LanguageExperiment(**(settings | changes))


def context(folder: Path, **changes: Any) -> Context:
    """A place to make things, as after a new start: it knows what the store in the folder has."""
    return Context(Store(folder), "test", **changes)


def entries(context: Context) -> Counter[str]:
    """How many artifacts of each stage the store has."""
    stages = [folder for folder in context.store.root.iterdir() if folder.is_dir()]
    counted = Counter({stage.name: len(list(entry_folders(stage))) for stage in stages})
    return +counted
