"""What is told of pairs of bases: effects, leads, how alike the bases are, what distance costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sublim_utils.findings.analysis import less_control, student_values
from sublim_utils.findings.cross_family.experiments import side_name
from sublim_utils.labels import Labels
from sublim_utils.recipes.bases import Base, ContinuedTraining, Noise
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import Record

if TYPE_CHECKING:
    import pandas as pd


class Cell(NamedTuple):
    """What experiments have in common that differ in their teachers' traits only."""

    teacher_base: str
    student_base: str
    channel: str
    objective: str = "tokens"

    @staticmethod
    def of(labels: Labels) -> Cell:
        """The cell of an experiment."""
        objective = labels.objective or "tokens"
        return Cell(labels.teacher_base, labels.student_base, labels.channel, objective)

    @property
    def bases(self) -> tuple[str, str]:
        """The teacher's base and the student's."""
        return self.teacher_base, self.student_base

    @property
    def side(self) -> str:
        """The channel, followed by the objective where that is `logits`."""
        return side_name(self.channel, self.objective)

    @property
    def name(self) -> str:
        """The condition of the summary, and the first part of the experiments' names."""
        return f"{self.teacher_base}-to-{self.student_base}@{self.side}"


def effects(records: Mapping[str, Record]) -> pd.DataFrame:
    """Student minus the control of the same bases, channel and seed, in nats.

    Returns:
        As `analysis.less_control` gives them, by seed and trait (the candidate), and the column
        condition, which names the bases and the channel (see `Cell`).
    """
    return _with_cells(less_control(student_values(records)), records)


def effects_on_own_traits(records: Mapping[str, Record]) -> pd.DataFrame:
    """The effects on the teachers' own traits, as `effects` gives them."""
    every = effects(records)
    return every[every["teacher_trait"] == every["trait"]].reset_index(drop=True)


def similarities(records: Mapping[str, Record]) -> pd.DataFrame:
    """How alike two bases of one model and their changes are.

    Returns:
        Columns condition (see `Cell`), seed, metric, value and those of the labels.
    """
    import pandas as pd

    table = pd.concat([record.table() for record in records.values()], ignore_index=True)
    return _with_cells(table[table["condition"] == "bases"], records)


def distances(
    records: Mapping[str, Record], experiments: Iterable[LanguageExperiment], trait: str
) -> pd.DataFrame:
    """A trait's effects, and how alike the bases were that it passed between.

    Args:
        records: by name.
        experiments: of teachers with the trait, on bases of one model.
        trait: of the teachers.

    Returns:
        One row per pair of bases and seed. Columns side (the channel, followed by the
        objective where that is `logits`), kind (of the move: `unmoved`, `noise`, `continued`,
        or `descendants` where teacher and student were both moved), level (sigma, or updates;
        0 where nothing was moved), condition, seed, effect in nats, and the similarities.
    """
    import pandas as pd

    own = effects_on_own_traits(records)
    own = own[own["trait"] == trait][["condition", "seed", "value"]]
    alike = similarities(records)
    alike = alike[alike["teacher_trait"] == trait]
    alike = alike.pivot(index=["condition", "seed"], columns="metric", values="value")
    moves = []
    for experiment in experiments:
        cell = Cell.of(experiment.labels)
        moves.append((cell.side, *distance_of(experiment), cell.name))
    table = pd.DataFrame(moves, columns=["side", "kind", "level", "condition"])
    table = table.merge(own.rename(columns={"value": "effect"}), on="condition")
    return table.merge(alike, on=["condition", "seed"], how="left")


def declines(
    table: pd.DataFrame,
) -> Iterator[tuple[str, pd.Series, float | None]]:
    """What is lost between the student that was not moved and the one that was moved most.

    Args:
        table: the rows of one side, of those that `distances` gives.

    Yields:
        The kind of the moves, what is lost seed by seed, and the p-value of Page's test for a trend
        that falls from each distance to the next; None for a single seed.
    """
    for kind in ("noise", "continued"):
        levels = table[table["kind"].isin(["unmoved", kind])]
        by_seed = levels.pivot(index="seed", columns="level", values="effect").dropna()
        if by_seed.shape[1] < 3 or by_seed.empty:
            continue  # no trend without a middle
        p = None
        if len(by_seed) > 1:
            from scipy.stats import page_trend_test

            p = float(page_trend_test(by_seed.iloc[:, ::-1].to_numpy()).pvalue)
        yield kind, by_seed.iloc[:, 0] - by_seed.iloc[:, -1], p


def lead_of_own_family(
    own: pd.DataFrame, teacher: str, channel: str, families: Iterable[str]
) -> pd.Series | None:
    """By how much a teacher's rows move its own family more than the others, seed by seed.

    Args:
        own: as `effects_on_own_traits` gives it.
        teacher: name of the teacher's base, which is one of the families.
        channel: of the rows.
        families: names of the students' bases.

    Returns:
        The lead in nats; None where not all families were measured.
    """
    import pandas as pd

    by_seed = own.groupby(["condition", "seed"])["value"].mean()
    cells = {student: Cell(teacher, student, channel).name for student in families}
    if not set(cells.values()) <= set(own["condition"]):
        return None  # a summary of some of the records
    by_student = {student: by_seed[cell] for student, cell in cells.items()}
    return by_student.pop(teacher) - pd.DataFrame(by_student).mean(axis=1)


def bases_of(experiment: LanguageExperiment) -> tuple[Base, Base]:
    """The teacher's base and the student's."""
    assert experiment.teacher is not None
    return experiment.teacher.base, experiment.student.base


def distance_of(experiment: LanguageExperiment) -> tuple[str, float]:
    """How an experiment's bases were moved apart, and how far."""
    teacher, student = (base.perturbation for base in bases_of(experiment))
    if student is None:
        return "unmoved", 0.0
    if isinstance(student, Noise):
        return "noise", student.sigma
    return "continued" if teacher is None else "descendants", float(student.updates)


def moved_words(experiment: LanguageExperiment) -> str:
    """How an experiment's bases were moved apart, in words."""
    kind, level = distance_of(experiment)
    if kind == "noise":
        return f"noise of σ = {level:g}"
    if kind == "continued":
        return f"{level:g} updates of other text"
    teacher, student = (base.perturbation for base in bases_of(experiment))
    if isinstance(teacher, ContinuedTraining) and isinstance(student, ContinuedTraining):
        return f"descendant {teacher.seed} → {student.seed}"
    return "not moved"


def _with_cells(table: pd.DataFrame, records: Mapping[str, Record]) -> pd.DataFrame:
    """A table with the names of the experiments' cells as its column condition."""
    cells = {name: Cell.of(record.labels).name for name, record in records.items()}
    return table.assign(condition=table["experiment"].map(cells)).reset_index(drop=True)
