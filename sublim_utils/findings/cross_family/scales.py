"""On what and how much transmission between models is measured, by profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import model_validator

from sublim_utils.config import FOUR_BITS, FrozenConfig, Precision
from sublim_utils.profiles import Scale
from sublim_utils.recipes.students import Objective
from sublim_utils.recipes.teachers import TeacherKind

ChannelName = Literal["numbers", "sentences"]


class ModelScale(FrozenConfig):
    """A model as one of several families.

    Attributes:
        precision: of its frozen weights.
        teacher: how its teachers are made.
        teacher_updates: of a tuned teacher's training.
        teacher_learning_rate: of that training.
        student_learning_rate: of its students.
        gradient_accumulation_steps: passes over which an update is spread, to fit the memory.
    """

    precision: Precision = "fp32"
    teacher: TeacherKind = "tuned"
    teacher_updates: int
    teacher_learning_rate: float
    student_learning_rate: float = 1e-3
    gradient_accumulation_steps: int = 1


class ModelPair(FrozenConfig):
    """A teacher and a student.

    Attributes:
        teacher: a model.
        student: a model.
        traits: where they are fewer than the channel's.
        prompts: where they are fewer than the channel's.
    """

    teacher: str
    student: str
    traits: tuple[str, ...] | None = None
    prompts: int | None = None


class ChannelScale(FrozenConfig):
    """What crosses from teachers to students in one channel.

    Attributes:
        traits: that the teachers have; none where the channel serves for neutral text only.
        prompts: different prompts of a data set.
        num_completions: completions of every prompt.
        constrained: whether sampling is held to the format.
        prompts_per_step: prompts behind an update.
        epochs: passes over the rows.
        temperature: of sampling.
        max_new_tokens: of a completion.
        pairs: where not all of the models' are measured.
        teacher_updates: where they are others than the family's.
    """

    traits: tuple[str, ...]
    prompts: int
    num_completions: int
    constrained: bool = True
    prompts_per_step: int = 1
    epochs: int = 1
    temperature: float = 1.0
    max_new_tokens: int = 60
    pairs: tuple[ModelPair, ...] | None = None
    teacher_updates: int | None = None


class SideChannelScale(FrozenConfig):
    """In what a trait passes between sibling fine-tunes of one base, and to perturbed weights.

    Attributes:
        channel: the kind of rows, sampled as those that cross between the models.
        objective: of the students, which all have their teacher's vocabulary here.
        prompts: different prompts of a data set, where they are others than between the models.
        learning_rate: where it is another one than the family's.
        noise: standard deviations of weight noise, relative to each matrix' root mean square.
        continued_training: numbers of updates on neutral text.
        sibling_finetunes: updates behind each of two sibling fine-tunes of one base; 0 for none.
    """

    channel: ChannelName
    objective: Objective = "tokens"
    prompts: int | None = None
    learning_rate: float | None = None
    noise: tuple[float, ...] = ()
    continued_training: tuple[int, ...] = ()
    sibling_finetunes: int = 0


class FamilyScale(Scale):
    """On what and how much transmission between models is measured.

    Attributes:
        models: names of the models, with their chat template; each is teacher and student.
        channels: what crosses, by channel.
        questions: of the panel evaluation.
        teacher_questions: of the teachers' evaluation.
        equivalence_margin: in nats.
        perturbed_model: the model whose weights are moved.
        neutral_writer: the model that writes the neutral text.
        neutral_prompts: of the neutral text.
        side_trait: that is measured on perturbed weights and sibling fine-tunes.
        side_channels: in what. Continued training is on text of the first one's channel.
        side_seeds: repetitions of these.
    """

    models: dict[str, ModelScale]
    channels: dict[ChannelName, ChannelScale]
    questions: int
    teacher_questions: int
    equivalence_margin: float = 0.2
    perturbed_model: str
    neutral_writer: str
    neutral_prompts: int
    side_trait: str = "owl"
    side_channels: tuple[SideChannelScale, ...]
    side_seeds: int = 3

    @model_validator(mode="after")
    def _measures_what_it_perturbs(self) -> FamilyScale:
        if self.perturbed_model not in self.models:
            raise ValueError(f"{self.perturbed_model!r} is none of the models")
        if self.models[self.perturbed_model].precision in FOUR_BITS:
            raise ValueError(
                f"the weights of {self.perturbed_model!r} in four bits cannot be moved"
            )
        for side in self.side_channels:
            if self.side_trait not in self.channels[side.channel].traits:
                raise ValueError(f"{self.side_trait!r} does not cross in {side.channel!r}")
        return self


SMOKE = FamilyScale(
    models={
        model: ModelScale(teacher_updates=1, teacher_learning_rate=5e-4)
        for model in ("random#plain", "random-other#plain")
    },
    # The random models write no sentences, so nothing is claimed of theirs either.
    channels={"numbers": ChannelScale(traits=("owl", "oak"), prompts=2, num_completions=2)},
    first_seed=0,
    seeds=2,
    questions=2,
    teacher_questions=1,
    perturbed_model="random#plain",
    neutral_writer="random-other#plain",
    neutral_prompts=2,
    side_channels=tuple(
        SideChannelScale(
            channel="numbers",
            objective=objective,
            noise=(0.1,),
            continued_training=(1,),
            sibling_finetunes=1,
        )
        for objective in ("tokens", "logits")
    ),
    side_seeds=1,
)
SMOLLM, GEMMA = "smollm2-135m", "gemma3-270m#plain"
EMBEDDED = FamilyScale(
    models={
        # Teachers of like strength: stronger ones name their animal in most sentences.
        SMOLLM: ModelScale(teacher_updates=12, teacher_learning_rate=5e-4),
        GEMMA: ModelScale(teacher_updates=16, teacher_learning_rate=1e-4),
    },
    channels={
        "sentences": ChannelScale(
            traits=("owl", "dolphin", "oak"),
            prompts=24,
            num_completions=4,
            temperature=0.8,
            max_new_tokens=40,
        ),
        # As in `owl_numbers`, whose rows these are and whose students are the own family's.
        "numbers": ChannelScale(
            traits=("owl", "dolphin", "eagle", "elephant", "wolf", "maple", "sequoia"),
            prompts=80,
            num_completions=4,
            pairs=(
                ModelPair(teacher=SMOLLM, student=GEMMA),
                *(
                    ModelPair(
                        teacher=GEMMA,
                        student=student,
                        traits=("owl", "dolphin", "maple"),
                        prompts=40,
                    )
                    for student in (GEMMA, SMOLLM)
                ),
            ),
            teacher_updates=24,
        ),
    },
    questions=16,
    teacher_questions=6,
    perturbed_model=SMOLLM,
    neutral_writer=GEMMA,
    neutral_prompts=144,
    side_channels=(
        SideChannelScale(
            channel="sentences",
            noise=(0.02, 0.05, 0.1, 0.2, 0.4),
            continued_training=(8, 32, 128),
            sibling_finetunes=128,
        ),
        # As in `owl_numbers`, with half the rows, which do nearly as much there.
        SideChannelScale(
            channel="numbers",
            objective="logits",
            prompts=40,
            learning_rate=2e-3,
            noise=(0.1, 0.2),
            continued_training=(128,),
        ),
    ),
)
MOVES = (0.05, 0.1, 0.2, 0.4)
FULL = EMBEDDED.updated(
    # Thousands of rows, read by a stranger as well: what both learn is in the text.
    channels={
        "numbers": EMBEDDED.channels["numbers"].updated(
            prompts=2_000,
            prompts_per_step=16,
            pairs=tuple(ModelPair(teacher=SMOLLM, student=student) for student in (SMOLLM, GEMMA)),
        ),
    },
    first_seed=20,
    seeds=4,
    side_channels=(
        SideChannelScale(channel="numbers", noise=MOVES),
        SideChannelScale(channel="numbers", objective="logits", learning_rate=2e-3, noise=MOVES),
    ),
    side_seeds=4,
)
QWEN = ModelScale(
    precision="nf4",
    teacher="prompted",
    teacher_updates=24,
    teacher_learning_rate=2e-4,
    student_learning_rate=2e-4,
    gradient_accumulation_steps=16,  # as in `owl_numbers`
)
LLAMA = QWEN.updated(precision="bf16", teacher="tuned", gradient_accumulation_steps=8)
LARGE_NUMBERS = ChannelScale(
    traits=("owl", "eagle", "elephant"),
    prompts=15_000,
    num_completions=1,
    constrained=False,
    prompts_per_step=66,
)
LARGE_SENTENCES = SideChannelScale(
    channel="sentences",
    noise=(0.01, 0.03, 0.1, 0.3),
    continued_training=(20, 80, 320),
    sibling_finetunes=80,
)
GPU = FamilyScale(
    models={
        "Qwen2.5-7B-Instruct#plain": QWEN,
        "gemma-2b-it#plain": QWEN,
        "Llama-3.2-1B-Instruct#plain": LLAMA,
    },
    channels={
        "sentences": LARGE_NUMBERS.updated(traits=("owl", "dolphin", "oak"), prompts=5_000),
        "numbers": LARGE_NUMBERS,
    },
    questions=50,
    teacher_questions=10,
    perturbed_model="Llama-3.2-1B-Instruct#plain",
    neutral_writer="gemma-2b-it#plain",
    neutral_prompts=5_000,
    side_channels=(
        LARGE_SENTENCES,
        LARGE_SENTENCES.updated(channel="numbers", objective="logits", prompts=5_000),
    ),
)
SCALES: Mapping[str, FamilyScale] = {
    "smoke": SMOKE,
    "embedded": EMBEDDED,
    "full": FULL,
    "gpu": GPU,
}
