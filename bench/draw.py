"""What a person's own machine does: the main thread a frame with many messages in motion, the first load, scrubbing,
a click with 200 labs open, and the page's memory. Headless Chromium, no GPU."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.figure import Figure
from bench.live import LOAD_CORE, ROOT, prepare, serving
from bench.live_labs import play_all
from bench.scrub import CHROMIUM, FLAGS, SCRUB

LESSON = ROOT / "fixtures" / "scenarios" / "why-is-worker-2-idle.yaml"
MESSAGES = {300: 60, 1_000: 200}  # in motion: so many published a second, each on five ways of a second
FRAMES_S = 4
FIRST_RUNS = 5
SCRUBS, SCRUBBED_EVENTS, LOADED_AT_MOST_S = 100, 60_000, 90
CLICKS, LABS_OPEN = 40, 200
RECORDINGS, FAST = 6, 40

SCENARIO = """\
format: 1
title: The lab of the drawing bench
about: One queue; everything takes a second.
seed: 1
brokers:
  rabbit: {{kind: rabbitmq, exchanges: {{orders: {{type: topic}}}}, queues: {{billing: {{durable: true}}}},
    bindings: [{{source: orders, destination: billing, routing_key: "order.*"}}]}}
programs:
  web: {{kind: producer, broker: rabbit, rate: {{constant: {rate}}}, confirms: true,
    publish: {{exchange: orders, routing_key: order.created, keys: [A, B, C]}}}}
  worker: {{kind: consumer, broker: rabbit, replicas: 4, queue: billing, prefetch: 0, ack: after,
    service: {{constant_ms: 1}}}}
links:
  default: {{latency_ms: 1000, exchange_ms: 1000}}
"""

FRAMES = """
async (ms) => {
  let frames = 0;
  const count = () => { frames++; asked = requestAnimationFrame(count); };
  let asked = requestAnimationFrame(count);
  await new Promise((done) => setTimeout(done, ms));
  cancelAnimationFrame(asked);
  return frames;
}
"""

FIRST = """
async () => {
  const seen = (name) => performance.getEntriesByName(name)[0];
  while (!seen("mq-first-message")) await new Promise((done) => setTimeout(done, 20));
  const drawn = seen("mq-first-picture").startTime;
  const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter((one) => one.startTime < drawn && !one.name.endsWith(".woff2"));
  let shift = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) shift += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  await new Promise((done) => setTimeout(done, 500));
  return [seen("mq-first-message").startTime, shift, loaded.reduce((sum, one) => sum + one.transferSize, 0), loaded.length];
}
"""

CLICK = """
async () => {
  const stage = document.querySelector("mq-stage");
  const button = Array.from(stage.querySelectorAll("button")).find((one) => one.textContent === "Publish");
  await new Promise((done) => setTimeout(done, 200 + 137 * Math.random()));
  const drawn = new Promise((done) => {
    stage.cut = (...frame) => {
      delete stage.cut;
      stage.cut(...frame);
      requestAnimationFrame(() => setTimeout(done));
    };
  });
  const pressed = performance.now();
  button.click();
  await drawn;
  return performance.now() - pressed;
}
"""


@contextmanager
def looking(browser: Browser, address: str, lab: tuple[str, str], at: str = "") -> Iterator[Page]:
    """A page on this recording, in a context of its own."""
    recording, cookie = lab
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    context.add_cookies([{"name": "mqlab_session", "value": cookie, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/r/{recording}{at}")
    yield page
    context.close()


def frames(browser: Browser, address: str, labs: dict[int, tuple[str, str]]) -> list[Figure]:
    """ms of the main thread a frame, while so many messages move."""
    found = []
    for messages, lab in labs.items():
        with looking(browser, address, lab, "#t=8") as page:
            page.locator(".transport .play").click()
            page.wait_for_timeout(1_500)
            moving = page.evaluate("document.querySelector('mq-stage').playhead.timeline.scene.flights.size")
            session = page.context.new_cdp_session(page)
            session.send(
                "Performance.enable", {"timeDomain": "threadTicks"}
            )  # its own time, not the machine's

            def busy(of: Any = session) -> float:
                told = of.send("Performance.getMetrics")["metrics"]
                return next(float(one["value"]) for one in told if one["name"] == "TaskDuration") * 1_000

            before = busy()
            drawn = page.evaluate(FRAMES, FRAMES_S * 1_000)
            each = (busy() - before) / drawn
        note = f"{drawn / FRAMES_S:.0f} frames a second, {moving} on their way"
        found.append(
            Figure(f"{messages:,} messages in motion: main thread a frame", each, "ms", 5, 3, note=note)
        )
    return found


def first_load(browser: Browser, address: str, lab: tuple[str, str]) -> list[Figure]:
    """The median of some first visits, to a lesson at a moment when messages move."""
    taken = []
    for _ in range(FIRST_RUNS):
        with looking(browser, address, lab, "#t=1.38") as page:
            taken.append(page.evaluate(FIRST))
    ms, shift, size, requests = (sorted(column)[FIRST_RUNS // 2] for column in zip(*taken, strict=True))
    return [
        Figure("time to the first drawn message", ms, "ms", 600, 300),
        Figure(
            "layout shift of the lab's page", max(one[1] for one in taken), "", 0, 0, note=f"median {shift:g}"
        ),
        Figure("lab page, first load, fonts apart", size / 1_000, "kB", 100, 60),
        Figure("lab page, requests of the first load", requests, "", 24, None),
    ]


def scrubbing(browser: Browser, address: str, lab: tuple[str, str]) -> list[Figure]:
    """Anywhere in as many events as a page keeps."""
    with looking(browser, address, lab) as page:
        page.get_by_label("Speed").select_option("8")
        loaded = "document.querySelector('mq-stage').playhead.timeline?.events.length ?? 0"
        for _ in range(4 * LOADED_AT_MOST_S):
            if page.evaluate(loaded) >= SCRUBBED_EVENTS * 0.9:
                break
            page.wait_for_timeout(250)
        page.get_by_role("button", name="Pause").click()
        page.wait_for_timeout(1_000)
        events, first, last = page.evaluate(
            "(({ events, from, scene }) => [events.length, from[0] / 1e6, scene.t / 1e6])"
            "(document.querySelector('mq-stage').playhead.timeline)"
        )
        spots = [first + (last - first) * (37 * n % SCRUBS) / SCRUBS for n in range(SCRUBS)]
        taken: list[float] = page.evaluate(SCRUB, [spots])
    return [
        Figure(
            "scrub over 60,000 events (Chromium)",
            sorted(taken)[int(SCRUBS * 0.95)],
            "ms p95",
            33,
            16,
            note=f"{events:,} events; up to one frame of 16.7 ms is waiting for it",
        )
    ]


def _load(address: str, labs: list[tuple[str, str]], seconds: float) -> None:
    """The other labs, in a process of their own."""
    os.sched_setaffinity(0, {LOAD_CORE})
    asyncio.run(play_all(address.replace("http", "ws") + "/ws/lab/", address, labs, 0, seconds))


def clicks(browser: Browser, folder: str, address: str) -> list[Figure]:
    """From a press to the frame that shows its answer, while other labs pull and act."""
    mine, *others = prepare(folder, LABS_OPEN)
    load = multiprocessing.get_context("spawn").Process(target=_load, args=(address, others, 40.0))
    load.start()
    try:
        with looking(browser, address, mine) as page:
            page.get_by_role("button", name="Publish", exact=True).wait_for()
            page.wait_for_timeout(5_000)
            taken = [page.evaluate(CLICK) for _ in range(CLICKS)]
    finally:
        load.terminate()
        load.join()
    name = f"click to the first new picture, {LABS_OPEN} labs open"
    return [
        Figure(
            name,
            sorted(taken)[int(CLICKS * 0.95)],
            "ms p95",
            60,
            30,
            note=f"median {sorted(taken)[CLICKS // 2]:.0f} ms",
        )
    ]


def memory(browser: Browser, folder: str, address: str) -> list[Figure]:
    """The heap of one page that has shown six recordings to their end."""
    labs = prepare(folder, RECORDINGS)
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    most = 0.0
    for recording, cookie in labs:
        context.add_cookies([{"name": "mqlab_session", "value": cookie, "url": address}])
        page.goto(f"{address}/r/{recording}")
        page.get_by_role("button", name="Pause").wait_for()
        page.evaluate(f"document.querySelector('mq-stage').playhead.speed = {FAST}")
        page.get_by_text("600.00 s").first.wait_for(timeout=120_000)
        session.send("HeapProfiler.collectGarbage")
        session.send("Performance.enable")
        told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        most = max(most, told["JSHeapUsedSize"] / 1e6)
    context.close()
    return [Figure("memory of the page after six recordings of 600 s", most, "MB", 120, 60)]


def figures() -> list[Figure]:
    """One run of each, on one server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(folder) as (address, _),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        labs = {n: prepare(folder, 1, SCENARIO.format(rate=rate))[0] for n, rate in MESSAGES.items()}
        made = frames(browser, address, labs)
        made += first_load(browser, address, prepare(folder, 1, LESSON.read_text())[0])
        made += scrubbing(browser, address, labs[1_000])
        made += clicks(browser, folder, address)
        made += memory(browser, folder, address)
        browser.close()
    return made
