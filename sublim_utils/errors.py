"""The one exception that is meant for a person."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CHOICES_SHOWN = 20
"""Names in a message at most."""
LONGEST_NAME = 200
"""Characters of a name that are compared with others, which takes long for endless ones."""


class SublimError(Exception):
    """A fault that the user can mend; its message is one sentence that says how.

    The command line prints the message and ends with exit code 2; a notebook shows the message in
    the place of a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of the error."""
        return [f"{type(self).__name__}: {self}"]


class NotStoredError(SublimError):
    """The store lacks what was only to be read."""


def shortened(text: str, most: int = 60) -> str:
    """A text for a message, shortened if it is long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def no_such(kind: str, name: str, choices: Iterable[str], more: str = "") -> SublimError:
    """The error that there is nothing of a name, with the nearest one and what there is.

    Args:
        kind: what was named, such as `finding`.
        name: the name that the user gave.
        choices: all names that there are.
        more: what else may be given, as the end of the sentence.
    """
    names = list(choices)
    near = get_close_matches(name[:LONGEST_NAME], names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    listed = ", ".join(names[:CHOICES_SHOWN])
    if len(names) > CHOICES_SHOWN:
        listed += f" and {len(names) - CHOICES_SHOWN} more"
    offer = f"choose one of {listed}{more}" if names else "there is none at all"
    return SublimError(f"There is no {kind} {shortened(name)!r}{hint}; {offer}.")
