"""The language of the built pages: plain words, few intervals, short chapters, alt texts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from tests.book.test_html import CHAPTERS, PAGES

WORDS_OF_A_CHAPTER = 3000
PRIVATE = (
    r"told from zero", r"\bthe own\b", r"\bown favourite of\b", r"students of `?(logits|tokens)",
    r"what parts\b", r"by the means\b", r"updates of \d", r"\bnats less\b", r"\bthe former\b",
    r"\bthe latter\b", r"proves that it must", r"\bdoes carry\b", r"untouched (model|teacher)",
    r"In \d+ of the lists there is a letter", r"\bsums\b",
)  # fmt: skip
INTERVAL = re.compile(r"\[[−-]?[\d.,]+, [−-]?[\d.,]+\]")
COMPARES = re.compile(
    r"\d|\b(more|less|fewer|higher|lower|larger|smaller|longer|shorter|than|rises?|falls?|above|"
    r"below|same|equal|twice|half|nearer|further|closer|most|largest|smallest|highest|lowest)\b"
)
IS_LONG_VERSION = re.compile(r"^\d+a_")


def article(page: Path) -> Tag:
    """What a page says, without its code and what is left out of its text."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    found = soup.find("article")
    assert isinstance(found, Tag)
    for part in found.select("pre, script, style, code, .sublim-source, .bibliography"):
        part.decompose()
    return found


def paragraphs(page: Path) -> Iterator[str]:
    for part in article(page).select("p, li, dd"):
        if part.find_parent("table") is None and not part.select("p, li"):
            yield " ".join(part.get_text().split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_speaks_a_private_language(page: Path) -> None:
    text = " ".join(article(page).get_text().split())
    assert [
        re.findall(f".{{0,40}}{words}.{{0,20}}", text)[0]
        for words in PRIVATE
        if re.search(words, text)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_numbers_are_written_in_one_style(page: Path) -> None:
    text = " ".join(article(page).get_text().split())
    assert re.findall(r".{0,30}\d%", text) == []
    assert re.findall(r".{0,20}(?<![\d\w.])\.\d+\b.{0,10}", text) == []  # .05 for 0.05


@pytest.mark.parametrize(
    "page", [p for p in PAGES if not IS_LONG_VERSION.match(p.stem)], ids=lambda page: page.stem
)
def test_intervals_do_not_crowd_the_text(page: Path) -> None:
    for paragraph in paragraphs(page):
        assert len(INTERVAL.findall(paragraph)) <= 2, paragraph
        for sentence in re.split(r"(?<=[.!?:;])\s+(?=[A-Z“])", paragraph):
            assert len(INTERVAL.findall(sentence)) <= 1, sentence


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_can_be_read_in_a_quarter_of_an_hour(page: Path) -> None:
    found = article(page)
    for part in found.select("table, .cell_output.docutils svg, .widget-subarea"):
        part.decompose()
    assert len(found.get_text().split()) <= WORDS_OF_A_CHAPTER
    assert len(article(page).select(".cell_output img, .cell_output .widget-subarea")) <= 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_an_alt_text_says_what_the_picture_shows(page: Path) -> None:
    for image in article(page).select("img"):
        alt = str(image.get("alt", ""))
        assert COMPARES.search(alt), alt
