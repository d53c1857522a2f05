"""Registries: channels, traits, panels, personas, losses and findings by name, also a user's own.

A user registers a value of their own under a new name, in a file of their own (`user_modules` loads
it) or as an entry point of a package of theirs. The code behind such a value is part of the keys of
what is made with it: see `Registry.code_digest`.
"""

from __future__ import annotations

import hashlib
import re
import sys
import weakref
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar, cast, overload

from sublim_utils.errors import SublimError, no_such
from sublim_utils.keys import as_data, text_digest

T = TypeVar("T")
V = TypeVar("V")

_PACKAGE = __name__.partition(".")[0]
_NAME = re.compile(r"\w+(?:[ .-]\w+)*")


_REGISTRIES: weakref.WeakSet[Registry[Any]] = weakref.WeakSet()
_WAITING: dict[str, dict[str, Any]] = {}
"""Values by kind and name, of registries whose module is not imported yet."""


class Registry(Generic[T]):
    """Values of one kind by name.

    Args:
        kind: what they are called in messages, such as `channel`.
        built_in: the package's own; a text `module` or `module:attribute` is imported when the
            value is asked for.
        group: of entry points by which installed packages add theirs; None for none.
        check: says what is wrong with a user's value, as the end of a sentence; None where nothing
            is.
    """

    def __init__(
        self,
        kind: str,
        built_in: Mapping[str, T | str],
        *,
        group: str | None = None,
        check: Callable[[Any], str | None] = lambda value: None,
    ) -> None:
        """Begin with the package's own."""
        self.kind = kind
        self._group, self._check = group, check
        self._values: dict[str, Any] = {**built_in}
        self._digests: dict[str, str | None] = {}
        self._added: list[str] = []
        _REGISTRIES.add(self)
        for name, value in _WAITING.pop(kind, {}).items():
            self.register(name, value)

    @overload
    def register(self, name: str) -> Callable[[V], V]: ...

    @overload
    def register(self, name: str, value: V) -> V: ...

    def register(self, name: str, value: Any = None) -> Any:
        """Add a value under a new name; without a value, a decorator of a class or function.

        The same value under the same name again is fine.

        Raises:
            SublimError: the name is taken or no name, or the value is not fit for use.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise SublimError(
                f"The {self.kind} cannot be called {name!r}; name it first, in letters, digits, "
                "- and _."
            )
        if value is None:
            return lambda decorated: self.register(name, decorated)
        digest = self._checked(name, value)
        if name in self._find_all():
            if not self._is(name, value, digest):
                raise SublimError(
                    f"There is another {self.kind} {name!r} already; choose another name, or start "
                    "Python anew if you changed its file."
                )
            return value
        self._values[name], self._digests[name] = value, digest
        self._added.append(name)
        return value

    def require(self, name: str) -> str:
        """The name itself, if there is a value of that name; nothing is imported.

        Raises:
            SublimError: there is none.
        """
        if name not in self._find_all():
            raise no_such(self.kind, name, self._values)
        return name

    def get(self, name: str) -> T:
        """The value of that name.

        Raises:
            SublimError: there is none, or it cannot be imported.
        """
        value = self._values[self.require(name)]
        if isinstance(value, EntryPoint):
            value = self._loaded(name, value)
        elif isinstance(value, str):
            module, _, attribute = value.partition(":")
            imported = import_module(module)
            value = getattr(imported, attribute) if attribute else imported
        self._values[name] = value
        return cast(T, value)

    def added(self) -> dict[str, Any]:
        """What a user has registered in this process, by name."""
        return {name: self._values[name] for name in self._added}

    def names(self) -> list[str]:
        """All names, the package's own first."""
        return [*self._find_all()]

    def code_digest(self, name: str) -> str | None:
        """What changes with the code of a user's value: a digest of its module's source file, and
        of its own settings; None for the package's own values and plain data.

        The file is read when the value is registered. What the file imports or reads is not seen.

        Raises:
            SublimError: as `get`.
        """
        self.get(name)
        return self._digests.get(name)

    def _find_all(self) -> dict[str, Any]:
        if self._group is not None:
            points: dict[str, EntryPoint] = {}
            for point in entry_points(group=self._group):
                if point.name in self._values or point.name in points:
                    raise SublimError(
                        f"The package {_distribution(point)} has another {self.kind} "
                        f"{point.name!r}, which there is already; uninstall it, or rename its own."
                    )
                points[point.name] = point
            self._values.update(points)
            self._group = None  # each is found once
        return self._values

    def _loaded(self, name: str, point: EntryPoint) -> T:
        try:
            value: T = point.load()
        except Exception as error:
            raise SublimError(
                f"The {self.kind} {name!r} of the package {_distribution(point)} cannot be "
                f"imported ({type(error).__name__}: {error})."
            ) from error
        self._digests[name] = self._checked(name, value)
        return value

    def _checked(self, name: str, value: Any) -> str | None:
        fault = self._check(value)
        if fault is not None:
            raise SublimError(f"The {self.kind} {name!r} {fault}.")
        return code_digest(value, f"{self.kind} {name!r}")

    def _is(self, name: str, value: Any, digest: str | None) -> bool:
        """Whether a value is the registered one; its file may have been loaded twice."""
        known = self._values[name]
        if known is value or (digest is None and type(known) is type(value) and known == value):
            return True
        return digest is not None and digest == self._digests.get(name)


def additions() -> dict[str, dict[str, Any]]:
    """What a user has registered in this process, by kind and name."""
    return {known.kind: added for known in _REGISTRIES if (added := known.added())}


def add(values: Mapping[str, Mapping[str, Any]]) -> None:
    """Register values by kind and name, as soon as there is a registry of their kind."""
    known = {registry.kind: registry for registry in _REGISTRIES}
    for kind, by_name in values.items():
        if kind in known:
            for name, value in by_name.items():
                known[kind].register(name, value)
        else:
            _WAITING[kind] = dict(by_name)


def module_of(value: Any) -> ModuleType | None:
    """The module in which a value, or the class of an object, is defined; None if it is gone."""
    if isinstance(value, ModuleType):
        return value
    return sys.modules.get(getattr(value, "__module__", type(value).__module__))


def code_digest(value: Any, label: str) -> str | None:
    """A digest of a user's code and its settings; None of the package's own (`Registry`).

    Args:
        value: a module, class, function or object.
        label: what it is called in messages.

    Raises:
        SublimError: another process could not import it, or it holds what has no plain form.
    """
    module = module_of(value)
    package = module.__name__.partition(".")[0] if module else ""
    if package == _PACKAGE:
        return None
    file = getattr(module, "__file__", None)
    if file is None or package in sys.stdlib_module_names:
        raise SublimError(
            f"The {label} cannot be imported by another process; define its class or function in a "
            "file of your own, and import that file."
        )
    if isinstance(value, ModuleType) or hasattr(value, "__qualname__"):
        name, settings = getattr(value, "__qualname__", ""), None
    else:
        name, settings = type(value).__qualname__, getattr(value, "__dict__", value)
    try:
        state = as_data(settings)
    except TypeError as error:
        raise SublimError(
            f"The {label} holds what cannot be part of a key ({error}); register a class or "
            "function that makes it, and not the object."
        ) from error
    return text_digest(hashlib.sha256(Path(file).read_bytes()).hexdigest(), name, state)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
