"""What an operator does to a broker as a whole, on the page: alarms, policies, nodes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.lab_server import LabServer
from tests.test_acting import DIES, act_on, paused_at, press, running

pytestmark = pytest.mark.requires_chromium


def test_an_alarm_is_raised_told_and_ended(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    act_on(page, "rabbit")
    press(page, "Raise the memory alarm")
    note = page.locator(".broker-note")
    expect(note).to_contain_text("memory alarm: publishers are blocked")
    press(page, "End the memory alarm")
    expect(note).not_to_contain_text("alarm")


def test_a_policy_is_set_by_its_form_and_cleared_again(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    act_on(page, "rabbit")
    form = page.get_by_role("form", name="Set a policy")
    form.get_by_label("Name of a policy").fill("short")
    form.get_by_label("Pattern").fill("^orders")
    form.get_by_role("button", name="Set").click()
    expect(page.locator(".act-error")).to_contain_text("at least one thing")
    form.get_by_label("Max length").fill("3")
    form.get_by_role("button", name="Set").click()
    clear = page.get_by_role("button", name="Clear the policy short")
    expect(clear).to_be_visible()
    clear.click()
    expect(clear).to_have_count(0)
