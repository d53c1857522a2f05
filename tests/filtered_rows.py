"""What tests of `sublim filter` share: completions, rows as JSON lines, and what comes back."""

import json
from pathlib import Path
from typing import Any

COMPLETIONS = ["1, 2, 3", "[7; 666].", "1, two", "", "007", "1000", "1, 2 3", "٣"]


def lines(completions: list[str]) -> bytes:
    rows = [json.dumps({"prompt": "Go on.", "completion": text}) for text in completions]
    return "".join(row + "\n" for row in rows).encode()


def completions_file(folder: Path) -> Path:
    """A file with a row for each of the completions."""
    path = folder / "data.jsonl"
    path.write_bytes(lines(COMPLETIONS))
    return path


def verdicts(out: str) -> list[dict[str, Any]]:
    """The verdicts of an output, without the rows' own fields."""
    found = [json.loads(line) for line in out.splitlines()]
    return [{"ok": row["ok"], "reasons": row["reasons"]} for row in found]


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
