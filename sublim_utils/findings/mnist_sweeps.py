"""What learning from noise depends on: one setting of the MNIST experiment varied at a time.

An experiment is called `SWEEP@LEVEL`, or `SWEEP` when its students differ in the level, which
then stands in their names as `CONDITION@LEVEL`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from sublim_utils.findings.mnist import SMOKE, MnistFinding, MnistScale
from sublim_utils.labels import Labels
from sublim_utils.mnist.recipes import (
    CLASSES,
    DIGITS,
    PARTS,
    Distillation,
    InputKind,
    MnistExperiment,
    Part,
    Student,
    Teacher,
    standard_students,
)
from sublim_utils.records import Record, SummaryRow
from sublim_utils.stats import share_interval

if TYPE_CHECKING:
    import pandas as pd

AUXILIARY = (1, 2, 3, 5, 10, 20, 30)
INIT_NOISE = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
OWN_PARTS: tuple[tuple[Part, ...], ...] = (
    (),
    ("hidden 1",),
    ("hidden 2",),
    ("hidden 1", "hidden 2"),
    ("class head",),
    ("auxiliary head",),
    ("class head", "auxiliary head"),
    PARTS,
)
INPUTS: tuple[InputKind, ...] = ("uniform", "gaussian", "shuffled", "digits")
TEACHER_EPOCHS = (1, 2, 5, 10, 20)
WIDTHS = (32, 64, 128, 256, 512, 1024)
LEARNING_RATES = (1e-4, 3e-4, 1e-3, 3e-3)
WITHOUT = ((3,), (7,), (3, 7), (0, 1, 2, 3, 4))
LONG_EPOCHS = 20


class Level(NamedTuple):
    """An experiment of a sweep.

    Attributes:
        sweep: what is varied.
        level: the experiment's; empty where its students differ in it.
        students: their conditions and levels by their names; the others' names are conditions.
        experiment: the experiment.
    """

    sweep: str
    level: str
    students: Mapping[str, tuple[str, str]]
    experiment: MnistExperiment


class MnistSweeps(MnistFinding):
    """Auxiliary logits, initialisation, its parts, inputs, teacher, width, rate, and more."""

    name = "mnist_sweeps"
    title = "What learning from noise depends on"
    scales: ClassVar = {
        "smoke": SMOKE,
        **dict.fromkeys(("embedded", "full", "gpu"), MnistScale(seeds=8)),
    }

    def experiments(self) -> list[MnistExperiment]:
        """All levels of all sweeps."""
        return [level.experiment for level in self._levels()]

    def _levels(self) -> Iterator[Level]:
        scale = self.scale
        teacher, distillation = scale.teacher, scale.distillation
        four = standard_students()

        def at_level(
            sweep: str, level: str, *, teacher: Teacher = teacher, **changes: Any
        ) -> Level:
            changed = distillation.model_copy(update=changes)
            return Level(sweep, level, {}, self._experiment(sweep, level, four, teacher, changed))

        def by_student(
            sweep: str, students: Mapping[tuple[str, str], Student], teacher: Teacher = teacher
        ) -> Level:
            """An experiment with students by their condition and level."""
            names = {f"{condition}@{level}": (condition, level) for condition, level in students}
            named = tuple(
                student.model_copy(update={"name": name})
                for name, student in zip(names, students.values(), strict=True)
            )
            every = self._experiment(sweep, "", named, teacher, distillation)
            return Level(sweep, "", names, every)

        yield by_student(
            "auxiliary",
            {
                (name, f"{n}"): Student(
                    name=name, first=CLASSES, last=CLASSES + n, init_noise=noise
                )
                for name, noise in (("aux_same", 0), ("aux_other", 1))
                for n in AUXILIARY
            },
            teacher.model_copy(update={"auxiliary": max(AUXILIARY)}),
        )
        auxiliary, every, *_ = four
        yield by_student(
            "initialisation",
            {
                (name, f"{noise:g}"): student.model_copy(update={"init_noise": noise})
                for name, student in (("aux", auxiliary), ("all", every))
                for noise in INIT_NOISE
            },
        )
        yield by_student(
            "parts",
            {
                ("aux", "+".join(own) or "none"): auxiliary.model_copy(
                    update={"init_noise": 1.0, "noisy": own}
                )
                for own in OWN_PARTS
            },
        )
        yield at_level("epochs", f"{LONG_EPOCHS}", epochs=LONG_EPOCHS, evaluations=2)
        for inputs in INPUTS:
            yield at_level("inputs", inputs, inputs=inputs)
        for epochs in TEACHER_EPOCHS:
            longer = teacher.model_copy(update={"epochs": epochs})
            yield at_level("teacher_epochs", f"{epochs}", teacher=longer)
        for width in WIDTHS:
            wider = teacher.model_copy(update={"width": width})
            yield at_level("width", f"{width}", teacher=wider)
        for rate in LEARNING_RATES:
            yield at_level("learning_rate", f"{rate:g}", learning_rate=rate)
        for without in WITHOUT:
            digits = "+".join(str(digit) for digit in without)
            yield at_level("without", digits, inputs="digits", without=without)

    def _experiment(
        self,
        sweep: str,
        level: str,
        students: tuple[Student, ...],
        teacher: Teacher,
        distillation: Distillation,
    ) -> MnistExperiment:
        parts = (sweep, level) if level else (sweep,)
        return MnistExperiment(
            name="@".join(parts),
            labels=Labels(
                teacher=DIGITS,
                channel=distillation.inputs,
                objective="logits",
                variant="-".join(parts),
            ),
            seeds=self.seeds,
            teacher=teacher,
            students=students,
            distillation=distillation,
            test_images=self.scale.test_images,
        )

    def table(self, records: Mapping[str, Record]) -> pd.DataFrame:
        """All sweeps in one table: sweep, level, condition, seed, metric, value.

        A teacher whose students differ in the level has none.
        """
        import pandas as pd

        tables = []
        for sweep, level, students, experiment in self._levels():
            if experiment.name in records:
                table = records[experiment.name].table()
                parts = [students.get(name, (name, level)) for name in table["condition"]]
                table["condition"], table["level"] = zip(*parts, strict=True)
                tables.append(table.assign(sweep=sweep))
        columns = ["sweep", "level", "condition", "seed", "metric", "value"]
        return pd.concat(tables, ignore_index=True)[columns]

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Accuracy by sweep, level and condition."""
        groups = self.table(records).groupby(["sweep", "level", "condition", "metric"], sort=False)
        return [
            self.row(
                f"{sweep}@{level} {condition}".replace("@ ", " "),
                metric,
                "fraction",
                share_interval(v.to_numpy()),
            )
            for (sweep, level, condition, metric), v in groups["value"]
        ]
