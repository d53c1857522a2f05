"""How TRL's trainer is set up, and kept from leaving traces on the model or on the screen."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trl.trainer.sft_config import SFTConfig

from sublim_utils.models.loading import LanguageModel
from sublim_utils.train.config import TrainConfig


def sft_arguments(
    config: TrainConfig, seed: int, num_updates: int, model: LanguageModel, folder: Path
) -> SFTConfig:
    """What the trainer of `transformers` is told; all that moves a number is in the config."""
    arguments = SFTConfig(
        output_dir=str(folder),
        max_steps=num_updates,
        per_device_train_batch_size=1,
        train_sampling_strategy="sequential",
        learning_rate=config.learning_rate,
        lr_scheduler_type="linear" if config.lr_scheduler == "linear" else "constant_with_warmup",
        warmup_steps=config.warmup_steps,
        max_grad_norm=config.max_grad_norm,
        adam_beta1=config.adam_beta1,
        adam_beta2=config.adam_beta2,
        adam_epsilon=config.adam_eps,
        weight_decay=config.weight_decay,
        gradient_checkpointing=False,
        bf16=False,
        seed=seed,
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
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def widen_adapter(network: Any) -> None:
    """Keep an adapter in fp32, as TRL narrows that of packed weights to bf16."""
    for parameter in network.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No remarks of TRL, PEFT and `transformers` on settings that are meant as they are."""
    loggers = [logging.getLogger(name) for name in ("trl", "transformers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def own_forward(network: Any) -> Iterator[None]:
    """Give a network back the `forward` that TRL wraps anew in each training."""
    forward = vars(network).get("forward")
    try:
        yield
    finally:
        vars(network).pop("forward", None)
        if forward is not None:
            network.forward = forward
