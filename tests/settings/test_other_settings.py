"""Each chapter has one cell of settings, and a form after it that does the same with a kernel;
whoever changes one of them changes everything that follows.

`make chapters` runs this after the chapters, so that the store has what they measure.
"""

import ast
import os
import re
from typing import Any

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


FORM = "form("


def cells_of(chapter: str) -> tuple[Any, Any, Any]:
    """The notebook, its cell of settings, and the form."""
    notebook = jupytext.read(NOTEBOOKS / f"{chapter}.py")
    first = next(iter(CHANGES[chapter]))
    (settings,) = (c for c in notebook.cells if re.search(rf"(?m)^{first} = ", c.source))
    (form,) = (c for c in notebook.cells if c.source.startswith(FORM))
    assert notebook.cells.index(form) == notebook.cells.index(settings) + 1
    return notebook, settings, form


@pytest.mark.parametrize("chapter", CHANGES)
def test_a_chapter_runs_with_other_settings(chapter: str) -> None:
    assert os.environ.get("SUBLIM_PROFILE") == "smoke", "run: make chapters"
    notebook, settings, form = cells_of(chapter)
    by_form = []
    for number, (name, value) in enumerate(CHANGES[chapter].items()):
        line = rf"(?m)^{name} = [^#\n]*"
        assert len(re.findall(line, settings.source)) == 1, name
        if number:
            settings.source = re.sub(line, f"{name} = {value}  ", settings.source)
        else:  # chosen in the form, as a reader with a kernel would
            by_form.append(
                f"(_one,) = [c for c in _form.children if c.description == {name!r}]\n"
                f"_one.value = {value}\nassert {name} == {value}"
            )
    form.source = "\n".join([f"_form = {form.source}", *by_form])
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}
    ).execute()


@pytest.mark.parametrize("chapter", CHANGES)
def test_the_cell_of_settings_holds_nothing_else(chapter: str) -> None:
    _, settings, form = cells_of(chapter)
    parts = ast.parse(settings.source).body
    assert all(isinstance(part, ast.Assign) for part in parts)
    calls = [n.func for n in ast.walk(ast.parse(settings.source)) if isinstance(n, ast.Call)]
    assert {f.id for f in calls if isinstance(f, ast.Name)} <= {"slice"}
    assert all(isinstance(f, ast.Name) for f in calls)
    names = {n.id for n in ast.walk(ast.parse(settings.source)) if isinstance(n, ast.Name)}
    call = ast.parse(form.source).body[0].value  # type: ignore[attr-defined]
    assert {keyword.arg for keyword in call.keywords} <= names
    assert set(CHANGES[chapter]) <= names
