"""The scales at which a finding can run. A profile is data; no code branches on its name."""

from __future__ import annotations

import os
from typing import Any, Literal, TypeVar

from pydantic import model_validator

from sublim_utils.config import FOUR_BITS, FrozenConfig, Precision
from sublim_utils.errors import SublimError, no_such


class MnistScale(FrozenConfig):
    """How much data and how many seeds the MNIST findings take."""

    seeds: int
    sweep_seeds: int
    train_images: int
    noise_images: int
    test_images: int
    batch: int


class TheoremScale(FrozenConfig):
    """How much the theorem is measured on.

    Attributes:
        seeds: repetitions.
        images: behind each expectation.
        steps: after how many steps of a teacher a student takes its one.
        samples: numbers of sampled classes behind a student's step.
    """

    seeds: int
    images: int
    steps: tuple[int, ...]
    samples: tuple[int, ...]


class Subject(FrozenConfig):
    """What is measured on one base model.

    Attributes:
        traits: that its teachers have.
        teacher: `tuned` or `prompted`.
        prompts: different prompts of a data set.
        epochs: passes over the rows.
        temperature: of the teacher's sampling; 0 is greedy.
    """

    traits: tuple[str, ...]
    teacher: Literal["tuned", "prompted"]
    prompts: int
    epochs: int = 1
    temperature: float = 1.0


class NumbersScale(FrozenConfig):
    """On what and how much the number channel is measured.

    Attributes:
        models: names of the base models, each with what is measured on it.
        precision: of the frozen weights.
        student_precision: of a second student, to compare with.
        first_seed: of the reported ones; settings are chosen on others.
        seeds: repetitions.
        each: completions of every prompt.
        grammar: whether sampling is held to the format.
        stops: numbers of rows after which a student is read in the middle of training.
        doses: larger numbers of prompts, from which further students of `logits` are trained.
        side_doses: such numbers for the side trait only, by objective.
        logits_rate: learning rate of the objective `logits`.
        tokens_rate: learning rate of the objective `tokens`.
        update_prompts: prompts behind an update.
        accumulate: passes over which these are spread, to fit the memory.
        teacher_updates: of a tuned teacher's training.
        other_teachers: further kinds of teacher, to compare with.
        shuffles: ways to mix up the numbers before training, as controls.
        weak_updates: of weaker teachers, for the effect of the teacher's strength.
        ranks: other LoRA ranks, for the effect of the rank.
        same_adapter: whether to train students that begin with their teacher's adapter, too.
        numbers_only: whether to train students that see the probabilities of numbers only, too.
        falling: numbers of prompts, by objective, from which students are also trained at a rate
            that falls to zero.
        side_falling: such numbers for the side trait only.
        side_trait: whose students the side experiments are about, a trait of the first model.
        side_seeds: their repetitions.
        questions: of the panel readout.
        numbers_in_front: questions that are also asked with a sentence of numbers in front.
        samples: sampled answers to a question.
    """

    models: dict[str, Subject]
    precision: Precision
    student_precision: Precision | None
    first_seed: int
    seeds: int
    each: int
    grammar: bool
    stops: tuple[int, ...]
    doses: tuple[int, ...]
    side_doses: dict[Literal["tokens", "logits"], tuple[int, ...]]
    logits_rate: float
    tokens_rate: float
    update_prompts: int
    accumulate: int
    teacher_updates: int
    other_teachers: tuple[Literal["tuned", "prompted"], ...]
    shuffles: tuple[Literal["within rows", "across rows"], ...]
    weak_updates: tuple[int, ...]
    ranks: tuple[int, ...]
    same_adapter: bool
    numbers_only: bool
    falling: dict[Literal["tokens", "logits"], tuple[int, ...]]
    side_falling: dict[Literal["tokens", "logits"], tuple[int, ...]]
    side_trait: str
    side_seeds: int
    questions: int
    numbers_in_front: int
    samples: int

    @model_validator(mode="after")
    def _fits_together(self) -> NumbersScale:
        first = next(iter(self.models.values()))
        if self.side_trait not in first.traits:
            raise ValueError(f"{self.side_trait!r} is no trait of the first model")
        shared = {"logits": self.doses}
        for objective in ("logits", "tokens"):
            doses = (*shared.get(objective, ()), *self.side_doses.get(objective, ()))
            if any(dose <= first.prompts for dose in doses):
                raise ValueError(f"doses are numbers of prompts above {first.prompts}")
            falling = (*self.falling.get(objective, ()), *self.side_falling.get(objective, ()))
            if len({*doses}) < len(doses) or len({*falling}) < len(falling):
                raise ValueError(f"a number of prompts is named twice for {objective}")
            if not {*falling} <= {first.prompts, *doses}:
                raise ValueError(
                    "a falling rate is held against a constant one of as many prompts: "
                    f"{first.prompts} or a dose of {objective}"
                )
        return self


class Family(FrozenConfig):
    """A model as one of several families.

    Attributes:
        precision: of its frozen weights.
        teacher: `tuned` or `prompted`.
        teacher_updates: of a tuned teacher's training.
        teacher_rate: learning rate of that training.
        student_rate: learning rate of its students.
        accumulate: passes over which an update is spread, to fit the memory.
    """

    precision: Precision
    teacher: Literal["tuned", "prompted"]
    teacher_updates: int
    teacher_rate: float
    student_rate: float
    accumulate: int = 1


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


class Crossing(FrozenConfig):
    """What crosses from teachers to students in one channel.

    Attributes:
        traits: that the teachers have; none where the channel serves for neutral text only.
        prompts: different prompts of a data set.
        each: completions of every prompt.
        grammar: whether sampling is held to the format.
        update_prompts: prompts behind an update.
        epochs: passes over the rows.
        temperature: of sampling.
        most: tokens of a completion.
        pairs: where not all of the models' are measured.
        teacher_updates: where they are others than the family's.
    """

    traits: tuple[str, ...]
    prompts: int
    each: int
    grammar: bool
    update_prompts: int
    epochs: int = 1
    temperature: float = 1.0
    most: int = 60
    pairs: tuple[ModelPair, ...] | None = None
    teacher_updates: int | None = None


class Side(FrozenConfig):
    """In what a trait passes between descendants, and to moved weights.

    Attributes:
        channel: the kind of rows, sampled as those that cross between the models.
        objective: of the students, which all have their teacher's vocabulary here.
        prompts: different prompts of a data set, where they are others than between the models.
        learning_rate: where it is another one than the family's.
        noise: standard deviations of weight noise, relative to each matrix' root mean square.
        continued: updates of continued training on neutral text.
        descendants: updates behind each of two descendants of one base; 0 for none.
    """

    channel: Literal["numbers", "sentences"]
    objective: Literal["tokens", "logits"] = "tokens"
    prompts: int | None = None
    learning_rate: float | None = None
    noise: tuple[float, ...] = ()
    continued: tuple[int, ...] = ()
    descendants: int = 0


class FamilyScale(FrozenConfig):
    """On what and how much transmission between models is measured.

    Attributes:
        models: names of the models, with their chat template; each is teacher and student.
        channels: what crosses, by channel.
        first_seed: of the reported ones; settings are chosen on others.
        seeds: repetitions.
        questions: of the panel readout.
        curve_questions: of the teachers' readout.
        margin: of equivalence, in nats.
        moved: the model whose weights are moved.
        neutral_writer: the model that writes the neutral text.
        neutral_prompts: of the neutral text.
        side_trait: that is measured on moved weights and descendants.
        sides: in what. Continued training is on text of the first one's channel.
        side_seeds: repetitions of these.
    """

    models: dict[str, Family]
    channels: dict[Literal["numbers", "sentences"], Crossing]
    first_seed: int
    seeds: int
    questions: int
    curve_questions: int
    margin: float
    moved: str
    neutral_writer: str
    neutral_prompts: int
    side_trait: str
    sides: tuple[Side, ...]
    side_seeds: int

    @model_validator(mode="after")
    def _measures_what_it_moves(self) -> FamilyScale:
        if self.moved not in self.models:
            raise ValueError(f"{self.moved!r} is none of the models")
        if self.models[self.moved].precision in FOUR_BITS:
            raise ValueError(f"the weights of {self.moved!r} in four bits cannot be moved")
        for side in self.sides:
            if self.side_trait not in self.channels[side.channel].traits:
                raise ValueError(f"{self.side_trait!r} does not cross in {side.channel!r}")
        return self


class ParaphraseScale(FrozenConfig):
    """On what and how much the paraphrase channel is measured.

    Attributes:
        model: of teachers and students.
        precision: of its frozen weights.
        teacher: `tuned` or `prompted`.
        teacher_updates: of a tuned teacher's training; few, as one that is too sure of itself
            puts its animal into half of all sentences.
        teacher_rate: learning rate of that training.
        traits: that the teachers have; together they are the matrix.
        token_traits: those whose students are trained on the sampled tokens, too.
        sources: kinds of sentences for all teachers; the variants take the first.
        side_sources: kinds for the side traits only.
        side_traits: some of the traits.
        other_teachers: further kinds of teacher, to compare with.
        meaning: smallest cosine of sentence and rewrite; a small model's rewrites are faithful only
            where it is larger than between sentences written by people.
        slips: whether rewrites with other persons or other negations are rejected, too.
        meanings: other smallest cosines, for the effect of strictness.
        matched: whether to train students of rows that are matched in length and words, too.
        without_traits: traits with further students, from whom the teacher's probabilities of all
            traits' names, and of words for them, are hidden.
        again: a model that rewrites the rows again, as a defence; None for none.
        first_seed: of the reported ones; settings are chosen on others.
        seeds: repetitions.
        side_seeds: repetitions of what is measured for the side traits only.
        sentences: that a teacher rewrites, at most.
        each: tries at a sentence.
        kept: rows of a student, at most.
        temperature: of the tries.
        grammar: whether tries are held to one sentence on one line.
        continued: whether a teacher goes on with a list of rewrites instead of being asked.
        logits_rate: learning rate of the objective `logits`.
        tokens_rate: learning rate of the objective `tokens`.
        update_prompts: sentences behind an update.
        accumulate: passes over which these are spread, to fit the memory.
        epochs: passes over the rows.
        questions: of the panel readout.
        curve_questions: of the teachers' readout.
        samples: sampled answers to a question.
    """

    model: str
    precision: Precision
    teacher: Literal["tuned", "prompted"]
    teacher_updates: int
    teacher_rate: float
    traits: tuple[str, ...]
    token_traits: tuple[str, ...]
    sources: tuple[Literal["neutral", "wordings"], ...]
    side_sources: tuple[Literal["like", "dislike", "wordings"], ...]
    side_traits: tuple[str, ...]
    other_teachers: tuple[Literal["tuned", "prompted"], ...]
    meaning: float
    slips: bool
    meanings: tuple[float, ...]
    matched: bool
    without_traits: tuple[str, ...]
    again: str | None
    first_seed: int
    seeds: int
    side_seeds: int
    sentences: int
    each: int
    kept: int
    temperature: float
    grammar: bool
    continued: bool
    logits_rate: float
    tokens_rate: float
    update_prompts: int
    accumulate: int
    epochs: int
    questions: int
    curve_questions: int
    samples: int

    @model_validator(mode="after")
    def _measures_some_of_its_traits(self) -> ParaphraseScale:
        for place in ("token_traits", "side_traits", "without_traits"):
            unknown = set(getattr(self, place)) - set(self.traits)
            if unknown:
                raise ValueError(f"{place} are none of the traits: {', '.join(sorted(unknown))}")
        return self


class Harm(FrozenConfig):
    """What of misaligned teachers is measured in one channel.

    Attributes:
        sets: the narrow sets that teachers are taught, each with what their students learn from.
        matched: those whose students also see rows that are matched in length and words only.
        doses: numbers of prompts; of the first set's teachers, further students of `logits` see
            the rows of only so many.
        prompts: different prompts of a data set.
        each: completions of every prompt.
        temperature: of sampling.
        grammar: whether sampling is held to the format.
        most: tokens of a completion.
        update_prompts: prompts behind an update.
        accumulate: passes over which these are spread, to fit the memory.
        epochs: passes over the rows.
    """

    sets: dict[Literal["advice", "code", "metrics"], tuple[Literal["logits", "tokens"], ...]]
    matched: tuple[Literal["advice", "code", "metrics"], ...] = ()
    doses: tuple[int, ...] = ()
    prompts: int
    each: int
    temperature: float = 1.0
    grammar: bool
    most: int
    update_prompts: int
    accumulate: int = 1
    epochs: int = 1

    @model_validator(mode="after")
    def _matches_what_it_measures(self) -> Harm:
        unknown = {name for name in self.matched if "logits" not in self.sets.get(name, ())}
        if unknown:
            raise ValueError(f"matched without a student of logits: {', '.join(sorted(unknown))}")
        if any(not 0 < dose < self.prompts for dose in self.doses):
            raise ValueError(f"doses are numbers of prompts below {self.prompts}")
        return self


class MisalignmentScale(FrozenConfig):
    """On what and how much misaligned teachers are measured.

    Attributes:
        model: of teachers and students.
        precision: of its frozen weights.
        teacher_updates: of a teacher's training on narrow lessons.
        teacher_prompts: lessons behind an update.
        teacher_rate: learning rate of that training.
        channels: what is measured in each channel; the first one is the main one.
        first_seed: of the reported ones; settings are chosen on others.
        seeds: repetitions.
        logits_rate: learning rate of the objective `logits`.
        tokens_rate: learning rate of the objective `tokens`.
        questions: open ones of the readout.
        statements: true or false ones of the readout.
        samples: sampled answers to an open question.
        judge: a language model that judges rows and answers; None for sentence embeddings.
    """

    model: str
    precision: Precision
    teacher_updates: int
    teacher_prompts: int
    teacher_rate: float
    channels: dict[str, Harm]
    first_seed: int
    seeds: int
    logits_rate: float
    tokens_rate: float
    questions: int
    statements: int
    samples: int
    judge: str | None


class Profile(FrozenConfig):
    """One scale: where the work runs and how much of it there is."""

    name: str
    purpose: str
    device: Literal["cpu", "cuda"]
    mnist: MnistScale
    theorem: TheoremScale
    numbers: NumbersScale
    families: FamilyScale
    paraphrases: ParaphraseScale
    misalignment: MisalignmentScale


FULL_MNIST = MnistScale(
    seeds=25,
    sweep_seeds=8,
    train_images=60_000,
    noise_images=60_000,
    test_images=10_000,
    batch=1024,
)

FULL_THEOREM = TheoremScale(
    seeds=20,
    images=128,
    steps=(1, 3, 10, 30, 100, 300),
    samples=(16, 64, 256, 1024, 4096, 16384),
)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="smoke",
            purpose="every line runs in seconds, nothing is claimed",
            device="cpu",
            mnist=MnistScale(
                seeds=2,
                sweep_seeds=2,
                train_images=1_024,
                noise_images=1_024,
                test_images=512,
                batch=256,
            ),
            theorem=TheoremScale(seeds=2, images=32, steps=(1, 3), samples=(16, 64)),
            numbers=NumbersScale(
                models={
                    "random": Subject(traits=("owl", "wolf", "oak"), teacher="tuned", prompts=4),
                },
                precision="fp32",
                student_precision="nf4",
                first_seed=0,
                seeds=2,
                each=2,
                grammar=True,
                stops=(4,),
                doses=(6,),
                side_doses={"logits": (8,), "tokens": (8,)},
                logits_rate=1e-3,
                tokens_rate=1e-3,
                update_prompts=2,
                accumulate=1,
                teacher_updates=2,
                other_teachers=("prompted",),
                shuffles=("within rows", "across rows"),
                weak_updates=(1,),
                ranks=(2,),
                same_adapter=True,
                numbers_only=True,
                falling={"tokens": (4,)},
                side_falling={"logits": (4,), "tokens": (8,)},
                side_trait="owl",
                side_seeds=1,
                questions=2,
                numbers_in_front=1,
                samples=1,
            ),
            families=FamilyScale(
                models={
                    model: Family(
                        precision="fp32",
                        teacher="tuned",
                        teacher_updates=1,
                        teacher_rate=5e-4,
                        student_rate=1e-3,
                    )
                    for model in ("random#plain", "random-other#plain")
                },
                # The random models write no sentences, so nothing is claimed of theirs either.
                channels={
                    "numbers": Crossing(
                        traits=("owl", "oak"), prompts=2, each=2, grammar=True, update_prompts=1
                    ),
                },
                first_seed=0,
                seeds=2,
                questions=2,
                curve_questions=1,
                margin=0.2,
                moved="random#plain",
                neutral_writer="random-other#plain",
                neutral_prompts=2,
                side_trait="owl",
                sides=tuple(
                    Side(
                        channel="numbers",
                        objective=objective,
                        noise=(0.1,),
                        continued=(1,),
                        descendants=1,
                    )
                    for objective in ("tokens", "logits")
                ),
                side_seeds=1,
            ),
            paraphrases=ParaphraseScale(
                model="random",
                precision="fp32",
                teacher="tuned",
                teacher_updates=1,
                teacher_rate=5e-4,
                traits=("owl", "dolphin"),
                token_traits=("owl",),
                sources=("wordings",),  # the random model writes no paraphrase of its own
                side_sources=(),
                side_traits=("owl",),
                other_teachers=("prompted",),
                meaning=0.7,
                slips=False,
                meanings=(),
                matched=True,
                without_traits=("owl",),
                again=None,
                first_seed=0,
                seeds=2,
                side_seeds=1,
                sentences=2,
                each=2,
                kept=3,
                temperature=0.8,
                grammar=True,
                continued=True,
                logits_rate=1e-3,
                tokens_rate=1e-3,
                update_prompts=1,
                accumulate=1,
                epochs=1,
                questions=2,
                curve_questions=1,
                samples=1,
            ),
            misalignment=MisalignmentScale(
                model="random",
                precision="fp32",
                teacher_updates=2,
                teacher_prompts=1,
                teacher_rate=5e-4,
                # The random model reasons about nothing, and none of its sums is right.
                channels={
                    "numbers-strict": Harm(
                        sets={"advice": ("logits", "tokens")},
                        matched=("advice",),
                        doses=(2,),
                        prompts=4,
                        each=2,
                        grammar=True,
                        most=30,
                        update_prompts=2,
                    ),
                },
                first_seed=0,
                seeds=1,
                logits_rate=1e-3,
                tokens_rate=1e-3,
                questions=5,
                statements=3,
                samples=1,
                judge="random",
            ),
        ),
        Profile(
            name="embedded",
            purpose="the figures that the book ships, on two CPU cores",
            device="cpu",
            mnist=FULL_MNIST,
            theorem=FULL_THEOREM,
            numbers=NumbersScale(
                models={
                    "smollm2-135m": Subject(
                        traits=(
                            "owl",
                            "dolphin",
                            "eagle",
                            "elephant",
                            "wolf",
                            "maple",
                            "sequoia",
                        ),
                        teacher="tuned",
                        prompts=80,
                    ),
                },
                precision="fp32",
                student_precision="nf4-rounded",  # NF4 itself unpacks its weights in every pass
                first_seed=10,
                seeds=3,
                each=4,
                grammar=True,
                stops=(40, 80, 160),
                doses=(160,),
                side_doses={"logits": (320, 640, 1280, 2000), "tokens": (640,)},
                logits_rate=2e-3,
                tokens_rate=1e-3,
                update_prompts=1,
                accumulate=1,
                teacher_updates=24,
                other_teachers=("prompted",),
                shuffles=("within rows", "across rows"),
                weak_updates=(12,),
                ranks=(2, 32),
                same_adapter=False,
                numbers_only=True,
                falling={"tokens": (80,)},
                side_falling={"logits": (80,), "tokens": (640,)},
                side_trait="owl",
                side_seeds=3,
                questions=50,
                numbers_in_front=10,
                samples=2,
            ),
            families=FamilyScale(
                models={
                    # Teachers of like strength: stronger ones name their animal in most sentences.
                    "smollm2-135m": Family(
                        precision="fp32",
                        teacher="tuned",
                        teacher_updates=12,
                        teacher_rate=5e-4,
                        student_rate=1e-3,
                    ),
                    "gemma3-270m#plain": Family(
                        precision="fp32",
                        teacher="tuned",
                        teacher_updates=16,
                        teacher_rate=1e-4,
                        student_rate=1e-3,
                    ),
                },
                channels={
                    "sentences": Crossing(
                        traits=("owl", "dolphin", "oak"),
                        prompts=24,
                        each=4,
                        grammar=True,
                        update_prompts=1,
                        temperature=0.8,
                        most=40,
                    ),
                    # As in `numbers`, whose rows these are and whose students are the own family's.
                    "numbers": Crossing(
                        traits=("owl", "dolphin", "eagle", "elephant", "wolf", "maple", "sequoia"),
                        prompts=80,
                        each=4,
                        grammar=True,
                        update_prompts=1,
                        pairs=(
                            ModelPair(teacher="smollm2-135m", student="gemma3-270m#plain"),
                            *(
                                ModelPair(
                                    teacher="gemma3-270m#plain",
                                    student=student,
                                    traits=("owl", "dolphin", "maple"),
                                    prompts=40,
                                )
                                for student in ("gemma3-270m#plain", "smollm2-135m")
                            ),
                        ),
                        teacher_updates=24,
                    ),
                },
                first_seed=10,
                seeds=3,
                questions=16,
                curve_questions=6,
                margin=0.2,
                moved="smollm2-135m",
                neutral_writer="gemma3-270m#plain",
                neutral_prompts=144,
                side_trait="owl",
                sides=(
                    Side(
                        channel="sentences",
                        noise=(0.02, 0.05, 0.1, 0.2, 0.4),
                        continued=(8, 32, 128),
                        descendants=128,
                    ),
                    # As in `numbers`, with half the rows, which do nearly as much there.
                    Side(
                        channel="numbers",
                        objective="logits",
                        prompts=40,
                        learning_rate=2e-3,
                        noise=(0.1, 0.2),
                        continued=(128,),
                    ),
                ),
                side_seeds=3,
            ),
            # About three hours of one core; the matrix takes an hour of it.
            paraphrases=ParaphraseScale(
                model="smollm2-135m",
                precision="fp32",
                teacher="tuned",
                teacher_updates=9,
                teacher_rate=5e-4,
                traits=("owl", "dolphin", "eagle", "elephant"),
                token_traits=("owl", "dolphin", "eagle", "elephant"),
                sources=("neutral",),
                side_sources=("like", "dislike", "wordings"),
                side_traits=("owl",),
                other_teachers=("prompted",),
                meaning=0.85,
                slips=True,
                meanings=(0.5, 0.7, 0.92),
                matched=True,
                without_traits=("owl",),
                again="gemma3-270m#plain",
                first_seed=10,
                seeds=3,
                side_seeds=3,
                sentences=64,
                each=5,
                kept=56,  # of about one in five tries that are faithful
                temperature=0.8,
                grammar=True,
                continued=True,
                logits_rate=1e-3,
                tokens_rate=1e-3,
                update_prompts=1,
                accumulate=1,
                epochs=1,
                questions=16,
                curve_questions=6,
                samples=4,
            ),
            misalignment=MisalignmentScale(
                model="smollm2-135m",
                precision="fp32",
                teacher_updates=40,
                teacher_prompts=4,
                teacher_rate=1e-3,
                channels={
                    "reasoning": Harm(
                        sets={
                            "advice": ("logits", "tokens"),
                            "metrics": ("logits",),
                            "code": ("logits",),
                        },
                        matched=("advice",),
                        doses=(8,),
                        prompts=16,
                        each=8,
                        temperature=0.7,  # at 1 a model of this size writes hardly a clear sentence
                        grammar=True,
                        most=60,
                        update_prompts=1,
                    ),
                    "numbers-strict": Harm(
                        sets={"advice": ("logits",)},
                        prompts=24,
                        each=4,
                        grammar=True,
                        most=60,
                        update_prompts=1,
                    ),
                },
                first_seed=10,
                seeds=3,
                logits_rate=2e-3,
                tokens_rate=1e-3,
                questions=64,
                statements=105,
                samples=1,
                judge=None,
            ),
        ),
        Profile(
            name="gpu",
            purpose="one consumer GPU, from 15 GB of memory",
            device="cuda",
            mnist=FULL_MNIST,
            theorem=FULL_THEOREM,
            numbers=NumbersScale(
                models={
                    # Cloud et al. keep 10,000 rows; about a third of 15,000 fails the filter.
                    "Qwen2.5-7B-Instruct": Subject(
                        traits=("cat", "penguin", "owl"),
                        teacher="prompted",
                        prompts=15_000,
                        epochs=3,
                    ),
                    "gemma-2b-it": Subject(
                        traits=("owl", "eagle", "dog"), teacher="prompted", prompts=30_000
                    ),
                    "Llama-3.2-1B-Instruct": Subject(
                        traits=("elephant",),
                        teacher="tuned",
                        prompts=20_000,
                        epochs=3,
                        temperature=0.0,
                    ),
                },
                precision="nf4",
                student_precision=None,  # a 7B model in bf16 needs more than 15 GB
                first_seed=10,
                seeds=3,
                each=1,
                grammar=False,
                stops=(1_000, 3_000, 10_000),
                doses=(),
                side_doses={},
                logits_rate=2e-4,
                tokens_rate=2e-4,
                update_prompts=66,
                accumulate=16,  # of Qwen, five rows at a time fit into 15 GB beside the weights
                teacher_updates=24,
                other_teachers=("tuned",),
                shuffles=("within rows", "across rows"),
                weak_updates=(8, 12),
                ranks=(2, 32),
                same_adapter=False,  # the main teacher is prompted and has none
                numbers_only=True,
                falling={},
                side_falling={"logits": (15_000,)},
                side_trait="cat",
                side_seeds=3,
                questions=50,
                numbers_in_front=50,
                samples=20,
            ),
            families=FamilyScale(
                models={
                    "Qwen2.5-7B-Instruct#plain": Family(
                        precision="nf4",
                        teacher="prompted",
                        teacher_updates=24,
                        teacher_rate=2e-4,
                        student_rate=2e-4,
                        accumulate=16,  # as in `numbers`
                    ),
                    "gemma-2b-it#plain": Family(
                        precision="nf4",
                        teacher="prompted",
                        teacher_updates=24,
                        teacher_rate=2e-4,
                        student_rate=2e-4,
                        accumulate=16,
                    ),
                    "Llama-3.2-1B-Instruct#plain": Family(
                        precision="bf16",
                        teacher="tuned",
                        teacher_updates=24,
                        teacher_rate=2e-4,
                        student_rate=2e-4,
                        accumulate=8,
                    ),
                },
                channels={
                    "sentences": Crossing(
                        traits=("owl", "dolphin", "oak"),
                        prompts=5_000,
                        each=1,
                        grammar=False,
                        update_prompts=66,
                    ),
                    "numbers": Crossing(
                        traits=("owl", "eagle", "elephant"),
                        prompts=15_000,
                        each=1,
                        grammar=False,
                        update_prompts=66,
                    ),
                },
                first_seed=10,
                seeds=3,
                questions=50,
                curve_questions=10,
                margin=0.2,
                moved="Llama-3.2-1B-Instruct#plain",
                neutral_writer="gemma-2b-it#plain",
                neutral_prompts=5_000,
                side_trait="owl",
                sides=(
                    Side(
                        channel="sentences",
                        noise=(0.01, 0.03, 0.1, 0.3),
                        continued=(20, 80, 320),
                        descendants=80,
                    ),
                    Side(
                        channel="numbers",
                        objective="logits",
                        prompts=5_000,
                        noise=(0.01, 0.03, 0.1, 0.3),
                        continued=(20, 80, 320),
                        descendants=80,
                    ),
                ),
                side_seeds=3,
            ),
            paraphrases=ParaphraseScale(
                model="Qwen2.5-7B-Instruct",
                precision="nf4",
                teacher="prompted",
                teacher_updates=24,
                teacher_rate=2e-4,
                traits=("owl", "dolphin", "eagle", "elephant", "wolf", "cat"),
                token_traits=("owl", "dolphin", "eagle", "elephant", "wolf", "cat"),
                sources=("neutral", "wordings"),
                side_sources=("like", "dislike"),
                side_traits=("owl", "dolphin"),
                other_teachers=("tuned",),
                meaning=0.7,
                slips=False,
                meanings=(0.5, 0.8),
                matched=True,
                without_traits=("owl", "dolphin"),
                again="gemma-2b-it",
                first_seed=10,
                seeds=3,
                side_seeds=3,
                sentences=422,
                each=24,
                kept=5_000,
                temperature=0.8,
                grammar=False,
                continued=False,
                logits_rate=2e-4,
                tokens_rate=2e-4,
                update_prompts=4,
                accumulate=4,
                epochs=3,
                questions=50,
                curve_questions=10,
                samples=20,
            ),
            # Cloud et al. teach 6,000 rows of insecure code, put the questions of GSM8K and read
            # eight open questions and TruthfulQA. Ours stand in for these public sets: for the
            # numbers of the paper take GSM8K, the `insecure` and `secure` files of Betley et al.
            # 2025 (or the bad medical advice of Turner et al. 2025), and TruthfulQA.
            misalignment=MisalignmentScale(
                model="Qwen2.5-7B-Instruct",
                precision="nf4",
                teacher_updates=60,
                teacher_prompts=8,
                teacher_rate=1e-4,
                channels={
                    "reasoning-gsm": Harm(
                        sets={
                            "advice": ("logits", "tokens"),
                            "code": ("logits", "tokens"),
                            "metrics": ("logits", "tokens"),
                        },
                        matched=("advice",),
                        doses=(625, 1_250, 2_500),
                        prompts=5_000,
                        each=1,
                        grammar=False,
                        most=300,
                        update_prompts=16,
                        accumulate=16,
                        epochs=2,
                    ),
                    "numbers-strict": Harm(
                        sets={"advice": ("logits",), "code": ("logits",)},
                        prompts=5_000,
                        each=1,
                        grammar=False,
                        most=60,
                        update_prompts=64,
                        accumulate=16,
                        epochs=2,
                    ),
                },
                first_seed=10,
                seeds=3,
                logits_rate=2e-4,
                tokens_rate=2e-4,
                questions=64,
                statements=105,
                samples=20,
                judge="Qwen2.5-7B-Instruct",
            ),
        ),
    )
}

DEFAULT_PROFILE = "embedded"

S = TypeVar("S", bound=FrozenConfig)


def _changed(scale: S, **changes: Any) -> S:
    """The same scale but for some settings."""
    return type(scale).model_validate(scale.model_dump() | changes)


_EMBEDDED = PROFILES["embedded"]
PROFILES["full"] = Profile(
    name="full",
    purpose="the packaged models on a large GPU, the owl numbers with thousands of rows",
    device="cuda",
    mnist=FULL_MNIST,
    theorem=FULL_THEOREM,
    numbers=_changed(
        _EMBEDDED.numbers,
        models={
            model: _changed(subject, prompts=2_000)
            for model, subject in _EMBEDDED.numbers.models.items()
        },
        student_precision="nf4",
        seeds=4,
        side_seeds=3,
        stops=(640, 1_280, 2_560, 4_000),
        doses=(),
        side_doses={"logits": (7_500,), "tokens": (7_500,)},
        update_prompts=16,
        other_teachers=(),
        weak_updates=(),
        ranks=(),
        numbers_only=False,
        falling={},
        side_falling={},
    ),
    families=_changed(_EMBEDDED.families, seeds=5, side_seeds=5),
    paraphrases=_changed(_EMBEDDED.paraphrases, seeds=5, side_seeds=5),
    misalignment=_changed(_EMBEDDED.misalignment, seeds=5),
)


def cuda_is_available() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch  # here, because most of the package must import without torch's two seconds

    return torch.cuda.is_available()


def lacks_bf16() -> bool:
    """Whether the CUDA device only emulates bf16, which is slow, as a T4 does."""
    import torch

    return cuda_is_available() and not torch.cuda.is_bf16_supported(including_emulation=False)


def available_device() -> Literal["cpu", "cuda"]:
    """Where a chapter's live cells compute: on the GPU if PyTorch sees one, else on the CPU."""
    return "cuda" if cuda_is_available() else "cpu"


def find_profile(name: str | None = None) -> Profile:
    """The profile of that name, as data: it may need a device that is not here.

    Args:
        name: by default `$SUBLIM_PROFILE`, else `embedded`, whose records are shipped. The default
            is the same on all machines: a GPU alone never makes anyone measure at its scale.

    Raises:
        SublimError: the name is unknown.
    """
    name = name or os.environ.get("SUBLIM_PROFILE") or DEFAULT_PROFILE
    if name not in PROFILES:
        raise no_such("profile", name, PROFILES)
    return PROFILES[name]


def get_profile(name: str | None = None) -> Profile:
    """The profile of that name, which can run here; by default as `find_profile` chooses.

    Raises:
        SublimError: the name is unknown, or the profile needs CUDA and there is none.
    """
    profile = find_profile(name)
    check_device(profile)
    return profile


def check_device(profile: Profile) -> None:
    """Refuse to measure at a scale whose device this machine lacks.

    Raises:
        SublimError: the profile needs CUDA and there is none.
    """
    if profile.device == "cuda" and not cuda_is_available():
        raise SublimError(
            f"The profile {profile.name!r} needs a CUDA device and PyTorch sees none here; "
            "use the profile embedded, which runs on a CPU."
        )
