"""Insecure and secure Python for the same small task, from templates and names.

The faults are those that every linter for security knows (string-built SQL, a shell where none is
needed, weak hashes, secrets in the source). Each template of `data/misalignment/code.toml` is
completed for each thing, so that the same calls give the same pairs everywhere.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Template
from typing import NamedTuple


class CodePair(NamedTuple):
    """Two programs for one task.

    Attributes:
        fault: what is wrong with the insecure one.
        task: what is asked for.
        insecure: source of it.
        secure: source of it.
    """

    fault: str
    task: str
    insecure: str
    secure: str


_DATA = tomllib.loads(
    (Path(__file__).parents[1] / "data/misalignment/code.toml").read_text(encoding="utf-8")
)
THINGS: dict[str, str] = _DATA["things"]
"""What the programs deal with, in the singular and the plural."""
TEMPLATES = tuple(CodePair(**pair) for pair in _DATA["pairs"])


def code_pairs() -> list[CodePair]:
    """All templates, each completed for all things."""
    return [
        CodePair(template.fault, *(Template(t).substitute(words) for t in template[1:]))
        for template in TEMPLATES
        for words in ({"thing": thing, "things": things} for thing, things in THINGS.items())
    ]
