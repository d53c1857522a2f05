"""Which rows are behind which update of a training, and when its model is evaluated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import torch

from sublim_utils.errors import SublimError
from sublim_utils.models.loading import LanguageModel
from sublim_utils.train.batch import PromptGroup, with_teacher_states
from sublim_utils.train.checkpoint import group_digests, training_marks
from sublim_utils.train.config import TrainConfig
from sublim_utils.train.gradients import Term
from sublim_utils.train.losses import LOGITS, Loss


class Anchor(NamedTuple):
    """A second term of the loss, which holds the student to its base model on other rows.

    Attributes:
        groups: the rows, gone through again and again.
        weight: of the mean KL(base || student) over their tokens, in the units of the loss.
        prompts_per_step: of them, behind an update.
    """

    groups: Sequence[PromptGroup]
    weight: float
    prompts_per_step: int = 4

    def with_base(self, model: LanguageModel) -> Anchor:
        """The same with the states of a base model, which has no adapter yet."""
        return self._replace(groups=with_teacher_states(model, check_groups(self.groups)))

    def term(self, update: int) -> Term:
        """The term of an update, which is given by its number."""
        first = update * self.prompts_per_step
        numbers = range(first, first + self.prompts_per_step)
        groups = [self.groups[number % len(self.groups)] for number in numbers]
        return Term(groups, LOGITS, self.weight)


def check_groups(groups: Sequence[PromptGroup]) -> list[PromptGroup]:
    """The groups that have rows.

    Raises:
        SublimError: there are none, or a row has no tokens.
    """
    groups = [group for group in groups if group.completions]
    if not groups:
        raise SublimError("There are no rows to train on: the filter has rejected all of them.")
    if not all(group.prompt and all(group.completions) for group in groups):
        raise SublimError(
            "A prompt or a completion has no tokens, and nothing is learnt from it; leave it out."
        )
    return groups


class Schedule:
    """The updates of a training.

    Args:
        groups: the rows by prompt, in the order in which they are seen.
        config: the hyper-parameters.
        loss: of the rows.
        teacher_head: the teacher's output matrix, if it is not the student's.
        anchor: with the base's states.
        eval_at_rows: after how many rows the model is evaluated.

    Attributes:
        num_updates: of the training.
        rows_seen: after each number of updates, from none to all.
        due: those of these numbers of rows at which the model is evaluated.
        tokens: computed positions of the rows.
    """

    def __init__(
        self,
        groups: Sequence[PromptGroup],
        config: TrainConfig,
        loss: Loss,
        teacher_head: torch.Tensor | None = None,
        anchor: Anchor | None = None,
        eval_at_rows: Collection[int] = (),
    ) -> None:
        """Check the rows and lay them out."""
        self._groups, self._config, self._loss = check_groups(groups), config, loss
        if not loss.needs_teacher:
            self._groups = [group._replace(teacher_states=None) for group in self._groups]
        elif any(group.teacher_states is None for group in self._groups):
            raise ValueError(f"the loss {loss.name!r} needs the teacher's states")
        self._teacher_head, self._anchor = teacher_head, anchor
        size, total = config.prompts_per_step, len(self._groups)
        self._updates = [slice(n, n + size) for n in range(0, total, size)] * config.epochs
        self.num_updates = len(self._updates)
        rows = (sum(len(g.completions) for g in self._groups[update]) for update in self._updates)
        self.rows_seen = list(accumulate(rows, initial=0))
        wanted = [number for number in eval_at_rows if 0 < number <= self.rows_seen[-1]]
        self.due = {min(rows for rows in self.rows_seen if rows >= number) for number in wanted}
        self.tokens = sum(group.num_positions for group in self._groups) * config.epochs

    def terms(self, update: int) -> list[Term]:
        """The terms of an update's loss."""
        groups = self._groups[self._updates[update]]
        own = Term(groups, self._loss, 1.0, self._teacher_head)
        return [own] if self._anchor is None else [own, self._anchor.term(update)]

    def marks(self, model: LanguageModel, seed: int) -> list[str]:
        """Hashes of all that the state depends on after each number of updates.

        A falling rate depends on the whole length.
        """
        anchor: list[Any] | None = None
        if self._anchor is not None:
            digests = group_digests(self._anchor.groups)
            anchor = [b"".join(digests).hex(), *self._anchor[1:]]
        settings = {
            "model": model.spec.name,
            "target_modules": model.spec.target_modules,
            "precision": model.precision,
            "config": self._config.model_dump(exclude={"gradient_accumulation_steps", "epochs"}),
            "loss": [self._loss.name, self._loss.allowed_tokens],
            "seed": seed,
            "num_updates": self.num_updates if self._config.lr_scheduler == "linear" else None,
            "anchor": anchor,
        }
        evaluated = [rows in self.due for rows in self.rows_seen]
        return training_marks(settings, self._groups, self._updates, evaluated, self._teacher_head)
