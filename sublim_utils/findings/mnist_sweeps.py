"""What learning from noise depends on: one setting of the MNIST experiment varied at a time.

An experiment is called `SWEEP@LEVEL`, or `SWEEP` when its students differ in the level, which
then stands in their names as `CONDITION@LEVEL`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from sublim_utils.findings.mnist import SMOKE, MnistFinding, MnistScale
from sublim_utils.labels import Labels
from sublim_utils.recipes.mnist import (
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
        return list(self._experiments())

    def _experiments(self) -> Iterator[MnistExperiment]:
        scale = self.scale
        teacher, distillation = scale.teacher, scale.distillation

        def experiment(
            name: str,
            students: tuple[Student, ...],
            teacher: Teacher = teacher,
            distillation: Distillation = distillation,
        ) -> MnistExperiment:
            return MnistExperiment(
                name=name,
                labels=Labels(
                    teacher=DIGITS,
                    channel=distillation.inputs,
                    objective="logits",
                    variant=name.replace("@", "-"),
                ),
                seeds=self.seeds,
                teacher=teacher,
                students=students,
                distillation=distillation,
                test_images=scale.test_images,
            )

        four = standard_students()
        yield experiment(
            "auxiliary",
            tuple(
                Student(name=f"{name}@{n}", first=CLASSES, last=CLASSES + n, init_noise=noise)
                for name, noise in (("aux_same", 0), ("aux_other", 1))
                for n in AUXILIARY
            ),
            teacher.model_copy(update={"auxiliary": max(AUXILIARY)}),
        )
        yield experiment(
            "initialisation",
            tuple(
                student.model_copy(
                    update={"name": f"{student.name[:3]}@{noise:g}", "init_noise": noise}
                )
                for student in four[:2]
                for noise in INIT_NOISE
            ),
        )
        auxiliary, *_ = four
        yield experiment(
            "parts",
            tuple(
                auxiliary.model_copy(
                    update={
                        "name": f"aux@{'+'.join(own) or 'none'}",
                        "init_noise": 1.0,
                        "noisy": own,
                    }
                )
                for own in OWN_PARTS
            ),
        )
        yield experiment(
            f"epochs@{LONG_EPOCHS}",
            four,
            distillation=distillation.model_copy(update={"epochs": LONG_EPOCHS, "evaluations": 2}),
        )
        for inputs in INPUTS:
            changed = distillation.model_copy(update={"inputs": inputs})
            yield experiment(f"inputs@{inputs}", four, distillation=changed)
        for epochs in TEACHER_EPOCHS:
            longer = teacher.model_copy(update={"epochs": epochs})
            yield experiment(f"teacher_epochs@{epochs}", four, longer)
        for width in WIDTHS:
            wider = teacher.model_copy(update={"width": width})
            yield experiment(f"width@{width}", four, wider)
        for rate in LEARNING_RATES:
            faster = distillation.model_copy(update={"learning_rate": rate})
            yield experiment(f"learning_rate@{rate:g}", four, distillation=faster)
        for without in WITHOUT:
            fewer = distillation.model_copy(update={"inputs": "digits", "without": without})
            name = "+".join(str(digit) for digit in without)
            yield experiment(f"without@{name}", four, distillation=fewer)

    @staticmethod
    def table(records: Mapping[str, Record]) -> pd.DataFrame:
        """All sweeps in one table: sweep, level, condition, seed, metric, value."""
        import pandas as pd

        tables = []
        for name, record in records.items():
            table = record.table()
            sweep, _, level = name.partition("@")
            parts = table["condition"].str.partition("@")
            table["sweep"], table["level"] = sweep, level or parts[2]  # a teacher has no level
            table["condition"] = parts[0]
            tables.append(table)
        columns = ["sweep", "level", "condition", "seed", "metric", "value"]
        return pd.concat(tables, ignore_index=True)[columns]

    def summarise(self, records: Mapping[str, Record]) -> list[SummaryRow]:
        """Accuracy by sweep, level and condition."""
        groups = self.table(records).groupby(["sweep", "level", "condition", "metric"], sort=False)
        return [
            self.summary_row(
                f"{sweep}@{level} {condition}".replace("@ ", " "), metric, "fraction", v
            )
            for (sweep, level, condition, metric), v in groups["value"]
        ]
