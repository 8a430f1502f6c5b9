"""The live figures: an act's way to its cut with many labs open, memory, bytes on the wire, the first page.

The server is the product as a user starts it, held to one core; the load runs on the other
(bench/live_labs.py)."""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure
from bench.live_labs import Tally, play_all

ROOT = Path(__file__).resolve().parents[1]
WARM_S, MEASURED_S = 5.0, 30.0
SIZES = (200, 500, 1_000)
SERVER_CORE, LOAD_CORE = 0, 1
FIRST_PAGE_RUNS = 5

SCENARIO = """\
format: 1
title: The lab of the live bench
about: One queue, three consumers, 20 messages a second.
seed: 1
brokers:
  rabbit: {kind: rabbitmq, exchanges: {orders: {type: topic}}, queues: {billing: {durable: true}},
    bindings: [{source: orders, destination: billing, routing_key: "order.*"}]}
programs:
  web: {kind: producer, broker: rabbit, rate: {poisson: 20}, confirms: true,
    publish: {exchange: orders, routing_key: order.created, keys: [A, B, C]}}
  worker: {kind: consumer, broker: rabbit, replicas: 3, queue: billing, prefetch: 2, ack: after,
    service: {exponential_ms: 80}}
links:
  default: {latency_ms: 60}
"""

PREPARE = """
import json, sys
from importlib import import_module
from django.conf import settings
from mqlab import __version__
from mqlab.lab.models import Recording
count, text = int(sys.argv[1]), sys.stdin.read()
sessions, made = import_module(settings.SESSION_ENGINE), []
for n in range(count):
    session = sessions.SessionStore()
    session["owner"] = f"bench-{n}"
    session.create()
    row = Recording.objects.create(scenario=text, seed=n, owner=f"bench-{n}", engine=__version__)
    made.append((row.pk, session.session_key))
print(json.dumps(made))
"""


@dataclass
class Measured:
    """One run with so many labs."""

    labs: int
    tally: Tally
    empty_mb: float
    full_mb: float

    def percentile(self, share: float) -> float:
        """ms from act to cut."""
        ordered = sorted(self.tally.cut_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextmanager
def serving(folder: str, *, pinned: bool = True) -> Iterator[tuple[str, int]]:
    """The product on a data folder and, `pinned`, one core: its address and process id."""
    command = [sys.executable, "manage.py", "lab", "--no-browser", "--port", "0"]
    with subprocess.Popen(
        [*(["taskset", "-c", str(SERVER_CORE)] if pinned else []), *command],
        cwd=ROOT,
        env=os.environ | {"MQLAB_DATA": folder},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://[\d.:]+", server.stdout.readline())
            if found is None:
                raise RuntimeError("the server did not start")
            yield found[0], server.pid
        finally:
            server.terminate()


def resident_mb(pid: int) -> float:
    """What the process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    kb = re.search(r"VmRSS:\s+(\d+)", status)
    assert kb is not None
    return int(kb[1]) / 1_024


def prepare(folder: str, count: int, scenario: str = SCENARIO) -> list[tuple[str, str]]:
    """So many recordings of a scenario, each with a session that owns it."""
    environ = os.environ | {"MQLAB_DATA": folder, "DJANGO_SETTINGS_MODULE": "mqlab.settings"}
    start = "import django; django.setup()\n"
    done = subprocess.run(
        [sys.executable, "-c", start + PREPARE, str(count)],
        cwd=ROOT,
        env=environ,
        input=scenario,
        capture_output=True,
        text=True,
        check=True,
    )
    made: list[tuple[str, str]] = [tuple(pair) for pair in json.loads(done.stdout)]
    return made


def measure(
    count: int, warm_s: float = WARM_S, measured_s: float = MEASURED_S, *, acting: bool = True
) -> Measured:
    """Open so many labs on a fresh server and play them."""
    with tempfile.TemporaryDirectory() as folder, serving(folder) as (address, pid):
        urllib.request.urlopen(address + "/").read()
        empty_mb = resident_mb(pid)
        labs = prepare(folder, count)
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {LOAD_CORE})
        try:
            tally = asyncio.run(
                play_all(
                    address.replace("http", "ws") + "/ws/lab/",
                    address,
                    labs,
                    warm_s,
                    measured_s,
                    acting=acting,
                )
            )
        finally:
            os.sched_setaffinity(0, cores)
        return Measured(count, tally, empty_mb, resident_mb(pid))


def first_page_s() -> float:
    """From `make run` on a machine set up before to the first page read: the median of several starts."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {"MQLAB_DATA": folder}
        for _ in range(FIRST_PAGE_RUNS + 1):
            begun = time.perf_counter()
            command = ["make", "--no-print-directory", "run", "ARGS=--no-browser --port 0"]
            with subprocess.Popen(
                command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
            ) as server:
                assert server.stdout is not None
                address = re.search(r"http://[\d.:]+/", server.stdout.readline())
                assert address is not None
                urllib.request.urlopen(address[0]).read()
                taken.append(time.perf_counter() - begun)
                server.terminate()
    return statistics.median(taken[1:])  # the first made the database


def figures() -> list[Figure]:
    """All of them; takes about three minutes."""
    found = []
    bounds = {200: (15.0, 5.0), 500: (40.0, 10.0), 1_000: (None, 60.0)}
    for count in SIZES:
        run = measure(count)
        must, after = bounds[count]
        note = f"p50 {run.percentile(0.5):.1f}, p99 {run.percentile(0.99):.1f}, {len(run.tally.cut_ms)} acts"
        if run.tally.refused:
            note += f", refused {run.tally.refused}"
        found.append(
            Figure(f"do → cut, p95, {count} labs", run.percentile(0.95), "ms", must, after, note=note)
        )
        if count == SIZES[0]:
            per_lab_kb = (run.full_mb - run.empty_mb) * 1_024 / count
            viewer_kb = measure(1, 2.0, 20.0, acting=False).tally.received_bytes / 20.0 / 1_000
            found += [
                Figure("server memory, empty", run.empty_mb, "MB", 120.0, 90.0),
                Figure("server memory, a lab", per_lab_kb, "kB", 1_000.0, 300.0),
                Figure("the wire, one viewer at 20 msg/s", viewer_kb, "kB/s", 20.0, 6.0),
            ]
    found.append(Figure("first page after make run", first_page_s(), "s", 3.0, 1.5))
    return found
