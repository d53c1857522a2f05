"""The table of all results: its cells, its two forms, and where it is made of records."""

import re

import pytest

from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.profiles import find_profile
from sublim_utils.report.results import Result, Results, all_results

ROWS = [
    Result("A & B", "student", "owl", "text", "effect, nats", "−0.11 [−0.36, 0.14]", "3", ""),
    Result("Digits", "teacher", "", "", "accuracy", "0.944 [0.943, 0.945]", "25", "0.943"),
]


def test_a_cell_is_escaped_and_a_number_never_breaks() -> None:
    page = Results(ROWS)._repr_html_()
    assert "<td" in page
    assert "A &amp; B" in page
    assert "A & B" not in page
    assert '<td class="sublim-number">−0.11 [−0.36, 0.14]</td>' in page
    assert '<td class="sublim-condition">student</td>' in page


def test_the_form_is_hidden_until_a_script_shows_it_and_names_its_fields() -> None:
    page = Results(ROWS)._repr_html_()
    (form,) = re.findall(r"<form[^>]*>", page)
    assert form.endswith(" hidden>")
    assert re.findall(r"<option[^>]*>([^<]*)</option>", page) == ["all", "A &amp; B", "Digits"]
    assert page.count("<label>") == 2
    assert '<output aria-live="polite">' in page
    assert 'tabindex="0"' in page  # a table that scrolls must be reachable by keyboard


def test_a_page_on_paper_has_the_same_rows() -> None:
    head, rule, *rows = Results(ROWS)._repr_markdown_().splitlines()
    assert head.count("|") == rule.count("|") == 9
    assert [row.split(" | ")[5] for row in rows] == [row.ours for row in ROWS]


def test_every_main_row_of_every_finding_is_in_the_table() -> None:
    rows = all_results().rows
    expected = 0
    for profile, names in (("embedded", FINDINGS.names()), ("full", ["owl_numbers"])):
        for name in names:
            expected += int(finding_class(name)(find_profile(profile)).summary()["main"].sum())
    assert len(rows) == expected > 40
    assert all(row.seeds and row.measure and row.ours for row in rows)
    assert {row.objective for row in rows} == {"", "text", "probabilities"}


@pytest.mark.parametrize("condition", ["teacher", "all_same", "aux_same", "all_other", "aux_other"])
def test_the_papers_value_stands_beside_ours(condition: str) -> None:
    finding = finding_class("mnist")(find_profile("embedded"))
    label = finding.labels[condition].replace("\n", " ")
    (row,) = [r for r in all_results([("embedded", ("mnist",))]).rows if r.condition == label]
    assert row.paper == f"{finding.paper[condition]:.3f}"
