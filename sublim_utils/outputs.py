"""Files that the user names, written as a careful Unix tool writes them.

A regular file is replaced in one step, so that it holds the old content or the new and never half
of it, and it keeps its mode, owner and attributes. A symbolic link stays and its target is written.
What is no regular file (a device, a pipe) is written to and never replaced, and so is a file of
several names (hard links), whose other names would keep the old content otherwise.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sublim_utils.errors import SublimError
from sublim_utils.files import temporary_name

STDOUT = "-"
"""The name that stands for standard output on the command line."""
_NO_REPLACING = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV}
"""Errors that say that a file cannot be replaced in its folder, though it may be written to."""

_ADVICE = {
    errno.EISDIR: "it is a folder; name a file in it",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOSPC: "no space is left there; free some, or name another file",
    errno.EDQUOT: "your share of the space there is used up; free some, or name another file",
}


def write_output(path: Path | str, content: str | bytes) -> None:
    """Write a file that the user has named, or standard output for `-`.

    Raises:
        SublimError: it cannot be written; a regular file keeps what it held.
    """
    with open_output(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def open_output(path: Path | str) -> Iterator[BinaryIO]:
    """A file that the user has named, open for writing bytes; `-` is standard output.

    A regular file holds the new content when the block has ended well, and otherwise the old one.

    Raises:
        SublimError: it cannot be written.
    """
    try:
        with _opened(path) as file:
            yield file
    except BrokenPipeError:
        raise  # whoever reads has had enough, which is no fault
    except OSError as error:
        if error.errno is None:  # a library's own, in the block; the system always names one
            raise
        reason = _ADVICE.get(error.errno, error.strerror)
        raise SublimError(f"Cannot write {_shown(path)}: {reason}.") from error
    except ValueError as error:
        if "null byte" not in str(error):
            raise
        raise SublimError(f"Cannot write {_shown(path)}: the name has a null byte.") from error


@contextlib.contextmanager
def _opened(path: Path | str) -> Iterator[BinaryIO]:
    if str(path) == STDOUT:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")
        sys.stdout.flush()  # what was printed before comes before
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    descriptor = _descriptor(Path(path))
    if descriptor is not None:
        sys.stdout.flush()
        with os.fdopen(os.dup(descriptor), "wb") as shared:
            yield shared
        return
    path, old, file = Path(path), None, None
    with contextlib.suppress(FileNotFoundError):
        old = path.stat()
    target = Path(os.path.realpath(path))
    if old is None or (stat.S_ISREG(old.st_mode) and old.st_nlink == 1):
        if old is not None and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_name(target)
        file = _created_like(temporary, target, old)
    if file is None:
        with path.open("wb") as through:
            yield through
        return
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put_in_place(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _created_like(temporary: Path, target: Path, old: os.stat_result | None) -> BinaryIO | None:
    """A new empty file with the mode, owner and attributes of an old one; None if it cannot be."""
    try:
        file = temporary.open("xb")
    except OSError as error:
        if old is not None and error.errno in _NO_REPLACING:
            return None
        raise
    if old is None:
        return file
    try:
        if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(temporary, old.st_uid, old.st_gid)
        shutil.copystat(target, temporary)
    except OSError:
        file.close()
        temporary.unlink(missing_ok=True)
        return None
    return file


def _put_in_place(temporary: Path, target: Path) -> None:
    """Move a finished file in the place of another, or write it there where that is forbidden."""
    try:
        temporary.replace(target)
    except OSError as error:
        if error.errno not in _NO_REPLACING:
            raise
        shutil.copyfile(temporary, target)


def _descriptor(path: Path) -> int | None:
    """The number of the open file that a path such as `/dev/stdout` or `/dev/fd/63` stands for.

    To open such a path anew would cut off what a regular file behind it already holds.
    """
    own = os.path.realpath("/proc/self/fd")
    for _ in range(40):  # as many links as the system follows
        folder = os.path.realpath(path.parent)
        if folder in (own, "/dev/fd") and re.fullmatch("[0-9]{1,9}", path.name):
            return int(path.name)
        try:
            path = Path(folder) / Path(folder, path.name).readlink()
        except OSError:
            return None
    return None


def _shown(path: Path | str) -> str:
    """A path for a message, cut where it is endless."""
    text = "to standard output" if str(path) == STDOUT else str(path)
    return text if len(text) <= 200 else f"{text[:100]}…"
