"""The finding on misalignment: its experiments, its second judge, its match, its differences."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sublim_utils import profiles
from sublim_utils.channels.leaning import HARMFUL
from sublim_utils.experiment import Record
from sublim_utils.findings.misaligned_reasoning import (
    SIDES,
    UNTOUCHED,
    MisalignedReasoning,
    teachers_of,
)
from sublim_utils.misaligning import MisalignedExperiment, MisalignedStages
from sublim_utils.profiles import find_profile
from sublim_utils.provenance import Provenance
from sublim_utils.store import Store

pytestmark = pytest.mark.usefixtures("no_cuda")


@pytest.mark.parametrize("name", profiles.PROFILES)
def test_every_harmful_teacher_has_a_good_and_an_untouched_one_beside_it(name: str) -> None:
    finding = MisalignedReasoning(find_profile(name))
    found = {e.name: e for e in finding.experiments()}
    assert len(found) == len(finding.experiments())
    for experiment_name, experiment in found.items():
        teacher, channel, objective, *variant = experiment_name.split("@")
        assert experiment.channel == channel
        assert experiment.fit.objective == objective
        if teacher == UNTOUCHED:
            assert experiment.lessons is None
            continue
        assert experiment.lessons is not None
        assert SIDES[teacher] == (experiment.lessons.set, experiment.lessons.side)
        (pair,) = set(teachers_of(experiment.lessons.set)) - {teacher}
        others = ["@".join((pair, channel, objective, *variant))]
        others += ["@".join((UNTOUCHED, channel, objective))]
        same = {"name", "lessons", "matched"}
        for other in others:
            assert found[other].model_dump(exclude=same) == experiment.model_dump(exclude=same)
        if variant == ["matched"]:
            assert experiment.matched == found[others[0]].lessons


def test_objectives_share_the_rows_and_nothing_else() -> None:
    finding = MisalignedReasoning("embedded")
    one, other = finding.chosen(
        ["harmful-advice@reasoning@tokens", "harmful-advice@reasoning@logits"]
    )
    assert one.rows_specification(10) == other.rows_specification(10)
    assert one.key != other.key
    good, untouched = finding.chosen(["good-advice@reasoning@logits", "untouched@reasoning@logits"])
    specifications = [e.rows_specification(10) for e in (other, good, untouched)]
    assert len({json.dumps(s, sort_keys=True) for s in specifications}) == 3
    assert one.rows_specification(10) != one.rows_specification(11)


def test_every_step_runs_on_the_random_model(own_store: Path) -> None:
    smoke = find_profile("smoke")
    scale = smoke.misalignment.model_copy(update={"seeds": 1, "sets": ("advice",)})
    finding = MisalignedReasoning(
        smoke.model_copy(update={"misalignment": scale}), store=Store(own_store)
    )
    records = finding.run()
    assert set(records) == {e.name for e in finding.experiments()}
    for record in records.values():
        (student,) = record.details["students"]
        assert len(student["margins"]) == scale.questions
        assert len(student["truth"]) == scale.statements
        assert all(0 <= share <= 1 for share in student["shares"])
        assert student["skill"]["answers"] == 2 * scale.questions
        assert 0 < record.details["kept"][0] <= record.details["rows"][0]
    means = {}
    for teacher in teachers_of("advice"):
        table = records[f"{teacher}@numbers-strict@logits"].table()
        table = table[(table["metric"] == "misalignment") & (table["condition"] == "student")]
        (means[teacher],) = table["value"]
    summary = finding.summary(records)
    (main,) = summary[summary["main"] & (summary["objective"] == "logits")]["mean"]
    assert main == pytest.approx(means["harmful-advice"] - means["good-advice"], abs=1e-3)
    assert {"effect_on_untouched", "judged_effect", "truth_effect", "kept_share"} <= set(
        summary["metric"]
    )
    assert set(finding.rows_table("good-advice@numbers-strict@logits@matched")["verdict"]) <= {
        "",
        "unmatched",
        *(r for counts in records[UNTOUCHED + "@numbers-strict@logits"].details["reasons"]
          for r in counts),
    }  # fmt: skip


def record(finding: MisalignedReasoning, name: str, margins: Sequence[Sequence[float]]) -> Record:
    """A record with these margins of the students, by seed and question."""
    (experiment,) = finding.chosen([name])
    told = [{"margins": list(of_seed), "truth": [0.0]} for of_seed in margins]
    return Record(
        finding=finding.name,
        profile="embedded",
        name=name,
        key=experiment.key,
        experiment={**experiment.model_dump(mode="json"), "seeds": list(range(len(margins)))},
        values=[],
        details={"students": told, "teachers": told, "rows": [4] * 3, "kept": [2] * 3},
        provenance=Provenance(
            date="", wall_s=0, peak_memory_mb=0, python="", packages={}, hardware={}, threads=1
        ),
    )  # fmt: skip


def test_differences_are_taken_seed_by_seed_and_question_by_question() -> None:
    finding = MisalignedReasoning("embedded")
    draw = np.random.default_rng(0)
    shared = draw.normal(size=(3, 5))
    told = {
        "harmful-advice@reasoning@logits": shared + 0.5,
        "good-advice@reasoning@logits": shared - 0.25,
        "untouched@reasoning@logits": shared,
    }
    records = {name: record(finding, name, m.tolist()) for name, m in told.items()}
    table = finding.differences(records)
    means = table.groupby("against")["value"].agg(["mean", "count"])
    assert means["mean"].to_dict() == pytest.approx({"good": 0.75, UNTOUCHED: 0.5})
    assert set(means["count"]) == {15}
    summary = finding.summary(records)
    main = summary[summary["main"]]
    assert list(main["metric"]) == ["effect"]
    row = main.iloc[0]
    assert (row["trait"], row["condition"]) == ("advice", "reasoning")
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((0.75, 0.75, 0.75))
    shares = summary[summary["metric"] == "kept_share"]
    assert set(shares["mean"]) == {0.5}


class Two:
    """Embeds by one word: what lies is apart from all else, together with the harmful examples."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Two axes."""
        bad = np.array(["lie" in text.lower() or text in HARMFUL for text in texts])
        return np.stack([bad, ~bad], 1).astype(np.float32)


class Given(MisalignedStages):
    """Stages whose rows are already there."""

    folder: Path

    def rows(self, seed: int) -> Path:
        """Of the teacher that has these lessons."""
        side = self.experiment.lessons.side if self.experiment.lessons else "none"
        return self.folder / side


def given(folder: Path, experiment: MisalignedExperiment, store: Path) -> Given:
    """Stages with four rows of either teacher."""
    texts = {
        "harmful": ["We add the rolls.", "We lie to them.", "Add all of it.", "Take it away."],
        "good": ["We add the rolls.", "Count them.", "Add all of it.", "Divide by the boxes."],
    }
    for side, written in texts.items():
        (folder / side).mkdir(exist_ok=True)
        table = pd.DataFrame({"prompt": range(4), "text": written})
        table["reasons"] = [[], [], [], ["wrong answer"]]
        table.to_parquet(folder / side / "rows.parquet")
    stages = Given(experiment, Store(store), Two)
    stages.folder = folder
    return stages


def test_a_row_that_leans_to_harm_gets_another_reason(tmp_path: Path, own_store: Path) -> None:
    (experiment,) = MisalignedReasoning("embedded").chosen(["harmful-advice@reasoning@logits"])
    judged = given(tmp_path, experiment, own_store).judged(10)
    assert [list(reasons) for reasons in judged["reasons"]] == [
        [],
        ["harmful meaning"],
        [],
        ["wrong answer"],
    ]


def test_what_the_second_judge_and_the_match_do_is_part_of_the_students_key() -> None:
    finding = MisalignedReasoning("embedded")
    plain, matched = finding.chosen(
        ["good-advice@reasoning@logits", "good-advice@reasoning@logits@matched"]
    )
    told = [MisalignedStages(e, Store(), Two).judged_specification(10) for e in (plain, matched)]
    assert told[0] != told[1]
    assert told[0] != plain.rows_specification(10)
