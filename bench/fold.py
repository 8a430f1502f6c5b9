"""Events a second that the browser's model folds, in node: a busy lab's first minutes, 20 consumers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
from playwright._impl._driver import compute_driver_executable

from bench.figure import Figure
from mqlab.engine import scenario
from mqlab.engine.recording import Recording, run
from mqlab.engine.scene import Position

ROOT = Path(__file__).resolve().parent.parent
EVENTS = 60_000
LAB = """
format: 1
title: A busy queue
about: One producer of 90 messages a second and 20 consumers.
seed: 7
brokers:
  rabbit:
    kind: rabbitmq
    version: "4.3"
    exchanges: {payments: {type: direct}}
    queues: {charges: {durable: true}}
    bindings: [{source: payments, destination: charges, routing_key: charge}]
programs:
  shop: {kind: producer, broker: rabbit, rate: {poisson: 90}, confirms: true,
    publish: {exchange: payments, routing_key: charge, keys: [A, B, C]}}
  worker: {kind: consumer, broker: rabbit, replicas: 20, queue: charges, prefetch: 2, service: {exponential_ms: 120}}
links: {default: {latency_ms: 60}}
"""


def figures() -> list[Figure]:
    """Median of seven folds of the same stream, already parsed."""
    recording = Recording(scenario.load(LAB))
    scene = run(recording.scene("0", (0, 0)))
    events: list[Any] = []
    at: Position = (0, 0)
    while len(events) < EVENTS:
        piece = run(recording.piece("0", at))
        events += piece.events
        at = piece.to
    result = subprocess.run(
        [compute_driver_executable()[0], "bench/fold.js"],
        cwd=ROOT,
        input=msgspec.json.encode({"scene": scene, "events": events}),
        capture_output=True,
        check=True,
    )
    rate = float(json.loads(result.stdout))
    return [
        Figure(
            "events folded by model.js",
            rate,
            "a second",
            300_000,
            1_000_000,
            "higher",
            f"{len(events):,} events",
        )
    ]
