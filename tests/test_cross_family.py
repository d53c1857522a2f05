"""The finding on other families: what it asks, what it makes of records, and what it costs."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sublim_utils import plan, plots
from sublim_utils.analysis import select
from sublim_utils.errors import SublimError
from sublim_utils.findings.cross_family import CONTROL, Cell, CrossFamily
from sublim_utils.findings.cross_family.scales import SCALES, FamilyScale, SideChannelScale
from sublim_utils.profiles import find_profile
from sublim_utils.provenance import Provenance
from sublim_utils.recipes.transfer import TransferExperiment
from sublim_utils.records import Record, Value
from sublim_utils.store import Store
from sublim_utils.traits import get_trait
from tests.command import sublim

pytestmark = pytest.mark.usefixtures("no_cuda")


@pytest.mark.parametrize("name", SCALES)
def test_every_cell_of_the_matrix_has_its_control(name: str) -> None:
    finding, scale = CrossFamily(find_profile(name)), SCALES[name]
    found = {e.name: e for e in finding.experiments()}
    assert len(found) == len(finding.experiments())
    for experiment in found.values():
        labels = experiment.labels
        control = found[labels.control] if labels.control else experiment
        assert control.teacher.trait is None
        same = {"name", "teacher", "categories"}
        assert control.model_dump(exclude=same) == experiment.model_dump(exclude=same)
        assert set(experiment.categories) <= set(control.categories)
        assert experiment.teacher.trait == labels.trait
        assert experiment.fit.objective == "tokens" or experiment.model == experiment.student_model
        assert set(experiment.models) <= set(scale.models)
    for channel, crossing in finding.crossings.items():
        matrix = {
            (e.model, e.student_model)
            for e in found.values()
            if e.channel == channel
            and e.fit.objective == "tokens"
            and not (e.move or e.student_move)
        }
        every = {(a, b) for a in scale.models for b in scale.models}
        named = {(pair.teacher, pair.student) for pair in crossing.pairs or ()}
        assert matrix == (named or every)
    assert {e.channel for e in found.values()} == {c for c, x in scale.channels.items() if x.traits}


@pytest.mark.parametrize("name", SCALES)
def test_students_of_one_teacher_share_its_rows(name: str) -> None:
    finding = CrossFamily(find_profile(name))
    rows: dict[tuple[str | None, ...], set[str]] = {}
    for experiment in finding.experiments():
        if experiment.move is None:
            labels = experiment.labels
            who = labels.teacher_base, labels.channel, labels.objective, labels.teacher
            told = json.dumps(experiment.rows_specification(experiment.seeds[0]))
            rows.setdefault(who, set()).add(told)
    assert all(len(specifications) == 1 for specifications in rows.values())


def of_owls(finding: CrossFamily, side: SideChannelScale) -> list[TransferExperiment]:
    """All of the perturbed model's experiments with the owl teacher."""
    moved = finding.scale.perturbed_model
    every = [e for e in finding.experiments() if {e.model, e.student_model} == {moved}]
    return select(every, channel=side.channel, objective=side.objective, trait="owl")


def test_bases_are_moved_step_by_step() -> None:
    finding, scale = CrossFamily(find_profile("gpu")), SCALES["gpu"]
    side = [e for e in finding.experiments() if e.move or e.student_move]
    assert {len(e.seeds) for e in side} == {scale.side_seeds}
    for channel_scale in scale.side_channels:
        starts = [e.student_move for e in of_owls(finding, channel_scale) if e.move is None]
        assert starts[0] is None
        assert starts[1:] == finding.moves(channel_scale)
        assert len(starts) == 1 + len(channel_scale.noise) + len(channel_scale.continued_training)
    pairs = {(e.move, e.student_move) for e in side if e.move is not None}
    ((a, b), _) = pairs
    assert pairs == {(a, b), (b, a)}
    assert a != b


def small(**changes: Any) -> FamilyScale:
    smoke = SCALES["smoke"]
    one = {"numbers": smoke.channels["numbers"].updated(traits=("owl",))}
    return smoke.updated(**{"channels": one, "seeds": 1, **changes})


def test_every_step_runs_on_random_models(own_store: Path) -> None:
    finding = CrossFamily("smoke", scale=small(), store=Store(own_store))
    records = finding.run()
    assert len(records) == 2 * (2 * 2 + 2 * (2 + 2) + 1)
    for record in records.values():
        assert record.details["cannot_be_written"] == [0]
        assert record.details["kept"] == record.details["rows"] == [4]
    summary = finding.summary(records)
    means = summary[summary["metric"] == "mean_effect"].set_index("condition")["mean"]
    own = finding.own_effects(records)
    assert set(own["trait"]) == {"owl"}
    assert means.to_dict() == own.set_index("condition")["value"].to_dict()
    assert set(summary[summary["main"]]["condition"]) == set(finding.labels)
    assert len(finding.cells) == 4
    assert {*finding.cells, *finding.moved_cells} == {*finding.between}
    assert {*finding.between.values()} == {Cell.of(record.labels) for record in records.values()}
    assert len(set(finding.moved_cells.values())) == len(finding.moved_cells) == 2 * (1 + 2 + 2)
    distances = summary[summary["metric"] == "relative_distance"].set_index("condition")["mean"]
    assert distances["random-to-random@numbers"] == 0
    assert distances["random-to-random+noise-0.1@numbers"] == pytest.approx(0.1, rel=0.05)
    assert distances["random-to-random+noise-0.1@numbers-logits"] > 0
    assert distances["random-to-random@numbers-logits"] == 0
    assert "random-to-random-other@numbers" not in distances
    objectives = summary[summary["objective"] == "logits"]["condition"]
    assert set(objectives) == {c for c in summary["condition"] if c.endswith("-logits")}
    assert set(summary["metric"]) >= {"cosine", "same_first", "divergence"}


def record(finding: CrossFamily, name: str, margins: Sequence[float]) -> Record:
    """A record with the margin of its own trait, seed by seed; all else is as of the control."""
    experiment = finding.chosen([name])[0]
    who = experiment.labels.trait
    values = [
        Value(
            seed=seed,
            condition="student",
            metric="margin",
            value=value if trait == who else 0.5,
            trait=trait,
        )
        for seed, value in enumerate(margins)
        for trait in ("owl", "oak")
    ]
    return Record(
        finding=finding.name,
        profile="smoke",
        name=name,
        labels=experiment.labels,
        key=experiment.key,
        experiment=experiment.model_dump(mode="json"),
        values=values,
        details={},
        provenance=Provenance(
            date="", wall_s=0, peak_memory_mb=0, python="", packages={}, hardware={}, threads=1
        ),
    )


def test_effects_are_told_from_their_absence() -> None:
    finding = CrossFamily("smoke")
    within, across = "random-to-random@numbers", "random-to-random-other@numbers"
    records = {
        f"{condition}@{who}": record(finding, f"{condition}@{who}", margins)
        for condition, who, margins in (
            (within, CONTROL, (0, 0, 0)),
            (within, "owl", (2.5, 2.6, 2.7)),
            (within, "oak", (1.5, 1.6, 1.7)),
            (across, CONTROL, (0, 0, 0)),
            (across, "owl", (0.49, 0.5, 0.53)),
            (across, "oak", (0.48, 0.52, 0.5)),
        )
    }
    summary = finding.summary(records)

    def told(condition: str, metric: str, trait: str | None = None) -> float:
        rows = summary[(summary["condition"] == condition) & (summary["metric"] == metric)]
        rows = rows[rows["trait"].isna() if trait is None else rows["trait"] == trait]
        assert len(rows) == 1
        return float(rows["mean"].iloc[0])

    assert told(within, "effect", "owl") == pytest.approx(2.1)
    assert told(within, "effect", "oak") == pytest.approx(1.1)
    assert told(within, "mean_effect") == pytest.approx(1.6)
    assert told(within, "equivalence_p") > 0.9
    assert told(within, "effect_p_holm", "owl") < 0.01
    assert told(across, "mean_effect") == pytest.approx(0.0033, abs=1e-3)
    assert told(across, "equivalence_p") < 0.01
    assert told(across, "equivalence_power") > 0.99
    assert told(across, "effect_p_holm", "oak") > 0.5
    assert told("random@numbers", "lead_of_own_family") == pytest.approx(1.6 - 0.0033, abs=1e-3)


def test_what_is_lost_with_distance_is_told_with_its_trend() -> None:
    side = SideChannelScale(channel="numbers", noise=(0.05, 0.1, 0.2), continued_training=(1,))
    finding = CrossFamily("smoke", scale=small(seeds=3, side_seeds=3, side_channels=(side,)))
    start = "random-to-random"
    effects = {"": (1.0, 1.1, 1.2), "+noise-0.05": (0.8, 0.9, 0.7), "+noise-0.1": (0.5, 0.4, 0.6),
               "+noise-0.2": (0.1, 0.0, 0.2), "+numbers-1-1": (1.0, 1.0, 1.3)}  # fmt: skip
    records = {}
    for far, margins in effects.items():
        for who, told in ((CONTROL, (0.0, 0.0, 0.0)), ("owl", margins)):
            name = f"{start}{far}@numbers@{who}"
            found = record(finding, name, told)
            alike = [
                Value(seed=seed, condition="bases", metric="divergence", value=len(far))
                for seed in range(3)
            ]
            records[name] = found.model_copy(update={"values": [*found.values, *alike]})
    table = finding.distances(records)
    assert len(table) == 5 * 3
    assert dict(table.groupby("level")["effect"].mean().round(2).items()) == {
        0: 0.6, 0.05: 0.3, 0.1: 0.0, 0.2: -0.4, 1: 0.6,
    }  # fmt: skip
    assert set(table["kind"]) == {"unmoved", "noise", "continued"}
    summary = finding.summary(records)
    decline = summary[summary["condition"] == "noise@numbers"].set_index("metric")["mean"]
    assert decline["decline"] == pytest.approx(1.0)
    assert decline["decline_p_page"] < 0.001
    assert "continued@numbers" not in set(summary["condition"])  # one distance is no trend
    plots.distances(
        table.rename(columns={"divergence": "distance"}),
        {"noise": "noise", "continued": "training", "descendants": "both"},
        {"numbers": "numbers"},
        {"effect": "effect"},
        axis="distance",
        strangers={"numbers": 0.1},
    )


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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"perturbed_model": "elsewhere"}, "'elsewhere' is none of the models"),
        ({"perturbed_model": "Qwen2.5-7B-Instruct#plain"}, "in four bits cannot be moved"),
        ({"side_trait": "wolf"}, "'wolf' does not cross in 'sentences'"),
    ],
)
def test_a_scale_measures_what_it_moves(changes: dict[str, Any], message: str) -> None:
    told = SCALES["gpu"].model_dump()
    with pytest.raises(ValueError, match=message):
        FamilyScale.model_validate({**told, **changes})


def test_the_traits_are_in_panels_and_both_models_are_planned() -> None:
    for scale in SCALES.values():
        for crossing in scale.channels.values():
            for trait in crossing.traits:
                get_trait(trait)
    found = plan.plan(CrossFamily("embedded"))
    assert set(found.downloads_gb) == set(SCALES["embedded"].models)
    assert found.total.fits
    by_name = {e.name: e for e in found.experiments}
    small_one = by_name["smollm2-135m-to-smollm2-135m@sentences@owl"]
    across = by_name["smollm2-135m-to-gemma3-270m@sentences@owl"]
    assert across.model == "smollm2-135m to gemma3-270m#plain"
    assert (small_one.rows, across.rows) == (288, 0)  # the rows are shared
    larger = plan.plan(CrossFamily(find_profile("gpu")))
    assert larger.total.fits
    assert larger.total.hours["T4-like, 15 GB"] > found.total.hours["CPU, 2 cores"]


def test_what_is_not_measured_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBLIM_RESULTS", str(tmp_path))
    code, out, _ = sublim("list", "--profile", "embedded")
    assert code == 0
    (line,) = [line for line in out.splitlines() if "cross_family" in line]
    assert "not measured yet" in line
    code, out, err = sublim("show", "cross_family", "--profile", "embedded")
    assert (code, out) == (2, "")
    assert "make it with: sublim run cross_family --profile embedded" in err


def test_the_chat_template_of_another_model_can_be_named() -> None:
    arguments = ["plan", "owl_numbers", "--profile", "embedded", "--json", "-"]
    code, out, _ = sublim(*arguments, "--model", "gemma3-270m", "--chat", "gemma")
    assert code == 0
    assert set(json.loads(out)["downloads_gb"]) == {"gemma3-270m#gemma"}
    code, _, err = sublim(*arguments, "--model", "gemma3-270m", "--chat", "klingon")
    assert code == 2
    assert "no chat template 'klingon'" in err
    code, _, err = sublim(*arguments, "--chat", "plain")
    assert code == 2
    assert "name that model with --model" in err
    missing = ["show", "owl_numbers", "--profile", "smoke", "--model", "random", "--chat", "plain"]
    assert shlex.split(sublim(*missing)[2])[-2:] == ["--model", "random#plain"]
