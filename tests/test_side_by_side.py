"""The page that compares under a real browser: choose, say first, run, open a cell, go along in time, by keyboard alone."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mqlab.engine.workload import System, systems
from mqlab.engine.workload.questions import questions
from tests.lab_server import LabServer
from tests.test_stage import WCAG, seconds

pytestmark = pytest.mark.requires_chromium

CRASH = "/lab/compare/?messages=60&rate=3&service=400&fail=crash@5&go=1"
TABS_MAX = 200
COUNT = len(systems())


def drawn(page: Page) -> None:
    """Every picture on the screen has its lab, and the numbers below are told."""
    page.locator(".panes").scroll_into_view_if_needed()
    expect(page.locator(".panes .figure svg [data-node=worker-1]").first).to_be_attached()
    expect(page.locator(".twin tbody tr")).to_have_count(COUNT)


def at(page: Page, t: float) -> None:
    """The common time stands here, and what is on the screen has come."""
    page.get_by_role("slider", name="Time").fill(str(t))
    expect(page.locator(".clock")).to_have_text(f"{t:.2f} s")
    expect(page.locator(".twin caption")).to_have_text(f"At {t:.2f} s")


def told(page: Page, system: str) -> dict[str, str]:
    """A system's line of the numbers: column -> what stands there."""
    names = page.locator(".twin thead th").all_inner_texts()
    row = page.locator(".twin tbody tr", has=page.get_by_role("rowheader", name=system, exact=True))
    return dict(zip(names, row.locator("th, td").all_inner_texts(), strict=True))


def test_a_question_is_answered_first_and_judged(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/lab/compare/")
    page.get_by_role("link", name="Which of them lose nothing when a consumer crashes?").click()
    expect(page.get_by_role("group", name=re.compile("Say first"))).to_be_visible()
    expect(page.locator(".verdicts-of-all")).to_have_count(0)
    page.get_by_label("RabbitMQ classic queue").check()
    page.get_by_role("button", name="Run it and see").click()
    expect(
        page.get_by_role("heading", name=re.compile(rf"You were right about \d of {COUNT}"))
    ).to_be_visible()
    answer = page.locator(".answer li", has_text="RabbitMQ classic queue")
    expect(answer).to_contain_text("yes, as you said")
    expect(page.locator(".verdicts-of-all tbody tr")).to_have_count(COUNT)
    drawn(page)


def test_a_workload_is_chosen_in_the_form_and_stands_in_the_address(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/lab/compare/")
    page.get_by_label("Messages", exact=True).fill("30")
    page.get_by_label("Which consumer").first.fill("2")
    page.get_by_role("group", name="Mishap 1").get_by_role("combobox").select_option("a consumer crashes")
    page.get_by_label("When (s), or which message").first.fill("3")
    page.get_by_role("button", name="Run it on all").click()
    page.wait_for_url(re.compile(r"\?messages=30&fail=crash@3,worker:2&go=1"))
    expect(page.locator(".verdicts-of-all tbody tr")).to_have_count(COUNT)


def test_a_cell_opens_the_lab_at_the_event_and_an_act_there_makes_a_copy(
    page: Page, server: LabServer
) -> None:
    page.goto(f"{server.url}/lab/compare/?messages=40&fail=twice@17&go=1")
    cell = page.locator("[data-system=rabbitmq-classic] [data-cell=duplicated] a")
    expect(cell).to_contain_text("1")
    cell.click()
    page.wait_for_url(re.compile(r"/r/cmp\w+#t=[\d.]+&m=web-17"))
    expect(page.locator("mq-stage:not(.loading)")).to_be_attached()
    assert seconds(page) == pytest.approx(float(re.search(r"t=([\d.]+)", page.url)[1]), abs=0.006)  # type: ignore[index]
    expect(page.locator(".verdicts .duplicated dd")).to_have_text("1")
    page.get_by_role("slider", name="Time").press("ArrowLeft")
    expect(page.locator(".verdicts .duplicated dd")).to_have_text("0")
    page.get_by_role("tab", name="Act").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.wait_for_url(re.compile(r"/r/(?!cmp)\w+#"))
    expect(page.get_by_role("button", name="Share")).to_be_visible()


@pytest.mark.parametrize("system", systems(), ids=lambda one: one.id)
def test_the_lab_of_every_system_opens_at_the_slowest_message(
    page: Page, server: LabServer, system: System
) -> None:
    page.goto(server.url + CRASH)
    page.locator(f"[data-system={system.id}] [data-cell=p99] a").click()
    page.wait_for_url(re.compile(r"/r/cmp\w+#t="))
    place = re.search(r"t=([\d.]+)&m=(web-\d+)", page.url)
    assert place
    expect(page.locator("mq-stage:not(.loading)")).to_be_attached()
    expect(page.locator(".clock")).not_to_have_text("0.00 s")
    assert seconds(page) == pytest.approx(float(place[1]), abs=0.006)
    expect(page.locator(".story, .reader, .side").first).to_contain_text(place[2])


def test_all_pictures_stand_at_one_time_and_the_numbers_say_the_same(page: Page, server: LabServer) -> None:
    page.goto(server.url + CRASH + "#t=4.9")
    drawn(page)
    at(page, 4.9)
    expect(page.locator(".twin tbody tr").first).not_to_contain_text("…")
    page.wait_for_timeout(600)
    sent = {told(page, one.title)["Sent"] for one in systems()} - {"…"}  # of those on the screen
    assert len(sent) == 1  # the same messages at the same moments
    at(page, 5.5)
    for pane in page.locator(".panes article").all():
        pane.scroll_into_view_if_needed()
        expect(pane.locator("[data-node=worker-1]")).to_contain_text("crashed")
    expect(page.locator(".flag")).to_have_count(2)
    page.locator(".flag").first.click()
    expect(page.locator(".clock")).to_have_text("5.00 s")


def test_time_plays_in_all_of_them_and_steps_from_event_to_event(page: Page, server: LabServer) -> None:
    page.goto(server.url + CRASH + "#t=1")
    drawn(page)
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".clock")).not_to_have_text("1.00 s")
    page.get_by_role("button", name="Pause").click()
    stood = seconds(page)
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page).to_have_url(re.compile(r"#t="))
    after = float(re.search(r"t=([\d.]+)", page.url)[1])  # type: ignore[index]
    assert stood - 0.006 <= after
    page.get_by_role("button", name="Step back").click()
    page.get_by_role("button", name="Step back").click()
    assert float(re.search(r"t=([\d.]+)", page.url)[1]) < after  # type: ignore[index]


def test_a_message_is_followed_in_all_of_them(page: Page, server: LabServer) -> None:
    page.goto(server.url + CRASH + "#t=3")
    drawn(page)
    page.get_by_label("Follow a message in all of them").fill("web-8")
    page.get_by_role("button", name="Follow").click()
    expect(page).to_have_url(re.compile(r"m=web-8"))
    expect(page.locator(".twin thead th").last).to_have_text("web-8")
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.get_by_label("Follow a message in all of them")).to_have_value("web-8")
    expect(again.locator(".clock")).to_have_text("3.00 s")
    page.get_by_role("button", name="None").click()
    expect(page.locator(".twin thead th").last).to_have_text("Out of order")


def test_a_picture_opens_as_a_lab_at_the_same_moment(page: Page, server: LabServer) -> None:
    page.goto(server.url + CRASH + "#t=5.5")
    drawn(page)
    at(page, 5.5)
    page.get_by_role("link", name=re.compile("Open RabbitMQ quorum queue as a lab")).click()
    page.wait_for_url(re.compile(r"/r/cmp\w+#t=5.5"))
    expect(page.locator(".clock")).to_have_text("5.50 s")
    expect(page.locator("[data-node=worker-1]")).to_contain_text("crashed")


def test_what_is_not_on_the_screen_asks_for_nothing(page: Page, server: LabServer) -> None:
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: frames.append(str(data))))
    page.set_viewport_size({"width": 390, "height": 400})
    page.goto(server.url + CRASH + "#t=2")
    expect(page.locator(".twin tbody tr")).to_have_count(COUNT)
    page.locator("#own-title").scroll_into_view_if_needed()
    page.wait_for_timeout(600)
    frames.clear()
    page.wait_for_timeout(1_000)
    assert [one for one in frames if '"more"' in one or '"go"' in one] == []


def test_it_comes_back_when_the_connection_was_away(page: Page, own_server: LabServer) -> None:
    page.goto(own_server.url + CRASH + "#t=1")
    drawn(page)
    own_server.kill()
    expect(page.locator("p.state")).to_contain_text("The connection is away")
    own_server.start()
    expect(page.locator("p.state")).not_to_contain_text("The connection is away", timeout=15_000)
    at(page, 20)
    for _ in range(100):
        if told(page, "RabbitMQ classic queue")["Sent"] not in ("…", "0"):
            break
        page.wait_for_timeout(50)
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".clock")).not_to_have_text("20.00 s")


def test_a_question_and_its_answer_are_done_by_keyboard_alone(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/lab/compare/")

    def tab_to(name: str) -> None:
        for _ in range(TABS_MAX):
            page.keyboard.press("Tab")
            said = page.evaluate(
                "() => { const at = document.activeElement; return (at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent "
                "?? at.textContent).trim(); }"
            )
            if said == name:
                return
        raise AssertionError(f"Tab never comes to {name}")

    tab_to("Which of them lose nothing when a consumer crashes?")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("ask=crash"))
    tab_to("RabbitMQ classic queue")
    page.keyboard.press("Space")
    tab_to("Run it and see")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("You were right"))).to_be_visible()
    drawn(page)
    tab_to("Time")
    page.keyboard.press("Home")
    expect(page.locator(".clock")).to_have_text(re.compile(r"0\.\d\d s"))
    tab_to("Follow a message in all of them")
    page.keyboard.type("web-3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("m=web-3"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1360])
def test_axe_finds_nothing_and_nothing_reaches_beyond_the_edge(
    page: Page, server: LabServer, scheme: Literal["light", "dark"], width: int
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/lab/compare/", "/lab/compare/?ask=crash", CRASH):
        page.goto(server.url + path)
        if path is CRASH:
            drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()


def test_without_a_script_the_table_and_the_sentences_say_it(browser: Browser, server: LabServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/lab/compare/?ask={questions()[0].slug}")
    page.locator("input[name=guess]").first.check()
    page.locator("button[name=go]").click()
    expect(page.locator(".verdicts-of-all tbody tr")).to_have_count(COUNT)
    expect(page.locator(".told h3")).to_have_count(6)
    expect(page.locator("noscript")).to_be_attached()
    context.close()
