"""`make shots`: every gallery scenario as a person sees it, to be opened and looked at.

Two themes at 1360 and 390 px; in motion, paused, with a message selected, and comparing two futures. The pictures land in
build/shots, and an index page beside them shows all at once."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from mqlab.engine.scenario import load
from tests.conftest import chromium_path
from tests.lab_server import ROOT, LabServer

OUT = ROOT / "build" / "shots"
SCENARIOS = ROOT / "fixtures" / "scenarios"
WIDTHS = {1360: 900, 390: 844}
THEMES = ("light", "dark")
LOOKED_AT_S = 6
MOVING = "document.querySelector('mq-stage').playhead.timeline.scene"


def scenarios() -> list[str]:
    """The gallery's, by name."""
    return sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def first_message(slug: str) -> str:
    """The first message of a scenario's first program that publishes."""
    read = load((SCENARIOS / f"{slug}.yaml").read_text(encoding="utf-8"), f"{slug}.yaml")
    return next(f"{name}-1" for name, program in read.programs.items() if program.kind != "consumer")


def stand(page: Page, address: str, at_s: float) -> None:
    """Open an address, and wait until the page stands at its moment."""
    page.goto("about:blank")  # the same address with another fragment is no new page
    page.goto(address)
    expect(page.locator(".clock")).to_have_text(f"{at_s:.2f} s")


def states(page: Page, url: str, message: str) -> Iterator[str]:
    """Bring the page from state to state, with this message selected in one; the name of each, when it stands."""
    page.goto(url)
    page.wait_for_function(
        f"document.querySelector('mq-stage')?.playhead?.timeline && {MOVING}.t > 2_000_000"
    )
    yield "moving"
    stand(page, f"{url}#t={LOOKED_AT_S}", LOOKED_AT_S)
    page.wait_for_timeout(400)
    yield "paused"
    stand(page, f"{url}#t={LOOKED_AT_S}&m={message}", LOOKED_AT_S)
    page.wait_for_timeout(400)
    yield "selected"
    stand(page, f"{url}#t={LOOKED_AT_S}", LOOKED_AT_S)
    page.get_by_role("tab", name="Act").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".flag")).not_to_have_count(0)
    future = page.evaluate("document.querySelector('mq-stage').playhead.timeline.future")
    stand(page, f"{url}#t={LOOKED_AT_S + 3}&f={future}&g=0", LOOKED_AT_S + 3)
    page.wait_for_timeout(800)
    yield "comparing"


def shoot(browser: Browser, server: LabServer, slug: str) -> Iterator[str]:
    """All pictures of one scenario; their file names."""
    for theme in THEMES:
        for width, height in WIDTHS.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, bypass_csp=True
            )
            context.add_init_script(
                "try { sessionStorage.setItem('mqlab-stops', 'no') } catch { /* about:blank */ }"
            )
            page = context.new_page()
            for state in states(page, f"{server.url}/lab/{slug}/", first_message(slug)):
                name = f"{slug}-{state}-{theme}-{width}.png"
                page.screenshot(path=OUT / name, full_page=True)
                yield name
            context.close()


def main() -> None:
    """Take them all anew; arguments name the scenarios to take."""
    path = chromium_path()
    if path is None:
        sys.exit("Pictures need Chromium, and it is not here. Install it (Debian: apt install chromium).")
    wanted = sys.argv[1:] or scenarios()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    names: list[str] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LabServer(Path(folder) / "data").start()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            for slug in wanted:
                names += shoot(browser, server, slug)
                print(f"{slug}: done", flush=True)
        finally:
            browser.close()
            server.kill()
    figures = "".join(
        f'<figure><img src="{name}" width="480"><figcaption>{escape(name)}</figcaption></figure>'
        for name in names
    )
    (OUT / "index.html").write_text(f"<!doctype html><title>mqlab</title>{figures}")
    print(f"{len(names)} pictures: {OUT / 'index.html'}")


if __name__ == "__main__":
    main()
