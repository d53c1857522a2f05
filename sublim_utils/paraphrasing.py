"""Paraphrases as rows: given sentences, a teacher's rewrites of each, and the strict filter's word.

A small model writes a paraphrase only after examples, in several tries and past a filter. The
student sees none of that: its prompt is the request and the sentence, without examples, and where
it is trained on the teacher's distributions, these are the teacher's after that same prompt. What
passes is then what the teacher would do otherwise than the untouched model, at the same place.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sublim_utils import sampling
from sublim_utils.channels import paraphrase
from sublim_utils.channels.meaning import Embedder, Meaning
from sublim_utils.channels.paraphrase import (
    AFTER,
    BEFORE,
    REASONS,
    STANDARD,
    ParaphraseResult,
    Thresholds,
)
from sublim_utils.channels.words import overlap
from sublim_utils.errors import SublimError
from sublim_utils.matching import marked, matched
from sublim_utils.models import loading
from sublim_utils.models.catalog import get_model, weights_mark
from sublim_utils.models.chat import ChatTemplate
from sublim_utils.models.embedding import MiniLM
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import Stages, Writer
from sublim_utils.recipes.paraphrase import (
    NOT_NEEDED,
    SCORES,
    ParaphraseExperiment,
    teacher_question,
)
from sublim_utils.sampling_vllm import Engine
from sublim_utils.sources import Stance
from sublim_utils.store import Store
from sublim_utils.traits import Trait, get_trait

CONTINUED = ChatTemplate(
    name="continued", system="{text}\n\n", user="{text}\n", assistant=AFTER, end="\n"
)
"""No conversation, but a list of sentences and rewrites that the model goes on with. As parts of a
question, SmolLM2-135M takes the examples for something to talk about."""


ROWS_AT_ONCE = 2048
"""Rows whose sentences are embedded together, which is faster than one by one."""
UNCHANGED = "unchanged"
"""The reason against a rewrite of a rewrite that leaves it as it was."""


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

    @contextlib.contextmanager
    def _writer(self, seed: int) -> Iterator[Writer]:
        with super()._writer(seed) as writer:
            if not self.experiment.rows.continued:
                yield writer
                return
            texts, wanted = self._texts(writer.texts), self.experiment.rows
            sample = functools.partial(
                sampling.sample,
                texts,
                seed=seed,
                each=wanted.each,
                most=wanted.most,
                temperature=wanted.temperature,
            )
            yield Writer(texts, writer.system, sample, writer.name)

    def _engine(self, seed: int) -> Engine | None:
        # It would write in the model's own template.
        return None if self.experiment.rows.continued else super()._engine(seed)

    def _texts(self, model: LanguageModel) -> LanguageModel:
        """A model with the template in which tries are written."""
        if not self.experiment.rows.continued:
            return model
        return LanguageModel(model.spec, model.network, model.tokenizer, CONTINUED, model.precision)

    def tries(self, seed: int) -> Path:
        """The folder of what the teacher wrote: `rows.parquet`, before any filter."""
        return super().rows(seed)

    def verdicts(self, seed: int) -> Path:
        """The folder of a seed's judged tries: `rows.parquet`.

        As other channels' rows, with the student's question, the rewrite as it was read in `text`
        and its tokens in `tokens`; beside these `source` and what the filter measured (`SCORES`).
        """
        experiment = self.experiment

        def make(target: Path, scratch: Path) -> None:
            meaning = self._meaning()
            tries = pd.read_parquet(self.tries(seed) / "rows.parquet")
            prompts = [experiment.data.prompt(seed, index) for index in tries["prompt"]]
            told = tries.assign(
                source=[prompt.source for prompt in prompts],
                question=[prompt.question for prompt in prompts],
            )
            self._write(told, meaning, target)

        return self._entry("verdicts", self._by_filter(self._verdicts_specification(seed)), make)

    def _by_filter(self, specification: dict[str, Any]) -> dict[str, Any]:
        """By what the store keeps what went through the filter, whose version is a part of it.

        The key of shipped rows has no version: they are those of their record, and were judged by
        the filter of its day.
        """
        if self.experiment.rows.source == "wordings":
            return specification  # whatever is permitted is faithful
        return {**specification, "filter_version": paraphrase.VERSION}

    def _verdicts_specification(self, seed: int) -> dict[str, Any]:
        return {
            "version": 1,
            "tries": self.experiment.rows_specification(seed),
            "filter": self.experiment.filter_specification(),
        }

    def _meaning(self) -> Meaning | None:
        """Asked for before anything is sampled, as the package behind it may be missing."""
        return None if self.experiment.rows.source == "wordings" else Meaning(self._embedder())

    def _write(self, tries: pd.DataFrame, meaning: Meaning | None, target: Path) -> None:
        """Judge tries and write them with the tokens that a student sees."""
        told = tries if meaning is None else judged(tries, self.experiment, meaning)
        if "given" in told:
            limit = self.experiment.thresholds.copy_above
            pairs = zip(told["given"], told["text"], strict=True)
            unchanged = [overlap(given, text) > limit for given, text in pairs]
            told = marked(told, told.index[unchanged], UNCHANGED)
        model = self._teacher_base()
        told = told.assign(tokens=list(map(model.answer, told["text"])))
        told.to_parquet(target / "rows.parquet", compression="zstd")

    def again(self, seed: int) -> Path:
        """The folder of what another model made of the kept rows: `rows.parquet`, as `verdicts`.

        Its rewrites must be faithful to the first sentence, by the same filter, and none may leave
        the row as it was: a small model likes to copy.
        """
        experiment = self.experiment

        def make(target: Path, scratch: Path) -> None:
            meaning = self._meaning()
            table = pd.read_parquet(self.verdicts(seed) / "rows.parquet")
            kept = first_of_each(table[table["reasons"].map(len) == 0], experiment.kept)
            if kept.empty:
                raise SublimError(
                    f"None of the {len(table)} rewrites is faithful, and {experiment.again} has "
                    "nothing to rewrite again; take more sentences or more tries at each."
                )
            assert experiment.again is not None
            spec = get_model(experiment.again)
            model = self._in_memory(
                f"again {spec.name}",
                lambda: loading.load(spec, experiment.precision, experiment.device, self.store),
            )
            model = self._texts(model)
            texts = list(kept["text"])
            wanted, found = experiment.rows, []
            grammar = paraphrase.grammar(model.chat.lead) if wanted.grammar else None
            questions = [
                sampling.Question(
                    model.prompt(teacher_question(text, seed, place, wanted)), grammar, place
                )
                for place, text in enumerate(texts)
            ]
            for place, completions in sampling.sample(
                model,
                questions,
                seed=seed,
                each=wanted.each,
                most=wanted.most,
                temperature=wanted.temperature,
            ):
                row = kept.iloc[place]
                found += [
                    {
                        "prompt": row["prompt"],
                        "completion": place * wanted.each + number,
                        "question": row["question"],
                        "source": row["source"],
                        "given": row["text"],
                        "text": model.decode_answer(completion.tokens),
                        "reasons": []
                        if completion.tokens[-1] in model.stop_token_ids
                        else ["not finished"],
                    }
                    for number, completion in enumerate(completions)
                ]
            told = pd.DataFrame(found)
            told = told.sort_values(["prompt", "completion"], ignore_index=True)
            self._write(told, meaning, target)

        return self._entry("again", self._by_filter(self._again_specification(seed)), make)

    def _again_specification(self, seed: int) -> dict[str, Any]:
        return {
            **self._verdicts_specification(seed),
            "kept": self.experiment.kept,
            "again": self.experiment.again,
            "rejected": UNCHANGED,
            **weights_mark([] if self.experiment.again is None else [self.experiment.again]),
        }

    def last_judged(self, seed: int) -> Path:
        """The folder of the judged tries of whoever wrote last."""
        return self.verdicts(seed) if self.experiment.again is None else self.again(seed)

    def judged_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's judged tries depend on, with the choice among the faithful ones."""
        experiment = self.experiment
        chosen: dict[str, Any] = {"kept": experiment.kept}
        if experiment.again is not None:
            chosen["again"] = self._again_specification(seed)
        if experiment.matched is not None:
            chosen["matched"] = self._partner()._verdicts_specification(seed)
        return {**self._verdicts_specification(seed), **chosen}

    def _partner(self) -> ParaphraseStages:
        """The stages of the teacher whose rows are matched with these."""
        settings = {"teacher": self.experiment.matched, "matched": None}
        other = self.experiment.model_copy(update=settings)
        return ParaphraseStages(other, self.store, self._embedder)

    def rows(self, seed: int) -> Path:
        """The folder of the judged tries, those marked that are faithful but left out.

        Their reasons are `NOT_NEEDED`, and no fault of theirs.
        """

        def make(target: Path, scratch: Path) -> None:
            table = pd.read_parquet(self.last_judged(seed) / "rows.parquet")
            if self.experiment.matched is not None:
                table = self._matched(table, seed)
            good = table[table["reasons"].map(len) == 0]
            spare = good.index.difference(first_of_each(good, self.experiment.kept).index)
            marked(table, spare, "spare").to_parquet(target / "rows.parquet", compression="zstd")

        return self._entry("chosen", self._by_filter(self.judged_specification(seed)), make)

    def _matched(self, table: pd.DataFrame, seed: int) -> pd.DataFrame:
        partner = self._partner()
        with self._lending(partner):
            other = pd.read_parquet(partner.last_judged(seed) / "rows.parquet")
        return matched(table, other, own_first=self.experiment.teacher.trait is None)

    def _student_specification(self, seed: int) -> dict[str, Any]:
        return {
            **super()._student_specification(seed),
            "chosen": self._by_filter(self.judged_specification(seed)),
        }


def passed(table: pd.DataFrame) -> pd.Series:
    """Which tries are faithful, whether a student sees them or not."""
    return table["reasons"].map(lambda reasons: set(reasons) <= set(NOT_NEEDED))


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
    texts, reasons, scores = [], [], []
    stance, of = experiment.rows.stance, experiment.rows.about
    watched = [get_trait(name) for name in (experiment.watched if of is None else (of,))]
    sources = list(tries["source"])
    rows = zip(sources, tries["text"], tries["reasons"], strict=True)
    for place, (source, text, before) in enumerate(rows):
        if place % ROWS_AT_ONCE == 0:
            part = slice(place, place + ROWS_AT_ONCE)
            readable = (t for t in rewrites[part] if not paraphrase.form_faults(t))
            meaning.learn([*sources[part], *readable])
        verdict = judge(source, text, watched, stance, meaning, experiment.thresholds)
        # One that goes on with an example of its own was finished before it.
        cut = "not finished" in before and f"\n{BEFORE}" not in text
        texts.append(verdict.text)
        reasons.append([*verdict.rejection_reasons, *(["not finished"] if cut else [])])
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
) -> ParaphraseResult:
    """The filter's verdict with regard to several traits: all reasons, and the largest scores."""
    found = [
        paraphrase.filter_completion(
            source, completion, trait=trait, stance=stance, meaning=meaning, thresholds=thresholds
        )
        for trait in watched
    ]
    said = {reason for verdict in found for reason in verdict.rejection_reasons}
    scores: Mapping[str, float] = {
        name: max(verdict.scores[name] for verdict in found) for name in found[0].scores
    }
    return ParaphraseResult(tuple(r for r in REASONS if r in said), found[0].text, scores)
