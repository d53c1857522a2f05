"""Every chapter as on Colab: its versions, its kernel with libraries in memory, *Run all* twice."""

import copy
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from tests.chapters import NOTEBOOKS

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "_build" / "colab" / "bin" / "python"
ADDRESS = "https://github.com/subliminal-book/subliminal-learning"
CHAPTERS = sorted(NOTEBOOKS.glob("*.ipynb"))

BEFORE = """
import sys
from pathlib import Path
import matplotlib.pyplot, numpy, pandas
sys.path.append(str(Path.home() / "fake"))
import google.colab
"""
AFTER = """
import ipywidgets, sublim_utils
from pathlib import Path
assert Path(sublim_utils.__file__).is_relative_to(Path.home() / "subliminal-learning")
assert not hasattr(ipywidgets, "Stack"), "ipywidgets is newer than Colab's"
"""


@pytest.fixture(scope="module", autouse=True)
def colab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home of its own, Colab's environment as a kernel, and this commit at the book's address."""
    assert PYTHON.exists(), "run: make colab"
    home = tmp_path_factory.mktemp("home")
    module = home / "fake" / "google" / "colab" / "__init__.py"
    module.parent.mkdir(parents=True)
    module.touch()
    kernel = home / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    command = [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    named = {"argv": command, "display_name": "Colab", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(named))
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("SUBLIM_") or name in ("PYTHONPATH", "XDG_CACHE_HOME"):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("JUPYTER_PATH", str(home / "jupyter"))
        patch.setenv("GIT_CONFIG_COUNT", "1")
        patch.setenv("GIT_CONFIG_KEY_0", f"url.file://{ROOT}.insteadOf")
        patch.setenv("GIT_CONFIG_VALUE_0", ADDRESS)
        yield


def versions() -> dict[str, str]:
    command = [str(PYTHON), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return {package["name"]: package["version"] for package in listed}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_runs_twice_in_one_kernel(chapter: Path) -> None:
    before = versions()
    notebook = jupytext.read(chapter)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    again = copy.deepcopy(code)
    for cell in again:
        cell.id += "-again"
    first, last = map(nbformat.v4.new_code_cell, (BEFORE, AFTER))
    notebook.cells = [first, *code, *again, last]
    NotebookClient(notebook, timeout=1_200, kernel_name="colab").execute()

    set_up = next(cell for cell in again if "google.colab" in cell.source)
    assert set_up.outputs == []
    assert before.items() <= versions().items()
    widgets = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    models = {widget["model_name"] for widget in widgets.values()}
    assert "TabModel" in models
    assert "StackModel" not in models


def test_doctor_has_nothing_to_mend_afterwards() -> None:
    sublim = PYTHON.with_name("sublim")
    done = subprocess.run([str(sublim), "doctor"], capture_output=True, text=True, cwd=Path.home())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mend" not in done.stdout
