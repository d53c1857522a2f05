"""What several test files share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sublim_utils import profiles, registry

# How long an example takes depends on the machine, and on what else runs there.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def registrations() -> Iterator[None]:
    """What a test registers, and where Python looks for modules, is forgotten again."""
    before = {r: (dict(r._values), dict(r._digests), [*r._added]) for r in registry._REGISTRIES}
    path = [*sys.path]
    yield
    sys.path[:] = path
    for known, (values, digests, added) in before.items():
        known._values, known._digests, known._added = values, digests, added


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
