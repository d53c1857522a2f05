"""The hyper-parameters of a fine-tuning, all of them in one place."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sublim_utils.config import Checked


class TrainConfig(Checked):
    """How a LoRA adapter is trained with AdamW.

    Which matrices get adapters is a matter of the model (`ModelSpec.target_modules`). Adapters
    begin as PEFT's default has it (A uniform, B zero) and know no dropout, so that nothing is
    random after the beginning; prompts are seen in the order of the data.

    Attributes:
        learning_rate: the rate after the warm-up.
        lr_scheduler: `constant` keeps the rate, so that the student after n rows is the student of
            n rows and one run gives the whole dose-response curve; `linear` lets it fall to zero
            at the end, which calms the student: at a constant rate its last steps are as large as
            any.
        warmup_steps: updates in which the rate rises linearly from 0, the rate of the first one.
        prompts_per_step: prompts behind an update; the rows are their completions.
        gradient_accumulation_steps: forward and backward passes over which an update's prompts are
            spread, for small memories; the update is the same up to rounding.
        epochs: passes over the rows.
        lora_rank: inner dimension of the LoRA matrices.
        lora_alpha: LoRA's product is multiplied by lora_alpha / lora_rank.
        max_grad_norm: the gradient of all adapters together is scaled down to this L2 norm where
            it is longer; 0 for no clipping.
        adam_beta1: decay of the running mean of gradients, per update.
        adam_beta2: decay of the running mean of squared gradients, per update.
        adam_eps: added to the root of the latter.
        weight_decay: share of a weight, times the rate, that an update takes from it.
    """

    learning_rate: float = Field(default=2e-4, gt=0)
    lr_scheduler: Literal["constant", "linear"] = "constant"
    warmup_steps: int = Field(default=5, ge=0)
    prompts_per_step: int = Field(default=4, gt=0)
    gradient_accumulation_steps: int = Field(default=1, gt=0)
    epochs: int = Field(default=1, gt=0)
    lora_rank: int = Field(default=8, gt=0)
    lora_alpha: int = 16
    max_grad_norm: float = Field(default=1.0, ge=0)
    adam_beta1: float = Field(default=0.9, ge=0, lt=1)
    adam_beta2: float = Field(default=0.999, ge=0, lt=1)
    adam_eps: float = Field(default=1e-8, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)

    def learning_rates(self, num_updates: int) -> list[float]:
        """The learning rate of each update of a training.

        The first of a warm-up is 0: that update measures a loss and moves nothing.

        Args:
            num_updates: of the whole training, on which the `linear` schedule depends.
        """
        rates = []
        for update in range(num_updates):
            share = 1.0
            if update < self.warmup_steps:
                share = update / self.warmup_steps
            elif self.lr_scheduler == "linear":
                share = (num_updates - update) / max(1, num_updates - self.warmup_steps)
            rates.append(self.learning_rate * share)
        return rates
