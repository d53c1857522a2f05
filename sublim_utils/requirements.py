"""The packages this one needs, in which versions, and which of them are not there."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def requirements(project: Path = ROOT / "pyproject.toml") -> list[Requirement]:
    """The supported versions of all packages that are needed to run the experiments.

    Args:
        project: the project file of the checkout that this package lies in. Without a checkout
            the same is read from what was written down when the package was installed.
    """
    text = project.read_text(encoding="utf-8") if project.exists() else ""
    settings = tomllib.loads(text).get("project", {})
    if settings.get("name") == "sublim_utils":  # and not a file that another package left there
        lines = settings["dependencies"]
    else:
        lines = metadata.requires("sublim_utils") or []
    needed = [Requirement(line) for line in lines]
    return [r for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]


def installed_version(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def is_met(requirement: Requirement) -> bool:
    """True if the package is installed in a supported version."""
    version = installed_version(requirement.name)
    return version is not None and requirement.specifier.contains(version, prereleases=True)
