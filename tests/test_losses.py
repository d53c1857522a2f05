"""The losses: their values by hand, their closed forms, and a user's own."""

import math
from dataclasses import replace

import pytest
import torch

from sublim_utils.errors import SublimError
from sublim_utils.limits import CHUNK
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import load
from sublim_utils.train.chunked import chunked_loss
from sublim_utils.train.losses import (
    LOGITS,
    TOKENS,
    Loss,
    LossBatch,
    get_loss,
    register_loss,
    restrict,
)

LOSSES = [TOKENS, LOGITS]


def log(*rows: list[float]) -> torch.Tensor:
    """Logits of distributions."""
    return torch.tensor(rows).log()


def a_batch(positions: int, vocabulary: int = 7) -> tuple[torch.Tensor, LossBatch]:
    torch.manual_seed(1)
    logits, teacher = 2 * torch.randn(2, positions, vocabulary)
    return logits, LossBatch(torch.randint(vocabulary, (positions,)), teacher)


def test_tokens_is_the_negative_log_probability_of_the_sampled_tokens() -> None:
    logits = log([0.5, 0.25, 0.25], [0.1, 0.1, 0.8]) + 3  # of which a constant changes nothing
    loss = TOKENS(logits, LossBatch(torch.tensor([1, 2])))
    assert loss.item() == pytest.approx(-math.log(0.25) - math.log(0.8))


def test_logits_is_the_divergence_from_the_teacher_to_the_student() -> None:
    student, teacher = log([0.5, 0.5], [0.9, 0.1]) - 1, log([0.25, 0.75], [0.9, 0.1]) + 1
    loss = LOGITS(student, LossBatch(torch.tensor([0, 0]), teacher))
    assert loss.item() == pytest.approx(0.25 * math.log(0.5) + 0.75 * math.log(1.5))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_the_closed_form_is_what_autograd_gives(loss: Loss) -> None:
    logits, batch = a_batch(positions=5)
    logits.requires_grad_()
    value = loss(logits, batch)
    (gradient,) = torch.autograd.grad(value, logits)
    assert loss.closed_form is not None
    closed, by_logits = loss.closed_form(logits.detach(), batch)
    torch.testing.assert_close(closed, value.detach())
    torch.testing.assert_close(by_logits, gradient)
    assert gradient.abs().max() > 0.1


@pytest.mark.parametrize(
    "loss", [*LOSSES, restrict(LOGITS, [9, 3, 200])], ids=["tokens", "logits", "restricted"]
)
@pytest.mark.parametrize("closed", [True, False])
def test_chunks_give_the_loss_and_the_gradient_of_the_whole(loss: Loss, closed: bool) -> None:
    model = load(get_model("random"))
    positions = 2 * CHUNK["cpu"] + 3
    torch.manual_seed(1)
    states, teacher_states = torch.randn(2, positions, model.lm_head.shape[1])
    targets = torch.randint(len(model.lm_head), (positions,))
    teacher_head = model.lm_head + torch.randn_like(model.lm_head)
    states.requires_grad_()
    allowed = list(loss.allowed_tokens or range(len(model.lm_head)))
    batch = LossBatch(targets, (teacher_states @ teacher_head.T)[:, allowed])
    whole = loss((states @ model.lm_head.T)[:, allowed], batch)
    (expected,) = torch.autograd.grad(whole, states)

    one = loss if closed else replace(loss, closed_form=None)
    value = chunked_loss(one, model, states, targets, teacher_states, teacher_head)
    (gradient,) = torch.autograd.grad(3 * value, states)
    torch.testing.assert_close(value, whole, rtol=1e-4, atol=0)
    torch.testing.assert_close(gradient, 3 * expected, rtol=1e-3, atol=1e-4)


def test_only_distributions_can_be_restricted() -> None:
    assert restrict(LOGITS, [5, 6]).allowed_tokens == (5, 6)
    with pytest.raises(SublimError, match="'tokens' compares no distributions"):
        restrict(TOKENS, [5, 6])


def test_a_loss_of_the_users_own_is_found_by_its_name() -> None:
    @register_loss("reverse", needs_teacher=True)
    def reverse_kl(logits: torch.Tensor, batch: LossBatch) -> torch.Tensor:
        assert batch.teacher_logits is not None
        log_q, log_p = logits.log_softmax(-1), batch.teacher_logits.log_softmax(-1)
        return (log_q.exp() * (log_q - log_p)).sum()

    logits, batch = a_batch(positions=2)
    assert batch.teacher_logits is not None
    swapped = LossBatch(batch.targets, logits)
    torch.testing.assert_close(
        get_loss("reverse")(logits, batch), LOGITS(batch.teacher_logits, swapped)
    )
    assert get_loss("reverse").needs_teacher
    register_loss("reverse", needs_teacher=True)(reverse_kl)  # as when a file is loaded again
    with pytest.raises(SublimError, match="another loss 'tokens' already"):
        register_loss("tokens")(reverse_kl)


def test_an_unknown_loss_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SublimError, match=r"no loss 'logit' .*did you mean logits.*tokens"):
        get_loss("logit")
