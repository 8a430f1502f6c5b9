"""Reading the lab under a real browser: a message or a node is chosen by mouse, touch, keyboard or address, and its story is
told; what happens next to it is one key away; the text twin follows."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.lab_server import LabServer
from tests.test_stage import DIES, WCAG, paused_at, running, saved

pytestmark = pytest.mark.requires_chromium


def told(page: Page) -> list[str]:
    """The sentences of the story, without their rules."""
    return page.locator(".story-lines .said").evaluate_all(
        """all => all.map(one => Array.from(one.childNodes).filter(n => n.nodeName !== "A").map(n => n.textContent).join(""))"""
    )


def more_lines_than(page: Page, count: int) -> None:
    """Wait until the story has more lines."""
    page.wait_for_function("n => document.querySelectorAll('.story-lines .event').length > n", arg=count)


def chip(page: Page) -> tuple[float, float]:
    """The middle of a message that the picture shows at rest, in the window."""
    page.locator(".figure").evaluate("figure => figure.scrollIntoView({block: 'start'})")  # clear of the deck
    at = page.evaluate(
        """() => Array.from(document.querySelectorAll(".figure .nodes .chip-glyph.message"))
            .filter(e => e.getAttribute("visibility") !== "hidden").map(e => e.querySelector(".chip-box").getBoundingClientRect())
            .map(box => [box.x + box.width / 2, box.y + box.height / 2])[0]"""
    )
    assert at is not None, "no message is drawn at rest"
    return float(at[0]), float(at[1])


def first_line(page: Page) -> Locator:
    """The story's first sentence; it may have been asked for."""
    return page.locator(".story-lines .said").first


def heading(page: Page) -> Locator:
    return page.locator(".story-head h2")


def test_without_a_selection_it_says_how_to_select(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    page.get_by_role("tab", name="Story").click()
    expect(page.locator(".story-none")).to_be_visible()
    expect(page.locator(".story-none")).to_contain_text("press Enter")


def test_a_press_on_a_message_tells_its_story_and_why(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 6)
    page.mouse.click(*chip(page))
    expect(heading(page)).to_contain_text("shop-")
    expect(page.get_by_role("tab", name="Story")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".why")).to_contain_text(
        re.compile(r"It is unacked at worker-\d, which works on it until \d+\.\d\d s\.")
    )
    expect(first_line(page)).to_have_text(
        "shop published it to exchange payments with the routing key charge."
    )
    assert re.search(r"#t=6&m=shop-\d+$", page.url)
    lit = page.locator(".story-lines .lit")
    expect(lit).to_have_count(1)
    expect(lit).to_have_attribute("aria-current", "true")
    expect(lit.locator(".rule-link")).to_have_attribute(
        "href", re.compile(r"^/rules/#rabbitmq%2Fprefetch-per-consumer$")
    )
    expect(page.locator(".figure .chip-glyph.selected").first).to_be_visible()


def test_a_touch_does_the_same(browser: Browser, server: LabServer) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    running(page, server, DIES)
    paused_at(page, 6)
    page.touchscreen.tap(*chip(page))
    expect(heading(page)).to_contain_text("shop-")
    context.close()


def test_an_address_opens_paused_on_the_message_with_the_deciding_sentence_lit(
    page: Page, server: LabServer
) -> None:
    page.goto(f"{server.url}{DIES}#t=14.72&m=shop-20")
    expect(heading(page)).to_contain_text("shop-20")
    expect(page.locator(".story-lines .lit")).to_contain_text("The ack reached the broker, which deleted it")
    assert told(page)[0].startswith("shop published it"), (
        "its beginning was asked for, though the page began later"
    )
    expect(page.locator(".partial")).to_be_hidden()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.locator(".clock")).to_have_text("14.72 s")
    expect(page.locator(".why")).to_contain_text("ended: acked at 14.69 s")


def test_an_address_can_name_a_node(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=6&n=charges")
    expect(heading(page)).to_have_text("charges")
    expect(page.locator(".facts")).to_contain_text("a classic queue, durable")
    expect(page.locator(".facts")).to_contain_text("1 unacked")
    expect(page.locator(".figure [data-chosen]")).to_have_attribute("data-node", "charges")


def test_n_goes_from_one_thing_that_happens_to_it_to_the_next(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=5&m=shop-8")
    expect(heading(page)).to_contain_text("shop-8")
    expect(page.locator(".deck-state")).to_have_text("")
    counts = []
    for _ in range(4):
        page.keyboard.press("n")
        page.wait_for_function(
            "n => document.querySelectorAll('.story-lines .event').length > n", arg=len(counts) and counts[-1]
        )
        counts.append(page.locator(".story-lines .event").count())
    assert counts == sorted(set(counts))
    assert told(page)[:2] == [
        "shop published it to exchange payments with the routing key charge.",
        "Exchange payments matched it and sent one copy to charges (charge).",
    ]


def test_next_says_so_when_nothing_more_happens(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=14.72&m=shop-20")
    page.get_by_role("button", name="Next thing that happens to it").click()
    expect(page.locator(".ahead")).to_have_text(re.compile(r"Nothing more happens to it up to \d+\.\d\d s\."))
    expect(page.locator(".clock")).to_have_text("14.72 s")


def test_by_keyboard_from_the_picture_to_a_message_in_a_queue_and_back(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=6")
    expect(page.get_by_role("tab", name="Story")).to_be_enabled()
    page.locator(".figure svg").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("charges")
    expect(heading(page)).to_be_focused()
    one = page.locator(".facts .message-ref").first
    one.focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("shop-")
    page.keyboard.press("Escape")
    expect(page.locator(".story-none")).to_be_visible()
    expect(page.locator(".story")).to_be_focused()
    assert page.url.endswith("#t=6")


def test_names_in_a_sentence_are_buttons(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=14.72&m=shop-20")
    page.locator(".story-lines .node-ref", has_text="payments").first.click()
    expect(heading(page)).to_have_text("payments")
    page.locator(".story-lines .message-ref").first.click()
    expect(heading(page)).to_contain_text("shop-")


def test_the_story_of_a_node_leads_to_its_acts(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=6&n=worker-1")
    page.get_by_role("button", name="Act on it").click()
    expect(page.get_by_role("tab", name="Act")).to_have_attribute("aria-selected", "true")
    assert page.get_by_label("Act on", exact=True).input_value() == "worker-1"


def test_focus_stays_while_the_story_goes_on(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    page.get_by_role("tab", name="Events").click()
    page.locator(".log .message-ref").first.click()
    page.get_by_role("tab", name="Story").click()
    first = page.locator(".story-lines .node-ref").first
    first.focus()
    page.wait_for_function(
        "n => document.querySelectorAll('.story-lines .event').length > n",
        arg=page.locator(".story-lines .event").count(),
    )
    expect(first).to_be_focused()


def test_the_events_of_the_selected_thing_can_be_read_alone(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=6&n=worker-1")
    page.get_by_role("tab", name="Events").click()
    expect(page.locator(".only")).to_contain_text("worker-1 only")
    expect(page.locator(".log .said", has_text="worker-1").first).to_be_attached()
    assert all("worker-1" in said for said in page.locator(".log .said").all_inner_texts())
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".only")).to_be_hidden()
    expect(page.locator(".log .said", has_text="worker-2").first).to_be_attached()


def test_the_picture_is_a_table_that_is_live(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 6)
    page.get_by_role("tab", name="Events").click()
    page.get_by_text("The picture as a table").click()
    row = page.locator(".roll tr", has_text="worker-2")
    expect(row).to_contain_text("works until 6.40 s, holds 1 of 2")
    page.get_by_role("tab", name="Act").click()
    page.get_by_label("Act on", exact=True).select_option("worker-2")
    page.get_by_role("button", name="Crash worker-2").click()
    saved(page)
    page.get_by_role("tab", name="Events").click()
    expect(row).to_contain_text("crashed, with 1 in hand")
    row.get_by_role("button").click()
    page.get_by_role("tab", name="Story").click()
    expect(heading(page)).to_have_text("worker-2")


def test_why_is_told_of_a_message_that_does_not_move(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/lab/why-did-it-not-expire/#t=6&m=shop-1")
    expect(page.locator(".why")).to_have_text(
        "It stays in letters: nobody reads it yet, for mailer has not started."
    )


def test_an_act_leaves_the_story_of_what_is_selected_whole(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=6&m=shop-7")
    expect(first_line(page)).to_contain_text("published it")
    lines = page.locator(".line.taken")
    expect(lines).to_have_count(3)
    page.get_by_role("button", name="Crash worker-1").first.click()
    expect(page.locator(".flag")).to_have_count(1)
    expect(first_line(page)).to_contain_text("published it")
    expect(page.locator(".partial")).to_be_hidden()
    expect(lines).to_have_count(3)


@pytest.mark.parametrize("height", [700, 900])
def test_a_story_stays_beside_the_figure(page: Page, server: LabServer, height: int) -> None:
    page.set_viewport_size({"width": 1360, "height": height})
    page.goto(f"{server.url}/lab/who-gets-order-eu-paid/#t=6&m=shop-2")
    expect(first_line(page)).to_contain_text("published it")
    assert page.locator(".side").evaluate("side => side.scrollHeight - side.clientHeight") <= 0


def test_with_the_story_the_load_of_the_time_before_is_known(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}{DIES}#t=6&m=shop-7")
    expect(first_line(page)).to_contain_text("published it")
    page.wait_for_function("() => document.querySelector('.hill path').getBBox().x < 1")


def test_the_lines_that_the_selected_message_took_are_marked(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/lab/who-gets-order-eu-paid/#t=6&m=shop-2")
    words = page.locator(".line-words .taken > title")
    expect(words.filter(has_text="order.#")).to_have_count(1)
    expect(words.filter(has_text="order.*.paid")).to_have_count(0)
    expect(page.locator(".line.publish.taken")).to_have_count(1)
    expect(page.locator(".line.consume.taken")).not_to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".taken")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("what", ["m=shop-20", "n=charges", "n=worker-1", ""])
def test_axe_finds_nothing_on_a_story(
    page: Page, server: LabServer, scheme: Literal["light", "dark"], what: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{server.url}{DIES}#t=14.72&{what}")
    page.get_by_role("tab", name="Story").click()
    expect(page.locator(".story")).to_be_visible()
    page.wait_for_timeout(300)
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768])
@pytest.mark.parametrize("what", ["m=shop-20", "n=charges"])
def test_a_story_fits_a_narrow_page(page: Page, server: LabServer, width: int, what: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server.url}{DIES}#t=14.72&{what}")
    expect(first_line(page)).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.story-box'))") <= 0
    )


@pytest.mark.parametrize("width", [1360, 390])
def test_deaths_and_what_is_in_force_are_tables(page: Page, server: LabServer, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/lab/how-does-a-retry-wait/")
    paused_at(page, 2)
    page.get_by_role("tab", name="Act").click()
    page.get_by_role("button", name="Publish").first.click()
    expect(page.locator(".flag")).to_have_count(1)
    page.get_by_role("slider", name="Time").fill("10")
    expect(page.locator(".clock")).to_have_text("10.00 s")
    page.evaluate("document.querySelector('mq-stage').select({ message: 'you-1' })")
    page.locator(".inspector summary").focus()
    page.keyboard.press("Enter")
    deaths = page.get_by_role("table", name="x-death")
    expect(deaths.get_by_role("columnheader")).to_have_text(
        ["queue", "reason", "count", "exchange", "routing-keys", "time"]
    )
    expect(deaths.get_by_role("row").filter(has_text="expired")).to_contain_text("pay")
    expect(deaths.get_by_role("rowheader").filter(has_text="work")).to_be_visible()
    assert deaths.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    assert Axe().run(page, context=".story", options=WCAG).violations_count == 0
    deaths.get_by_role("rowheader").get_by_text("wait").press("Enter")
    expect(heading(page)).to_have_text("wait")
    row = page.get_by_role("table", name="In force").get_by_role("row").filter(has_text="message-ttl")
    expect(row).to_contain_text("2000")
    expect(row).to_contain_text("argument x-message-ttl")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
