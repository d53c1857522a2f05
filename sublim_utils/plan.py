"""What a finding on language models would cost, before anything is downloaded.

Arithmetic on experiments and on what the catalogue says of their models; nothing is loaded. The
constants below are assumptions, good to a factor of two or three: the time of a real run follows
the card, its heat and the length of the completions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sublim_utils.config import FOUR_BITS, IN_FP16, FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.experiment import Finding
from sublim_utils.limits import (
    CHUNK,
    LOGITS_COPIES,
    MEMORY_SHARE,
    MOST_ROWS,
    MOST_ROWS_CUDA,
    OPEN_ANSWER_TOKENS,
    PREFERENCE_TOKENS,
)
from sublim_utils.misalignment_sets import open_questions, statements
from sublim_utils.models.catalog import ModelSpec, get_model
from sublim_utils.readouts.judge_texts import ASPECTS
from sublim_utils.readouts.questions import QUESTIONS
from sublim_utils.recipes.language import LanguageExperiment
from sublim_utils.recipes.misalignment import MisalignedExperiment
from sublim_utils.store import key_of
from sublim_utils.traits import get_trait, liking_prompt, panel

LIMIT_GB = 15
"""Memory of the smallest GPU that the book counts on (Colab's T4)."""


class Device(FrozenConfig):
    """A class of machines and the speeds that are assumed for it.

    Attributes:
        name: what it is called.
        kind: `cpu` or `cuda`.
        training: sustained FLOP/s in training and other passes over whole texts.
        sampling: sustained FLOP/s in sampling, token by token in batches.
    """

    name: str
    kind: str
    training: float
    sampling: float


DEVICES = (
    # An eighth of the T4's 65 TFLOP/s in half precision: it dequantises NF4 and has no bf16 units.
    Device(name="T4-like, 15 GB", kind="cuda", training=8e12, sampling=3e12),
    # A third of the 71 to 165 TFLOP/s of an RTX 3090 or 4090 in bf16.
    Device(name="consumer, 24 GB", kind="cuda", training=3e13, sampling=1e13),
    # Measured with SmolLM2-135M in fp32, one thread a process, while the second core is busy, too.
    Device(name="CPU, 2 cores", kind="cpu", training=1e11, sampling=5e10),
)

COMPLETION_TOKENS = {"numbers": 30, "sentences": 15, "reasoning": 50, "paraphrase": 16}
"""By channel; seven to ten numbers, most tokenizers taking digits one by one."""
CHAT_TOKENS = 12
"""That a chat template puts around a question."""
RATING_TOKENS = 120
"""That a language model as judge is told, beside a question and its answer."""
FORWARD, TRAINING = 2, 4
"""FLOP per parameter and token; frozen weights take no gradients, so training is no 6."""
BYTES = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "nf4": 0.516,
    "nf4-fp16": 0.516,
    "nf4-rounded": 4.0,
}
"""Of a weight; NF4 with its doubly quantised scales."""
ACTIVATION = 40
"""Numbers per token, layer and unit of width that training keeps (no checkpointing of them)."""
ADAPTER_WIDTHS = 23
"""Sides of a layer's seven adapted matrices together, in units of the width."""
ADAPTER_BYTES = 16
"""Of an adapter's parameter: in fp32 itself, its gradient, and AdamW's two moments."""
FIXED_GB = 1.0
"""Libraries, CUDA's own memory, and one matrix dequantised."""

ASSUMED = (
    f"completions of {', '.join(f'{n} tokens ({c})' for c, n in COMPLETION_TOKENS.items())}, "
    "every row kept by the filter, "
    f"{FORWARD} FLOP per parameter and token to read or write and {TRAINING} to train an adapter, "
    f"activations of {ACTIVATION} numbers per token, layer and unit of width, AdamW in fp32, "
    "vLLM not used"
)


class Shape(NamedTuple):
    """What the estimates need to know of a model."""

    parameters: int
    layers: int
    width: int
    vocabulary: int


class Estimate(FrozenConfig):
    """One experiment, or all together.

    Attributes:
        name: of the experiment, or `total`.
        model: the base model, or the teacher's and the student's; empty for the total.
        seeds: repetitions.
        rows: that are sampled. As with all other work, a stage that several experiments share
            counts with the first of them; of more rows of a teacher only the further ones count.
        sampled_tokens: prompts and completions of these rows and of sampled answers.
        trained_tokens: over all epochs, teachers included.
        read_tokens: of the readouts and of the teacher's states.
        hours: by device.
        memory_gb: at the largest moment; the largest of all for the total.
        fits: whether that is within `LIMIT_GB`.
        disk_gb: of rows, adapters, and the teacher's states where they are kept.
        scratch_gb: of the teacher's states that are there only while a student is trained.
    """

    name: str
    model: str
    seeds: int
    rows: int
    sampled_tokens: int
    trained_tokens: int
    read_tokens: int
    hours: dict[str, float]
    memory_gb: float
    fits: bool
    disk_gb: float
    scratch_gb: float


class Plan(FrozenConfig):
    """What a finding would cost.

    Attributes:
        finding: its name.
        profile: the profile's name.
        device: `cpu` or `cuda`.
        limit_gb: what `fits` is about.
        downloads_gb: by model; weights from the package index count, local ones do not.
        obstacles: why a run would end as soon as it loads its models; empty where it would not.
        experiments: one estimate each.
        total: of all; shared stages once.
        devices: the assumed speeds.
        assumed: what else the estimate rests on.
        precisions: of the frozen weights, as this machine's device would compute with them.
    """

    finding: str
    profile: str
    device: str
    limit_gb: float
    downloads_gb: dict[str, float]
    obstacles: list[str]
    experiments: list[Estimate]
    total: Estimate
    devices: tuple[Device, ...]
    assumed: str
    precisions: tuple[str, ...]


class _Work(NamedTuple):
    """What a stage needs: rows, tokens, and bytes on the disk.

    Equal keys are one stage. Of a size above those before it, it needs the difference.
    """

    key: str
    of: Shape
    size: int = 1
    rows: int = 0
    sampled: float = 0
    trained: float = 0
    read: float = 0
    disk: float = 0
    scratch: float = 0


def plan(finding: Finding[Any], only: Collection[str] = ()) -> Plan:
    """Estimate a finding on language models.

    Args:
        finding: at the scale to be estimated.
        only: names of experiments; by default all.

    Raises:
        SublimError: the finding has no language model, or nothing is known of a model's size.
    """
    experiments = finding.chosen(only)
    if not all(isinstance(experiment, LanguageExperiment) for experiment in experiments):
        raise SublimError(
            f"The finding {finding.name} has no language model and needs no plan; "
            f"run it with: sublim run {finding.name}"
        )
    shapes = {name: shape(name) for e in experiments for name in e.models}
    done: dict[str, int] = {}
    estimates = [_estimate(e, shapes[e.models[0]], shapes[e.models[-1]], done) for e in experiments]
    total = Estimate(
        name="total",
        model="",
        seeds=finding.n_seeds,
        rows=sum(e.rows for e in estimates),
        sampled_tokens=sum(e.sampled_tokens for e in estimates),
        trained_tokens=sum(e.trained_tokens for e in estimates),
        read_tokens=sum(e.read_tokens for e in estimates),
        hours={d.name: sum(e.hours[d.name] for e in estimates) for d in DEVICES},
        memory_gb=max(e.memory_gb for e in estimates),
        fits=all(e.fits for e in estimates),
        disk_gb=sum(e.disk_gb for e in estimates),
        scratch_gb=max(e.scratch_gb for e in estimates),
    )
    return Plan(
        finding=finding.name,
        profile=finding.profile.name,
        device=finding.profile.device,
        limit_gb=LIMIT_GB,
        downloads_gb={name: _download(get_model(name)) for name in shapes},
        obstacles=_obstacles(shapes),
        experiments=estimates,
        total=total,
        devices=DEVICES,
        assumed=ASSUMED,
        precisions=tuple(dict.fromkeys(e.on_this_device().precision for e in experiments)),
    )


def shape(name: str) -> Shape:
    """A model's size, from the catalogue or from a local folder.

    Raises:
        SublimError: neither tells it, or the folder holds no language model.
    """
    spec = get_model(name)
    if spec.source == "random":
        return Shape(30_000, 2, 32, 258)
    if spec.source == "folder":
        return _folder_shape(Path(spec.location), spec.name)
    known = spec.parameters, spec.layers, spec.width, spec.vocabulary
    if any(number is None for number in known):
        raise SublimError(
            f"The size of {name} is not in the catalogue, and nothing is downloaded for a plan; "
            "download the model and name its folder instead."
        )
    return Shape(*(int(number or 0) for number in known))


def _folder_shape(folder: Path, name: str) -> Shape:
    from sublim_utils.models.checkpoint import parameter_count, read_config, reading

    # Not from the sizes of files: they differ by format, and may hold the same weights twice.
    config = read_config(str(folder), name)
    with reading(name, str(folder)):
        sizes = config.num_hidden_layers, config.hidden_size, config.vocab_size
        return Shape(parameter_count(config), *map(int, sizes))


def _obstacles(names: Iterable[str]) -> list[str]:
    """Why local folders among these models would be refused when they are loaded."""
    folders = [spec for spec in map(get_model, names) if spec.source == "folder"]
    if not folders:
        return []
    from sublim_utils.models.checkpoint import check_config, check_folder, read_config

    found = []
    for spec in folders:
        try:
            check_config(read_config(spec.location, spec.name), spec.name)
            check_folder(Path(spec.location), spec.name)
        except SublimError as error:
            found.append(str(error))
    return found


def _download(spec: ModelSpec) -> float:
    if spec.source in ("folder", "random") or spec.parameters is None:
        return 0.0
    return spec.parameters * spec.bits_per_weight / 8e9


def tokens(text: str) -> int:
    """About how many tokens a text has: words, digits one by one, and marks."""
    return len(re.findall(r"\d|[^\W\d_]+|[^\w\s]", text))


def _system_tokens(experiment: LanguageExperiment) -> int:
    teacher = experiment.teacher
    if teacher.trait is None or teacher.kind == "tuned":
        return 0
    return tokens(liking_prompt(get_trait(teacher.trait)))


def _prompt_tokens(experiment: LanguageExperiment) -> float:
    shown, data = range(64), experiment.data
    return CHAT_TOKENS + sum(tokens(data.prompt(0, i).text) for i in shown) / len(shown)


def _completion_tokens(experiment: LanguageExperiment) -> int:
    kind = experiment.channel.partition("-")[0]
    return min(COMPLETION_TOKENS[kind], experiment.rows.most)


def _question_tokens() -> float:
    return CHAT_TOKENS + sum(map(tokens, QUESTIONS)) / len(QUESTIONS)


def _panel_tokens(category: str, prefixes: int) -> float:
    forms = sum(len(trait.surface_forms) for trait in panel(category))
    return _question_tokens() + prefixes * (5 + forms)


class _Reading(NamedTuple):
    """Tokens of a readout.

    Attributes:
        sampled: questions and answers.
        read: scored in passes over whole texts.
        quick: of the readout in the middle of training, likewise.
        teacher: how many times a taught teacher is read in full, too.
    """

    sampled: float
    read: float
    quick: float
    teacher: int


def _reading(experiment: LanguageExperiment) -> _Reading:
    """What reading a model takes."""
    if isinstance(experiment, MisalignedExperiment):
        return _misalignment_reading(experiment)
    readout, question = experiment.readout, _question_tokens()
    beginnings = len(readout.prefixes)
    panels = [_panel_tokens(category, beginnings) for category in experiment.categories]
    answers = len(experiment.categories) * readout.questions * readout.samples
    shown = min(2, beginnings)
    quick = (readout.curve_questions * _panel_tokens(c, shown) for c in experiment.categories)
    return _Reading(
        sampled=answers * PREFERENCE_TOKENS + bool(answers) * readout.questions * question,
        read=(readout.questions + readout.numbers_in_front) * sum(panels),
        quick=sum(quick),
        teacher=0,
    )


def _misalignment_reading(experiment: MisalignedExperiment) -> _Reading:
    readout = experiment.readout
    pairs = open_questions()[: readout.questions]
    facts = statements()[: readout.statements]
    asked = sum(CHAT_TOKENS + tokens(pair.question) for pair in pairs)
    answers = len(pairs) * readout.samples
    rated = readout.samples * (asked + len(pairs) * (RATING_TOKENS + OPEN_ANSWER_TOKENS))
    return _Reading(
        sampled=answers * OPEN_ANSWER_TOKENS + bool(answers) * asked,
        read=(len(ASPECTS) * rated if experiment.judge else 0)
        + asked
        + sum(tokens(pair.harmful) + tokens(pair.good) for pair in pairs)
        + sum(CHAT_TOKENS + sum(map(tokens, (f.question, f.true, f.false))) for f in facts),
        quick=0,
        teacher=1,
    )


def _is_rated(experiment: LanguageExperiment) -> bool:
    """Whether a language model reads the rows before a student does."""
    return isinstance(experiment, MisalignedExperiment) and experiment.judge is not None


def _stages(experiment: LanguageExperiment, writes: Shape, learns: Shape) -> Iterator[_Work]:
    """The stages of all seeds and what each needs, by the teacher's and the student's model."""
    wanted, fit, reading = experiment.rows, experiment.fit, _reading(experiment)
    question, prompt = _question_tokens(), _prompt_tokens(experiment)
    completion = _completion_tokens(experiment)
    count = wanted.prompts * wanted.each
    with_system = prompt + _system_tokens(experiment)
    base = {
        **experiment.untouched_specification(),
        "readout": experiment.readout_specification(),
    }
    yield _Work(
        key_of({"base": base, "of": list(experiment.categories)}),
        learns,
        sampled=reading.sampled,
        read=reading.read + reading.quick,
    )
    state_bytes = (4 if experiment.precision == "fp32" else 2) * writes.width
    for seed in experiment.seeds:
        taught = experiment.taught
        if taught is not None:
            lessons = taught.updates * taught.fit.prompts
            yield _Work(
                key_of(experiment.teacher_specification(seed)),
                writes,
                sampled=reading.teacher * reading.sampled,
                trained=lessons * (question + PREFERENCE_TOKENS),
                read=reading.teacher * reading.read,
                disk=_adapter_bytes(writes, taught.fit.rank),
            )
        kept = count * completion * state_bytes if experiment.keeps_states else 0
        specification, size = experiment.rows_specification(seed), 1
        if wanted.grammar:  # each row has random numbers of its own, and the sampler is ours
            specification["rows"] = specification["rows"] | {"prompts": None}
            size = wanted.prompts
        yield _Work(
            key_of(specification),
            writes,
            size=size,
            rows=count,
            sampled=wanted.prompts * with_system + count * completion,
            read=count * (RATING_TOKENS + prompt + completion) if _is_rated(experiment) else 0,
            disk=count * 60 + kept,
        )
        seen, states, scratch = _prompts_seen(experiment), 0.0, 0.0
        learned = seen * wanted.each * completion
        if fit.objective == "logits" and not experiment.keeps_states:
            states = seen * with_system + learned
            scratch = learned * 2 * writes.width
        of_rows = seen * prompt + learned
        yield _Work(
            f"{experiment.key}/{seed}",
            learns,
            sampled=reading.sampled,
            trained=fit.epochs * of_rows,
            read=states + reading.read + reading.quick * (len(experiment.stops) + 1),
            disk=_adapter_bytes(learns, fit.rank),
            scratch=scratch,
        )


def _prompts_seen(experiment: LanguageExperiment) -> int:
    """Of how many prompts the student sees the rows."""
    seen = experiment.seen if isinstance(experiment, MisalignedExperiment) else None
    return seen or experiment.rows.prompts


def _adapter_bytes(of: Shape, rank: int) -> int:
    return ADAPTER_WIDTHS * of.width * of.layers * rank * 4


def _estimate(
    experiment: LanguageExperiment, writes: Shape, learns: Shape, done: dict[str, int]
) -> Estimate:
    new = []
    for work in _stages(experiment, writes, learns):
        before = done.get(work.key, 0)
        if before < work.size:
            share = 1 - before / work.size
            new.append(work._replace(rows=round(work.rows * share), sampled=work.sampled * share))
            done[work.key] = work.size
    hours = {
        device.name: sum(
            work.of.parameters
            * (
                FORWARD * work.sampled / device.sampling
                + (TRAINING * work.trained + FORWARD * work.read) / device.training
            )
            for work in new
        )
        / 3600
        for device in DEVICES
    }
    memory = memory_gb(experiment, writes, learns)
    return Estimate(
        name=experiment.name,
        model=" to ".join(experiment.models),
        seeds=len(experiment.seeds),
        rows=sum(w.rows for w in new),
        sampled_tokens=round(sum(w.sampled for w in new)),
        trained_tokens=round(sum(w.trained for w in new)),
        read_tokens=round(sum(w.read for w in new)),
        hours=hours,
        memory_gb=memory,
        fits=memory <= LIMIT_GB,
        disk_gb=sum(w.disk for w in new) / 1e9,
        scratch_gb=max(w.scratch for w in new) / 1e9,
    )


def weights_gb(of: Shape, precision: str) -> float:
    """Memory of the frozen weights; NF4 leaves what reads and writes tokens in 16 bits."""
    if precision not in FOUR_BITS:
        return of.parameters * BYTES[precision] / 1e9
    # Large models have two such matrices and small ones share one, which then stays in 16 bits.
    matrices = 2 if of.parameters > 5e9 else 1
    plain = min(of.parameters, matrices * of.vocabulary * of.width)
    return (plain * 2 + (of.parameters - plain) * BYTES[precision]) / 1e9


def memory_gb(experiment: LanguageExperiment, writes: Shape, learns: Shape) -> float:
    """Memory at the largest moment: a training pass, or a batch of the sampler."""
    fit, wanted = experiment.fit, experiment.rows
    precision = experiment.student_precision or experiment.precision
    prompts = -(-fit.prompts // fit.accumulate)
    prompt, completion = _prompt_tokens(experiment), _completion_tokens(experiment)
    length = prompt + wanted.each * completion
    number = 4 if precision == "fp32" or experiment.device == "cpu" else 2
    chunk = min(CHUNK[experiment.device], prompts * wanted.each * completion)
    training = (
        weights_gb(learns, precision)
        + prompts * length * learns.layers * learns.width * ACTIVATION * number / 1e9
        + ADAPTER_WIDTHS * learns.layers * learns.width * fit.rank * ADAPTER_BYTES / 1e9
        + LOGITS_COPIES * chunk * learns.vocabulary * 4 / 1e9
    )
    weights = weights_gb(writes, experiment.precision)
    row = (
        (prompt + _system_tokens(experiment) + wanted.most)
        * 2 * writes.layers * writes.width * max(number, 2) / 1e9
        + (3 * wanted.most * writes.width * number / 1e9 if experiment.keeps_states else 0)
        + (0 if wanted.grammar else LOGITS_COPIES * writes.vocabulary * 4 / 1e9)
    )  # fmt: skip
    most = MOST_ROWS_CUDA if experiment.device == "cuda" else MOST_ROWS
    rows = min(wanted.prompts * wanted.each, most)
    batch = min(rows * row, MEMORY_SHARE[experiment.device] * max(0.0, LIMIT_GB - weights))
    sampling = weights + batch
    return FIXED_GB + max(training, sampling)


def lines(found: Plan) -> tuple[list[str], list[list[str]]]:
    """The plan as a table: columns, and one row per experiment with the total last."""
    shown = [d for d in found.devices if d.kind == found.device]
    columns = [
        "experiment", "seeds", "rows", "sampled", "trained",
        *(d.name for d in shown), "memory", f"fits {found.limit_gb:g} GB", "disk", "scratch",
    ]  # fmt: skip
    return columns, [
        [
            e.name,
            str(e.seeds),
            f"{e.rows:,}" if e.rows else "shared",
            _millions(e.sampled_tokens),
            _millions(e.trained_tokens),
            *(_time(e.hours[d.name]) for d in shown),
            f"{e.memory_gb:.1f} GB",
            "yes" if e.fits else "no",
            f"{e.disk_gb:.2f} GB",
            f"{e.scratch_gb:.2f} GB" if e.scratch_gb else "",
        ]
        for e in [*found.experiments, found.total]
    ]


def notes(found: Plan) -> list[str]:
    """What the estimate rests on, in sentences."""
    speeds = "; ".join(
        f"{d.name}: {d.training:.0e} FLOP/s in training, {d.sampling:.0e} in sampling"
        for d in found.devices
        if d.kind == found.device
    )
    loads = ", ".join(f"{name} {size:.1f} GB" for name, size in found.downloads_gb.items() if size)
    return [
        *(f"A run would be refused: {obstacle}" for obstacle in found.obstacles),
        f"To download: {loads or 'nothing'}.",
        *_arithmetic(found),
        "A stage that experiments share counts with the first of them, and of more rows of a "
        "teacher only the further ones; a student of more rows counts as a whole.",
        f"Assumed: {found.assumed}; {speeds}. Expect a factor of two or three either way.",
    ]


def _arithmetic(found: Plan) -> list[str]:
    """What a GPU with bf16 units computes in, and what one without them."""
    half = {*IN_FP16, *IN_FP16.values()}.intersection(found.precisions)
    if found.device == "cpu" or not half:
        return []
    own = "this one" if half.intersection(IN_FP16.values()) else "a T4, say"
    return [
        f"Frozen weights: {', '.join(found.precisions)}. A GPU without bf16 units ({own}) computes "
        "in fp16 what others compute in bf16, with the same memory; its records say so."
    ]


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} M" if count < 1e7 else f"{count / 1e6:.0f} M"


def _time(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.1f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def duration(found: Plan) -> str:
    """How long the whole plan takes, by class of machine, in one phrase."""
    return " or ".join(
        f"{_time(found.total.hours[d.name])} ({d.name})"
        for d in found.devices
        if d.kind == found.device
    )
