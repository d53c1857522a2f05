"""Runs that are killed, and whose unfinished work is damaged, end with the record of a calm run."""

import json
import os
import subprocess
import sys
from collections import Counter


def happened(what: str, number: int) -> Counter[str]:
    """What `tests.pipeline.killing` says."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.pipeline.killing", what, str(number)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Counter(json.loads(done.stdout.splitlines()[-1]))


def test_a_run_that_is_killed_again_and_again_ends_with_the_identical_record() -> None:
    counted = happened("kills", 4)
    assert counted["kills"] >= 4
    assert counted["identical"] >= 1
    assert counted["different"] == counted["faults"] == 0


def test_damaged_unfinished_work_is_made_again() -> None:
    counted = happened("damages", 4)
    assert counted["damages"] == 4
    assert counted["identical"] + counted["identical, told"] + counted["a sentence"] == 4
