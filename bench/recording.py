"""A new future and a seek, on the server: what stands between a press and its answer, without the wire.

The lab has 10,000 events behind the playhead and 1,000 (or 10,000) messages ready: a producer, a slow pair of consumers, and a
backlog published by hand before.
"""

from __future__ import annotations

import random
import time

from bench.figure import Figure
from bench.live import SCENARIO
from mqlab.engine import commands as c
from mqlab.engine import scenario
from mqlab.engine.recording import Recording, run
from mqlab.engine.scene import Position

SECOND = 1_000_000
EVENTS, ROUNDS = 10_000, 60
LABS = 20
FILLED_S = 16  # by then the backlog has stood for a while in both labs

LAB = """
format: 1
title: A lab with a backlog
about: A queue that fills at once, and beside it one that is worked on.
seed: 3
brokers:
  rabbit:
    kind: rabbitmq
    exchanges: {{x: {{type: direct}}}}
    queues: {{backlog: {{durable: true}}, busy: {{durable: true}}}}
    bindings: [{{source: x, destination: backlog, routing_key: b}}, {{source: x, destination: busy, routing_key: k}}]
programs:
  filler: {{kind: producer, broker: rabbit, rate: {{burst: {{count: {burst}, every_ms: 500}}}}, count: {ready},
    publish: {{exchange: x, routing_key: b}}}}
  web: {{kind: producer, broker: rabbit, rate: {{poisson: 40}}, confirms: true,
    publish: {{exchange: x, routing_key: k, keys: [A, B]}}}}
  worker: {{kind: consumer, broker: rabbit, replicas: 3, queue: busy, prefetch: 2, service: {{exponential_ms: 50}}}}
"""


def figures() -> list[Figure]:
    """Both sizes, and the seek."""
    thousand, ten_thousand = _lab(1_000), _lab(9_900)
    return [
        Figure("new future at the playhead, 1,000 ready", _p95(_acts(*thousand)), "ms p95", 10, 3),
        Figure("new future at the playhead, 10,000 ready", _p95(_acts(*ten_thousand)), "ms p95", 40, 25),
        Figure("seek to any of 10,000 events, 1,000 ready", _p95(_seeks(*thousand)), "ms p95", 50, 15),
        Figure("a second of a lab that is watched and acted on, CPU", _second_ms(), "ms", None, None),
    ]


def _lab(ready: int) -> tuple[Recording, Position]:
    """A recording played up to a playhead with enough events behind it, as one who watched it has pulled it."""
    recording = Recording(scenario.load(LAB.format(ready=ready, burst=min(ready, 500))))
    at: Position = (0, 0)
    told = 0
    while told < EVENTS or at[0] < FILLED_S * SECOND:
        piece = run(recording.piece("0", at))
        told += len(piece.events)
        at = piece.to
    assert len(run(recording.scene("0", at)).nodes["backlog"].ready) == ready
    return recording, at


def _acts(recording: Recording, at: Position) -> list[float]:
    """Press, and have the first half second of the new future; the playhead stands somewhere in the last second."""
    chance, taken = random.Random(1), []
    for number in range(ROUNDS):
        playhead = (at[0] - chance.randint(0, SECOND), 0)
        started = time.perf_counter()
        run(recording.do(f"act{at[0]}-{number}", "0", playhead, SECOND // 2, c.Publish("x", "k", key="Z")))
        taken.append((time.perf_counter() - started) * 1e3)
    return taken


def _seeks(recording: Recording, at: Position) -> list[float]:
    chance, taken = random.Random(2), []
    for _ in range(ROUNDS):
        to = (chance.randint(0, at[0]), 0)
        started = time.perf_counter()
        run(recording.scene("0", to))
        taken.append((time.perf_counter() - started) * 1e3)
    return taken


def _second_ms() -> float:
    """What a lab of bench/live.py costs a second: pulled two seconds ahead, an act every four. The best of six rounds."""
    labs = [Recording(scenario.load(SCENARIO), seed) for seed in range(LABS)]
    chance = random.Random(1)
    futures, heads = ["0"] * LABS, [(0, 0)] * LABS
    due = [chance.uniform(1, 5) for _ in labs]
    now, taken = 0.0, []
    for _ in range(7):
        begun, end = time.process_time(), now + 4
        while now < end:
            for n, lab in enumerate(labs):
                if now >= due[n]:
                    due[n] = now + chance.uniform(2, 6)
                    publish = c.Publish("orders", "order.eu")
                    cut = run(
                        lab.do(
                            f"act{len(lab.tree)}", futures[n], (int(now * SECOND), 0), SECOND // 2, publish
                        )
                    )
                    futures[n], heads[n] = cut.future, cut.to
                while heads[n][0] < (now + 2) * SECOND:
                    heads[n] = run(lab.piece(futures[n], heads[n])).to
            now += 0.25
        taken.append((time.process_time() - begun) * 1e3 / LABS / 4)
    return min(taken[1:])


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]
