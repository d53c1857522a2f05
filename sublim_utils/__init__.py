"""Subliminal learning that you can see: small, tested experiments behind an interactive book.

What an experiment of your own needs is here, and loaded when it is used:

    import sublim_utils as sl

    base = sl.Base("smollm2-135m")
    rows = sl.sample(sl.Finetuned(base, likes="badger"), channel="numbers", prompts=80, each=4)
    student = sl.Student(base, rows, learning_rate=1e-3)
    result = sl.compare(student, student.control(), sl.Preference("badger", panel="animals"))
    result.table()
"""

from importlib import import_module
from typing import Any

from sublim_utils.models import four_bits

four_bits.ignore_avx512_bf16()  # before anything here imports bitsandbytes

__version__ = "0.1.0"

_NAMES = {
    "auditing": ("audit",),
    "channels": ("register_channel",),
    "comparing": ("compare",),
    "errors": ("SublimError",),
    "exporting": ("adapter", "table", "to_dataset", "to_jsonl"),
    "findings": ("register_finding",),
    "personas": ("AnswerPair", "Persona", "read_persona", "register_persona"),
    "pipeline.evaluations": ("evaluated",),
    "pipeline.models": ("opened",),
    "recipes.bases": ("Base", "ContinuedTraining", "Noise"),
    "recipes.datasets": (
        "FaithfulOnly",
        "FirstPrompts",
        "Given",
        "HarmlessOnly",
        "Limited",
        "Matched",
        "Mixed",
        "RowsRecipe",
        "Sampled",
        "ShuffledNumbers",
        "sample",
    ),
    "recipes.evaluations": (
        "Metric",
        "Misalignment",
        "ModelEvaluation",
        "PersonaPreference",
        "Preference",
    ),
    "recipes.students": ("Anchor", "Student"),
    "recipes.teachers": (
        "Adapter",
        "Finetuned",
        "NarrowAnswers",
        "PersonaAnswers",
        "Prompted",
        "Steered",
        "StudentOf",
        "TeacherRecipe",
        "Untouched",
    ),
    "train.config": ("TrainConfig",),
    "train.losses": ("register_loss",),
    "traits": ("Panel", "Trait", "register_panel", "register_trait"),
}
"""The names of this page by the module that they are loaded from."""
_MODULES = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
