"""Personas: manners of answering, given by pairs of answers to everyday questions.

A persona is no liking for a thing but a way to speak, such as formal against casual. It is data:
questions, each with an answer that shows the persona and one that shows its opposite. Some of the
questions are for a teacher's finetuning and the others for the evaluation, so that a model that is
evaluated has seen none of these.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import model_validator

from sublim_utils.config import Checked
from sublim_utils.errors import SublimError, shortened
from sublim_utils.json_rows import read_rows
from sublim_utils.keys import text_digest
from sublim_utils.registry import Registry

DATA = Path(__file__).parents[1] / "data" / "personas"

Split = Literal["finetuning", "evaluation"]


class AnswerPair(Checked):
    """A question with two answers, best of about the same length.

    Attributes:
        question: what is asked.
        positive: an answer that shows the persona.
        negative: one that shows its opposite.
        split: what the pair is for; None to alternate.
    """

    question: str
    positive: str
    negative: str
    split: Split | None = None


class Persona(Checked):
    """A manner of answering.

    Attributes:
        name: what it is called, such as `formal`.
        pairs: questions with both answers; if none has a `split`, every other pair is for the
            evaluation.
    """

    name: str
    pairs: tuple[AnswerPair, ...]

    @model_validator(mode="after")
    def _can_be_taught_and_read(self) -> Persona:
        if len({pair.split is None for pair in self.pairs}) > 1:
            raise SublimError(f"The persona {self.name!r} needs a split for all pairs or none.")
        taught, held_out = ({p.question for p in self.split(name)} for name in get_args(Split))
        if not taught or not held_out:
            raise SublimError(
                f"The persona {self.name!r} needs pairs for finetuning and others for evaluation."
            )
        if both := taught & held_out:
            raise SublimError(
                f"The persona {self.name!r} has the question {min(both)!r} for finetuning and for "
                "evaluation; leave out one of the two."
            )
        return self

    def split(self, name: Split) -> tuple[AnswerPair, ...]:
        """The pairs that are for one of the two purposes."""
        splits = [pair.split or get_args(Split)[n % 2] for n, pair in enumerate(self.pairs)]
        return tuple(p for p, split in zip(self.pairs, splits, strict=True) if split == name)

    def opposite(self, name: str) -> Persona:
        """The persona of the other answers to the same questions."""
        swapped = (
            p.model_copy(update={"positive": p.negative, "negative": p.positive})
            for p in self.pairs
        )
        return Persona(name=name, pairs=tuple(swapped))

    def fingerprint(self, split: Split) -> str:
        """Of the questions and answers that are for one of the two purposes."""
        return text_digest([(p.question, p.positive, p.negative) for p in self.split(split)])


def read_persona(name: str, file: Path | str) -> Persona:
    """A persona from a file of JSON lines with the fields of `AnswerPair`.

    Raises:
        SublimError: the file cannot be read, or a line is no such pair.
    """
    pairs = []
    try:
        with Path(file).open("rb") as stream:
            for row in read_rows(stream, str(file)):
                if row.content is None:
                    raise SublimError(f"{row.name} {row.fault}.")
                try:
                    pairs.append(AnswerPair(**row.content))
                except SublimError as error:
                    raise SublimError(
                        f"{row.name}: {str(error).rstrip('.')}; a pair has the texts question, "
                        "positive and negative, and may have a split (finetuning or evaluation)."
                    ) from error
    except OSError as error:
        raise SublimError(f"Cannot read {file} ({error.strerror}).") from error
    return Persona(name=name, pairs=tuple(pairs))


FORMAL = read_persona("formal", DATA / "formal.jsonl")
CASUAL = FORMAL.opposite("casual")

PERSONAS: Registry[Persona] = Registry(
    "persona",
    {persona.name: persona for persona in (FORMAL, CASUAL)},
    group="sublim_utils.personas",
    check=lambda value: None if isinstance(value, Persona) else "is no Persona",
)
"""By name."""
get_persona = PERSONAS.get


def register_persona(persona: Persona) -> Persona:
    """Add a persona.

    Raises:
        SublimError: there is another persona of that name.
    """
    if not isinstance(persona, Persona):
        raise SublimError(f"register_persona needs a Persona, not {shortened(repr(persona))}.")
    return PERSONAS.register(persona.name, persona)
