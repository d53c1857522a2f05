"""One set of versions, and one address of the repository, wherever they are spelled out."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from sublim_utils.models.catalog import MODELS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]


def versions(requirements: list[str]) -> dict[str, str]:
    found = {}
    for requirement in requirements:
        name, _, version = requirement.partition("==")
        assert version, f"{requirement} is not pinned"
        found[re.sub("[-_.]+", "-", name).lower()] = version
    return found


LOCKED = versions((ROOT / "requirements.lock").read_text().split())


def test_the_lock_holds_every_version_that_the_project_names() -> None:
    named = list(PROJECT["dependencies"])
    for group in PROJECT["optional-dependencies"].values():
        named += group
    assert versions(named).items() <= LOCKED.items()


def lines(file: str) -> list[str]:
    text = (ROOT / file).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_colab_gets_versions_of_the_lock() -> None:
    assert versions(lines("colab.lock")).items() <= LOCKED.items()
    assert "torch" not in versions(lines("colab.lock"))


def test_the_catalogue_asks_for_the_weights_that_are_installed() -> None:
    for package, version in versions(lines("weights.lock")).items():
        (spec,) = [s for s in MODELS.values() if package in (s.location, *s.parts)]
        assert spec.version == version


def test_the_lock_is_what_conda_installs() -> None:
    assert "pip" in ENVIRONMENT["dependencies"]
    (pip,) = [d["pip"] for d in ENVIRONMENT["dependencies"] if isinstance(d, dict)]
    assert pip == ["-r requirements.lock", "-e ."]  # pip takes no other option on such a line


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
