"""A hostile scenario by a stranger, on every surface of the page and in what is exported: nothing breaks out of its
place, runs, or turns its neighbours around."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import hostile
from tests.lab_server import LabServer

pytestmark = pytest.mark.requires_chromium

WIDTHS = [320, 390, 768, 1360]
DRAWN = {"a", "circle", "defs", "g", "marker", "path", "pattern", "rect", "style", "svg", "text", "title"}
SVG_BYTES_MAX = 200_000  # the fonts are 93 kB of it
RASTER = """
async (svg) => {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL();
}
"""
SVG = "{http://www.w3.org/2000/svg}"

# Latin words that stand alone in an element run from left to right, whatever stands beside them.
TURNED_AROUND = """
() => {
  const wrong = [];
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (!/^[ -~]*[A-Za-z]{2}[ -~]*$/.test(node.data)) continue;
    if (node.parentElement.closest("script, style, option, title")) continue;
    const at = node.data.search(/[A-Za-z]{2}/);
    const box = (n) => {
      const range = document.createRange();
      range.setStart(node, n);
      range.setEnd(node, n + 1);
      return range.getBoundingClientRect();
    };
    const [one, two] = [box(at), box(at + 1)];
    if (one.width && two.width && Math.abs(one.top - two.top) < 2 && one.left > two.left) wrong.push(node.data);
  }
  return wrong;
}
"""

STICKING_OUT = """
() => {
  const sheet = document.querySelector(".sheet svg").getBoundingClientRect();
  const wrong = [];
  for (const text of document.querySelectorAll(".figure .sheet text")) {
    const at = text.getBoundingClientRect();
    const box = text.closest(".node")?.querySelector(".hit").getBoundingClientRect() ?? sheet;
    const out = at.left < box.left - 6 || at.right > box.right + 6 || at.top < box.top - 14;
    if (at.width && out) wrong.push(text.textContent);
  }
  return wrong;
}
"""

BEYOND = """
() => {
  const seen = document.documentElement.clientWidth;
  const scrolls = (one) => one && (/auto|scroll|hidden|clip/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  const all = Array.from(document.querySelectorAll("body *"));
  const wide = all.filter((one) => one.getBoundingClientRect().right > seen + 1 && !scrolls(one.parentElement));
  return wide.map((one) => one.outerHTML.slice(0, 120));
}
"""


@pytest.fixture(scope="module")
def address(server: LabServer) -> str:
    """The page of the hostile scenario."""
    return f"{server.url}/r/{hostile.put(server)}"


def opened(page: Page, address: str, at: str = "#t=6") -> Page:
    """The page, drawn and paused."""
    page.goto(address + at)
    expect(page.locator(".clock")).to_have_text("6.00 s")
    expect(page.get_by_role("tab", name="Events")).to_be_enabled()
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_of_a_stranger_breaks_out_of_its_place(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, address)
    page.locator(".lab > details > summary").click()
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab.inner_text()
        assert page.evaluate(BEYOND) == []
        assert page.evaluate(TURNED_AROUND) == []
    for node in page.get_by_label("Act on", exact=True).locator("option").all():
        page.get_by_role("tab", name="Act").click()
        page.get_by_label("Act on", exact=True).select_option(node.get_attribute("value"))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("width", [390, 1360])
def test_words_in_the_figure_stay_in_their_boxes(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, address)
    out = page.evaluate(STICKING_OUT)
    assert out == []


def test_the_saved_svg_is_whole_and_has_nothing_of_a_strangers_making(
    page: Page, address: str, tmp_path: Path
) -> None:
    opened(page, address)
    page.get_by_text("Picture", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as SVG").click()
    assert re.fullmatch(r"mqlab-[a-z0-9-]{1,60}-6\.00s\.svg", saved.value.suggested_filename)
    saved.value.save_as(tmp_path / "saved.svg")
    root = ElementTree.fromstring((tmp_path / "saved.svg").read_bytes())

    elements = list(root.iter())
    assert {one.tag.removeprefix(SVG) for one in elements} <= DRAWN
    assert {
        name for one in elements for name in one.attrib if name.startswith("on") or name in ("class", "style")
    } == set()
    rules = next(one.text or "" for one in elements if one.tag == f"{SVG}style")
    assert re.fullmatch(
        r"""(@font-face\{font-family:"[\w ]+";font-weight:[\d ]+;src:url\([\w:/;,+=]+\)\}){2}""", rules
    )
    links = [one.attrib["href"] for one in elements if "href" in one.attrib]
    assert links == [f"{address}#t=6"]
    assert any("<img src=x" in (one.text or "") for one in elements), "what they wrote is there, as text"


def test_the_saved_svg_brings_its_fonts(page: Page, address: str, tmp_path: Path) -> None:
    opened(page, address)
    page.get_by_text("Picture", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as SVG").click()
    saved.value.save_as(tmp_path / "saved.svg")
    svg = (tmp_path / "saved.svg").read_text()
    assert len(svg) <= SVG_BYTES_MAX
    with_fonts, without = (page.evaluate(RASTER, one) for one in (svg, re.sub("<style>.*?</style>", "", svg)))
    assert with_fonts != without


def test_the_saved_png_is_twice_as_large_as_the_figure(page: Page, address: str, tmp_path: Path) -> None:
    opened(page, address)
    page.get_by_text("Picture", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as PNG").click()
    saved.value.save_as(tmp_path / "saved.png")
    png = (tmp_path / "saved.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    width = page.evaluate("Math.ceil(document.querySelector('mq-stage').picture.plan.width)")
    assert int.from_bytes(png[16:20], "big") == 2 * width
    expect(page.get_by_text("Saved as PNG.")).to_be_visible()
