"""Write, sync and remove the program's own files; a file is written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from sublim_utils.errors import SublimError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""Faults of a disk that libraries pass on in words."""
_NUMBERED = re.compile(r"(?:os error |errno )(\d+)", re.IGNORECASE)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def temporary_name(path: Path) -> Path:
    """A new name beside a path, for a file that is renamed to it when it is whole."""
    return path.with_name(f".sublim-{uuid.uuid4().hex}.tmp")


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary file to write into, which becomes the file when the block ends well.

    Raises:
        SublimError: the folder cannot be written to, or the disk is full.
    """
    temporary = temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        sync(temporary)
        temporary.replace(path)
    except Exception as error:
        fault = disk_fault(error)
        if fault is None:
            raise
        raise SublimError(f"Cannot write {path}: {fault}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text_whole(path: Path, text: str) -> None:
    """Write a text file of the program's own so that it is there whole or not at all.

    For files that the user names there is `outputs.write_output`.

    Raises:
        SublimError: the folder cannot be written to.
    """
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Have a file's content, or the names in a folder, on the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it, as far as the system lets us."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def folder_from_environment(variable: str) -> Path | None:
    """The folder that an environment variable names, `~` being the user's; None where it is empty.

    Raises:
        SublimError: there is no such user, or nobody knows where that user's folder is.
    """
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SublimError(
            f"{variable} is {text}, and the folder that ~ stands for is not known; "
            "name the folder in full."
        ) from error


def disk_fault(error: BaseException) -> str | None:
    """What the system said about the disk, whichever library passed it on; None if it did not.

    Safetensors, tokenizers, Arrow and `shutil.copytree` have exceptions of their own, in which the
    system's words or the number of its error stand in the text.
    """
    # A network or a closed pipe is no disk, and its message needs other advice.
    if isinstance(error, (SublimError, ConnectionError, TimeoutError)):
        return None
    if isinstance(error, OSError) and error.errno is not None:
        return error.strerror
    text = str(error)
    numbers = [int(number) for number in _NUMBERED.findall(text)]
    numbers += [number for number in _FULL if os.strerror(number) in text]
    return os.strerror(numbers[0]) if numbers else None
