"""A whole lab from its first act to its last goal by one means alone: the keyboard, or the text twin with the figure unseen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.lab_server import LabServer
from tests.test_stage import DIES, ROUTES, paused_at, running, saved

pytestmark = pytest.mark.requires_chromium

FOCUSED = """() => {
    const at = document.activeElement;
    return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
}"""
TABS_MAX = 150
STEPS_MAX = 80


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).strip() == name:
            return
    raise AssertionError(f"Tab never comes to {name}")


def goals(page: Page) -> list[str | None]:
    return [goal.get_attribute("class") for goal in page.locator("#goals li").all()]


def test_a_lab_is_done_by_keyboard_alone(page: Page, server: LabServer) -> None:
    running(page, server, ROUTES)
    for n, key in enumerate(["order.eu.paid", "order.paid", "invoice.us.paid"]):
        tab_to(page, "Routing key")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(key)
        tab_to(page, "Publish")
        page.keyboard.press("Enter")
        saved(page)
        expect(page.locator(".flag")).to_have_count(n + 1)
    expect(page.locator("#goals li.met")).to_have_count(3, timeout=20_000)


def step_until(page: Page, reads: Callable[[], bool]) -> None:
    """Step until the text says so."""
    for _ in range(STEPS_MAX):
        page.get_by_role("button", name="Step", exact=True).click()
        page.evaluate(
            "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
        )
        if reads():
            return
    raise AssertionError("the text never says so")


def crash_while_it_works(page: Page, worker: str) -> None:
    """Step until the table says that it works on something, and crash it there."""
    row = page.locator(".roll tr", has=page.get_by_role("button", name=worker, exact=True))
    step_until(page, lambda: "works until" in row.inner_text())
    act(page, worker, f"Crash {worker}")


def act(page: Page, node: str, button: str) -> None:
    page.get_by_role("tab", name="Act").click()
    page.get_by_label("Act on", exact=True).select_option(node)
    page.locator(".acts").get_by_role("button", name=button, exact=True).click()
    saved(page)
    page.get_by_role("tab", name="Events").click()


def test_a_lab_is_done_by_its_text_twin_alone(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    page.evaluate("document.querySelector('.figure').style.visibility = 'hidden'")
    paused_at(page, 2)
    page.get_by_role("tab", name="Events").click()
    page.get_by_text("The picture as a table").click()

    crash_while_it_works(page, "worker-1")
    expect(page.locator(".roll")).to_contain_text("crashed")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".log")).to_contain_text("marked redelivered", timeout=10_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#goals li").nth(0)).to_have_class("met")

    step_until(page, lambda: "sent an ack" in " ".join(page.locator(".log .said").all_inner_texts()[:3]))
    act(page, "rabbit", "Restart rabbit")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#goals li").nth(1)).to_have_class("met", timeout=10_000)
    page.get_by_role("button", name="Pause").click()

    page.get_by_role("tab", name="Act").click()
    page.get_by_label("Act on", exact=True).select_option("worker-2")
    page.get_by_label("Ack", exact=True).select_option("before")
    page.locator(".acts").get_by_role("button", name="Change", exact=True).click()
    saved(page)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("tab", name="Events").click()
    expect(page.locator("#goals li").nth(1)).to_have_class("met")
    page.get_by_role("button", name="Pause").click()
    crash_while_it_works(page, "worker-2")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#goals li.met")).to_have_count(3, timeout=10_000)
