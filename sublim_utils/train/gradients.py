"""The gradients of one update, in as many passes as memory asks for and within fp16's range."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import torch

from sublim_utils.errors import SublimError
from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.memory import is_out_of_memory
from sublim_utils.train.batch import PromptGroup, collate
from sublim_utils.train.chunked import chunked_loss
from sublim_utils.train.losses import Loss

LOSS_SCALE = 2.0**16
"""By which the loss is multiplied at first where gradients pass through weights in fp16, so that
small ones do not become zero. It is halved whenever large ones leave the range of fp16."""
SMALLEST_LOSS_SCALE = 2.0**-16


class NotFiniteError(Exception):
    """Training has diverged; the message says what is not finite."""


class Term(NamedTuple):
    """A term of an update's loss.

    Attributes:
        groups: the rows behind it.
        loss: of which the mean over their tokens is taken.
        weight: of that mean.
        teacher_head: the teacher's output matrix, if it is not the student's.
    """

    groups: Sequence[PromptGroup]
    loss: Loss
    weight: float = 1.0
    teacher_head: torch.Tensor | None = None


class Gradients:
    """Computes the gradients of updates.

    Args:
        model: the student with its adapter, whose weights get the gradients.
        passes: over which an update is spread at first; more where memory is too small.
        loss_scale: at which an earlier run ended; by default the first one.
    """

    def __init__(self, model: LanguageModel, passes: int, loss_scale: float | None = None) -> None:
        """Nothing is computed yet."""
        self.model, self.passes = model, passes
        self.loss_scale = (loss_scale or LOSS_SCALE) if model.dtype == torch.float16 else None

    def compute(self, terms: Sequence[Term]) -> list[float]:
        """Leave the gradients of a sum of terms in the adapter.

        Returns:
            The mean of each term in nats per token, without its weight.

        Raises:
            NotFiniteError: a loss is not a number, or no scale keeps gradients in fp16's range.
            SublimError: not even one prompt with its rows fits into memory.
        """
        means = self._fitting(terms)
        while not self._unscale():
            means = self._fitting(terms)
        return means

    def _unscale(self) -> bool:
        """Undo the loss' scale in the gradients; False, and none left, where it was too large."""
        if self.loss_scale is None:
            return True
        network = self.model.network
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        for gradient in gradients:
            gradient.div_(self.loss_scale)
        if all(bool(gradient.isfinite().all()) for gradient in gradients):
            return True
        network.zero_grad()
        if self.loss_scale <= SMALLEST_LOSS_SCALE:
            raise NotFiniteError("gradients left fp16's range")
        self.loss_scale /= 2
        return False

    def _fitting(self, terms: Sequence[Term]) -> list[float]:
        """The means, in as many passes as memory asks for."""
        before = self.passes
        groups = [group for term in terms for group in term.groups]
        while (means := self._tried(terms)) is None:
            if self.passes >= max(len(term.groups) for term in terms):
                largest = max(groups, key=lambda group: group.num_positions)
                raise SublimError(
                    f"Memory is too small to train on one prompt with {len(largest.completions)} "
                    f"completions ({largest.num_positions} tokens): take fewer completions of a "
                    "prompt, a smaller model, or the precision nf4."
                )
            self.passes *= 2
        if self.passes > before:
            warnings.warn(
                f"Out of memory; going on with {self.passes} passes for an update.", stacklevel=2
            )
        return means

    def _tried(self, terms: Sequence[Term]) -> list[float] | None:
        """The means, or None, and no gradients, where memory is too small."""
        try:
            return [self._summed(term) for term in terms]
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        self.model.network.zero_grad()
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _summed(self, term: Term) -> float:
        """Add a term's gradients to the adapter's; its mean."""
        groups, model = term.groups, self.model
        size = math.ceil(len(groups) / self.passes)
        num_targets = sum(group.num_targets for group in groups)
        total = torch.zeros((), device=model.device)
        for first in range(0, len(groups), size):
            batch = collate(groups[first : first + size], model)
            loss = chunked_loss(
                term.loss,
                model,
                batch.hidden_states(model),
                batch.targets,
                batch.teacher_states,
                term.teacher_head,
            )
            loss = loss / num_targets
            if not math.isfinite(loss.item()):
                raise NotFiniteError("loss stopped being a number")
            (loss * (term.weight * (self.loss_scale or 1))).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total.item()
