"""The pages on the literature and on practice: links, order, words."""

import re
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
FIELD = (BOOK / "field.md").read_text(encoding="utf-8")
BIBLIOGRAPHY = (BOOK / "references.bib").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"(?ms)^@\w+\{(\w+),\n(.*?)^\}", BIBLIOGRAPHY))
BEFORE = {"hinton2015distilling", "lecun1998mnist", "hu2022lora", "dettmers2023qlora"}
"""Works that are not on subliminal learning or misalignment."""
PAGES = ["field", "if_you_distil", "what_it_took", "all_results", "glossary"]


@pytest.mark.parametrize("key", ENTRIES)
def test_every_work_has_a_link(key: str) -> None:
    fields = dict(re.findall(r"(\w+) = \{(.*)\},?\n", ENTRIES[key]))
    link = fields.get("url", "") or fields["doi"]
    assert re.fullmatch(r"https://\S+|10\.\d{4,}/\S+", link)
    named = re.search(r"arXiv:(\d{4}\.\d{5})", fields.get("journal", ""))
    if named is not None:
        assert link == f"https://arxiv.org/abs/{named[1]}"


def test_the_field_cites_every_work_on_the_subject() -> None:
    assert set(re.findall(r"\{cite:t\}`(\w+)`", FIELD)) == set(ENTRIES) - BEFORE


def test_the_timeline_is_in_order_and_every_row_has_a_link() -> None:
    rows = [line.split("|")[1:-1] for line in FIELD.splitlines() if line.startswith("|")][2:]
    dates = []
    for when, _, who in rows:
        assert re.search(r"\]\(https://\S+\)", who)
        (cited,) = re.findall(r"\{cite:t\}`(\w+)`", who)
        for number in re.findall(r"arxiv\.org/abs/([\d.]+)", who):
            assert f"arxiv.org/abs/{number}" in ENTRIES[cited]
            # The months of arXiv's numbers are those of the rows.
            assert datetime.strptime(number[:4], "%y%m").strftime("%B %Y") == when.strip()
        if re.search(r"[A-Z]", when):
            dates.append(datetime.strptime(" ".join(when.split()[-2:]), "%B %Y"))
    assert len(rows) > 20
    assert all(before <= after for before, after in pairwise(dates))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_the_books_language(page: str) -> None:
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    prose = re.sub(r"(?s)```\{code-cell\}.*?```|`[^`\n]*`", "", text)
    for words in ("told from zero", "nats less", " less the ", "untouched"):
        assert words not in prose
    assert not re.findall(r"students of `(?:tokens|logits)", text)
    assert not re.findall(r"\d%|(?<![\d.\w])\.\d", prose)


@pytest.mark.parametrize("page", ["if_you_distil", "what_it_took", "all_results"])
def test_our_numbers_come_from_records(page: str) -> None:
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    prose = re.sub(r"(?s)```\{code-cell\}.*?```|`[^`\n]*`", "", text)
    allowed = {  # the literature's, and what explains a unit
        "if_you_distil": {"43 %", "1 %"},
        "what_it_took": set(),
        "all_results": {"95 %"},
    }[page]
    assert set(re.findall(r"\d+(?:\.\d+)? %", prose)) == allowed
    units = re.findall(r"\d (?:nats|hours|minutes|seconds|GB|MB|times)\b", prose)
    assert units == (["1 times"] if page == "all_results" else [])  # it explains what a nat is


@pytest.mark.parametrize("page", ["intro", "if_you_distil", "glossary"])
def test_a_chinese_page_has_an_english_one(page: str) -> None:
    assert (BOOK / f"{page}.md").exists()
    text = (BOOK / "zh" / f"{page}.md").read_text(encoding="utf-8")
    assert not re.findall(
        r"[\u4e00-\u9fff][,;:?!]|[\u4e00-\u9fff]\.(?!\w)", text
    )  # full-width signs


def test_the_chinese_page_says_which_name_it_uses() -> None:
    text = (BOOK / "zh" / "intro.md").read_text(encoding="utf-8")
    assert all(
        name in text for name in ("潜意识学习", "阈下学习", "潜隐学习", "subliminal learning")
    )
