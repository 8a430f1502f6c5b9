"""The figure in a real browser: what is written on what it limits, on every width, for a projector, and in larger type."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.lab_server import LabServer

pytestmark = pytest.mark.requires_chromium

COMES_BACK = "/lab/why-does-it-come-back/"
ROUTES = "/lab/who-gets-order-eu-paid/"
CLUSTER = "/lab/who-goes-on-when-a-cluster-falls-apart/"

OVERLAPS = """
() => {
  const boxes = Array.from(document.querySelectorAll(".line-words text, .node .name, .node .s, .node .m"))
    .filter((text) => text.textContent && getComputedStyle(text).visibility === "visible")
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const wrong = [];
  boxes.forEach(([one, a], n) => boxes.slice(n + 1).forEach(([two, b]) => {
    const apart = a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 5 || b.bottom <= a.top + 5;
    if (!apart) wrong.push([one, two]);
  }));
  return wrong;
}
"""

CROSSED = """
() => {
  const boxes = Array.from(document.querySelectorAll(".figure .node text"))
    .filter((text) => text.textContent && getComputedStyle(text).visibility === "visible")
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const crossed = [];
  for (const line of document.querySelectorAll(".figure path.line")) {
    const [from, at] = [line.getTotalLength(), line.getScreenCTM()];
    for (let far = 0; far < from; far += 2) {
      const { x, y } = line.getPointAtLength(far).matrixTransform(at);
      for (const [words, box] of boxes) if (x > box.left && x < box.right && y > box.top && y < box.bottom) crossed.push(words);
    }
  }
  return crossed;
}
"""


def at(page: Page, address: str, t: float) -> Page:
    """The page, paused there and drawn."""
    page.goto(f"{address}#t={t:g}")
    expect(page.locator(".clock")).to_have_text(f"{t:.2f} s")
    expect(page.locator(".figure .node").first).to_be_visible()
    return page


def test_limits_are_written_on_the_queue_they_limit(page: Page, server: LabServer) -> None:
    at(page, server.url + COMES_BACK, 5)
    counted = page.locator("[data-node=counted]")
    expect(counted).to_contain_text("quorum")
    expect(counted).to_contain_text("delivery limit 3 → dead letters")
    expect(page.locator("[data-node=parking]")).to_have_class("node queue parking")


@pytest.mark.parametrize("width", [320, 390, 768, 1360])
@pytest.mark.parametrize("path", [COMES_BACK, ROUTES])
def test_no_words_lie_on_other_words(page: Page, server: LabServer, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    at(page, server.url + path, 5)
    assert page.evaluate(OVERLAPS) == []


@pytest.mark.parametrize("width", [320, 390, 1360])
@pytest.mark.parametrize("path", [COMES_BACK, ROUTES, CLUSTER])
def test_no_line_runs_through_words(page: Page, server: LabServer, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    at(page, server.url + path, 2)
    assert page.evaluate(CROSSED) == []


def test_the_nodes_of_a_queue_stand_below_its_limits_where_the_flow_runs_down(
    page: Page, server: LabServer
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    at(page, server.url + CLUSTER, 2)
    queue = page.locator("[data-node=prescriptions]")
    limit, nodes = queue.locator(".foot").bounding_box(), queue.locator(".place").bounding_box()
    assert limit is not None
    assert nodes is not None
    assert nodes["y"] >= limit["y"] + 10
    expect(queue.locator(".place")).to_have_text("●1 ○2 ○3")


def test_a_crash_is_seen_with_its_moment(page: Page, server: LabServer) -> None:
    at(page, f"{server.url}/lab/consumer-dies-before-ack/", 3)
    page.get_by_role("button", name="Crash worker-1").first.click()
    worker = page.locator("[data-node=worker-1]")
    expect(worker).to_contain_text("crashed 3.00 s")
    expect(worker).to_have_class("node consumer down")


def test_the_big_stage_has_only_the_figure_and_the_deck(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    usual = at(page, server.url + ROUTES, 5).locator("[data-node=billing] .name").bounding_box()
    at(page, f"{server.url}{ROUTES}?stage=big", 5)
    for hidden in (".masthead", ".side", ".verdicts", ".lab-brief", ".lab > details"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    large = page.locator("[data-node=billing] .name").bounding_box()
    assert usual is not None
    assert large is not None
    assert large["height"] >= 1.3 * usual["height"]
    deck = page.locator(".deck").bounding_box()
    assert deck is not None
    assert deck["y"] + 60 < 1080, "the deck is on the screen"


@pytest.mark.parametrize("width", [390, 1360])
def test_larger_type_makes_a_larger_figure_and_nothing_reaches_beyond_the_edge(
    page: Page, server: LabServer, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { document.documentElement.style.fontSize = '200%'; })"
    )
    page.goto(f"{server.url}{ROUTES}#t=5")
    expect(page.locator("[data-node=billing]")).to_be_attached()
    expect(page.locator("[role=tab]:enabled")).to_have_count(5)  # what comes after the first picture has come
    size = page.locator("[data-node=billing] .name").evaluate("one => one.getBoundingClientRect().height")
    assert size >= (30 if width > 1000 else 17)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERLAPS) == []


def test_who_wants_no_motion_sees_what_travels_half_way(page: Page, server: LabServer) -> None:
    page.emulate_media(reduced_motion="reduce")
    at(page, server.url + ROUTES, 3.3)
    spots = "JSON.stringify(document.querySelector('mq-stage').picture.tokens.map((one) => [one.message, one.x, one.y]))"
    before = page.evaluate(spots)
    assert "web" in before or "shop" in before
    page.get_by_role("slider", name="Time").fill("3.31")
    expect(page.locator(".clock")).to_have_text("3.31 s")
    assert page.evaluate(spots) == before


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_cells_follow_up_when_the_head_has_left(
    page: Page, server: LabServer, motion: Literal["no-preference", "reduce"]
) -> None:
    page.emulate_media(reduced_motion=motion)
    at(page, f"{server.url}/lab/why-is-worker-2-idle/", 2)

    def cells(t: float) -> list[float]:
        """Where the cells are when the playhead is there; an ack came in at 2.42 s."""
        page.get_by_role("slider", name="Time").fill(f"{t:g}")
        expect(page.locator(".clock")).to_have_text(f"{t:.2f} s")
        found: list[float] = page.evaluate(
            "() => document.querySelector('mq-stage').picture.glyphs.get('resize').pool.chips.map((one) => one.x)"
        )
        return found

    late, early = cells(2.7), cells(2.45)
    assert len(early) == 3
    away = [there - here for here, there in zip(early, late, strict=True)]
    assert all(0 < px < 24 for px in away) if motion == "no-preference" else not any(away)
    assert cells(2.7) == late


def test_with_the_readers_own_colours_the_playhead_is_seen(page: Page, server: LabServer) -> None:
    page.emulate_media(forced_colors="active")
    at(page, f"{server.url}{ROUTES}", 5)
    expect(page.locator(".story")).to_be_attached()  # and with it the rest of the style

    def pixels(t: float) -> bytes:
        page.get_by_role("slider", name="Time").fill(f"{t:g}")
        expect(page.locator(".clock")).to_have_text(f"{t:.2f} s")
        box = page.locator(".rail").bounding_box()
        assert box is not None
        place = {
            "x": box["x"] + box["width"] / 6 - 3,
            "y": box["y"] - 4,
            "width": 6,
            "height": 12,
        }  # at 5 s of 30
        return page.screenshot(clip=place)

    assert pixels(5) != pixels(5.5)
