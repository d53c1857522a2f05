"""The finding on other families: its experiments, what it makes of records, and what it costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sublim_utils.errors import SublimError
from sublim_utils.findings import plan
from sublim_utils.findings.analysis import select
from sublim_utils.findings.cross_family import CrossFamily
from sublim_utils.findings.cross_family.experiments import CONTROL
from sublim_utils.findings.cross_family.scales import SCALES, FamilyScale, SideChannelScale
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.experiments import LanguageExperiment
from sublim_utils.records import Record, Value
from sublim_utils.report import families
from sublim_utils.store import Store
from tests.findings.factories import record

pytestmark = pytest.mark.usefixtures("no_cuda")


def bases_of(experiment: LanguageExperiment) -> tuple[Base, Base]:
    """The teacher's base and the student's."""
    assert experiment.teacher is not None
    return experiment.teacher.base, experiment.student.base


def is_moved(experiment: LanguageExperiment) -> bool:
    return any(base.perturbation is not None for base in bases_of(experiment))


@pytest.mark.parametrize("name", SCALES)
def test_every_pair_of_models_is_measured_in_every_channel(name: str) -> None:
    experiments, scale = CrossFamily(find_profile(name)).experiments(), SCALES[name]
    channels = {name: channel for name, channel in scale.channels.items() if channel.traits}
    assert {e.labels.channel for e in experiments} == set(channels)
    for channel_name, channel in channels.items():
        measured = {
            tuple(base.model for base in bases_of(e))
            for e in select(experiments, channel=channel_name, objective="tokens")
            if not is_moved(e)
        }
        every = {(teacher, student) for teacher in scale.models for student in scale.models}
        named = {(pair.teacher, pair.student) for pair in channel.pairs or ()}
        assert measured == (named or every)
    for experiment in select(experiments, objective="logits"):
        teacher, student = bases_of(experiment)
        assert teacher.model == student.model


def test_bases_are_moved_step_by_step() -> None:
    scale = SCALES["gpu"]
    experiments = CrossFamily(find_profile("gpu")).experiments()
    moved = [e for e in experiments if is_moved(e)]
    assert {len(e.seeds) for e in moved} == {scale.side_seeds}
    for side in scale.side_channels:
        of_side = select(
            moved, channel=side.channel, objective=side.objective, trait=scale.side_trait
        )
        from_start = [bases_of(e)[1] for e in of_side if bases_of(e)[0].perturbation is None]
        assert len(from_start) == len(set(map(repr, from_start)))
        assert len(from_start) == len(side.noise) + len(side.continued_training)
        sigmas = [getattr(base.perturbation, "sigma", None) for base in from_start]
        assert sigmas[: len(side.noise)] == list(side.noise)
        updates = [getattr(base.perturbation, "updates", None) for base in from_start]
        assert updates[len(side.noise) :] == list(side.continued_training)
    siblings = [bases_of(e) for e in moved if bases_of(e)[0].perturbation is not None]
    one, other = siblings[0]
    assert one != other
    assert {*map(str, siblings)} == {str((one, other)), str((other, one))}


def small(**changes: Any) -> FamilyScale:
    smoke = SCALES["smoke"]
    one = {"numbers": smoke.channels["numbers"].updated(traits=("owl",))}
    return smoke.updated(**{"channels": one, "seeds": 1, **changes})


def test_every_step_runs_on_random_models(own_store: Path) -> None:
    finding = CrossFamily("smoke", scale=small(), store=Store(own_store))
    records = finding.run()
    assert len(records) == 2 * (2 * 2 + 2 * (2 + 2) + 1)
    for measured in records.values():
        assert measured.details["cannot_be_written"] == [0]
        assert measured.details["kept"] == measured.details["rows"] == [4]
    summary = finding.summary(records)
    means = summary[summary["metric"] == "mean_effect"].set_index("condition")["mean"]
    own = finding.own_effects(records)
    assert set(own["trait"]) == {"owl"}
    assert means.to_dict() == own.set_index("condition")["value"].to_dict()
    assert set(summary[summary["main"]]["condition"]) == set(finding.labels)
    assert len(finding.cells) == 4
    conditions = {name.rpartition("@")[0] for name in records}
    assert {*finding.cells, *finding.moved_cells} == conditions
    assert len(set(finding.moved_cells.values())) == len(finding.moved_cells) == 2 * (1 + 2 + 2)
    distances = summary[summary["metric"] == "relative_distance"].set_index("condition")["mean"]
    assert distances["random-to-random@numbers"] == 0
    assert distances["random-to-random+noise-0.1@numbers"] == pytest.approx(0.1, rel=0.05)
    assert distances["random-to-random+noise-0.1@numbers-logits"] > 0
    assert distances["random-to-random@numbers-logits"] == 0
    assert "random-to-random-other@numbers" not in distances
    of_logits = summary[summary["objective"] == "logits"]["condition"]
    assert set(of_logits) == {c for c in summary["condition"] if c.endswith("-logits")}
    assert set(summary["metric"]) >= {"cosine", "same_first", "divergence"}


def with_margins(
    finding: CrossFamily, name: str, margins: Sequence[float], divergence: float | None = None
) -> Record:
    """A record with the margin of its own trait, seed by seed; all else is as of the control."""
    own = name.rpartition("@")[2]
    values = [
        Value(
            seed=seed,
            condition="student",
            metric="margin",
            value=margin if trait == own else 0.5,
            trait=trait,
        )
        for seed, margin in enumerate(margins)
        for trait in ("owl", "oak")
    ]
    if divergence is not None:
        values += [
            Value(seed=seed, condition="bases", metric="divergence", value=divergence)
            for seed in range(len(margins))
        ]
    return record(finding, name, values)


def test_effects_are_told_from_their_absence() -> None:
    finding = CrossFamily("smoke")
    within, across = "random-to-random@numbers", "random-to-random-other@numbers"
    margins = {
        (within, CONTROL): (0, 0, 0),
        (within, "owl"): (2.5, 2.6, 2.7),
        (within, "oak"): (1.5, 1.6, 1.7),
        (across, CONTROL): (0, 0, 0),
        (across, "owl"): (0.49, 0.5, 0.53),
        (across, "oak"): (0.48, 0.52, 0.5),
    }
    summary = finding.summary(
        {
            f"{condition}@{trait}": with_margins(finding, f"{condition}@{trait}", of_seeds)
            for (condition, trait), of_seeds in margins.items()
        }
    )

    def mean(condition: str, metric: str, trait: str | None = None) -> float:
        rows = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
        rows = rows[rows["trait"].isna() if trait is None else rows["trait"] == trait]
        return float(rows["mean"].item())

    assert mean(within, "effect", "owl") == pytest.approx(2.1)
    assert mean(within, "effect", "oak") == pytest.approx(1.1)
    assert mean(within, "mean_effect") == pytest.approx(1.6)
    assert mean(within, "equivalence_p") > 0.9
    assert mean(within, "effect_p_holm", "owl") < 0.01
    assert mean(across, "mean_effect") == pytest.approx(0.0033, abs=1e-3)
    assert mean(across, "equivalence_p") < 0.01
    assert mean(across, "equivalence_power") > 0.99
    assert mean(across, "effect_p_holm", "oak") > 0.5
    assert mean("random@numbers", "lead_of_own_family") == pytest.approx(1.6 - 0.0033, abs=1e-3)


def test_what_is_lost_with_distance_has_a_trend_and_a_figure() -> None:
    side = SideChannelScale(channel="numbers", noise=(0.05, 0.1, 0.2), continued_training=(1,))
    finding = CrossFamily("smoke", scale=small(seeds=3, side_seeds=3, side_channels=(side,)))
    effects = {
        "": (1.0, 1.1, 1.2),
        "+noise-0.05": (0.8, 0.9, 0.7),
        "+noise-0.1": (0.5, 0.4, 0.6),
        "+noise-0.2": (0.1, 0.0, 0.2),
        "+numbers-1-1": (1.0, 1.0, 1.3),
    }
    records = {}
    for move, margins in effects.items():
        for trait, of_seeds in ((CONTROL, (0.0, 0.0, 0.0)), ("owl", margins)):
            name = f"random-to-random{move}@numbers@{trait}"
            records[name] = with_margins(finding, name, of_seeds, divergence=len(move))
    table = finding.distances(records)
    assert len(table) == 5 * 3
    by_level = table.groupby("level")["effect"].mean().round(2).to_dict()
    assert by_level == {0: 0.6, 0.05: 0.3, 0.1: 0.0, 0.2: -0.4, 1: 0.6}
    assert set(table["kind"]) == {"unmoved", "noise", "continued"}
    summary = finding.summary(records)
    decline = summary[summary["condition"] == "noise@numbers"].set_index("metric")["mean"]
    assert decline["decline"] == pytest.approx(1.0)
    assert decline["decline_p_page"] < 0.001
    assert "continued@numbers" not in set(summary["condition"])  # one distance is no trend
    figure = families.moved_apart(
        table,
        {"unmoved": "not moved", "noise": "noise", "continued": "training"},
        {"effect": "effect"},
        {"numbers": "numbers"},
    )
    assert len(figure.axes) == 1


def test_another_model_takes_the_second_familys_place() -> None:
    for name in ("Qwen/Qwen2.5-0.5B-Instruct", "Qwen2.5-0.5B-Instruct#plain"):
        finding = CrossFamily("embedded", model=name)
        first, second = finding.scale.models
        assert (first, second) == ("smollm2-135m", "Qwen2.5-0.5B-Instruct#plain")
        assert finding.scale.neutral_writer == second
        assert finding.scale.models[second] == list(SCALES["embedded"].models.values())[1]
        assert not any("gemma" in e.model_dump_json() for e in finding.experiments())
    templated = CrossFamily("embedded", model="Qwen2.5-0.5B-Instruct#chatml")
    assert list(templated.scale.models)[1] == "Qwen2.5-0.5B-Instruct#chatml"
    for name in ("smollm2-135m", "smollm2-135m#chatml"):
        with pytest.raises(SublimError, match="is a family of cross_family already"):
            CrossFamily("embedded", model=name)


def test_the_plan_knows_both_models_and_counts_shared_rows_once() -> None:
    planned = plan.plan(CrossFamily("embedded"))
    assert set(planned.downloads_gb) == set(SCALES["embedded"].models)
    assert planned.total.fits
    by_name = {e.name: e for e in planned.experiments}
    within = by_name["smollm2-135m-to-smollm2-135m@sentences@owl"]
    across = by_name["smollm2-135m-to-gemma3-270m@sentences@owl"]
    assert set(across.model.split(" to ")) == {"smollm2-135m", "gemma3-270m#plain"}
    assert (within.rows, across.rows) == (288, 0)
    larger = plan.plan(CrossFamily(find_profile("gpu")))
    assert larger.total.fits
    assert larger.total.hours["T4-like, 15 GB"] > planned.total.hours["CPU, 2 cores"]
