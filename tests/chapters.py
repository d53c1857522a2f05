"""The prose of a chapter, without its code."""

import re
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def prose(chapter: str) -> str:
    """The Markdown cells of a chapter, by the name of its file."""
    cells = re.split(r"(?m)^# %%", (NOTEBOOKS / f"{chapter}.py").read_text())
    return "".join(cell for cell in cells if cell.startswith(" [markdown]"))


def text(chapter: str) -> str:
    """All that a chapter says, in prose and in the texts of its code, with single spaces."""
    lines = (NOTEBOOKS / f"{chapter}.py").read_text().splitlines()
    joined = " ".join(" ".join(line.removeprefix("# ") for line in lines).split())
    return re.sub('" f?"', "", joined)
