"""Python files of a user's own, which register channels, traits, losses or findings.

Whatever is registered in a process is taken along to its worker processes.
"""

from __future__ import annotations

import importlib.util
import pickle
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from sublim_utils import registry
from sublim_utils.errors import SublimError


def load(file: Path) -> ModuleType:
    """Import a file, which may import others from its folder.

    A file that was loaded already is not run again.

    Raises:
        SublimError: it cannot be read or fails, or its name is that of another module.
    """
    file, name = file.expanduser().resolve(), file.stem
    if file.suffix != ".py" or not file.is_file():
        raise SublimError(f"There is no Python file {file}; name one that ends in .py.")
    known = sys.modules.get(name)
    if known is not None and _file_of(known) == file:
        return known
    if not name.isidentifier() or known is not None or _is_elsewhere(name, file):
        raise SublimError(
            f"The file {file} cannot be imported as {name!r}, which is another module or no name "
            "of one; rename it."
        )
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    return _run(name, file)


def _is_elsewhere(name: str, file: Path) -> bool:
    """True if another file, or none at all, would be imported under this name."""
    spec = importlib.util.find_spec(name)
    return spec is not None and (spec.origin is None or Path(spec.origin).resolve() != file)


def _run(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SublimError:
        del sys.modules[name]
        raise
    except Exception as error:
        del sys.modules[name]
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == spec.origin]
        where = f" in line {lines[-1]}" if lines else ""
        raise SublimError(
            f"The file {file} fails{where} with {type(error).__name__}: {error}; mend it."
        ) from error
    return module


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return None if file is None else Path(file).resolve()


class Additions(NamedTuple):
    """What a user has registered in a process, for another one.

    Attributes:
        modules: the files of the modules behind it, by module name.
        values: the values, by kind and name, pickled.
    """

    modules: Mapping[str, Path]
    values: bytes


def additions() -> Additions:
    """All that was registered in this process.

    Raises:
        SublimError: one of the values cannot be handed to another process.
    """
    values = registry.additions()
    every = [value for by_name in values.values() for value in by_name.values()]
    modules = map(registry.module_of, every)
    files = {m.__name__: file for m in modules if m is not None and (file := _file_of(m))}
    ForkingPickler.register(ModuleType, lambda module: (import_module, (module.__name__,)))
    try:
        return Additions(files, bytes(ForkingPickler.dumps(values)))
    except Exception as error:
        raise SublimError(
            f"What was registered cannot be handed to worker processes ({error}); leave out "
            "--workers, or register classes and functions of a file."
        ) from error


def add(taken: Additions) -> None:
    """Register in this process what was registered in another.

    Raises:
        SublimError: a file fails.
    """
    for name, file in taken.modules.items():
        if name not in sys.modules:
            try:
                import_module(name)
            except ImportError:
                _run(name, file)
    registry.add(pickle.loads(taken.values))
