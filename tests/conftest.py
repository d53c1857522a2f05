"""What several test files share."""

from pathlib import Path

import pytest

from sublim_utils import profiles


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, and no profile chosen by the environment."""
    monkeypatch.setenv("SUBLIM_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("SUBLIM_PROFILE", raising=False)
    return tmp_path / "store"


@pytest.fixture
def no_cuda(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a GPU, and a store of the test's own."""
    monkeypatch.setattr(profiles, "cuda_is_available", lambda: False)
