"""Random recordings that show everything a picture can show: what the laws are tried on."""

from __future__ import annotations

import random

from mqlab.engine import commands as c
from mqlab.engine import scenario
from mqlab.engine.recording import Recording, run
from mqlab.engine.scenario.settings import LATENCY
from tests.engine import random_script, random_sqs

SECOND = 1_000_000
BASE = """
format: 1
title: Random
about: Everything that a picture can show.
seed: {seed}
brokers:
  rabbit:
    kind: rabbitmq
    version: "{version}"
    nodes: {nodes}
    exchanges: {{in: {{type: topic}}, dead: {{type: fanout}}}}
    queues:
      one: {{durable: true, arguments: {{{levels}x-max-length: {length}, x-overflow: {overflow}, x-dead-letter-exchange: dead}}}}
      two: {{durable: {durable}, arguments: {{x-message-ttl: {ttl}, x-single-active-consumer: {single}}}}}
      three: {{durable: true, arguments: {{x-queue-type: quorum, {later}x-delivery-limit: 2, x-dead-letter-exchange: dead}}}}
      parking: {{durable: true}}
      four: {{durable: true, arguments: {{x-message-ttl: {ttl}}}}}
    bindings:
      - {{source: in, destination: four, routing_key: "x.#"}}
      - {{source: in, destination: one, routing_key: "a.#"}}
      - {{source: in, destination: one, routing_key: "x.b"}}
      - {{source: in, destination: two, routing_key: "*.b"}}
      - {{source: in, destination: three, routing_key: "#.c"}}
      - {{source: dead, destination: parking}}
programs:
  web: {{kind: producer, broker: rabbit, rate: {{poisson: 12}}, confirms: true,
    publish: {{exchange: in, routing_key: "a.{{key}}", keys: [b, c, d]}}}}
  mob: {{kind: producer, broker: rabbit, rate: {{constant: 5}},
    publish: {{exchange: in, routing_key: "x.{{key}}", keys: [b, d], mandatory: true, properties: {{priority: {urgency}}}}}}}
  w1: {{kind: consumer, broker: rabbit, queue: one, prefetch: {prefetch}, ack: {ack}, service: {{constant_ms: 300}},
    fail: {{chance: 0.3, then: {then}}}}}
  w2: {{kind: consumer, broker: rabbit, queue: two, replicas: 2, ack: auto, service: {{exponential_ms: 200}}}}
  w4: {{kind: consumer, broker: rabbit, queue: two, priority: {urgency}, start_ms: 1500}}
  w3: {{kind: consumer, broker: rabbit, queue: three, prefetch: 3, service: {{uniform_ms: [50, 400]}},
    fail: {{chance: 0.5, then: nack_requeue}}}}{clients}
links: {{default: {{latency_ms: {latency}, exchange_ms: 30}}}}
first_act: {{say: Try it., command: {{do: crash, node: w1}}, when: {{event: Requeued}}, latest_s: 2}}
predict:
  - ask: What comes first?
    when: {{event: Enqueued, count: 9}}
    choices:
      - {{say: It comes back., event: Requeued}}
      - {{say: Three are dead., event: DeadLettered, count: 3}}
      - {{say: Neither., after_s: 0.5}}
goals:
  - {{say: Something came back., event: Delivered, where: {{redelivered: true}}}}
  - {{say: Nothing was lost., never: {{event: Lost, where: {{what: message}}}}, until_s: 3}}
"""


ACTED = 5000
"""Labs of this seed and above have more acts behind them: programs, exchanges and queues come and go, hang and slow down."""


CLUSTERED = 9000
"""Labs of this seed and above have a broker of three nodes, which stop, are cut off and come back among those acts."""


ASKING = 13_000
"""Labs of this seed and above have clients with a random script besides, and those of every second one the acts too."""


POLLING = 17_000
"""A thousand labs from this seed on have SQS for their broker, and so have those from POLLING_FAR on."""


POLLING_FAR = 10**12


def lab(seed: int) -> tuple[Recording, str, random.Random]:
    """A random recording of six seconds with a few acts, and the future they lead to."""
    if POLLING <= seed < POLLING + 1_000 or seed >= POLLING_FAR:
        return random_sqs.lab(seed)
    chance = random.Random(seed)
    version = chance.choice(["4.3", "3.10"])
    more = random.Random(f"{seed} more")
    text = BASE.format(
        seed=seed,
        levels=more.choice(["x-max-priority: 5, ", ""]),
        single=more.choice(["true", "false"]),
        later=more.choice(["x-delayed-retry-type: all, x-delayed-retry-min: 300, ", ""]),
        urgency=more.choice([0, 2, 9]),
        length=chance.choice([2, 5]),
        overflow=chance.choice(["drop-head", "reject-publish", "reject-publish-dlx"]),
        version=version,
        nodes=3 if CLUSTERED <= seed < ASKING or (seed >= ASKING and seed % 8 == 7) else 1,
        clients=random_script.programs(seed) if seed >= ASKING else "",
        durable="true" if version == "4.3" else "false",
        ttl=chance.choice([50, 400, 2000]),
        prefetch=chance.choice([1, 3]),
        ack=chance.choice(["after", "before"]),
        then=chance.choice(["nack_requeue", "reject"]),
        latency=chance.choice([0, 20, 150]),
    )
    recording = Recording(scenario.load(text))
    acts: list[c.AnyCommand] = [
        c.Crash("w1"),
        c.Crash("w2-1"),
        c.Restart("w1"),
        c.Restart("rabbit"),
        c.Purge("one"),
        c.Change("w3", {"prefetch": chance.randint(1, 9)}),
        c.Bind("in", "two", "a.*"),
        c.Unbind("in", "two", "a.*"),
        c.Delete("two"),
        c.Publish("in", "a.c", key="z", body="<b>", headers={"x": 1}),
        c.Publish("in", "nowhere", mandatory=True),
        c.Publish("", "parking"),
    ]
    future, t = "0", 0
    for n in range(chance.randint(0, 6)):
        t += chance.randint(1, SECOND)
        try:
            future = run(recording.do(f"act{n}", future, (t, 0), 0, chance.choice(acts))).future
        except c.Illegal:
            continue
    if seed >= ASKING and chance.random() < 0.5:
        future = _act_on_clients(recording, future, t, chance)
    if ACTED <= seed < ASKING or (seed >= ASKING and seed % 2):
        future = _act_on(recording, future, t, chance, seed)
    return recording, future, chance


def _act_on_clients(recording: Recording, future: str, t: int, chance: random.Random) -> str:
    """A few acts on the clients."""
    for n in range(chance.randint(1, 4)):
        some = chance.choice(["asker", "taker", "odd", "helper"])
        kinds = [
            c.Crash,
            c.Restart,
            c.Hang,
            c.Resume,
            c.Disconnect,
            c.CloseChannel,
            c.Abort,
            c.Remove,
            c.Restart,
        ]
        acts: list[c.AnyCommand] = [
            chance.choice(kinds)(some),
            c.Delete("own"),
            c.Add("newcomer", "client", {"script": random_script.script(chance)}),
        ]
        t += chance.randint(1, SECOND // 3)
        try:
            future = run(recording.do(f"client{n}", future, (t, 0), 0, chance.choice(acts))).future
        except c.Illegal:
            continue
    return future


def _act_on(recording: Recording, future: str, t: int, chance: random.Random, seed: int) -> str:
    """Six to sixteen acts of every other kind within the next two seconds. Returns the future they lead to."""
    consumer = {"queue": "one", "prefetch": 2, "service": {"constant_ms": 100}}
    producer = {
        "publish": {"exchange": "in", "routing_key": "a.b", "keys": ["q"]},
        "rate": {"constant": 20},
        LATENCY: 40,
    }
    crew = {"queues": ["five", "three"], "replicas": 2, "ack": "auto"}
    programs = ["w1", "w2-1", "w2-2", "w3", "web", "mob", "late", "crew-1", "crew-2", "spare"]
    queues = ["one", "two", "three", "parking", "five"]
    for n in range(chance.randint(6, 16)):
        some, queue = chance.choice(programs), chance.choice(queues)
        acts: list[c.AnyCommand] = [
            c.Publish("in", "a.b", key="r", repeat=chance.randint(2, 8), every_ms=chance.choice([0, 30])),
            c.Publish(
                "in", "x.1", headers={"n": 1, "d": 1, "t": {"deep": [None, True]}}, doubles=("d",),
                properties={"timestamp": 1_700_000_000, "delivery_mode": 2, "expiration": "300"},
            ),
            c.Slow(some, chance.choice([1, 3])),
            c.Hang(some),
            c.Hang(chance.choice(programs)),
            c.Resume(some),
            c.Resume(chance.choice(programs)),
            c.Crash(some),
            c.Restart(some),
            c.Restart("rabbit"),
            c.Remove(some),
            c.Remove(chance.choice(programs)),
            c.Disconnect(chance.choice(["you", some])),
            c.Change(some, {LATENCY: chance.choice([0, 10, 200])}),
            c.Change("web", {"confirms": False}),
            c.Change("mob", {"confirms": True}),
            c.Change(some, {"prefetch": 5}),
            c.Add("late", "consumer", consumer),
            c.Add("crew", "consumer", {**crew, "start_ms": chance.choice([0, 4000, None])}),
            c.Add("spare", "producer", producer),
            c.Add("five", "queue", {"arguments": {"x-max-length": 3}}),
            c.Add("five", "queue", {"arguments": {"x-max-length": 4}}),
            c.Add("heads", "exchange", {"type": "headers", "arguments": {"alternate-exchange": "dead"}}),
            c.Bind("in", "heads", "a.#"),
            c.Bind("heads", "five", arguments={"x-match": "any", "n": 1, "f": 2}, doubles=("f",)),
            c.Unbind("heads", "five", arguments={"x-match": "any", "n": 1, "f": 2}, doubles=("f",)),
            c.Get(queue, chance.choice(["ack", "requeue", "reject"]), chance.randint(1, 3)),
            c.Delete(queue, if_unused=chance.random() < 0.5, if_empty=chance.random() < 0.5),
            c.Delete(chance.choice(["heads", "in"]), if_unused=True),
            c.Delete("heads"),
            c.Cancel(some),
            c.CloseChannel(some),
            c.Abort(some),
            c.SetPolicy("rabbit", "p", "^(one|five|in)$", {"max-length": chance.randint(0, 3), "alternate-exchange": "dead"}),
            c.SetPolicy("rabbit", "letters", "o", {"message-ttl": 300, "dead-letter-exchange": "dead"}, chance.choice([0, 1])),
            c.ClearPolicy("rabbit", "p"),
            c.ClearPolicy("rabbit", "letters"),
            c.RaiseAlarm("rabbit", chance.choice(["memory", "disk"])),
            c.ClearAlarm("rabbit", chance.choice(["memory", "disk"])),
        ]  # fmt: skip
        if seed >= CLUSTERED and chance.random() < 0.5:
            node = f"rabbit-{chance.randint(1, 3)}"
            acts = [c.StopNode(node), c.StopNode(node), c.StartNode(node), c.CutOff(node), c.Heal("rabbit")]
        t += chance.randint(1, SECOND // 3)
        try:
            future = run(recording.do(f"more{n}", future, (t, 0), 0, chance.choice(acts))).future
        except c.Illegal:
            continue
    return future
