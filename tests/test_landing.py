"""The landing page: what it says in words holds of the records, and its cards of the chapters."""

import re
from pathlib import Path

import pytest

from sublim_utils.findings.misaligned_reasoning import MisalignedReasoning
from sublim_utils.findings.misaligned_reasoning.tables import shares
from sublim_utils.profiles import find_profile
from sublim_utils.report import landing

ROOT = Path(__file__).parents[1]
INTRO = " ".join((ROOT / "book" / "intro.md").read_text().split())


@pytest.fixture(scope="module")
def rows() -> dict[int, landing.Comparison]:
    return {row.chapter: row for row in landing.comparisons()}


def test_ours_go_the_papers_way(rows: dict[int, landing.Comparison]) -> None:
    assert "the direction is the paper's and the size is not" in INTRO
    for row in rows.values():
        assert row.ours.after > row.ours.before
        if row.paper is not None:
            assert row.paper.after > row.paper.before


def test_ours_are_much_smaller_but_for_the_digits(rows: dict[int, landing.Comparison]) -> None:
    assert "much smaller, except for the digits" in INTRO
    for chapter, row in rows.items():
        if row.paper is not None:
            share = (row.ours.after - row.ours.before) / (row.paper.after - row.paper.before)
            assert (share > 0.9) if chapter == 2 else (share < 0.35), (chapter, share)


def test_the_chart_has_a_line_for_each_result(rows: dict[int, landing.Comparison]) -> None:
    chart = landing.comparison_chart([*rows.values()]).data
    places = re.findall(r'mark after" style="left:([\d.]+)%', chart)
    papers = [row.paper.after for row in rows.values() if row.paper is not None]
    shown = sorted(map(float, places))
    wanted = sorted(100 * share for share in [*papers, *(row.ours.after for row in rows.values())])
    assert shown == pytest.approx(wanted, abs=0.06)
    assert chart.count('class="entry"') == len(rows)


def test_there_is_a_card_for_each_chapter() -> None:
    shown = landing.cards().data
    links = re.findall(r'href="\.\./notebooks/(\w+)\.html"', shown)
    assert links == sorted(p.stem for p in (ROOT / "notebooks").glob("0?_*.py"))
    for card in landing.chapter_cards():
        text = (ROOT / "notebooks" / f"{card.page}.py").read_text()
        said = re.search(r"\*\*(\d+) minutes\*\*", text)
        assert said is not None, card.page
        assert int(said[1]) == card.minutes, card.page


def test_no_student_turned_bad() -> None:
    assert "none of our students turned bad" in INTRO
    records = MisalignedReasoning(find_profile("embedded")).records()
    table = shares({"bad": records["harmful-advice@reasoning@logits"]})
    base = table[(table["of"] == "base") & (table["quantity"] == "prefers harmful")]["mean"].item()
    assert abs(landing.harmful_answers().after - base) < 0.05


def test_the_landing_page_is_short() -> None:
    words = re.sub(
        r"```.*?```|<.*?>|\]\(.*?\)", " ", (ROOT / "book" / "intro.md").read_text(), flags=re.S
    )
    assert len(words.split()) < 900
