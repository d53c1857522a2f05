"""From records to effects: tables whose columns are labels, and what is computed from them.

A table of values has a line for each number that was read from a student; one of effects has the
same lines, less what its control says in the same seed, and of the same question where there is
one. The column trait is the candidate, teacher_trait what the teacher likes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from sublim_utils.labels import Labels
from sublim_utils.records import Record
from sublim_utils.stats import (
    Crossed,
    Exchange,
    crossed_interval,
    exchange_of_labels,
    mean_interval,
    t_test,
)
from sublim_utils.traits.nouns import get_trait

if TYPE_CHECKING:
    import pandas as pd


class Labelled(Protocol):
    """An experiment or a record."""

    @property
    def labels(self) -> Labels:
        """In what it differs from others."""


T = TypeVar("T", bound=Labelled)


def select(candidates: Iterable[T], **labels: Any) -> list[T]:
    """The experiments or records whose labels have these values.

    Args:
        candidates: to choose from.
        labels: such as `objective="logits", variant=""`; `condition` is known, too.
    """
    return [
        candidate
        for candidate in candidates
        if all(getattr(candidate.labels, label) == value for label, value in labels.items())
    ]


def pick(candidates: Iterable[T], **labels: Any) -> T:
    """The one experiment or record whose labels have these values.

    Raises:
        ValueError: there is none, or there are several.
    """
    chosen = select(candidates, **labels)
    if len(chosen) != 1:
        raise ValueError(f"{len(chosen)} of the given have the labels {labels}")
    return chosen[0]


def with_control(records: Mapping[str, Record], **labels: Any) -> tuple[Record, Record]:
    """The one record whose labels have these values, and that of its control."""
    record = pick(records.values(), **labels)
    return record, records[str(record.labels.control)]


def student_values(records: Mapping[str, Record], metric: str = "margin") -> pd.DataFrame:
    """What students score in a metric: the columns of `Record.table` but condition and metric."""
    import pandas as pd

    table = pd.concat([record.table() for record in records.values()], ignore_index=True)
    table = table[(table["condition"] == "student") & (table["metric"] == metric)]
    return table.drop(columns=["condition", "metric"])


def less_control(
    values: pd.DataFrame, controls: Mapping[str, str | None] | None = None
) -> pd.DataFrame:
    """Effects: values less those of the control in the same seed, of the same trait and question.

    Args:
        values: columns experiment, control, value, and of seed, trait and question those that tell
            an experiment's values apart.
        controls: by experiment, another one than its control to be compared with.

    Returns:
        The lines whose counterpart is there.
    """
    of_each = values["control"] if controls is None else values["experiment"].map(controls)
    # A column without a single control would have numbers' type.
    values = values.assign(control=of_each.astype(values["experiment"].dtype))
    by = [column for column in ("seed", "trait", "question") if column in values]
    control = values[["experiment", *by, "value"]]
    control = control.rename(columns={"experiment": "control", "value": "of_control"})
    effects = values.merge(control, on=["control", *by])
    effects["value"] -= effects["of_control"]
    return effects.drop(columns="of_control")


def own_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """The effects on the teachers' own traits.

    Args:
        effects: of experiments that differ in their teachers only.

    Returns:
        [seed, trait], or [(seed, question), trait].
    """
    return by_teacher(effects[effects["teacher_trait"] == effects["trait"]])


def by_teacher(effects: pd.DataFrame) -> pd.DataFrame:
    """Effects as [seed, teacher_trait], or [(seed, question), teacher_trait].

    Args:
        effects: one of each experiment, seed and question; of experiments that differ in their
            teachers only.
    """
    table = effects.pivot(index=_repetition(effects), columns="teacher_trait", values="value")
    return table[list(dict.fromkeys(effects["teacher_trait"]))]


def specific_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Effects on the own traits less what the category's other teachers do to the same candidate.

    What every teacher does, as making cats likelier, is no part of it, and neither is the control.

    Args:
        effects: of experiments that differ in their teachers only.

    Returns:
        As `own_effects`, for traits with another teacher in their category.
    """
    import pandas as pd

    teachers = list(dict.fromkeys(effects["teacher_trait"]))
    specific = {}
    for trait in teachers:
        category = get_trait(trait).category
        others = [t for t in teachers if t != trait and get_trait(t).category == category]
        if others:
            of_candidate = effects[effects["trait"] == trait]
            by_teacher = of_candidate.pivot(
                index=_repetition(effects), columns="teacher_trait", values="value"
            )
            specific[trait] = by_teacher[trait] - by_teacher[others].mean(axis=1)
    return pd.DataFrame(specific)


def exchange_of_teachers(effects: pd.DataFrame, category: str = "animal") -> Exchange:
    """Exact test that students prefer their own teacher's favourite, by exchanging the teachers.

    Args:
        effects: by seed, and by question where there are several, over which the mean is taken; of
            experiments that differ in their teachers only. Margins give the same result.
        category: whose traits are exchanged; each must have been asked of all students.
    """
    every = dict.fromkeys(effects["teacher_trait"].dropna())
    teachers = [trait for trait in every if get_trait(trait).category == category]
    means = effects.groupby(["seed", "teacher_trait", "trait"])["value"].mean()
    by_seed = [means.loc[seed].unstack("trait") for seed in dict.fromkeys(effects["seed"])]
    return exchange_of_labels(
        [table.reindex(index=teachers, columns=teachers).to_numpy(float) for table in by_seed]
    )


def leads(effects: pd.DataFrame) -> pd.DataFrame:
    """How far the own trait's effect lies above the largest other one: [seed, trait].

    Args:
        effects: by seed, of experiments that differ in their teachers only.
    """
    is_own = effects["teacher_trait"] == effects["trait"]
    largest = effects[~is_own].groupby(["seed", "teacher_trait"])["value"].max().unstack()
    own = own_effects(effects)
    return own - largest[list(own)]


def leading(effects: pd.DataFrame) -> dict[str, str]:
    """By a teacher's trait, the candidate on which its students' mean effect is largest."""
    means = effects.groupby(["teacher_trait", "trait"])["value"].mean().unstack()
    first: dict[str, str] = means.idxmax(axis=1).to_dict()
    return {trait: first[trait] for trait in dict.fromkeys(effects["teacher_trait"])}


def matrix(effects: pd.DataFrame, category: str | None = None) -> pd.DataFrame:
    """Mean effects: [teacher, trait], with the teachers' own traits as the first columns.

    Args:
        effects: of experiments that differ in their teachers only.
        category: of the teachers' traits; None for all.
    """
    if category is not None:
        kinds = effects["teacher_trait"].map(lambda trait: get_trait(trait).category)
        effects = effects[kinds == category]
    means = effects.pivot_table(index="teacher", columns="trait", values="value", sort=False)
    own = [trait for trait in means.index if trait in means.columns]
    return means[[*own, *(trait for trait in means.columns if trait not in own)]]


def reach_of_others(effects: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """From where to where the mean effects on other traits than the own one reach.

    Args:
        effects: the effects.
        by: columns that tell the experiments apart, with teacher or teacher_trait among them.

    Returns:
        Columns `by`, low, high.
    """
    others = effects[effects["teacher_trait"] != effects["trait"]]
    means = others.groupby([*by, "trait"])["value"].mean()
    return means.groupby(list(by)).agg(low="min", high="max").reset_index()


def effects_along(record: Record, control: Record) -> pd.DataFrame:
    """Effects on the own trait in the middle of training, and at its beginning, where they are 0.

    Returns:
        Columns seed, dose (rows seen), value in nats.
    """
    import pandas as pd

    trait = str(record.labels.trait)
    category = get_trait(trait).category
    stops = control.experiment["student"]["eval_at_rows"]
    rows = []
    for seed, own, other in zip(
        record.experiment["seeds"], record.details["curves"], control.details["curves"], strict=True
    ):
        at = {0: 0.0}
        for stop, (_, a), (_, b) in zip(stops, own, other, strict=False):
            at[stop] = a[category][trait] - b[category][trait]
        rows += [(seed, dose, value) for dose, value in at.items()]
    return pd.DataFrame(rows, columns=["seed", "dose", "value"])


def estimate(values: pd.Series) -> Crossed:
    """Mean, interval and p-value, over seeds or over seeds and questions.

    Args:
        values: by seed, or by seed and question.
    """
    if "question" in values.index.names:
        return crossed_interval(np.asarray(values.unstack("question"), dtype=float))
    interval = mean_interval(values.to_numpy())
    return Crossed(*interval[:3], t_test(values.to_numpy()), interval.n)


def row_shares(
    records: Mapping[str, Record], passed: str, hidden: Collection[str] = ()
) -> pd.DataFrame:
    """What became of the rows of teachers; objectives share them.

    Args:
        records: by name.
        passed: what the details call the number of rows that passed.
        hidden: reasons that are left out.

    Returns:
        Columns condition (with the variant in brackets), teacher, seed, reason (`passed` for those
        that passed), share of all rows. A row can have several reasons.
    """
    import pandas as pd

    shares = []
    seen = set()
    for record in records.values():
        labels, details = record.labels, record.details
        if (labels.condition, labels.teacher) in seen:
            continue
        seen.add((labels.condition, labels.teacher))
        for seed_index, seed in enumerate(record.experiment["seeds"]):
            counts = {passed: details[passed][seed_index], **details["reasons"][seed_index]}
            shares += [
                (
                    labels.condition,
                    labels.teacher,
                    seed,
                    reason,
                    count / details["rows"][seed_index],
                )
                for reason, count in counts.items()
                if reason not in hidden
            ]
    return pd.DataFrame(shares, columns=["condition", "teacher", "seed", "reason", "share"])


def _repetition(effects: pd.DataFrame) -> list[str]:
    """The columns that tell repetitions apart."""
    return [column for column in ("seed", "question") if column in effects]
