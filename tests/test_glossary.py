"""The glossary as a text: complete sentences in alphabetical order, in two languages."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
ENGLISH, CHINESE = BOOK / "glossary.md", BOOK / "zh" / "glossary.md"


def entries(page: Path) -> dict[str, str]:
    """Definitions by term."""
    body = page.read_text(encoding="utf-8").split("```{glossary}\n")[1].split("```")[0]
    found = re.findall(r"(?m)^(\S.*)\n((?:  .+\n?)+)", body)
    assert len({term for term, _ in found}) == len(found)
    return {term: " ".join(text.split()) for term, text in found}


def test_terms_stand_in_alphabetical_order() -> None:
    keys = [re.sub(r"[^a-z0-9 -]", "", term.lower()) for term in entries(ENGLISH)]
    assert all(before < after for before, after in pairwise(keys))


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_definition_is_a_few_plain_sentences(page: Path) -> None:
    for term, text in entries(page).items():
        assert re.search(r"[.?。？][”）`}\])]*$|`$", text), term
        assert len(re.findall(r"[.。](?:\s|$|(?=[^\s\d]))", text)) <= 5, term
        assert len(text) < 420, term


def test_every_chinese_term_names_its_english_one() -> None:
    english = {term.lower() for term in entries(ENGLISH)}
    for term in entries(CHINESE):
        (original,) = re.findall(r"（([^）]+)）", term)
        assert original.lower() in english, term


def test_every_term_that_a_page_uses_is_defined() -> None:
    known = {term.lower() for page in (ENGLISH, CHINESE) for term in entries(page)}
    pages = [*BOOK.glob("*.md"), *(BOOK / "zh").glob("*.md")]
    for page in [*pages, *(BOOK.parent / "notebooks").glob("*.py")]:
        for used in re.findall(r"\{term\}`([^`]+)`", page.read_text(encoding="utf-8")):
            target = re.sub(r".*<(.+)>$", r"\1", used)
            assert target.lower() in known, (page.name, target)
