"""Notes, names and links under a real browser: written by the owner, told to who watches, and taken along."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.lab_server import LabServer
from tests.test_stage import DIES, WCAG, paused_at, running, saved, seconds

pytestmark = pytest.mark.requires_chromium
TEXT = "Here the card is charged <b>again</b>."


def noted(page: Page, server: LabServer) -> None:
    """A crash at 2.5 s, named, with a note at 4 s."""
    running(page, server, DIES)
    paused_at(page, 2.5)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    paused_at(page, 4)
    page.get_by_role("tab", name="Notes").click()
    page.get_by_label("A note on this moment").fill(TEXT)
    page.get_by_role("button", name="Pin to this moment").click()
    expect(page.locator(".notes li")).to_have_count(1)
    page.get_by_label("Name this branch").fill("the crash")
    page.get_by_role("button", name="Keep the name").click()
    expect(page.get_by_label("Future", exact=True)).to_contain_text("the crash:")


def test_a_note_is_a_mark_on_the_timeline_and_leads_to_its_moment(page: Page, server: LabServer) -> None:
    noted(page, server)
    paused_at(page, 9)
    mark = page.get_by_role("button", name="Note at 4.00 seconds")
    expect(mark).to_contain_text("<b>again</b>")
    mark.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".clock")).to_have_text("4.00 s")
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Take away the note").click()
    expect(page.locator(".note-mark")).to_have_count(0)
    page.reload()
    expect(page.locator(".branch, .flag").first).to_be_visible()
    page.get_by_role("tab", name="Notes").click()
    expect(page.get_by_text("No note yet.")).to_be_visible()


def test_a_note_belongs_to_its_own_future(page: Page, server: LabServer) -> None:
    noted(page, server)
    page.get_by_label("Future", exact=True).select_option("0")
    expect(page.locator(".flag")).to_have_count(0)
    expect(page.locator(".note-mark")).to_have_count(0)
    page.locator(".notes .when").click()
    expect(page.locator(".flag")).to_have_count(1)
    expect(page.locator(".note-mark")).to_have_count(1)


def test_notes_and_names_travel_with_share_and_who_looks_cannot_write(
    page: Page, browser: Browser, server: LabServer
) -> None:
    noted(page, server)
    page.get_by_role("button", name="Share").click()
    page.wait_for_url(re.compile(r"/r/\w+#"))
    visitor = browser.new_context().new_page()
    visitor.goto(page.url)
    visitor.get_by_role("tab", name="Notes").click()
    expect(visitor.locator(".notes .said")).to_have_text(TEXT)
    expect(visitor.get_by_label("Future", exact=True)).to_contain_text("the crash:")
    expect(visitor.get_by_label("A note on this moment")).to_be_hidden()
    visitor.context.close()


def test_a_link_that_holds_everything_opens_the_same_lab_elsewhere(
    page: Page, browser: Browser, server: LabServer
) -> None:
    noted(page, server)
    page.get_by_role("button", name="Copy a link that holds everything").click()
    link = page.get_by_label("The link that holds everything")
    expect(link).to_be_visible()
    stranger = browser.new_context().new_page()
    stranger.goto(link.input_value())
    stranger.wait_for_url(re.compile(r"/r/\w{16}#t=4&f=\w+$"))
    expect(stranger.locator(".clock")).to_have_text("4.00 s")
    expect(stranger.locator(".flag")).to_have_attribute("aria-label", "Go to crash worker-1 at 2.50 seconds")
    expect(stranger.locator(".note-mark")).to_have_count(1)
    told = page.locator(".verdicts").inner_text()
    expect(stranger.locator(".verdicts")).to_have_text(
        told, use_inner_text=True
    )  # it shows once the lesson has its place
    stranger.goto("about:blank")
    stranger.goto(link.input_value()[:-9])
    expect(stranger.locator("h1")).to_have_text("This link cannot be opened")
    expect(stranger.locator("main")).to_contain_text("part link")
    stranger.context.close()


def test_the_downloads_are_of_the_future_looked_at(page: Page, server: LabServer) -> None:
    noted(page, server)
    with page.expect_download() as events:
        page.get_by_role("link", name="Events of this future").click()
    assert events.value.suggested_filename.endswith(".ndjson")
    assert '"kind":"Crashed"' in events.value.path().read_text()
    with page.expect_download() as file:
        page.get_by_role("link", name="The scenario").click()
    assert file.value.path().read_text().startswith("format: 1")


def test_a_press_holds_the_time_the_act_is_pending_and_nothing_unconfirmed_is_played(
    page: Page, server: LabServer
) -> None:
    """The server's answer to an act is kept back: until it comes, time stands, though the old future is loaded further."""
    held: list[str | bytes] = []
    sockets: list[WebSocketRoute] = []
    holding = False

    def wire(socket: WebSocketRoute) -> None:
        upstream = socket.connect_to_server()
        sockets.append(socket)

        def up(message: str | bytes) -> None:
            nonlocal holding
            holding = holding or '"op":"do"' in str(message)
            upstream.send(message)

        socket.on_message(up)
        upstream.on_message(lambda message: held.append(message) if holding else socket.send(message))

    page.route_web_socket(re.compile("/ws/lab/"), wire)
    running(page, server, DIES)
    paused_at(page, 2)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("tab", name="Act").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".act-state").first).to_contain_text("on its way")
    expect(page.locator(".deck-state")).to_have_text("Waiting for the answer to your act.")
    at = seconds(page)
    stage = "document.querySelector('mq-stage').playhead"
    assert page.evaluate(f"{stage}.timeline.to[0] > {stage}.t + 1e6"), "there would be something to play"
    page.wait_for_timeout(600)
    assert seconds(page) == at
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_role("slider", name="Time").fill("9")
    page.wait_for_timeout(200)
    assert page.evaluate(f"{stage}.t / 1e6") == pytest.approx(at, abs=0.01)
    expect(page.locator(".flag")).to_have_count(0)
    holding = False
    for message in held:
        sockets[-1].send(message)
    expect(page.locator(".flag")).to_have_count(1)
    expect(page.locator(".deck-state")).to_have_text("")
    expect(page.locator("[data-node=you]")).to_contain_text("1 sent")


def test_a_press_on_the_figure_lets_what_one_aims_at_stand(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    page.get_by_role("button", name="Play").click()
    page.locator(".figure svg").scroll_into_view_if_needed()
    box = page.locator(".figure svg").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(100)
    at = seconds(page)
    page.wait_for_timeout(400)
    assert seconds(page) == at
    page.mouse.up()
    expect(page.locator(".clock")).not_to_have_text(f"{at:.2f} s")
