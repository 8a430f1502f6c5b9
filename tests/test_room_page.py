"""Two browsers together on the real server: one drives, the other follows, through 200 disconnects and a killed server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.conftest import watched
from tests.lab_server import LabServer
from tests.test_stage import DIES, WCAG, flags, paused_at, running, saved

pytestmark = pytest.mark.requires_chromium

DISCONNECTS = 100  # of each of the two
APART_MS_MAX = 60
LOOKS = 200
ROOM = "document.querySelector('mq-stage').features.find((one) => one.beat)"
NEAR_US = 25_000

# Where this page's last picture is, at which moment of the server's clock: two pages are compared by no other clock.
PLACE = f"""() => {{
  const room = {ROOM}, {{ playhead }} = room.stage, now = playhead.clock ?? performance.now();
  return {{ on: room.on, following: room.following, t: playhead.t, at: playhead.at, playing: playhead.playing,
    speed: playhead.speed, future: playhead.timeline.future, server_ms: room.on ? now + room.beat.offset : 0 }};
}}"""
ARRIVED = f"""() => {{
  const room = {ROOM};
  if (!room) return false;
  const {{ playhead, link }} = room.stage;
  return room.on && link.open && !room.debt && !room.later && room.going === null && room.beat.lostAt === null
    && playhead.timeline.future === room.beat.room.future && playhead.playing === room.beat.room.playing
    && Math.abs(playhead.t - room.beat.at(playhead.clock ?? performance.now())) < {NEAR_US} * playhead.speed;
}}"""
CUT = """async (times) => {
  const { link, watch } = document.querySelector("mq-stage");
  link.later = (again, ms) => setTimeout(again, link.open ? ms : 0); // back at once
  for (let n = 0; n < times; n++) {
    while (!watch.joined) await new Promise((resolve) => setTimeout(resolve, 1));
    watch.lost();
    link.socket.close();
    link.socket.onclose();
  }
}"""


@pytest.fixture
def seat(browser: Browser) -> Iterator[Any]:
    """Opens pages in contexts of their own; none may have had an error."""
    contexts, errors = [], []

    def sit(url: str, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1360, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        errors.append(watched(page))
        page.goto(url)
        return page

    yield sit
    for context in contexts:
        context.close()
    assert [found for found in errors if found] == []


def together(page: Page, server: LabServer) -> str:
    """Open a lab and its room; the address for the others."""
    running(page, server, DIES)
    page.get_by_role("button", name="Together").click()
    address = page.get_by_label("Address to join")
    expect(address).not_to_have_value("")
    return address.input_value()


def follows(owner: Page, viewer: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    """Wait until both are where the room is, and equally far; where each is then. A frame that a busy machine drew late is
    bent straight within a few looks."""
    apart = 0.0
    for _ in range(LOOKS):
        for page in (owner, viewer):
            page.wait_for_function(ARRIVED)
        one, other = owner.evaluate(PLACE), viewer.evaluate(PLACE)
        between = (one["server_ms"] - other["server_ms"]) * one["speed"] * 1_000 if one["playing"] else 0
        apart = abs(one["t"] - other["t"] - between) / one["speed"] / 1_000
        near = apart <= APART_MS_MAX if one["playing"] else one["at"] == other["at"]
        if near and (one["future"], one["playing"]) == (other["future"], other["playing"]):
            return one, other
    raise AssertionError(f"{apart} ms apart: {one}, {other}")


def same_picture(owner: Page, viewer: Page) -> None:
    """Paused: the same position, the same future, the same sums."""
    for page in (owner, viewer):  # a pause waits for the acts on their way
        page.wait_for_function(f"() => {ROOM} && !{ROOM}.stage.playhead.playing")
    for _ in range(LOOKS):  # a step is on its way for a moment, and hardly farther than a late frame
        one, other = follows(owner, viewer)
        if one["at"] == other["at"]:
            break
    assert (one["at"], one["future"]) == (other["at"], other["future"])
    strip = owner.locator(".verdicts").inner_text()
    expect(viewer.locator(".verdicts")).to_have_text(strip, use_inner_text=True)
    assert flags(owner) == flags(viewer)


def test_what_the_owner_does_the_viewer_sees(page: Page, server: LabServer, seat: Any) -> None:
    viewer = seat(together(page, server))
    expect(viewer.locator(".room-say")).to_contain_text("The owner drives, you follow")
    expect(viewer.locator("#viewer")).to_be_hidden()
    follows(page, viewer)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    expect(viewer.locator(".flag")).to_have_count(1)
    follows(page, viewer)
    page.get_by_label("Speed").select_option("4")
    follows(page, viewer)
    paused_at(page, 2.5)
    same_picture(page, viewer)
    page.get_by_role("button", name="Step", exact=True).click()
    same_picture(page, viewer)
    page.get_by_role("button", name="Step back").click()
    same_picture(page, viewer)
    page.get_by_label("Future", exact=True).select_option("0")
    expect(viewer.locator(".flag")).to_have_count(0)
    same_picture(page, viewer)


def test_both_are_at_the_same_place_after_200_disconnects(
    page: Page, own_server: LabServer, seat: Any
) -> None:
    viewer = seat(together(page, own_server))
    expect(page.locator(".room-say")).to_contain_text("2 are here")
    for one in (page, viewer):
        one.evaluate(f"(times) => {{ window.cutting = ({CUT})(times) }}", DISCONNECTS)
    for _ in range(3):  # and the lab is worked on meanwhile
        page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").click()
    for one in (page, viewer):
        one.evaluate("window.cutting")
    saved(page)
    follows(page, viewer)
    page.get_by_role("button", name="Pause").click()
    same_picture(page, viewer)
    assert len(flags(viewer)) == 3, page.locator(".acts").inner_text()


def test_both_go_on_when_the_server_is_killed_in_the_middle_of_motion(
    page: Page, own_server: LabServer, seat: Any
) -> None:
    viewer = seat(together(page, own_server))
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    before, _ = follows(page, viewer)

    own_server.kill()
    for one in (page, viewer):
        expect(one.locator(".deck-state")).to_contain_text("The connection is away")
    own_server.start()

    for one in (page, viewer):
        expect(one.locator(".deck-state")).to_have_text("", timeout=30_000)
    after, _ = follows(page, viewer)
    assert after["playing"]
    assert after["t"] > before["t"]
    assert after["future"] == before["future"] != "0"
    page.get_by_role("button", name="Pause").click()
    same_picture(page, viewer)


def test_acts_are_locked_until_the_owner_lets_everybody_act(page: Page, server: LabServer, seat: Any) -> None:
    viewer = seat(together(page, server))
    expect(viewer.locator(".room-say")).to_contain_text("Acts are locked")
    address = viewer.url.split("#")[0]
    viewer.get_by_role("button", name="Crash worker-1").first.click()
    expect(viewer.locator(".act-error")).to_contain_text("locked acts for everybody else")
    assert viewer.url.split("#")[0] == address, "no copy was made"

    page.get_by_role("button", name="Let everybody act").click()
    expect(viewer.locator(".room-say")).to_contain_text("Everybody may act")
    viewer.get_by_role("button", name="Crash worker-1").first.click()
    saved(viewer)
    expect(page.locator(".flag")).to_have_count(1)
    page.get_by_role("button", name="Lock acts").click()
    expect(viewer.locator(".room-say")).to_contain_text("Acts are locked")
    page.get_by_role("button", name="Pause").click()
    same_picture(page, viewer)


def test_who_looks_elsewhere_is_told_where_the_room_is_and_chooses(
    page: Page, server: LabServer, seat: Any
) -> None:
    viewer = seat(together(page, server))
    expect(viewer.locator(".room-say")).to_contain_text("you follow")
    paused_at(viewer, 1)
    expect(viewer.locator(".room-where")).to_contain_text("The room is at ")
    paused_at(page, 12)
    expect(viewer.locator(".room-where")).to_have_text("The room is at 12 s, paused.")
    assert viewer.locator(".clock").inner_text() == "1.00 s"
    viewer.get_by_role("button", name="Return to the room").press("Enter")
    same_picture(page, viewer)


def test_who_comes_late_begins_where_the_room_is_and_all_are_free_when_it_ends(
    page: Page, server: LabServer, seat: Any
) -> None:
    address = together(page, server)
    page.get_by_role("button", name="Crash worker-1").first.click()
    saved(page)
    paused_at(page, 3)
    viewer = seat(address)
    expect(viewer.locator(".room-say")).to_contain_text("you follow")
    same_picture(page, viewer)
    page.get_by_role("button", name="Together").click()
    for one in (page, viewer):
        expect(one.get_by_role("region", name="Together")).to_be_hidden()
    expect(viewer.locator("#viewer")).to_be_visible()
    viewer.get_by_role("button", name="Play").click()
    expect(viewer.locator(".clock")).not_to_have_text("3.00 s")
    expect(page.locator(".clock")).to_have_text("3.00 s")


def test_without_its_owner_the_room_waits(page: Page, server: LabServer, seat: Any) -> None:
    viewer = seat(together(page, server))
    expect(viewer.locator(".room-say")).to_contain_text("you follow")
    page.goto("about:blank")
    expect(viewer.locator(".room-say")).to_contain_text("The owner is away; the room waits")
    viewer.wait_for_function(f"() => {ROOM}.beat.stands(performance.now())")
    page.goto(server.url + DIES)
    expect(viewer.locator(".room-say")).to_contain_text("The owner drives, you follow")
    one, _ = follows(page, viewer)
    assert one["playing"], "it goes on where it held"


def test_no_press_of_the_door_is_lost(page: Page, server: LabServer) -> None:
    """Neither before the module behind it has come, nor while the connection is away."""
    doors = []
    page.route("**/room.*js", lambda route: doors.append(route))
    running(page, server, DIES)
    door = page.get_by_role("button", name="Together")
    expect(door).to_be_disabled()
    page.wait_for_function("() => !document.querySelector('mq-stage').classList.contains('loading')")
    doors.pop().continue_()
    expect(door).to_be_enabled()
    page.evaluate("""() => {
      const { link } = document.querySelector("mq-stage");
      link.later = (again) => (window.again = again);
      link.socket.close();
    }""")
    page.wait_for_function("() => window.again")
    door.click()
    page.evaluate("again()")
    expect(page.get_by_label("Address to join")).not_to_have_value("")
    expect(door).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_room(
    page: Page, server: LabServer, seat: Any, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    viewer = seat(together(page, server), color_scheme=scheme)
    expect(viewer.locator(".room-say")).to_contain_text("you follow")
    paused_at(viewer, 1)
    for one in (page, viewer):
        for width in (1360, 390):
            one.set_viewport_size({"width": width, "height": 2_400})
            found = Axe().run(one, options=WCAG).response["violations"]
            assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []


def test_a_class_joins_by_a_code_over_plain_http(
    page: Page, tmp_path_factory: pytest.TempPathFactory, seat: Any
) -> None:
    server = LabServer(
        tmp_path_factory.mktemp("class") / "data", MQLAB_MODE="lan", MQLAB_LAN_ADDRESS="127.0.0.2"
    ).start()
    try:
        address = together(page, server)
        assert address.startswith(f"{server.url}/r/")
        code = page.get_by_role("img", name="QR code of the address")
        expect(code).to_be_visible()
        page.wait_for_function("() => document.querySelector('.room-code img').naturalWidth > 100")
        viewer = seat(address)
        expect(viewer.locator(".room-say")).to_contain_text("you follow")
        follows(page, viewer)
    finally:
        server.kill()
