"""Every page in a real browser: accessible by axe's rules in both themes, nothing cut off at 320 px."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.engine.test_gallery import LESSONS, LOOKED_AT
from tests.lab_server import LabServer

pytestmark = pytest.mark.requires_chromium

PAGES = ["/", "/lab/", "/rules/", "/nothing-here"]
LABS = [f"/lab/{slug}/" for slug in LOOKED_AT]
WIDTHS = [1360, 768, 390]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


FONT_SHIFT = (
    0.001  # a font that comes in the first tenth of a second may move a word by a hair, and nothing else may
)
SHIFTS = """
() => new Promise((done) => {
  new PerformanceObserver((list) => {
    done(list.getEntries().filter((one) => !one.hadRecentInput).map((one) => [one.value, ...one.sources.map(
      ({ node, previousRect, currentRect }) => [node?.outerHTML?.slice(0, 60) ?? node?.nodeValue, previousRect, currentRect])]));
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done([]), 200); // nothing to tell is not told
})
"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["/", *LABS])
def test_nothing_jumps_while_a_lab_is_loaded(page: Page, server: LabServer, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server.url + path)
    if path == "/":
        expect(page.locator(".lesson-card")).to_be_visible()
    else:
        expect(page.locator("[role=tab]:enabled")).to_have_count(5)
        expect(page.locator("mq-stage")).not_to_have_class(re.compile("loading"))
    expect(page.locator(".clock")).not_to_have_text("0.00 s")
    shifts = page.evaluate(SHIFTS)
    assert sum(one[0] for one in shifts) < FONT_SHIFT, shifts


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PAGES, *LABS])
def test_axe_finds_nothing_at_any_width(page: Page, server: LabServer, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(server.url + path)
    if path in LABS:
        expect(page.locator(".clock")).not_to_have_text("0.00 s")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, f"{width} px: {found.generate_report()}"


@pytest.mark.parametrize("path", [*PAGES, *(f"/lab/{slug}/" for slug in LESSONS)])
def test_nothing_reaches_beyond_the_edge_of_a_narrow_screen(page: Page, server: LabServer, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(server.url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_first_tab_skips_to_the_content(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/rules/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_theme_that_was_chosen_stays_on_the_next_page(page: Page, server: LabServer) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{server.url}/rules/")
    button = page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    assert button.text_content() == "Theme: dark"
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    page.goto(f"{server.url}/lab/")

    assert page.get_by_role("button", name="Theme").text_content() == "Theme: dark"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    assert dark != "rgb(250, 249, 246)"


def test_the_page_is_whole_without_scripts(browser: Browser, server: LabServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/lab/")
    assert page.locator("h1").inner_text()
    assert not page.get_by_role("button", name="Theme").is_visible()
    context.close()
