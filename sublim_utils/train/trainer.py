"""Training a LoRA adapter: TRL's `SFTTrainer` on token trees, with a loss of one's choice.

For TRL an update is one item of its data, the update's number; how its gradients are computed is
the affair of `Gradients`. A killed training goes on from its last checkpoint, and at a constant
rate a longer training goes on from the end of a shorter one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import torch
from peft import LoraConfig
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, set_seed
from trl.trainer.sft_trainer import SFTTrainer

from sublim_utils.errors import SublimError
from sublim_utils.files import remove
from sublim_utils.models.adapters import save_adapter
from sublim_utils.models.loading import LanguageModel, detach
from sublim_utils.models.low_rank import fused
from sublim_utils.progress import counting
from sublim_utils.train.batch import PromptGroup
from sublim_utils.train.checkpoint import Checkpoint, Checkpoints
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.gradients import Gradients, NotFiniteError
from sublim_utils.train.losses import Loss
from sublim_utils.train.schedule import Anchor, Schedule
from sublim_utils.train.trl_setup import own_forward, quiet, sft_arguments, widen_adapter


class TrainResult(NamedTuple):
    """What a training did.

    Attributes:
        losses: mean loss in nats per token of each update, before it.
        anchor_losses: mean KL to the base model in nats per token of each update, before it;
            empty without an anchor.
        learning_rates: that the optimiser used in each update.
        curve: (rows seen, what `probe` returned) after the update that reached a wanted number.
        tokens: computed positions of the rows, prompts included and shared tokens once.
        wall_s: seconds of training, interrupted runs included up to their last checkpoint.
    """

    losses: list[float]
    anchor_losses: list[float]
    learning_rates: list[float]
    curve: list[tuple[int, Any]]
    tokens: int
    wall_s: float


def train(
    model: LanguageModel,
    groups: Sequence[PromptGroup],
    config: TrainConfig,
    loss: Loss,
    seed: int,
    folder: Path,
    *,
    teacher_head: torch.Tensor | None = None,
    anchor: Anchor | None = None,
    eval_at_rows: Collection[int] = (),
    probe: Callable[[], Any] | None = None,
    checkpoint_s: float = math.inf,
    keep_s: float = math.inf,
    progress: str | None = None,
) -> TrainResult:
    """Train a LoRA adapter on rows; the model carries it afterwards, and so does `folder`.

    If training ends early, by a fault or by Ctrl-C, the model is left without adapter. Ctrl-C keeps
    a checkpoint first, unless it fell into the milliseconds of the optimiser's own step.

    Args:
        model: a base model without adapter.
        groups: the rows by prompt, in the order in which they are seen.
        config: the hyper-parameters.
        loss: of the rows.
        seed: behind the adapter's initialisation.
        folder: for `adapter/` (a PEFT folder) and, while training, `checkpoints/`. The same call
            after an interruption goes on from the last one, and so does a call with more groups,
            if what the checkpoint has seen is what this training would have seen.
        teacher_head: the teacher's output matrix [vocabulary, width], where the student's base has
            another one; by default it is the student's.
        anchor: holds the student to its base model on other rows.
        eval_at_rows: after how many rows the probe is called.
        probe: measures the model in the middle of training; what it returns is plain data for JSON.
        checkpoint_s: seconds between two checkpoints.
        keep_s: seconds of training after which the checkpoint of its end is left in `checkpoints/`.
        progress: a name for a progress bar on stderr; None for none.

    Raises:
        SublimError: there are no rows, one of them has no tokens, the loss is no longer a number,
            or not even one prompt with its rows fits into memory.
    """
    anchor = None if anchor is None else anchor.with_base(model)
    schedule = Schedule(groups, config, loss, teacher_head, anchor, eval_at_rows)
    checkpoints = Checkpoints(folder / "checkpoints", schedule.marks(model, seed))
    resumed = checkpoints.resume()
    rows, words = schedule.rows_seen, progress or "the teacher's lessons"
    done = 0 if resumed is None else rows[resumed.num_updates]
    with (
        quiet(),
        own_forward(model.network),
        counting(rows[-1], done, words, "row", alone=progress is not None) as bar,
    ):
        trainer = _Trainer(model, schedule, config, seed, checkpoints, resumed)
        watch = _Watch(trainer, probe, checkpoint_s, bar)
        try:
            with fused(model.network):
                watch.evaluate()  # if the run was interrupted while it did
                if len(trainer.result.losses) < schedule.num_updates:
                    trainer.add_callback(watch)
                    trainer.train()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                trainer.checkpoint()
            detach(model)
            model.network.eval()
            raise
        model.network.eval()
        save_adapter(model.network, folder / "adapter", model.chat_template)
        result = trainer.result_so_far()
        if result.wall_s >= keep_s:
            trainer.checkpoint()
        else:
            remove(checkpoints.folder)
    return result


class _Trainer(SFTTrainer):
    """TRL's trainer with our gradients and our checkpoints.

    An update is one batch of one item; what is left of the training after a checkpoint is the
    trainer's whole data set.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        schedule: Schedule,
        config: TrainConfig,
        seed: int,
        checkpoints: Checkpoints,
        resumed: Checkpoint | None,
    ) -> None:
        self.language_model, self.schedule = language_model, schedule
        self.checkpoints, self.resumed = checkpoints, resumed
        self.begin = time.perf_counter()
        self.result = TrainResult([], [], [], [], schedule.tokens, 0.0)
        loss_scale, done = None, 0
        if resumed is not None:
            done, loss_scale = resumed.num_updates, resumed.progress["loss_scale"]
            kept = resumed.progress["result"]
            # A shorter training may have been evaluated at its end, where this one is not to be.
            curve = [(rows, answer) for rows, answer in kept["curve"] if rows in schedule.due]
            # Of a longer training there are more tokens.
            self.result = TrainResult(**{**kept, "curve": curve, "tokens": schedule.tokens})
        self.gradients = Gradients(language_model, config.gradient_accumulation_steps, loss_scale)
        left = range(min(done, schedule.num_updates - 1), schedule.num_updates)  # TRL wants one
        set_seed(seed)  # from which the adapter begins; not every version of TRL does this itself
        super().__init__(
            model=language_model.network,
            args=sft_arguments(
                config, seed, schedule.num_updates, language_model, checkpoints.folder
            ),
            data_collator=lambda items: {"update": torch.tensor([i["update"] for i in items])},
            train_dataset=datasets.Dataset.from_dict({"update": list(left)}),
            processing_class=language_model.tokenizer,
            peft_config=LoraConfig(
                r=config.lora_rank,
                lora_alpha=config.lora_alpha,
                target_modules=list(language_model.spec.target_modules),
                task_type="CAUSAL_LM",
            ),
        )
        self.remove_callback(PrinterCallback)
        language_model.network = self.model
        if language_model.dtype == torch.float16:
            widen_adapter(self.model)
        if resumed is not None:
            resumed.load_adapter(self.model)

    def training_step(
        self, model: Any, inputs: dict[str, torch.Tensor], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Gradients of one update. Returns the mean loss in nats per token."""
        assert self.optimizer is not None
        model.train()
        try:
            means = self.gradients.compute(self.schedule.terms(int(inputs["update"])))
        except NotFiniteError as error:
            raise SublimError(self._diverged(error)) from error
        self.result.losses.append(means[0])
        self.result.anchor_losses.extend(means[1:])
        self.result.learning_rates.append(self.optimizer.param_groups[0]["lr"])
        return torch.tensor(means[0], device=self.language_model.device)

    def result_so_far(self) -> TrainResult:
        """What training did, with the seconds until now."""
        wall_s = self.result.wall_s + time.perf_counter() - self.begin
        return self.result._replace(wall_s=wall_s)

    def checkpoint(self) -> None:
        """Keep the present state, if it lies between two updates."""
        # A loss is recorded before its update and the update is counted after it.
        if len(self.result.losses) == self.state.global_step > 0:
            result, loss_scale = self.result_so_far()._asdict(), self.gradients.loss_scale
            progress = {"result": result, "loss_scale": loss_scale}
            self.checkpoints.save(
                self.state.global_step, self.model, self.optimizer, self.lr_scheduler, progress
            )

    def _diverged(self, error: NotFiniteError) -> str:
        kept = self.checkpoints.last()
        wider = ", or in fp32, whose range is wider than fp16's"
        return (
            f"The {error} in update {self.state.global_step + 1}: train again "
            f"with a learning rate below {self.args.learning_rate:g}"
            + ("" if self.gradients.loss_scale is None else wider)
            + (f"; the adapter before it went wrong is kept in {kept}." if kept else ".")
        )

    def _send_telemetry(self) -> None:
        """Nobody is told."""


class _Watch(TrainerCallback):
    """After each update: the bar, the probe where it is due, a checkpoint in its time."""

    def __init__(
        self,
        trainer: _Trainer,
        probe: Callable[[], Any] | None,
        checkpoint_s: float,
        bar: Any,
    ) -> None:
        self.trainer, self.probe, self.bar = trainer, probe, bar
        self.checkpoint_s, self.saved = checkpoint_s, time.perf_counter()

    def on_train_begin(
        self, args: Any, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Take up the checkpoint: the optimiser exists from here on."""
        resumed = self.trainer.resumed
        if resumed is not None:
            resumed.load_optimiser(self.trainer.optimizer, self.trainer.lr_scheduler)
            state.global_step = resumed.num_updates

    def on_step_end(
        self, args: Any, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.evaluate()
        done, rows = state.global_step, self.trainer.schedule.rows_seen
        self.bar.update(rows[done] - rows[done - 1])
        late = time.perf_counter() - self.saved >= self.checkpoint_s
        if late and done < self.trainer.schedule.num_updates:
            self.trainer.checkpoint()
            self.saved = time.perf_counter()

    def evaluate(self) -> None:
        """Call the probe if it is due and was not called yet."""
        result, schedule = self.trainer.result, self.trainer.schedule
        seen = schedule.rows_seen[len(result.losses)]
        known = any(rows == seen for rows, _ in result.curve)
        if self.probe is not None and seen in schedule.due and not known:
            self.trainer.language_model.network.eval()
            result.curve.append((seen, self.probe()))
