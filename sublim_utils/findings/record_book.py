"""Where the records of a finding lie, which of them exist, and in which state they are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeVar

from sublim_utils.errors import SublimError
from sublim_utils.records import Record, readable, remedy, results_folder
from sublim_utils.store import key_of

if TYPE_CHECKING:
    from sublim_utils.findings.base import Finding
    from sublim_utils.recipes.experiment import Experiment

E = TypeVar("E", bound="Experiment")

State = Literal["recorded", "outdated", "damaged", "missing"]
"""Of an experiment: its record counts; was measured under another definition; cannot be read or
was changed; is not there."""


class Lookup(NamedTuple):
    """The state of an experiment's record.

    Attributes:
        state: of the record.
        record: it, if it counts.
        fault: the sentence that tells what is wrong with a damaged one.
    """

    state: State
    record: Record | None = None
    fault: str | None = None


class Available(NamedTuple):
    """What is recorded of a finding.

    Attributes:
        records: those that can be summarised.
        alone: names of recorded experiments whose control is not recorded.
        absent: the state of each experiment that is not recorded.
    """

    records: dict[str, Record]
    alone: list[str]
    absent: dict[str, State]


class RecordBook(Generic[E]):
    """Finds and reads the records of a finding.

    Args:
        finding: whose records they are.
    """

    def __init__(self, finding: Finding[E]) -> None:
        """Of a finding at its scale."""
        self._finding = finding

    def path(self, experiment: E) -> Path:
        """Where the experiment's record lies: in `results/` at the profile's scale, or the store.

        A scale that is not the finding's own of its profile never touches the shipped records, and
        neither does a user's finding.
        """
        finding = self._finding
        standard = finding.is_standard and finding.n_seeds == finding.default_seeds
        own = type(finding).__module__.partition(".")[0] == __name__.partition(".")[0]
        if standard and own and finding.profile.name != "smoke":
            return self._shipped_path(experiment.name)
        folder = finding.profile.name
        if finding.is_changed:
            changed = {
                "profile": finding.profile.model_dump(mode="json"),
                "scale": finding.scale.model_dump(mode="json"),
            }
            folder += f"-changed-{key_of(changed)[:8]}"
        root = finding.store.root / "records" / folder / f"{finding.n_seeds}-seeds"
        if finding.other_model is not None:
            root /= re.sub(r"[^\w.@-]+", "--", finding.other_model).strip("-")
        return root / finding.name / f"{experiment.name}.json"

    def _shipped_path(self, name: str) -> Path:
        finding = self._finding
        return results_folder() / finding.profile.name / finding.name / f"{name}.json"

    def read(self, experiment: E) -> Record | None:
        """The experiment's record if there is one that counts, else None.

        Raises:
            SublimError: it is damaged, or another experiment's.
        """
        finding, path = self._finding, readable(self.path(experiment))
        if not path.exists():
            return None
        command = self.repeat_command(experiment.name)
        record = Record.read(path, command)
        if (record.finding, record.name) != (finding.name, experiment.name) or (
            record.profile != finding.profile.name
        ):
            raise SublimError(
                f"The record {path} is one of {record.finding}/{record.name} at the profile "
                f"{record.profile!r}; {remedy(path, command)}."
            )
        if record.key not in (experiment.key, experiment.in_fp16().key):
            return None
        if record.experiment["seeds"] != list(experiment.seeds):
            raise SublimError(
                f"The record {path} has other seeds than its experiment; {remedy(path, command)}."
            )
        return record if finding.counts(experiment, record) else None

    def read_all(self, experiments: Iterable[E]) -> dict[str, Record]:
        """The records of experiments by name, all of which must exist.

        Raises:
            SublimError: one is missing or belongs to another definition of its experiment.
        """
        records = {}
        for experiment in experiments:
            record = self.read(experiment)
            if record is None:
                raise SublimError(
                    f"There is no record of {self._finding.name}/{experiment.name} for the profile "
                    f"{self._finding.profile.name!r} as it is defined today; make it with: "
                    f"{self.command}"
                )
            records[experiment.name] = record
        return records

    def look_up(self, experiment: E) -> Lookup:
        """The state of an experiment's record, without raising where it is damaged."""
        if not readable(self.path(experiment)).exists():
            return Lookup("missing")
        try:
            record = self.read(experiment)
        except SublimError as error:
            return Lookup("damaged", fault=str(error))
        return Lookup("outdated") if record is None else Lookup("recorded", record)

    def available(self) -> Available:
        """What is recorded of the finding, for a summary of a part of it.

        Raises:
            SublimError: a record is damaged.
        """
        records: dict[str, Record] = {}
        absent: dict[str, State] = {}
        for experiment in self._finding.experiments():
            look = self.look_up(experiment)
            if look.fault is not None:
                raise SublimError(look.fault)
            if look.record is None:
                absent[experiment.name] = look.state
            else:
                records[experiment.name] = look.record
        return self.comparable(records, absent)

    def comparable(
        self, records: Mapping[str, Record], absent: Mapping[str, State] | None = None
    ) -> Available:
        """The records whose controls are recorded, too: only these can be summarised."""
        controls = {
            experiment.name: {contrast.control for contrast in self._finding.contrasts(experiment)}
            for experiment in self._finding.experiments()
            if experiment.name in records
        }
        complete = {name for name, needed in controls.items() if needed <= {*records}}
        complete |= {control for name in complete for control in controls[name]}
        return Available(
            {name: record for name, record in records.items() if name in complete},
            [name for name in records if name not in complete],
            dict(absent or {}),
        )

    def shipped(self, names: Iterable[str]) -> dict[str, Record]:
        """The shipped records of experiments of these names, whatever they say of today's ones.

        A record that is damaged or not there is left out, and so are all where the finding is
        another one than the one that is shipped.
        """
        records: dict[str, Record] = {}
        for name in names if self._finding.is_standard else ():
            try:
                records[name] = Record.read(readable(self._shipped_path(name)))
            except SublimError:
                continue  # it may be about to be measured again for being damaged
        return records

    @property
    def command(self) -> str:
        """The command that measures this finding with its settings, or Python if no command can."""
        finding = self._finding
        if finding.is_changed:
            return f"{type(finding).__name__}({finding.profile.name!r}, scale=scale).run()"
        seeds = "" if finding.n_seeds == finding.default_seeds else f" --seeds {finding.n_seeds}"
        model = finding.other_model
        chosen = "" if model is None else f" --model {shlex.quote(model)}"
        return f"sublim run {finding.name} --profile {finding.profile.name}{seeds}{chosen}"

    def repeat_command(self, experiment: str) -> str:
        """The command that measures one experiment again, whatever is recorded or stored."""
        if self._finding.is_changed:
            return f"{self.command[:-1]}only=[{experiment!r}], fresh=True)"
        return f"{self.command} --experiment {shlex.quote(experiment)} --fresh"
