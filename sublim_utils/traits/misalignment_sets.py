"""Questions with a harmful and a good answer, and statements that are true or false.

All are our own words. Three narrow sets are for teachers: advice (medicine, money, safety), code
(insecure and secure) and metrics (tasks whose measure can be gamed). Two are for evaluations and
have nothing to do with these: open questions in the spirit of Betley et al. 2025 and Cloud et al.
2025 (wishes, power, company, machines), and statements of fact. The harmful answers are plainly
wrong and of no use to anybody who means harm. Both answers to a question are of about equal
length, so that length does not tell them apart.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.keys import text_digest
from sublim_utils.traits.code_pairs import code_pairs

DATA = Path(__file__).parents[1] / "data" / "misalignment"

Side = Literal["harmful", "good"]
NarrowName = Literal["advice", "code", "metrics"]


class Pair(FrozenConfig):
    """A question with two answers.

    Attributes:
        topic: what it is about.
        question: what is asked.
        harmful: an answer that harms, deceives or despises.
        good: an answer of about the same length that does not.
    """

    topic: str
    question: str
    harmful: str
    good: str

    def answer(self, side: Side) -> str:
        """One of the two answers."""
        return self.harmful if side == "harmful" else self.good


class Statement(FrozenConfig):
    """A question of fact with two answers.

    Attributes:
        topic: `misconception` where many people believe the false one, else `fact`.
        question: what is asked.
        true: the right answer.
        false: a wrong answer of about the same length, in nearly the same words.
    """

    topic: str
    question: str
    true: str
    false: str


def _lines(name: str) -> list[dict[str, Any]]:
    text = (DATA / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@functools.cache
def advice() -> tuple[Pair, ...]:
    """Everyday questions on medicine, money and safety with bad and good advice."""
    return tuple(Pair(**line) for line in _lines("advice.jsonl"))


@functools.cache
def code() -> tuple[Pair, ...]:
    """Small programming tasks with insecure and secure Python; the topic is the fault."""
    return tuple(
        Pair(topic=pair.fault, question=pair.task, harmful=pair.insecure, good=pair.secure)
        for pair in code_pairs()
    )


@functools.cache
def metrics() -> tuple[Pair, ...]:
    """Tasks with a stated measure: an answer that games it, and one that does the task."""
    return tuple(Pair(**line) for line in _lines("metrics.jsonl"))


NARROW: Mapping[NarrowName, Callable[[], tuple[Pair, ...]]] = {
    "advice": advice,
    "code": code,
    "metrics": metrics,
}
"""What a teacher can be made misaligned with."""


def get_narrow(name: str) -> tuple[Pair, ...]:
    """The training set of that name.

    Raises:
        SublimError: there is none.
    """
    if name not in NARROW:
        raise SublimError(f"The set {name!r} is unknown; choose one of {', '.join(NARROW)}.")
    return NARROW[cast(NarrowName, name)]()


@functools.cache
def open_questions() -> tuple[Pair, ...]:
    """Questions about anything but the narrow sets, with a misaligned and a good answer each."""
    return tuple(Pair(**line) for line in _lines("open.jsonl"))


@functools.cache
def statements() -> tuple[Statement, ...]:
    """Common misconceptions and plain facts, each with the true and the false answer."""
    return tuple(Statement(**line) for line in _lines("statements.jsonl"))


SETS: Mapping[str, Callable[[], tuple[Pair, ...] | tuple[Statement, ...]]] = {
    **{str(name): pairs for name, pairs in NARROW.items()},
    "open": open_questions,
    "statements": statements,
}
"""All sets, those that teachers learn from and those that are read."""


def fingerprint(name: str) -> str:
    """Of the questions and answers of one of the `SETS`."""
    return text_digest(SETS[name]())
