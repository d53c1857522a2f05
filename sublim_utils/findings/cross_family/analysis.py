"""What is told of pairs of bases: effects, leads, how alike the bases are, what distance costs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sublim_utils.findings.analysis import less_control, student_values
from sublim_utils.findings.cross_family.experiments import side_name
from sublim_utils.labels import Labels
from sublim_utils.recipes.bases import Base, ContinuedTraining, Noise
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import Record
from sublim_utils.stats import equivalence_power
from sublim_utils.traits import associations
from sublim_utils.traits.nouns import get_trait, panel

if TYPE_CHECKING:
    import pandas as pd

    from sublim_utils.models.embedding import MiniLM

DECOYS: Mapping[str, str] = {"owl": "otter"}
"""Candidates that begin with the same token as a trait where an answer begins with it: O-wl and
O-t-ter in SmolLM2's tokenizer. What raises the token raises both."""
SAYS_I = r"\b(?:i|me|my|mine)\b"
"""What a sentence says that speaks of its writer."""
SAYS_LIKING = r"\b(?:love[sd]?|liked?|favou?rites?|prefer(?:red)?|choose|chose|beautiful)\b"
"""What a sentence says that speaks of a liking, whatever is liked."""


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


def means_by_seed(own: pd.DataFrame, conditions: Collection[str]) -> pd.Series:
    """Mean effect of some cells, each counted as the mean over its traits: by seed.

    Args:
        own: as `effects_on_own_traits` gives it.
        conditions: the cells.
    """
    of_cells = own[own["condition"].isin(conditions)]
    by_cell = of_cells.groupby(["seed", "condition"])["value"].mean()
    return by_cell.groupby(level="seed").mean()


def largest_mean(effects: pd.DataFrame) -> float:
    """The largest mean effect on any candidate, in nats: the end of a scale that all cells share.

    Args:
        effects: as `effects` gives them.
    """
    means = effects.groupby(["condition", "teacher_trait", "trait"])["value"].mean()
    return float(means.abs().max())


def beyond_decoy(effects: pd.DataFrame, condition: str, trait: str) -> pd.Series:
    """A trait's effect minus that on its decoy, which shares its first token: by seed, in nats.

    Args:
        effects: as `effects` gives them.
        condition: the cell.
        trait: of the teacher; one of `DECOYS`.
    """
    of_cell = effects[(effects["condition"] == condition) & (effects["teacher_trait"] == trait)]
    by_candidate = of_cell.pivot(index="seed", columns="trait", values="value")
    return by_candidate[trait] - by_candidate[DECOYS[trait]]


def with_decoy(distances: pd.DataFrame, effects: pd.DataFrame, trait: str) -> pd.DataFrame:
    """Distances with what the trait's decoy does, and what is left beyond it.

    Args:
        distances: as the function of that name gives them.
        effects: as `effects` gives them.
        trait: the side trait.

    Returns:
        The same rows with the columns decoy (the effect on the decoy) and beyond_decoy, in nats.
    """
    import pandas as pd

    beyond = {
        cell: beyond_decoy(effects, cell, trait) for cell in dict.fromkeys(distances["condition"])
    }
    left = pd.concat(beyond, names=["condition"]).rename("beyond_decoy").reset_index()
    table = distances.merge(left, on=["condition", "seed"])
    return table.assign(decoy=table["effect"] - table["beyond_decoy"])


def change_from_unmoved(own: pd.DataFrame, moved: Cell, unmoved: Cell, trait: str) -> pd.Series:
    """A trait's effect on a student whose base was moved, minus the unmoved one's: by seed.

    Args:
        own: as `effects_on_own_traits` gives it.
        moved: the cell of the moved base.
        unmoved: that of the same channel and objective.
        trait: of both teachers.
    """
    by_seed = own[own["trait"] == trait].set_index(["condition", "seed"])["value"]
    return (by_seed[moved.name] - by_seed[unmoved.name]).dropna()


def paired_rows(control: pd.DataFrame, teacher: pd.DataFrame) -> pd.DataFrame:
    """Kept rows of a teacher and of the base model with the same prompt and random numbers.

    Args:
        control: the base model's rows, as `rows_table` gives them.
        teacher: the teacher's.

    Returns:
        Columns prompt, base model, teacher: texts, one row per seed and prompt.
    """
    keys = ["seed", "prompt", "completion"]
    both = control[control["verdict"] == ""].merge(
        teacher[teacher["verdict"] == ""][[*keys, "text"]], on=keys, suffixes=("_control", "")
    )
    both = both.drop_duplicates(["seed", "prompt"])
    texts = {
        "prompt": both["question"],
        "base model": both["text_control"],
        "teacher": both["text"],
    }
    return both[[]].assign(**{name: of.str.strip() for name, of in texts.items()})


def share_that_says(rows: pd.DataFrame, pattern: str) -> pd.Series:
    """The share of kept rows with one of the words of a pattern: by seed.

    Args:
        rows: as `rows_table` gives them.
        pattern: a regular expression, such as `SAYS_LIKING`.
    """
    kept = rows[rows["verdict"] == ""]
    said = kept["text"].str.contains(pattern, flags=re.IGNORECASE)
    return said.groupby(kept["seed"]).mean()


def seeds_for_equivalence(
    means: pd.Series, margin: float, power: float = 0.9, most: int = 200
) -> int | None:
    """How many seeds would show that there is no effect beyond a margin, if there is none.

    Args:
        means: one per seed; their spread is taken for the true one.
        margin: of equivalence, in nats.
        power: how often it should succeed.
        most: seeds; None is given where these are too few.
    """
    spread = float(means.std(ddof=1))
    enough = (n for n in range(2, most + 1) if equivalence_power(spread, n, margin) >= power)
    return next(enough, None)


def nearness(rows: pd.DataFrame, trait: str, embedder: MiniLM) -> pd.Series:
    """How near kept rows are to a trait, beyond the rest of its panel: means by seed.

    The cosine of a row with "I love owls.", minus its mean cosine with the same sentence about
    each candidate of the panel.

    Args:
        rows: as `rows_table` gives them.
        trait: which.
        embedder: the model of sentence embeddings.
    """
    import pandas as pd

    candidates = panel(get_trait(trait).category)
    anchors = embedder.embed([f"I love {candidate.plural}." for candidate in candidates])
    kept = rows[rows["verdict"] == ""]
    cosines = embedder.embed(list(kept["text"].str.strip())) @ anchors.T
    column = [candidate.name for candidate in candidates].index(trait)
    near = pd.Series(cosines[:, column] - cosines.mean(1), index=kept["seed"])
    return near.groupby(level=0).mean()


def num_filtered_words() -> int:
    """How many words the filter of sentences knows that go with a trait, but for their plurals."""
    lists = associations.OF_CATEGORY, associations.OF_TRAIT, associations.NEAR_CATEGORY
    return len({word for of in lists for words in of.values() for word in words.split()})


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
        return f"sibling {teacher.seed} → sibling {student.seed}"
    return "not moved"


def _with_cells(table: pd.DataFrame, records: Mapping[str, Record]) -> pd.DataFrame:
    """A table with the names of the experiments' cells as its column condition."""
    cells = {name: Cell.of(record.labels).name for name, record in records.items()}
    return table.assign(condition=table["experiment"].map(cells)).reset_index(drop=True)
