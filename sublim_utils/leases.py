"""Locks and leases that the system ends when their process does, however it ends.

Numbers of processes tell nothing across containers; a lock on a file does, as long as both run on
one kernel. Where they do not, or where a file system has no locks, only age says that something was
left behind.
"""

from __future__ import annotations

import contextlib
import errno
import platform
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from sublim_utils.files import remove

ABANDONED_S = 30 * 24 * 3600.0
"""Seconds without a change after which a lease of another machine is held to be left behind."""
_ANNOUNCED_S = 2.0
"""Seconds of waiting after which a lock says that it waits."""
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}


def _lock(path: Path) -> FileLock:
    return FileLock(path, thread_local=False, fallback_to_soft=False)


@contextlib.contextmanager
def locked(path: Path, work: str) -> Iterator[None]:
    """Inside the block no other process holds the lock at this path; the file is gone afterwards.

    Args:
        path: of the lock's file.
        work: what the lock is for, to say while another process holds it.
    """
    lock = _lock(path)
    try:
        lock.acquire(timeout=_ANNOUNCED_S)
    except Timeout:
        warnings.warn(f"Waiting for another process that makes {work}.", stacklevel=3)
        lock.acquire()
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        warnings.warn(
            f"The file system of {path.parent} has no locks; let one process at a time use it.",
            stacklevel=3,
        )
    try:
        yield
    finally:
        if lock.is_locked:
            with contextlib.suppress(OSError):
                path.unlink()  # while it is held: who waits for it sees that it is gone
            lock.release()


def taken(path: Path) -> FileLock | None:
    """The lock at this path, taken now; None where another process holds it.

    Raises:
        OSError: the file system has no locks.
    """
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock


def machine() -> str:
    """A name of the running kernel, which containers on it share and another start changes."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return platform.node()


class Lease:
    """A folder of a process's own, and what it uses of others, until the process ends.

    The lease is a locked file beside the folder. Its first line names the machine, each further
    line something in use, which nobody may remove meanwhile.

    Attributes:
        folder: the folder, which is made when something is written into it.
    """

    def __init__(self, parent: Path) -> None:
        """Take the lease; raises `OSError` where `parent` cannot be written to."""
        self._path = parent / f"sublim-{uuid.uuid4().hex}.lock"
        self.folder = self._path.with_suffix("")
        self._lock = _lock(self._path)
        try:
            self._lock.acquire()
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            # Who finds the lease goes by its age.
        self._path.write_text(f"{machine()}\n")
        self._used: set[str] = set()

    def use(self, name: str) -> None:
        """Say that something is in use, so that nobody removes it."""
        if name not in self._used:
            self._used.add(name)
            # What cannot be said, on a full disk, is no reason not to read.
            with contextlib.suppress(OSError), self._path.open("a") as file:
                file.write(f"{name}\n")

    def end(self) -> None:
        """Remove the folder and give the lease back."""
        remove(self.folder)
        remove(self._path)
        self._lock.release()


def clear_abandoned(parent: Path) -> list[Path]:
    """Remove the folders of leases whose process has ended. Returns the leases' files."""
    cleared = [path for path in _leases(parent) if _is_abandoned(path)]
    for path in cleared:
        remove(path.with_suffix(""))
        remove(path)
    return cleared


def in_use(parent: Path) -> set[str]:
    """Everything that living processes with a lease say they use."""
    clear_abandoned(parent)
    used: set[str] = set()
    for path in _leases(parent):
        with contextlib.suppress(OSError, ValueError):
            used.update(path.read_text().splitlines()[1:])
    return used


def _leases(parent: Path) -> list[Path]:
    digits = "[0-9a-f]" * 32
    return sorted(path for path in parent.glob(f"sublim-{digits}.lock") if path.is_file())


def _is_abandoned(path: Path) -> bool:
    """True if a lease's process has ended; no lease is ever taken up again."""
    try:
        at = path.read_text().partition("\n")[0]
        changed = max(p.stat().st_mtime for p in (path, path.with_suffix("")) if p.exists())
    except (OSError, ValueError):
        return False
    with contextlib.suppress(OSError):  # there may be no locks
        lock = taken(path)
        if lock is None:
            return False
        lock.release()
        if at == machine():
            return True
    return time.time() - changed > ABANDONED_S
