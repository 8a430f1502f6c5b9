"""The lab's page under a real browser: it moves, one acts, goes back, acts otherwise, and loses nothing when the
server is killed."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.lab_server import LabServer

pytestmark = pytest.mark.requires_chromium

DIES = "/lab/consumer-dies-before-ack/"
ROUTES = "/lab/who-gets-order-eu-paid/"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
HOSTILE = '<img src=x onerror="window.hit=1">\u202e'
REQUESTS_MAX = 24
BYTES_MAX = 100_000
TARGET_PX = 32


def seconds(page: Page) -> float:
    """What the deck's clock says."""
    return float((page.locator(".clock").text_content() or "").split()[0])


def running(page: Page, server: LabServer, path: str) -> Page:
    """The page, once its lab plays."""
    page.goto(server.url + path)
    expect(page.locator(".clock")).not_to_have_text("0.00 s")
    return page


def paused_at(page: Page, t: float) -> None:
    """Pause, and put the playhead at a time by the slider."""
    expect(page.locator("mq-stage:not(.loading)")).to_be_attached()
    if page.get_by_role("button", name="Pause").is_visible():
        page.get_by_role("button", name="Pause").click()
    page.get_by_role("slider", name="Time").fill(str(t))
    expect(page.locator(".clock")).to_have_text(f"{t:.2f} s")
    expect(page.locator(".deck-state")).to_have_text("")


def flags(page: Page) -> list[str]:
    """The acts on the timeline, as a screen reader says them."""
    return [flag.get_attribute("aria-label") or "" for flag in page.locator(".flag").all()]


def saved(page: Page) -> None:
    """Wait until the last act is in the database."""
    expect(page.locator(".act-state")).to_contain_text("Saved.")


def test_the_lab_runs_by_itself_and_stands_when_paused(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    expect(page.locator(".verdicts .published dd")).not_to_have_text("0")
    page.get_by_role("button", name="Pause").click()
    at = seconds(page)
    page.wait_for_timeout(300)
    assert seconds(page) == at > 0


def test_the_first_act_is_offered_and_ticks_the_first_goal(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 2.5)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    expect(page.locator("[data-node=worker-1]")).to_contain_text("crashed")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#goals li").first).to_have_class("met", timeout=10_000)
    assert flags(page) == ["Go to crash worker-1 at 2.50 seconds"]


def test_a_step_back_shows_the_same_events_again(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 3)
    page.get_by_role("tab", name="Events").click()
    page.get_by_role("button", name="Step", exact=True).click()
    page.wait_for_timeout(100)
    before = page.locator(".log").inner_text()
    for name in ("Step", "Step", "Step back", "Step back"):
        page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_timeout(300)
    assert page.locator(".log").inner_text() == before


def test_acting_in_the_past_makes_another_future_and_keeps_the_first(
    browser: Browser, server: LabServer
) -> None:
    page = browser.new_context().new_page()
    running(page, server, DIES)
    paused_at(page, 4)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    paused_at(page, 2)
    page.get_by_role("button", name="Publish", exact=True).click()
    saved(page)
    assert flags(page) == ["Go to publish charge at 2.00 seconds"]
    page.get_by_label("Future").select_option(label="crash worker-1 at 4.00 s")
    expect(page.locator(".flag")).to_have_attribute("aria-label", "Go to crash worker-1 at 4.00 seconds")
    page.context.close()


def test_a_message_of_ones_own_is_routed_as_the_bindings_say(page: Page, server: LabServer) -> None:
    running(page, server, ROUTES)
    paused_at(page, 1)
    page.get_by_label("Routing key").fill("order.eu.paid")
    page.get_by_label("Key on the chip").fill("eu")
    page.get_by_text("Headers, properties, mandatory").click()
    page.get_by_role("button", name="Add header").click()
    page.get_by_label("Header: name").fill("tenant")
    page.get_by_label("Header: value").fill("7")
    page.get_by_role("button", name="Publish", exact=True).click()
    saved(page)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("tab", name="Events").click()
    for queue in ("billing", "audit", "europe"):
        expect(page.locator(".log")).to_contain_text(re.compile(rf"you-\d+ reached {queue} and was ready"))
    assert not re.search(r"you-\d+ reached dashboard", page.locator(".log").inner_text())


def test_what_a_user_writes_is_only_ever_text(page: Page, server: LabServer) -> None:
    running(page, server, ROUTES)
    paused_at(page, 1)
    page.get_by_label("Routing key").fill(HOSTILE)
    page.get_by_label("Key on the chip").fill("<b")
    page.get_by_label("Body").fill(HOSTILE)
    page.get_by_role("button", name="Publish", exact=True).click()
    saved(page)
    page.get_by_role("tab", name="Events").click()
    expect(page.locator(".log")).to_contain_text("<img src=x")
    assert page.evaluate("window.hit") is None
    assert page.locator("mq-stage img").count() == 0


def test_an_act_that_is_refused_says_why_at_the_form(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    page.get_by_label("Act on", exact=True).select_option("shop")
    rate = page.get_by_label("Messages a second")
    rate.fill("0.0000001")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator(".act-error")).to_contain_text("0.0")
    expect(rate).to_have_value("0.0000001")


def test_the_address_holds_the_moment_and_the_future(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 2.25)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    paused_at(page, 5)
    address, counted = page.url, page.locator(".verdicts").inner_text()
    assert re.search(r"#t=5&f=\w+$", address)
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator(".clock")).to_have_text("5.00 s")
    expect(page.locator(".verdicts")).to_have_text(re.compile(re.escape(counted.split("\n")[0])))
    assert flags(page)[-1] == "Go to crash worker-1 at 2.25 seconds"
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_visitors_first_act_makes_a_copy(page: Page, browser: Browser, server: LabServer) -> None:
    running(page, server, ROUTES)
    page.get_by_role("button", name="Share").click()
    page.wait_for_url(re.compile(r"/r/\w+"))
    shared = page.url.split("#")[0]
    visitor = browser.new_context().new_page()
    visitor.goto(shared)
    expect(visitor.locator("#viewer")).to_be_visible()
    visitor.get_by_role("button", name="Publish", exact=True).click()
    saved(visitor)
    expect(visitor.locator("#viewer")).to_have_count(0)
    assert "/r/" in visitor.url
    assert visitor.url.split("#")[0] != shared
    visitor.get_by_role("button", name="Share").click()
    visitor.wait_for_url(re.compile(r"/r/\w+#t="))
    expect(visitor.locator("#viewer")).to_be_visible()
    visitor.context.close()


def test_kill_9_loses_nothing_and_the_page_goes_on_by_itself(page: Page, own_server: LabServer) -> None:
    running(page, own_server, DIES)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    page.wait_for_timeout(300)

    own_server.kill()
    expect(page.locator(".deck-state")).to_contain_text("The connection is away")
    page.get_by_label("Act on", exact=True).select_option("worker-2")
    page.get_by_role("button", name="Crash worker-2").click()
    expect(page.locator(".act-state")).to_contain_text("on its way")
    expect(page.locator(".deck-state")).to_contain_text("One act waits to be sent")
    own_server.start()

    saved(page)
    expect(page.locator(".deck-state")).to_have_text("")
    at = seconds(page)
    page.wait_for_timeout(500)
    assert seconds(page) > at, "it was playing, and plays on"
    page.goto(own_server.url + DIES)
    expect(page.locator(".flag")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", ["Act", "Events"])
def test_axe_finds_nothing_on_the_stage(
    page: Page, server: LabServer, scheme: Literal["light", "dark"], tab: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    running(page, server, DIES)
    paused_at(page, 3)
    page.get_by_role("tab", name=tab).click()
    page.wait_for_timeout(300)
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768, 1360])
def test_nothing_reaches_beyond_the_edge_and_all_targets_are_large(
    page: Page, server: LabServer, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(server.url + DIES)
    expect(page.locator("[data-node=worker-1]")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """least => Array.from(document.querySelectorAll("mq-stage button, mq-stage select, mq-stage summary"))
            .map(e => [e.textContent, e.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.height < least - 0.5 || box.width < least - 0.5))
            .map(([text]) => text)""",
        TARGET_PX,
    )
    assert small == []


def test_the_figure_is_worked_by_keyboard(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    page.locator(".figure svg").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.get_by_label("Act on", exact=True).input_value().startswith("worker-")
    page.locator(".figure svg").focus()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_who_wants_no_motion_gets_steps(page: Page, server: LabServer) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(server.url + DIES)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".clock")).not_to_have_text("0.00 s")


def test_the_first_picture_needs_little(page: Page, server: LabServer) -> None:
    """What is asked for before the first picture is drawn; the rest comes after it."""
    running(page, server, DIES)
    loaded: list[list[Any]] = page.evaluate(
        """() => {
            const drawn = performance.getEntriesByName("mq-first-picture")[0].startTime;
            return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
                .filter(one => one.startTime < drawn && !one.name.endsWith(".woff2"))
                .map(one => [one.name, one.transferSize]);
        }"""
    )
    assert 10 < len(loaded) <= REQUESTS_MAX, loaded
    assert sum(size for _, size in loaded) <= BYTES_MAX, loaded
