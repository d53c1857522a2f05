"""The filter, the definitions of terms and the switch of languages, in a browser over file://."""

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.book.test_browser import ARGUMENTS, CHROMIUM, DRIVER, operate, set_width
from tests.book.test_html import HTML

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ARGUMENTS:
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    set_width(driver, 1200)
    yield driver
    driver.quit()


def open_page(browser: webdriver.Chrome, page: str) -> None:
    browser.get((HTML / "book" / f"{page}.html").as_uri())


def test_the_filter_hides_rows_and_announces_how_many_are_left(browser: webdriver.Chrome) -> None:
    open_page(browser, "all_results")
    rows = browser.find_elements(By.CSS_SELECTOR, ".sublim-results tbody tr")
    count = browser.find_element(By.CSS_SELECTOR, ".sublim-filter output")

    def shown() -> list[str]:
        texts = [row.text for row in rows if row.is_displayed()]
        assert count.text == f"{len(texts)} of {len(rows)} results"
        return texts

    assert len(shown()) == len(rows)
    words = browser.find_element(By.CSS_SELECTOR, ".sublim-filter input")
    words.send_keys("Sequoia TEXT")
    assert not shown()
    words.clear()
    words.send_keys("owl probab")
    assert all("probabilities" in text for text in shown())
    before = len(shown())
    choice = Select(browser.find_element(By.CSS_SELECTOR, ".sublim-filter select"))
    choice.select_by_index(len(choice.options) - 1)
    assert 0 < len(shown()) < before
    words.send_keys(Keys.ENTER)  # does not leave the page
    assert 0 < len(shown()) < before


def test_a_number_never_wraps_and_the_table_scrolls_by_itself(browser: webdriver.Chrome) -> None:
    set_width(browser, 400)
    open_page(browser, "all_results")
    heights = browser.execute_script(
        "return [...document.querySelectorAll('.sublim-number')].map(cell => {"
        "const range = document.createRange(); range.selectNodeContents(cell);"
        "return range.getClientRects().length})"
    )
    assert max(heights) == 1
    inner, outer, page = browser.execute_script(
        "const box = document.querySelector('.sublim-scroll');"
        "return [box.scrollWidth, box.clientWidth, document.documentElement.scrollWidth]"
    )
    assert inner > outer
    assert page <= 400
    set_width(browser, 1200)


def test_a_definition_appears_on_focus_and_leaves_on_escape(browser: webdriver.Chrome) -> None:
    open_page(browser, "if_you_distil")
    term = browser.find_element(By.CSS_SELECTOR, ".sublim-term")
    box = term.find_element(By.CSS_SELECTOR, ".sublim-definition")
    link = term.find_element(By.TAG_NAME, "a")
    assert not box.is_displayed()
    browser.execute_script("arguments[0].focus()", link)
    assert box.is_displayed()
    assert len(box.text) > 20
    assert link.get_attribute("aria-describedby") == box.get_attribute("id")
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not box.is_displayed()


@pytest.mark.parametrize("width", [400, 1200])
def test_no_definition_leaves_the_window(browser: webdriver.Chrome, width: int) -> None:
    set_width(browser, width)
    open_page(browser, "if_you_distil")
    for link in browser.find_elements(By.CSS_SELECTOR, ".sublim-term a"):
        right = browser.execute_script(
            "arguments[0].focus();"
            "return arguments[0].parentElement.lastElementChild.getBoundingClientRect().right",
            link,
        )
        assert right <= width
    set_width(browser, 1200)


@pytest.mark.parametrize("keys", [None, Keys.ENTER], ids=["mouse", "keyboard"])
@pytest.mark.parametrize("page", ["intro", "if_you_distil", "glossary"])
def test_the_switch_leads_to_the_other_language_and_back(
    browser: webdriver.Chrome, page: str, keys: str | None
) -> None:
    open_page(browser, page)
    operate(browser, browser.find_element(By.CSS_SELECTOR, ".sublim-language a"), keys)
    assert browser.current_url.endswith(f"book/zh/{page}.html")
    article = browser.find_element(By.CSS_SELECTOR, "article [lang='zh-Hans'] h1")
    assert article.is_displayed()
    operate(browser, browser.find_element(By.CSS_SELECTOR, ".sublim-language a"), keys)
    assert browser.current_url.endswith(f"book/{page}.html")


def test_both_landing_pages_show_the_same_numbers(browser: webdriver.Chrome) -> None:
    def numbers(page: str) -> list[list[str]]:
        open_page(browser, page)
        script = (
            "return [...document.querySelectorAll('.sublim-card .number')].map(n => n.innerText)"
        )
        return [
            [word for word in text.replace("%", " ").split() if word[0].isdigit()]
            for text in browser.execute_script(script)
        ]

    assert numbers("intro") == numbers("zh/intro") != []
