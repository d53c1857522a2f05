"""A folder that remembers what was computed, under a key made of everything it depends on.

Each entry is a folder `STAGE/KEY` with its files and a `manifest.json` that holds the
specification behind the key and the SHA-256 of every file. An entry is written aside and renamed
when it is whole, so that a reader never meets half of one; the hashes are checked on reading, and
a damaged entry is reported, removed and computed again. Files are JSON, parquet or safetensors.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import uuid
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from sublim_utils.errors import NotStoredError, SublimError

MANIFEST = "manifest.json"


def key_of(specification: Mapping[str, Any]) -> str:
    """A 24-digit hexadecimal key: the hash of the specification as canonical JSON."""
    text = json.dumps(specification, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole or not at all.

    Raises:
        SublimError: the folder cannot be written to.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise SublimError(f"Cannot write {path}: {error.strerror}.") from error


class Store:
    """Entries under a folder: by default `$SUBLIM_STORE`, else `sublim` in the user's cache.

    Args:
        root: the folder; it is made when missing.
        fresh: overlook entries that another `Store` object wrote, and write them anew.
        reading: look only; where an entry would be made there is an error.

    Raises:
        SublimError: the folder cannot be made or written to.
    """

    def __init__(
        self, root: Path | str | None = None, *, fresh: bool = False, reading: bool = False
    ) -> None:
        """Open the folder and clear away what killed processes left aside."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self.root = Path(root or os.environ.get("SUBLIM_STORE") or cache / "sublim")
        self.fresh, self.reading = fresh, reading
        self._written: set[tuple[str, str]] = set()
        self._aside = self.root / "aside"
        if reading:
            return
        try:
            self._aside.mkdir(parents=True, exist_ok=True)
            probe = self._aside / f"{os.getpid()}-{uuid.uuid4().hex}"
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            raise SublimError(
                f"Cannot write to the store {self.root} ({error.strerror}); "
                "name another folder in SUBLIM_STORE."
            ) from error
        for left in self._aside.iterdir():
            process = left.name.partition("-")[0]
            if not (process.isdigit() and psutil.pid_exists(int(process))):
                shutil.rmtree(left, ignore_errors=True)

    def _folder(self, stage: str, key: str) -> Path:
        return self.root / stage / key

    def get(self, stage: str, key: str) -> Path | None:
        """The entry's folder when it is there and undamaged, else None.

        A damaged entry is reported with a warning and removed.
        """
        if self.fresh and (stage, key) not in self._written:
            return None
        folder = self._folder(stage, key)
        if not folder.is_dir():
            return None
        fault = self._fault(folder)
        if fault is None:
            return folder
        if self.reading:
            warnings.warn(f"{folder} is damaged ({fault}) and is not read.", stacklevel=2)
        elif folder.is_dir():  # otherwise another process is replacing it
            warnings.warn(f"{folder} is damaged ({fault}) and will be made again.", stacklevel=2)
            self._discard(folder)
        return None

    def specifications(self, stage: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Keys and specifications of a stage's entries; `get` tells whether one is whole."""
        for path in (self.root / stage).glob(f"*/{MANIFEST}"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                yield path.parent.name, json.loads(path.read_text())["specification"]

    def manifest(self, stage: str, key: str) -> dict[str, Any]:
        """The manifest of an entry that `get` found."""
        manifest: dict[str, Any] = json.loads((self._folder(stage, key) / MANIFEST).read_text())
        return manifest

    @contextlib.contextmanager
    def making(self, stage: str, key: str) -> Iterator[None]:
        """Inside the block no other process makes this entry; one that wants to waits.

        The system releases the lock of a process that is killed.
        """
        if self.reading:
            yield
            return
        locks = self.root / "locks"
        locks.mkdir(exist_ok=True)
        with FileLock(locks / f"{stage}-{key}"):
            yield

    @contextlib.contextmanager
    def writing(
        self, stage: str, key: str, specification: Mapping[str, Any], *, replace: bool = False
    ) -> Iterator[Path]:
        """A folder to write an entry's files into; it becomes the entry when the block ends well.

        If another process has finished the same entry meanwhile, theirs stays (with `replace`,
        or in a fresh store, ours does). An exception inside the block leaves no trace.

        Raises:
            NotStoredError: the store is for reading.
            SublimError: the files cannot be written (no space left, say).
        """
        if self.reading:
            raise NotStoredError(f"The store {self.root} has no entry {stage}/{key}.")
        aside = self._aside / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            aside.mkdir()
            yield aside
            files = sorted(path for path in aside.rglob("*") if path.is_file())
            hashes = {str(path.relative_to(aside)): file_hash(path) for path in files}
            manifest = {"stage": stage, "key": key, "specification": specification, "files": hashes}
            (aside / MANIFEST).write_text(json.dumps(manifest, indent=1))
            for path in [*files, aside / MANIFEST]:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            self._move_in(aside, self._folder(stage, key), replace or self.fresh)
            self._written.add((stage, key))
        except OSError as error:
            if error.errno is None:  # a library's own, in the block; the system always tells one
                raise
            raise SublimError(
                f"Cannot write to the store {self.root} ({error.strerror}); free some space "
                "there, or name another folder in SUBLIM_STORE."
            ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def remove(self, stage: str, key: str) -> None:
        """Remove an entry if it is there."""
        folder = self._folder(stage, key)
        if folder.exists():
            self._discard(folder)

    def _move_in(self, aside: Path, folder: Path, replace: bool) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                aside.rename(folder)
                return
            except OSError:
                if not folder.is_dir():
                    raise
            if not replace and self._fault(folder) is None:
                return
            self._discard(folder)

    def _discard(self, folder: Path) -> None:
        """Take a folder out of sight in one step, then delete it."""
        grave = self._aside / f"{os.getpid()}-{uuid.uuid4().hex}"
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            folder.rename(grave)
        shutil.rmtree(grave, ignore_errors=True)

    @staticmethod
    def _fault(folder: Path) -> str | None:
        """What is wrong with an entry, or None."""
        try:
            manifest = json.loads((folder / MANIFEST).read_text())
            hashes: dict[str, str] = dict(manifest["files"])
            specification = manifest["specification"]
            if key_of(specification) != folder.name:
                return "its manifest does not belong to its key"
            for name, expected in hashes.items():
                if file_hash(folder / name) != expected:
                    return f"{name} has changed"
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return f"{type(error).__name__}: {error}"
        return None
