"""The built pages as files: nothing from elsewhere, words for every picture."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
FILES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
PAGES = [HTML / f"{file.removesuffix('.py')}.html" for file in FILES]
NOTEBOOKS = [page for page in PAGES if page.parent.name == "notebooks"]
CHAPTERS = [page for page in NOTEBOOKS if not re.match(r"\d+a_", page.stem)]
"""The notebooks without their long versions."""


class Elements(HTMLParser):
    """All start tags of a page with their attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.fixture(params=PAGES, ids=lambda page: page.stem)
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    assert path.exists(), "run: make book"
    return path


def test_nothing_is_loaded_from_another_host(page: Path) -> None:
    for tag, attributes in Elements(page).found:
        loads = tag in ("script", "img", "iframe", "source", "video", "audio", "embed")
        if tag == "link":
            kinds = set(attributes.get("rel", "").split())
            loads = bool(kinds & {"stylesheet", "preload", "icon", "preconnect", "prefetch"})
        for name in ("src", "href"):
            value = attributes.get(name, "")
            assert not (loads and re.match(r"(https?:)?//", value)), (tag, value)


def test_local_scripts_and_styles_exist(page: Path) -> None:
    for tag, attributes in Elements(page).found:
        value = attributes.get("src" if tag in ("script", "img") else "href", "")
        if tag in ("script", "img", "link") and value and ":" not in value:
            if tag == "link" and not {"stylesheet", "icon"} & set(
                attributes.get("rel", "").split()
            ):
                continue
            target = (page.parent / value.partition("?")[0].partition("#")[0]).resolve()
            assert target.exists(), value


def test_every_picture_has_words(page: Path) -> None:
    pictures = [attributes for tag, attributes in Elements(page).found if tag == "img"]
    for attributes in pictures:
        assert attributes.get("alt", "").strip(), attributes
        assert not re.search(r"\.(png|svg)$", attributes["alt"]), attributes
    for alt in re.findall(r'<img[^>]*?alt=\\"(.*?)\\"', page.read_text()):
        assert alt.strip()


def test_no_table_is_left_as_text(page: Path) -> None:
    assert not re.findall(r"<p>\|.{0,80}", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda page: page.stem)
def test_a_notebook_opens_on_colab_and_names_its_hardware(chapter: Path) -> None:
    text = chapter.read_text()
    assert (
        f"colab.research.google.com/github/subliminal-book/subliminal-learning/blob/main/notebooks/{chapter.stem}.ipynb"
        in text
    )
    assert "Measured on" in text or "measures this again" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_has_a_control_a_bet_and_its_sources(chapter: Path) -> None:
    text = chapter.read_text()
    assert "application/vnd.jupyter.widget-view+json" in text
    parts = ["sublim-bet", "sublim-paid", "sublim-box", "sublim-source"]
    if chapter.stem not in ("02_mnist", "03_theorem"):  # of networks without a base model
        parts.append("sublim-pipeline")
    for part in parts:
        assert f'class="{part}"' in text, part


def test_every_button_for_colab_opens_a_notebook_of_the_repository(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"colab\.research\.google\.com/github/[^\"'\s]+", text):
        notebook = ROOT / link.partition("/blob/main/")[2]
        assert notebook.suffix == ".ipynb"
        assert notebook.exists()


def test_all_results_shows_every_main_condition() -> None:
    from sublim_utils.findings import FINDINGS, finding_class

    text = (HTML / "book" / "all_results.html").read_text(encoding="utf-8")
    for name in FINDINGS.names():
        finding = finding_class(name)("embedded")
        summary = finding.summary()
        for row in summary[summary["main"]].itertuples():
            digits = 2 if row.unit == "nats" else 3
            shown = f"{row.mean:.{digits}f}"
            if row.low != row.high:  # all seeds agree
                shown += f" [{row.low:.{digits}f}, {row.high:.{digits}f}]"
            assert f">{shown}<".replace("-", "\N{MINUS SIGN}") in text
