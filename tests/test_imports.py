"""Commands that only look something up leave the heavy libraries alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEASURING = {"torch", "transformers", "peft", "trl", "datasets", "sentence_transformers"}
TABLES = {"pandas", "pyarrow"}
STATISTICS = {"scipy.stats", "sklearn", "statsmodels"}
PICTURES = {"matplotlib", "seaborn", "IPython", "ipywidgets"}
HEAVY = MEASURING | TABLES | STATISTICS | PICTURES

SCRIPT = """
import sys
from sublim_utils.cli import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert end.code in (0, None), end.code
print("\\nloaded:", *sys.modules)
"""


def loaded_by(*command: str) -> set[str]:
    """The modules in memory after a command."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *command],
        capture_output=True,
        text=True,
        check=True,
        input='{"completion": "1, 2, 3"}\n',
    )
    return set(ran.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        (("--help",), HEAVY),
        (("list", "--profile", "embedded"), HEAVY),
        (("list", "--profile", "gpu"), HEAVY),
        (("plan", "owl_numbers", "--profile", "embedded"), HEAVY),
        (("filter", "numbers", "-"), HEAVY),
        (("filter", "sentences", "-"), HEAVY),
        (("show", "mnist", "--profile", "embedded"), HEAVY - TABLES),
        (("show", "theorem", "--profile", "embedded"), HEAVY - TABLES),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_loads_no_library_that_it_does_not_need(
    command: tuple[str, ...], unneeded: set[str]
) -> None:
    loaded = loaded_by(*command)
    assert "sublim_utils.cli" in loaded
    assert not loaded & unneeded


def test_what_measures_is_still_seen_by_this_test() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import sys, sublim_utils.mnist.networks; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "torch" in ran.stdout.split()
