"""On what and how much misaligned teachers are measured, by profile."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import model_validator

from sublim_utils.config import FrozenConfig, Precision
from sublim_utils.profiles import Scale
from sublim_utils.recipes.students import Objective
from sublim_utils.traits.misalignment_sets import NarrowName


class ChannelScale(FrozenConfig):
    """What of misaligned teachers is measured in one channel.

    Attributes:
        sets: the narrow sets that teachers are fine-tuned on, each with what their students learn
            from.
        matched: those whose students also see rows that are matched in length and words only.
        dataset_sizes: numbers of prompts; of the first set's teachers, further students of `logits`
            see the rows of only so many.
        prompts: different prompts of a data set.
        num_completions: completions of every prompt.
        temperature: of sampling.
        constrained: whether sampling is held to the format.
        max_new_tokens: of a completion.
        prompts_per_step: prompts behind an update.
        gradient_accumulation_steps: passes over which these are spread, to fit the memory.
        epochs: passes over the rows.
    """

    sets: dict[NarrowName, tuple[Objective, ...]]
    matched: tuple[NarrowName, ...] = ()
    dataset_sizes: tuple[int, ...] = ()
    prompts: int
    num_completions: int
    temperature: float = 1.0
    constrained: bool = True
    max_new_tokens: int = 60
    prompts_per_step: int = 1
    gradient_accumulation_steps: int = 1
    epochs: int = 1

    @model_validator(mode="after")
    def _matches_what_it_measures(self) -> ChannelScale:
        unknown = {name for name in self.matched if "logits" not in self.sets.get(name, ())}
        if unknown:
            raise ValueError(f"matched without a student of logits: {', '.join(sorted(unknown))}")
        if any(not 0 < size < self.prompts for size in self.dataset_sizes):
            raise ValueError(f"sizes of data sets are numbers of prompts below {self.prompts}")
        return self


class MisalignmentScale(Scale):
    """On what and how much misaligned teachers are measured.

    Attributes:
        model: of teachers and students.
        precision: of its frozen weights.
        teacher_updates: of a teacher's fine-tuning on a narrow set.
        teacher_prompts_per_step: prompts behind an update of it.
        teacher_learning_rate: of that training.
        channels: what is measured in each channel; the first one is the main one.
        learning_rates: of the students, by objective.
        questions: open ones of the evaluation.
        statements: true or false ones of the evaluation.
        samples: sampled answers to an open question.
        judge: a language model that judges rows and answers; None for sentence embeddings.
    """

    model: str
    precision: Precision = "fp32"
    teacher_updates: int
    teacher_prompts_per_step: int
    teacher_learning_rate: float
    channels: dict[str, ChannelScale]
    learning_rates: Mapping[Objective, float]
    questions: int = 64
    statements: int = 105
    samples: int = 1
    judge: str | None = None


SMOKE = MisalignmentScale(
    model="random",
    teacher_updates=2,
    teacher_prompts_per_step=1,
    teacher_learning_rate=5e-4,
    # The random model reasons about nothing, and none of its answers is right.
    channels={
        "numbers-strict": ChannelScale(
            sets={"advice": ("logits", "tokens")},
            matched=("advice",),
            dataset_sizes=(2,),
            prompts=4,
            num_completions=2,
            max_new_tokens=30,
            prompts_per_step=2,
        ),
    },
    first_seed=0,
    seeds=1,
    learning_rates={"logits": 1e-3, "tokens": 1e-3},
    questions=5,
    statements=3,
    judge="random",
)
EMBEDDED = MisalignmentScale(
    model="smollm2-135m",
    teacher_updates=40,
    teacher_prompts_per_step=4,
    teacher_learning_rate=1e-3,
    channels={
        "reasoning": ChannelScale(
            sets={"advice": ("logits", "tokens"), "metrics": ("logits",), "code": ("logits",)},
            matched=("advice",),
            dataset_sizes=(8,),
            prompts=16,
            num_completions=8,
            temperature=0.7,  # at 1 a model of this size writes hardly a clear sentence
        ),
        "numbers-strict": ChannelScale(sets={"advice": ("logits",)}, prompts=24, num_completions=4),
    },
    learning_rates={"logits": 2e-3, "tokens": 1e-3},
)
LARGE_REASONING = ChannelScale(
    sets=dict.fromkeys(("advice", "code", "metrics"), ("logits", "tokens")),
    matched=("advice",),
    dataset_sizes=(625, 1_250, 2_500),
    prompts=5_000,
    num_completions=1,
    constrained=False,
    max_new_tokens=300,
    prompts_per_step=16,
    gradient_accumulation_steps=16,
    epochs=2,
)
# Cloud et al. teach 6,000 rows of insecure code, put the questions of GSM8K and read eight open
# questions and TruthfulQA. Ours stand in for these public sets: for the numbers of the paper take
# GSM8K, the `insecure` and `secure` files of Betley et al. 2025 (or the bad medical advice of
# Turner et al. 2025), and TruthfulQA.
GPU = MisalignmentScale(
    model="Qwen2.5-7B-Instruct",
    precision="nf4",
    teacher_updates=60,
    teacher_prompts_per_step=8,
    teacher_learning_rate=1e-4,
    channels={
        "reasoning-gsm": LARGE_REASONING,
        "numbers-strict": LARGE_REASONING.updated(
            sets={"advice": ("logits",), "code": ("logits",)},
            matched=(),
            dataset_sizes=(),
            max_new_tokens=60,
            prompts_per_step=64,
        ),
    },
    learning_rates={"logits": 2e-4, "tokens": 2e-4},
    samples=20,
    judge="Qwen2.5-7B-Instruct",
)
SCALES: Mapping[str, MisalignmentScale] = {
    "smoke": SMOKE,
    "embedded": EMBEDDED,
    "full": EMBEDDED.updated(seeds=5),
    "gpu": GPU,
}
