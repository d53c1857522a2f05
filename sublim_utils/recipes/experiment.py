"""Experiment: everything that a measurement of the book depends on, as plain data."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field

from sublim_utils.config import FrozenConfig
from sublim_utils.keys import key_of, outside_class
from sublim_utils.labels import Labels


class Experiment(FrozenConfig):
    """Everything that one measurement depends on. Subclasses add their settings as plain data.

    Attributes:
        name: what the experiment is called within its finding; it names the record's file and
            is no part of the key.
        seeds: the seeds that are measured, each a whole repetition.
        labels: in what it differs from others; no part of the key either.
    """

    VERSION: ClassVar[int] = 1
    """Raised when the code changes what an equal experiment measures."""

    name: str
    seeds: tuple[int, ...]
    labels: Labels = Field(default=Labels(), exclude=True)

    @property
    def specification(self) -> dict[str, Any]:
        """All that a seed's measurement depends on, but for the seed."""
        settings = self.model_dump(mode="json", exclude={"name", "seeds"})
        kind = {"kind": type(self).__name__, "version": self.VERSION}
        return {**kind, **outside_class(type(self)), **settings}

    @property
    def key(self) -> str:
        """The hash of the specification and the seeds."""
        return key_of({**self.specification, "seeds": list(self.seeds)})

    def in_fp16(self) -> Self:
        """The same for a device that computes in fp16 and not in bf16; itself where it asks for
        neither. A record of it counts as one of the experiment."""
        return self

    def on_this_device(self) -> Self:
        """The experiment as this machine's device can compute it."""
        return self
