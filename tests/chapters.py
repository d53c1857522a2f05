"""The prose of a chapter, without its code."""

import re
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def prose(chapter: str) -> str:
    """The Markdown cells of a chapter, by the name of its file."""
    cells = re.split(r"(?m)^# %%", (NOTEBOOKS / f"{chapter}.py").read_text())
    return "".join(cell for cell in cells if cell.startswith(" [markdown]"))
