"""A folder that remembers what was computed, under a key made of everything it depends on.

Each entry is a folder `STAGE/KEY` with its files and a manifest that holds the specification
behind the key and the SHA-256 of every file. An entry is written elsewhere and renamed when it is
whole, so that a reader never meets half of one; the hashes are checked on reading, and a damaged
entry is reported, removed and made again. Files are JSON, parquet or safetensors.

Beside the entries lie `running/` (parts and checkpoints of unfinished work), `tmp/` (what is being
written now), `locks/` and `records/`. Whatever else there is belongs to the user and is left alone.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import uuid
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sublim_utils.errors import NotStoredError, SublimError
from sublim_utils.files import disk_fault, folder_from_environment, remove, sync
from sublim_utils.keys import key_of as key_of
from sublim_utils.leases import Lease, clear_abandoned, locked
from sublim_utils.sealing import (
    MANIFEST,
    DamagedError,
    ForeignError,
    read_manifest,
    read_seal,
    seal,
)

RUNNING, TMP, LOCKS, RECORDS = "running", "tmp", "locks", "records"
"""Folders of a store that are no stages."""
KEY = re.compile("[0-9a-f]{24}")


def default_root() -> Path:
    """`$SUBLIM_STORE`, else `sublim` in the user's cache.

    Raises:
        SublimError: the user has no folder and the environment names none.
    """
    given = folder_from_environment("SUBLIM_STORE")
    if given is not None:
        return given
    cache = folder_from_environment("XDG_CACHE_HOME")
    if cache is None or not cache.is_absolute():  # which is to be ignored, by its own standard
        try:
            cache = Path.home() / ".cache"
        except RuntimeError as error:
            raise SublimError(
                "You have no home folder for what is computed; name a folder in SUBLIM_STORE."
            ) from error
    return cache / "sublim"


class Store:
    """Entries under a folder: by default as `default_root` says.

    Args:
        root: the folder; it is made when missing.
        ignore_cache: overlook entries that another `Store` object wrote, and write them anew.
        reading: look only; where an entry would be made there is an error.

    Raises:
        SublimError: the folder cannot be made or written to.
    """

    def __init__(
        self, root: Path | str | None = None, *, ignore_cache: bool = False, reading: bool = False
    ) -> None:
        """Open the folder and clear away what killed processes were writing."""
        self.root = Path(root) if root else default_root()
        self.ignore_cache, self.reading = ignore_cache, reading
        self._written: set[tuple[str, str]] = set()
        if reading:
            return
        with self._disk_faults():
            tmp = self.root / TMP
            tmp.mkdir(parents=True, exist_ok=True)
            probe = tmp / f"sublim-{uuid.uuid4().hex}"
            probe.mkdir()
            probe.rmdir()
            clear_abandoned(tmp)

    def __getstate__(self) -> dict[str, Any]:
        """All but the lease: a process that is handed the store takes one of its own."""
        return {name: value for name, value in vars(self).items() if name != "_lease"}

    @functools.cached_property
    def _lease(self) -> Lease:
        (self.root / TMP).mkdir(parents=True, exist_ok=True)
        lease = Lease(self.root / TMP)
        weakref.finalize(self, _end, lease, os.getpid())
        return lease

    def _folder(self, stage: str, key: str) -> Path:
        return self.root / stage / key

    def get(self, stage: str, key: str) -> Path | None:
        """The entry's folder when it is there and undamaged, else None.

        A damaged entry is reported with a warning and removed.
        """
        if self.ignore_cache and (stage, key) not in self._written:
            return None
        folder = self._folder(stage, key)
        if not os.path.lexists(folder):
            return None
        if not self.reading:
            with contextlib.suppress(OSError):  # on a full disk there is no lease, and no cleaning
                self._lease.use(f"{stage}/{key}")
        try:
            read_entry(folder)
        except DamagedError as fault:
            if self.reading:
                warnings.warn(f"{folder} is damaged ({fault}) and is not read.", stacklevel=2)
            elif os.path.lexists(folder):  # otherwise another process is replacing it
                self._discard(folder, fault)
            return None
        if not self.reading:
            with contextlib.suppress(OSError):
                os.utime(folder / MANIFEST)  # when it was last used
        return folder

    def specifications(self, stage: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Keys and specifications of a stage's entries; `get` tells whether one is whole."""
        for folder in entry_folders(self.root / stage):
            with contextlib.suppress(DamagedError):
                yield folder.name, _specification(folder, read_manifest(folder))

    @contextlib.contextmanager
    def lock(self, stage: str, key: str) -> Iterator[None]:
        """Inside the block no other process makes this entry; one that wants to waits.

        The system releases the lock of a process that is killed.
        """
        if self.reading:
            yield
            return
        with contextlib.ExitStack() as stack:
            with self._disk_faults():
                (self.root / LOCKS).mkdir(exist_ok=True)
                stack.enter_context(locked(self.root / LOCKS / f"{stage}-{key}", f"{stage}/{key}"))
            yield

    @contextlib.contextmanager
    def writing(self, stage: str, key: str, specification: Mapping[str, Any]) -> Iterator[Path]:
        """A folder to write an entry's files into; it becomes the entry when the block ends well.

        If another process has finished the same entry meanwhile, theirs stays (if the cache is
        ignored, ours does). An exception inside the block leaves no trace.

        Raises:
            NotStoredError: the store is for reading.
            SublimError: the files cannot be written (no space left, say).
        """
        if self.reading:
            raise NotStoredError(f"The store {self.root} has no entry {stage}/{key}.")
        with self._disk_faults():
            target = self._lease.folder / uuid.uuid4().hex
            try:
                target.mkdir(parents=True)
                yield target
                seal(target, {"stage": stage, "key": key, "specification": specification})
                self._move_in(target, self._folder(stage, key))
                self._written.add((stage, key))
            finally:
                remove(target)

    def made(
        self, stage: str, specification: Mapping[str, Any], make: Callable[[Path, Path], None]
    ) -> Path:
        """The folder of an entry, which is made now if it is not there.

        Args:
            stage: of the entry.
            specification: of the entry.
            make: called with a folder for the entry's files and one for parts and checkpoints,
                which outlives a killed process and is removed with the end of the work.

        Raises:
            SublimError: as `writing` does.
        """
        key = key_of(specification)
        folder = self.get(stage, key)
        if folder is not None:
            return folder
        with self.lock(stage, key):
            folder = self.get(stage, key)  # another process may have made it meanwhile
            if folder is None:
                scratch = self.root / RUNNING / f"{stage}-{key}"
                if self.ignore_cache or not scratch.is_dir():
                    remove(scratch)
                with self.writing(stage, key, specification) as target:
                    scratch.mkdir(parents=True, exist_ok=True)
                    make(target, scratch)
                remove(scratch)
                folder = self.get(stage, key)
                assert folder is not None
        return folder

    def _move_in(self, source: Path, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                source.rename(folder)
                sync(folder.parent)
                return
            except OSError:
                if not os.path.lexists(folder):
                    raise
            fault = DamagedError("it is replaced")
            try:
                read_entry(folder)
                if not self.ignore_cache:
                    return
            except DamagedError as damage:
                fault = damage
            self._discard(folder, fault, silent=not isinstance(fault, ForeignError))

    def _discard(self, folder: Path, fault: DamagedError, *, silent: bool = False) -> None:
        """Take a folder out of sight in one step, then delete it, if all in it is our own."""
        foreign = isinstance(fault, ForeignError)
        if foreign:
            trash = folder.with_name(f"{folder.name}.kept-{uuid.uuid4().hex[:8]}")
        else:
            trash = self._lease.folder / uuid.uuid4().hex
        with self._disk_faults(f"Cannot remove the damaged entry {folder}"):
            trash.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                folder.rename(trash)
        if foreign:
            warnings.warn(
                f"{folder} holds what is not the store's ({fault}); it was renamed to "
                f"{trash.name} and will be made again.",
                stacklevel=3,
            )
        else:
            remove(trash)
            if not silent:
                warnings.warn(
                    f"{folder} is damaged ({fault}) and will be made again.", stacklevel=3
                )

    @contextlib.contextmanager
    def _disk_faults(self, fault: str | None = None) -> Iterator[None]:
        """What the system says of the disk inside the block becomes a sentence."""
        try:
            yield
        except Exception as error:
            reason = disk_fault(error)
            if reason is None:
                raise
            raise SublimError(
                f"{fault or f'Cannot write to the store {self.root}'} ({reason}); free some space "
                "there, or name another folder in SUBLIM_STORE."
            ) from error


def read_entry(folder: Path) -> dict[str, Any]:
    """The specification of an entry that is undamaged.

    Raises:
        DamagedError: the entry is not so.
    """
    if not folder.is_dir():
        raise ForeignError("it is no folder")
    return _specification(folder, read_seal(folder))


def entry_folders(stage: Path) -> Iterator[Path]:
    """The folders of a stage that have the name of an entry and a manifest."""
    with contextlib.suppress(OSError):  # as a folder that is not ours may not be read by us
        for folder in sorted(stage.iterdir()):
            if KEY.fullmatch(folder.name) and (folder / MANIFEST).is_file():
                yield folder


def _specification(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of an entry, if it is the one of this folder."""
    specification = manifest.get("specification")
    try:
        belongs = key_of(specification) == folder.name if isinstance(specification, dict) else False
    except ValueError:
        belongs = False
    if not belongs or manifest.get("stage") != folder.parent.name:
        raise DamagedError("its manifest does not belong to its key")
    assert isinstance(specification, dict)
    return specification


def _end(lease: Lease, process: int) -> None:
    if os.getpid() == process:  # a fork of the process that has the lease may not end it
        lease.end()
