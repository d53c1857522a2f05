"""`sublim verify`: records measured again."""

from __future__ import annotations

from typing import Annotated

import typer

from sublim_utils.commands.options import Modules, ProfileName, for_people
from sublim_utils.commands.printing import print_table
from sublim_utils.errors import SublimError
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.running import took


@for_people
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Findings to verify; --all alone verifies all of them."),
    ] = None,
    profile: ProfileName = None,
    seeds: Annotated[int, typer.Option(help="Number of each record's seeds to repeat.")] = 1,
    experiment: Annotated[
        list[str] | None,
        typer.Option(
            help="Experiment to verify; repeat for several. By default one with an effect."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Verify all experiments, which may take hours.")
    ] = False,
    modules: Modules = None,
) -> None:
    """Measure experiments again and compare them with their records; exit code 1 if one differs.

    The controls of their effects are measured, too.
    """
    from sublim_utils.findings import verification

    if not (names or every):
        raise SublimError("Name a finding to verify, or take --all for all records.")
    if experiment and (every or len(names or []) != 1):
        raise SublimError("--experiment chooses from one finding; leave out --all and the others.")
    agrees = True
    for name in names or FINDINGS.names():
        finding = finding_class(name)(profile)
        chosen = finding.names if every else experiment
        chosen = chosen or [verification.standard_choice(finding).name]
        parts = verification.to_measure(finding, chosen, seeds)
        finding.records({part.name for part in parts})  # before hours of measuring
        typer.echo(
            f"{name}: {len(parts)} experiments to measure again.{took(finding, parts)}", err=True
        )
        for verified, comparison in verification.verify(finding, chosen, seeds):
            title = f"{name}/{verified}, {finding.profile.name}"
            print_table(title, *verification.table(comparison))
            typer.echo(verification.sentence(f"{name}/{verified}", comparison))
            agrees = agrees and comparison.agrees
    if not agrees:
        raise typer.Exit(1)
