"""Each chapter's .ipynb, which Colab opens, says what its .py says and carries no output."""

from pathlib import Path

import jupytext
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))
SET_UP = "# On Colab: fetch the book once and install what Colab lacks."


def cells(path: Path) -> list[tuple[str, str, object]]:
    notebook = jupytext.read(path)
    return [(c.cell_type, c.source, dict(c.metadata)) for c in notebook.cells]


def test_there_are_chapters() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_pair_agrees(script: Path) -> None:
    pair = script.with_suffix(".ipynb")
    assert cells(script) == cells(pair), "run: make pairs"
    assert not any(cell.get("outputs") for cell in jupytext.read(pair).cells)


def test_every_chapter_has_the_same_set_up_cell() -> None:
    found = [[s for _, s, _ in cells(path) if s.startswith(SET_UP)] for path in NOTEBOOKS]
    assert all(len(sources) == 1 for sources in found)
    assert len({sources[0] for sources in found}) == 1
