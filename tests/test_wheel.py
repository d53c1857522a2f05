"""The package installed on its own, without a checkout around it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built package, as an installer would unpack it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("sublim_utils", "results"):
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=leave_out)
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *build, str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site-packages")
    return folder / "site-packages"


def python(installed: Path, home: Path, *arguments: str) -> str:
    """What Python prints that has the built package and is far from any checkout."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SUBLIM_", "XDG_"))}
    environment |= {"PYTHONPATH": str(installed), "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_shipped_records_come_with_the_package(installed: Path, tmp_path: Path) -> None:
    shown = python(installed, tmp_path, "-m", "sublim_utils.cli", "show", "mnist", "--json", "-")
    rows = {row["condition"]: row["mean"] for row in json.loads(shown)}
    assert rows["aux_same"] > 0.4 > rows["aux_other"]


def test_new_records_go_to_the_user_and_not_into_the_package(
    installed: Path, tmp_path: Path
) -> None:
    before = sorted(installed.rglob("*.json"))
    keep_a_record = """
import sublim_utils
from sublim_utils.findings import finding_class
finding = finding_class("theorem")("embedded")
experiment = finding.experiments()[0]
path = finding.record_book.path(experiment)
assert not path.exists()
finding.record_book.read(experiment).write(path)
print(sublim_utils.__file__, path, sep="\\n")
"""
    package, path = python(installed, tmp_path, "-c", keep_a_record).split()
    assert Path(package).is_relative_to(installed)
    assert Path(path).is_relative_to(tmp_path)
    assert Path(path).exists()
    assert sorted(installed.rglob("*.json")) == before
