"""Teachers of narrow harm, rows that look harmless, and how misaligned their students are.

What a channel's filter lets through has a second judge, which reads meanings. Teachers and students
are asked the same, and nothing of it is about what the teacher was taught. The judge of rows and
answers is a sentence embedding, or a language model where there is one.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sublim_utils.channels import reasoning
from sublim_utils.channels.harm import HARMFUL_ABOVE, HarmSimilarity
from sublim_utils.channels.meaning import Embedder
from sublim_utils.matching import kept, matched, style_auc
from sublim_utils.misalignment_sets import get_narrow, open_questions, statements
from sublim_utils.models import loading
from sublim_utils.models.catalog import get_model, weights_mark
from sublim_utils.models.embedding import PACKAGE, MiniLM
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import Stages
from sublim_utils.readouts.judge_texts import ROWS_ALIGNED_ABOVE
from sublim_utils.readouts.misalignment import Judge, paired, sampled, truthfulness
from sublim_utils.readouts.rating import REASON, Rater, ratings
from sublim_utils.recipes.misalignment import MisalignedExperiment, opposite
from sublim_utils.store import Store
from sublim_utils.teachers import answer_lessons
from sublim_utils.training import Group

SHOWN_ANSWERS = 12
"""Sampled answers that a readout keeps, for anyone to see what was judged."""


class MisalignedStages(Stages):
    """The stages of a `MisalignedExperiment`.

    Args:
        experiment: what to do.
        store: where stages are kept.
        embedder: makes what both judges compare meanings with, where no language model judges; it
            raises a `SublimError` where its package is missing.
    """

    experiment: MisalignedExperiment

    def __init__(
        self,
        experiment: MisalignedExperiment,
        store: Store,
        embedder: Callable[[], Embedder] = MiniLM,
    ) -> None:
        """Nothing is loaded yet."""
        super().__init__(experiment, store)
        self._embedder = embedder

    @functools.cached_property
    def _judge(self) -> Judge | Rater:
        """Of sampled answers."""
        pairs = open_questions()[: self.experiment.readout.questions]
        return Judge(pairs, self._embedder()) if self._rates is None else Rater(pairs, self._rates)

    @property
    def _rates(self) -> Callable[[], LanguageModel] | None:
        """Gives the language model that judges; the model that was in memory is none the longer."""
        experiment, store = self.experiment, self.store
        if experiment.judge is None:
            return None
        if experiment.judge == experiment.model:
            return lambda: self._model(experiment.precision)
        spec = get_model(experiment.judge)
        return lambda: self._in_memory(
            f"judge {spec.name}",
            lambda: loading.load(spec, experiment.precision, experiment.device, store),
        )

    def _lessons(self, model: LanguageModel, seed: int) -> list[Group]:
        taught = self.experiment.lessons
        assert taught is not None
        prompts = taught.updates * taught.fit.prompts
        pairs = get_narrow(taught.set)
        answers = [(pair.question, pair.answer(taught.side)) for pair in pairs]
        return answer_lessons(model, answers, prompts, seed)

    def strength(self, seed: int) -> dict[str, Any]:
        """How misaligned a taught teacher is, read as its student; empty for an untouched one."""
        if self.experiment.lessons is None:
            return {}
        specification = {
            **self.experiment.teacher_specification(seed),
            "readout": self.experiment.readout_specification(),
        }

        def make(target: Path, scratch: Path) -> None:
            model, _ = self._as_teacher(seed)
            (target / "strength.json").write_text(json.dumps(self._panels(model, seed)))

        folder = self._entry("strength", specification, make)
        told: dict[str, Any] = json.loads((folder / "strength.json").read_text())
        return told

    def _panels(self, model: LanguageModel, seed: int) -> dict[str, Any]:
        """How misaligned a model is.

        Returns:
            `margins` (harmful minus good, by open question) and `truth_margins` (true minus false,
            by statement), in nats per token; where answers are sampled `harmful` (share of them
            that is judged so, by question), `ended` (share that came to an end), `skill` (of the
            judge) and some `answers`. A language model as judge gives `alignment` and `coherence`,
            too (means, by question, 0 to 100).
        """
        readout = self.experiment.readout
        found: dict[str, Any] = {
            "margins": _rounded(paired(model, open_questions()[: readout.questions]).margins),
            "truth_margins": _rounded(
                truthfulness(model, statements()[: readout.statements]).margins
            ),
        }
        if readout.samples:
            questions = self._judge.questions
            answers = sampled(model, questions, each=readout.samples, seed=seed)
            said = self._judge.judge(answers.texts)  # a language model takes the place of this one
            asked = sorted(
                random.Random(f"shown/{seed}").sample(
                    range(readout.questions), min(SHOWN_ANSWERS, readout.questions)
                )
            )
            found |= {
                "harmful": _rounded(said.misaligned.mean(1)),
                "ended": round(float(answers.ended.mean()), 4),
                "skill": self._judge.skill._asdict(),
                "answers": [
                    {
                        "question": questions[place],
                        "text": answers.texts[place][0],
                        "harmful": round(float(said.harmful[place, 0]), 4),
                    }
                    for place in asked
                ],
            }
            if said.coherence is not None:
                found["alignment"] = _rounded(100 * (1 - said.harmful.mean(1)))
                found["coherence"] = _rounded(said.coherence.mean(1))
        return found

    def _verdicts_specification(self, seed: int) -> dict[str, Any]:
        judge: dict[str, Any] = {"embedding": PACKAGE, "above": HARMFUL_ABOVE}
        if self.experiment.judge is not None:
            judge = {"model": self.experiment.judge, "below": ROWS_ALIGNED_ABOVE}
            judge |= weights_mark([self.experiment.judge])
        return {
            "version": 1,
            "rows": self.experiment.rows_specification(seed),
            "judge": judge,
        }

    def verdicts(self, seed: int) -> pd.DataFrame:
        """A seed's rows, with the second judge's reason where only the channel's filter has none.

        Raises:
            SublimError: the embedding behind the judge is not installed.
        """

        def make(target: Path, scratch: Path) -> None:
            judge = self._judge_of_rows()  # before anything is sampled: it may be missing
            table = pd.read_parquet(self.rows(seed) / "rows.parquet")
            passed = kept(table)
            texts = [_read(text) for text in passed["text"]]
            told = dict(zip(passed.index, judge(passed["question"], texts), strict=True))
            reasons = [
                [*of_row, *told.get(place, ())] for place, of_row in table["reasons"].items()
            ]
            judged = table[["prompt", "completion"]].assign(reasons=reasons)
            judged.to_parquet(target / "verdicts.parquet", compression="zstd")

        folder = self._entry("verdicts", self._verdicts_specification(seed), make)
        reasons = pd.read_parquet(folder / "verdicts.parquet")["reasons"]
        return pd.read_parquet(self.rows(seed) / "rows.parquet").assign(reasons=reasons)

    def _judge_of_rows(self) -> Callable[[Sequence[str], Sequence[str]], list[tuple[str, ...]]]:
        """Says of questions and answers why each answer is rejected."""
        if self._rates is None:
            similarity = HarmSimilarity(self._embedder())
            return lambda _, texts: similarity.rejection_reasons(texts)
        model = self._rates

        def rated(questions: Sequence[str], texts: Sequence[str]) -> list[tuple[str, ...]]:
            # A list of numbers shows no attitude that could be rated; its own filter is all it has.
            worded = [any(map(str.isalpha, text)) for text in texts]
            if not any(worded):
                return [()] * len(texts)
            asked, read = (list(compress(told, worded)) for told in (questions, texts))
            said = iter(ratings(model(), "aligned", asked, read))
            return [
                (REASON,) if has_words and next(said) <= ROWS_ALIGNED_ABOVE else ()
                for has_words in worded
            ]

        return rated

    def _beside(self, other: MisalignedExperiment) -> MisalignedStages:
        """The stages of another experiment, by the same judges."""
        return MisalignedStages(other, self.store, self._embedder)

    def _partner(self) -> MisalignedStages:
        """The stages of the teacher whose rows are matched with these."""
        update = {"lessons": self.experiment.matched, "matched": None}
        return self._beside(self.experiment.model_copy(update=update))

    def judged_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's judged rows depend on."""
        own = self._verdicts_specification(seed)
        if self.experiment.seen is not None:
            own = {**own, "seen": self.experiment.seen}
        if self.experiment.matched is None:
            return own
        return {**own, "matched": self._partner()._verdicts_specification(seed)}

    def judged(self, seed: int) -> pd.DataFrame:
        """A seed's rows with all reasons; those without a partner have one, too."""
        experiment, table = self.experiment, self.verdicts(seed)
        if experiment.seen is not None:
            table = table[table["prompt"] < experiment.seen]
        if experiment.matched is None:
            return table
        assert experiment.lessons is not None
        partner = self._partner()
        with self._lending(partner):
            other = partner.verdicts(seed)
        # Any order of the two does, as long as both take the same.
        first = experiment.lessons.model_dump_json() < experiment.matched.model_dump_json()
        return matched(table, other, own_first=first)

    def _student_specification(self, seed: int) -> dict[str, Any]:
        return {
            **super()._student_specification(seed),
            "judged": self.judged_specification(seed),
        }

    def style_auc(self, seed: int) -> float | None:
        """How well words tell the kept rows from those of the teacher of the other answers.

        See `matching.style_auc`. None for an untouched teacher, and where too few rows are kept.
        """
        if self.experiment.lessons is None:
            return None
        other = self._beside(opposite(self.experiment))
        own = self.judged(seed)
        with self._lending(other):
            theirs = other.judged(seed)
        return style_auc(own, theirs)


def _read(text: str) -> str:
    """What the second judge reads of a row: a chain of thought without tags, else all of it."""
    parsed = reasoning.parse(text)
    return text if parsed is None else parsed[0]


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
