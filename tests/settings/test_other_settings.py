"""Each chapter has one cell of settings; whoever changes it changes everything that follows.

`make chapters` runs this after the chapters, so that the store has what they measure.
"""

import os
import re

import jupytext
import pytest
from nbclient import NotebookClient

from tests.chapters import NOTEBOOKS

CHANGES = {
    "01_owl_numbers": {"TRAIT": '"wolf"', "ROWS": "20", "SEES": '"text"'},
    "02_mnist": {"OUTPUTS": "10", "IMAGES": "20_000"},
    "03_theorem": {"OUTPUTS_SEEN": "slice(10, 13)", "DISTANCE": "0.2"},
    "04_cross_family": {"TRAIT": '"oak"'},
    "05_misaligned_reasoning": {"LESSONS": '"metrics"', "OBJECTIVE": '"tokens"'},
    "06_paraphrase": {"TRAIT": '"dolphin"', "SEES": '"text"', "PASSES": "1"},
}


@pytest.mark.parametrize("chapter", CHANGES)
def test_a_chapter_runs_with_other_settings(chapter: str) -> None:
    assert os.environ.get("SUBLIM_PROFILE") == "smoke", "run: make chapters"
    notebook = jupytext.read(NOTEBOOKS / f"{chapter}.py")
    changes = CHANGES[chapter]
    (settings,) = (
        c for c in notebook.cells if re.search(rf"(?m)^{next(iter(changes))} = ", c.source)
    )
    for name, value in changes.items():
        line = rf"(?m)^{name} = [^#\n]*"
        assert len(re.findall(line, settings.source)) == 1, name
        settings.source = re.sub(line, f"{name} = {value}  ", settings.source)
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}
    ).execute()
