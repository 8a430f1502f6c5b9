"""The lessons under a real browser: time waits for the reader, who acts first, guesses, and is told by what happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.conftest import watched
from tests.engine.test_gallery import DIES, GONE, LOOKED_AT, LOOP, OFFER
from tests.lab_server import LabServer
from tests.test_stage import WCAG, paused_at, saved, seconds

pytestmark = pytest.mark.requires_chromium

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """A reader for whom time stops."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    errors = watched(page)
    yield page
    context.close()
    assert errors == []


def at_the_offer(page: Page, server: LabServer, slug: str) -> Page:
    """The page, when its lab has stopped to offer the first act."""
    page.goto(f"{server.url}/lab/{slug}/")
    expect(page.locator(".lesson-card.lit")).to_be_visible(timeout=15_000)
    expect(page.locator(".deck-state")).to_have_text("Time waits for you: act, or let it run.")
    return page


def at_the_question(page: Page, server: LabServer, slug: str) -> Page:
    """The page, when the first act is done and time stands at the question."""
    at_the_offer(page, server, slug).locator(".lesson-card .first").click()
    expect(page.locator(".question")).to_be_visible(timeout=15_000)
    expect(page.locator(".deck-state")).to_have_text("Time waits for your answer.")
    return page


def guess(page: Page, number: int) -> None:
    page.locator(".choice").nth(number).click()
    page.get_by_role("button", name="That is my guess").click()


def stands(page: Page) -> bool:
    """Whether time does not pass."""
    at = seconds(page)
    page.wait_for_timeout(300)
    return seconds(page) == at


def axe_finds_nothing(page: Page, widths: tuple[int, ...]) -> None:
    """In both themes, at each width."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, options=WCAG)
            assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("slug", LOOKED_AT)
def test_a_lesson_goes_from_its_offer_over_its_question_to_its_answer_and_axe_finds_nothing(
    reader: Page, server: LabServer, slug: str
) -> None:
    page = at_the_question(reader, server, slug)
    assert stands(page)
    axe_finds_nothing(page, (1360, 768, 390))
    page.get_by_label("Speed").select_option("8")
    guess(page, 0)
    said = re.compile("You were right|It went otherwise")
    expect(page.locator(".lesson-card.answer")).to_contain_text(said, timeout=15_000)
    axe_finds_nothing(page, (390,))
    assert not stands(page)


def test_time_stands_at_the_offer_until_the_reader_acts_or_lets_it_run(
    reader: Page, server: LabServer
) -> None:
    page = at_the_offer(reader, server, DIES)
    assert stands(page)
    page.get_by_role("button", name="Let it run").click()
    expect(page.locator(".deck-state")).to_have_text("")
    assert not stands(page)
    page.reload()
    expect(page.locator(".lesson-card .first")).to_be_visible(timeout=15_000)
    expect(page.locator(".lesson-card")).not_to_have_class(re.compile("lit"))
    assert not stands(page)


def test_a_wrong_guess_is_told_what_happened_and_why_and_the_goal_ticks(
    reader: Page, server: LabServer
) -> None:
    page = at_the_question(reader, server, DIES)
    guess(page, 0)
    card = page.locator(".lesson-card.answer")
    expect(card).to_contain_text("It went otherwise.")
    expect(card).to_contain_text("You said: It is lost, because worker-1 had it.")
    expect(card).to_contain_text("worker-2 gets it.")
    expect(card.get_by_role("link", name="went back into the queue")).to_have_attribute(
        "href", "/rules/#rabbitmq/close-requeues"
    )
    expect(page.locator("#goals li").first).to_have_class("met")
    expect(page.locator(".lesson [role=status]")).to_contain_text(re.compile("Goal met|It went otherwise"))


def test_what_was_answered_is_not_asked_again(reader: Page, server: LabServer) -> None:
    page = at_the_question(reader, server, DIES)
    guess(page, 1)
    expect(page.locator(".lesson-card.answer")).to_contain_text("You were right.")
    paused_at(page, 1)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".lesson-card.answer")).to_be_visible(timeout=15_000)
    expect(page.locator(".question")).to_have_count(0)
    page.get_by_role("button", name="Close", exact=True).click()
    page.reload()
    expect(page.locator(".clock")).not_to_have_text("0.00 s")
    page.wait_for_timeout(300)
    expect(page.locator(".lesson-card")).to_be_hidden()


def test_one_may_step_beyond_the_question_by_hand_and_skip_it(reader: Page, server: LabServer) -> None:
    page = at_the_question(reader, server, DIES)
    at = seconds(page)
    paused_at(page, round(at) + 3)
    expect(page.locator(".question")).to_be_visible()
    page.get_by_role("button", name="Skip").click()
    expect(page.locator(".lesson-card")).to_be_hidden()


def test_a_reader_who_types_is_not_taken_away(reader: Page, server: LabServer) -> None:
    page = at_the_offer(reader, server, LOOP)
    page.locator(".lesson-card .first").click()
    body = page.get_by_label("Body")
    body.focus()
    page.keyboard.type("a long")
    expect(page.locator(".question")).to_be_visible(timeout=15_000)
    expect(body).to_be_focused()
    expect(page.locator(".lesson [role=status]")).to_contain_text("A question: The printer failed on X")


def test_a_lesson_is_worked_by_keyboard_alone(reader: Page, server: LabServer) -> None:
    page = at_the_offer(reader, server, DIES)
    page.locator(".lesson-card .first").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".question")).to_be_visible()
    expect(page.locator(".lesson-card")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".lesson-card.answer")).to_contain_text("You were right.")
    expect(page.locator(".lesson-card")).to_be_focused()
    for name in ("went back into the queue", "redelivered", "Close"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == name
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()


def test_a_guess_without_a_choice_says_so(reader: Page, server: LabServer) -> None:
    page = at_the_question(reader, server, DIES)
    page.get_by_role("button", name="That is my guess").click()
    expect(page.get_by_role("alert").filter(has_text="Choose one first.")).to_be_visible()
    assert stands(page)


def test_a_term_is_explained_where_it_stands(reader: Page, server: LabServer) -> None:
    page = at_the_question(reader, server, GONE)
    note = page.locator("#term-0")
    expect(note).to_be_hidden()
    word = page.get_by_role("button", name="binding", exact=True)
    word.focus()
    page.keyboard.press("Enter")
    expect(note).to_contain_text("The line from an exchange to a queue.")
    near, box = word.bounding_box(), note.bounding_box()
    assert near
    assert box
    assert abs(box["y"] - near["y"]) < 60
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(word).to_be_focused()
    page.get_by_role("button", name="confirms", exact=True).click()
    expect(page.locator(".term-note:popover-open")).to_contain_text("not that anybody got it")


def test_the_hint_is_one_press_away(reader: Page, server: LabServer) -> None:
    page = at_the_offer(reader, server, OFFER)
    page.get_by_text("Hint", exact=True).click()
    expect(page.get_by_text("Take away what stands before the offer")).to_be_visible()


@pytest.mark.parametrize("slug", [DIES, GONE])
def test_its_solution_plays_as_a_new_future_and_ticks_all_goals(
    page: Page, server: LabServer, slug: str
) -> None:
    page.goto(f"{server.url}/lab/{slug}/")
    expect(page.locator(".lesson-card .first")).to_be_visible(timeout=15_000)
    page.get_by_text("Show a solution", exact=True).click()
    page.get_by_role("button", name="Play it").click()
    expect(page.locator(".flag")).not_to_have_count(0)
    expect(page.get_by_label("Future")).to_contain_text("without any act")
    page.get_by_label("Speed").select_option("8")
    for goal in page.locator("#goals li").all():
        expect(goal).to_have_class("met", timeout=20_000)


def test_who_wants_no_stops_gets_none(reader: Page, server: LabServer) -> None:
    page = at_the_offer(reader, server, DIES)
    page.get_by_label("Time stops").uncheck()
    expect(page.locator(".deck-state")).to_have_text("")
    page.locator(".lesson-card .first").click()
    saved(page)
    expect(page.locator(".question")).to_be_visible()
    assert not stands(page)


# --- the home page's lab ---


def test_the_home_page_has_a_lab_that_runs_and_can_be_paused(reader: Page, server: LabServer) -> None:
    reader.goto(server.url)
    expect(reader.locator(".compact .clock")).not_to_have_text(re.compile(r"^0\."), timeout=15_000)
    reader.get_by_role("button", name="Pause").click()
    assert stands(reader)
    assert reader.url == f"{server.url}/", "a home page's address stays plain"
    reader.get_by_role("button", name="Play", exact=True).click()
    assert not stands(reader)


def test_the_home_pages_lab_does_not_move_unwatched(reader: Page, server: LabServer) -> None:
    reader.set_viewport_size({"width": 800, "height": 200})
    reader.goto(server.url)
    expect(reader.locator(".compact .figure svg [data-node]").first).to_be_attached(timeout=15_000)
    reader.evaluate("scrollTo(0, 0)")
    assert stands(reader)
    reader.locator(".compact .figure").scroll_into_view_if_needed()
    expect(reader.locator(".compact .clock")).not_to_have_text("0.00 s")


def test_what_is_done_on_the_home_page_is_there_in_the_lab(reader: Page, server: LabServer) -> None:
    reader.goto(server.url)
    reader.get_by_role("button", name="Crash worker-1").click()
    expect(reader.locator(".compact [data-node=worker-1]")).to_contain_text("crashed")
    expect(reader.locator(".lesson-card")).to_contain_text("another future")
    reader.get_by_role("link", name="Open this lab").click()
    expect(reader.locator(".flag")).to_have_count(1)


def test_axe_finds_nothing_on_the_home_page_while_its_lab_runs(reader: Page, server: LabServer) -> None:
    reader.goto(server.url)
    expect(reader.locator(".lesson-card .first")).to_be_visible(timeout=15_000)
    axe_finds_nothing(reader, (1360, 768, 390))
