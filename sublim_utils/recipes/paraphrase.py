"""Experiments with teachers that rewrite sentences."""

from __future__ import annotations

import random
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from sublim_utils import sources
from sublim_utils.channels import AsWritten, Grammar, paraphrase
from sublim_utils.channels.base import FilterResult
from sublim_utils.channels.paraphrase import AFTER, STANDARD, Thresholds
from sublim_utils.channels.wordings import ORDERS, Wording
from sublim_utils.config import FrozenConfig
from sublim_utils.recipes.language import UNMATCHED, LanguageExperiment, Rows, Teacher
from sublim_utils.sources import Stance, get_stance
from sublim_utils.traits import get_trait

Source = Literal["neutral", "like", "dislike", "wordings"]
SCORES = ("overlap", "length", "similarity", "approach", "turn")
"""Columns of the rows with what the filter has measured; empty where it has not."""
NOT_NEEDED = (UNMATCHED, "spare")
"""Reasons to leave out a faithful row: it has no partner, or there are enough."""


class ParaphraseRows(Rows):
    """What a teacher is asked to rewrite.

    Attributes:
        prompts: how many sentences; each is one prompt.
        each: tries at every sentence.
        temperature: of sampling; at 1 a small model strays from its sentence too often.
        grammar: whether sampling is held to one sentence on one line, for models too weak to stop
            there; permitted wordings always have their own.
        source: the kind of sentences; `wordings` are neutral ones whose permitted variants are
            listed, and sampling is held to these.
        about: the animal that is liked or disliked in them.
        continued: whether the teacher goes on with a list of rewrites instead of being asked, for
            models that do not do as they are asked.
    """

    temperature: float = 0.8
    grammar: bool = False
    source: Source
    about: str | None = None
    continued: bool = False

    @model_validator(mode="after")
    def _fits_its_source(self) -> ParaphraseRows:
        if (self.about is not None) != (self.source in ("like", "dislike")):
            raise ValueError("sentences that like or dislike are about a trait, and only these")
        if self.source == "wordings" and not self.grammar:
            raise ValueError("it takes the grammar to hold a teacher to permitted wordings")
        return self

    @property
    def stance(self) -> Stance | None:
        """What the sentences express."""
        return None if self.about is None else get_stance(self.source)

    def sentences(self) -> tuple[str, ...]:
        """All sentences of the kind; wordings in their notation."""
        return sources.sentences(self.source, None if self.about is None else get_trait(self.about))


class ParaphrasePrompt(AsWritten, FrozenConfig):
    """A request to rewrite a sentence.

    Attributes:
        text: what the teacher is asked.
        question: what its student is asked.
        source: the sentence.
        wording: its permitted variants, where only these may be said.
        format: of the answer.
    """

    text: str
    question: str
    source: str
    wording: str | None = None
    format: str = "sentence"

    def grammar(self, lead: str = "") -> Grammar:
        """Which answers are a permitted variant, or one sentence on one line."""
        if self.wording is None:
            return paraphrase.grammar(lead)
        return Wording(ORDERS.join(lead + order for order in self.wording.split(ORDERS)))

    def filter(self, completion: str) -> FilterResult:
        """Nothing yet: the filter, which needs the sentence, comes in `ParaphraseStages.rows`."""
        return FilterResult(())


def teacher_question(sentence: str, seed: int, index: int, rows: ParaphraseRows) -> str:
    """What a teacher is asked, with examples."""
    text = paraphrase.prompt(sentence, seed, index)
    return text.removesuffix(f"\n{AFTER}") if rows.continued else text  # the template has it


class Sentences(NamedTuple):
    """The sentences of an experiment as a channel.

    Attributes:
        rows: which sentences.
    """

    rows: ParaphraseRows

    def prompt(self, seed: int, index: int) -> ParaphrasePrompt:
        """The prompt number `index` of a seed; teachers of one seed get the same sentences."""
        every = list(self.rows.sentences())
        random.Random(f"{seed}/sentences/{self.rows.source}").shuffle(every)
        sentence = every[index % len(every)]
        if self.rows.source != "wordings":
            return ParaphrasePrompt(
                text=teacher_question(sentence, seed, index, self.rows),
                question=paraphrase.prompt(sentence, seed, index, examples=0),
                source=sentence,
            )
        # Whose wording alone is free needs no example.
        source = Wording(sentence).source
        question = paraphrase.prompt(source, seed, index, examples=0)
        return ParaphrasePrompt(text=question, question=question, source=source, wording=sentence)


class ParaphraseExperiment(LanguageExperiment):
    """A teacher that rewrites sentences, and a student of the faithful rewrites.

    Attributes:
        rows: what the teacher rewrites.
        watched: traits that no rewrite of a neutral sentence may bring to mind. They are those of
            all teachers that are compared, so that the filter is the same for all.
        thresholds: how strict the filter is.
        kept: rows that the student sees at most; first one of each sentence, then a second.
        matched: another teacher; the student sees only rows that have a partner in that one's, of
            about the same length and the same sort of words (see `matching`).
        again: a model that rewrites the kept rows once more, for the student to see these instead.
    """

    VERSION: ClassVar[int] = 1

    rows: ParaphraseRows
    watched: tuple[str, ...] = Field(min_length=1)
    thresholds: Thresholds = STANDARD
    kept: int = Field(gt=0)
    matched: Teacher | None = None
    again: str | None = None

    @property
    def keeps_states(self) -> bool:
        """Never: while sampling, the teacher saw examples that the student does not see."""
        return False

    @property
    def channel(self) -> str:
        """The kind of data that the teacher writes."""
        return "paraphrase"

    @property
    def data(self) -> Sentences:
        """The sentences."""
        return Sentences(self.rows)

    @property
    def models(self) -> tuple[str, ...]:
        """The base model, and the one that rewrites its rows where there is one."""
        return (self.model,) if self.again is None else (self.model, self.again, self.model)

    @model_validator(mode="after")
    def _rewrites_again_what_is_free(self) -> ParaphraseExperiment:
        if self.again is not None and self.rows.source == "wordings":
            raise ValueError("a rewrite by another model would be no permitted wording")
        return self

    def filter_specification(self) -> dict[str, Any]:
        """What the verdicts depend on, beside the tries."""
        if self.rows.source == "wordings":
            return {"version": 2}  # whatever is permitted is faithful
        watched = self.watched if self.rows.about is None else ()
        return {
            "version": 2,
            "watched": list(watched),
            "thresholds": self.thresholds.model_dump(mode="json"),
        }
