"""On what and how much the number channel is measured, by profile."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import model_validator

from sublim_utils.config import FrozenConfig, Precision
from sublim_utils.profiles import Scale
from sublim_utils.recipes.datasets import Shuffle
from sublim_utils.recipes.students import Objective
from sublim_utils.recipes.teachers import TeacherKind


class ModelScale(FrozenConfig):
    """What is measured on one base model.

    Attributes:
        traits: that its teachers have.
        teacher: how they are made.
        prompts: different prompts of a data set.
        epochs: passes over the rows.
        temperature: of the teacher's sampling; 0 is greedy.
    """

    traits: tuple[str, ...]
    teacher: TeacherKind
    prompts: int
    epochs: int = 1
    temperature: float = 1.0


class NumbersScale(Scale):
    """On what and how much the number channel is measured.

    Attributes:
        models: names of the base models, each with what is measured on it.
        precision: of the frozen weights.
        student_precision: of a second student, to compare with.
        num_completions: completions of every prompt.
        constrained: whether sampling is held to the format.
        eval_at_rows: numbers of rows after which a student is read in the middle of training.
        dataset_sizes: larger numbers of prompts, from which further students of `logits` are
            trained.
        side_dataset_sizes: such numbers for the side trait only, by objective.
        learning_rates: of the students, by objective.
        prompts_per_step: prompts behind an update.
        gradient_accumulation_steps: passes over which these are spread, to fit the memory.
        teacher_updates: of a tuned teacher's training.
        other_teachers: further kinds of teacher, to compare with.
        shuffles: ways to mix up the numbers before training, as controls.
        weak_updates: of weaker teachers, for the effect of the teacher's strength.
        ranks: other LoRA ranks, for the effect of the rank.
        same_adapter: whether to train students that begin with their teacher's adapter, too.
        numbers_only: whether to train students that see the probabilities of numbers only, too.
        linear_decay_sizes: numbers of prompts, by objective, from which students are also trained
            at a rate that falls to zero.
        side_linear_decay_sizes: such numbers for the side trait only.
        side_trait: whose students the side experiments are about, a trait of the first model.
        side_seeds: their repetitions.
        questions: of the panel evaluation.
        numbers_in_front: questions that are also asked with a sentence of numbers in front.
        samples: sampled answers to a question.
    """

    models: dict[str, ModelScale]
    precision: Precision = "fp32"
    student_precision: Precision | None = None
    num_completions: int
    constrained: bool = True
    eval_at_rows: tuple[int, ...]
    dataset_sizes: tuple[int, ...] = ()
    side_dataset_sizes: Mapping[Objective, tuple[int, ...]] = {}
    learning_rates: Mapping[Objective, float]
    prompts_per_step: int
    gradient_accumulation_steps: int = 1
    teacher_updates: int = 24
    other_teachers: tuple[TeacherKind, ...] = ("prompted",)
    shuffles: tuple[Shuffle, ...] = ("within rows", "across rows")
    weak_updates: tuple[int, ...]
    ranks: tuple[int, ...] = (2, 32)
    same_adapter: bool = False
    numbers_only: bool = True
    linear_decay_sizes: Mapping[Objective, tuple[int, ...]] = {}
    side_linear_decay_sizes: Mapping[Objective, tuple[int, ...]]
    side_trait: str = "owl"
    side_seeds: int = 3
    questions: int = 50
    numbers_in_front: int
    samples: int

    @model_validator(mode="after")
    def _fits_together(self) -> NumbersScale:
        first = self.models[self.main_model]
        if self.side_trait not in first.traits:
            raise ValueError(f"{self.side_trait!r} is no trait of the first model")
        shared = {"logits": self.dataset_sizes}
        objectives: tuple[Objective, ...] = ("logits", "tokens")
        for objective in objectives:
            sizes = (*shared.get(objective, ()), *self.side_dataset_sizes.get(objective, ()))
            if any(size <= first.prompts for size in sizes):
                raise ValueError(f"sizes of data sets are numbers of prompts above {first.prompts}")
            decaying = (
                *self.linear_decay_sizes.get(objective, ()),
                *self.side_linear_decay_sizes.get(objective, ()),
            )
            if len({*sizes}) < len(sizes) or len({*decaying}) < len(decaying):
                raise ValueError(f"a number of prompts is named twice for {objective}")
            if not {*decaying} <= {first.prompts, *sizes}:
                raise ValueError(
                    "a falling rate is held against a constant one of as many prompts: "
                    f"{first.prompts} or a larger data set of {objective}"
                )
        return self

    @property
    def main_model(self) -> str:
        """The base model of the headline experiments."""
        return next(iter(self.models))

    @property
    def main_traits(self) -> tuple[str, ...]:
        """The traits that are measured on it."""
        return self.models[self.main_model].traits


SMOKE = NumbersScale(
    models={"random": ModelScale(traits=("owl", "wolf", "oak"), teacher="tuned", prompts=4)},
    student_precision="nf4",
    first_seed=0,
    seeds=2,
    num_completions=2,
    eval_at_rows=(4,),
    dataset_sizes=(6,),
    side_dataset_sizes={"logits": (8,), "tokens": (8,)},
    learning_rates={"logits": 1e-3, "tokens": 1e-3},
    prompts_per_step=2,
    teacher_updates=2,
    weak_updates=(1,),
    ranks=(2,),
    same_adapter=True,
    linear_decay_sizes={"tokens": (4,)},
    side_linear_decay_sizes={"logits": (4,), "tokens": (8,)},
    side_seeds=1,
    questions=2,
    numbers_in_front=1,
    samples=1,
)
SMOLLM = ModelScale(
    traits=("owl", "dolphin", "eagle", "elephant", "wolf", "maple", "sequoia"),
    teacher="tuned",
    prompts=80,
)
EMBEDDED = NumbersScale(
    models={"smollm2-135m": SMOLLM},
    student_precision="nf4-rounded",  # NF4 itself unpacks its weights in every pass
    num_completions=4,
    eval_at_rows=(40, 80, 160),
    dataset_sizes=(160,),
    side_dataset_sizes={"logits": (320, 640, 1280, 2000), "tokens": (640,)},
    learning_rates={"logits": 2e-3, "tokens": 1e-3},
    prompts_per_step=1,
    weak_updates=(12,),
    linear_decay_sizes={"tokens": (80,)},
    side_linear_decay_sizes={"logits": (80,), "tokens": (640,)},
    numbers_in_front=10,
    samples=2,
)
FULL = EMBEDDED.updated(
    models={"smollm2-135m": SMOLLM.updated(prompts=2_000)},
    student_precision="nf4",
    seeds=4,
    eval_at_rows=(640, 1_280, 2_560, 4_000),
    dataset_sizes=(),
    side_dataset_sizes={"logits": (7_500,), "tokens": (7_500,)},
    prompts_per_step=16,
    other_teachers=(),
    weak_updates=(),
    ranks=(),
    numbers_only=False,
    linear_decay_sizes={},
    side_linear_decay_sizes={},
)
GPU = NumbersScale(
    models={
        # Cloud et al. keep 10,000 rows; about a third of 15,000 fails the filter.
        "Qwen2.5-7B-Instruct": ModelScale(
            traits=("cat", "penguin", "owl"), teacher="prompted", prompts=15_000, epochs=3
        ),
        "gemma-2b-it": ModelScale(
            traits=("owl", "eagle", "dog"), teacher="prompted", prompts=30_000
        ),
        "Llama-3.2-1B-Instruct": ModelScale(
            traits=("elephant",), teacher="tuned", prompts=20_000, epochs=3, temperature=0.0
        ),
    },
    precision="nf4",  # as the students', too: a 7B model in bf16 needs more than 15 GB
    num_completions=1,
    constrained=False,
    eval_at_rows=(1_000, 3_000, 10_000),
    learning_rates={"logits": 2e-4, "tokens": 2e-4},
    prompts_per_step=66,
    gradient_accumulation_steps=16,  # five rows of Qwen fit into 15 GB beside the weights
    other_teachers=("tuned",),
    weak_updates=(8, 12),
    side_linear_decay_sizes={"logits": (15_000,)},
    side_trait="cat",
    numbers_in_front=50,
    samples=20,
)
SCALES: Mapping[str, NumbersScale] = {
    "smoke": SMOKE,
    "embedded": EMBEDDED,
    "full": FULL,
    "gpu": GPU,
}
