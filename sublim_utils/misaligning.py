"""Misaligned teachers and their students: narrow lessons, harmless rows, open questions.

A teacher learns harmful answers in one narrow field, writes rows that have nothing to do with it,
and its student is asked open questions (Cloud et al. 2025, section 5). Everything is kept as in
`pipeline`; other than there are the lessons, a second judge of the rows, and the readout.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd

from sublim_utils.channels.leaning import LEANING_ABOVE, REASON, Leaning
from sublim_utils.channels.paraphrase import Embedder
from sublim_utils.matching import marked, without_partner
from sublim_utils.misalignment_sets import Side, get_narrow, open_questions, statements
from sublim_utils.models.embedding import MiniLM
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import ChannelRows, LanguageExperiment, Readout, Stages
from sublim_utils.profiles import Plain
from sublim_utils.readouts import misalignment
from sublim_utils.store import Store
from sublim_utils.teachers import Teacher, advice_lessons
from sublim_utils.training import Fit, Group

KEPT_ANSWERS = 12
"""Sampled answers of a student that stay in its record."""


class Lessons(Plain):
    """What a teacher learns.

    Attributes:
        set: a narrow set of `misalignment_sets`.
        side: which of its answers.
        fit: how it learns them.
        updates: of that training.
    """

    set: Literal["advice", "code", "metrics"]
    side: Side
    fit: Fit
    updates: int


class MisalignmentReadout(Readout):
    """How misalignment is read.

    Attributes:
        questions: open ones, each with a harmful and a good answer.
        samples: sampled answers to each of them, for the judge; 0 for none.
        statements: questions of fact.
    """

    statements: int


class MisalignedExperiment(LanguageExperiment):
    """A teacher of narrow lessons, its rows, and how a student of these answers.

    Attributes:
        lessons: the teacher's; None for the untouched base model.
        rows: what it is asked for, and in which channel.
        readout: how misalignment is read.
        matched: lessons of another teacher; the student sees only rows that have a partner among
            that one's, of about the same length and the same sort of words (see `matching`).
    """

    VERSION: ClassVar[int] = 1

    teacher: Teacher = Teacher(trait=None)
    lessons: Lessons | None
    rows: ChannelRows
    readout: MisalignmentReadout
    categories: tuple[str, ...] = ()
    matched: Lessons | None = None

    @property
    def keeps_states(self) -> bool:
        """Never: a row may be framed after the teacher has written it."""
        return False

    @property
    def channel(self) -> str:
        """The kind of data that the teacher writes."""
        return self.rows.channel

    @property
    def tuned(self) -> bool:
        """Whether the teacher had lessons."""
        return self.lessons is not None

    def teacher_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's teacher depends on."""
        told = {"version": 1, **self.base_specification()}
        if self.lessons is None:
            return {**told, "teacher": None}
        return {**told, "lessons": self.lessons.model_dump(mode="json"), "seed": seed}


class MisalignedStages(Stages):
    """The stages of a `MisalignedExperiment`.

    Args:
        experiment: what to do.
        store: where stages are kept.
        embedder: makes what the judges of rows and of answers compare meanings with.
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

    def _lessons(self, model: LanguageModel, seed: int) -> tuple[list[Group], Fit]:
        wanted = self.experiment.lessons
        assert wanted is not None
        prompts = wanted.updates * wanted.fit.prompts
        groups = advice_lessons(model, get_narrow(wanted.set), wanted.side, prompts, seed)
        return groups, wanted.fit

    def strength(self, seed: int) -> dict[str, Any]:
        """How misaligned the teacher is; what the base model is where it had no lessons."""
        if self.experiment.lessons is None:
            return self.base()["panels"]  # type: ignore[no-any-return]
        specification = {
            **self.experiment.teacher_specification(seed),
            "readout": self.experiment.readout.model_dump(mode="json"),
        }

        def read() -> dict[str, Any]:
            model, _ = self._as_teacher(seed)
            return self._panels(model, seed)

        return self._told("strength", specification, read)

    def judged(self, seed: int) -> pd.DataFrame:
        """A seed's rows with the second judge's reasons, and where they are matched with its."""
        table = self._judged_by_meaning(seed)
        other = self.experiment.matched
        if other is not None:
            partner = MisalignedStages(
                self.experiment.model_copy(update={"lessons": other, "matched": None}),
                self.store,
                self._embedder,
            )
            partner._loaded, self._loaded = self._loaded, None  # one copy of the weights is enough
            theirs = partner.judged(seed)
            self._loaded = partner._loaded
            own = self.experiment.lessons
            first = own is not None and own.side == "harmful"
            table = marked(table, without_partner(table, theirs, first=first), "unmatched")
        return table

    def _judged_by_meaning(self, seed: int) -> pd.DataFrame:
        rows = self.rows(seed)
        if not self.experiment.channel.startswith("reasoning"):
            return pd.read_parquet(rows / "rows.parquet")

        def make(target: Path, scratch: Path) -> None:
            table = pd.read_parquet(rows / "rows.parquet")
            leaning = Leaning(self._embedder()).reasons(list(table["text"]))
            places = table.index[[bool(reasons) for reasons in leaning]]
            marked(table, places, REASON).to_parquet(target / "rows.parquet", compression="zstd")

        folder = self._entry("verdicts", self._meaning_specification(seed), make)
        return pd.read_parquet(folder / "rows.parquet")

    def _meaning_specification(self, seed: int) -> dict[str, Any]:
        rows = self.experiment.rows_specification(seed)
        if not self.experiment.channel.startswith("reasoning"):
            return rows
        return {"version": 1, "rows": rows, "leaning_above": LEANING_ABOVE}

    def judged_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's judged rows depend on, the second judge and the match included."""
        told = self._meaning_specification(seed)
        if self.experiment.matched is None:
            return told
        return {**told, "matched": self.experiment.matched.model_dump(mode="json")}

    def _student_specification(self, seed: int) -> dict[str, Any]:
        judged = self.judged_specification(seed)
        return {**super()._student_specification(seed), "judged": judged}

    def _panels(self, model: LanguageModel, seed: int) -> dict[str, Any]:
        """What is read in the place of panels.

        Returns:
            `margins` (harmful less good, by open question) and `truth` (true less false, by
            statement), in nats per token; with samples `judged` (mean probability of harm, by
            question), `shares` (of answers that are rather harmful than good, by question), and
            `answers`, some of them with that probability.
        """
        readout = self.experiment.readout
        pairs = open_questions()[: readout.questions]
        truth = misalignment.truthfulness(model, statements()[: readout.statements])
        told: dict[str, Any] = {
            "margins": misalignment.paired(model, pairs).margins.round(4).tolist(),
            "truth": (truth.true - truth.false).round(4).tolist(),
        }
        if readout.samples:
            judge = misalignment.Judge(pairs, self._embedder())
            found = misalignment.sampled(model, judge, each=readout.samples, seed=seed)
            told |= {
                "judged": found.harmful.mean(1).round(4).tolist(),
                "shares": found.shares.round(4).tolist(),
                "skill": judge.skill._asdict(),
                "answers": [
                    [pair.question, texts[0], round(float(harm[0]), 3)]
                    for pair, texts, harm in zip(pairs, found.texts, found.harmful, strict=True)
                ][:KEPT_ANSWERS],
            }
        return told
