"""The one exception that is meant for a person."""


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
