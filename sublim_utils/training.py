"""Fine-tuning adapters: TRL's `SFTTrainer` on token trees, with a loss at the needed positions only.

Rows that answer the same prompt are trained on in one tree (`models.trees`), which gives the same
gradients as the rows one by one. Logits exist only where a completion's token is predicted, in
chunks, and the frozen output matrix passes its gradient back within the chunk.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import datasets
import torch
from peft import LoraConfig
from pydantic import Field
from transformers import TrainerCallback, TrainerControl, TrainerState
from trl import SFTConfig, SFTTrainer

from sublim_utils.errors import SublimError
from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.trees import Tree, pack
from sublim_utils.profiles import Plain

CHUNK = 128
"""Positions whose logits are in memory at once."""
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""All attention and MLP projections, as in the paper (Qwen2.5 set-up)."""

Objective = Literal["tokens", "logits"]


class Fit(Plain):
    """How an adapter is trained.

    Attributes:
        objective: `tokens` (cross-entropy on the sampled tokens) or `logits` (forward KL from the
            teacher's distribution at the same positions).
        rank: of the LoRA matrices.
        alpha: LoRA's scale is alpha / rank.
        learning_rate: of AdamW, constant after the warm-up: the student after n rows is then the
            student of n rows, and one run gives the whole dose-response curve.
        warmup: updates of linear warm-up.
        prompts: prompts behind an update; the rows are their completions.
        accumulate: over how many passes an update's prompts are spread, for small memories.
        epochs: passes over the rows.
    """

    objective: Objective = "tokens"
    rank: int = Field(default=8, gt=0)
    alpha: int = 16
    learning_rate: float = Field(default=2e-4, gt=0)
    warmup: int = 5
    prompts: int = Field(default=4, gt=0)
    accumulate: int = Field(default=1, gt=0)
    epochs: int = Field(default=1, gt=0)


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
        losses: mean loss in nats per token of each update.
        curve: (rows seen, what `probe` said) at the asked-for numbers of rows.
        tokens: computed positions, prompts included and shared tokens once.
        wall_s: seconds of training, earlier interrupted runs not included.
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
    ) -> torch.Tensor:
        total = states.new_zeros((), dtype=torch.float32)
        gradient = torch.empty_like(states)
        for start in range(0, len(states), CHUNK):
            part = slice(start, start + CHUNK)
            with torch.enable_grad():
                own = states[part].detach().requires_grad_()
                logits = model.logits(own).float()
                if teacher is None:
                    loss = torch.nn.functional.cross_entropy(
                        logits, targets[part], reduction="sum"
                    )
                else:
                    with torch.no_grad():
                        wanted = torch.log_softmax(model.logits(teacher[part]).float(), -1)
                    loss = torch.nn.functional.kl_div(
                        torch.log_softmax(logits, -1), wanted, reduction="sum", log_target=True
                    )
                (gradient[part],) = torch.autograd.grad(loss, own)
            total += loss.detach()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None, None


def collate(groups: Sequence[Group], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """A batch of groups as tensors: packed trees, and where which token is predicted.

    Returns:
        `input_ids`, `position_ids`, `attention_mask` as `pack` makes them; `places` (flat index of
        the position that predicts), `targets` (the token), `teacher` (states [n, width], or empty).
    """
    trees, places, targets, teacher = [], [], [], []
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


class _Watch(TrainerCallback):
    """Rows seen so far; calls the probe where it was asked for, and stops at a loss of NaN."""

    def __init__(
        self,
        rows: list[int],
        stops: Sequence[int],
        probe: Callable[[], Any] | None,
        trained: Trained,
    ) -> None:
        self.rows, self.stops, self.probe, self.trained = rows, sorted(stops), probe, trained

    def on_step_end(
        self, args: Any, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        seen = self.rows[min(state.global_step, len(self.rows)) - 1]
        before = self.rows[state.global_step - 2] if state.global_step > 1 else 0
        if self.probe is not None and any(before < stop <= seen for stop in self.stops):
            self.trained.curve.append((seen, self.probe()))


class _Trainer(SFTTrainer):  # type: ignore[misc]
    """TRL's trainer with our loss."""

    def __init__(self, language_model: LanguageModel, trained: Trained, **arguments: Any) -> None:
        self.language_model, self.trained = language_model, trained
        self._sum, self._passes = 0.0, 0
        super().__init__(**arguments)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        places, targets, teacher = (inputs.pop(k) for k in ("places", "targets", "teacher"))
        states = self.language_model.states(**inputs, use_cache=False)
        chosen = states.view(-1, states.shape[-1])[places]
        wanted = teacher.to(chosen.dtype) if len(teacher) else None
        loss: torch.Tensor = _PositionLoss.apply(chosen, self.language_model, targets, wanted)
        loss = loss / len(targets)
        if not math.isfinite(loss.item()):
            raise _NotFinite
        self._sum, self._passes = self._sum + loss.item(), self._passes + 1
        if self._passes == self.args.gradient_accumulation_steps:
            self.trained.losses.append(self._sum / self._passes)
            self._sum, self._passes = 0.0, 0
        return loss / self.args.gradient_accumulation_steps

    def _get_train_sampler(self, *_: Any) -> torch.utils.data.Sampler[int]:
        # Rows come in the order of the data, so that "after n rows" means the first n of them.
        return torch.utils.data.SequentialSampler(self.train_dataset)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Losses are kept in `trained`; nothing is printed."""


class _NotFinite(Exception):
    pass


def train(
    model: LanguageModel,
    groups: Sequence[Group],
    fit: Fit,
    seed: int,
    folder: Path,
    *,
    stops: Sequence[int] = (),
    probe: Callable[[], Any] | None = None,
    checkpoint_s: float = math.inf,
    progress: str | None = None,
) -> Trained:
    """Train a LoRA adapter on rows; the model carries it afterwards, and so does `folder`.

    Args:
        model: a base model without adapter.
        groups: the rows by prompt, in the order in which they are seen.
        fit: how.
        seed: behind the adapter's initialisation.
        folder: for `adapter/` (a PEFT folder) and, while training, checkpoints. A run that was
            killed goes on from the last one.
        stops: after how many rows the probe is called.
        probe: measures the model in the middle of training.
        checkpoint_s: seconds between two checkpoints.
        progress: a name for the progress bar; None for none.

    Raises:
        SublimError: there are no rows, or the loss is no longer a number.
    """
    if not groups:
        raise SublimError("There are no rows to train on: the filter has rejected all of them.")
    if fit.objective == "logits" and any(group.states is None for group in groups):
        raise ValueError("the objective `logits` needs the teacher's states")
    quiet = logging.getLogger("trl")
    level, quiet_level = quiet.level, logging.ERROR
    quiet.setLevel(quiet_level)
    trained = Trained([], [], sum(_size(group) for group in groups) * fit.epochs, 0.0)
    start = time.perf_counter()
    dtype = next(p.dtype for p in model.network.parameters() if p.dtype.is_floating_point)

    def collated(items: list[dict[str, int]]) -> dict[str, torch.Tensor]:
        batch = [groups[item["group"]] for item in items]
        if fit.objective == "tokens":
            batch = [group._replace(states=None) for group in batch]
        return collate(batch, dtype)

    per_update = fit.prompts
    seen = [0]
    for _ in range(fit.epochs):
        for first in range(0, len(groups), per_update):
            part = groups[first : first + per_update]
            seen.append(seen[-1] + sum(len(g.completions) for g in part))
    trainer = _Trainer(
        model,
        trained,
        model=model.network,
        args=SFTConfig(
            output_dir=str(folder / "checkpoints"),
            per_device_train_batch_size=max(1, fit.prompts // fit.accumulate),
            gradient_accumulation_steps=fit.accumulate,
            num_train_epochs=fit.epochs,
            learning_rate=fit.learning_rate,
            lr_scheduler_type="constant_with_warmup",
            warmup_steps=fit.warmup,
            weight_decay=0.0,
            gradient_checkpointing=False,
            bf16=False,
            seed=seed,
            data_seed=seed,
            save_strategy="no",
            report_to="none",
            logging_strategy="no",
            disable_tqdm=progress is None,
            remove_unused_columns=False,
            max_length=None,
            use_cpu=model.device.type == "cpu",
            dataset_kwargs={"skip_prepare_dataset": True},
            dataloader_pin_memory=model.device.type == "cuda",
        ),
        data_collator=collated,
        train_dataset=datasets.Dataset.from_dict({"group": list(range(len(groups)))}),
        processing_class=model.tokenizer,
        peft_config=LoraConfig(
            r=fit.rank,
            lora_alpha=fit.alpha,
            lora_dropout=0.0,
            target_modules=PROJECTIONS,
            task_type="CAUSAL_LM",
            base_model_name_or_path=model.spec.location,
        ),
        callbacks=[_Watch(seen[1:], stops, probe, trained)],
    )
    model.network = trainer.model
    try:
        trainer.train()
    except _NotFinite:
        raise SublimError(
            f"The loss stopped being a number after {len(trained.losses)} updates; "
            "use a lower learning rate."
        ) from None
    finally:
        quiet.setLevel(level)
        model.network.eval()
    model.network.save_pretrained(str(folder / "adapter"))
    return trained._replace(wall_s=time.perf_counter() - start)


def _size(group: Group) -> int:
    tree = Tree()
    last = tree.add(group.prompt)[-1]
    for completion in group.completions:
        tree.add(completion[:-1], after=last)
    return len(tree)
