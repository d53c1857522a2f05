"""Rows as another teacher reads them: one text, and the probabilities of whoever is chosen."""

from __future__ import annotations

from typing import Any

from pydantic import SerializeAsAny

from sublim_utils.recipes.datasets import Derived
from sublim_utils.recipes.teachers import TeacherRecipe


class ReadBy(Derived):
    """Rows with the distributions of another teacher than the one who wrote them.

    The text stays as it is, letter for letter: students of two readers differ in nothing but the
    probabilities beside it.

    Attributes:
        rows: the rows before.
        teacher: whose distributions a student of these rows is shown.
    """

    teacher: SerializeAsAny[TeacherRecipe]

    @property
    def author(self) -> TeacherRecipe:
        """The reader, as losses ask for who gives the distributions."""
        return self.teacher

    @property
    def has_sampled_tokens(self) -> bool:
        """Never: another one wrote them."""
        return False

    def with_sampling(self, **changes: Any) -> ReadBy:
        """With another reader for a teacher; all other changes are of the rows."""
        reader = changes.pop("teacher", self.teacher)
        return self.but(rows=self.rows.with_sampling(**changes), teacher=reader)

    def key_form(self) -> dict[str, Any]:
        """The rows before and the reader."""
        return {
            "rows": "read by",
            "version": 1,
            "before": self.rows.key_form(),
            "teacher": self.teacher.key_form(),
        }
