"""What the tests of making share."""

from pathlib import Path

import pytest

from sublim_utils.pipeline.context import Context
from tests.pipeline import factories


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A context with an empty store of its own."""
    return factories.context(tmp_path / "store")
