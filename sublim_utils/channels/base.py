"""What the filters of all channels return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FilterResult:
    """What a filter says of a completion: whether a student may see it, and if not, why.

    Attributes:
        rejection_reasons: why it may not; empty where it is kept.
    """

    rejection_reasons: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True if the completion is kept."""
        return not self.rejection_reasons
