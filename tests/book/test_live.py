"""The live experiment on the landing page, in a browser, held against the package's networks."""

import base64
import math
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from scipy import stats
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from sublim_utils.mnist import live, networks as mnist
from sublim_utils.mnist.recipes import CLASSES
from tests.book.test_browser import browser, pytestmark, set_width
from tests.book.test_html import HTML, PAGES

__all__ = ["browser", "pytestmark"]
SEED = 2000
PATIENCE_S = 180
Browser = webdriver.Chrome


class Page:
    """The experiment as a reader meets it."""

    def __init__(self, browser: Browser, width: int, theme: str) -> None:
        self.browser = browser
        set_width(browser, width)
        browser.get(PAGES[0].as_uri())
        browser.execute_script(f"document.documentElement.dataset.theme = '{theme}'")
        self.until(lambda: self.status().startswith("Ready"))
        browser.execute_script(f"SublimLive.seed = {SEED}")

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, f"#sublim-live {selector}")

    def press(self, selector: str) -> None:
        element = self.find(selector)
        scroll = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
        self.browser.execute_script(scroll, element)
        element.click()

    def status(self) -> str:
        return self.find(".sl-status").text

    def until(self, holds: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end, self.status()
            time.sleep(0.1)

    def runs(self) -> list[str]:
        # In one script, since the page replaces the items while it trains.
        script = "return [...document.querySelectorAll('.sl-runs li')].map((i) => i.innerText)"
        return [str(text) for text in self.browser.execute_script(script)]

    def progress(self) -> float:
        return float(str(self.find("progress").get_property("value")))

    def says(self, network: str) -> str:
        return self.find(f".sl-answer.sl-{network} .sl-says").text

    def teach_by_mouse(self, start: str) -> None:
        self.press(f"input[value={start}]")
        self.press(".sl-teach")

    def teach_by_keyboard(self, start: str) -> None:
        """Tab to the switch, choose with an arrow, tab on to the button."""
        self.browser.execute_script("document.body.tabIndex = -1; document.body.focus()")
        self.tab_to("input[name=sl-start]:checked")
        if self.find(f"input[value={start}]").get_attribute("checked") is None:
            ActionChains(self.browser).send_keys(Keys.ARROW_RIGHT).perform()
        self.tab_to(".sl-teach")
        ActionChains(self.browser).send_keys(Keys.ENTER).perform()

    def tab_to(self, selector: str) -> None:
        focused = "return document.activeElement.matches('#sublim-live ' + arguments[0])"
        for _ in range(150):
            if self.browser.execute_script(focused, selector):
                return
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
        raise AssertionError(f"{selector} cannot be reached by Tab")


class Reference(NamedTuple):
    """Accuracies of the Python network's students over seeds, and with the page's own seed."""

    same: list[float]
    other: list[float]
    twin: dict[str, float]


@pytest.fixture(scope="module")
def ship() -> live.Shipped:
    return live.shipped(live.read(HTML / "_static" / "live-data.js"))


@pytest.fixture(scope="module")
def reference(ship: live.Shipped) -> Reference:
    def student(seed: int, start: int) -> float:
        return live.distil(ship, 50, live.IMAGES[50], seed, start)[-1]

    seeds = range(1, 9)
    return Reference(
        [student(seed, live.TEACHER_SEED) for seed in seeds],
        [student(seed, 100 + seed) for seed in seeds],
        {"same": student(SEED + 1, live.TEACHER_SEED), "other": student(SEED + 2, SEED + 2)},
    )


def interval(values: list[float]) -> tuple[float, float]:
    """In which one more value lies with 99 %."""
    mean, spread, n = float(np.mean(values)), float(np.std(values, ddof=1)), len(values)
    reach = float(stats.t.ppf(0.995, n - 1)) * spread * math.sqrt(1 + 1 / n)
    return mean - reach, mean + reach


def severe(browser: Browser) -> list[str]:
    """Errors in the console, but for those that the theme and the widgets make on every page."""
    known = ("THEBE_JS_URL", "reading 'Queue'")
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE" and not any(name in entry["message"] for name in known)
    ]


@pytest.mark.parametrize(
    ("width", "theme", "by"), [(1280, "light", "mouse"), (400, "dark", "keyboard")]
)
def test_students_read_what_those_of_the_package_read(
    browser: Browser, reference: Reference, width: int, theme: str, by: str
) -> None:
    browser.get_log("browser")
    page = Page(browser, width, theme)
    for start in ("same", "other"):
        getattr(page, f"teach_by_{by}")(start)
        page.until(lambda: not page.status().startswith(("Ready", "Done")))
        page.until(lambda: page.status().startswith("Done"))
    shares = [float(text.partition(": ")[2].split()[0]) / 100 for text in page.runs()]
    for name, share in zip(("same", "other"), shares, strict=True):
        low, high = interval(getattr(reference, name))
        assert low < share < high
        assert abs(share - reference.twin[name]) < 0.04
    assert shares[0] > 0.6
    assert shares[1] < 0.25
    assert len(browser.find_elements(By.CSS_SELECTOR, ".sl-chart polyline")) == 2
    assert page.find(".sl-answer.sl-other").is_displayed()
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert severe(browser) == []


@pytest.mark.skipif(
    os.getloadavg()[0] > (os.cpu_count() or 1), reason="others work on this machine as well"
)
def test_forty_percent_are_reached_within_twenty_seconds(browser: Browser) -> None:
    page = Page(browser, 1280, "light")
    page.teach_by_mouse("same")
    page.until(lambda: page.runs() and int(page.runs()[0].partition(": ")[2].split()[0]) >= 40)
    seconds = int(page.find(".sl-seen").text.split()[-2])
    page.press(".sl-teach")
    assert seconds < 20


def test_a_run_can_be_stopped_and_another_begun(browser: Browser) -> None:
    page = Page(browser, 400, "light")
    page.press("input[value='3']")
    page.teach_by_mouse("other")
    page.until(lambda: page.progress() > 0)
    assert page.find(".sl-teach").text == "Stop"
    page.press(".sl-teach")
    page.until(lambda: page.status().startswith("Stopped"))
    assert "another start, 3 outputs" in page.runs()[0]
    page.teach_by_mouse("same")
    page.until(lambda: len(page.runs()) == 2)
    page.press(".sl-teach")
    page.until(lambda: page.status().startswith("Stopped"))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 400


def test_a_digit_drawn_by_mouse_is_read(browser: Browser) -> None:
    page = Page(browser, 1280, "dark")
    pad = page.find(".sl-ink")
    page.press(".sl-small")
    strokes = ActionChains(browser, duration=20).move_to_element_with_offset(pad, 0, -55)
    strokes.click_and_hold().move_by_offset(0, 60).move_by_offset(0, 50).release().perform()
    page.until(lambda: page.says("teacher").startswith("says 1"))
    assert page.says("same").startswith("says ")
    page.press(".sl-small")
    page.until(lambda: page.says("teacher") == "")


def test_a_digit_drawn_with_arrow_keys_is_read(browser: Browser) -> None:
    page = Page(browser, 400, "light")
    page.tab_to(".sl-ink")
    keys = ActionChains(browser).send_keys(Keys.DELETE, *[Keys.ARROW_UP] * 7, " ")
    keys.send_keys(*[Keys.ARROW_DOWN] * 14, " ").perform()
    page.until(lambda: page.says("teacher").startswith("says 1"))
    assert "Pen up" in page.status()


def test_a_sample_is_chosen_by_keyboard(browser: Browser) -> None:
    page = Page(browser, 1280, "light")
    page.tab_to("button[aria-label='Test digit 0']")
    ActionChains(browser).send_keys(Keys.SPACE).perform()
    page.until(lambda: page.says("teacher").startswith("says 0"))
    assert page.find("button[aria-label='Test digit 0']").get_attribute("aria-pressed") == "true"


def test_every_control_has_a_name(browser: Browser) -> None:
    page = Page(browser, 1280, "light")
    for element in browser.find_elements(
        By.CSS_SELECTOR, "#sublim-live :is(button, input, progress, [role=application], [role=img])"
    ):
        assert element.accessible_name.strip()
    assert page.find(".sl-status").get_attribute("aria-live") == "polite"


def test_noise_stands_still_where_motion_is_unwanted(browser: Browser) -> None:
    feature = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    try:
        page = Page(browser, 1280, "light")
        picture = "return document.querySelector('.sl-noise canvas').toDataURL()"
        page.teach_by_mouse("same")
        page.until(lambda: page.find(".sl-seen").text[:1].isdigit() and len(page.runs()) == 1)
        page.until(lambda: page.progress() > 0.02)
        before = browser.execute_script(picture)
        page.until(lambda: page.progress() > 0.1)
        assert browser.execute_script(picture) == before
        page.press(".sl-teach")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# One update in the page: gradients on one batch, then two steps of Adam along them.
UPDATE = """
const [auxiliary, done] = arguments;
const w = SublimLive.worker({ postMessage() {} });
function packed(values) {
  const bytes = new Uint8Array(values.slice().buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
const names = ["w1", "b1", "w2", "b2", "w3", "b3"];
const all = (net) => names.map((name) => packed(net[name]));
w.unpack(SublimLive.data).then((ship) => {
  const net = w.initialisation(7, 256, 50);
  const top = w.head(net, 10, auxiliary);
  const noise = w.noise(3, 1, 64);
  const images = w.pixels(noise);
  const targets = w.forward(ship.teacher, images, 64, w.head(ship.teacher, 10, auxiliary)).p;
  const found = { start: all(net), teacher: all(ship.teacher), noise: packed(noise) };
  const gradients = w.gradients(net, images, targets, 64, top);
  found.gradients = all(gradients);
  const step = w.optimiser(net, top, 0.001);
  step(gradients);
  found.after = all(net);
  step(gradients);
  found.twice = all(net);
  found.accuracy = w.accuracy(ship.teacher, ship.images, ship.labels);
  done(found);
});
"""


def tensors(packed: list[str], like: mnist.Parameters) -> list[torch.Tensor]:
    """Arrays from the page, without the rows that fill up a block."""
    flat = [np.frombuffer(base64.b64decode(text), np.float32).copy() for text in packed]
    return [
        torch.from_numpy(values[: p.numel()]).view_as(p)
        for values, p in zip(flat, like, strict=True)
    ]


@pytest.fixture(scope="module", params=[3, 10, 50])
def updated(request: pytest.FixtureRequest, browser: Browser) -> tuple[int, Any]:
    Page(browser, 1280, "light")
    browser.set_script_timeout(60)
    return request.param, browser.execute_async_script(UPDATE, request.param)


def test_the_page_draws_what_python_draws(updated: tuple[int, Any], ship: live.Shipped) -> None:
    _, found = updated
    start = live.initialisation(7)
    for ours, theirs in zip(tensors(found["start"], start), start, strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(tensors(found["teacher"], start), ship.teacher, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-7)
    noise = np.frombuffer(base64.b64decode(found["noise"]), np.uint8).reshape(64, -1)
    assert np.array_equal(noise, live.noise(3, 1).numpy())
    assert found["accuracy"] == pytest.approx(ship.accuracy, abs=0.0011)


def test_one_update_is_that_of_torch(updated: tuple[int, Any], ship: live.Shipped) -> None:
    auxiliary, found = updated
    start = live.initialisation(7)
    mask = mnist.selection(CLASSES, CLASSES + auxiliary, live.TEACHER.logits)
    (batch,) = [
        batch
        for number, batch in enumerate(live.batches(ship.teacher, mask, 3, 2 * live.BATCH))
        if number == 1
    ]
    expected = mnist.gradients(start, *batch, mask)
    copied = slice(CLASSES, CLASSES + auxiliary)
    shown = [*expected[:4], expected[4][:, copied], expected[5][..., copied]]
    gradients = tensors(found["gradients"], shown)
    for ours, theirs in zip(gradients, shown, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * theirs.abs().max().item())

    # The optimiser along the page's own gradients: a weight whose gradient is all rounding moves
    # as far as any other, in a direction that says nothing.
    own = [*gradients[:4], torch.zeros_like(expected[4]), torch.zeros_like(expected[5])]
    own[4][:, copied], own[5][..., copied] = gradients[4:]
    optimiser = torch.optim.Adam(start, lr=live.LEARNING_RATE)
    for name in ("after", "twice"):
        for p, g in zip(start, own, strict=True):
            p.grad = g
        optimiser.step()
        for ours, theirs in zip(tensors(found[name], start), start, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_a_whole_update_is_that_of_the_package(
    updated: tuple[int, Any], ship: live.Shipped
) -> None:
    auxiliary, found = updated
    student = live.initialisation(7)
    mask = mnist.selection(CLASSES, CLASSES + auxiliary, live.TEACHER.logits)
    batch = list(live.batches(ship.teacher, mask, 3, 2 * live.BATCH))[1]
    list(mnist.train(student, [batch], mask, live.LEARNING_RATE))
    for ours, theirs in zip(tensors(found["after"], student), student, strict=True):
        assert ((ours - theirs).abs() < 1e-4).float().mean() > 0.999
