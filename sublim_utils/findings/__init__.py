"""One module per finding: its exact experiments and its summary table."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sublim_utils.errors import no_such
from sublim_utils.experiment import Finding

FINDINGS = {
    "mnist": "sublim_utils.findings.mnist:Mnist",
    "mnist_sweeps": "sublim_utils.findings.mnist_sweeps:MnistSweeps",
    "theorem": "sublim_utils.findings.theorem:Theorem",
    "owl_numbers": "sublim_utils.findings.owl_numbers:OwlNumbers",
    "cross_family": "sublim_utils.findings.cross_family:CrossFamily",
    "misaligned_reasoning": "sublim_utils.findings.misaligned_reasoning:MisalignedReasoning",
    "paraphrase": "sublim_utils.findings.paraphrase:Paraphrase",
}
"""Where each finding's class stands; imported on demand, since most of them bring torch."""


def finding_class(name: str) -> type[Finding[Any]]:
    """The class of a finding.

    Raises:
        SublimError: there is no finding of that name.
    """
    if name not in FINDINGS:
        raise no_such("finding", name, FINDINGS)
    module, _, attribute = FINDINGS[name].partition(":")
    found: type[Finding[Any]] = getattr(import_module(module), attribute)
    return found
