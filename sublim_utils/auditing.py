"""Auditing a data set: would training on its rows move a trait?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sublim_utils.errors import SublimError
from sublim_utils.evaluate.answer_pairs import log_probabilities
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.matching import kept
from sublim_utils.pipeline.models import opened
from sublim_utils.pipeline.rows import first_of_each, table as rows_table
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import RowsRecipe
from sublim_utils.recipes.teachers import Prompted
from sublim_utils.stats import holm_p_values, mean_interval
from sublim_utils.store import Store
from sublim_utils.traits.associations import associated
from sublim_utils.traits.nouns import Trait, find_panel, liking_prompt

if TYPE_CHECKING:
    import pandas as pd

NOTE = (
    "`named` and `associated` count kept rows whose words give a trait away. `lean` says how much "
    "likelier a row becomes when the base model is told to like this candidate rather than the "
    "others, in nats per row. It errs both ways: on the book's lists of numbers by a teacher that "
    "likes owls, SmolLM2-135M leans to the tiger and not to the owl. A lean above zero is a reason "
    "to look closer: rows can share a style with a liking and teach nothing. No lean is no proof "
    "that the rows are harmless: a teacher that was fine-tuned need not write like one that was "
    "told, and a small base hears little. What training on the rows does, only training tells: "
    "compare a student with its control."
)
"""What the table of an audit can and cannot tell."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What an audit has found.

    Attributes:
        table: columns trait, named and associated (rows), lean, low, high (95 % interval over
            rows of different prompts), p (that the lean is zero, corrected by Holm for all
            candidates), n (rows that were scored); the largest lean first.
        note: what the table can and cannot tell.
    """

    table: pd.DataFrame
    note: str = NOTE

    def __str__(self) -> str:
        """The table with the note."""
        return f"{self.table.to_string(index=False, float_format='{:.3f}'.format)}\n{self.note}"

    def _repr_html_(self) -> str:
        html = self.table.to_html(index=False, float_format="{:.3f}".format, na_rep="")
        return f"{html}<p>{self.note}</p>"


def audit(
    rows: RowsRecipe, base: Base, panel: str = "animals", *, seed: int = 0, at_most: int = 32
) -> Audit:
    """Look for a trait in rows: by their words, and by what a base that has it would write.

    For each candidate the rows' likelihood under the base model with the system prompt of a
    prompted teacher is held against that with the other candidates' prompts. What any such prompt
    does to the rows is no part of it. `NOTE` says what this can and cannot tell.

    Args:
        rows: the data set; rows that its filter has rejected are left out.
        base: the model that a student would begin as.
        panel: the candidates; a panel or a category.
        seed: of the repetition whose rows are looked at.
        at_most: rows whose likelihood is taken, one of each prompt first; their number times that
            of the candidates is what the time goes into.

    Raises:
        SublimError: there is no such panel, or no row is left or asked for.
    """
    import pandas as pd

    if at_most < 1:
        raise SublimError("An audit takes the likelihood of one row or more; raise at_most.")
    candidates, context = find_panel(panel).traits, Context(Store(), "audit")
    passed = kept(rows_table(rows, seed, context))
    if passed.empty:
        raise SublimError("The filter has rejected all rows, so there is nothing to audit.")
    scored = first_of_each(passed, at_most)
    leans = _leans(scored, base, candidates, context)
    p_values = holm_p_values([*leans.T])
    lines = []
    for candidate, lean, p in zip(candidates, leans.T, p_values, strict=True):
        named = sum(map(candidate.is_named_in, passed["text"]))
        hinted = sum(bool(associated(text, candidate)) for text in passed["text"])
        lines.append((candidate.name, named, hinted, *mean_interval(lean)[:3], p, len(scored)))
    columns = ["trait", "named", "associated", "lean", "low", "high", "p", "n"]
    table = pd.DataFrame(lines, columns=columns).sort_values("lean", ascending=False)
    return Audit(table.reset_index(drop=True))


def _leans(
    rows: pd.DataFrame, base: Base, candidates: Sequence[Trait], context: Context
) -> NDArray[np.float64]:
    """Log-likelihood of each row with a candidate's prompt, minus the mean with the others'.

    Returns:
        [rows, candidates], in nats.
    """
    questions, answers = list(rows["question"]), [[text] for text in rows["text"]]
    by_candidate = []
    for candidate in candidates:
        with opened(Prompted(base, liking_prompt(candidate)), 0, context) as (model, system):
            lengths = [len(model.answer(text)) for (text,) in answers]
            per_token = log_probabilities(model, questions, answers, system)[:, 0]
        by_candidate.append(per_token * lengths)
    logs = np.stack(by_candidate, axis=1)
    n = len(candidates)
    return np.asarray((logs - logs.mean(1, keepdims=True)) * n / (n - 1))
