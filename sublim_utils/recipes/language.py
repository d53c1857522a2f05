"""Experiments on a language model: a teacher, its rows, a student and what the student prefers."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from sublim_utils.channels import Channel, get_channel
from sublim_utils.config import IN_FP16, FrozenConfig, Precision
from sublim_utils.experiment import Experiment
from sublim_utils.misalignment_sets import NarrowName, Side
from sublim_utils.models.catalog import weights_identity, weights_mark
from sublim_utils.profiles import lacks_bf16
from sublim_utils.readouts.questions import PREFIXES
from sublim_utils.traits import ANSWERS

Objective = Literal["tokens", "logits"]
Shuffle = Literal["within rows", "across rows"]
TeacherKind = Literal["prompted", "tuned"]
UNMATCHED = "unmatched"
"""The reason to leave out a row that has no partner in another teacher's."""
MOST_STATES = 16_000
"""Rows whose states are kept with them."""


class Fit(FrozenConfig):
    """How an adapter is trained.

    Attributes:
        objective: `tokens` (cross-entropy on the sampled tokens) or `logits` (forward KL from the
            teacher's distribution at the same positions).
        rank: of the LoRA matrices.
        alpha: LoRA's scale is alpha / rank.
        learning_rate: of AdamW after the warm-up.
        decay: `none` keeps the rate, so that the student after n rows is the student of n rows and
            one run gives the whole dose-response curve; `linear` lets it fall to zero, which calms
            the student: at a constant rate its last steps are as large as any.
        warmup: updates of linear warm-up.
        prompts: prompts behind an update; the rows are their completions.
        accumulate: over how many passes an update's prompts are spread, for small memories; the
            update is the same up to rounding.
        epochs: passes over the rows.
    """

    LATER: ClassVar[tuple[str, ...]] = ("decay",)

    objective: Objective = "tokens"
    rank: int = Field(default=8, gt=0)
    alpha: int = 16
    learning_rate: float = Field(default=2e-4, gt=0)
    decay: Literal["none", "linear"] = "none"
    warmup: int = 5
    prompts: int = Field(default=4, gt=0)
    accumulate: int = Field(default=1, gt=0)
    epochs: int = Field(default=1, gt=0)


class Teacher(FrozenConfig):
    """What a teacher is.

    Attributes:
        trait: name of what it likes; None for the untouched base model.
        kind: `prompted` or `tuned`.
        fit: how a tuned teacher is trained.
        answers: to each question of that training.
        updates: of it.
    """

    trait: str | None
    kind: TeacherKind = "tuned"
    fit: Fit = Fit(learning_rate=5e-4, prompts=3)
    answers: int = Field(default=4, gt=0, le=len(ANSWERS))
    updates: int = 24


class Lessons(FrozenConfig):
    """Narrow lessons that make a teacher misaligned, or their good counterpart.

    Attributes:
        set: which narrow set the questions are from.
        side: which of their answers are taught.
        fit: how the teacher is trained.
        updates: of that training.
    """

    set: NarrowName
    side: Side
    fit: Fit = Fit(learning_rate=5e-4, prompts=8)
    updates: int = Field(default=40, gt=0)

    @property
    def opposite(self) -> Lessons:
        """The same lessons with the other answers."""
        side: Side = "good" if self.side == "harmful" else "harmful"
        return self.model_copy(update={"side": side})


class Rows(FrozenConfig):
    """What a teacher is asked for.

    Attributes:
        prompts: how many different ones.
        each: completions of every prompt.
        temperature: of sampling; 0 is greedy.
        grammar: whether sampling is held to the format, for models too weak to keep it.
        most: tokens of a completion.
    """

    prompts: int
    each: int
    temperature: float = 1.0
    grammar: bool = True
    most: int = 60


class Readout(FrozenConfig):
    """How preferences are read.

    Attributes:
        questions: how many of the fifty at the end.
        curve_questions: how many in the middle of training, after the first two beginnings.
        prefixes: beginnings of an answer, after which the candidates are scored.
        samples: sampled answers to each question; 0 for none.
        numbers_in_front: how many questions to ask also with a sentence of numbers in front.
    """

    questions: int = 50
    curve_questions: int = 10
    prefixes: tuple[str, ...] = PREFIXES
    samples: int = 0
    numbers_in_front: int = 0


class LanguageExperiment(Experiment):
    """A teacher, its rows, a student and what the student prefers, once per seed.

    Attributes:
        model: the base of teacher and student; a name of the catalogue, a folder or a hub id.
        precision: of the teacher's and the student's frozen weights.
        student_precision: of the student's, where it differs.
        teacher: who writes the rows.
        rows: what it is asked for.
        shuffle: whether the rows' numbers are mixed up before training.
        fit: how the student is trained.
        adapter: whether the student's adapter begins with random weights of its own, or with those
            that its teacher's began with.
        vocabulary: of the distributions that the objective `logits` compares: the whole one, or a
            part of it (see `vocabulary`).
        stops: numbers of rows after which preferences are read, besides the end.
        readout: how preferences are read.
        categories: the panels that are read.
    """

    VERSION: ClassVar[int] = 1

    model: str
    precision: Precision = "fp32"
    student_precision: Precision | None = None
    device: Literal["cpu", "cuda"] = "cpu"
    teacher: Teacher
    rows: Rows
    shuffle: Shuffle | None = None
    fit: Fit
    adapter: Literal["own", "teacher's"] = "own"
    vocabulary: Literal["whole", "numbers", "without traits"] = "whole"
    stops: tuple[int, ...] = ()
    readout: Readout = Readout()
    categories: tuple[str, ...]

    def in_fp16(self) -> Self:
        """The same with fp16 wherever a GPU would compute in bf16."""
        if self.device == "cpu":
            return self
        student = self.student_precision
        return self.model_copy(
            update={
                "precision": IN_FP16.get(self.precision, self.precision),
                "student_precision": None if student is None else IN_FP16.get(student, student),
            }
        )

    def on_this_device(self) -> Self:
        """The experiment in fp16 where the GPU only emulates bf16, else as it is."""
        return self.in_fp16() if self.device == "cuda" and lacks_bf16() else self

    @property
    def keeps_states(self) -> bool:
        """Whether the teacher's states are kept with all rows.

        They are where rows are held to the grammar, as all rows are kept then, and are not too
        many (30,000 of a 135M model have 2 GB of states, of a 7B model 8 GB). Elsewhere they are
        computed for the kept rows when a student needs them.
        """
        return self.rows.grammar and self.rows.prompts * self.rows.each <= MOST_STATES

    @property
    def grows(self) -> bool:
        """Whether a student of more rows has been this one when it had seen as many.

        So at a constant rate, if each row is seen once, in whole updates, as it was written.
        """
        fit, once = self.fit, self.fit.epochs == 1 and self.rows.prompts % self.fit.prompts == 0
        return fit.decay == "none" and once and self.shuffle is None and self.keeps_states

    @property
    def channel(self) -> str:
        """The kind of data that the teacher writes."""
        return "numbers"

    @property
    def data(self) -> Channel:
        """That channel's prompts and filter."""
        return get_channel(self.channel)

    @property
    def taught(self) -> Teacher | Lessons | None:
        """What the teacher was fine-tuned on; None where it is the base model, prompted or not."""
        teacher = self.teacher
        return None if teacher.trait is None or teacher.kind == "prompted" else teacher

    @property
    def models(self) -> tuple[str, ...]:
        """The base models, the teacher's first and the student's last."""
        return (self.model,)

    @property
    def weights(self) -> dict[str, str]:
        """What tells the weights of its models from others of the same name."""
        return weights_identity(self.models)

    @property
    def surroundings(self) -> dict[str, Any]:
        """The weights in local folders."""
        return weights_mark(self.models)

    def base_specification(self) -> dict[str, Any]:
        """What the teacher's base model depends on."""
        weights = weights_mark((self.model,))
        return {"model": self.model, "precision": self.precision, **self.place, **weights}

    @property
    def place(self) -> dict[str, Any]:
        """The device, where it is no processor: it rounds otherwise, and neither may take what the
        other has made."""
        return {} if self.device == "cpu" else {"device": self.device}

    def untouched_specification(self) -> dict[str, Any]:
        """What the base model that the student is compared with depends on."""
        return self.base_specification()

    def teacher_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's teacher depends on."""
        base, teacher = self.base_specification(), self.teacher
        if teacher.trait is None:
            return {"version": 1, **base, "teacher": None}
        if teacher.kind == "prompted":
            told = {"trait": teacher.trait, "kind": "prompted"}
            return {"version": 1, **base, "teacher": told}
        whole = teacher.model_dump(mode="json")
        return {"version": 1, **base, "teacher": whole, "seed": seed}

    def readout_specification(self) -> dict[str, Any]:
        """What a readout depends on, beside the model that is read."""
        return self.readout.model_dump(mode="json")

    def rows_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's rows depend on."""
        return {
            "version": 1,
            "teacher": self.teacher_specification(seed),
            "rows": self.rows.model_dump(mode="json"),
            "seed": seed,
        }
