"""A whole lab from its first act to its last goal by one means alone: the keyboard, or the text twin with the figure unseen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.lab_server import LabServer
from tests.test_stage import ROUTES, paused_at, running, saved

pytestmark = pytest.mark.requires_chromium

FOCUSED = """() => {
    const at = document.activeElement;
    return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
}"""
TABS_MAX = 150


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).strip() == name:
            return
    raise AssertionError(f"Tab never comes to {name}")


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


def test_a_lab_is_done_by_its_text_twin_alone(page: Page, server: LabServer) -> None:
    running(page, server, ROUTES)
    page.evaluate("document.querySelector('.figure').style.visibility = 'hidden'")
    paused_at(page, 2)
    page.get_by_role("tab", name="Events").click()
    page.get_by_text("The picture as a table").click()
    table, log = page.locator(".roll"), page.locator(".log")
    expect(table).to_contain_text("dashboard")
    for key, said in (
        ("order.eu.paid", r"you-1 reached europe|you-1.*europe"),
        ("order.paid", r"you-2 .*dashboard|dashboard.* you-2"),
        ("invoice.us.paid", r"you-3"),
    ):
        page.get_by_role("tab", name="Act").click()
        page.get_by_label("Act on", exact=True).select_option("you")
        page.get_by_label("Routing key").fill(key)
        page.locator(".acts").get_by_role("button", name="Publish", exact=True).click()
        saved(page)
        page.get_by_role("tab", name="Events").click()
        page.get_by_role("button", name="Play").click()
        expect(log).to_contain_text(re.compile(said), timeout=10_000)
        page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#goals li.met")).to_have_count(3, timeout=20_000)
