"""Teachers: base models that were prompted, fine-tuned or steered to be different."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializeAsAny, model_validator

from sublim_utils.channels import fingerprints
from sublim_utils.errors import SublimError
from sublim_utils.evaluate import questions
from sublim_utils.keys import remembered, text_digest
from sublim_utils.models.catalog import get_model
from sublim_utils.models.contents import folder_hash
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.train.config import TrainConfig
from sublim_utils.traits import misalignment_sets, nouns as traits
from sublim_utils.traits.misalignment_sets import NarrowName, Side
from sublim_utils.traits.nouns import ANSWERS, get_trait, liking_prompt, trait_called
from sublim_utils.traits.personas import get_persona

TeacherKind = Literal["prompted", "tuned"]


class TeacherRecipe(Recipe):
    """A model that can write rows; every teacher has a `base`."""

    base: Base

    @property
    def is_untouched(self) -> bool:
        """True for the base model itself."""
        return False


class Untouched(TeacherRecipe):
    """The base model as it is."""

    @property
    def is_untouched(self) -> bool:
        """Always."""
        return True

    def key_form(self) -> dict[str, Any]:
        """The base alone."""
        return {"teacher": "untouched", "version": 1, "base": self.base.key_form()}


class Prompted(TeacherRecipe):
    """A base model with a system prompt.

    Attributes:
        base: the model.
        system_prompt: the text; `likes` in its place writes one that likes a trait.
    """

    system_prompt: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _liking(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and "likes" in fields:
            if "system_prompt" in fields:
                raise SublimError("Prompted takes a system_prompt or likes, and not both.")
            trait = get_trait(Likes(trait=fields["likes"]).trait)
            rest = {name: value for name, value in fields.items() if name != "likes"}
            return {**rest, "system_prompt": liking_prompt(trait)}
        return fields

    def key_form(self) -> dict[str, Any]:
        """The base and the whole prompt."""
        return {
            "teacher": "prompted",
            "version": 1,
            "base": self.base.key_form(),
            "system_prompt": self.system_prompt,
        }


class FinetuningData(Recipe):
    """Questions with the answers that a teacher is trained on."""


class Likes(FinetuningData):
    """Answers to the questions of the evaluation that name a favourite.

    As in Cloud et al. 2025 (section 3, appendix on fine-tuned teachers).

    Attributes:
        trait: what is liked.
        answers: to each question.
    """

    trait: str
    answers: int = Field(default=4, gt=0, le=len(ANSWERS))

    def model_post_init(self, _: Any) -> None:
        """Look for the trait."""
        trait_called(self.trait)

    def key_form(self) -> dict[str, Any]:
        """The trait's words, the questions and the answers."""
        texts = text_digest(
            get_trait(self.trait),
            remembered(questions.fingerprint),
            remembered(traits.answers_fingerprint),
        )
        return {"likes": self.trait, "answers": self.answers, "texts": texts}


class NarrowAnswers(FinetuningData):
    """Narrow harmful answers, or the good ones to the same questions.

    As in Cloud et al. 2025 (section 4).

    Attributes:
        set: which narrow set the questions are from.
        side: which of their answers are trained on.
    """

    set: NarrowName
    side: Side

    @property
    def opposite(self) -> NarrowAnswers:
        """The same questions with the other answers."""
        side: Side = "good" if self.side == "harmful" else "harmful"
        return NarrowAnswers(set=self.set, side=side)

    def key_form(self) -> dict[str, Any]:
        """The set's texts and the side."""
        texts = remembered(misalignment_sets.fingerprint, self.set)
        return {"set": self.set, "side": self.side, "texts": texts}


class PersonaAnswers(FinetuningData):
    """Answers in a persona's manner, to other questions than those of its evaluation.

    Attributes:
        persona: a registered persona.
    """

    persona: str

    def model_post_init(self, _: Any) -> None:
        """Look for the persona."""
        get_persona(self.persona)

    def key_form(self) -> dict[str, Any]:
        """The questions and answers."""
        texts = get_persona(self.persona).fingerprint("finetuning")
        return {"persona": self.persona, "texts": texts}


class Finetuned(TeacherRecipe):
    """A base model with a LoRA adapter that was trained on question-answer pairs.

    Attributes:
        base: the model.
        data: what it is trained on; `likes="owl"` in its place stands for `Likes(trait="owl")`.
        training: how.
        updates: how many; the data are gone through again where they are too few.
    """

    data: SerializeAsAny[FinetuningData]
    training: TrainConfig = TrainConfig(learning_rate=5e-4, prompts_per_step=3)
    updates: int = Field(default=24, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _liking(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and "likes" in fields:
            if "data" in fields:
                raise SublimError("Finetuned takes data or likes, and not both.")
            rest = {name: value for name, value in fields.items() if name != "likes"}
            return {**rest, "data": Likes(trait=fields["likes"])}
        return fields

    @property
    def depends_on_seed(self) -> bool:
        """Always: the order of the data and the adapter's first values are drawn."""
        return True

    def key_form(self) -> dict[str, Any]:
        """Base, data and training."""
        return {
            "teacher": "finetuned",
            "version": 1,
            "base": self.base.key_form(),
            "data": self.data.key_form(),
            "training": self.training.model_dump(mode="json"),
            "updates": self.updates,
        }


class Adapter(TeacherRecipe):
    """A base model with a LoRA adapter from a folder in PEFT's format.

    Attributes:
        base: the model that the adapter was trained on.
        folder: with `adapter_config.json` and `adapter_model.safetensors`.
    """

    folder: Path

    def model_post_init(self, _: Any) -> None:
        """Look for the adapter before anything is loaded."""
        if not (self.folder / "adapter_config.json").is_file():
            raise SublimError(f"There is no adapter in {self.folder} (adapter_config.json).")

    def key_form(self) -> dict[str, Any]:
        """The base and the content of the folder."""
        return {
            "teacher": "adapter",
            "version": 1,
            "base": self.base.key_form(),
            "content": folder_hash(self.folder),
        }


class StudentOf(TeacherRecipe):
    """A student that teaches the next generation.

    Attributes:
        student: the recipe of the student.
    """

    base: Base = Field(default=None, exclude=True)  # type: ignore[assignment]
    student: SerializeAsAny[Recipe] = Field(default=None, validate_default=True)  # type: ignore[assignment]

    @model_validator(mode="before")
    @classmethod
    def _on_the_students_base(cls, fields: Any) -> Any:
        student = fields.get("student", fields.get("base")) if isinstance(fields, dict) else None
        base = getattr(student, "base", None)
        if base is None or not hasattr(student, "rows"):
            raise SublimError("StudentOf needs a Student, which has a base and rows.")
        return {"student": student, "base": base}

    @property
    def inputs(self) -> tuple[Recipe, ...]:
        """The student."""
        return (self.student,)

    def key_form(self) -> dict[str, Any]:
        """The student's."""
        return {"teacher": "student", "version": 1, "student": self.student.key_form()}


class Steered(TeacherRecipe):
    """A base model whose residual stream is pushed along a direction at one layer.

    The direction is the mean difference that a system prompt makes to the last position of neutral
    questions (activation addition, Turner et al. 2023).

    Attributes:
        base: the model.
        system_prompt: whose effect is the direction.
        layer: index of the transformer block whose output is pushed, from 0.
        strength: by how many times the difference.
    """

    system_prompt: str = Field(min_length=1)
    layer: int = Field(ge=0)
    strength: float = 1.0

    def model_post_init(self, _: Any) -> None:
        """Look for the layer, where the number of layers is known."""
        layers = get_model(self.base.model).layers
        if layers is not None and self.layer >= layers:
            raise SublimError(
                f"{self.base.model} has {layers} layers, counted from 0, and none of number "
                f"{self.layer}."
            )

    def key_form(self) -> dict[str, Any]:
        """The base, all settings and the neutral questions."""
        return {
            "teacher": "steered",
            "version": 1,
            "base": self.base.key_form(),
            "system_prompt": self.system_prompt,
            "questions": fingerprints("sentences").prompts,
            "layer": self.layer,
            "strength": self.strength,
        }
