"""Going about in time under a real browser: undo, redo, reset, the acts and the other futures on the timeline."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.lab_server import LabServer
from tests.test_stage import DIES, paused_at, running, saved

pytestmark = pytest.mark.requires_chromium


def stands(page: Page, t: float, *acts: str) -> None:
    """The page looks at the future of these acts, at this moment."""
    expect(page.locator(".clock")).to_have_text(f"{t:.2f} s")
    expect(page.locator(".flag")).to_have_count(len(acts))
    for n, act in enumerate(acts):
        expect(page.locator(".flag").nth(n)).to_have_attribute("aria-label", f"Go to {act}")


def two_acts(page: Page, server: LabServer) -> None:
    """Crash worker-1 at 2.5 s and publish at 4 s."""
    running(page, server, DIES)
    paused_at(page, 2.5)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    paused_at(page, 4)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".flag")).to_have_count(2)
    saved(page)


CRASH, PUBLISH = "crash worker-1 at 2.50 seconds", "publish charge at 4.00 seconds"


def test_undo_looks_at_the_parent_where_the_act_was_done_and_redo_at_the_child(
    page: Page, server: LabServer
) -> None:
    two_acts(page, server)
    undo, redo = (
        page.get_by_role("button", name="Undo", exact=True),
        page.get_by_role("button", name="Redo", exact=True),
    )
    paused_at(page, 6)
    expect(undo).to_have_attribute("title", re.compile(r"^Undo publish charge at 4\.00 s"))
    undo.click()
    stands(page, 4, CRASH)
    undo.click()
    stands(page, 2.5)
    expect(page.locator("[data-node=worker-1]")).not_to_contain_text("crashed")
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(redo).to_have_attribute("title", re.compile(r"^Redo crash worker-1 at 2\.50 s"))
    redo.click()
    stands(page, 2.5, CRASH)
    expect(page.locator("[data-node=worker-1]")).to_contain_text("crashed")
    redo.click()
    stands(page, 4, CRASH, PUBLISH)
    expect(redo).to_have_attribute("aria-disabled", "true")


def test_the_keys_undo_and_redo_but_not_while_one_types(page: Page, server: LabServer) -> None:
    two_acts(page, server)
    page.get_by_label("Routing key").fill("x")
    page.keyboard.press("Control+z")
    stands(page, 4, CRASH, PUBLISH)
    page.locator(".figure svg").focus()
    page.keyboard.press("Control+z")
    stands(page, 4, CRASH)
    page.keyboard.press("Control+Shift+z")
    stands(page, 4, CRASH, PUBLISH)


def test_reset_shows_the_bare_lab_from_its_start_and_can_be_taken_back(page: Page, server: LabServer) -> None:
    two_acts(page, server)
    page.get_by_role("button", name="Reset").click()
    stands(page, 0)
    assert page.evaluate("document.activeElement.id") == "reset", "the focus stays where it was"
    page.get_by_role("button", name="Redo", exact=True).click()
    stands(page, 4, CRASH, PUBLISH)
    assert len(page.get_by_label("Future").locator("option").all()) == 2, "nothing is gone"


def test_after_undo_another_act_makes_another_future_and_the_first_is_drawn_in_the_timeline(
    page: Page, server: LabServer
) -> None:
    two_acts(page, server)
    page.get_by_role("button", name="Undo", exact=True).click()
    stands(page, 4, CRASH)
    page.get_by_label("Routing key").fill("nowhere")
    page.get_by_role("button", name="Publish", exact=True).click()
    saved(page)
    stands(page, 4, CRASH, "publish nowhere at 4.00 seconds")
    expect(page.get_by_role("button", name="Redo", exact=True)).to_have_attribute("aria-disabled", "true")
    other = page.locator(".branch", has_text="publish charge")
    other.focus()
    page.keyboard.press("Enter")
    stands(page, 4, CRASH, PUBLISH)
    expect(page.locator(".branch", has_text="publish nowhere")).to_be_visible()


def test_brackets_jump_from_act_to_act(page: Page, server: LabServer) -> None:
    two_acts(page, server)
    paused_at(page, 3)
    page.locator(".figure svg").focus()
    page.keyboard.press("]")
    expect(page.locator(".clock")).to_have_text("4.00 s")
    page.keyboard.press("[")
    expect(page.locator(".clock")).to_have_text("2.50 s")
    page.keyboard.press("[")
    expect(page.locator(".clock")).to_have_text("2.50 s")


def test_the_hill_behind_the_scale_has_the_seconds_that_are_known(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 2)
    expect(page.locator(".peak")).to_have_text("at most 2 / s published")
    assert page.locator(".hill path").get_attribute("d") != "M0 0"
