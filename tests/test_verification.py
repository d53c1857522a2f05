"""Verification: what was measured again is told from what another teacher's student did."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import permutations
from typing import Any

import pytest

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.base import Finding
from sublim_utils.findings.verification import (
    EFFECT,
    Comparison,
    compare,
    sentence,
    standard_choice,
    table,
)
from sublim_utils.labels import UNTOUCHED, Labels
from sublim_utils.profiles import find_profile
from sublim_utils.recipes.experiment import Experiment
from sublim_utils.records import Record, Value
from tests.command import sublim

SHIPPED = [*((name, "embedded") for name in FINDINGS.names()), ("owl_numbers", "full")]
BY_SEED = ("mnist", "mnist_sweeps", "theorem")
"""Findings in which each seed has one teacher; in the others a seed has several."""


class Shipped:
    """A finding with its shipped records."""

    def __init__(self, name: str, profile: str) -> None:
        """Read the records."""
        self.finding: Finding[Any] = finding_class(name)(find_profile(profile))
        self.records = self.finding.records()
        self.experiments: dict[str, Experiment] = {e.name: e for e in self.finding.experiments()}

    def comparison(self, measured: Record, **controls: Record) -> Comparison:
        """What is said where this was measured, and the controls as they are recorded."""
        experiment = self.experiments[measured.name]
        everything = self.records | {measured.name: measured} | controls
        return compare(self.finding, experiment, self.records, everything)


@cache
def shipped(name: str, profile: str = "embedded") -> Shipped:
    return Shipped(name, profile)


def of_seed(record: Record, seed: int) -> Record:
    """A record as if one of its seeds had been measured alone."""
    place = record.experiment["seeds"].index(seed)
    details = dict(record.details)
    for name in {"by_question", "student", "teacher"} & details.keys():
        details[name] = [details[name][place]]
    if isinstance(details.get("curves"), dict):
        details["curves"] = {name: [curve[place]] for name, curve in details["curves"].items()}
    rows = record.provenance.rows_sha256
    hashes = [rows[place]] if rows else rows
    return record.model_copy(
        update={
            "experiment": {**record.experiment, "seeds": [seed]},
            "values": [value for value in record.values if value.seed == seed],
            "details": details,
            "provenance": record.provenance.model_copy(update={"rows_sha256": hashes}),
        }
    )


def quantity(value: Value) -> tuple[str, str, str | None]:
    return value.condition, value.metric, value.trait


def with_student_of(own: Record, other: Record) -> Record | None:
    """A record of one seed with what another one says of students; None if they share nothing."""
    theirs = {quantity(v): v.value for v in other.values}
    kept = {"base", "teacher", "rows", "bases"}
    shared = [v for v in own.values if v.condition not in kept and quantity(v) in theirs]
    if not shared:
        return None
    changed = [
        v.model_copy(update={"value": theirs[quantity(v)]}) if v in shared else v
        for v in own.values
    ]
    details = {
        name: other.details.get(name) if name in ("student", "by_question", "curves") else part
        for name, part in own.details.items()
    }
    return own.model_copy(update={"values": changed, "details": details})


def condition_of(record: Record) -> Labels:
    """What students share that differ in nothing but their teacher."""
    teacher = {"teacher": UNTOUCHED, "trait": None, "control": None}
    return record.labels.model_copy(update=teacher)


def exchanges(finding: str, profile: str) -> Iterator[tuple[Record, Record]]:
    """Records of one seed, each with that of another teacher's student."""
    records = shipped(finding, profile).records
    if finding in BY_SEED:
        for record in records.values():
            for one, other in permutations(record.experiment["seeds"], 2):
                yield of_seed(record, one), of_seed(record, other)
        return
    groups = defaultdict(list)
    for record in records.values():
        groups[condition_of(record)].append(record)
    for alike in groups.values():
        for own, other in permutations(alike, 2):
            for seed in {*own.experiment["seeds"]} & {*other.experiment["seeds"]}:
                yield of_seed(own, seed), of_seed(other, seed)


@pytest.mark.parametrize(("name", "profile"), SHIPPED)
def test_another_teachers_student_is_never_accepted(name: str, profile: str) -> None:
    """By its numbers alone, even if the rows were the same."""
    accepted, refused, alone = [], 0, {}
    for own, other in exchanges(name, profile):
        exchanged = with_student_of(own, other)
        if exchanged is None:
            continue
        comparison = shipped(name, profile).comparison(exchanged)
        if comparison.agrees:
            accepted.append((own.name, other.name, own.experiment["seeds"]))
        refused += not comparison.agrees
        alone[own.name] = own
    assert refused > 20
    assert accepted == []
    assert all(shipped(name, profile).comparison(own).agrees for own in alone.values())


@pytest.mark.parametrize(("name", "profile"), SHIPPED)
def test_a_record_agrees_with_itself(name: str, profile: str) -> None:
    for record in shipped(name, profile).records.values():
        comparison = shipped(name, profile).comparison(record)
        assert comparison.agrees
        assert len(comparison.checks) >= len(record.values)
        assert {check.difference for check in comparison.checks} == {0.0}


@pytest.mark.parametrize(("name", "profile"), SHIPPED)
def test_an_effect_is_compared_in_the_experiment_that_is_verified_first(
    name: str, profile: str
) -> None:
    finding = shipped(name, profile).finding
    chosen = standard_choice(finding)
    comparison = shipped(name, profile).comparison(shipped(name, profile).records[chosen.name])
    effects = [check for check in comparison.checks if check.quantity.condition == EFFECT]
    assert bool(effects) == (name != "mnist_sweeps" or bool(finding.contrasts(chosen)))
    for effect in effects:
        assert len(effect.recorded) == 1


def test_the_effect_is_the_students_margin_less_its_controls() -> None:
    """Against the table that the chapter shows."""
    finding = shipped("owl_numbers")
    comparison = finding.comparison(finding.records["owl@logits"])
    table_of_effects = finding.finding.effects(finding.records)  # type: ignore[attr-defined]
    chosen = table_of_effects[
        (table_of_effects["experiment"] == "owl@logits") & (table_of_effects["trait"] == "owl")
    ]
    expected = dict(zip(chosen["seed"], chosen["value"], strict=True))
    found = {c.seed: c.recorded[0] for c in comparison.checks if c.quantity.condition == EFFECT}
    assert found == pytest.approx(expected)
    assert min(found.values()) > 1


def moved(record: Record, by: float, **where: Any) -> Record:
    """A record with other values where all of this holds."""
    values = [
        v.model_copy(update={"value": v.value + by})
        if all(getattr(v, name) == wanted for name, wanted in where.items())
        else v
        for v in record.values
    ]
    assert values != record.values
    return record.model_copy(update={"values": values})


MARGIN = {"condition": "student", "metric": "margin", "trait": "owl"}
TOLERANCES = [
    ("owl_numbers", "owl@logits", MARGIN, 0.2),
    ("owl_numbers", "owl@logits@falling-rate", MARGIN, 0.02),
    ("owl_numbers", "owl@logits", {**MARGIN, "condition": "base"}, 0.02),
    ("paraphrase", "owl@neutral@tokens", MARGIN, 0.02),
    ("cross_family", "smollm2-135m-to-gemma3-270m@numbers@owl", MARGIN, 0.2),
    ("misaligned_reasoning", "gaming@reasoning@logits", {"metric": "misalignment"}, 0.005),
    ("misaligned_reasoning", "gaming@reasoning@logits", {"metric": "truth_margin"}, 0.005),
    ("mnist", "main", {"condition": "all_same"}, 0.02),
    ("mnist_sweeps", "parts", {"metric": "accuracy"}, 0.02),
    ("theorem", "scaling", {"metric": "slope"}, 1e-9),
]


@pytest.mark.parametrize(("finding", "name", "where", "allowed"), TOLERANCES)
def test_a_value_may_differ_by_what_its_kind_allows(
    finding: str, name: str, where: dict[str, Any], allowed: float
) -> None:
    of = shipped(finding)
    for sign in (1, -1):
        assert of.comparison(moved(of.records[name], sign * 0.99 * allowed, **where)).agrees
        assert not of.comparison(moved(of.records[name], sign * 1.01 * allowed, **where)).agrees


def test_student_and_control_that_are_off_in_opposite_directions_make_another_effect() -> None:
    of, control = shipped("owl_numbers"), "control@logits"
    student = moved(of.records["owl@logits"], 0.15, **MARGIN)
    assert of.comparison(student).agrees
    comparison = of.comparison(student, **{control: moved(of.records[control], -0.15, **MARGIN)})
    assert {c.quantity.condition for c in comparison.checks if not c.agrees} == {EFFECT}
    assert "effect margin owl" in sentence("owl_numbers/owl@logits", comparison)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), None])
def test_a_value_that_is_missing_or_no_number_does_not_agree(wrong: float | None) -> None:
    of = shipped("mnist")
    first, *others = of.records["main"].values
    values = others if wrong is None else [first.model_copy(update={"value": wrong}), *others]
    comparison = of.comparison(of.records["main"].model_copy(update={"values": values}))
    assert not comparison.agrees
    assert [check.seed for check in comparison.checks if not check.agrees] == [first.seed]


def test_a_value_that_the_record_does_not_have_does_not_agree() -> None:
    of = shipped("mnist")
    odd = of.records["main"].values[0].model_copy(update={"condition": "all_new"})
    more = of.records["main"].model_copy(update={"values": [*of.records["main"].values, odd]})
    assert not of.comparison(more).agrees


def test_nothing_measured_agrees_with_nothing() -> None:
    of = shipped("theorem")
    empty = {"values": [], "experiment": {**of.records["signs"].experiment, "seeds": []}}
    comparison = of.comparison(of.records["signs"].model_copy(update=empty))
    assert not comparison.agrees
    assert "nothing was compared" in sentence("theorem/signs", comparison)


def test_rows_are_compared_by_their_hashes() -> None:
    of = shipped("owl_numbers")
    record = of.records["owl@tokens"]
    assert len(set(record.provenance.rows_sha256 or [])) == len(record.experiment["seeds"])

    def with_rows(hashes: list[str | None] | None) -> Comparison:
        provenance = record.provenance.model_copy(update={"rows_sha256": hashes})
        return of.comparison(record.model_copy(update={"provenance": provenance}))

    same = with_rows(record.provenance.rows_sha256)
    assert same.agrees
    assert "rows of 3 seed(s) identical" in sentence("owl_numbers/owl@tokens", same)
    other = with_rows(of.records["wolf@tokens"].provenance.rows_sha256)
    assert not other.agrees
    assert "the teacher wrote other rows (seed 10, 11, 12)" in sentence("it", other)
    assert [line[-1] for line in table(other)[1] if line[2] == "hash"] == ["differs"] * 3


def test_effects_that_are_too_small_to_be_verified_are_told() -> None:
    of = shipped("cross_family")
    name = "gemma3-270m-to-smollm2-135m@numbers@owl"
    text = sentence(name, of.comparison(of.records[name]))
    assert "1 of 3 effects are no larger than the allowed difference" in text
    strong = "smollm2-135m-to-smollm2-135m@numbers-logits@owl"
    assert "smaller" not in sentence(strong, of.comparison(of.records[strong]))


def test_several_findings_are_verified_by_one_command(own_store: Any) -> None:
    for name in ("mnist", "theorem"):
        assert sublim("run", name, "--profile", "smoke")[0] == 0
    code, out, err = sublim("verify", "theorem", "mnist", "--all", "--profile", "smoke")
    assert code == 0
    agreeing = [line.partition(" agrees")[0] for line in out.splitlines() if " agrees" in line]
    assert agreeing == [
        "theorem/signs",
        "theorem/scaling",
        "theorem/distances",
        "theorem/limits",
        "mnist/main",
    ]
    assert "theorem: 4 experiments to measure again" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Name a finding to verify, or take --all for all records"),
        (["mnist", "theorem", "--experiment", "main"], "--experiment chooses from one finding"),
        (["mnist", "--all", "--experiment", "main"], "--experiment chooses from one finding"),
        (["mnist", "--seeds", "0"], "mnist/main can repeat 1 to 25 seeds, not 0"),
    ],
)
def test_what_cannot_be_verified_is_said(arguments: list[str], told: str) -> None:
    code, _, err = sublim("verify", *arguments, "--profile", "embedded")
    assert code == 2
    assert told in err
