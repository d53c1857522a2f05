"""Records: what an experiment measured, as JSON files with hashes that reveal later changes.

A record holds two hashes: one of everything that was measured, and, in the provenance, one of the
provenance. Both are checked on reading, and so is the schema: finite numbers, for each seed of the
experiment the same quantities, none of them twice.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import platformdirs

from sublim_utils import provenance
from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.files import folder_from_environment, write_text_whole
from sublim_utils.labels import Labels

if TYPE_CHECKING:
    import pandas as pd

PACKAGED = Path(__file__).resolve().parent / "results"
"""The records inside an installed package; a checkout has them in `results/` alone."""


class Value(FrozenConfig):
    """One measured number of one seed."""

    seed: int
    condition: str
    metric: str
    value: float
    trait: str | None = None
    objective: str | None = None


class Quantity(NamedTuple):
    """What a number measures; the same in every seed of an experiment."""

    condition: str
    metric: str
    trait: str | None = None
    objective: str | None = None


class Contrast(NamedTuple):
    """An effect: a quantity of an experiment minus one of its control.

    Attributes:
        quantity: of the experiment.
        control: name of the experiment with the control, which may be the same one.
        subtracted: its quantity.
    """

    quantity: Quantity
    control: str
    subtracted: Quantity


class Measurement(NamedTuple):
    """What measuring an experiment yields.

    Attributes:
        values: tidy numbers, seed by seed.
        details: whatever else the chapter draws (curves, matrices), ready for JSON; nothing in it
            differs between two runs.
        wall_s: seconds of work, interrupted runs included.
        stage_seconds: seconds of work by stage, one number per seed; 0 where the store had it.
        rows_sha256: per seed, the hash of the teacher's rows; empty where there are no rows.
    """

    values: list[Value]
    details: dict[str, Any]
    wall_s: float
    stage_seconds: dict[str, list[float]]
    rows_sha256: list[str | None]


class Record(FrozenConfig):
    """One measured experiment, as kept in `results/PROFILE/FINDING/NAME.json`."""

    finding: str
    profile: str
    name: str
    labels: Labels
    key: str
    experiment: dict[str, Any]
    values: list[Value]
    details: dict[str, Any]
    provenance: provenance.Provenance

    def measured(self) -> dict[str, Any]:
        """All but the provenance: what two runs of the same experiment must agree on."""
        return self.model_dump(mode="json", exclude={"provenance"})

    def table(self) -> pd.DataFrame:
        """The values as a table with one row per number, and the labels as columns.

        The column trait is the candidate that a value is about; the teacher's own is teacher_trait.
        """
        import pandas as pd

        return self.labelled(pd.DataFrame([value.model_dump() for value in self.values]))

    def labelled(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table of the record's numbers with the columns experiment and those of the labels."""
        labels = self.labels.model_dump()
        labels["teacher_trait"] = labels.pop("trait")
        missing = {name: label for name, label in labels.items() if name not in table}
        return table.assign(experiment=self.name, **missing)

    @property
    def hardware(self) -> str:
        """What the work was done on, in words: a GPU only where the experiment asks for one."""
        taken = self.provenance
        device = self.experiment.get("student", {}).get("base", {}).get("device")
        if device == "cuda" and "accelerator" in taken.hardware:
            name = str(taken.hardware["accelerator"])
        else:
            threads = "1 thread" if taken.threads == 1 else f"{taken.threads} threads"
            name = f"{threads} of {taken.hardware['processor']}"
        return name + (f", shared by {taken.workers} processes" if taken.workers > 1 else "")

    def write(self, path: Path) -> None:
        """Write the record as JSON with its hashes, whole or not at all.

        Raises:
            SublimError: a measured number is not finite, or the file cannot be written.
        """
        fault = _fault_of(self)
        try:
            json.dumps(self.details, allow_nan=False)  # `model_dump` makes null of such numbers
        except ValueError:
            fault = fault or "has details that are no numbers"
        if fault is not None:
            raise SublimError(
                f"{self.finding}/{self.name} cannot be recorded, as it {fault}; "
                "what was computed is in the store."
            )
        measured, provenance = self.measured(), self.provenance.model_dump(mode="json")
        whole = {
            **measured,
            "content_sha256": content_hash(measured),
            "provenance": {**provenance, "sha256": content_hash(provenance)},
        }
        write_text_whole(path, json.dumps(whole, indent=1) + "\n")

    @staticmethod
    def read(path: Path, command: str | None = None) -> Record:
        """Read a record and check that it says what was measured.

        Args:
            path: of the file.
            command: one that measures the experiment again, for the error message.

        Raises:
            SublimError: the file is damaged, or was changed after it was written.
        """
        try:
            if not path.is_file():
                raise _DamagedError("is no regular file")
            return _parse(path.read_bytes())
        except (OSError, ValueError, RecursionError, _DamagedError) as error:
            reason = str(error) if isinstance(error, _DamagedError) else "is damaged"
            raise SublimError(f"The record {path} {reason}; {remedy(path, command)}.") from error


class _DamagedError(Exception):
    """What is wrong with a record, to be put after its name."""


def _parse(content: bytes) -> Record:
    """A record from its file's bytes."""
    try:
        whole = json.loads(content.decode(), parse_constant=_no_number)
        expected = whole.pop("content_sha256", None)
        provenance = whole["provenance"]
        expected_provenance = provenance.pop("sha256", None)
        measured = {name: value for name, value in whole.items() if name != "provenance"}
        hashes = content_hash(measured), content_hash(provenance)
    except (AttributeError, KeyError, TypeError) as error:
        raise _DamagedError("is damaged") from error
    if expected is None or expected_provenance is None:
        raise _DamagedError("has no hash of its content")
    if hashes != (expected, expected_provenance):
        raise _DamagedError("was changed after it was measured")
    record = Record.model_validate(whole, strict=True)
    fault = _fault_of(record)
    if fault is not None:
        raise _DamagedError(fault)
    return record


def _no_number(constant: str) -> None:
    raise _DamagedError(f"holds {constant}, which is no number")


def _fault_of(record: Record) -> str | None:
    """What is wrong with a record's values, to be put after its name; None where nothing is."""
    seeds = record.experiment.get("seeds")
    if not (isinstance(seeds, list) and seeds and all(type(seed) is int for seed in seeds)):
        return "names no seeds"
    if len(set(seeds)) < len(seeds):
        return "names a seed twice"
    if record.experiment.get("name") != record.name:
        return f"holds the experiment {record.experiment.get('name')!r}"
    by_seed: dict[int, set[tuple[str | None, ...]]] = {seed: set() for seed in seeds}
    for value in record.values:
        quantity = (value.condition, value.metric, value.trait, value.objective)
        if value.seed not in by_seed:
            return f"has a value of the seed {value.seed}, which is none of the experiment's"
        if not math.isfinite(value.value):
            return f"has a value that is no number ({_words(quantity)}, seed {value.seed})"
        if quantity in by_seed[value.seed]:
            return f"has a value twice ({_words(quantity)}, seed {value.seed})"
        by_seed[value.seed].add(quantity)
    first = by_seed[seeds[0]]
    for seed, quantities in by_seed.items():
        if quantities != first or not quantities:
            odd = "; ".join(sorted(map(_words, quantities ^ first))[:3])
            return f"has values of some seeds that others lack ({odd or 'all'}; seed {seed})"
    return None


def _words(quantity: Iterable[str | None]) -> str:
    return " ".join(filter(None, quantity))


def content_hash(plain: Mapping[str, Any]) -> str:
    """SHA-256 of plain data as canonical JSON, in hexadecimal.

    Raises:
        ValueError: there is a number in it that is not finite.
    """
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def remedy(path: Path, command: str | None = None) -> str:
    """How to get a damaged file of `results/` or of the store again, as the end of a sentence."""
    if path.is_relative_to(PACKAGED):
        return "install the package again"
    again = "run the finding again" if command is None else f"measure it again with: {command}"
    under_version_control = path.is_relative_to(results_folder()) and any(
        (folder / ".git").exists() for folder in path.absolute().parents
    )
    if under_version_control:
        return f"restore it with `git checkout -- {shlex.quote(str(path))}`, or {again}"
    return f"delete it and {again}"


class SummaryRow(FrozenConfig):
    """One reported quantity of a finding; `low` and `high` bound its 95 % interval."""

    finding: str
    condition: str
    trait: str | None
    objective: str | None
    metric: str
    unit: str | None
    mean: float
    low: float | None
    high: float | None
    n_seeds: int
    main: bool


def results_folder() -> Path:
    """Where records of the standard scales are kept, and new ones are written.

    `$SUBLIM_RESULTS` if it is set; else `results/` of the checkout that this package lies in; else,
    where the package was installed on its own, a folder of the user's.

    Raises:
        SublimError: the user has no folder and the environment names none.
    """
    given = folder_from_environment("SUBLIM_RESULTS")
    if given is not None:
        return given
    checkout = Path(__file__).resolve().parents[1]
    # Some packages put a pyproject.toml of theirs into site-packages.
    if (checkout / "pyproject.toml").exists() and not PACKAGED.exists():
        return checkout / "results"
    data = platformdirs.user_data_path("sublim")
    if not data.is_absolute():  # as "~" is where nobody knows what it stands for
        raise SublimError("You have no home folder for records; name a folder in SUBLIM_RESULTS.")
    return data / "results"


def readable(path: Path) -> Path:
    """The file itself if it exists, else the copy that comes with the installed package.

    Args:
        path: of a file below `results_folder()`, or any other, which stays as it is.
    """
    if path.exists() or os.environ.get("SUBLIM_RESULTS"):
        return path
    if not path.is_relative_to(results_folder()):
        return path
    packaged = PACKAGED / path.relative_to(results_folder())
    return packaged if packaged.exists() else path
