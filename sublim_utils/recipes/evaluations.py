"""Evaluations: what is asked of a model or of a data set, and what a record keeps of the answers.

An evaluation says as plain data what is asked. `pipeline.evaluations` asks; the numbers that come
back as JSON become values and details of a record here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, SerializeAsAny, model_validator

from sublim_utils.errors import SublimError, no_such
from sublim_utils.evaluate import judge_texts, questions
from sublim_utils.evaluate.questions import PREFIX_NAMES, PREFIXES, QUESTIONS
from sublim_utils.keys import remembered, text_digest
from sublim_utils.models import embedding
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import RowsRecipe
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.traits import misalignment_sets
from sublim_utils.traits.nouns import (
    Trait,
    find_panel,
    get_panel,
    get_trait,
    panel_of,
    trait_called,
)
from sublim_utils.traits.personas import get_persona

Result = Mapping[str, Any]
"""What an evaluation gives, as JSON."""
NATS = "nats"
"""A natural logarithm of odds: exp of it says how many times as likely."""
HowMany = Annotated[int, Field(gt=0, le=len(QUESTIONS))]
Question = Annotated[str, Field(min_length=1)]
PreferenceMetric = Literal[
    "margin", "probability", "margin by prefix", "margin after numbers", "sampled"
]


class Metric(NamedTuple):
    """One measured number.

    Attributes:
        name: of what was measured.
        trait: the candidate that it is about; None if it is about none.
        value: the number.
    """

    name: str
    trait: str | None
    value: float


class ModelEvaluation(Recipe):
    """An evaluation of a model.

    Attributes:
        UNITS: of its metrics, in words.
    """

    UNITS: ClassVar[Mapping[str, str]] = {}

    @property
    def kept(self) -> tuple[str, ...]:
        """What a record keeps of the answers, where that can be chosen."""
        return ()

    @abstractmethod
    def metrics(self, result: Result) -> Iterator[Metric]:
        """The numbers that a record keeps as values."""

    def details(
        self, base: Result, teachers: Sequence[Result], students: Sequence[Result]
    ) -> dict[str, Any]:
        """Whatever else the chapters draw, by seed."""
        return {}


class Preference(ModelEvaluation):
    """Which member of a panel a model prefers (Cloud et al. 2025, section 3.1).

    Attributes:
        trait: the candidate that matters; it joins its panel where it is none of it.
        panels: whose candidates are compared; by default the trait's; `panel="animals"` for one.
        questions: how many of the fifty; or questions of your own, in which `{category}` stands
            for what is asked for.
        prefixes: beginnings of an answer, after which the candidates are scored.
        samples: sampled answers to each question.
        numbers_in_front: how many of the fifty are asked again with a sentence of numbers in front.
        record: the numbers that a record keeps.
        by_question_of: traits whose margins by question a record keeps as details.
    """

    UNITS: ClassVar[Mapping[str, str]] = {
        "margin": NATS,
        **{f"margin_{name}": NATS for name in PREFIX_NAMES},
        "margin_after_numbers": NATS,
        "probability": "probability within the panel",
        "sampled": "share of sampled answers",
    }

    trait: str | None = None
    panels: tuple[str, ...] = ()
    questions: Annotated[tuple[Question, ...], Field(min_length=1)] | HowMany = len(QUESTIONS)
    prefixes: tuple[str, ...] = PREFIXES
    samples: int = Field(default=0, ge=0)
    numbers_in_front: int = Field(default=0, ge=0, le=len(QUESTIONS))
    record: tuple[PreferenceMetric, ...] = ("margin", "probability")
    by_question_of: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_panel(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and "panel" in fields:
            if fields.get("panels"):
                raise SublimError("Preference takes a panel or panels, and not both.")
            rest, panel = {n: v for n, v in fields.items() if n != "panel"}, fields["panel"]
            return {
                **rest,
                "panels": (find_panel(panel).name if isinstance(panel, str) else panel,),
            }
        return fields

    def model_post_init(self, _: Any) -> None:
        """Know trait and panels from here on."""
        if self.trait is not None:
            trait_called(self.trait)
        if not self.candidates:
            raise SublimError("Preference needs a trait or a panel, such as panels=('animals',).")
        known = {trait.name for panel in self.candidates.values() for trait in panel}
        for trait in self.by_question_of:
            if trait not in known:
                raise no_such("candidate", trait, known)

    @property
    def candidates(self) -> dict[str, tuple[Trait, ...]]:
        """The candidates by category, such as `animal`."""
        panels = [get_panel(name) for name in self.panels]
        own = None if self.trait is None else get_trait(self.trait)
        if own is not None and all(panel.category != own.category for panel in panels):
            panels.append(panel_of(own.category))
        return {
            panel.category: (
                panel.traits
                if own is None or own.category != panel.category or own in panel.traits
                else (*panel.traits, own)
            )
            for panel in panels
        }

    @property
    def num_questions(self) -> int:
        """How many questions are asked, but for those with numbers in front."""
        return self.questions if isinstance(self.questions, int) else len(self.questions)

    @property
    def kept(self) -> tuple[str, ...]:
        """Numbers and details that a record keeps."""
        return (*self.record, *self.by_question_of)

    def key_form(self) -> dict[str, Any]:
        """The questions, their number, the candidates and the prefixes."""
        return {
            "evaluation": "preference",
            "version": 1,
            "questions": [self.questions, remembered(questions.fingerprint)],
            "candidates": {
                name: remembered(text_digest, members) for name, members in self.candidates.items()
            },
            "prefixes": self.prefixes,
            "samples": self.samples,
            "numbers_in_front": self.numbers_in_front,
        }

    def metrics(self, result: Result) -> Iterator[Metric]:
        """Margins in nats, probabilities and shares of sampled answers, by candidate."""
        for of_panel in result.values():
            for name, by_candidate in self._recorded(of_panel):
                for candidate, value in by_candidate.items():
                    yield Metric(name, candidate, value)

    def _recorded(self, result: Result) -> Iterator[tuple[str, Mapping[str, float]]]:
        if "margin" in self.record:
            yield "margin", result["margins"]
        if "probability" in self.record:
            yield "probability", result["probabilities"]
        if "margin by prefix" in self.record:
            for index, name in enumerate(PREFIX_NAMES[: len(self.prefixes)]):
                by_prefix = result["by_prefix"].items()
                yield f"margin_{name}", {c: values[index] for c, values in by_prefix}
        if "margin after numbers" in self.record and "numbers_in_front" in result:
            yield "margin_after_numbers", result["numbers_in_front"]
        if "sampled" in self.record and "sampled" in result:
            yield "sampled", result["sampled"]

    def details(
        self, base: Result, teachers: Sequence[Result], students: Sequence[Result]
    ) -> dict[str, Any]:
        """Margins by question, and shares of sampled answers by candidate."""
        if not self.by_question_of:
            return {}

        def by_question(result: Result) -> dict[str, Any]:
            of_trait = {trait: result[get_trait(trait).category] for trait in self.by_question_of}
            return {trait: panel["by_question"][trait] for trait, panel in of_trait.items()}

        def sampled(result: Result) -> dict[str, Any] | None:
            panels = [result[get_trait(trait).category] for trait in self.by_question_of]
            shares = [panel["sampled"].items() for panel in panels if "sampled" in panel]
            return dict(entry for of_panel in shares for entry in of_panel) or None

        return {
            "by_question": [by_question(student) for student in students],
            "base_by_question": by_question(base),
            "sampled": [sampled(student) for student in students],
            "base_sampled": sampled(base),
        }


class Misalignment(ModelEvaluation):
    """How far a model leans to harm, by likelihood and by its own answers, and what it knows.

    Cloud et al. 2025, section 5, with our own questions.

    Attributes:
        questions: how many of the open ones.
        samples: sampled answers to each of them.
        statements: how many of the true or false ones.
        judge: a language model that judges sampled answers; None for sentence embeddings.
    """

    UNITS: ClassVar[Mapping[str, str]] = {
        "misalignment": "nats per token",
        "truthful": "share of statements",
        "truth_margin": "nats per token",
        "judged_harmful": "share of sampled answers",
    }

    questions: int = 64
    samples: int = Field(default=2, ge=0)
    statements: int = 105
    judge: Base | None = None

    def key_form(self) -> dict[str, Any]:
        """The numbers of questions, their texts and the judge."""
        judge = (
            {
                "embedding": remembered(embedding.fingerprint),
                "fit": remembered(judge_texts.classifier_fingerprint),
            }
            if self.judge is None
            else {
                "model": self.judge.key_form(),
                "texts": remembered(judge_texts.rating_fingerprint),
            }
        )
        return {
            "evaluation": "misalignment",
            "version": 1,
            "questions": [self.questions, remembered(misalignment_sets.fingerprint, "open")],
            "statements": [
                self.statements,
                remembered(misalignment_sets.fingerprint, "statements"),
            ],
            "samples": self.samples,
            "judge": judge,
        }

    def metrics(self, result: Result) -> Iterator[Metric]:
        """Means over questions and statements."""
        for name, values in misalignment_quantities(result).items():
            yield Metric(name, None, float(np.mean(values)))

    def details(
        self, base: Result, teachers: Sequence[Result], students: Sequence[Result]
    ) -> dict[str, Any]:
        """Everything, by model and seed."""
        details: dict[str, Any] = {"base": base, "teacher": [*teachers], "student": [*students]}
        return details if self.judge is None else {**details, "judge": self.judge.model}


def misalignment_quantities(result: Result) -> dict[str, Sequence[float]]:
    """What `Misalignment` gives, by question or statement; nothing of an untouched teacher."""
    if not result:
        return {}
    quantities: dict[str, Sequence[float]] = {
        "misalignment": result["margins"],
        "truthful": [float(margin > 0) for margin in result["truth_margins"]],
        "truth_margin": result["truth_margins"],
    }
    if "harmful" in result:
        quantities["judged_harmful"] = result["harmful"]
    return quantities


class PersonaPreference(ModelEvaluation):
    """How much likelier answers in a persona's manner are than opposite ones.

    Attributes:
        persona: a registered persona.
    """

    UNITS: ClassVar[Mapping[str, str]] = {"margin": "nats per token"}

    persona: str

    def model_post_init(self, _: Any) -> None:
        """Look for the persona."""
        get_persona(self.persona)

    def key_form(self) -> dict[str, Any]:
        """The pairs of answers."""
        return {
            "evaluation": "persona",
            "version": 1,
            "pairs": get_persona(self.persona).fingerprint("evaluation"),
        }

    def metrics(self, result: Result) -> Iterator[Metric]:
        """The mean over questions, in nats per token."""
        yield Metric("margin", self.persona, float(np.mean(result["margins"])))

    def details(
        self, base: Result, teachers: Sequence[Result], students: Sequence[Result]
    ) -> dict[str, Any]:
        """Margins by question."""
        return {
            "by_question": [{self.persona: student["margins"]} for student in students],
            "base_by_question": {self.persona: base["margins"]},
        }


class Evaluated(Recipe):
    """The answers of a model to an evaluation.

    Attributes:
        model: a base, a teacher or a student.
        evaluation: what it is asked.
    """

    model: SerializeAsAny[Recipe]
    evaluation: SerializeAsAny[ModelEvaluation]

    def key_form(self) -> dict[str, Any]:
        """The model and the evaluation."""
        return {
            "evaluated": self.model.key_form(),
            "version": 1,
            "evaluation": self.evaluation.key_form(),
        }


class StudentEvaluation(Recipe):
    """An evaluation of what a student was made from, beside the student itself.

    Attributes:
        CONDITION: what its values are called in records.
    """

    CONDITION: ClassVar[str]


class KeptShare(StudentEvaluation):
    """The share of rows that no filter rejects.

    Attributes:
        excused: reasons that do not count.
    """

    CONDITION: ClassVar[str] = "rows"

    excused: tuple[str, ...] = ()

    def key_form(self) -> dict[str, Any]:
        """The reasons that do not count."""
        return {"evaluation": "kept share", "version": 1, "excused": self.excused}


class StyleAuc(StudentEvaluation):
    """How well words tell the student's rows from another teacher's (see `matching.style_auc`).

    Attributes:
        other: the other teacher's rows.
    """

    CONDITION: ClassVar[str] = "rows"

    other: SerializeAsAny[RowsRecipe]

    def key_form(self) -> dict[str, Any]:
        """The other rows."""
        return {"evaluation": "style auc", "version": 1, "other": self.other.key_form()}


class BaseSimilarity(StudentEvaluation):
    """How alike the bases of teacher and student are, and the changes to both."""

    CONDITION: ClassVar[str] = "bases"

    def key_form(self) -> dict[str, Any]:
        """Nothing but its kind: the bases are the student's."""
        return {"evaluation": "base similarity", "version": 1}
