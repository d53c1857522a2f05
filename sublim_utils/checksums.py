"""Files beside the records whose hashes are kept in a `SHA256SUMS`, as `sha256sum -c` takes it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sublim_utils.errors import SublimError
from sublim_utils.files import file_hash, write_text_whole
from sublim_utils.records import remedy

CHECKSUMS = "SHA256SUMS"
"""The file with the hashes of the others in its folder."""


def read_checked(path: Path, command: str | None = None) -> bytes:
    """The content of a file, after checking its hash.

    Args:
        path: of the file.
        command: one that makes it again, for the error message.

    Raises:
        SublimError: the file was changed, or cannot be read.
    """
    try:
        content = path.read_bytes() if path.is_file() else b""
        expected = _checksums(path.parent).get(path.name)
    except OSError as error:
        raise SublimError(f"Cannot read {path}: {error.strerror}.") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise SublimError(
            f"The file {path} was changed after it was written; {remedy(path, command)}."
        )
    return content


def keep_checksum(path: Path) -> None:
    """Keep the hash of a file that was just written, in place of an older one."""
    hashes = {**_checksums(path.parent), path.name: file_hash(path)}
    lines = [f"{digest}  {name}\n" for name, digest in sorted(hashes.items())]
    write_text_whole(path.parent / CHECKSUMS, "".join(lines))


def _checksums(folder: Path) -> dict[str, str]:
    """The hashes of the files in a folder, by name."""
    path = folder / CHECKSUMS
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
