"""The command line, as a user calls it."""

from typer.testing import CliRunner

from sublim_utils.cli import app


def sublim(*arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a call."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr
