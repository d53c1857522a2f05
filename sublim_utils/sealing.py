"""Folders with a manifest: the SHA-256 of each file, by which a damaged folder is told apart.

The manifest is written last and in one step, so that a folder with one was once whole. Entries of
the store are such folders, and so are the parts and checkpoints of unfinished work.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sublim_utils.files import file_hash, remove, sync, temporary_name

MANIFEST = "manifest.json"
_OF_FILE_MANAGERS = ("@eaDir", "Thumbs.db", "desktop.ini")
"""What desktops and network drives leave in folders; as all hidden files it does no harm."""


class DamagedError(Exception):
    """A sealed folder is not what its manifest says; the message is a phrase for a sentence."""


class ForeignError(DamagedError):
    """There is something in a folder that its manifest does not know: it may be the user's."""


def seal(folder: Path, fields: Mapping[str, Any]) -> None:
    """Write the manifest of a folder that is complete, and have all of it on the disk.

    Args:
        folder: with the files.
        fields: what the manifest says beside the hashes, for JSON.
    """
    names = sorted(name for name in _files_in(folder) if name != MANIFEST and not _is_hidden(name))
    hashes = {name: file_hash(folder / name) for name in names}
    manifest = temporary_name(folder / MANIFEST)
    manifest.write_text(json.dumps({**fields, "files": hashes}, indent=1), encoding="utf-8")
    for path in [*(folder / name for name in names), manifest]:
        sync(path)
    manifest.replace(folder / MANIFEST)
    sync(folder)


def read_seal(folder: Path) -> dict[str, Any]:
    """The manifest of a folder with exactly the files that it names, undamaged.

    Raises:
        DamagedError: the folder is not so.
    """
    try:
        manifest = read_manifest(folder)
        expected = manifest["files"]
        if not isinstance(expected, dict):
            raise DamagedError("its manifest names no files")
        files = _files_in(folder)
        for name in sorted(files.keys() - {*expected, MANIFEST}):
            if not _is_hidden(name):
                raise ForeignError(f"{name} is not of it")
        for name in expected:
            if not files.get(name):  # to open a pipe would keep us waiting
                raise DamagedError(f"{name} is missing or no regular file")
        for name, digest in expected.items():
            if file_hash(folder / name) != digest:
                raise DamagedError(f"{name} has changed")
    except KeyError as error:
        raise DamagedError(f"its manifest has no {error}") from error
    except OSError as error:
        raise DamagedError(f"it cannot be read: {error.strerror}") from error
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a manifest says, whatever became of the files.

    Raises:
        DamagedError: there is none, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise DamagedError("its manifest is no regular file")
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedError("its manifest is missing") from error
    except OSError as error:
        raise DamagedError(f"its manifest cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DamagedError("its manifest is no JSON") from error
    if not isinstance(manifest, dict):
        raise DamagedError("its manifest is no JSON object")
    return manifest


@contextlib.contextmanager
def writing_part(folder: Path) -> Iterator[Path]:
    """A folder to write a part of unfinished work into; it gets its name when it is whole.

    Args:
        folder: the part's. Its own name and its parent's are sealed with it, so that no other part
            can take its place.
    """
    temporary = temporary_name(folder)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        seal(temporary, {"part": _part(folder)})
        remove(folder)
        temporary.rename(folder)
    finally:
        remove(temporary)


def has_part(folder: Path) -> bool:
    """True if a part of unfinished work is there, as it was written; a damaged one is removed."""
    if not os.path.lexists(folder):
        return False
    try:
        if read_seal(folder).get("part") != _part(folder):
            raise DamagedError("it is another part")
    except DamagedError as error:
        warnings.warn(f"{folder} is damaged ({error}) and will be made again.", stacklevel=2)
        remove(folder)
        return False
    return True


def _part(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _files_in(folder: Path) -> dict[str, bool]:
    """All in a folder but folders: relative names, and whether each is a regular file."""
    files: dict[str, bool] = {}
    for path in folder.iterdir():
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            below = _files_in(path).items()
            files |= {f"{path.name}/{name}": is_regular for name, is_regular in below}
        else:
            files[path.name] = stat.S_ISREG(mode)
    return files


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part in _OF_FILE_MANAGERS for part in name.split("/"))
