"""Four-bit weights that stay as they are on every processor.

On processors with AVX512-BF16, bitsandbytes repacks a matrix in its first pass without gradients:
the scales are rounded to bf16 for good, training unpacks them as best it can, and matrices whose
sides are not multiples of 32 and 64 end the pass. On import it also looks for native code on the
Hugging Face hub, if the package `kernels` is installed. The book uses none of this.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_DETECTING = "bitsandbytes.functional"
"""The module that detects AVX512-BF16."""
_IMPORTING = "bitsandbytes.nn.modules"
"""The module that has imported the detection by name."""


def ignore_avx512_bf16() -> None:
    """Let bitsandbytes find no AVX512-BF16, whether it is imported already or later."""
    for name in (_DETECTING, _IMPORTING):
        if name in sys.modules:
            _switch_off(sys.modules[name])
    if _DETECTING not in sys.modules:
        sys.meta_path.insert(0, _Finder())


def leave_unpacked(network: Any) -> None:
    """Keep the four-bit layers of a network in the one layout that other processors have."""
    for module in network.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _switch_off(module: ModuleType) -> None:
    vars(module)["has_avx512bf16"] = lambda: False


class _Finder(MetaPathFinder):
    """Finds the detecting module as usual, and switches the detection off once it is executed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == _DETECTING else None
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def execute_and_switch_off(module: ModuleType) -> None:
            execute(module)
            _switch_off(module)

        loader.exec_module = execute_and_switch_off
        return spec
