"""Recipe: a frozen description of something that can be made, and the key under which it is kept.

Recipes refer to the recipes of what they are made from, so that an experiment is a small graph.
Equal recipes with equal seeds describe the same artifact. What makes them is in `pipeline`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, Self, dataclass_transform

from pydantic import Field, SerializerFunctionWrapHandler, ValidationError, model_serializer
from pydantic._internal._model_construction import ModelMetaclass

from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError, no_such, shortened
from sublim_utils.keys import key_of, outside_class


@dataclass_transform(field_specifiers=(Field,))
class _FieldsByPosition(ModelMetaclass):
    """Tells type checkers that fields can be given by position."""


class Recipe(FrozenConfig, metaclass=_FieldsByPosition):
    """What one artifact is made from, as plain data.

    Fields can be given by position, in their order. A class names in `key_form` what its artifact
    depends on, apart from its inputs' own dependence on the seed. The form of a user's class gets
    the name of the class, so that it is never taken for another one's.

    Raises:
        SublimError: a field is unknown, missing or of the wrong kind; or the class was derived
            from another one and does not say what its artifacts depend on.
    """

    def __init__(self, *values: Any, **fields: Any) -> None:
        """Check the fields."""
        kind, names = type(self), list(type(self).model_fields)
        if "key_form" not in vars(kind):
            raise SublimError(
                f"{kind.__name__} does not say what its artifacts depend on; give it a method "
                "key_form of its own, so that it is never handed another recipe's artifacts."
            )
        if len(values) > len(names):
            raise SublimError(f"{kind.__name__} takes at most {len(names)} values.")
        try:
            super().__init__(**dict(zip(names, values, strict=False)), **fields)
        except ValidationError as error:
            raise _in_words(kind.__name__, error, names) from None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Let the key form of a user's class name the class, wherever the form is part of a key."""
        mark = outside_class(cls)
        if "key_form" in vars(cls) and mark:
            own = cls.key_form
            cls.key_form = lambda self: {**own(self), **mark}  # type: ignore[method-assign]

    @abstractmethod
    def key_form(self) -> dict[str, Any]:
        """Everything that the artifact depends on but the seed, independent of names and layout."""

    @property
    def inputs(self) -> tuple[Recipe, ...]:
        """The recipes that this one is made from directly."""
        values = [value for _, value in self]
        listed = [v for value in values for v in (value if isinstance(value, tuple) else (value,))]
        return tuple(value for value in listed if isinstance(value, Recipe))

    @property
    def depends_on_seed(self) -> bool:
        """True if another seed gives another artifact."""
        return any(recipe.depends_on_seed for recipe in self.inputs)

    def specification(self, seed: int) -> dict[str, Any]:
        """What the key of the artifact is the hash of."""
        return {**self.key_form(), **({"seed": seed} if self.depends_on_seed else {})}

    def key(self, seed: int) -> str:
        """The key under which the store keeps the artifact of a seed."""
        return key_of(self.specification(seed))

    def but(self, **changes: Any) -> Self:
        """The same recipe with some fields changed, checked as a new one is."""
        return type(self)(**{**dict(self), **changes})

    @model_serializer(mode="wrap")
    def _with_its_kind(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"kind": type(self).__name__, **plain(self)}


def walk(recipe: Recipe) -> Iterator[Recipe]:
    """A recipe and all that it is made from, inputs first; one that is used twice comes twice."""
    for part in recipe.inputs:
        yield from walk(part)
    yield recipe


def replaced(recipe: Any, change: Callable[[Recipe], Recipe]) -> Any:
    """The recipe with `change` applied to each recipe in it, inputs first."""
    if isinstance(recipe, tuple):
        return tuple(replaced(part, change) for part in recipe)
    if not isinstance(recipe, FrozenConfig):
        return recipe
    fields = {name: replaced(value, change) for name, value in recipe}
    changes = {name: value for name, value in fields.items() if value is not getattr(recipe, name)}
    same = recipe.model_copy(update=changes) if changes else recipe
    return change(same) if isinstance(same, Recipe) else same


def _in_words(kind: str, error: ValidationError, names: list[str]) -> SublimError:
    """The first fault of a recipe's fields as a sentence."""
    fault = error.errors()[0]
    field = ".".join(map(str, fault["loc"])) or kind
    if fault["type"] == "extra_forbidden":
        return no_such(f"field of {kind}", field, names)
    if fault["type"] == "missing":
        return SublimError(f"{kind} needs a value for {field}.")
    reason = fault["msg"].removeprefix("Value error, ").rstrip(".")
    given = shortened(repr(fault["input"]))
    if fault["loc"]:
        return SublimError(f"{kind} cannot have {given} as its {field}: {reason}.")
    return SublimError(f"{kind}: {reason}.")
