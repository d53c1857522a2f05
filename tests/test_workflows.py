"""Workflows run what we chose, with no more rights than they need."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = sorted((Path(__file__).parents[1] / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(request.param.read_text())
    return loaded


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    return list(job["steps"])


def test_there_are_workflows() -> None:
    assert {path.stem for path in WORKFLOWS} >= {"book", "test"}


def test_every_action_is_pinned_to_a_commit(workflow: dict[str, Any]) -> None:
    for job in workflow["jobs"].values():
        for step in steps(job):
            if "uses" in step:
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])


def test_permissions_are_stated(workflow: dict[str, Any]) -> None:
    assert "permissions" in workflow


def test_a_job_that_runs_commands_can_only_read(workflow: dict[str, Any]) -> None:
    for job in workflow["jobs"].values():
        granted = job.get("permissions", workflow["permissions"])
        if any("run" in step for step in steps(job)):
            assert granted == {"contents": "read"}


def test_no_credentials_are_left_in_a_checkout(workflow: dict[str, Any]) -> None:
    for job in workflow["jobs"].values():
        for step in steps(job):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
