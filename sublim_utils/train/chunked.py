"""A loss of hidden states, with logits only where a token is predicted and only a chunk at a time.

Logits of a whole batch would be by far its largest tensor. The frozen output matrix passes the
gradient back within the chunk, so that it is never kept.
"""

from __future__ import annotations

from typing import Any

import torch

from sublim_utils.limits import CHUNK
from sublim_utils.models.loading import LanguageModel
from sublim_utils.train.losses import Loss, LossBatch


def chunked_loss(
    loss: Loss,
    model: LanguageModel,
    states: torch.Tensor,
    targets: torch.Tensor,
    teacher_states: torch.Tensor | None = None,
    teacher_head: torch.Tensor | None = None,
) -> torch.Tensor:
    """The sum of a loss over positions, in fp32, differentiable by the student's states.

    Args:
        loss: which.
        model: the student; its output matrix is frozen.
        states: [positions, width], the student's last hidden states.
        targets: [positions].
        teacher_states: [positions, width], where the loss needs a teacher.
        teacher_head: the teacher's output matrix, where it is not the student's.
    """
    total: torch.Tensor = _ChunkedLoss.apply(  # type: ignore[no-untyped-call]
        states, loss, model, targets, teacher_states, teacher_head
    )
    return total


class _ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        states: torch.Tensor,
        loss: Loss,
        model: LanguageModel,
        targets: torch.Tensor,
        teacher_states: torch.Tensor | None,
        teacher_head: torch.Tensor | None,
    ) -> torch.Tensor:
        total = states.new_zeros((), dtype=torch.float32)
        gradient = torch.empty_like(states)
        allowed = loss.allowed_tokens
        tokens = None if allowed is None else torch.tensor(allowed, device=states.device)
        chunk = CHUNK[states.device.type]
        for start in range(0, len(states), chunk):
            part = slice(start, start + chunk)
            teacher = None
            if loss.needs_teacher:
                assert teacher_states is not None
                wide = teacher_states[part].to(states.dtype)
                teacher = model.logits(wide, tokens, teacher_head).float()
            batch = LossBatch(targets[part], teacher)
            with torch.enable_grad():
                own = states[part].detach().requires_grad_()
                logits = model.logits(own, tokens).float()
            if loss.closed_form is None:
                with torch.enable_grad():
                    value = loss(logits, batch)
                (gradient[part],) = torch.autograd.grad(value, own)
            else:
                value, by_logits = loss.closed_form(logits.detach(), batch)
                (gradient[part],) = torch.autograd.grad(logits, own, by_logits)
            total += value.detach()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None, None, None, None
