"""Names of values say what they hold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sublim_utils"
VAGUE = {"found", "told", "place", "asked"}


def names(tree: ast.Module) -> set[str]:
    return {
        node.id
        if isinstance(node, ast.Name)
        else node.arg
        if isinstance(node, ast.arg)
        else node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Name, ast.arg, ast.FunctionDef))
    }


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_value_has_a_name_that_says_nothing(module: Path) -> None:
    assert not names(ast.parse(module.read_text())) & VAGUE


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_modules_and_classes_are_short(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            assert (node.end_lineno or 0) - node.lineno < 250, node.name
