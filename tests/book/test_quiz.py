"""The guessing game in a browser: by click, by keyboard, and without a script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from sublim_utils.report.quiz import Round, quiz
from tests.book.test_browser import (
    browser as browser,
    operate,
    pytestmark as pytestmark,
    set_width,
)

ROOT = Path(__file__).parents[2]
ROUNDS = [
    Round("Go on: 1, 2", ("3, 4", "5, 6"), 1, "It was B."),
    Round("Go on: 7", ("8", "9"), 0, "It was A."),
    Round("Go on: 3", ("1", "2"), 0, "It was A again."),
]


@pytest.fixture
def page(browser: webdriver.Chrome, tmp_path: Path) -> Iterator[webdriver.Chrome]:
    script, style = ((ROOT / "book/assets" / name).as_uri() for name in ("quiz.js", "sublim.css"))
    file = tmp_path / "quiz.html"
    file.write_text(
        f'<meta charset="utf-8"><link rel="stylesheet" href="{style}">'
        f'<script src="{script}"></script>'
        + str(quiz(ROUNDS, question="Which one?", ending="That was all.").data)
    )
    browser.get(file.as_uri())
    yield browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def shown(page: webdriver.Chrome, selector: str) -> list[WebElement]:
    return [e for e in page.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]


def choose(page: webdriver.Chrome, place: int) -> str:
    operate(page, shown(page, ".sublim-choices button")[place])
    (said,) = shown(page, ".sublim-said")
    return said.text


def test_a_game_says_what_was_right_and_counts(page: webdriver.Chrome) -> None:
    assert [e.text for e in shown(page, "legend")] == ["Round 1 of 3: Which one?"]
    assert not shown(page, "details")
    assert choose(page, 1) == "Right. It was B."
    assert not any(button.is_enabled() for button in shown(page, ".sublim-choices button"))
    operate(page, shown(page, ".sublim-next")[0])
    assert choose(page, 1) == "No. It was A."
    assert not shown(page, ".sublim-ending")
    operate(page, shown(page, ".sublim-next")[0])
    assert "You found 2 of 3; a coin finds 1.5 on average." in choose(page, 0)
    assert [e.text for e in shown(page, ".sublim-ending")] == ["That was all."]
    operate(page, shown(page, ".sublim-next")[0])
    assert [e.text for e in shown(page, "legend")] == ["Round 1 of 3: Which one?"]
    assert choose(page, 0) == "No. It was B."


def test_a_game_needs_no_mouse(page: webdriver.Chrome) -> None:
    shown(page, ".sublim-choices button")[1].send_keys(Keys.ENTER)
    for _ in range(2):
        page.switch_to.active_element.send_keys(Keys.ENTER)  # the next round
        page.switch_to.active_element.send_keys(Keys.SPACE)  # its first text
    assert "You found 3 of 3" in shown(page, ".sublim-said")[0].text


def test_without_a_script_every_round_has_its_answer(page: webdriver.Chrome) -> None:
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.refresh()
    assert len(shown(page, "legend")) == len(shown(page, "summary")) == len(ROUNDS)
    assert not shown(page, ".sublim-next")
    assert not shown(page, ".sublim-ending")


def test_the_chapter_plays_its_game(browser: webdriver.Chrome) -> None:
    set_width(browser, 400)
    browser.get((ROOT / "_build/html/notebooks/01_owl_numbers.html").as_uri())
    assert len(shown(browser, ".sublim-quiz fieldset")) == 1
    for number in range(5):
        assert choose(browser, 0).startswith(("Right.", "No."))
        assert ("of 5" in shown(browser, ".sublim-said")[0].text) == (number == 4)
        operate(browser, shown(browser, ".sublim-next")[0])
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 400
    set_width(browser, 1200)
