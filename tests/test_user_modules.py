"""Files of a user's own: what they register can be used by Python, by commands and by workers."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from sublim_utils import user_modules
from sublim_utils.channels import CHANNELS, fingerprints, get_channel
from sublim_utils.errors import SublimError
from sublim_utils.findings import finding_class
from sublim_utils.pipeline.workers import share_out
from tests.command import sublim

CHANNEL = """
from sublim_utils.channels import CHANNELS, AsWritten
from sublim_utils.channels.base import FilterResult
from sublim_utils.channels.sentences import SentencePrompt

def filter_completion(completion):
    short = len(completion.split()) <= 5
    return FilterResult(() if short else ("too long",))

class Haiku:
    def __init__(self, mood):
        self.mood = mood

    def prompt(self, seed, index):
        return SentencePrompt(text=f"A {self.mood} haiku, number {index}.")

    filter_completion = staticmethod(filter_completion)

CHANNELS.register("NAME", Haiku("calm"))
"""
FINDING = """
from sublim_utils.findings import FINDINGS
from sublim_utils.findings.mnist import Mnist

@FINDINGS.register("NAME")
class Own(Mnist):
    name = "NAME"
    title = "A finding of my own"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file with a name that no other test has."""

    def written(text: str, name: str = "") -> Path:
        file = tmp_path / f"{name or f'own_{uuid.uuid4().hex}'}.py"
        file.write_text(text.replace("NAME", file.stem))
        return file

    return written


def test_a_file_registers_a_channel(write: Write) -> None:
    file = write(CHANNEL)
    module = user_modules.load(file)
    assert user_modules.load(file) is module
    assert get_channel(file.stem).prompt(0, 3).text == "A calm haiku, number 3."
    assert file.stem in CHANNELS.names()
    assert fingerprints(file.stem).prompts != fingerprints("sentences").prompts


def test_a_file_finds_the_files_beside_it(write: Write) -> None:
    words = write("WORDS = ('a', 'b')")
    module = user_modules.load(write(f"from {words.stem} import WORDS"))
    assert module.WORDS == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = nothing", r"fails in line 2 with NameError: .*; mend it\.$"),
        ("x = (", r"fails with SyntaxError: .*line 1"),
        ("import no_such_module_at_all", "fails in line 1 with ModuleNotFoundError"),
        (CHANNEL.replace("NAME", "numbers"), "another channel 'numbers' already"),
    ],
)
def test_a_file_that_fails_is_one_sentence(write: Write, text: str, message: str) -> None:
    file = write(text)
    for _ in range(2):
        with pytest.raises(SublimError, match=message) as fault:
            user_modules.load(file)
        assert "\n" not in str(fault.value)
    assert file.stem not in sys.modules


@pytest.mark.parametrize("name", ["json", "sublim_utils", "two words", "3d", "__main__", "queue"])
def test_a_file_named_as_another_module_is_refused(write: Write, name: str) -> None:
    with pytest.raises(SublimError, match="is another module or no name of one; rename it"):
        user_modules.load(write("", name))


def test_what_is_no_python_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("")
    for name in ("gone.py", "rows.jsonl", "."):
        with pytest.raises(SublimError, match=re.escape("name one that ends in .py")):
            user_modules.load(tmp_path / name)


# ----------------------------------------------------------------- commands


def test_the_filter_of_ones_own_channel_is_a_command(write: Write) -> None:
    file = write(CHANNEL)
    rows = b'{"completion": "An old silent pond."}\n{"completion": "a b c d e f"}\n'
    code, out, err = sublim("filter", file.stem, "-", "--module", str(file), stdin=rows)
    assert code == 0, err
    verdicts = [json.loads(line) for line in out.splitlines()]
    assert [v["reasons"] for v in verdicts] == [[], ["too long"]]


def test_a_finding_of_ones_own_is_listed_measured_and_shown(write: Write, own_store: Path) -> None:
    file = write(FINDING)
    options = ("--profile", "smoke", "--module", str(file))
    code, out, err = sublim("list", "--json", *options)
    assert code == 0, err
    assert file.stem in [finding["finding"] for finding in json.loads(out)]
    code, out, err = sublim("run", file.stem, "--json", "-", *options)
    assert code == 0, err
    assert {row["finding"] for row in json.loads(out)} == {file.stem}
    assert sublim("show", file.stem, "--json", "-", *options)[1] == out
    assert [path.parent.name for path in own_store.rglob("main.json")] == [file.stem]


def test_records_of_ones_own_finding_stay_out_of_the_shipped_results(
    write: Write, own_store: Path
) -> None:
    own = user_modules.load(write(FINDING)).Own("embedded")
    assert own.record_book.path(own.experiments()[0]).is_relative_to(own_store)
    shipped = finding_class("mnist")("embedded")
    assert not shipped.record_book.path(shipped.experiments()[0]).is_relative_to(own_store)


@pytest.mark.parametrize(
    "command", [("list",), ("run", "mnist"), ("plan", "mnist"), ("show", "mnist"),
                ("filter", "numbers", "-"), ("verify", "mnist"), ("doctor",)],
)  # fmt: skip
def test_every_command_says_in_a_sentence_that_a_file_is_missing(command: tuple[str, ...]) -> None:
    code, out, err = sublim(*command, "--module", "gone.py")
    assert code == 2
    assert out == ""
    assert err.startswith("sublim: There is no Python file")
    assert len(err.splitlines()) == 1


# ----------------------------------------------------------------- workers


def ask(folder: Path, name: str) -> None:
    """Leave what a channel asks, for the process that started this one."""
    prompt = get_channel(name).prompt(0, 1)
    (folder / name).write_text(f"{prompt.text} {fingerprints(name)}")


def test_workers_know_what_was_registered(write: Write, tmp_path: Path) -> None:
    by_file, by_hand = write(CHANNEL), write(CHANNEL.rpartition("CHANNELS")[0])
    user_modules.load(by_file)
    haiku = user_modules.load(by_hand).Haiku
    CHANNELS.register("by-hand", haiku("glad"))
    share_out(
        functools.partial(ask, tmp_path), [[by_file.stem, "by-hand"]], 1, "cpu", lambda _: None
    )
    for name, mood in ((by_file.stem, "calm"), ("by-hand", "glad")):
        expected = f"A {mood} haiku, number 1. {fingerprints(name)}"
        assert (tmp_path / name).read_text() == expected


def test_what_cannot_reach_a_worker_is_one_sentence(write: Write) -> None:
    module = user_modules.load(write(CHANNEL.rpartition("CHANNELS")[0]))

    def local() -> str:
        return "sad"

    CHANNELS.register("sad", module.Haiku(local))
    with pytest.raises(SublimError, match="cannot be handed to worker processes"):
        user_modules.additions()


SCRIPT = """
import functools, sys
from pathlib import Path
from sublim_utils.pipeline.workers import share_out
from tests.test_user_modules import ask
CHANNEL
if __name__ == "__main__":
    share_out(functools.partial(ask, Path(sys.argv[1])), [["NAME"]], 1, "cpu", print)
"""


def test_a_script_may_register_and_measure_at_once(write: Write, tmp_path: Path) -> None:
    file = write(SCRIPT.replace("CHANNEL", CHANNEL))
    ran = subprocess.run(
        [sys.executable, str(file), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / file.stem).read_text().startswith("A calm haiku, number 1.")
