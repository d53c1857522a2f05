"""The book's Sphinx extensions, on a small book."""

import re
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytest.importorskip("sphinx")
sys.path.append(str(ROOT / "book" / "extensions"))

CONFIGURATION = """
project = "small"
extensions = ["myst_parser", "term_tooltips", "languages"]
root_doc = "book/intro"
myst_enable_extensions = []
"""
PAGES = {
    "book/intro": (
        "# Start\n\nA {term}`teacher`, some {term}`rows <row>`, a {term}`Teacher`.\n\n"
        "```{toctree}\nglossary\nzh/intro\n```\n"
    ),
    "book/glossary": (
        '# Glossary\n\nThe {term}`row` here.\n\n```{glossary}\nrow\n  A "prompt" & its '
        "answer {ref}`x`.\n\n  More of it.\n\nteacher\n  It has the trait.\n```\n"
    ),
    "book/zh/intro": "# 首页\n\n正文。\n",
}


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Builds a book of these pages and returns their HTML."""
    from sphinx.application import Sphinx

    def built(**changed: str) -> dict[str, str]:
        source, out = tmp_path / "source", tmp_path / "out"
        (source / "book" / "zh").mkdir(parents=True, exist_ok=True)
        (source / "conf.py").write_text(CONFIGURATION)
        for name, text in (PAGES | {k.replace("__", "/"): v for k, v in changed.items()}).items():
            page = source / f"{name}.md"
            if not page.exists() or page.read_text() != text:
                page.write_text(text)
        app = Sphinx(
            str(source), str(source), str(out), str(tmp_path / "trees"), "html",
            status=None, warning=StringIO(),
        )  # fmt: skip
        app.build()
        return {name: (out / f"{name}.html").read_text() for name in PAGES}

    return built


def test_a_term_brings_its_definition(build: Callable[..., dict[str, str]]) -> None:
    page = build()["book/intro"]
    texts = re.findall(r'<span class="sublim-definition" role="tooltip">(.*?)</span>', page)
    assert texts == ["It has the trait.", "A “prompt” &amp; its answer x.", *texts[:1]]
    assert len(re.findall(r'<span class="sublim-term"><a class="reference internal"', page)) == 3


def test_the_glossary_itself_has_none(build: Callable[..., dict[str, str]]) -> None:
    assert "sublim-definition" not in build()["book/glossary"]


def test_another_definition_is_shown_on_pages_that_did_not_change(
    build: Callable[..., dict[str, str]],
) -> None:
    assert "It has the trait." in build()["book/intro"]
    changed = PAGES["book/glossary"].replace("It has the trait.", "It writes the rows.")
    page = build(book__glossary=changed)["book/intro"]
    assert "It writes the rows." in page
    assert "It has the trait." not in page


def test_a_page_links_to_its_translation_and_back(build: Callable[..., dict[str, str]]) -> None:
    pages = build()
    assert (
        '<a href="zh/intro.html" lang="zh-Hans" hreflang="zh-Hans">中文</a>' in pages["book/intro"]
    )
    assert '<a href="../intro.html" lang="en" hreflang="en">English</a>' in pages["book/zh/intro"]
    assert "hreflang" not in pages["book/glossary"]
    assert '<div lang="zh-Hans"' in pages["book/zh/intro"]
    assert '<div lang="zh-Hans"' not in pages["book/intro"]
