"""The part of the benchmarks that waits for a GPU runs, on a tiny shape, and is not run twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "seven_b.py"


def run(folder: Path) -> str:
    command = [sys.executable, str(SCRIPT), str(folder), "--tiny", "--part", "ours-fp16"]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_part_is_measured_once(tmp_path: Path) -> None:
    first = run(tmp_path)
    result = tmp_path / "ours-fp16.json"
    found = json.loads(result.read_text())
    assert found["tokens_per_s"] > 0
    assert found["peak_mb"] > 0
    before = result.stat().st_mtime_ns
    assert run(tmp_path) == first
    assert result.stat().st_mtime_ns == before
