"""Every page in a real browser: accessible by axe's rules in both themes, nothing cut off at 320 px."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.engine.test_gallery import LESSONS, LOOKED_AT
from tests.lab_server import LabServer

pytestmark = pytest.mark.requires_chromium

PAGES = ["/", "/lab/", "/rules/", "/nothing-here"]
LABS = [f"/lab/{slug}/" for slug in LOOKED_AT]
WIDTHS = [1360, 768, 390]
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}

CLUSTER = "/lab/who-goes-on-when-a-cluster-falls-apart/"
FONTS_LATE_MS = [0, 40, 80, 200]
FONTS_CAME = """
async () => {
  const fonts = () => performance.getEntriesByType("resource").filter((one) => one.name.endsWith(".woff2"));
  while (fonts().length < 2) await new Promise((done) => setTimeout(done, 10));
}
"""
REQUESTS_MAX = 24  # the page's own among them; its two fonts, which nothing waits for, are not
FIRST_REQUESTS = """
() => performance.getEntriesByType("resource").filter((one) => !one.name.endsWith(".woff2") &&
  one.startTime < performance.getEntriesByName("mq-first-picture")[0].startTime).map((one) => one.name)
"""
CUT = rb"(?<=Theme: <span>sys)|(?<=Redo</bu)|(?<=<summary>Pict)|(?<=<ul class=.doors.>)|(?<=<ul id=.goals.>)"
PIECE_S = 0.25
PAUSES = "(({ responseStart, responseEnd }) => responseEnd - responseStart)(performance.getEntriesByType('navigation')[0])"
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
    assert page.evaluate(SHIFTS) == []


def test_the_first_picture_needs_no_more_than_24_requests(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{CLUSTER}#t=2")
    expect(page.locator(".clock")).to_have_text("2.00 s")
    assert len(asked := page.evaluate(FIRST_REQUESTS)) < REQUESTS_MAX, asked


@pytest.mark.parametrize("path", ["/", CLUSTER])
def test_a_page_that_comes_in_pieces_does_not_jump(page: Page, server: LabServer, path: str) -> None:
    with in_pieces(server) as port:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"http://{server.host}:{port}{path}")
            expect(page.locator(".clock")).not_to_have_text("0.00 s")
            assert page.evaluate(SHIFTS) == [], width
    assert page.evaluate(PAUSES) >= PIECE_S * 1_000


@contextmanager
def in_pieces(server: LabServer) -> Iterator[int]:
    """The port of one that passes everything on, but waits within a page where half a row has been said."""

    def passed_on(here: socket.socket, there: socket.socket) -> None:
        with suppress(OSError):
            while said := here.recv(65_536):
                for piece in re.split(CUT, said):
                    there.sendall(piece)
                    if len(piece) < len(said):
                        time.sleep(PIECE_S)
            there.shutdown(socket.SHUT_WR)

    def joined(here: socket.socket) -> None:
        with here, socket.create_connection((server.host, server.port)) as there:
            back = threading.Thread(target=passed_on, args=(there, here))
            back.start()
            passed_on(here, there)
            back.join()

    def answer() -> None:
        with suppress(OSError):  # the door is shut
            while True:
                threading.Thread(target=joined, args=door.accept()[:1], daemon=True).start()

    with socket.create_server((server.host, 0)) as door:
        threading.Thread(target=answer, daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


@contextmanager
def fonts_held(page: Page) -> Iterator[None]:
    """The fonts that are asked for in the meantime come at its end, and no sooner."""
    held: list[Route] = []
    page.route("**/*.woff2", lambda route: held.append(route))
    yield
    for route in held:
        route.continue_()
    page.unroute("**/*.woff2")  # and what is asked for only now is not held


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["/", CLUSTER])
def test_a_font_that_comes_late_moves_nothing(page: Page, server: LabServer, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for late_ms in FONTS_LATE_MS:
        with fonts_held(page):
            page.goto(server.url + path, wait_until="commit")
            page.wait_for_timeout(late_ms)
        expect(page.locator("main h1")).to_be_visible()
        page.evaluate(FONTS_CAME)
        assert page.evaluate(SHIFTS) == [], f"{late_ms} ms"


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
    for theme in ("light", "dark", "system", "light", "dark"):
        button.click()
        assert button.text_content() == f"Theme: {theme}"
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
