"""Scrubbing in Chromium: from moving the slider to the frame that shows the other moment, anywhere in 10,000 events."""

from __future__ import annotations

import tempfile
from typing import Any

from playwright.sync_api import sync_playwright

from bench.figure import Figure
from bench.live import prepare, serving

PLAYED_S = 46  # at some 230 events a second, more than 10,000
SCRUBS = 100
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SCRUB = """
async ([times]) => {
  const slider = document.querySelector('input[type=range]');
  const taken = [];
  for (const t of times) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const started = performance.now();
    slider.value = t;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    taken.push(performance.now() - started);
  }
  return taken;
}
"""


def figures() -> list[Figure]:
    """One run: a page that has played so far, paused, and scrubbed about."""
    with tempfile.TemporaryDirectory() as folder, serving(folder) as (address, _):
        ((recording, cookie),) = prepare(folder, 1)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(viewport={"width": 1360, "height": 900})
            context.add_cookies([{"name": "mqlab_session", "value": cookie, "url": address}])
            page = context.new_page()
            page.goto(f"{address}/r/{recording}")
            page.get_by_label("Speed").select_option("8")
            while float(page.locator(".clock").inner_text().split()[0]) < PLAYED_S:
                page.wait_for_timeout(250)
            page.get_by_role("button", name="Pause").click()
            page.wait_for_timeout(1_000)
            taken: list[Any] = page.evaluate(
                SCRUB, [[(37 * n % SCRUBS) * PLAYED_S / SCRUBS for n in range(SCRUBS)]]
            )
            browser.close()
    return [
        Figure(
            "scrub to any of 10,000 events (Chromium)",
            sorted(taken)[int(SCRUBS * 0.95)],
            "ms p95",
            100,
            16,
            note="up to one frame of 16.7 ms is waiting for it",
        )
    ]
