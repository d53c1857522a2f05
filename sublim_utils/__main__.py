"""`python -m sublim_utils` is `sublim`."""

from sublim_utils.cli import app

app(prog_name="sublim")
