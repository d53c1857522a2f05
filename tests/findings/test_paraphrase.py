"""The finding on paraphrases: its experiments, what it makes of records, and what it costs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sublim_utils.findings import plan
from sublim_utils.findings.analysis import pick, select
from sublim_utils.findings.paraphrase import Paraphrase, shares_by_strictness
from sublim_utils.findings.paraphrase.experiments import CONTROL
from sublim_utils.findings.paraphrase.scales import SCALES
from sublim_utils.labels import UNTOUCHED
from sublim_utils.profiles import find_profile
from sublim_utils.records import Record, Value
from sublim_utils.store import Store
from sublim_utils.traits.sources import DETAILS
from tests.findings.factories import record

pytestmark = pytest.mark.usefixtures("no_cuda")


@pytest.mark.parametrize("name", SCALES)
def test_all_traits_are_measured_with_each_kind_of_main_sentences(name: str) -> None:
    experiments, scale = Paraphrase(find_profile(name)).experiments(), SCALES[name]
    for source in scale.sources:
        main = select(experiments, channel=source, objective="logits", variant="")
        assert {e.labels.trait for e in main} == {None, *scale.traits}
    for side in scale.side_sources:
        channels = [side] if side == "wordings" else [f"{side}-{t}" for t in scale.side_traits]
        assert all(select(experiments, channel=channel) for channel in channels)
        assert set(scale.side_traits) <= set(DETAILS)


def test_every_step_runs_on_the_random_model(own_store: Path) -> None:
    scale = SCALES["smoke"].updated(seeds=1, samples=2)
    finding = Paraphrase("smoke", scale=scale, store=Store(own_store))
    records = finding.run()
    assert set(records) == {e.name for e in finding.experiments()}
    for measured in records.values():
        assert measured.details["rows"] == measured.details["passed"] == [4]
    summary = finding.summary(records)
    main = summary[summary["main"]]
    assert set(main["metric"]) == {"specific_effect", "mean_specific_effect"}
    assert set(main["trait"].dropna()) == {"owl", "dolphin"}
    assert set(summary[summary["metric"] == "sampled_effect"]["unit"]) == {"percentage points"}
    assert (summary[summary["metric"] == "kept_share"]["mean"] == 1).all()
    variants = ("prompted", "matched-owl", "without-traits", "same-text")
    assert set(summary["condition"]) == {"wordings", *(f"wordings ({v})" for v in variants)}
    for restricted in select(finding.experiments(), variant="without-traits"):
        assert restricted.student.allowed_tokens == "without traits"
    effects = summary[(summary["metric"] == "effect") & (summary["objective"] == "logits")]
    effects = effects[effects["condition"] == "wordings"].set_index("trait")["mean"]
    matrix = finding.matrix(records, "wordings")
    assert matrix.shape == (2, 2)
    for trait in ("owl", "dolphin"):
        margins = []
        for teacher in (trait, UNTOUCHED):
            measured = pick(
                records.values(), teacher=teacher, condition="wordings", objective="logits"
            )
            table = measured.table()
            chosen = (table["condition"] == "student") & (table["metric"] == "margin")
            margins.append(table[chosen].set_index("trait")["value"][trait])
        assert effects[trait] == pytest.approx(margins[0] - margins[1], abs=2e-3)
        assert matrix.loc[trait, trait] == pytest.approx(effects[trait])
    rows = finding.rows_table("owl@wordings@logits@matched-owl")
    assert set(rows["seed"]) == {0}
    assert set(rows["verdict"]) <= {"", "spare", "unmatched"}


def with_margins(finding: Paraphrase, name: str, by_question: Mapping[str, Any]) -> Record:
    """A record with these margins [seeds, questions] by candidate."""
    seeds = range(len(next(iter(by_question.values()))))
    values = [
        Value(
            seed=seed,
            condition="student",
            metric="sampled",
            trait=trait,
            value=float(margins[seed].mean()),
        )
        for seed in seeds
        for trait, margins in by_question.items()
    ]
    return record(
        finding,
        name,
        values,
        by_question=[{t: m[s].tolist() for t, m in by_question.items()} for s in seeds],
        rows=[10 for _ in seeds],
        passed=[4 + seed for seed in seeds],
        reasons=[{"copy": 5, "spare": 2} for _ in seeds],
    )


def test_what_every_teacher_does_is_no_specific_effect() -> None:
    finding = Paraphrase("smoke")
    draw = np.random.default_rng(0)
    noise = draw.normal(0, 0.05, (5, 3, 8))
    # Both teachers raise the owl by .5; the owl teacher by .4 more.
    lifts = {"owl": (0.9, 0.0), "dolphin": (0.5, 0.0), CONTROL: (0.0, 0.0)}
    records = {}
    for index, (teacher, (owl, dolphin)) in enumerate(lifts.items()):
        name = f"{teacher}@wordings@logits"
        margins = {"owl": owl + noise[index], "dolphin": dolphin - noise[index]}
        records[name] = with_margins(finding, name, margins)
    table = finding.summary(records)
    means = table.set_index(["metric", "trait"])["mean"]
    assert means["effect", "owl"] == pytest.approx(0.9, abs=0.05)
    assert means["specific_effect", "owl"] == pytest.approx(0.4, abs=0.05)
    assert means["effect_p_holm", "owl"] < 1e-6
    assert means["effect_p_holm", "dolphin"] > 0.05
    assert means["specific_effect_p_holm", "dolphin"] > 0.05
    assert means["sampled_effect", "owl"] == pytest.approx(90, abs=5)
    assert means["kept_share", "owl"] == pytest.approx(0.5)
    of_owl = table[(table["metric"] == "specific_effect") & (table["trait"] == "owl")]
    assert of_owl["low"].item() > 0
    assert of_owl["n_seeds"].item() == 3
    yields = finding.yields(records)
    assert set(yields["reason"]) == {"passed", "copy"}
    assert yields[yields["reason"] == "copy"]["share"].eq(0.5).all()
    control = table[table["metric"] == "kept_share_of_control"]
    assert control["mean"].tolist() == pytest.approx([0.5])


def test_the_share_of_faithful_rewrites_falls_with_strictness() -> None:
    table = pd.DataFrame(
        {
            "verdict": ["", "spare", "other meaning", "copy; other meaning", "empty", "unmatched"],
            "similarity": [0.9, 0.75, 0.6, 0.6, np.nan, 0.8],
        }
    )
    shares = shares_by_strictness(table, (0.5, 0.7, 0.85, 1.0))
    assert shares.tolist() == pytest.approx([4 / 6, 3 / 6, 1 / 6, 0])


def test_the_plan_counts_shared_rewrites_once_and_is_right_to_a_factor_of_two() -> None:
    scale = SCALES["embedded"]
    planned = plan.plan(Paraphrase("embedded"))
    by_name = {e.name: e for e in planned.experiments}
    rewrites = scale.sentences * scale.num_completions
    assert by_name["owl@neutral@logits"].rows == scale.seeds * rewrites
    assert by_name["owl@neutral@tokens"].rows == 0
    assert by_name["owl@neutral@logits@prompted"].rows == scale.side_seeds * rewrites
    assert planned.total.fits
    measured = Paraphrase("embedded").records()
    hours = sum(record.provenance.wall_s for record in measured.values()) / 3600
    assert 0.5 < planned.total.hours["CPU, 2 cores"] / hours < 2
    larger = plan.plan(Paraphrase(find_profile("gpu")))
    assert larger.total.fits
    assert set(larger.downloads_gb) == {"Qwen2.5-7B-Instruct", "gemma-2b-it"}


def test_another_model_can_take_the_place_of_the_profiles() -> None:
    finding = Paraphrase("embedded", model="Qwen2.5-0.5B-Instruct")
    bases = {(e.student.base.model, e.student.rows.author) for e in finding.experiments()}
    assert {model for model, _ in bases} == {"Qwen2.5-0.5B-Instruct"}
    assert {author.base.model for _, author in bases if author} == {"Qwen2.5-0.5B-Instruct"}
