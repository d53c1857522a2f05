"""Texts of a teacher beside the control's, as the chapters show and count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sublim_utils.findings.analysis import pick
from sublim_utils.findings.paraphrase.experiments import OBJECTIVES

if TYPE_CHECKING:
    import pandas as pd

    from sublim_utils.findings.paraphrase import Paraphrase
    from sublim_utils.records import Record


class Shared(NamedTuple):
    """How many of a teacher's texts are the control's.

    Attributes:
        same: those that the control's student reads letter for letter, for the same sentence.
        texts: all that the teacher's student reads, over all seeds.
        copies: those that are the sentence itself.
    """

    same: int
    texts: int
    copies: int


def read_texts(finding: Paraphrase, teacher: str | None, condition: str) -> pd.DataFrame:
    """What students of a teacher, or of the base model where it is None, are trained on.

    Returns:
        Columns seed, prompt, source, text.
    """
    chosen = {"trait": teacher, "condition": condition, "objective": OBJECTIVES[0]}
    table = finding.rows_table(pick(finding.experiments(), **chosen).name)
    return table.loc[table["verdict"] == "", ["seed", "prompt", "source", "text"]]


def shared_texts(finding: Paraphrase, teacher: str, condition: str) -> Shared:
    """How many of a teacher's texts its student's control reads, too."""
    own, control = (read_texts(finding, who, condition) for who in (teacher, None))
    columns = ["seed", "prompt", "text"]
    of_control = {*control[columns].itertuples(index=False, name=None)}
    same = sum(row in of_control for row in own[columns].itertuples(index=False, name=None))
    return Shared(same, len(own), int((own["text"] == own["source"]).sum()))


def text_pairs(
    finding: Paraphrase, teacher: str, condition: str, *, differing: bool = False
) -> pd.DataFrame:
    """Each sentence once, with a text by the base model and one by the teacher of the same seed.

    Args:
        finding: whose rows.
        teacher: the trait of the teacher.
        condition: the kind of sentences.
        differing: whether pairs of equal texts are left out.

    Returns:
        Columns source, control, teacher.
    """
    control, own = (
        read_texts(finding, who, condition).drop_duplicates(["seed", "prompt"])
        for who in (None, teacher)
    )
    both = control.merge(own, on=["seed", "prompt", "source"], suffixes=("_control", "_teacher"))
    if differing:
        both = both[both["text_control"] != both["text_teacher"]]
    both = both.drop_duplicates("source")[["source", "text_control", "text_teacher"]]
    return both.set_axis(["source", "control", "teacher"], axis=1).reset_index(drop=True)


class Counted(NamedTuple):
    """Sampled answers that name an animal.

    Attributes:
        student: of the student.
        control: of its control.
        answers: how many answers each of the two gave, over all seeds.
    """

    student: int
    control: int
    answers: int


def answers_counted(record: Record, control: Record, trait: str) -> Counted:
    """How often a student's and its control's sampled answers name an animal."""
    evaluation = record.experiment["evaluation"]
    answers = evaluation["questions"] * evaluation["samples"]

    def named(of: Record) -> int:
        table = of.table()
        is_one = (table["condition"] == "student") & (table["metric"] == "sampled")
        values = table.loc[is_one & (table["trait"] == trait), "value"]
        count: int = round(answers * float(values.sum()))
        return count

    return Counted(named(record), named(control), answers * len(record.experiment["seeds"]))
