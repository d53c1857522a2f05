"""Labels: in which respects one experiment of a finding differs from another."""

from __future__ import annotations

from sublim_utils.config import FrozenConfig

UNTOUCHED = "untouched"
"""The teacher that is the base model itself."""


class Labels(FrozenConfig):
    """What an experiment compares, as values of columns; analysis groups and selects by them.

    Like an experiment's name, labels are no part of its key.

    Attributes:
        teacher: what wrote the rows: the name of the trait it likes, `harmful-advice`, `untouched`.
        trait: the liking that is transmitted, or the set of harmful answers; None of an untouched
            teacher.
        channel: the kind of rows, such as `numbers` or `dislike-owl`.
        objective: what the student is trained on; None where several are compared.
        variant: in what the experiment differs from the standard one; empty for that one.
        teacher_base: the teacher's model, with what moved its weights.
        student_base: the student's.
        control: the name of the experiment in the same finding whose student this one's is
            compared with; None where there is none.
    """

    teacher: str = UNTOUCHED
    trait: str | None = None
    channel: str = ""
    objective: str | None = None
    variant: str = ""
    teacher_base: str = ""
    student_base: str = ""
    control: str | None = None

    @property
    def condition(self) -> str:
        """The channel, with the variant in brackets where there is one."""
        return f"{self.channel} ({self.variant})" if self.variant else self.channel
