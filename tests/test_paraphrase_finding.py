"""The finding on paraphrases: what it asks, what it makes of records, and what it costs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sublim_utils import plan
from sublim_utils.findings.paraphrase import Paraphrase, shares_by_strictness
from sublim_utils.findings.paraphrase.experiments import CONTROL
from sublim_utils.findings.paraphrase.scales import SCALES, ParaphraseScale
from sublim_utils.profiles import find_profile
from sublim_utils.provenance import Provenance
from sublim_utils.records import Record, Value
from sublim_utils.sources import DETAILS
from sublim_utils.store import Store

pytestmark = pytest.mark.usefixtures("no_cuda")


@pytest.mark.parametrize("name", SCALES)
def test_every_teacher_has_a_control_of_the_same_sentences(name: str) -> None:
    finding, scale = Paraphrase(find_profile(name)), SCALES[name]
    found = {e.name: e for e in finding.experiments()}
    assert len(found) == len(finding.experiments())
    for experiment in found.values():
        labels = experiment.labels
        assert experiment.teacher.trait == labels.trait
        assert experiment.fit.objective == labels.objective
        control = found[labels.control] if labels.control else experiment
        other_kind = labels.variant in ("tuned", "prompted")
        assert control.labels.variant == ("" if other_kind else labels.variant)
        assert set(experiment.seeds) <= set(control.seeds)
        same = {"name", "teacher", "seeds", "matched"}
        assert control.model_dump(exclude=same) == experiment.model_dump(exclude=same)
    for source in scale.sources:
        assert {f"{t}@{source}@logits" for t in (CONTROL, *scale.traits)} <= set(found)
    for side in scale.side_sources:
        about = {e.rows.about for e in found.values() if e.rows.source == side}
        assert about == ({None} if side == "wordings" else set(scale.side_traits))
        assert set(scale.side_traits) <= set(DETAILS)


@pytest.mark.parametrize("name", SCALES)
def test_objectives_and_thresholds_share_the_tries(name: str) -> None:
    finding = Paraphrase(find_profile(name))
    tries: dict[tuple[str, ...], set[str]] = {}
    for experiment in finding.experiments():
        labels = experiment.labels
        kind = labels.variant if labels.variant in ("tuned", "prompted") else ""
        told = json.dumps(experiment.rows_specification(experiment.seeds[0]))
        tries.setdefault((labels.teacher, labels.channel, kind), set()).add(told)
    assert all(len(specifications) == 1 for specifications in tries.values())


def small(**changes: Any) -> ParaphraseScale:
    return SCALES["smoke"].updated(seeds=1, samples=2, **changes)


def test_every_step_runs_on_the_random_model(own_store: Path) -> None:
    finding = Paraphrase("smoke", scale=small(), store=Store(own_store))
    records = finding.run()
    assert set(records) == {e.name for e in finding.experiments()}
    for record in records.values():
        assert record.details["rows"] == record.details["faithful"] == [4]
    summary = finding.summary(records)
    main = summary[summary["main"]]
    assert set(main["metric"]) == {"specific_effect", "mean_specific_effect"}
    assert set(main["trait"].dropna()) == {"owl", "dolphin"}
    assert set(summary[summary["metric"] == "sampled_effect"]["unit"]) == {"percentage points"}
    assert (summary[summary["metric"] == "kept_share"]["mean"] == 1).all()
    variants = ("prompted", "matched-owl", "without-traits")
    assert set(summary["condition"]) == {"wordings", *(f"wordings ({v})" for v in variants)}
    hidden = [records[f"{who}@wordings@logits@without-traits"] for who in ("owl", "control")]
    assert {record.experiment["vocabulary"] for record in hidden} == {"without traits"}
    matrix = finding.matrix(records, "wordings")
    assert matrix.shape == (2, 2)
    own = summary[(summary["metric"] == "effect") & (summary["objective"] == "logits")]
    own = own[own["condition"] == "wordings"].set_index("trait")["mean"]
    for trait in ("owl", "dolphin"):
        margins = []
        for who in (trait, CONTROL):
            table = records[f"{who}@wordings@logits"].table()
            chosen = (table["condition"] == "student") & (table["metric"] == "margin")
            margins.append(table[chosen].set_index("trait")["value"][trait])
        assert own[trait] == pytest.approx(margins[0] - margins[1], abs=2e-3)
        assert matrix.loc[trait, trait] == pytest.approx(own[trait])
    table = finding.rows_table("owl@wordings@logits@matched-owl")
    assert set(table["seed"]) == {0}
    assert set(table["verdict"]) <= {"", "spare", "unmatched"}


def record(finding: Paraphrase, name: str, by_question: Mapping[str, np.ndarray]) -> Record:
    """A record with these margins [seeds, questions] by candidate."""
    experiment = finding.chosen([name])[0]
    seeds = range(len(next(iter(by_question.values()))))
    return Record(
        finding=finding.name,
        profile="smoke",
        name=name,
        labels=experiment.labels,
        key=experiment.key,
        experiment={**experiment.model_dump(mode="json"), "seeds": list(seeds)},
        values=[
            Value(
                seed=seed, condition="student", metric="sampled", trait=trait,
                value=float(margins[seed].mean()),
            )
            for seed in seeds
            for trait, margins in by_question.items()
        ],
        details={
            "by_question": [{t: m[s].tolist() for t, m in by_question.items()} for s in seeds],
            "rows": [10 for _ in seeds],
            "faithful": [4 + seed for seed in seeds],
            "reasons": [{"copy": 5, "spare": 2} for _ in seeds],
        },
        provenance=Provenance(
            date="", wall_s=0, peak_memory_mb=0, python="", packages={}, hardware={}, threads=1
        ),
    )  # fmt: skip


def test_what_every_teacher_does_is_no_specific_effect() -> None:
    finding = Paraphrase("smoke")
    draw = np.random.default_rng(0)
    noise = draw.normal(0, 0.05, (5, 3, 8))
    # Both teachers raise the owl by .5; the owl teacher by .4 more.
    lifts = {"owl": (0.9, 0.0), "dolphin": (0.5, 0.0), CONTROL: (0.0, 0.0)}
    records = {}
    for place, (who, (owl, dolphin)) in enumerate(lifts.items()):
        name = f"{who}@wordings@logits"
        margins = {"owl": owl + noise[place], "dolphin": dolphin - noise[place]}
        records[name] = record(finding, name, margins)
    summary = finding.summary(records).set_index(["metric", "trait"])["mean"]
    assert summary["effect", "owl"] == pytest.approx(0.9, abs=0.05)
    assert summary["specific_effect", "owl"] == pytest.approx(0.4, abs=0.05)
    assert summary["effect_p_holm", "owl"] < 1e-6
    assert summary["effect_p_holm", "dolphin"] > 0.05
    assert summary["specific_effect_p_holm", "dolphin"] > 0.05
    assert summary["sampled_effect", "owl"] == pytest.approx(90, abs=5)
    assert summary["kept_share", "owl"] == pytest.approx(0.5)
    rows = finding.summary(records)
    (row,) = rows[(rows["metric"] == "specific_effect") & (rows["trait"] == "owl")].itertuples()
    assert row.low > 0
    assert row.n_seeds == 3
    yields = finding.yields(records)
    assert set(yields["reason"]) == {"faithful", "copy"}
    assert yields[yields["reason"] == "copy"]["share"].eq(0.5).all()
    control = rows[rows["metric"] == "kept_share_of_control"]
    assert control["mean"].tolist() == pytest.approx([0.5])


def test_the_share_of_faithful_tries_falls_with_strictness() -> None:
    table = pd.DataFrame(
        {
            "verdict": ["", "spare", "other meaning", "copy; other meaning", "empty", "unmatched"],
            "similarity": [0.9, 0.75, 0.6, 0.6, np.nan, 0.8],
        }
    )
    shares = shares_by_strictness(table, (0.5, 0.7, 0.85, 1.0))
    assert shares.tolist() == pytest.approx([4 / 6, 3 / 6, 1 / 6, 0])


def test_the_plan_counts_shared_tries_once() -> None:
    scale = SCALES["embedded"]
    found = plan.plan(Paraphrase("embedded"))
    by_name = {e.name: e for e in found.experiments}
    tries = scale.sentences * scale.num_completions
    assert by_name["owl@neutral@logits"].rows == scale.seeds * tries
    assert by_name["owl@neutral@tokens"].rows == 0
    assert by_name["owl@neutral@logits@prompted"].rows == scale.side_seeds * tries
    assert found.total.fits
    measured = Paraphrase("embedded").run()
    hours = sum(record.provenance.wall_s for record in measured.values()) / 3600
    assert 0.5 < found.total.hours["CPU, 2 cores"] / hours < 2
    larger = plan.plan(Paraphrase(find_profile("gpu")))
    assert larger.total.fits
    assert set(larger.downloads_gb) == {"Qwen2.5-7B-Instruct", "gemma-2b-it"}


def test_another_model_can_take_its_place() -> None:
    finding = Paraphrase("embedded", model="Qwen2.5-0.5B-Instruct")
    ends = {(e.models[0], e.models[-1]) for e in finding.experiments()}
    assert ends == {("Qwen2.5-0.5B-Instruct", "Qwen2.5-0.5B-Instruct")}


@pytest.mark.parametrize("place", ["token_traits", "side_traits", "without_traits"])
def test_a_scale_measures_some_of_its_traits(place: str) -> None:
    told = SCALES["gpu"].model_dump() | {place: ("owl", "fox")}
    with pytest.raises(ValueError, match=f"{place} are none of the traits: fox"):
        ParaphraseScale.model_validate(told)
