"""The built pages in a browser, over file:// and with every host name blocked."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.book.test_html import CHAPTERS, PAGES

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def set_width(browser: webdriver.Chrome, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def set_theme(browser: webdriver.Chrome, theme: str) -> None:
    browser.execute_script(
        f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}');"
        f"document.documentElement.dataset.theme = '{theme}'"
    )


def shown(browser: webdriver.Chrome, selector: str) -> list[str]:
    """The content of the elements that can be seen."""
    found = browser.find_elements(By.CSS_SELECTOR, selector)
    return [e.get_attribute("innerHTML") or "" for e in found if e.is_displayed()]


def changed(selector: str, before: list[str]) -> Callable[[webdriver.Chrome], bool]:
    """Whether something else than before is shown, and not nothing."""
    return lambda browser: shown(browser, selector) not in ([], before)


def operate(browser: webdriver.Chrome, element: WebElement, keys: str | None = None) -> None:
    """Click an element where it comes to rest, or press keys while it has the focus.

    The theme scrolls smoothly, and under its header.
    """
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
    )
    if keys is None:
        element.click()
    else:
        browser.execute_script("arguments[0].focus({preventScroll: true})", element)
        assert browser.switch_to.active_element == element
        element.send_keys(keys)


@pytest.mark.parametrize(
    ("width", "theme", "by_keyboard"),
    [(1280, "light", False), (1280, "dark", True), (400, "light", True), (400, "dark", False)],
)
@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_every_control_of_a_chapter_changes_what_is_shown(
    browser: webdriver.Chrome, page: Path, width: int, theme: str, by_keyboard: bool
) -> None:
    set_width(browser, width)
    browser.get(page.as_uri())
    set_theme(browser, theme)
    browser.execute_script("sessionStorage.clear()")  # the bets of another test
    browser.refresh()
    wait = WebDriverWait(browser, 30)
    for bet in browser.find_elements(By.CSS_SELECTOR, ".sublim-bet"):
        choice = bet.find_elements(By.CSS_SELECTOR, "input")[-1]
        operate(browser, choice, Keys.SPACE if by_keyboard else None)
        assert choice.is_selected()
        assert "Noted" in bet.find_element(By.CSS_SELECTOR, ".sublim-note").text
        wait.until(lambda _: any("You" in note for note in shown(browser, ".sublim-paid")))
    wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, ".widget-dropdown select"))
    panels = ".widget-subarea .sublim-panel"
    wait.until(lambda _: shown(browser, panels))
    for select in browser.find_elements(By.CSS_SELECTOR, ".widget-dropdown select"):
        before, last = shown(browser, panels), len(Select(select).options) - 1
        assert last > 0
        if by_keyboard:
            operate(browser, select, Keys.END)
        else:
            Select(select).select_by_index(last)
        wait.until(changed(panels, before))
        assert len(shown(browser, panels)) == len(before)
    if folded := browser.find_elements(By.CSS_SELECTOR, "details.hide"):
        assert not any(details.get_attribute("open") for details in folded)
        switch = browser.find_element(By.CSS_SELECTOR, ".sublim-code-switch")
        operate(browser, switch, Keys.ENTER if by_keyboard else None)
        assert switch.get_attribute("aria-pressed") == "true"
        assert all(details.get_attribute("open") for details in folded)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_the_first_figure_stands_within_one_and_a_half_screens(
    browser: webdriver.Chrome, page: Path
) -> None:
    set_width(browser, 1280)
    browser.get(page.as_uri())
    top = browser.execute_script(
        "const all = document.querySelectorAll('article :is(.cell_output img, .sublim-quiz)');"
        "return Math.min(...[...all].map((e) => e.getBoundingClientRect())"
        ".filter((r) => r.width > 150).map((r) => r.top + scrollY))"
    )
    assert top < 1.5 * 757


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_figures_are_legible_on_a_telephone(browser: webdriver.Chrome, page: Path) -> None:
    set_width(browser, 400)
    browser.get(page.as_uri())
    wait = "return [...document.images].every((image) => image.complete)"
    WebDriverWait(browser, 30).until(lambda d: d.execute_script(wait))
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('article .cell_output figure img')]"
        ".map((e) => [e.getBoundingClientRect().width, e.naturalWidth])"
    )
    assert sizes
    for width, natural in sizes:  # tick labels are 14 pixels high
        assert 14 * width / natural >= 10, (width, natural)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_legible_and_fits_a_telephone(
    browser: webdriver.Chrome, page: Path, theme: str
) -> None:
    set_width(browser, 400)
    browser.get(page.as_uri())
    set_theme(browser, theme)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= 400
    assert browser.execute_script(CONTRAST) == []
    set_width(browser, 1200)
    assert browser.execute_script(CONTRAST) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_no_script_errors(browser: webdriver.Chrome, page: Path) -> None:
    browser.get_log("browser")
    browser.get(page.as_uri())
    severe = [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]
    # Two harmless ones come from others: the theme declares its launcher's address twice, and the
    # widgets look for MathJax 2 to set formulas, of which our panels have none.
    known = ("THEBE_JS_URL", "reading 'Queue'")
    assert [message for message in severe if not any(k in message for k in known)] == []
