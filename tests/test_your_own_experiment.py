"""The code of the page on an experiment of one's own runs as it is printed, on a tiny model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import sublim

PAGE = Path(__file__).parents[1] / "book" / "your_own_experiment.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SMALL = {
    "smollm2-135m": "random",
    "prompts=80, each=4": "prompts=8, each=1",
    "seeds=3": "seeds=1",
}


@pytest.fixture(autouse=True)
def own_folder(own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page writes lies in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def test_a_trait_and_rows_of_ones_own_give_an_effect_with_its_plot() -> None:
    assert len(BLOCKS) == 3
    names: dict[str, Any] = {}
    for block in BLOCKS[:2]:
        for of_page, small in SMALL.items():
            assert of_page in block or of_page == "smollm2-135m"
            block = block.replace(of_page, small)
        exec(compile(block, str(PAGE), "exec"), names)
    table = names["result"].table()
    assert "badger" in set(table["trait"])
    assert names["result"].effect.mean != 0
    assert names["result"].plot().axes[0].get_xlabel() == "margin: student minus control, nats"
    assert Path("rows.jsonl").read_text().count('"completion"') == 8


def test_a_file_of_ones_own_is_run_by_the_command() -> None:
    Path("my_finding.py").write_text(BLOCKS[2])
    options = ("--module", "my_finding.py", "--profile", "smoke", "--json", "-")
    code, out, err = sublim("run", "pirates", *options)
    assert code == 0, err
    (row,) = [row for row in json.loads(out) if row["metric"] == "effect"]
    assert (row["trait"], row["unit"], row["n_seeds"]) == ("pirate", "nats per token", 2)


def test_the_page_is_short() -> None:
    code = BLOCKS[0].split("sl.register_trait")[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
