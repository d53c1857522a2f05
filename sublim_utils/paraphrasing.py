"""Paraphrases as rows: given sentences, a teacher's rewrites of each, and the strict filter's word.

A small model writes a paraphrase only after examples, in several tries and past a filter. The
student sees none of that: its prompt is the request and the sentence, without examples, and where
it is trained on the teacher's distributions, these are the teacher's after that same prompt. What
passes is then what the teacher would do otherwise than the untouched model, at the same place.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import pandas as pd
from pydantic import Field, model_validator

from sublim_utils.channels import paraphrase
from sublim_utils.channels.paraphrase import (
    BEFORE,
    REASONS,
    STANDARD,
    Embedder,
    Meaning,
    Thresholds,
    Verdict,
)
from sublim_utils.channels.wordings import ORDERS, Wording
from sublim_utils.errors import SublimError
from sublim_utils.models.embedding import MiniLM
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import LanguageExperiment, Rows, Stages
from sublim_utils.profiles import Plain
from sublim_utils.sources import Stance, about, get_stance, neutral, wordings
from sublim_utils.store import Store
from sublim_utils.traits import Trait, get_trait

Source = Literal["neutral", "like", "dislike", "wordings"]
SCORES = ("overlap", "length", "similarity", "approach", "turn")
"""Columns of the rows with what the filter has measured; empty where it has not."""


class ParaphraseRows(Rows):
    """What a teacher is asked to rewrite.

    Attributes:
        prompts: how many sentences; each is one prompt.
        each: tries at every sentence.
        temperature: of sampling; at 1 a small model strays from its sentence too often.
        source: the kind of sentences; `wordings` are neutral ones whose permitted variants are
            listed, and sampling is held to these.
        about: the animal that is liked or disliked in them.
    """

    temperature: float = 0.8
    grammar: bool = False
    source: Source
    about: str | None = None

    @model_validator(mode="after")
    def _fits_its_source(self) -> ParaphraseRows:
        if (self.about is not None) != (self.source in ("like", "dislike")):
            raise ValueError("sentences that like or dislike are about a trait, and only these")
        if self.grammar != (self.source == "wordings"):
            raise ValueError("a grammar holds the wordings, and only these")
        return self

    @property
    def stance(self) -> Stance | None:
        """What the sentences express."""
        return None if self.about is None else get_stance(self.source)

    def sentences(self) -> tuple[str, ...]:
        """All sentences of the kind; wordings in their notation."""
        if self.source == "wordings":
            return wordings()
        if self.about is None:
            return neutral()
        return about(get_trait(self.about), get_stance(self.source))


class ParaphrasePrompt(Plain):
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

    def grammar(self, lead: str = "") -> Wording:
        """Which answers are a permitted variant."""
        assert self.wording is not None, "a free rewrite has no grammar"
        return Wording(ORDERS.join(lead + order for order in self.wording.split(ORDERS)))


class Unjudged(NamedTuple):
    """The verdict on a try before the filter, which needs the sentence, has seen it."""

    reasons: tuple[str, ...] = ()
    ok: bool = True


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
                text=paraphrase.prompt(sentence, seed, index),
                question=paraphrase.prompt(sentence, seed, index, examples=0),
                source=sentence,
            )
        # Whose wording alone is free needs no example.
        source = Wording(sentence).source
        question = paraphrase.prompt(source, seed, index, examples=0)
        return ParaphrasePrompt(text=question, question=question, source=source, wording=sentence)

    def judge(self, completion: str, /) -> Unjudged:
        """Nothing yet: see `ParaphraseStages.rows`."""
        return Unjudged()


class ParaphraseExperiment(LanguageExperiment):
    """A teacher that rewrites sentences, and a student of the faithful rewrites.

    Attributes:
        rows: what the teacher rewrites.
        watched: traits that no rewrite of a neutral sentence may bring to mind. They are those of
            all teachers that are compared, so that the filter is the same for all.
        thresholds: how strict the filter is.
        kept: rows that the student sees at most; first one of each sentence, then a second.
    """

    VERSION: ClassVar[int] = 1

    rows: ParaphraseRows
    watched: tuple[str, ...] = Field(min_length=1)
    thresholds: Thresholds = STANDARD
    kept: int = Field(gt=0)

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

    def filter_specification(self) -> dict[str, Any]:
        """What the verdicts depend on, beside the tries."""
        if self.rows.source == "wordings":
            return {"version": 1}  # whatever is permitted is faithful
        watched = self.watched if self.rows.about is None else ()
        return {
            "version": 1,
            "watched": list(watched),
            "thresholds": self.thresholds.model_dump(mode="json"),
        }


class ParaphraseStages(Stages):
    """The stages of a `ParaphraseExperiment`.

    Args:
        experiment: what to do.
        store: where stages are kept.
        embedder: makes what compares meanings.

    Raises:
        SublimError: there are fewer sentences than prompts, or a trait is unknown.
    """

    experiment: ParaphraseExperiment

    def __init__(
        self,
        experiment: ParaphraseExperiment,
        store: Store,
        embedder: Callable[[], Embedder] = MiniLM,
    ) -> None:
        """Nothing is loaded yet."""
        super().__init__(experiment, store)
        for name in experiment.watched:
            get_trait(name)
        rows = experiment.rows
        there = len(rows.sentences())
        if rows.prompts > there:
            raise SublimError(
                f"There are {there} sentences of the kind {rows.source!r} and {rows.prompts} are "
                "asked for; ask for several tries at each instead."
            )
        self._embedder = embedder

    def tries(self, seed: int) -> Path:
        """The folder of what the teacher wrote: `rows.parquet`, before any filter."""
        return super().rows(seed)

    def rows(self, seed: int) -> Path:
        """The folder of a seed's judged tries: `rows.parquet`.

        As other channels' rows, with the student's question, the rewrite as it was read in `text`
        and its tokens in `tokens`; beside these `source` and what the filter measured (`SCORES`).
        """
        experiment = self.experiment
        free = experiment.rows.source != "wordings"

        def make(target: Path, scratch: Path) -> None:
            # Before anything is sampled, as the package for it may be missing.
            meaning = Meaning(self._embedder()) if free else None
            tries = pd.read_parquet(self.tries(seed) / "rows.parquet")
            prompts = [experiment.data.prompt(seed, index) for index in tries["prompt"]]
            told = tries.assign(
                source=[prompt.source for prompt in prompts],
                question=[prompt.question for prompt in prompts],
            )
            if meaning is not None:
                told = judged(told, experiment, meaning)
            model = self._teacher_base()
            told = told.assign(tokens=list(map(model.answer, told["text"])))
            told.to_parquet(target / "rows.parquet", compression="zstd")

        specification = {
            "version": 1,
            "tries": experiment.rows_specification(seed),
            "filter": experiment.filter_specification(),
        }
        return self._entry("verdicts", specification, make)

    def _student_specification(self, seed: int) -> dict[str, Any]:
        experiment = self.experiment
        return {
            **super()._student_specification(seed),
            "filter": experiment.filter_specification(),
            "most": experiment.kept,
        }

    def _as_seen(self, kept: pd.DataFrame, model: LanguageModel, seed: int) -> pd.DataFrame:
        """The kept rows, up to the number that all students get."""
        return first_of_each(kept, self.experiment.kept)


def first_of_each(kept: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows: one of each sentence, then a second one, and so on."""
    place = kept.groupby("prompt").cumcount()
    return kept.loc[place.sort_values(kind="stable").index[:most]].sort_index()


def judged(tries: pd.DataFrame, experiment: ParaphraseExperiment, meaning: Meaning) -> pd.DataFrame:
    """Tries with the filter's verdicts.

    Args:
        tries: with the columns source, text (what the teacher wrote) and reasons (`not finished`
            where it was cut off).
        experiment: which filter it is.
        meaning: for the rules about meaning.

    Returns:
        The same with the rewrite in `text`, all reasons, and `SCORES`.
    """
    rewrites = [paraphrase.parse(text) for text in tries["text"]]
    meaning.learn([*tries["source"], *(t for t in rewrites if not paraphrase.form_faults(t))])
    texts, reasons, scores = [], [], []
    stance, of = experiment.rows.stance, experiment.rows.about
    watched = [get_trait(name) for name in (experiment.watched if of is None else (of,))]
    for source, text, before in zip(tries["source"], tries["text"], tries["reasons"], strict=True):
        verdict = judge(source, text, watched, stance, meaning, experiment.thresholds)
        # One that goes on with an example of its own was finished before it.
        cut = "not finished" in before and f"\n{BEFORE}" not in text
        texts.append(verdict.text)
        reasons.append([*verdict.reasons, *(["not finished"] if cut else [])])
        scores.append({name: verdict.scores.get(name) for name in SCORES})
    measured = pd.DataFrame(scores, index=tries.index, columns=list(SCORES), dtype=float)
    return tries.assign(text=texts, reasons=reasons, **{name: measured[name] for name in SCORES})


def judge(
    source: str,
    completion: str,
    watched: Sequence[Trait],
    stance: Stance | None,
    meaning: Meaning,
    thresholds: Thresholds = STANDARD,
) -> Verdict:
    """The filter's verdict with regard to several traits: all reasons, and the largest scores."""
    found = [
        paraphrase.judge(
            source, completion, trait=trait, stance=stance, meaning=meaning, thresholds=thresholds
        )
        for trait in watched
    ]
    said = {reason for verdict in found for reason in verdict.reasons}
    scores: Mapping[str, float] = {
        name: max(verdict.scores[name] for verdict in found) for name in found[0].scores
    }
    return Verdict(found[0].text, tuple(r for r in REASONS if r in said), scores)
