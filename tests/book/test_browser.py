"""The built pages in a browser, over file:// and with every host name blocked."""

import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.book.test_html import CHAPTERS, PAGES

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


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_picker_shows_another_panel(browser: webdriver.Chrome, page) -> None:  # type: ignore[no-untyped-def]
    set_width(browser, 1200)
    browser.get(page.as_uri())
    wait = WebDriverWait(browser, 30)
    wait.until(lambda d: d.find_elements(By.CSS_SELECTOR, ".widget-dropdown select"))

    def shown() -> list[str]:
        panels = browser.find_elements(By.CSS_SELECTOR, ".widget-subarea .sublim-panel")
        return [p.get_attribute("innerHTML") or "" for p in panels if p.is_displayed()]

    wait.until(lambda _: shown())
    before = shown()
    choice = Select(browser.find_element(By.CSS_SELECTOR, ".widget-dropdown select"))
    assert len(choice.options) > 1
    choice.select_by_index(len(choice.options) - 1)
    wait.until(lambda _: shown() and shown() != before)
    assert len(shown()) == len(before)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_fits_a_telephone(browser: webdriver.Chrome, page, theme: str) -> None:  # type: ignore[no-untyped-def]
    set_width(browser, 400)
    browser.get(page.as_uri())
    browser.execute_script(f"document.documentElement.dataset.theme = '{theme}'")
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= 400
    colours = browser.execute_script(
        "const p = document.querySelector('article p') || document.querySelector('article');"
        "return [getComputedStyle(p).color, getComputedStyle(document.body).backgroundColor]"
    )
    text, ground = (sum(map(int, c[c.index("(") + 1 : -1].split(",")[:3])) for c in colours)
    assert abs(text - ground) > 300, colours
    set_width(browser, 1200)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_no_script_errors(browser: webdriver.Chrome, page) -> None:  # type: ignore[no-untyped-def]
    browser.get_log("browser")
    browser.get(page.as_uri())
    severe = [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]
    # Two harmless ones come from others: the theme declares its launcher's address twice, and the
    # widgets look for MathJax 2 to set formulas, of which our panels have none.
    known = ("THEBE_JS_URL", "reading 'Queue'")
    assert [message for message in severe if not any(k in message for k in known)] == []
