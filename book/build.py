"""Build the book and print the page to open; build anew when what it is made of has changed.

Pages with code run first, side by side, into the cache that the builder reads; on its own it would
run them one after the other and say nothing. The cache knows a page's code but neither the package
nor the records behind it, so a change in one of those removes the whole build.
"""

from __future__ import annotations

import hashlib
import json
import os
import pkgutil
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import psutil
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import read_myst_markdown_notebook

from sublim_utils.provenance import usable_cores

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
KEY = BUILD / "key"
SECONDS = BUILD / "seconds.json"
PAGE_GB = 3
"""Memory of a page that runs, at most."""


class Executed(NamedTuple):
    """A page that ran: its notebook with outputs, the seconds it took, and its error if any."""

    notebook: Any
    seconds: float
    error: str | None


def key() -> str:
    """A hash of what pages depend on besides their own text."""
    files = [ROOT / "requirements.lock", ROOT / "_config.yml", ROOT / "_toc.yml"]
    for folder in ("sublim_utils", "results", "book/extensions"):
        found = (ROOT / folder).rglob("*")
        files += sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def write_api_pages() -> None:
    """Write one page a module for the reference, where its text is not there yet."""
    folder = ROOT / "book" / "api"
    folder.mkdir(exist_ok=True)
    pages = {}
    for module in pkgutil.walk_packages([str(ROOT / "sublim_utils")], "sublim_utils."):
        name = module.name.removeprefix("sublim_utils.")
        if name not in ("__main__", "cli"):
            directive = f".. automodule:: {module.name}\n   :members:"
            pages[f"{name}.md"] = f"# {name}\n\n```{{eval-rst}}\n{directive}\n```\n"
    for page in folder.iterdir():
        if page.name not in pages:
            page.unlink()
    for name, text in pages.items():
        page = folder / name
        if not page.exists() or page.read_text() != text:  # a new time would build it anew
            page.write_text(text)


def pages_with_code() -> list[str]:
    """Chapters and Markdown with cells, relative to the project's root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    entries = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    pages = [entry if entry.endswith(".py") else f"{entry}.md" for entry in (toc["root"], *entries)]
    return [page for page in pages if page.endswith(".py") or "{code-cell}" in _text(page)]


def _text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def read(page: str) -> Any:
    """A page as the notebook that the builder will look up in the cache."""
    if page.endswith(".md"):
        return read_myst_markdown_notebook(_text(page))
    return jupytext.reads(_text(page), fmt="py:percent")


def run(page: str, timeout: float) -> Executed:
    """Run a page's cells, each for at most `timeout` seconds."""
    result = single_nb_execution(
        read(page),
        cwd=str((ROOT / page).parent),
        timeout=timeout,
        allow_errors=False,
        extra_arguments=["--log-level=40"],  # a kernel of ours warns at its start otherwise
    )
    return Executed(result.nb, result.time, result.exc_string)


def last_seconds() -> dict[str, float]:
    """How long each page took when it last ran; nothing where that cannot be read."""
    try:
        seconds: dict[str, float] = json.loads(SECONDS.read_text())
    except (OSError, ValueError):  # of a build that was killed, say
        return {}
    return seconds


def execute(timeout: float) -> bool:
    """Run the pages that the cache does not hold; tell which runs and how long it took.

    Returns:
        Whether all of them ran without an error.
    """
    cache = get_cache(str(BUILD / ".jupyter_cache"))
    before = last_seconds()
    missing = []
    for page in pages_with_code():
        try:
            cache.match_cache_notebook(read(page))
        except KeyError:
            missing.append(page)
    if not missing:
        return True
    free = int(psutil.virtual_memory().available / 1e9 / PAGE_GB)
    workers = max(1, min(usable_cores(), free, len(missing)))
    print(f"Running {len(missing)} pages with code, {workers} at a time.")
    for page in missing:
        last = f", last time {before[page]:.0f} s" if page in before else ""
        print(f"  {page}{last}", flush=True)
    failed = False
    start = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        # The longest first, so that none of them is left alone at the end.
        order = sorted(missing, key=lambda name: -before.get(name, timeout))
        futures = {pool.submit(run, page, timeout): page for page in order}
        for count, future in enumerate(as_completed(futures), 1):
            page, executed = futures[future], future.result()
            if executed.error is not None:
                failed = True
                print(f"{page} failed:\n{executed.error}", file=sys.stderr)
                continue
            bundle = CacheBundleIn(
                executed.notebook,
                str(ROOT / page),
                data={"execution_seconds": executed.seconds},
            )
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            before[page] = round(executed.seconds, 1)
            passed = time.perf_counter() - start
            print(
                f"{count} of {len(missing)}: {page} took {executed.seconds:.0f} s "
                f"({passed:.0f} s so far)",
                flush=True,
            )
    SECONDS.write_text(json.dumps(before, indent=1))
    return not failed


def main() -> int:
    """Build strictly: a warning is an error, but all of them are shown."""
    today = key()
    if not KEY.exists() or KEY.read_text() != today:
        for part in ("html", ".doctrees", ".jupyter_cache", "jupyter_execute"):
            shutil.rmtree(BUILD / part, ignore_errors=True)
        BUILD.mkdir(exist_ok=True)
        KEY.write_text(today)
    os.environ["SUBLIM_PROFILE"] = "embedded"
    timeout = yaml.safe_load((ROOT / "_config.yml").read_text())["execute"]["timeout"]
    write_api_pages()
    if not execute(timeout):
        return 1
    print("Building the pages.", flush=True)
    command = [
        str(Path(sys.executable).parent / "jupyter-book"),
        "build",
        ".",
        "-q",
        "-n",
        "-W",
        "--keep-going",
    ]
    built = subprocess.run(command, cwd=ROOT, check=False)
    if built.returncode == 0:
        for notebook in (ROOT / "notebooks").glob("*.ipynb"):  # for the download menu
            shutil.copy2(notebook, BUILD / "html" / "notebooks" / notebook.name)
        print(f"The book is built. Open {BUILD / 'html' / 'index.html'}")
    return built.returncode


if __name__ == "__main__":
    raise SystemExit(main())
