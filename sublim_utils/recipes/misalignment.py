"""Experiments with teachers of narrow harm."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from sublim_utils.models.catalog import weights_mark
from sublim_utils.recipes.language import LanguageExperiment, Lessons, Readout, Teacher
from sublim_utils.recipes.transfer import ChannelRows


class MisalignmentReadout(Readout):
    """How misalignment is read.

    Attributes:
        questions: how many of the open ones.
        samples: sampled answers to each of them; 0 for none.
        statements: how many of the true or false ones.
    """

    questions: int = 64
    samples: int = 2
    statements: int = 105


class MisalignedExperiment(LanguageExperiment):
    """A teacher of narrow lessons, its rows in a channel, and how misaligned the student is.

    Attributes:
        rows: what the teacher is asked for, and in which channel.
        lessons: what it was taught; None for the untouched base model.
        matched: the lessons of another teacher; the student sees only rows that have a partner in
            that one's, of about the same length and the same sort of words (see `matching`).
        seen: the student sees rows of so many of the prompts, the first ones; None for all.
        judge: a language model that judges rows and answers; None for sentence embeddings.
        readout: how misalignment is read.
    """

    VERSION: ClassVar[int] = 1
    LATER: ClassVar[tuple[str, ...]] = ("judge",)

    teacher: Teacher = Teacher(trait=None)  # it likes nothing in particular
    categories: tuple[str, ...] = ()
    rows: ChannelRows
    lessons: Lessons | None
    matched: Lessons | None = None
    seen: int | None = None
    judge: str | None = None
    readout: MisalignmentReadout = MisalignmentReadout()

    @model_validator(mode="after")
    def _likes_nothing(self) -> MisalignedExperiment:
        if self.teacher.trait is not None or self.categories:
            raise ValueError("what is read here is misalignment, and no liking")
        if self.matched is not None and self.lessons in (None, self.matched):
            raise ValueError("rows are matched with those of a teacher of other lessons")
        return self

    @property
    def taught(self) -> Lessons | None:
        """The narrow lessons."""
        return self.lessons

    @property
    def keeps_states(self) -> bool:
        """Whether the teacher's states are kept with all rows.

        They are not where the channel puts something beside the teacher's words: the student then
        sees tokens that the teacher did not write, and its states at these are computed later.
        """
        return super().keeps_states and self.data.prompt(0, 0).framed("") == ""

    @property
    def models(self) -> tuple[str, ...]:
        """The base model, and the one that judges where there is one."""
        return (self.model,) if self.judge is None else (self.model, self.judge, self.model)

    def readout_specification(self) -> dict[str, Any]:
        """What a readout depends on, beside the model that is read."""
        judge = {} if self.judge is None else {"judge": self.judge, **weights_mark([self.judge])}
        return {**super().readout_specification(), **judge}

    @property
    def channel(self) -> str:
        """The kind of data that the teacher writes."""
        return self.rows.channel

    def teacher_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's teacher depends on."""
        if self.lessons is None:
            return super().teacher_specification(seed)
        told = {"lessons": self.lessons.model_dump(mode="json"), "seed": seed}
        return {"version": 1, **self.base_specification(), **told}


def opposite(experiment: MisalignedExperiment) -> MisalignedExperiment:
    """The same experiment with the teacher of the other answers.

    Raises:
        ValueError: the teacher is untouched.
    """
    if experiment.lessons is None:
        raise ValueError("an untouched teacher has no opposite")
    turned: dict[str, Any] = {"lessons": experiment.lessons.opposite}
    if experiment.matched is not None:
        turned["matched"] = experiment.matched.opposite
    return experiment.model_copy(update=turned)
