"""One set of versions, and one address of the repository, wherever they are spelled out."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from sublim_utils.models.catalog import MODELS
from sublim_utils.requirements import requirements

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, set[str]]:
    """Versions by package: more than one where Pythons or systems differ."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / file).read_text(), re.M):
        found.setdefault(normal(name), set()).add(version)
    return found


CONSTRAINTS = pins("constraints.txt")


@pytest.mark.parametrize("group", ["dependencies", "problems", "book", "test"])
def test_the_pins_lie_within_the_ranges_of_the_project(group: str) -> None:
    named = PROJECT.get(group) or PROJECT["optional-dependencies"][group]
    for requirement in map(Requirement, named):
        for version in CONSTRAINTS[normal(requirement.name)]:
            assert requirement.specifier.contains(version), requirement


def test_the_lock_pins_what_the_constraints_do_except_torch() -> None:
    assert pins("requirements.lock") == {n: v for n, v in CONSTRAINTS.items() if n != "torch"}


@pytest.mark.parametrize("file", ["requirements.lock", "weights.lock", "lab.lock"])
def test_every_locked_package_has_hashes(file: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / file).read_text().strip())
    locked = [entry for entry in entries if not entry.startswith("#")]
    assert len(locked) > 5
    assert all("--hash=sha256:" in entry for entry in locked)


def test_jupyter_lab_changes_no_version_of_the_lock() -> None:
    lab = pins("lab.lock")
    assert all(lab[name] <= CONSTRAINTS[name] for name in lab.keys() & CONSTRAINTS.keys())


def test_the_catalogue_asks_for_the_weights_that_are_installed() -> None:
    for package, version in pins("weights.lock").items():
        (spec,) = [s for s in MODELS.values() if package in (s.location, *s.parts)]
        assert {spec.version} == version


def test_conda_installs_the_pinned_versions() -> None:
    assert "pip" in ENVIRONMENT["dependencies"]
    (pip,) = [d["pip"] for d in ENVIRONMENT["dependencies"] if isinstance(d, dict)]
    assert pip == ["-c constraints.txt", "-e .[book,test]"]


def test_python_is_the_same_everywhere() -> None:
    (python,) = [d for d in ENVIRONMENT["dependencies"] if str(d).startswith("python")]
    assert PROJECT["requires-python"] == ">=3.11"
    assert python == "python>=3.11"


@pytest.mark.parametrize(
    "file",
    ["README.md", "CITATION.cff", "pyproject.toml", "book/how_to_run.md"]
    + [f"notebooks/{path.name}" for path in sorted((ROOT / "notebooks").glob("*.py"))],
)
def test_the_repository_has_one_address(file: str) -> None:
    found = re.findall(r"https://github\.com/[\w.-]+/[\w-]+", (ROOT / file).read_text())
    assert found
    assert {address.removesuffix(".git") for address in found} == {ADDRESS}


def test_the_published_pages_have_one_address() -> None:
    config = (ROOT / "_config.yml").read_text()
    owner, name = ADDRESS.split("/")[-2:]
    pages = set(re.findall(r"https://[\w.-]+\.github\.io\S*", config))
    assert pages == {f"https://{owner}.github.io/{name}/"}


def test_a_foreign_project_file_beside_the_package_is_not_read(tmp_path: Path) -> None:
    foreign = tmp_path / "pyproject.toml"
    foreign.write_text("[tool.other]\nname = 1\n")
    assert {r.name for r in requirements(foreign)} >= {"torch", "transformers"}
