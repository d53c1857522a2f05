"""What a finding on language models would cost, before anything is downloaded.

Arithmetic on experiments and on what the catalogue says of their models; nothing is loaded. The
constants below are assumptions, good to a factor of two or three: the time of a real run follows
the card, its heat and the length of the completions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sublim_utils.config import FAST, FOUR_BITS, IN_FP16, FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.findings.base import Finding
from sublim_utils.keys import key_of
from sublim_utils.limits import CHUNK, LOGITS_COPIES, MEMORY_SHARE, MOST_ROWS, MOST_ROWS_CUDA
from sublim_utils.models.catalog import ModelSpec, get_model
from sublim_utils.pipeline.cost import COMPLETION_TOKENS, Size, Work, cost, system_tokens
from sublim_utils.provenance import has_fast_bf16
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import Sampled
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.recipes.recipe import Recipe, walk
from sublim_utils.recipes.students import Student

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

FORWARD, TRAINING = 2, 4
"""FLOP per parameter and token; frozen weights take no gradients, so training is no 6."""
BYTES = {
    "fp32": 4.0,
    "fp32-fast": 2.0,
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
ROW_BYTES = 60
"""Of a sampled completion on the disk, with its prompt."""
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
        read_tokens: of the evaluations and of the teacher's states.
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
    estimates = [_estimate(e, shapes, done) for e in experiments]
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
        precisions=tuple(
            dict.fromkeys(b.precision for e in experiments for b in e.on_this_device().bases)
        ),
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

    obstacles = []
    for spec in folders:
        try:
            check_config(read_config(spec.location, spec.name), spec.name)
            check_folder(Path(spec.location), spec.name)
        except SublimError as error:
            obstacles.append(str(error))
    return obstacles


def _download(spec: ModelSpec) -> float:
    if spec.source in ("folder", "random") or spec.parameters is None:
        return 0.0
    return spec.parameters * spec.bits_per_weight / 8e9


class _Made(NamedTuple):
    """Work that is still to be done for an artifact.

    Attributes:
        work: all that it takes.
        share: of its rows that no smaller data set of the same teacher has brought before.
        shape: of the model that does it.
    """

    work: Work
    share: float
    shape: Shape


def hours(recipes: Sequence[Recipe], seeds: Sequence[int]) -> dict[str, float]:
    """Hours that making recipes takes, by class of machine; what they share is made once.

    Raises:
        SublimError: nothing is known of a model's size.
    """
    parts = [part for recipe in recipes for part in walk(recipe)]
    shapes = {part.model: shape(part.model) for part in parts if isinstance(part, Base)}
    made = [*_new_work(parts, seeds, shapes, {})]
    return {device.name: sum(_hours(m, device) for m in made) for device in DEVICES}


def _new_work(
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    shapes: Mapping[str, Shape],
    done: dict[str, int],
) -> Iterator[_Made]:
    """The artifacts of some seeds that nothing before them has made."""
    for recipe in recipes:
        work = cost(recipe)
        if work.base is None:
            continue
        form, size = recipe.specification(0), 1
        if isinstance(recipe, Sampled) and recipe.constrained:
            # Each row has random numbers of its own, and the sampler is ours.
            form, size = recipe.sampling_form(), recipe.num_prompts
        for seed in seeds if recipe.depends_on_seed else (0,):
            key = key_of({**form, "seed": seed})
            before = done.get(key, 0)
            if before < size:
                done[key] = size
                yield _Made(work, 1 - before / size, shapes[work.base.model])


def _estimate(
    experiment: LanguageExperiment, shapes: Mapping[str, Shape], done: dict[str, int]
) -> Estimate:
    made = [*_new_work(experiment.recipes, experiment.seeds, shapes, done)]
    memory = memory_gb(experiment, shapes)
    return Estimate(
        name=experiment.name,
        model=" to ".join(experiment.models),
        seeds=len(experiment.seeds),
        rows=sum(round(m.share * m.work.rows) for m in made),
        sampled_tokens=round(sum(m.share * m.work.sampled for m in made)),
        trained_tokens=round(sum(m.work.trained for m in made)),
        read_tokens=round(sum(m.work.read for m in made)),
        hours={device.name: sum(_hours(m, device) for m in made) for device in DEVICES},
        memory_gb=memory,
        fits=memory <= LIMIT_GB,
        disk_gb=sum(map(_disk_bytes, made)) / 1e9,
        scratch_gb=max((2 * m.shape.width * m.work.scratch_tokens for m in made), default=0) / 1e9,
    )


def _hours(made: _Made, device: Device) -> float:
    work, parameters = made.work, made.shape.parameters
    passes = TRAINING * work.trained + FORWARD * work.read
    sampled = FORWARD * made.share * work.sampled
    return parameters * (sampled / device.sampling + passes / device.training) / 3600


def _disk_bytes(made: _Made) -> float:
    work, shape = made.work, made.shape
    assert work.base is not None
    number = 4 if work.base.precision in ("fp32", FAST) else 2
    adapter = ADAPTER_WIDTHS * shape.width * shape.layers * work.rank * 4
    return adapter + ROW_BYTES * work.rows + number * shape.width * work.kept_tokens


def weights_gb(of: Shape, precision: str) -> float:
    """Memory of the frozen weights; NF4 leaves what reads and writes tokens in 16 bits."""
    if precision not in FOUR_BITS:
        return of.parameters * BYTES[precision] / 1e9
    # Large models have two such matrices and small ones share one, which then stays in 16 bits.
    matrices = 2 if of.parameters > 5e9 else 1
    plain = min(of.parameters, matrices * of.vocabulary * of.width)
    return (plain * 2 + (of.parameters - plain) * BYTES[precision]) / 1e9


def memory_gb(experiment: LanguageExperiment, shapes: Mapping[str, Shape]) -> float:
    """Memory at the largest moment: a training pass, or a batch of the sampler."""
    return FIXED_GB + max(
        _training_gb(recipe, shapes[recipe.base.model])
        if isinstance(recipe, Student)
        else _sampling_gb(recipe, shapes[recipe.teacher.base.model])
        for recipe in experiment.recipes
        if isinstance(recipe, Student | Sampled)
    )


def _training_gb(recipe: Student, shape: Shape) -> float:
    training, size, base = recipe.training, Size.of(recipe.rows), recipe.base
    prompts = -(-training.prompts_per_step // training.gradient_accumulation_steps)
    per_prompt = size.rows / size.prompts * size.completion
    number = 4 if base.precision == "fp32" or base.device == "cpu" else 2
    chunk = min(CHUNK[base.device], prompts * per_prompt)
    activations = prompts * (size.prompt + per_prompt) * shape.layers * shape.width * ACTIVATION
    adapter = ADAPTER_WIDTHS * shape.layers * shape.width * training.lora_rank * ADAPTER_BYTES
    logits = LOGITS_COPIES * chunk * shape.vocabulary * 4
    return weights_gb(shape, base.precision) + (activations * number + adapter + logits) / 1e9


def _sampling_gb(recipe: Sampled, shape: Shape) -> float:
    base = recipe.teacher.base
    number = 4 if base.precision == "fp32" or base.device == "cpu" else 2
    length = Size.of(recipe).prompt + system_tokens(recipe.teacher) + recipe.max_new_tokens
    states = 3 * recipe.max_new_tokens * shape.width * number if recipe.keep_states else 0
    logits = 0 if recipe.constrained else LOGITS_COPIES * shape.vocabulary * 4
    row = (length * 2 * shape.layers * shape.width * number + states + logits) / 1e9
    weights = weights_gb(shape, base.precision)
    rows = min(recipe.num_rows, MOST_ROWS_CUDA if base.device == "cuda" else MOST_ROWS)
    return weights + min(rows * row, MEMORY_SHARE[base.device] * max(0.0, LIMIT_GB - weights))


def lines(plan: Plan) -> tuple[list[str], list[list[str]]]:
    """The plan as a table: columns, and one row per experiment with the total last."""
    shown = [d for d in plan.devices if d.kind == plan.device]
    columns = [
        "experiment", "seeds", "rows", "sampled", "trained",
        *(d.name for d in shown), "memory", f"fits {plan.limit_gb:g} GB", "disk", "scratch",
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
        for e in [*plan.experiments, plan.total]
    ]


def notes(plan: Plan) -> list[str]:
    """What the estimate rests on, in sentences."""
    speeds = "; ".join(
        f"{d.name}: {d.training:.0e} FLOP/s in training, {d.sampling:.0e} in sampling"
        for d in plan.devices
        if d.kind == plan.device
    )
    loads = ", ".join(f"{name} {size:.1f} GB" for name, size in plan.downloads_gb.items() if size)
    return [
        *(f"A run would be refused: {obstacle}" for obstacle in plan.obstacles),
        f"To download: {loads or 'nothing'}.",
        *_arithmetic(plan),
        *_faster(plan),
        "A stage that experiments share counts with the first of them, and of more rows of a "
        "teacher only the further ones; a student of more rows counts as a whole.",
        f"Assumed: {plan.assumed}; {speeds}. Expect a factor of two or three either way.",
    ]


def _arithmetic(plan: Plan) -> list[str]:
    """What a GPU with bf16 units computes in, and what one without them."""
    half = {*IN_FP16, *IN_FP16.values()}.intersection(plan.precisions)
    if plan.device == "cpu" or not half:
        return []
    own = "this one" if half.intersection(IN_FP16.values()) else "a T4, say"
    return [
        f"Frozen weights: {', '.join(plan.precisions)}. A GPU without bf16 units ({own}) computes "
        "in fp16 what others compute in bf16, with the same memory; its records say so."
    ]


def _faster(plan: Plan) -> list[str]:
    """What a new experiment can take where the processor multiplies faster in bf16."""
    if plan.device != "cpu" or "fp32" not in plan.precisions or not has_fast_bf16():
        return []
    return [
        "This processor multiplies matrices faster in bf16: a new experiment on thousands of rows "
        f"can take Base(..., precision={FAST!r}). The book's records are in fp32, and the two are "
        "not compared with each other."
    ]


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} M" if count < 1e7 else f"{count / 1e6:.0f} M"


def _time(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.1f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def duration(plan: Plan) -> str:
    """How long the whole plan takes, by class of machine, in one phrase."""
    return " or ".join(
        f"{_time(plan.total.hours[d.name])} ({d.name})"
        for d in plan.devices
        if d.kind == plan.device
    )
