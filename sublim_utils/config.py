"""What every recipe and record is built of: frozen, serialisable settings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

Precision = Literal["fp32", "bf16", "fp16", "nf4", "nf4-fp16", "nf4-rounded"]
"""Of frozen weights. NF4 computes in bf16 on a GPU, and `nf4-fp16` in fp16. `nf4-rounded` are NF4's
values kept in fp32: a processor without instructions for four bits computes with them several times
as fast, and saves no memory."""
FOUR_BITS: frozenset[Precision] = frozenset({"nf4", "nf4-fp16"})
"""Precisions whose weights are packed."""
IN_FP16: Mapping[Precision, Precision] = {"bf16": "fp16", "nf4": "nf4-fp16"}
"""What takes the place of a precision on a GPU without bf16 units."""


class FrozenConfig(BaseModel):
    """A frozen, serialisable value without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
