"""The rule book in a real browser: found as one types, and shown in a lab."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from mqlab.engine.rules import RULES
from tests.lab_server import LabServer

pytestmark = pytest.mark.requires_chromium

DLX = "rabbitmq/dead-letter-missing-exchange"


def test_show_me_opens_the_lab_paused_where_the_rule_decides(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/rules/#{DLX}")
    page.get_by_role("searchbox").fill("dead-letter-missing")
    expect(page.locator(".rule:visible")).to_have_count(1)
    expect(page.locator("#found")).to_contain_text(f"1 of {len(RULES)} rules")
    page.locator(".rule:visible").get_by_role("link", name="Show me").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.get_by_role("tab", name="Story")).to_have_attribute("aria-selected", "true")
    expect(
        page.locator(f"[role=tabpanel]:visible a[href$='{DLX.replace('/', '%2F')}']").first
    ).to_be_visible()


def test_a_link_to_a_rule_shows_it_whatever_is_searched_for(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/rules/")
    page.get_by_role("searchbox").fill("alternate")
    expect(page.locator(f"[id='{DLX}']")).to_be_hidden()
    page.evaluate(f"location.hash = '{DLX}'")
    expect(page.locator(f"[id='{DLX}']")).to_be_in_viewport()
