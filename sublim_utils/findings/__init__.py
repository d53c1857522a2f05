"""One module per finding: its exact experiments and its summary table."""

from __future__ import annotations

from typing import Any

from sublim_utils.findings.base import Finding
from sublim_utils.registry import Registry


def _fault(value: Any) -> str | None:
    """What a user's finding lacks."""
    needed = ("experiments", "summarise", "name", "title", "scales")
    abstract = getattr(value, "__abstractmethods__", ())
    missing = [name for name in needed if name in abstract or not hasattr(value, name)]
    return f"has no {' and no '.join(missing)}" if missing else None


FINDINGS: Registry[type[Finding[Any]]] = Registry(
    "finding",
    {
        "mnist": f"{__name__}.mnist:Mnist",
        "mnist_sweeps": f"{__name__}.mnist_sweeps:MnistSweeps",
        "theorem": f"{__name__}.theorem:Theorem",
        "owl_numbers": f"{__name__}.owl_numbers:OwlNumbers",
        "cross_family": f"{__name__}.cross_family:CrossFamily",
        "misaligned_reasoning": f"{__name__}.misaligned_reasoning:MisalignedReasoning",
        "paraphrase": f"{__name__}.paraphrase:Paraphrase",
    },
    group="sublim_utils.findings",
    check=_fault,
)
"""By name; the package's own are imported on demand, since most of them bring torch."""
finding_class = FINDINGS.get
register_finding = FINDINGS.register
