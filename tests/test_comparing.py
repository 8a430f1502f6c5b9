"""Two futures side by side under a real browser: how one comes there, what is told, drawn and handed over."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.lab_server import LabServer
from tests.test_stage import DIES, WCAG, paused_at, running, saved
from tests.test_time import two_acts

pytestmark = pytest.mark.requires_chromium


def crashed(page: Page, server: LabServer) -> None:
    """Crash worker-1 at 4.2 s, while it holds a payment, and look at 8 s."""
    running(page, server, DIES)
    paused_at(page, 4.2)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    paused_at(page, 8)


def compared(page: Page) -> None:
    """The comparison is there, and what differs is told."""
    expect(page.locator(".figure")).to_have_count(2)
    expect(page.locator(".difference-list li").first).to_be_visible()


def test_without_this_act_is_one_press_and_tells_the_two_fates(page: Page, server: LabServer) -> None:
    crashed(page, server)
    page.get_by_role("button", name="Compare without crash worker-1").click()
    compared(page)
    expect(page.locator(".figure-title")).to_have_text(["With the crash of worker-1", "Without it"])
    expect(page.locator(".difference-list li").first).to_contain_text("delivered twice")
    expect(page.locator(".difference-totals")).to_contain_text("Redelivered 1 against 0")
    expect(page.locator(".figure.other [data-node=worker-1]")).not_to_contain_text("crashed")
    expect(page.locator(".figure:not(.other) [data-node=worker-1]")).to_contain_text("crashed")


@pytest.mark.parametrize("width", [1360, 390])
@pytest.mark.parametrize("how", ["mouse", "touch", "keyboard"])
def test_a_flag_offers_the_future_without_its_act(
    browser: Browser, server: LabServer, how: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, has_touch=True)
    context.add_init_script("try { sessionStorage.setItem('mqlab-stops', 'no') } catch { /* about:blank */ }")
    page = context.new_page()
    crashed(page, server)
    flag = page.locator(".flag")
    offer = page.get_by_role("group", name="About crash worker-1").get_by_role("button")
    expect(offer).to_be_hidden()
    press = {"mouse": flag.click, "touch": flag.tap, "keyboard": lambda: flag.press("Enter")}[how]
    press()
    expect(page.locator(".clock")).to_have_text("4.20 s")
    expect(offer).to_have_text("Without this act")
    box = offer.bounding_box()
    assert box is not None
    assert box["height"] >= 32
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    if how == "keyboard":
        expect(offer).to_be_focused()
        page.keyboard.press("Escape")
        expect(offer).to_be_hidden()
        expect(flag).to_be_focused()
        press()
        page.keyboard.press("Enter")
    elif how == "touch":
        offer.tap()
    else:
        page.locator("h1").click()
        expect(offer).to_be_hidden()
        press()
        offer.click()
    expect(page.locator(".figure-title")).to_have_text(["With the crash of worker-1", "Without it"])
    expect(offer).to_be_hidden()
    context.close()


def test_later_acts_are_carried_over_to_the_future_without_one(page: Page, server: LabServer) -> None:
    two_acts(page, server)
    paused_at(page, 3)
    page.get_by_role("button", name="Compare without crash worker-1").click()
    compared(page)
    paused_at(page, 7)
    expect(page.locator(".figure.other [data-node=you]")).to_contain_text("1 sent")
    expect(page.locator(".figure.other [data-node=worker-1]")).not_to_contain_text("crashed")
    page.get_by_role("button", name="End comparing").click()
    expect(page.locator(".figure")).to_have_count(1)
    assert "crash worker-1, publish charge" in page.get_by_label("Future").inner_text()


def test_both_pictures_stand_at_the_same_moment_and_select_the_same_message(
    page: Page, server: LabServer
) -> None:
    crashed(page, server)
    page.get_by_role("button", name="Compare without crash worker-1").click()
    compared(page)
    paused_at(page, 5.9)  # worker-2 works on what worker-1 held
    expect(page.locator(".difference-list li").first).to_contain_text("is not settled yet")
    first = page.locator(".difference-list .key-chip").first
    expect(page.locator(".figure:not(.other) .fated")).not_to_have_count(0)
    first.click()
    assert page.evaluate("document.activeElement.className").startswith("key-chip")
    message = first.get_attribute("data-message")
    expect(page).to_have_url(re.compile(rf"m={message}"))
    expect(page.locator(".figure:not(.other) .selected")).not_to_have_count(0)
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(300)
    published = [
        page.locator(f"{figure} [data-node=shop] title").first.text_content()
        for figure in (".figure:not(.other)", ".figure.other")
    ]
    assert published[0] == published[1]


def test_a_comparison_goes_on_after_the_connection_was_away(page: Page, server: LabServer) -> None:
    crashed(page, server)
    page.get_by_role("button", name="Compare without crash worker-1").click()
    compared(page)
    paused_at(page, 4.3)
    expect(page.locator(".difference-list li")).to_have_count(0)
    page.evaluate("document.querySelector('mq-stage').link.socket.close()")
    page.get_by_role("slider", name="Time").fill("9")
    expect(page.locator(".difference-list li").first).to_contain_text("delivered twice")
    expect(page.locator(".deck-state")).to_have_text("")
    page.get_by_role("button", name="Play").click()
    page.evaluate("document.querySelector('mq-stage').link.socket.close()")
    expect(page.locator(".clock")).to_have_text(re.compile(r"^1[3-9]\."))
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".figure.other")).to_be_visible()
    expect(page.locator(".deck-state")).to_have_text("")


def test_one_setting_changed_from_the_beginning(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 9)
    page.get_by_role("button", name="Compare", exact=True).click()
    dialog = page.get_by_role("dialog", name="Compare")
    dialog.get_by_label("Setting").select_option("service")
    dialog.get_by_label("Value").fill("5000")
    dialog.get_by_role("button", name="Compare", exact=True).last.click()
    compared(page)
    expect(page.locator(".figure-title")).to_have_text(["Without the change of worker-1", "With it"])
    expect(page.get_by_role("button", name="Compare", exact=True)).to_have_attribute("aria-pressed", "true")


def test_one_limit_of_a_queue_changed_from_the_beginning(page: Page, server: LabServer) -> None:
    running(page, server, "/lab/how-do-i-wait/")
    paused_at(page, 9)
    page.get_by_role("button", name="Compare", exact=True).click()
    dialog = page.get_by_role("dialog", name="Compare")
    dialog.get_by_label("Program or queue").select_option("five")
    expect(dialog.get_by_text("A queue keeps the arguments")).to_be_visible()
    dialog.get_by_label("Setting").select_option("max-length")
    dialog.get_by_label("Value").fill("0")
    dialog.get_by_role("button", name="Compare", exact=True).last.click()
    compared(page)
    expect(page.locator(".figure-title")).to_have_text(["Without the policy compare", "With it"])
    expect(page.locator(".difference-list")).to_contain_text("dead-lettered")


def test_an_act_in_the_past_offers_to_carry_the_later_ones_over(page: Page, server: LabServer) -> None:
    two_acts(page, server)
    paused_at(page, 1)
    page.get_by_role("button", name="Publish", exact=True).click()
    saved(page)
    page.get_by_role("button", name="Carry 2 later acts over").click()
    expect(page.locator(".flag")).to_have_count(3)
    expect(page.get_by_role("button", name="Carry 2 later acts over")).to_be_hidden()


def test_what_cannot_be_carried_is_told(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 2)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    paused_at(page, 3)
    page.get_by_label("Act on", exact=True).select_option("worker-1")
    page.get_by_role("button", name="Restart worker-1").click()
    expect(page.locator(".flag")).to_have_count(2)
    saved(page)
    paused_at(page, 2.5)
    page.get_by_role("button", name="Compare without crash worker-1").click()
    expect(page.locator(".differences .notice")).to_have_text(
        "restart worker-1 at 3.00 s was left out: worker-1 is running: crash it first."
    )


def test_the_address_opens_the_comparison_and_share_freezes_both_futures(
    page: Page, browser: Browser, server: LabServer
) -> None:
    crashed(page, server)
    page.get_by_role("button", name="Compare without crash worker-1").click()
    compared(page)
    told = page.locator(".difference-list li").first.inner_text()
    page.get_by_role("button", name="Share").click()
    page.wait_for_url(re.compile(r"/r/\w+#t=8&f=\w+&g=0$"))
    visitor = browser.new_context().new_page()
    visitor.goto(page.url)
    compared(visitor)
    expect(visitor.locator(".clock")).to_have_text("8.00 s")
    assert visitor.locator(".difference-list li").first.inner_text() == told
    visitor.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1360])
def test_axe_finds_nothing_on_a_comparison(
    page: Page, server: LabServer, scheme: Literal["light", "dark"], width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    crashed(page, server)
    page.get_by_role("button", name="Compare without crash worker-1").click()
    compared(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="End comparing").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("dialog", name="Compare")).to_be_visible()
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
