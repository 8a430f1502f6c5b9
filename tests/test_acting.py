"""Acting on a lab under a real browser: beside the picture and within it, by keyboard, pointer and touch."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.lab_server import LabServer
from tests.test_stage import DIES, ROUTES, TARGET_PX, WCAG, flags, paused_at, running, saved

pytestmark = pytest.mark.requires_chromium

EVERY_FORM = [
    "you", "shop", "payments", "amq.default", "charges", "worker-1", "rabbit", "+producer", "+consumer", "+exchange", "+queue",
]  # fmt: skip
ACK_UNDER_WAY = """() => Array.from(document.querySelector("mq-stage").playhead.timeline.scene.flights.values())
    .some((one) => one.what === "ack")"""
MINE = """() => document.querySelector("mq-stage").playhead.timeline.events
    .filter((event) => event.kind === "Published" && event.program === "you")
    .map((event) => [event.routing_key, event.body, event.headers])"""
SMALL = """(least) => Array.from(document.querySelectorAll(".acts button, .acts select, .acts summary, .acts input"))
    .filter((e) => e.type !== "checkbox").map((e) => [e.textContent, e.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.height < least - 0.5 || box.width < least - 0.5)).map(([text]) => text)"""
OVER = (
    """() => { const acts = document.querySelector(".acts"); return acts.scrollWidth - acts.clientWidth; }"""
)


def act_on(page: Page, name: str) -> None:
    """Choose a node in the panel; its forms are there."""
    page.get_by_label("Act on", exact=True).select_option(name)
    expect(page.get_by_text("Loading the forms…")).to_have_count(0)


def press(page: Page, name: str) -> None:
    """Press a button of the panel, and wait until the act is kept."""
    acts = page.locator(".flag").count()
    page.locator(".acts").get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".flag")).to_have_count(acts + 1)
    saved(page)


def type_on(page: Page, *words: str) -> None:
    """Each word into the control that has the focus, with Tab between them; "" leaves one alone."""
    for word in words:
        if word:
            page.keyboard.type(word)
        page.keyboard.press("Tab")


def test_a_message_with_typed_headers_is_published_by_keyboard_alone(page: Page, server: LabServer) -> None:
    running(page, server, ROUTES)
    paused_at(page, 1)
    page.get_by_label("Routing key").focus()
    page.keyboard.press("Control+A")
    type_on(page, "order.eu.paid")
    page.keyboard.press("Control+A")
    type_on(page, "paid in full")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Add header")).to_be_visible()
    for name, type_, value in (("tenant", "whole", "7"), ("share", "double", "1"), ("vip", "yes", "yes")):
        page.get_by_role("button", name="Add header").focus()
        page.keyboard.press("Enter")
        type_on(page, name, type_, value)
    page.get_by_role("button", name="Publish", exact=True).focus()
    page.keyboard.press("Enter")
    saved(page)
    published = page.evaluate(MINE)
    assert published == [["order.eu.paid", "paid in full", {"tenant": 7, "share": 1, "vip": True}]]
    act = page.evaluate(
        "() => Array.from(document.querySelector('mq-stage').tree.acts.values()).pop().command"
    )
    assert act["doubles"] == ["share"]


def test_what_is_wrong_is_said_beside_its_control(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    page.get_by_text("Headers, properties, mandatory, repeat").click()
    page.get_by_role("button", name="Add header").click()
    page.get_by_label("Header: name").fill("n")
    page.get_by_label("Header: type").select_option("int")
    value = page.get_by_label("Header: value")
    value.fill("seven")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".rows .act-error")).to_have_text("Write a whole number of at most 15 digits.")
    expect(value).to_be_focused()
    expect(value).to_have_attribute("aria-invalid", "true")
    assert flags(page) == []


def test_a_queue_is_added_bound_and_consumed_from(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    act_on(page, "+queue")
    page.locator(".acts").get_by_label("Name", exact=True).fill("copies")
    press(page, "Add queue")
    act_on(page, "copies")
    page.get_by_label("Bind from").select_option("payments")
    page.get_by_label("Binding key").fill("charge")
    press(page, "Bind")
    act_on(page, "+consumer")
    page.locator(".acts").get_by_label("Name", exact=True).fill("copier")
    page.get_by_label("Consumes from").select_option("copies")
    press(page, "Add consumer")
    paused_at(page, 4)
    expect(page.locator("[data-node=copier]")).to_contain_text(re.compile("[1-9] done"))
    page.get_by_role("tab", name="Code").click()
    for said in (
        "channel.queue_declare(",
        "channel.queue_bind(",
        "channel.basic_consume(",
        "/api/bindings/%2F/e/payments/q/copies",
    ):
        expect(page.locator(".code-page")).to_contain_text(said)


@pytest.mark.parametrize("width", [1360, 390])
def test_a_producer_is_sent_to_another_exchange_while_it_runs(
    page: Page, server: LabServer, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    running(page, server, DIES)
    paused_at(page, 3)
    page.get_by_role("tab", name="Act").click()
    act_on(page, "shop")
    assert page.locator(".acts").get_by_label("Exchange", exact=True).locator("option").all_inner_texts() == [
        "payments",
        "(default)",
    ]
    page.locator(".acts").get_by_label("Exchange", exact=True).select_option("")
    page.locator(".acts").get_by_label("Routing key", exact=True).fill("charges")
    press(page, "Change")
    lines = "Array.from(document.querySelector('mq-stage').playhead.timeline.scene.links.keys())"
    assert "shop->payments" not in page.evaluate(lines)
    assert "shop->amq.default" in page.evaluate(lines)
    expect(page.locator("[data-node='amq.default']")).to_be_visible()
    paused_at(page, 6)
    assert page.evaluate(OVER) <= 0
    sent = page.evaluate(
        """() => document.querySelector("mq-stage").playhead.timeline.events
            .filter((event) => event.kind === "Published" && event.t > 3e6).map((event) => event.exchange)"""
    )
    assert set(sent) == {"amq.default"}


def test_a_program_hangs_and_goes_on_within_the_picture(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    quick = page.get_by_role("toolbar", name="Acts on worker-1")
    page.locator("[data-node=worker-1] .name").click()
    quick.get_by_role("button", name="Hang worker-1").click()
    saved(page)
    expect(page.locator("[data-node=worker-1]")).to_contain_text("hangs")
    expect(quick.get_by_role("button", name="Let worker-1 go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".flag")).to_have_count(2)
    saved(page)
    expect(page.locator("[data-node=worker-1]")).not_to_contain_text("hangs")
    page.keyboard.press("Escape")
    expect(quick).to_be_hidden()
    expect(page.locator(".figure svg")).to_be_focused()
    assert flags(page)[0] == "Go to hang worker-1 at 1.00 seconds"


def test_the_context_menu_key_opens_the_acts_on_a_node(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    page.locator(".figure svg").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.locator(".figure svg").dispatch_event("contextmenu", {"button": 0})
    quick = page.get_by_role("toolbar")
    expect(quick.get_by_role("button").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(quick.get_by_role("button").nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Act on", exact=True)).to_be_focused()
    assert page.get_by_label("Act on", exact=True).input_value().startswith("worker-")


def test_a_tap_offers_acts_too(browser: Browser, server: LabServer) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    running(page, server, DIES)
    paused_at(page, 1)
    page.locator("[data-node=worker-2] .name").tap()
    quick = page.get_by_role("toolbar", name="Acts on worker-2")
    expect(quick).to_be_visible()
    box = quick.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    quick.get_by_role("button", name="Crash worker-2").tap()
    saved(page)
    expect(page.locator("[data-node=worker-2]")).to_contain_text("crashed")
    context.close()


def test_what_a_rule_forbids_is_not_offered_and_the_rule_is_told(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    act_on(page, "amq.default")
    forbidden = page.locator(".not-offered")
    expect(forbidden).to_contain_text("the default exchange cannot be deleted")
    forbidden.get_by_role("link").click()
    expect(page.locator("section.rule:target")).to_contain_text("default exchange")


def test_an_act_that_makes_no_sense_now_is_not_offered_and_says_why(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    act_on(page, "worker-1")
    press(page, "Crash worker-1")
    expect(page.locator(".not-offered")).to_contain_text(
        "Hang worker-1, Cancel its consumer, Close its channel, Break its connection, Close its connection: "
        "worker-1 is not running."
    )
    expect(page.locator(".acts").get_by_role("button", name="Hang worker-1")).to_have_count(0)
    press(page, "Restart worker-1")
    expect(page.locator(".not-offered")).to_have_count(0)


def test_a_name_that_was_used_is_refused_by_the_server_at_the_form(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    act_on(page, "+queue")
    page.locator(".acts").get_by_label("Name", exact=True).fill("short")
    press(page, "Add queue")
    act_on(page, "short")
    press(page, "Delete short")
    act_on(page, "+queue")
    page.locator(".acts").get_by_label("Name", exact=True).fill("short")
    page.get_by_role("button", name="Add queue", exact=True).click()
    expect(page.locator(".act-error")).to_contain_text("a name is given once in a recording: choose another")
    expect(page.locator(".acts").get_by_label("Name", exact=True)).to_have_value("short")


def test_one_key_forces_a_redelivery_and_one_a_duplicate(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 0)
    page.locator(".figure svg").focus()
    page.keyboard.press("r")
    expect(page.locator(".act-error")).to_contain_text("No consumer holds a message just now")
    paused_at(page, 2)
    page.locator(".figure svg").focus()
    page.keyboard.press("r")
    saved(page)
    assert re.match(r"Go to crash worker-\d at 2.00 seconds", flags(page)[0])
    while not page.evaluate(ACK_UNDER_WAY):
        page.keyboard.press(".")
        page.wait_for_timeout(20)
    page.keyboard.press("d")
    expect(page.locator(".flag")).to_have_count(2)
    assert re.match(r"Go to disconnect worker-\d", flags(page)[1])
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("force a duplicate")


def test_each_form_shows_the_client_code_it_stands_for(page: Page, server: LabServer) -> None:
    running(page, server, DIES)
    paused_at(page, 1)
    page.get_by_label("Routing key").fill("charge.me")
    page.locator(".code-box summary").click()
    code = page.locator(".code-texts")
    expect(code).to_contain_text('routing_key="charge.me"')
    page.get_by_label("Body").fill("ten")
    expect(code).to_contain_text('body="ten"')


def test_what_is_typed_before_the_other_forms_have_come_is_kept(page: Page, server: LabServer) -> None:
    held: list[Route] = []
    page.route("**/act_forms*.js", lambda route: held.append(route))
    with page.expect_request("**/act_forms*.js"):
        running(page, server, DIES)
    key = page.get_by_label("Routing key")
    key.fill("charge.me")
    page.get_by_label("Body").focus()
    held[0].continue_()
    page.wait_for_function("() => document.querySelector('mq-stage').acts.more !== undefined")
    expect(key).to_have_value("charge.me")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1360])
def test_every_form_is_usable_at_every_width(
    page: Page, server: LabServer, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    running(page, server, DIES)
    paused_at(page, 1)
    for name in EVERY_FORM:
        act_on(page, name)
        for summary in page.locator(".forms summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(OVER) <= 0, name
        small = page.evaluate(SMALL, TARGET_PX)
        assert small == [], name
        found = Axe().run(page, context=".acts", options=WCAG)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
