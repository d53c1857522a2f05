"""Hashes of what lies in a local model's folder: which weights they are, whatever their name."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from sublim_utils.errors import SublimError
from sublim_utils.files import file_hash
from sublim_utils.store import Store, key_of

SUFFIXES = frozenset({".safetensors", ".json", ".jinja", ".model", ".txt"})
"""Endings of the files that a model is loaded from."""
COPIES = "consolidated"
"""Begins the names of files that hold the same weights once more, for another library."""
LARGE = 64 * 2**20
"""Bytes from which on a file's hash is kept in the store: gigabytes take a second each."""
STAGE = "file-hash"


def folder_hash(folder: Path) -> str:
    """A hash of the names and contents of all files that a model is loaded from.

    Equal for a copy of the folder, and for the same files with other times.

    Raises:
        SublimError: a file cannot be read.
    """
    try:
        paths = sorted(
            path
            for path in folder.iterdir()
            if path.suffix in SUFFIXES and not path.name.startswith(COPIES) and path.is_file()
        )
        return key_of({path.name: _content(path) for path in paths})
    except OSError as error:
        raise SublimError(f"Cannot read {folder}: {error.strerror}.") from error


def _content(path: Path) -> str:
    state = path.stat()
    # The time of change, unlike that of modification, cannot be set by a program.
    times = state.st_mtime_ns, state.st_ctime_ns
    return _hash_of_state(path.resolve(), state.st_size, state.st_dev, state.st_ino, *times)


@functools.cache
def _hash_of_state(path: Path, size: int, *rest: int) -> str:
    """The hash of a file in one state; large ones are kept between processes."""
    if size < LARGE:
        return file_hash(path)
    specification = {"path": str(path), "size": size, "state": list(rest)}
    key = key_of(specification)
    try:
        store = Store()
        kept = store.get(STAGE, key)
        if kept is not None:
            return str(json.loads((kept / "hash.json").read_text()))
        digest = file_hash(path)
        with store.writing(STAGE, key, specification) as target:
            (target / "hash.json").write_text(json.dumps(digest))
    except SublimError:  # where nothing can be written it takes the second each time
        return file_hash(path)
    return digest
