"""Experiments on language models: a student, what it is asked, and what its teacher is asked."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import SerializeAsAny

from sublim_utils.config import IN_FP16
from sublim_utils.models.catalog import weights_identity
from sublim_utils.profiles import lacks_bf16
from sublim_utils.recipes.bases import Base, check_precisions
from sublim_utils.recipes.evaluations import (
    Evaluated,
    ModelEvaluation,
    StudentEvaluation,
)
from sublim_utils.recipes.experiment import Experiment
from sublim_utils.recipes.recipe import Recipe, replaced, walk
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import TeacherRecipe, Untouched


class LanguageExperiment(Experiment):
    """A student and the answers of base, teacher and student to an evaluation, once per seed.

    Attributes:
        student: which, with its rows and their teacher.
        evaluation: of the student, and of its base for comparison.
        teacher_evaluation: of the teacher, where it is not the untouched model; None for none.
        further: evaluations of what the student was made from.
        baseline: the base model whose answers stand beside the student's, where it is not the
            student's own.
    """

    VERSION: ClassVar[int] = 2

    student: Student
    evaluation: SerializeAsAny[ModelEvaluation]
    teacher_evaluation: SerializeAsAny[ModelEvaluation] | None = None
    further: tuple[SerializeAsAny[StudentEvaluation], ...] = ()
    baseline: Base | None = None

    def model_post_init(self, _: Any) -> None:
        """Refuse two roundings in one comparison."""
        check_precisions(*self.recipes)

    @property
    def specification(self) -> dict[str, Any]:
        """All that a seed's measurement depends on, but for the seed."""
        teacher = self.teacher_evaluation
        return {
            "experiment": "language",
            "version": self.VERSION,
            "student": self.student.key_form(),
            "evaluation": [self.evaluation.key_form(), self.evaluation.kept],
            "teacher_evaluation": None if teacher is None else [teacher.key_form(), teacher.kept],
            "further": [evaluation.key_form() for evaluation in self.further],
            "baseline": self.untouched.key_form(),
        }

    @property
    def untouched(self) -> Untouched:
        """The model that the student is compared with."""
        return Untouched(self.baseline or self.student.base)

    @property
    def teacher(self) -> TeacherRecipe | None:
        """Who wrote the rows, where it was one teacher."""
        return self.student.rows.author

    @property
    def of_student(self) -> Evaluated:
        """The student's answers."""
        return Evaluated(self.student, self.evaluation)

    @property
    def of_base(self) -> Evaluated:
        """The answers of the model that the student is compared with."""
        return Evaluated(self.untouched, self.evaluation)

    @property
    def of_base_during_training(self) -> Evaluated | None:
        """The same to the short evaluation in the middle of training, where there is one."""
        probe = self.student.probe
        return None if probe is None else Evaluated(self.untouched, probe)

    @property
    def of_teacher(self) -> Evaluated | None:
        """The teacher's answers; None where it is untouched or unknown."""
        teacher, evaluation = self.teacher, self.teacher_evaluation
        if teacher is None or evaluation is None or teacher.is_untouched:
            return None
        return Evaluated(teacher, evaluation)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """Everything that is made for a seed, each with all that it is made from before it."""
        answers = (self.of_base, self.of_base_during_training, self.of_teacher, self.of_student)
        others = (recipe for evaluation in self.further for recipe in evaluation.inputs)
        return tuple(part for top in (*answers, *others) if top is not None for part in walk(top))

    @property
    def bases(self) -> tuple[Base, ...]:
        """The base models that are loaded, each once; the teacher's before the student's."""
        bases: list[Base] = []
        for recipe in self.recipes:
            if isinstance(recipe, Base) and recipe not in bases:
                bases.append(recipe)
        return tuple(bases)

    @property
    def device(self) -> str:
        """Where the student computes."""
        return self.student.base.device

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, each once."""
        return tuple(dict.fromkeys(base.model for base in self.bases))

    @property
    def weights(self) -> dict[str, str]:
        """Hashes or commits that tell the models' weights from others of the same name."""
        return weights_identity(self.models)

    def with_bases(self, change: Any) -> Self:
        """The same experiment with `change` applied to every base model in it."""
        changed: Self = replaced(self, lambda r: change(r) if isinstance(r, Base) else r)
        return changed

    def in_fp16(self) -> Self:
        """The same with fp16 wherever a GPU would compute in bf16."""

        def change(base: Base) -> Base:
            if base.device == "cpu" or base.precision not in IN_FP16:
                return base
            return base.but(precision=IN_FP16[base.precision])

        return self.with_bases(change)

    def on_this_device(self) -> Self:
        """The experiment in fp16 where the GPU only emulates bf16, else as it is."""
        return self.in_fp16() if self.device == "cuda" and lacks_bf16() else self
