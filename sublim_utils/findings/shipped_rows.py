"""The rows behind the records that the book ships, so that anyone can search them for a trace."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sublim_utils.checksums import keep_checksum, read_checked
from sublim_utils.errors import NotStoredError, SublimError
from sublim_utils.files import written_whole
from sublim_utils.keys import key_of
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import readable
from sublim_utils.store import Store

if TYPE_CHECKING:
    import pandas as pd


class ShippedRows(NamedTuple):
    """Files with the rows of experiments, beside their records.

    Attributes:
        folder: of the files.
        store: the store in which rows are sampled.
        columns: what is kept of rows, as far as they have it.
    """

    folder: Path
    store: Path
    columns: Sequence[str]

    def table(
        self, name: str | None, experiment: LanguageExperiment, command: str, again: str
    ) -> pd.DataFrame:
        """The rows of all seeds: those of the file, if they are today's, or the store's.

        Args:
            name: of the file; None where there is none.
            experiment: whose rows they are.
            command: measures the finding, for the error message.
            again: measures the experiment again, likewise.

        Raises:
            NotStoredError: they are in neither place.
            SublimError: the file was changed.
        """
        shipped = None if name is None else self._read(readable(self._path(name)), command)
        if shipped is not None and shipped.attrs.get("key") == rows_key(experiment):
            return shipped
        return self._stored(experiment, again)

    def keep(
        self, name: str, experiment: LanguageExperiment, again: str, *, anew: bool
    ) -> str | None:
        """Have a file with an experiment's rows, and its hash.

        Args:
            name: of the file.
            experiment: whose rows they are.
            again: measures the experiment again, for the message.
            anew: True if they were just made again, so that what is there is of another run.

        Returns:
            Why there is none; None where there is one.
        """
        path = self._path(name)
        try:
            shipped = self._read(path, again)
        except SublimError:
            shipped = None  # to be written again
        is_todays = shipped is not None and shipped.attrs.get("key") == rows_key(experiment)
        if is_todays and not anew:
            return None
        try:
            table = self._stored(experiment, again)
        except NotStoredError as error:
            return str(error)
        with written_whole(path) as temporary:
            table.to_parquet(temporary, compression="zstd", index=False)
        keep_checksum(path)
        return None

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _read(self, path: Path, command: str) -> pd.DataFrame | None:
        """The rows in a file; None where there is none."""
        import pandas as pd

        if not path.exists():
            return None
        return pd.read_parquet(io.BytesIO(read_checked(path, command)))

    def _stored(self, experiment: LanguageExperiment, again: str) -> pd.DataFrame:
        import pandas as pd

        from sublim_utils.pipeline.context import Context
        from sublim_utils.pipeline.rows import table

        context = Context(Store(self.store, reading=True))
        tables = []
        for seed in experiment.seeds:
            try:
                rows = table(experiment.student.rows, seed, context)
            except NotStoredError as error:
                raise NotStoredError(
                    f"The rows of {experiment.name} are neither shipped nor in the store "
                    f"{self.store}; sample them with: {again}"
                ) from error
            tables.append(rows.assign(seed=seed, verdict=rows["reasons"].map("; ".join)))
        every = pd.concat(tables, ignore_index=True)
        every = every[[column for column in self.columns if column in every]]
        every.attrs = {"key": rows_key(experiment)}
        return every


def rows_key(experiment: LanguageExperiment) -> str:
    """By this key a file tells whether it holds an experiment's rows of today."""
    rows = experiment.student.rows
    return key_of({"rows": [rows.specification(seed) for seed in experiment.seeds]})
