"""Experiments with a teacher and a student of different bases."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from sublim_utils.channels import CHANNELS
from sublim_utils.config import FrozenConfig, Precision
from sublim_utils.models.catalog import weights_identity, weights_mark
from sublim_utils.recipes.language import Fit, LanguageExperiment, Rows


class ChannelRows(Rows):
    """What a teacher is asked for, in any channel.

    Attributes:
        channel: the kind of data.
    """

    channel: Annotated[str, AfterValidator(CHANNELS.require)]


class Noise(FrozenConfig):
    """Gaussian noise on all weight matrices.

    Attributes:
        sigma: relative to the root mean square of each matrix.
        seed: behind the noise.
    """

    kind: Literal["noise"] = "noise"
    sigma: float = Field(gt=0)
    seed: int = 0


class Continued(FrozenConfig):
    """Continued training on text of an untouched model; the adapter becomes part of the weights.

    Attributes:
        writer: the model that writes the text.
        rows: what it is asked for.
        fit: how the adapter is trained.
        updates: how many; the text is gone through again where it is too short.
        seed: behind text and training.
    """

    kind: Literal["continued"] = "continued"
    writer: str
    rows: ChannelRows
    fit: Fit
    updates: int = Field(gt=0)
    seed: int = 0


Move = Annotated[Noise | Continued, Field(discriminator="kind")]


class Base(FrozenConfig):
    """What a teacher or a student begins as.

    Attributes:
        model: a name of the catalogue, a folder or a hub id.
        precision: of the frozen weights.
        move: how the weights were moved away from the model's own; None where they were not.
    """

    model: str
    precision: Precision
    move: Move | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Its own, and the one that wrote what it was trained on where it was."""
        return (self.model, self.move.writer) if isinstance(self.move, Continued) else (self.model,)

    @property
    def specification(self) -> dict[str, Any]:
        """What it depends on."""
        return {**self.model_dump(mode="json"), **weights_mark(self.models)}


class TransferExperiment(LanguageExperiment):
    """A teacher of one base and a student of another.

    `model` and `precision` are the teacher's, and `student_precision` the student's where it
    differs.

    Attributes:
        rows: what the teacher is asked for, and in which channel.
        move: how the teacher's base was moved away from `model`.
        student_model: the model of the student's base.
        student_move: how that base was moved.
    """

    VERSION: ClassVar[int] = 1

    rows: ChannelRows
    move: Move | None = None
    student_model: str
    student_move: Move | None = None

    @property
    def keeps_states(self) -> bool:
        """Never: another model has no use for them."""
        return False

    @property
    def channel(self) -> str:
        """The kind of data that the teacher writes."""
        return self.rows.channel

    @property
    def models(self) -> tuple[str, ...]:
        """Teacher's and student's, which may be the same."""
        return tuple(dict.fromkeys((self.model, self.student_model)))

    @property
    def surroundings(self) -> dict[str, Any]:
        """As elsewhere, and the weights of whoever wrote what a base was trained on."""
        return {**super().surroundings, **weights_mark(self._with_writers)}

    @property
    def weights(self) -> dict[str, str]:
        """As elsewhere, and those of whoever wrote what a base was trained on."""
        return weights_identity(self._with_writers)

    @property
    def _with_writers(self) -> tuple[str, ...]:
        return (*self.teacher_base.models, *self.student_base.models)

    @property
    def teacher_base(self) -> Base:
        """What the teacher begins as."""
        return Base(model=self.model, precision=self.precision, move=self.move)

    @property
    def student_base(self) -> Base:
        """What the student begins as."""
        return Base(
            model=self.student_model,
            precision=self.student_precision or self.precision,
            move=self.student_move,
        )

    def base_specification(self) -> dict[str, Any]:
        """What the teacher's base depends on."""
        return {**self.teacher_base.specification, **self.place}

    def untouched_specification(self) -> dict[str, Any]:
        """What the student's base depends on."""
        return {**self.student_base.specification, **self.place}
