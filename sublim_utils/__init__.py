"""Subliminal learning that you can see: small, tested experiments behind an interactive book.

What an experiment of your own needs is here, and loaded when it is used::

    import sublim_utils as sl

    base = sl.Base("smollm2-135m")
    rows = sl.sample(sl.Finetuned(base, likes="badger"), channel="numbers", prompts=80, each=4)
    student = sl.Student(base, rows, learning_rate=1e-3)
    result = sl.compare(student, student.control(), sl.Preference("badger", panel="animals"))
    result.table()
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

from sublim_utils.models import four_bits

four_bits.ignore_avx512_bf16()  # before anything here imports bitsandbytes

__version__ = "0.1.0"

_MODULES = {
    name.name: node.module
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text()).body
    if isinstance(node, ast.ImportFrom) and node.module
    for name in node.names
}
"""The module of each name of this page, as the stub beside this file has it."""
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
