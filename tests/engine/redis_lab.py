"""Random labs with a Redis: programs of every kind, and acts at any moment."""

from __future__ import annotations

import random
from typing import Any

from mqlab.engine import commands as c
from mqlab.engine.recording import Recording, run
from mqlab.engine.scenario import load

SECOND = 1_000_000
TEXT = """
format: 1
title: Anything
seed: {seed}
brokers:
  redis:
    kind: redis
    appendonly: {file}
    output_buffer_limit: "2kb 1kb 1"
    stream_node_max_entries: {node}
    channels: [news, sport]
    streams: {{orders: {{groups: {{billing: "0", mail: $}}}}, jobs: {{}}}}
programs:
  press:
    kind: producer
    broker: redis
    publish: {{channel: news, keys: [A, B], body: "a piece of news {{n}}"}}
    rate: {{poisson: 6}}
  field: {{kind: producer, broker: redis, publish: {{channel: "{{key}}", keys: [n, s]}}, rate: {{poisson: 2}}, retry: false}}
  shop:
    kind: producer
    broker: redis
    publish: {{stream: orders, keys: [A, B, C], maxlen: {maxlen}, approximate: {approximate}}}
    rate: {{poisson: 5}}
  ear:
    kind: subscriber
    broker: redis
    channels: [news]
    patterns: ["n*", "[ns]"]
    replicas: 2
    socket_bytes: 300
    service: {{exponential_ms: {slow}}}
  worker:
    kind: consumer
    broker: redis
    stream: orders
    group: billing
    replicas: 2
    count: 2
    ack: {ack}
    claim: {{min_idle_ms: 1500}}
    service: {{exponential_ms: 300}}
    fail: {{chance: 0.1}}
  mailer:
    kind: consumer
    broker: redis
    stream: orders
    group: mail
    count: 3
    start_ms: 700
    service: {{exponential_ms: 200}}
  odd:
    kind: client
    broker: redis
    script:
      - {{at_ms: 300, command: [HELLO, 3]}}
      - {{at_ms: 400, command: [SUBSCRIBE, sport, news]}}
      - {{at_ms: 900, command: [XREADGROUP, GROUP, mail, odd, STREAMS, orders, ">"]}}
      - {{at_ms: 1500, command: [XREAD, BLOCK, 500, STREAMS, jobs, $]}}
      - {{at_ms: 1600, command: [XGROUP, SETID, orders, billing, 0]}}
      - {{at_ms: 2200, command: [XCLAIM, orders, billing, odd, 0, 0-1]}}
      - {{at_ms: 2500, command: [XADD, jobs, "*", k, v]}}
      - {{at_ms: 2700, command: [MULTI]}}
      - {{at_ms: 2800, command: [PUBLISH, sport, two to one]}}
      - {{at_ms: 2900, command: [EXEC]}}
      - {{at_ms: 3300, command: [XGROUP, DELCONSUMER, orders, billing, worker-1]}}
      - {{at_ms: 3600, command: [CLIENT, KILL, TYPE, pubsub]}}
links: {{default: {{latency_ms: 40}}}}
"""


def text(seed: int) -> str:
    """A scenario file of this seed."""
    chance = random.Random(f"{seed} redis text")
    made = TEXT.format(
        seed=seed, file=chance.choice(["true", "false"]), node=chance.choice([2, 5, 100]),
        maxlen=chance.choice(["null", 4, 9]), approximate=chance.choice(["true", "false"]),
        slow=chance.choice([50, 400]), ack=chance.choice(["after", "before", "noack"]),
    )  # fmt: skip
    for approximate in ("true", "false"):
        made = made.replace(f", maxlen: null, approximate: {approximate}", "")
    return made


def lab(seed: int) -> tuple[Recording, str, random.Random]:
    """A recording with a few acts, and the future that they make."""
    chance = random.Random(f"{seed} redis")
    recording = Recording(load(text(seed)), seed)
    future, t = "0", 0
    for number in range(chance.randint(2, 7)):
        t += chance.randint(100_000, 1_500_000)
        at = run(recording.fits(future, (t, 0)))
        try:
            run(recording.do(f"act{number}", future, at, 0, _act(chance, number)))
        except c.Illegal:
            continue
        future = f"act{number}"
    return recording, future, chance


def _act(chance: random.Random, number: int) -> c.AnyCommand:
    program = chance.choice(["press", "shop", "ear-1", "ear-2", "worker-1", "worker-2", "mailer", "odd"])
    acts: list[Any] = [
        c.Crash(program), c.Crash(program), c.Restart(program), c.Restart("redis"), c.Hang(program), c.Resume(program),
        c.Disconnect(program), c.Abort(program), c.Remove(program), c.Slow("ear-1", 9),
        c.PublishTo("sport", "A", "yours", repeat=3),
        c.PublishTo(f"fresh{number}", "B", "yours"), c.Xadd("orders", "A", "yours", maxlen=3),
        c.Xtrim("orders", chance.randint(0, 3)), c.Delete("orders/mail"), c.Delete("jobs"),
        c.Add(f"late{number}", "group", {"stream": "orders", "start": "0"}),
        c.Add(f"new{number}", "subscriber", {"patterns": ["*"]}), c.Change("ear-2", {"channels": [], "patterns": ["s*"]}),
        c.Change("worker-2", {"ack": "after", "claim": None}), c.Change("shop", {"publish": {"maxlen": 2}}),
    ]  # fmt: skip
    return chance.choice(acts)
