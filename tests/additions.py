"""What a user may add in a file of their own: a teacher, a loss, a channel, an evaluation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch

import sublim_utils as sl
from sublim_utils.channels import AsWritten
from sublim_utils.channels.automaton import Automaton, choice, sequence, text
from sublim_utils.channels.base import FilterResult
from sublim_utils.config import FrozenConfig
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.models import Open
from sublim_utils.recipes.evaluations import ModelEvaluation
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.recipes.teachers import TeacherRecipe, Untouched
from sublim_utils.train.losses import LossBatch


class Shouting(TeacherRecipe):
    """A teacher that is told to shout."""

    def key_form(self) -> dict[str, Any]:
        return {"teacher": "shouting", "base": self.base.key_form()}


class SameForm(Untouched):
    """Says of itself what the class says that it is derived from."""

    def key_form(self) -> dict[str, Any]:
        return super().key_form()


@sl.opened.register
@contextlib.contextmanager
def _shouting(recipe: Shouting, seed: int, context: Context) -> Iterator[Open]:
    with sl.opened(recipe.base, seed, context) as (model, _):
        yield Open(model, "SHOUT!")


def flat(logits: torch.Tensor, batch: LossBatch) -> torch.Tensor:
    """The mean negative log-probability of all tokens."""
    return -logits.log_softmax(-1).mean(-1).sum()


class WordPrompt(AsWritten, FrozenConfig):
    """Asks for one of two words."""

    text: str
    format: str = "word"

    def grammar(self, lead: str = "") -> Automaton:
        return Automaton(sequence(text(lead), choice(text("yes"), text("no"))))

    def filter(self, completion: str) -> FilterResult:
        return FilterResult(() if completion in ("yes", "no") else ("no answer",))


class Words:
    """A channel of one word."""

    def prompt(self, seed: int, index: int) -> WordPrompt:
        return WordPrompt(text=f"Yes or no, number {index}?")


def register() -> None:
    """Make the loss and the channel known by name, until the test is over."""
    sl.register_loss("additions-flat")(flat)
    sl.register_channel("additions-words", Words())


class Surprise(ModelEvaluation):
    """How unlikely a model finds a sentence."""

    UNITS: ClassVar[Mapping[str, str]] = {"surprise": "nats"}

    sentence: str

    def key_form(self) -> dict[str, Any]:
        return {"evaluation": "surprise", "sentence": self.sentence}

    def metrics(self, result: Mapping[str, Any]) -> Iterator[sl.Metric]:
        yield sl.Metric("surprise", None, result["surprise"])


@sl.evaluated.register
def _surprise(evaluation: Surprise, model: Recipe, seed: int, context: Context) -> dict[str, Any]:
    with sl.opened(model, seed, context) as (language_model, _), torch.no_grad():
        tokens = torch.tensor([language_model.encode(evaluation.sentence)])
        logits = language_model.network(tokens).logits[0, :-1].log_softmax(-1)
        return {"surprise": -float(logits.gather(1, tokens[0, 1:, None]).sum())}
