"""What a student is trained to do: losses on the logits that predict its completions' tokens.

A loss is a function `(logits, batch) -> sum over positions`, in nats, which autograd can
differentiate. A user's own is registered by a name and used like the book's::

    @register_loss("confident")
    def confident(logits, batch):
        return -logits.log_softmax(-1).max(-1).values.sum()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from sublim_utils.errors import SublimError
from sublim_utils.registry import Registry


class LossBatch(NamedTuple):
    """What a loss is told beside the student's logits.

    Attributes:
        targets: [positions], the completions' tokens.
        teacher_logits: [positions, vocabulary], where the loss needs a teacher; without gradient.
    """

    targets: torch.Tensor
    teacher_logits: torch.Tensor | None = None


LossFunction = Callable[[torch.Tensor, LossBatch], torch.Tensor]
ClosedForm = Callable[[torch.Tensor, LossBatch], tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class Loss:
    """A named loss.

    Attributes:
        name: of it in records and keys.
        function: (logits [positions, vocabulary] in fp32, batch) -> sum over positions.
        needs_teacher: True if it reads `batch.teacher_logits`.
        allowed_tokens: the only tokens whose logits the loss is given, in this order, so that its
            distributions are restricted to them and renormalised; None for the whole vocabulary.
        closed_form: the same sum with its derivative by the logits, without gradient; faster than
            autograd, which is used where there is none. It may overwrite the teacher's logits.
    """

    name: str
    function: LossFunction
    needs_teacher: bool = False
    allowed_tokens: tuple[int, ...] | None = None
    closed_form: ClosedForm | None = None

    def __call__(self, logits: torch.Tensor, batch: LossBatch) -> torch.Tensor:
        """The sum over positions."""
        return self.function(logits, batch)


def cross_entropy(logits: torch.Tensor, batch: LossBatch) -> torch.Tensor:
    """-log p(sampled token), summed over positions."""
    return -logits.log_softmax(-1).gather(1, batch.targets[:, None]).sum()


def forward_kl(logits: torch.Tensor, batch: LossBatch) -> torch.Tensor:
    """KL(teacher || student) = sum of p log(p / q) over the vocabulary, summed over positions."""
    assert batch.teacher_logits is not None
    log_p, log_q = batch.teacher_logits.log_softmax(-1), logits.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum()


# The derivatives by the logits are differences of two distributions. To write them down, with sums
# made in place, saves half of the passes over [positions, vocabulary] that autograd would make.


def _cross_entropy_closed(
    logits: torch.Tensor, batch: LossBatch
) -> tuple[torch.Tensor, torch.Tensor]:
    log_q, targets = logits.log_softmax(-1), batch.targets[:, None]
    loss = -log_q.gather(1, targets).sum()
    return loss, log_q.exp_().scatter_add_(1, targets, -torch.ones_like(log_q[:, :1]))


def _forward_kl_closed(logits: torch.Tensor, batch: LossBatch) -> tuple[torch.Tensor, torch.Tensor]:
    assert batch.teacher_logits is not None
    log_q, log_p = logits.log_softmax(-1), batch.teacher_logits.log_softmax(-1)
    p = log_p.exp()
    loss = log_p.sub_(log_q).mul_(p).sum()
    return loss, log_q.exp_().sub_(p)


TOKENS = Loss("tokens", cross_entropy, closed_form=_cross_entropy_closed)
"""Cross-entropy on the sampled tokens: fine-tuning on text."""
LOGITS = Loss("logits", forward_kl, needs_teacher=True, closed_form=_forward_kl_closed)
"""Forward KL from the teacher's distribution at the same positions: distillation."""

LOSSES: Registry[Loss | LossFunction] = Registry(
    "loss",
    {loss.name: loss for loss in (TOKENS, LOGITS)},
    group="sublim_utils.losses",
    check=lambda value: None if callable(value) else "is no function of logits and a batch",
)
"""By name: losses, or functions of a user's, whose code is part of the keys."""


def get_loss(name: str) -> Loss:
    """The loss of that name.

    Raises:
        SublimError: there is none.
    """
    value = LOSSES.get(name)
    if isinstance(value, Loss):
        return value
    return Loss(name, value, needs_teacher=bool(getattr(value, "needs_teacher", False)))


def register_loss(
    name: str, *, needs_teacher: bool = False
) -> Callable[[LossFunction], LossFunction]:
    """Decorate a function of your own, so that trainings can name it as their loss.

    Args:
        name: by which `get_loss` finds it.
        needs_teacher: True if it reads `batch.teacher_logits`.

    Raises:
        SublimError: there is another loss of that name.
    """

    decorate = LOSSES.register(name)

    def register(function: LossFunction) -> LossFunction:
        decorate(function)
        function.needs_teacher = needs_teacher  # type: ignore[attr-defined]
        return function

    return register


def restrict(loss: Loss, allowed_tokens: Sequence[int]) -> Loss:
    """The same loss on distributions over some tokens only.

    Raises:
        SublimError: the loss looks at the sampled tokens, which may be others.
    """
    if not loss.needs_teacher:
        raise SublimError(
            f"The loss {loss.name!r} compares no distributions and cannot be restricted to some "
            "tokens; take 'logits'."
        )
    return replace(loss, allowed_tokens=tuple(allowed_tokens))
