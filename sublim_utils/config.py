"""What every recipe and record is built of: frozen, serialisable settings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, ClassVar, Literal, Self, dataclass_transform

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic._internal._model_construction import ModelMetaclass

from sublim_utils.errors import SublimError, no_such, shortened

Precision = Literal["fp32", "fp32-fast", "bf16", "fp16", "nf4", "nf4-fp16", "nf4-rounded"]
"""Of frozen weights. NF4 computes in bf16 on a GPU, and `nf4-fp16` in fp16. `nf4-rounded` are NF4's
values kept in fp32: a processor without instructions for four bits computes with them several times
as fast, and saves no memory. `fp32-fast` is fp32 but for the frozen layers' products, whose factors
are rounded to bf16 (`models.rounded`), for processors that multiply these faster."""
FAST: Precision = "fp32-fast"
"""fp32 with frozen layers' products in bf16."""
FOUR_BITS: frozenset[Precision] = frozenset({"nf4", "nf4-fp16"})
"""Precisions whose weights are packed."""
IN_FP16: Mapping[Precision, Precision] = {"bf16": "fp16", "nf4": "nf4-fp16"}
"""What takes the place of a precision on a GPU without bf16 units."""


class FrozenConfig(BaseModel):
    """A frozen, serialisable value without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    OMIT_AT_DEFAULT: ClassVar[tuple[str, ...]] = ()
    """Settings that are younger than some records. At their default they are left out of the plain
    form, so that the keys of what was made before them still hold."""

    def updated(self, **settings: Any) -> Self:
        """The same but for some settings; they are checked, and must fit the others."""
        return type(self).model_validate(self.model_dump() | settings)

    @model_serializer(mode="wrap")
    def _without_later_defaults(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        settings: dict[str, Any] = dump(self)
        later = chain.from_iterable(
            vars(kind).get("OMIT_AT_DEFAULT", ()) for kind in type(self).__mro__
        )
        for name in later:
            if getattr(self, name) == type(self).model_fields[name].default:
                settings.pop(name, None)
        return settings


@dataclass_transform(field_specifiers=(Field,))
class _FieldsByPosition(ModelMetaclass):
    """Tells type checkers that fields can be given by position."""


class Checked(FrozenConfig, metaclass=_FieldsByPosition):
    """Settings that a user writes. Fields can be given by position, in their order.

    Raises:
        SublimError: a field is unknown, missing or of the wrong kind.
    """

    def __init__(self, *values: Any, **fields: Any) -> None:
        """Check the fields."""
        name, names = type(self).__name__, list(type(self).model_fields)
        if len(values) > len(names):
            raise SublimError(f"{name} takes at most {len(names)} values.")
        if twice := [field for field in names[: len(values)] if field in fields]:
            raise SublimError(f"{name} is given {twice[0]} twice, by position and by name.")
        try:
            super().__init__(**dict(zip(names, values, strict=False)), **fields)
        except ValidationError as error:
            raise _in_words(name, error, names) from None


def _in_words(kind: str, error: ValidationError, names: list[str]) -> SublimError:
    """The first fault of a recipe's fields as a sentence."""
    fault = error.errors()[0]
    first, *inner = fault["loc"] or (kind,)  # beside positions, inner ones name kinds of a union
    field = ".".join(str(part) for part in (first, *inner) if part == first or type(part) is int)
    if fault["type"] == "extra_forbidden":
        return no_such(f"field of {kind}", field, names)
    if fault["type"] == "missing":
        return SublimError(f"{kind} needs a value for {field}.")
    reason = fault["msg"].removeprefix("Value error, ").rstrip(".")
    given = shortened(" ".join(repr(fault["input"]).split()))
    if fault["loc"]:
        return SublimError(f"{kind} cannot have {given} as its {field}: {reason}.")
    return SublimError(f"{kind}: {reason}.")
