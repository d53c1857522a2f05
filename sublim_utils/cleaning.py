"""Show what a store holds, by stage, size and age, and clean it.

Only what carries the store's own names is looked at. Nothing that a living process makes or reads
is removed, and neither are records.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from tqdm import tqdm

from sublim_utils.errors import SublimError
from sublim_utils.files import remove
from sublim_utils.leases import Lease, in_use, taken
from sublim_utils.sealing import MANIFEST, DamagedError, ForeignError
from sublim_utils.store import (
    KEY,
    LOCKS,
    RECORDS,
    RUNNING,
    TMP,
    Store,
    entry_folders,
    read_entry,
)

Kind = Literal["entry", "unfinished", "damaged", "leftover"]
_NAMED = re.compile(f"(.+)-({KEY.pattern})")
_TEMPORARY = re.compile(r"\.sublim-[0-9a-f]{32}\.tmp")
"""Records that were being written."""
_SURELY_LEFT_S = 24 * 3600.0
"""Seconds after which a file that takes milliseconds to write was left by a killed process."""
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


class Item(NamedTuple):
    """A file or folder that belongs to the store.

    Attributes:
        kind: an `entry`, `unfinished` work, a `damaged` entry, or a `leftover` of killed processes.
        stage: to which it belongs; empty where it belongs to none.
        path: the file or folder.
        size: bytes.
        used: when it was last used or written, in seconds since 1970.
    """

    kind: Kind
    stage: str
    path: Path
    size: int
    used: float


class Stage(NamedTuple):
    """What a stage holds.

    Attributes:
        stage: its name.
        entries: how many are finished.
        unfinished: pieces of work that a later run goes on with.
        size: bytes of both.
        oldest: when the one that was not used for longest was last used, in seconds since 1970.
        newest: when the latest was.
    """

    stage: str
    entries: int
    unfinished: int
    size: int
    oldest: float
    newest: float


class Cleaned(NamedTuple):
    """What cleaning did, or would do.

    Attributes:
        removed: what was removed.
        left: what would have been, but is in use by a living process.
    """

    removed: list[Item]
    left: list[Item]


def inventory(root: Path) -> list[Item]:
    """Everything of the store's own under its folder, but for the records; nothing is hashed."""
    return [*_entries(root), *_unfinished(root), *_leftovers(root)]


def by_stage(items: Iterable[Item]) -> list[Stage]:
    """Items by stage, the largest first; leftovers are of none."""
    grouped: dict[str, list[Item]] = {}
    for item in items:
        if item.kind != "leftover":
            grouped.setdefault(item.stage, []).append(item)
    stages = [
        Stage(
            stage,
            sum(item.kind == "entry" for item in group),
            sum(item.kind == "unfinished" for item in group),
            sum(item.size for item in group),
            min(item.used for item in group),
            max(item.used for item in group),
        )
        for stage, group in grouped.items()
    ]
    return sorted(stages, key=lambda stage: (-stage.size, stage.stage))


def seconds_of(age: str) -> float:
    """The seconds of an age such as 90m, 12h, 30d or 2w.

    Raises:
        SublimError: it is none.
    """
    match = re.fullmatch("([0-9]{1,6})([mhdw])", age.strip())
    if match is None:
        raise SublimError(
            f"{age[:40]!r} is not an age; give a number and a unit: 90m, 12h, 30d or 2w."
        )
    return int(match[1]) * _UNITS[match[2]]


def age(used: float) -> str:
    """How long ago a time in seconds since 1970 was, in words."""
    seconds = max(0.0, time.time() - used)
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return "just now"


def size(number: float) -> str:
    """A number of bytes, in words."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def clean(
    store: Store,
    *,
    older_than_s: float | None = None,
    stage: str | None = None,
    dry_run: bool = False,
) -> Cleaned:
    """Remove leftovers of killed processes and damaged entries, and what else is asked for.

    Args:
        store: whose.
        older_than_s: remove entries and unfinished work, too, that were not used for so long.
        stage: of this stage alone; without an age, all of it.
        dry_run: remove nothing.

    Raises:
        SublimError: the store has no such stage.
    """
    items = inventory(store.root)
    stages = sorted({item.stage for item in items if item.stage})
    if stage is not None and stage not in stages:
        there = f"it has {', '.join(stages)}" if stages else "it is empty"
        raise SublimError(f"The store {store.root} has no stage {stage[:80]!r}; {there}.")
    now = time.time()
    chosen = older_than_s is not None or stage is not None
    wanted = []
    for item in tqdm(items, "checking", unit="entry", leave=False, delay=2):
        if stage is not None and item.stage != stage:
            continue
        old_enough = older_than_s is None or now - item.used >= older_than_s
        if item.kind == "leftover" or (chosen and old_enough):
            wanted.append(item)
        elif item.kind == "entry" and _is_damaged(item.path):
            wanted.append(item._replace(kind="damaged"))
    cleaned = Cleaned([], [])
    used = in_use(store.root / TMP)
    trash = None if dry_run else Lease(store.root / TMP)
    try:
        for item in wanted:
            free = _name(item) not in used
            gone = free and (trash is None or _removed(store.root, item, trash.folder))
            (cleaned.removed if gone else cleaned.left).append(item)
    finally:
        if trash is not None:
            trash.end()
    return cleaned


def _entries(root: Path) -> Iterator[Item]:
    for stage in _listed(root):
        if stage.name not in (RUNNING, TMP, LOCKS, RECORDS):
            for folder in entry_folders(stage):
                yield _item("entry", stage.name, folder, folder / MANIFEST)


def _unfinished(root: Path) -> Iterator[Item]:
    for folder in _listed(root / RUNNING):
        named = _NAMED.fullmatch(folder.name)
        if named is not None:
            finished = (root / named[1] / named[2] / MANIFEST).is_file()
            yield _item("leftover" if finished else "unfinished", named[1], folder)


def _leftovers(root: Path) -> Iterator[Item]:
    old = time.time() - _SURELY_LEFT_S
    for path in _listed(root / LOCKS):
        named = _NAMED.fullmatch(path.name)
        if named is not None and _is_empty_file(path) and _is_free(path):
            yield _item("leftover", named[1], path)
    for folder, _, names in os.walk(root / RECORDS):
        for path in (Path(folder, name) for name in names if _TEMPORARY.fullmatch(name)):
            if _is_older(path, old):
                yield _item("leftover", "", path)


def _listed(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(folder.iterdir())
    return []


def _item(kind: Kind, stage: str, path: Path, dated: Path | None = None) -> Item:
    size, newest = 0, 0.0
    for file in [path, *(Path(f, n) for f, _, names in os.walk(path) for n in names)]:
        with contextlib.suppress(OSError):  # another process may remove it meanwhile
            status = file.lstat()
            size += 0 if file.is_dir() else status.st_size
            newest = max(newest, status.st_mtime)
    if dated is not None:
        with contextlib.suppress(OSError):
            newest = dated.stat().st_mtime
    return Item(kind, stage, path, size, newest)


# Whatever is listed may be gone when it is looked at: other processes work meanwhile.


def _is_older(path: Path, moment: float) -> bool:
    """True if a file or folder is there and was last changed before a moment."""
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime < moment
    return False


def _is_empty_file(path: Path) -> bool:
    with contextlib.suppress(OSError):
        status = path.lstat()
        return stat.S_ISREG(status.st_mode) and not status.st_size
    return False


def _is_free(path: Path) -> bool:
    """True if nobody holds a lock that exists."""
    with contextlib.suppress(OSError):
        lock = taken(path)
        if lock is not None:
            lock.release()
            return True
    return False


def _is_damaged(folder: Path) -> bool:
    """True if an entry is damaged, and nothing of the user's is in it."""
    try:
        read_entry(folder)
    except ForeignError:
        return False
    except DamagedError:
        return True
    return False


def _name(item: Item) -> str:
    """As processes say what they use."""
    named = _NAMED.fullmatch(item.path.name)
    return f"{named[1]}/{named[2]}" if named else f"{item.stage}/{item.path.name}"


def _removed(root: Path, item: Item, trash: Path) -> bool:
    """Remove an item, by way of a folder of our own, unless a process makes it or uses it now."""
    if item.path.parent.name == LOCKS:
        lock = taken(item.path)
        if lock is not None:
            remove(item.path)
            lock.release()
        return lock is not None
    if not item.stage:
        remove(item.path)
        return True
    path = root / LOCKS / _name(item).replace("/", "-")
    path.parent.mkdir(exist_ok=True)
    try:
        lock = taken(path)
    except OSError:
        return False
    if lock is None:
        return False
    trash.mkdir(exist_ok=True)
    taken_away = trash / uuid.uuid4().hex
    try:
        # Who uses an entry says so before it looks. Moved away first, it is either in the list
        # that we read now, or not found by the one who looks later.
        item.path.rename(taken_away)
        if _name(item) in in_use(root / TMP):
            taken_away.rename(item.path)
            return False
        remove(taken_away)
    except FileNotFoundError:
        return True
    finally:
        remove(path)
        lock.release()
    return True
