"""Keys and measured values as they were agreed on; `python -m tests.golden` writes them anew.

A key that changes makes its record, and everything in users' stores that was made under it, count
as not measured. Write the files anew only in a commit that means to do this and says why.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.profiles import PROFILES
from sublim_utils.records import results_folder
from sublim_utils.store import key_of

FOLDER = Path(__file__).parent / "golden"


def keys() -> dict[str, list[str]]:
    """By profile, finding and experiment: its key, and those of its first seed's stages."""
    found = {}
    for name in FINDINGS.names():
        for profile in PROFILES.values():
            for experiment in finding_class(name)(profile).experiments():
                stages = [
                    key_of(getattr(experiment, stage)(experiment.seeds[0]))
                    for stage in ("teacher_specification", "rows_specification")
                    if hasattr(experiment, stage)
                ]
                found[f"{profile.name}/{name}/{experiment.name}"] = [experiment.key, *stages]
    return found


def values() -> dict[str, str]:
    """By shipped record: a hash of its measured numbers, seed by seed, whatever they are called."""
    found = {}
    for path in sorted(results_folder().glob("*/*/*.json")):
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if "values" in record:
            numbers = sorted([value["seed"], value["value"]] for value in record["values"])
            name = str(path.relative_to(results_folder()).with_suffix(""))
            found[name] = hashlib.sha256(json.dumps(numbers).encode()).hexdigest()[:16]
    return found


def write() -> None:
    """Write today's keys and values, one line an experiment."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in (("keys", keys()), ("values", values())):
        lines = [f"{json.dumps(key)}: {json.dumps(content[key])}" for key in sorted(content)]
        (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write()
