"""Fine-tuning adapters: TRL's `SFTTrainer` on token trees, a loss at the needed positions only.

Rows that answer the same prompt are trained on in one tree (`models.trees`), which gives the same
gradients as the rows one by one. Logits exist only where a completion's token is predicted, in
chunks, and the frozen output matrix passes its gradient back within the chunk.

A killed training goes on from its last checkpoint and ends with what it would have ended with, and
at a constant rate a longer training goes on from the end of a shorter one.
Where memory is too small for an update, the update is made in more passes, which changes it by
rounding only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import torch
from peft import LoraConfig, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, set_seed
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from sublim_utils.errors import SublimError
from sublim_utils.files import remove
from sublim_utils.limits import CHUNK
from sublim_utils.models.loading import PROJECTIONS, LanguageModel, detach
from sublim_utils.models.low_rank import fused
from sublim_utils.models.memory import is_out_of_memory
from sublim_utils.models.trees import Tree, pack
from sublim_utils.progress import counting
from sublim_utils.recipes.language import Fit
from sublim_utils.sealing import MANIFEST, DamagedError, read_seal, seal
from sublim_utils.store import key_of

PROGRESS = "trained.json"
"""File of a checkpoint with what was recorded so far."""
LOSS_SCALE = 2.0**16
"""By which the loss is multiplied at first where gradients pass through weights in fp16, so that
small ones do not become zero. It is halved whenever large ones leave the range of fp16."""
SMALLEST_LOSS_SCALE = 2.0**-16
OPTIMISER = "optimizer"
"""Files of a checkpoint with the optimiser's and the schedule's state: safetensors and JSON."""

_SCHEDULES = {"none": "constant_with_warmup", "linear": "linear"}


class Group(NamedTuple):
    """The rows of one prompt.

    Attributes:
        prompt: tokens of everything that precedes an answer.
        completions: tokens of each answer, with the one that ends it.
        states: the teacher's last hidden state before each of these tokens, one [length, width]
            per completion; needed by the objective `logits`.
    """

    prompt: list[int]
    completions: list[list[int]]
    states: list[torch.Tensor] | None = None


class Trained(NamedTuple):
    """What training did.

    Attributes:
        losses: mean loss in nats per token of each update, before it.
        curve: (rows seen, what `probe` said) after the update that reached an asked-for number.
        tokens: computed positions, prompts included and shared tokens once.
        wall_s: seconds of training, interrupted runs included up to their last checkpoint.
    """

    losses: list[float]
    curve: list[tuple[int, Any]]
    tokens: int
    wall_s: float


class _PositionLoss(torch.autograd.Function):
    """Sum over positions of the loss on frozen logits, with the gradient taken chunk by chunk."""

    @staticmethod
    def forward(
        ctx: Any,
        states: torch.Tensor,
        model: LanguageModel,
        targets: torch.Tensor,
        teacher: torch.Tensor | None,
        vocabulary: torch.Tensor | None,
        head: torch.Tensor | None,
    ) -> torch.Tensor:
        total = states.new_zeros((), dtype=torch.float32)
        gradient = torch.empty_like(states)
        chunk = CHUNK[states.device.type]
        for start in range(0, len(states), chunk):
            part = slice(start, start + chunk)
            with torch.enable_grad():
                own = states[part].detach().requires_grad_()
                logits = model.logits(own, vocabulary).float()
            # The derivative by the logits is the difference of two distributions. To write it down
            # saves half of the passes over [positions, vocabulary] that autograd would make.
            logs = logits.detach().log_softmax(-1)
            if teacher is None:
                wanted = targets[part, None]
                total -= logs.gather(1, wanted).sum()
                slope = logs.exp_().scatter_add_(1, wanted, -torch.ones_like(logs[:, :1]))
            else:
                theirs = model.logits(teacher[part], vocabulary, head).float().log_softmax(-1)
                shares = theirs.exp()
                total += theirs.sub_(logs).mul_(shares).sum()
                slope = logs.exp_().sub_(shares)
            (gradient[part],) = torch.autograd.grad(logits, own, slope)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None, None, None, None


def collate(groups: Sequence[Group], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """A batch of groups as tensors: packed trees, and where which token is predicted.

    Returns:
        `input_ids`, `position_ids`, `attention_mask` as `pack` makes them; `places` (flat index of
        the position that predicts), `targets` (the token), `teacher` (states [n, width], or empty).
    """
    trees: list[Tree] = []
    places: list[tuple[int, list[int]]] = []
    targets: list[int] = []
    teacher: list[torch.Tensor] = []
    for group in groups:
        tree = Tree()
        last = tree.add(group.prompt)[-1]
        for completion in group.completions:
            # The last token of a completion is predicted and never read.
            nodes = tree.add(completion[:-1], after=last)
            places.append((len(trees), [last, *nodes]))
            targets += completion
        teacher += group.states or []
        trees.append(tree)
    packed = pack(trees, dtype)
    length = packed.tokens.shape[1]
    flat = [number * length + node for number, nodes in places for node in nodes]
    return {
        "input_ids": packed.tokens,
        "position_ids": packed.positions,
        "attention_mask": packed.mask,
        "places": torch.tensor(flat),
        "targets": torch.tensor(targets),
        "teacher": torch.cat(teacher) if teacher else torch.empty(0),
    }


class _Trainer(SFTTrainer):
    """TRL's trainer with our loss, our checkpoints, and as many passes as memory asks for.

    For TRL an update is one batch, a list of places in `groups`; the passes are our own affair.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        groups: Sequence[Group],
        vocabulary: Sequence[int] | None,
        teacher_head: torch.Tensor | None,
        passes: int,
        trained: Trained,
        marks: Sequence[str],
        checkpoints: Path,
        **arguments: Any,
    ) -> None:
        self.language_model, self.groups, self.passes = language_model, groups, passes
        self.vocabulary, self.teacher_head = None, teacher_head
        if vocabulary is not None:
            self.vocabulary = torch.tensor(vocabulary, device=language_model.device)
        self.trained, self.marks, self.checkpoints = trained, marks, checkpoints
        self.loss_scale = LOSS_SCALE if language_model.dtype == torch.float16 else None
        self.begin = time.perf_counter()
        super().__init__(**arguments)

    def training_step(
        self, model: Any, inputs: dict[str, torch.Tensor], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Gradients of one update. Returns the mean loss in nats per token."""
        model.train()
        groups = [self.groups[place] for place in inputs["groups"].tolist()]
        loss = self._fitting(groups)
        while not self._unscale():
            loss = self._fitting(groups)
        self.trained.losses.append(loss.item())
        return loss

    def _unscale(self) -> bool:
        """Undo the loss' scale in the gradients; False, and none left, where it was too large."""
        if self.loss_scale is None:
            return True
        network = self.language_model.network
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        for gradient in gradients:
            gradient.div_(self.loss_scale)
        if all(bool(gradient.isfinite().all()) for gradient in gradients):
            return True
        network.zero_grad()
        if self.loss_scale <= SMALLEST_LOSS_SCALE:
            raise SublimError(self._not_finite("gradients"))
        self.loss_scale /= 2
        return False

    def _fitting(self, groups: Sequence[Group]) -> torch.Tensor:
        """The loss of an update, in as many passes as memory asks for."""
        before = self.passes
        while (loss := self._tried(groups)) is None:
            if self.passes >= len(groups):
                largest = max(groups, key=_size)
                raise SublimError(
                    f"Memory is too small to train on one prompt with {len(largest.completions)} "
                    f"completions ({_size(largest)} tokens): take fewer completions of a prompt, "
                    "a smaller model, or the precision nf4."
                )
            self.passes *= 2
        if self.passes > before:
            warnings.warn(
                f"Out of memory; going on with {self.passes} passes for an update.", stacklevel=2
            )
        return loss

    def _tried(self, groups: Sequence[Group]) -> torch.Tensor | None:
        """The loss, or None, and no gradients, where memory is too small."""
        try:
            return self._summed(groups)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        self.language_model.network.zero_grad()
        if self.language_model.device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _summed(self, groups: Sequence[Group]) -> torch.Tensor:
        size = math.ceil(len(groups) / self.passes)
        tokens = sum(len(completion) for group in groups for completion in group.completions)
        total = torch.zeros((), device=self.language_model.device)
        for first in range(0, len(groups), size):
            part = groups[first : first + size]
            batch = self._prepare_inputs(collate(part, self.language_model.dtype))
            places, targets, teacher = (batch.pop(k) for k in ("places", "targets", "teacher"))
            states = self.language_model.hidden_states(**batch, use_cache=False)
            chosen = states.view(-1, states.shape[-1])[places]
            wanted = teacher.to(chosen.dtype) if len(teacher) else None
            loss: torch.Tensor = _PositionLoss.apply(  # type: ignore[no-untyped-call]
                chosen, self.language_model, targets, wanted, self.vocabulary, self.teacher_head
            )
            loss = loss / tokens
            if not math.isfinite(loss.item()):
                raise SublimError(self._not_finite("loss"))
            self.accelerator.backward(loss * (self.loss_scale or 1))
            total += loss.detach()
        return total

    def _not_finite(self, what: str) -> str:
        kept = _last_checkpoint(self.checkpoints)
        stopped = "loss stopped being a number" if what == "loss" else "gradients left fp16's range"
        narrow = "" if self.loss_scale is None else ", or in fp32, whose range is wider than fp16's"
        return (
            f"The {stopped} in update {self.state.global_step + 1}: train again "
            f"with a learning rate below {self.args.learning_rate:g}{narrow}"
            + (f"; the adapter before it went wrong is kept in {kept}." if kept else ".")
        )

    def checkpoint(self) -> None:
        """Keep the present state in the last one's place, if it is whole and of finite numbers.

        It holds the adapter, the optimiser, the schedule, and `trained`.
        """
        # A loss is recorded before its update and the update is counted after it.
        between_updates = len(self.trained.losses) == self.state.global_step > 0
        if (self._place() / MANIFEST).exists():  # the one that this training went on from
            return
        adapter = (p for p in self.language_model.network.parameters() if p.requires_grad)
        if between_updates and all(bool(p.isfinite().all()) for p in adapter):
            self._save_checkpoint(self.model, None)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super(SFTTrainer, self)._save_checkpoint(model, trial)  # TRL would write a model card, too
        place = self._place()
        wall_s = self.trained.wall_s + time.perf_counter() - self.begin
        trained = self.trained._replace(wall_s=wall_s)._asdict()
        mark = self.marks[self.state.global_step]
        progress = {"mark": mark, "trained": trained, "loss_scale": self.loss_scale}
        (place / PROGRESS).write_text(json.dumps(progress))
        seal(place, {"mark": mark})
        for other in self.checkpoints.iterdir():
            if other != place:
                remove(other)

    def _place(self) -> Path:
        return self.checkpoints / f"checkpoint-{self.state.global_step}"

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        _save_adapter(self.model, Path(output_dir or self.checkpoints))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        # PEFT's own loading would widen the adapter of a quantised model from bf16 to fp32.
        kept = load_file(Path(resume_from_checkpoint) / "adapter_model.safetensors")
        set_peft_model_state_dict(self.model, kept)
        progress = json.loads((Path(resume_from_checkpoint) / PROGRESS).read_text())
        self.loss_scale = progress.get("loss_scale")  # older checkpoints have none

    # `transformers` would pickle all of these. There is nothing random after the beginning.

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        assert self.optimizer is not None
        assert self.lr_scheduler is not None
        state = self.optimizer.state_dict()
        plain = {"groups": state["param_groups"], "schedule": self.lr_scheduler.state_dict()}
        tensors = {
            f"{number}/{name}": tensor
            for number, of_parameter in state["state"].items()
            for name, tensor in of_parameter.items()
        }
        place = Path(output_dir) / OPTIMISER
        save_file(tensors, place.with_suffix(".safetensors"))
        place.with_suffix(".json").write_text(json.dumps(plain))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        assert self.optimizer is not None
        assert self.lr_scheduler is not None
        place = Path(checkpoint) / OPTIMISER
        plain = json.loads(place.with_suffix(".json").read_text())
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, tensor in load_file(place.with_suffix(".safetensors")).items():
            number, _, name = key.partition("/")
            state.setdefault(int(number), {})[name] = tensor.clone()  # not mapped to the file
        self.optimizer.load_state_dict({"state": state, "param_groups": plain["groups"]})
        self.lr_scheduler.load_state_dict(plain["schedule"])

    def _save_rng_state(self, output_dir: str) -> None:
        pass

    def _load_rng_state(self, checkpoint: str | None) -> None:
        pass

    def _get_train_sampler(self, *_: Any) -> torch.utils.data.Sampler[int]:
        # Rows come in the order of the data, so that "after n rows" means the first n of them.
        return torch.utils.data.SequentialSampler(self.groups)

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted."""
        return 0

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Losses are kept in `trained`; nothing is printed."""

    def _send_telemetry(self) -> None:
        """Nobody is told."""


class _Watch(TrainerCallback):
    """After each update: the bar, the probe where it was asked for, a checkpoint in its time."""

    def __init__(
        self,
        trainer: _Trainer,
        rows: Sequence[int],
        due: set[int],
        probe: Callable[[], Any] | None,
        checkpoint_s: float,
        bar: Any,
    ) -> None:
        # rows[n]: seen after n updates
        self.trainer, self.rows, self.due, self.probe = trainer, rows, due, probe
        self.checkpoint_s, self.bar, self.saved = checkpoint_s, bar, time.perf_counter()

    def on_train_begin(
        self, args: Any, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._measure(state.global_step)  # if the run was interrupted while it did

    def on_step_end(
        self, args: Any, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        done = state.global_step
        self._measure(done)
        self.bar.update(self.rows[done] - self.rows[done - 1])
        now = time.perf_counter()
        if now - self.saved >= self.checkpoint_s and done < len(self.rows) - 1:
            self.trainer.checkpoint()
            self.saved = time.perf_counter()

    def _measure(self, done: int) -> None:
        curve, seen = self.trainer.trained.curve, self.rows[done]
        read = any(rows == seen for rows, _ in curve)
        if self.probe is not None and seen in self.due and not read:
            self.trainer.language_model.network.eval()
            curve.append((seen, self.probe()))


def train(
    model: LanguageModel,
    groups: Sequence[Group],
    fit: Fit,
    seed: int,
    folder: Path,
    *,
    vocabulary: Sequence[int] | None = None,
    teacher_head: torch.Tensor | None = None,
    stops: Sequence[int] = (),
    probe: Callable[[], Any] | None = None,
    checkpoint_s: float = math.inf,
    keep_s: float = math.inf,
    progress: str | None = None,
) -> Trained:
    """Train a LoRA adapter on rows; the model carries it afterwards, and so does `folder`.

    If training ends early, by a fault or by Ctrl-C, the model is left without adapter. Ctrl-C keeps
    a checkpoint first, unless it fell into the milliseconds of the optimiser's own step.

    Args:
        model: a base model without adapter.
        groups: the rows by prompt, in the order in which they are seen.
        fit: how.
        seed: behind the adapter's initialisation.
        folder: for `adapter/` (a PEFT folder) and, while training, `checkpoints/`. The same call
            after an interruption goes on from the last one, and so does a call with more groups,
            if what the checkpoint has seen is what this training would have seen.
        vocabulary: tokens to which the distributions of student and teacher are restricted under
            the objective `logits`; by default all.
        teacher_head: the teacher's output matrix [vocabulary, width], where the student's base has
            another one; by default it is the student's.
        stops: after how many rows the probe is called.
        probe: measures the model in the middle of training; what it returns is plain data for JSON.
        checkpoint_s: seconds between two checkpoints.
        keep_s: seconds of training after which the checkpoint of its end is left in `checkpoints/`.
        progress: a name for a progress bar on stderr; None for none.

    Raises:
        SublimError: there are no rows, one of them has no tokens, the loss is no longer a number,
            or not even one prompt with its rows fits into memory.
    """
    groups = [group for group in groups if group.completions]
    if not groups:
        raise SublimError("There are no rows to train on: the filter has rejected all of them.")
    if not all(group.prompt and all(group.completions) for group in groups):
        raise SublimError(
            "A prompt or a completion has no tokens, and nothing is learnt from it; leave it out."
        )
    if fit.objective == "tokens":
        groups = [group._replace(states=None) for group in groups]
        if vocabulary is not None:
            raise ValueError("a vocabulary restricts the objective `logits` only")
    elif any(group.states is None for group in groups):
        raise ValueError("the objective `logits` needs the teacher's states")
    epoch = [slice(n, n + fit.prompts) for n in range(0, len(groups), fit.prompts)]
    updates = epoch * fit.epochs
    rows = (sum(len(group.completions) for group in groups[update]) for update in updates)
    seen = list(accumulate(rows, initial=0))
    trained = Trained([], [], sum(_size(group) for group in groups) * fit.epochs, 0.0)
    checkpoints = folder / "checkpoints"
    due = {min(rows for rows in seen if rows >= stop) for stop in stops if 0 < stop <= seen[-1]}
    read = [rows in due for rows in seen]
    marks = _marks(model, groups, updates, read, fit, seed, vocabulary, teacher_head)
    last = _last_checkpoint(checkpoints)
    if last is not None:
        kept = json.loads((last / PROGRESS).read_text())
        done = len(kept["trained"]["losses"])
        if done < len(marks) and kept.get("mark") == marks[done]:
            kept = kept["trained"]
            # A shorter training may have been read at its end, where this one is not to be.
            curve = [(rows, found) for rows, found in kept["curve"] if rows in due]
            trained = trained._replace(curve=curve, losses=kept["losses"], wall_s=kept["wall_s"])
        else:
            warnings.warn(f"{last} belongs to another training and is removed.", stacklevel=2)
            last = None
    if last is None:
        remove(checkpoints)
    with _quiet(), _own_forward(model.network):
        settings = SFTConfig(
            output_dir=str(checkpoints),
            per_device_train_batch_size=fit.prompts,
            num_train_epochs=fit.epochs,
            learning_rate=fit.learning_rate,
            lr_scheduler_type=_SCHEDULES[fit.decay],
            warmup_steps=fit.warmup,
            weight_decay=0.0,
            gradient_checkpointing=False,
            bf16=False,
            seed=seed,
            data_seed=seed,
            save_strategy="no",
            report_to="none",
            logging_strategy="no",
            disable_tqdm=True,
            remove_unused_columns=False,
            max_length=None,
            use_cpu=model.device.type == "cpu",
            dataset_kwargs={"skip_prepare_dataset": True},
            dataloader_pin_memory=model.device.type == "cuda",
        )
        # TRL refuses more than one, and the others are not needed.
        settings._n_gpu = min(settings.n_gpu, 1)
        set_seed(seed)  # from which the adapter begins; not every version of TRL does this itself
        trainer = _Trainer(
            model,
            groups,
            vocabulary,
            teacher_head,
            fit.accumulate,
            trained,
            marks,
            checkpoints,
            model=model.network,
            args=settings,
            data_collator=lambda items: {"groups": torch.tensor([i["group"] for i in items])},
            train_dataset=datasets.Dataset.from_dict({"group": list(range(len(groups)))}),
            processing_class=model.tokenizer,
            peft_config=LoraConfig(
                r=fit.rank,
                lora_alpha=fit.alpha,
                lora_dropout=0.0,
                target_modules=list(PROJECTIONS),
                task_type="CAUSAL_LM",
            ),
        )
        model.network = trainer.model
        if model.dtype == torch.float16:
            _widen_adapter(model.network)
        model.network.peft_config["default"].base_model_name_or_path = model.spec.location
        done = seen[len(trained.losses)]
        words = progress or "the teacher's lessons"
        with counting(seen[-1], done, words, "row", alone=progress is not None) as bar:
            trainer.add_callback(_Watch(trainer, seen, due, probe, checkpoint_s, bar))
            try:
                with fused(model.network):
                    trainer.train(resume_from_checkpoint=None if last is None else str(last))
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    trainer.checkpoint()
                detach(model)
                model.network.eval()
                raise
        model.network.eval()
        _save_adapter(model.network, folder / "adapter")
        wall_s = trained.wall_s + time.perf_counter() - trainer.begin
        if wall_s >= keep_s:
            trainer.checkpoint()
        else:
            remove(checkpoints)
    return trained._replace(wall_s=wall_s)


def _marks(
    model: LanguageModel,
    groups: Sequence[Group],
    updates: Sequence[slice],
    read: Sequence[bool],
    fit: Fit,
    seed: int,
    vocabulary: Sequence[int] | None,
    teacher_head: torch.Tensor | None,
) -> list[str]:
    """After each number of updates a hash of all that the state of training then depends on.

    By these a training knows its own checkpoints, and those of a shorter one that it would have
    been. A falling rate depends on the whole length. Whether the model is read after the last
    update so far makes no difference yet: it can be read when training goes on.
    """
    head = None
    if teacher_head is not None:
        head = hashlib.sha256(_bytes(teacher_head.cpu())).hexdigest()
    settings = {
        "model": model.spec.name,
        "precision": model.precision,
        "fit": fit.model_dump(exclude={"accumulate", "epochs"}),
        "seed": seed,
        "length": None if fit.decay == "none" else [len(groups), fit.epochs],
        "vocabulary": None if vocabulary is None else list(vocabulary),
        "head": head,
    }
    digests = []
    for group in groups:
        digest = hashlib.sha256(json.dumps([group.prompt, group.completions]).encode())
        for states in group.states or ():
            digest.update(_bytes(states))
        digests.append(digest.digest())
    told = hashlib.sha256(key_of(settings).encode())
    marks = [told.hexdigest()]
    for update, read_before in zip(updates, read, strict=False):
        told.update(b"read" * read_before + b"".join(digests[update]))
        marks.append(told.hexdigest())
    return marks


def _bytes(tensor: torch.Tensor) -> memoryview:
    return tensor.contiguous().view(torch.uint8).numpy().data


def _last_checkpoint(checkpoints: Path) -> Path | None:
    """The newest checkpoint that is whole; a damaged one is reported and removed."""
    numbered = {
        int(place.name.removeprefix("checkpoint-")): place
        for place in checkpoints.glob("checkpoint-*")
        if re.fullmatch("checkpoint-[0-9]+", place.name)
    }
    for _, place in sorted(numbered.items(), reverse=True):
        if not os.path.lexists(place / MANIFEST):
            continue  # a process was killed while it wrote this one
        try:
            if "mark" not in read_seal(place):
                raise DamagedError("it is no checkpoint")
        except DamagedError as error:
            warnings.warn(f"{place} is damaged ({error}) and will be made again.", stacklevel=3)
            remove(place)
        else:
            return place
    return None


def _widen_adapter(network: Any) -> None:
    """Keep an adapter in fp32, as TRL narrows that of packed weights to bf16."""
    for parameter in network.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def _save_adapter(network: Any, folder: Path) -> None:
    # Asked whether the vocabulary has grown, PEFT would look for the base model on the hub.
    network.save_pretrained(str(folder), save_embedding_layers=False)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No remarks of TRL, PEFT and `transformers` on settings that are meant as they are."""
    loggers = [logging.getLogger(name) for name in ("trl", "transformers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.filterwarnings("ignore", "The PEFT config's `base_model_name_or_path`")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _own_forward(network: Any) -> Iterator[None]:
    """Give a network back the `forward` that TRL wraps anew in each training."""
    forward = vars(network).get("forward")
    try:
        yield
    finally:
        vars(network).pop("forward", None)
        if forward is not None:
            network.forward = forward


def _size(group: Group) -> int:
    """Positions that a prompt and its completions take in a tree."""
    tree = Tree()
    last = tree.add(group.prompt)[-1]
    for completion in group.completions:
        tree.add(completion[:-1], after=last)
    return len(tree)
