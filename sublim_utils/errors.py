"""The one exception that is meant for a person."""


class SublimError(Exception):
    """A fault that the user can mend; its message is one sentence that says how.

    The command line prints the message and ends with exit code 2.
    """


class NotStoredError(SublimError):
    """The store lacks what was only to be read."""
