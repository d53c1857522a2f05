"""Kill runs again and again, damage what they leave behind, and compare the records they end with.

    python -m tests.pipeline.killing kills 200
    python -m tests.pipeline.killing damages 60

prints a line of JSON: how often what happened. A process of its own, which loads everything once
and forks a run from there; a run takes a second or two, and loading ten.
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sublim_utils.errors import SublimError
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.pipeline import samples, students
from sublim_utils.records import Record
from sublim_utils.store import Store

NAMES = ["owl@tokens", "owl@logits@prompts-8"]
EVENTS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.utime", "os.truncate")


def run(root: Path) -> None:
    """Two experiments, with a part for every few rows and a checkpoint after every update."""
    students.CHECKPOINT_S, students.KEEP_S = 0.0, 0.0
    samples.ROWS_AT_ONCE["cpu"] = students.ROWS_AT_ONCE["cpu"] = 6
    OwlNumbers("smoke", store=Store(root)).run(only=NAMES)


def in_a_process(root: Path, prepare: Callable[[], None], said: Path) -> int:
    """Run in a fork; its exit code, or minus the signal that ended it. `said` gets what it says."""
    process = os.fork()
    if process == 0:
        code = 1
        with said.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            warnings.simplefilter("always", UserWarning)
            try:
                prepare()
                run(root)
                code = 0
            except SublimError as error:
                print(f"sublim: {error}", flush=True)
                code = 2
            except BaseException:
                traceback.print_exc()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def records(root: Path) -> list[dict[str, Any]]:
    """What the records say, but for where and when they were made."""
    return [Record.read(path).measured() for path in sorted(root.rglob("records/**/*.json"))]


def calmly() -> None:
    """Nobody kills this one."""


def killed_at(root: Path, number: int, events: Sequence[str] = EVENTS) -> Callable[[], None]:
    """Have a process kill itself at the n-th thing it does to a file below a folder."""
    left = number

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in events and any(str(root) in str(a) for a in arguments[:2]):
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return lambda: sys.addaudithook(watch)


def killed_after(seconds: float) -> Callable[[], None]:
    """Have a process killed after some time, in the middle of whatever it does."""

    def prepare() -> None:
        parent = os.getpid()
        if os.fork() == 0:
            time.sleep(seconds)
            os.kill(parent, signal.SIGKILL)
            os._exit(0)

    return prepare


def kills(wanted: int, folder: Path) -> Counter[str]:
    """Kill runs until as many were killed; each store's last run must end as a calm one."""
    draw, happened, said = random.Random(0), Counter[str](), folder / "said"
    calm = folder / "calm"
    assert in_a_process(calm, calmly, said) == 0, said.read_text()
    rounds = 0
    while happened["kills"] < wanted:
        root = folder / f"killed-{rounds}"
        rounds += 1
        for attempt in range(14):
            if attempt == 13:
                prepare: Callable[[], None] = calmly
            elif draw.random() < 0.7:
                prepare = killed_at(root, draw.randint(1, 120))
            else:
                prepare = killed_after(draw.uniform(0.05, 1.5))
            code = in_a_process(root, prepare, said)
            happened["kills"] += code == -signal.SIGKILL
            if code == 0:
                break
            if code != -signal.SIGKILL:
                print(said.read_text(), file=sys.stderr)
                happened["faults"] += 1
                break
        if code == 0:
            same = records(root) == records(calm)
            happened["identical" if same else "different"] += 1
            happened["left behind"] += len(list((root / "running").iterdir()))
        shutil.rmtree(root)
    return happened


def damages(wanted: int, folder: Path) -> Counter[str]:
    """Damage files of unfinished work one at a time; what goes on must end as a calm run."""
    draw, happened, said = random.Random(0), Counter[str](), folder / "said"
    calm = folder / "calm"
    assert in_a_process(calm, calmly, said) == 0, said.read_text()
    states: list[tuple[Path, list[Path]]] = []
    few = wanted <= 10
    for count in range(
        5 if few else 2, 20 if few else 30, 9 if few else 3
    ):  # parts and checkpoints get their names by being renamed
        root = folder / "state" / str(count)
        if in_a_process(root, killed_at(root / "running", count, ["os.rename"]), said) == 0:
            break
        work = sorted(path for path in (root / "running").rglob("*") if path.is_file())
        states.append((root, work))
    happened["states"] = len(states)
    everything = [path for _, work in states for path in work]
    cases = [(root, path, how) for root, work in states for path in work for how in HOWS]
    happened["possible"] = len(cases)
    for root, path, how in draw.sample(cases, min(wanted, len(cases))):
        copy = folder / "copy"
        shutil.copytree(root, copy, symlinks=True)
        others = [other for other in everything if other != path]
        HOWS[how](copy / path.relative_to(root), others, draw)
        code = in_a_process(copy, calmly, said)
        told = "damaged" in said.read_text()
        if code == 0:
            same = records(copy) == records(calm)
            outcome = f"{'identical' if same else 'different'}{', told' if told else ''}"
        else:
            outcome = "a sentence" if code == 2 else "fault"
        if outcome.startswith(("different", "fault", "a sentence")):
            print(path.relative_to(root), how, outcome, said.read_text(), file=sys.stderr)
        happened[outcome] += 1
        happened["damages"] += 1
        shutil.rmtree(copy)
    return happened


def flip(place: Callable[[int], int]) -> Callable[[Path, list[Path], random.Random], None]:
    """Change a bit of the byte at a place that depends on the length."""

    def damage(path: Path, others: list[Path], draw: random.Random) -> None:
        content = bytearray(path.read_bytes())
        if content:
            content[place(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(content)

    return damage


def swap(path: Path, others: list[Path], draw: random.Random) -> None:
    """Take the content of a file of the same name elsewhere, or of any."""
    alike = [other for other in others if other.name == path.name and other.exists()]
    other = draw.choice(alike or [o for o in others if o.exists()] or [path])
    path.write_bytes(other.read_bytes())


def pipe(path: Path, others: list[Path], draw: random.Random) -> None:
    """A pipe that nobody writes into."""
    path.unlink()
    os.mkfifo(path)


def swap_folders(path: Path, others: list[Path], draw: random.Random) -> None:
    """The whole folder of the file becomes a copy of another one."""
    folders = {other.parent for other in others if other.exists()} - {path.parent}
    if folders:
        shutil.rmtree(path.parent)
        shutil.copytree(draw.choice(sorted(folders)), path.parent)


HOWS: dict[str, Callable[[Path, list[Path], random.Random], None]] = {
    "first byte": flip(lambda length: 0),
    "middle byte": flip(lambda length: length // 2),
    "last byte": flip(lambda length: length - 1),
    "any byte": flip(lambda length: random.Random(length).randrange(length)),
    "cut": lambda path, others, draw: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path, others, draw: os.truncate(path, 0),
    "missing": lambda path, others, draw: path.unlink(),
    "another file": swap,
    "another folder": swap_folders,
    "pipe": pipe,
}


if __name__ == "__main__":
    what, number = {"kills": kills, "damages": damages}[sys.argv[1]], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(what(number, Path(name))))
