"""Keys and fingerprints: short hashes of everything that a measured number depends on.

A key names an entry of the store or a record. A fingerprint stands for texts, word lists and
thresholds inside a key, so that a change of any of them gives another key. Both are computed from
values and never typed in. What is in the code and not in a value (how a filter goes about its
rules, say) has a `VERSION` that is raised by hand.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from fractions import Fraction
from types import ModuleType
from typing import Any

from pydantic import BaseModel


def key_of(specification: Mapping[str, Any]) -> str:
    """A 24-digit hexadecimal key: the hash of the specification as canonical JSON."""
    return _sha256(specification)[:24]


def text_digest(*texts: Any) -> str:
    """A 16-digit hexadecimal fingerprint of texts, or of lists, mappings and models with texts.

    Args:
        texts: whatever `as_data` can write as plain data; their order counts, but not that of the
            members of a set or the entries of a mapping.
    """
    return _sha256([as_data(text) for text in texts])[:16]


@functools.cache
def remembered(fingerprint: Callable[..., str], *values: Hashable) -> str:
    """A fingerprint that is computed once in a process, as texts do not change in one.

    Args:
        fingerprint: computes it.
        values: its arguments.
    """
    return fingerprint(*values)


def constants(*modules: ModuleType) -> dict[str, Any]:
    """The constants of modules by name: values under a name in capitals, imported ones, too."""
    return {
        f"{_last(module.__name__)}.{name}": as_data(value)
        for module in modules
        for name, value in vars(module).items()
        if name.isupper()
    }


def as_data(value: Any) -> Any:
    """A value as plain data (what JSON can hold) that differs where the value does.

    Functions and classes are written by their names.

    Raises:
        TypeError: it holds something else, which has no plain form.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, re.Pattern):
        return [value.pattern, value.flags]
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): as_data(entry) for key, entry in value.items()}
    if isinstance(value, Set):
        return sorted(map(as_data, value), key=_canonical)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [as_data(entry) for entry in value]
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{_last(value.__module__)}.{value.__qualname__}"
    raise TypeError(f"no plain form for {type(value).__name__}")


def outside_class(kind: type) -> dict[str, str]:
    """What tells a user's class from one of the package with the same name, for keys."""
    package = __name__.partition(".")[0]
    is_own = kind.__module__.partition(".")[0] == package
    return {} if is_own else {"class": f"{kind.__module__}.{kind.__qualname__}"}


def _last(module: str) -> str:
    """A module's own name, as keys do not depend on the folder that it stands in."""
    return module.rpartition(".")[2]


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _sha256(data: Any) -> str:
    return hashlib.sha256(_canonical(data).encode()).hexdigest()
