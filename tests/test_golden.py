"""No change of the code changes a key or a measured value unnoticed."""

import json

import pytest

from tests import golden


@pytest.mark.parametrize("name", ["keys", "values"])
def test_keys_and_values_are_those_agreed_on(name: str) -> None:
    agreed = json.loads((golden.FOLDER / f"{name}.json").read_text())
    today = getattr(golden, name)()
    differing = sorted(k for k in agreed.keys() | today.keys() if agreed.get(k) != today.get(k))
    assert len(agreed) > 200
    assert not differing, f"{len(differing)} of {len(agreed)} differ: {differing[:5]}"
