"""Students: base models that are trained on rows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt, SerializeAsAny, computed_field, model_validator

from sublim_utils.config import IN_FP16, Checked
from sublim_utils.errors import SublimError
from sublim_utils.generate import vocabulary
from sublim_utils.keys import remembered
from sublim_utils.models.catalog import get_model
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import RowsRecipe, Sampled, untouched_control
from sublim_utils.recipes.evaluations import Preference
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.train.config import TrainConfig

Objective = Literal["tokens", "logits"]
"""The package's own losses."""
AllowedTokens = Literal["all", "numbers", "without traits"]
_NEEDS_TEACHER = {"tokens": False, "logits": True}
"""Of the package's own losses, so that naming an experiment does not import torch."""


class Anchor(Checked):
    """A pull towards the base model on other rows while a student learns.

    Attributes:
        rows: on which the student is held to the base model's distributions.
        weight: of that loss beside the student's own.
    """

    rows: SerializeAsAny[RowsRecipe]
    weight: float = Field(gt=0)


class Student(Recipe):
    """A base model with an adapter that was trained on rows.

    Attributes:
        base: what it begins as.
        rows: what it is trained on.
        objective: the name of the loss: `tokens` (cross-entropy on the rows' tokens), `logits`
            (forward KL from the teacher's distributions at the same positions), or one of the
            user's.
        training: how; its fields can be given directly (`learning_rate=1e-3`).
        allowed_tokens: over which `logits` compares distributions.
        reads: `tokens`, the teacher's own, or `text`, through the student's tokenizer, which drops
            rows that it cannot write.
        adapter_init: whether the adapter begins with random values of its own or with those that
            its teacher's began with.
        anchor: holds it to the base model on other rows; None for no such pull.
        eval_at_rows: numbers of rows after which `probe` reads it, besides the end.
        probe: the short evaluation in the middle of training.

    Raises:
        SublimError: the loss is unknown, or needs distributions of a teacher that the rows have
            not or whose vocabulary is another one.
    """

    base: Base
    rows: SerializeAsAny[RowsRecipe]
    objective: str = "tokens"
    training: TrainConfig = TrainConfig()
    allowed_tokens: AllowedTokens = "all"
    reads: Literal["tokens", "text"] = "text"
    adapter_init: Literal["own", "teacher's"] = "own"
    anchor: Anchor | None = None
    eval_at_rows: tuple[PositiveInt, ...] = ()
    probe: Preference | None = None

    @model_validator(mode="before")
    @classmethod
    def _training_fields(cls, fields: Any) -> Any:
        given = {n: v for n, v in fields.items() if n in TrainConfig.model_fields}
        training = fields.get("training", TrainConfig())
        if not given or not isinstance(training, TrainConfig | dict):
            return fields
        rest = {n: v for n, v in fields.items() if n not in given}
        return {**rest, "training": TrainConfig(**{**dict(training), **given})}

    def model_post_init(self, _: Any) -> None:
        """Refuse what cannot be combined."""
        teacher = self.rows.author
        if not self.needs_teacher:
            if self.allowed_tokens != "all":
                raise SublimError("allowed_tokens restricts losses of a teacher's distributions.")
            if self.reads == "tokens":
                if teacher is None or not self.rows.has_sampled_tokens:
                    raise SublimError("These rows have no tokens of a teacher; take reads='text'.")
                self._check_vocabulary(teacher.base, "its teacher's tokens; take reads='text'")
            return
        if teacher is None:
            raise SublimError(
                f"The objective {self.objective!r} needs the distributions of one teacher, and "
                "these rows were given or have several; train on their tokens, or name a teacher "
                "who reads them with ReadBy."
            )
        self._check_vocabulary(teacher.base, "its teacher's logits; take the objective 'tokens'")
        if self.reads == "tokens" and not self.rows.has_sampled_tokens:
            raise SublimError(
                "The teacher has no logits for rows that were changed after it wrote them; "
                "train on them with the objective 'tokens'."
            )

    def _check_vocabulary(self, teacher: Base, what: str) -> None:
        if not self.base.shares_vocabulary_with(teacher):
            raise SublimError(
                f"{self.base.model} has another vocabulary than {teacher.model} and cannot be "
                f"trained on {what}."
            )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def target_modules(self) -> tuple[str, ...]:
        """The matrices of the model's layers that get adapters."""
        return get_model(self.base.model).target_modules

    @computed_field  # type: ignore[prop-decorator]
    @property
    def teacher_states(self) -> str | None:
        """The precision in which the teacher's hidden states are kept; None where none are.

        Those of sampling are kept as they are, those that are computed afterwards in 16 bits.
        """
        if not self.needs_teacher:
            return None
        if self.reads_kept_states:
            return "as sampled"
        return "fp16" if self.base.precision in IN_FP16.values() else "bf16"

    @property
    def reads_kept_states(self) -> bool:
        """True if the teacher's states were kept while it sampled."""
        source, *others = self.rows.sources
        kept = isinstance(source, Sampled) and source.keep_states and not others
        return kept and self.reads == "tokens" and self.rows.has_sampled_tokens

    @property
    def needs_teacher(self) -> bool:
        """True if the loss compares distributions with the teacher's."""
        if self.objective in _NEEDS_TEACHER:
            return _NEEDS_TEACHER[self.objective]
        from sublim_utils.train.losses import get_loss

        return get_loss(self.objective).needs_teacher

    @property
    def depends_on_seed(self) -> bool:
        """Always: the adapter's first values are drawn."""
        return True

    @property
    def inputs(self) -> tuple[Recipe, ...]:
        """Base, rows, and the anchor's rows."""
        return (self.base, self.rows, *(() if self.anchor is None else (self.anchor.rows,)))

    @property
    def is_prefix(self) -> bool:
        """True if this run is an exact prefix of one on more prompts, which can go on from it.

        So at a constant rate, if each row is seen once, in whole updates, as it was written.
        """
        training = self.training
        return (
            isinstance(self.rows, Sampled)
            and self.reads == "tokens"
            and training.lr_scheduler == "constant"
            and training.epochs == 1
            and self.rows.num_prompts % training.prompts_per_step == 0
            and self.anchor is None
        )

    def control(self) -> Student:
        """The same student, of rows that the untouched model wrote.

        Raises:
            SublimError: the rows were given, so that nobody knows who wrote them.
        """
        return self.but(rows=untouched_control(self.rows))

    def _loss_code(self) -> str | None:
        """What changes with the code of a user's loss; None of the package's own."""
        if self.objective in _NEEDS_TEACHER:
            return None
        from sublim_utils.train.losses import LOSSES

        return LOSSES.code_digest(self.objective)

    def key_form(self) -> dict[str, Any]:
        """Base, rows, loss, training, and what is read in the middle of it."""
        anchor = self.anchor
        return {
            "student": "lora",
            "version": 1,
            "base": self.base.key_form(),
            "rows": self.rows.key_form(),
            "reads": self.reads,
            "objective": [self.objective, self._loss_code()],
            "allowed_tokens": None
            if self.allowed_tokens == "all"
            else [self.allowed_tokens, remembered(vocabulary.fingerprint, self.allowed_tokens)],
            "anchor": None
            if anchor is None
            else {"rows": anchor.rows.key_form(), "weight": anchor.weight},
            "training": self.training.model_dump(mode="json"),
            "target_modules": self.target_modules,
            "teacher_states": self.teacher_states,
            "adapter_init": self.adapter_init,
            "eval_at_rows": self.eval_at_rows,
            "probe": None if self.probe is None else self.probe.key_form(),
        }
