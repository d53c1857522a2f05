"""Recipe: a frozen description of something that can be made, and the key under which it is kept.

Recipes refer to the recipes of what they are made from, so that an experiment is a small graph.
Equal recipes with equal seeds describe the same artifact. What makes them is in `pipeline`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, Self

from pydantic import SerializerFunctionWrapHandler, model_serializer

from sublim_utils.config import Checked, FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.keys import key_of, outside_class
from sublim_utils.registry import code_digest


class Recipe(Checked):
    """What one artifact is made from, as plain data.

    A class names in `key_form` what its artifact depends on, apart from its inputs' own dependence
    on the seed. The form of a user's class gets the name of the class and a digest of its file, so
    that it is never taken for another one's.

    Raises:
        SublimError: as for `Checked`; or the class was derived from another one and does not say
            what its artifacts depend on.
    """

    def __init__(self, *values: Any, **fields: Any) -> None:
        """Check the fields."""
        if "key_form" not in vars(type(self)):
            raise SublimError(
                f"{type(self).__name__} does not say what its artifacts depend on; give it a "
                "method key_form of its own, so that it is never handed another recipe's artifacts."
            )
        super().__init__(*values, **fields)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Let the key form of a user's class name the class, wherever the form is part of a key."""
        mark = outside_class(cls)
        if "key_form" in vars(cls) and mark:
            mark["code"] = str(code_digest(cls, f"class {cls.__name__}"))
            own = cls.key_form
            cls.key_form = lambda self: {**own(self), **mark}  # type: ignore[method-assign]

    @abstractmethod
    def key_form(self) -> dict[str, Any]:
        """Everything that the artifact depends on but the seed, independent of names and layout."""

    def but(self, **changes: Any) -> Self:
        """The same with some fields changed, checked as a new one is."""
        return type(self)(**{**dict(self), **changes})

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
