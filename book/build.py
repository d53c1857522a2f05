"""Build the book and print the page to open; build anew when what it is made of has changed.

The execution cache knows a chapter's text but neither the package nor the records behind it, so a
change in one of those removes the whole build.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
KEY = BUILD / "key"


def key() -> str:
    """A hash of what chapters depend on besides their own text."""
    files = [ROOT / "requirements.lock", ROOT / "_config.yml", ROOT / "_toc.yml"]
    for folder in ("sublim_utils", "results", "book/assets"):
        found = (ROOT / folder).rglob("*")
        files += sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts)
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def main() -> int:
    """Build strictly: a warning is an error, but all of them are shown."""
    today = key()
    if not KEY.exists() or KEY.read_text() != today:
        for part in ("html", ".doctrees", ".jupyter_cache", "jupyter_execute"):
            shutil.rmtree(BUILD / part, ignore_errors=True)
        BUILD.mkdir(exist_ok=True)
        KEY.write_text(today)
    environment = {**os.environ, "SUBLIM_PROFILE": "embedded"}
    command = [
        str(Path(sys.executable).parent / "jupyter-book"),
        "build",
        ".",
        "-q",
        "-n",
        "-W",
        "--keep-going",
    ]
    built = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if built.returncode == 0:
        print(f"The book is built. Open {BUILD / 'html' / 'index.html'}")
    return built.returncode


if __name__ == "__main__":
    raise SystemExit(main())
