"""Random recordings on SQS: everything that its picture can show. `random_lab.lab` gives them for seeds about POLLING."""

from __future__ import annotations

import random

from mqlab.engine import commands as c
from mqlab.engine import scenario
from mqlab.engine.recording import Recording, run
from mqlab.engine.scenario.settings import LATENCY

SECOND = 1_000_000
BASE = """
format: 1
title: Random
about: Everything that a picture of SQS can show.
seed: {seed}
brokers:
  sqs:
    kind: sqs
    outage_ms: 400
    model: {{servers: {servers}, sampled: 1, reappears: {reappears}, old_handle_deletes: 0.5, in_flight_max: {most}, fifo_calls_per_s: {calls}}}
    queues:
      one: {{attributes: {{VisibilityTimeout: "1", RedrivePolicy: {{deadLetterTargetArn: dead, maxReceiveCount: {receives}}}}}}}
      dead: {{}}
      two.fifo: {{attributes: {{FifoQueue: "true", ContentBasedDeduplication: "true", VisibilityTimeout: "1", DelaySeconds: "{delay}", RedrivePolicy: {{deadLetterTargetArn: dead.fifo, maxReceiveCount: 2}}}}}}
      dead.fifo: {{attributes: {{FifoQueue: "true", DeduplicationScope: messageGroup}}}}
      small: {{attributes: {{MaximumMessageSize: "1024", ReceiveMessageWaitTimeSeconds: "1"}}}}
programs:
  web: {{kind: producer, broker: sqs, send: {{queue: one, keys: [A, B, C], MessageGroupId: "{group}"}}, rate: {{poisson: 9}}, again: [{{message: 3, after_ms: 200}}]}}
  fw: {{kind: producer, broker: sqs, send: {{queue: two.fifo, keys: [A, B], body: "{body}", MessageGroupId: "{{key}}"}}, rate: {{poisson: 8}}, batch: {batch}, linger_ms: 300}}
  odd: {{kind: producer, broker: sqs, send: {{queue: small, body: "x", MessageAttributes: {{a: {{StringValue: b}}}}}}, rate: {{script: [{{at_ms: 100, DelaySeconds: 1}}, {{at_ms: 200, DelaySeconds: 901}}, {{at_ms: 1500}}]}}}}
  w1: {{kind: consumer, broker: sqs, queue: one, replicas: 2, receive: {{MaxNumberOfMessages: {many}, WaitTimeSeconds: {wait}}}, service: {{exponential_ms: 300}},
    delete: {delete}, fail: {{chance: 0.3, then: {then}}}}}
  w2: {{kind: consumer, broker: sqs, queue: two.fifo, replicas: 2, receive: {{MaxNumberOfMessages: 3, WaitTimeSeconds: 2}}, service: {{uniform_ms: [50, 700]}}, heartbeat: {heartbeat}}}
  w3: {{kind: consumer, broker: sqs, queue: small, start_ms: 1200}}
links: {{default: {{latency_ms: {latency}, exchange_ms: 30}}}}
goals:
  - {{say: Something came back., event: Delivered, where: {{redelivered: true}}}}
"""  # noqa: E501 (a queue or a program is one line)


def lab(seed: int) -> tuple[Recording, str, random.Random]:
    """A random recording of six seconds with a few acts, and the future they lead to."""
    chance = random.Random(seed)
    text = BASE.format(
        seed=seed,
        servers=chance.choice([1, 3]),
        reappears=chance.choice([0, 0.3]),
        most=chance.choice([3, 120_000]),
        calls=chance.choice([0, 6]),
        receives=chance.randint(1, 3),
        delay=chance.choice([0, 1]),
        group=chance.choice(["", "{key}"]),
        body=chance.choice(["{n}", "{key}"]),
        batch=chance.choice([1, 4]),
        many=chance.choice([1, 4]),
        wait=chance.choice([0, 1, 3]),
        delete=chance.choice(["after", "batch", "before"]),
        then=chance.choice(["leave", "release", "delete"]),
        heartbeat=chance.choice(["null", "{every_ms: 400, VisibilityTimeout: 1}"]),
        latency=chance.choice([0, 20, 150]),
    )
    recording = Recording(scenario.load(text))
    future, t = "0", 0
    for n in range(chance.randint(3, 14)):
        t += chance.randint(1, SECOND // 2)
        try:
            future = run(recording.do(f"act{n}", future, (t, 0), 0, _act(chance))).future
        except c.Illegal:
            continue
    return recording, future, chance


def _act(chance: random.Random) -> c.AnyCommand:
    programs = ["w1-1", "w1-2", "w2-1", "w2-2", "w3", "web", "fw", "late"]
    queues = ["one", "dead", "two.fifo", "dead.fifo", "small", "new"]
    some, queue = chance.choice(programs), chance.choice(queues)
    maker, n = chance.choice(["web", "fw"]), chance.randint(1, 9)
    acts: list[c.AnyCommand] = [
        c.Crash(some), c.Crash(chance.choice(programs)), c.Restart(some), c.Restart(chance.choice(programs)),
        c.Restart("sqs"), c.Hang(some), c.Resume(some), c.Slow(some, chance.choice([1, 4])), c.Remove(some),
        c.Purge(queue), c.Delete(queue), c.Redrive(chance.choice(["dead", "dead.fifo"]), "", chance.choice([0, 3])),
        c.Redrive("dead", "small"),
        c.Add("new", "queue", {"attributes": {"DelaySeconds": "1"}}),
        c.Add("late", "consumer", {"queue": queue, "delete": "never"}),
        c.Send(queue, key="z", body="<b>", group_id=chance.choice(["", "g"]), repeat=n, every_ms=chance.choice([0, 40])),
        c.Send("two.fifo", key="z", body="b", group_id="g", deduplication_id=chance.choice(["d", "d{n}"]), repeat=2),
        c.Send("one", body="later", delay_seconds=chance.choice([1, 2, 1_000])),
        c.Receive(queue, chance.choice(["delete", "release", "leave"]), chance.randint(1, 10), chance.choice([None, 0, 2])),
        c.Receive("one", chance.choice(["delete", "release", "leave"]), chance.randint(1, 10)),
        c.ChangeVisibility(f"{maker}-{n}@{'one' if maker == 'web' else 'two.fifo'}", chance.choice([0, 1, 30, 43_200])),
        c.SetAttributes(queue, {"VisibilityTimeout": "2", "DelaySeconds": chance.choice(["0", "2"])}),
        c.SetAttributes(
            queue,
            {"RedrivePolicy": {"deadLetterTargetArn": chance.choice(["dead", "dead.fifo"]), "maxReceiveCount": 1}},
        ),
        c.SetAttributes(queue, {"RedrivePolicy": "", "Colour": "red"}),
        c.Change(some, {LATENCY: chance.choice([0, 10, 200])}),
        c.Change(chance.choice(["w1-1", "w2-1"]), {"receive": {"WaitTimeSeconds": 0, "MaxNumberOfMessages": 10}}),
        c.Change("fw", {"batch": chance.choice([1, 10])}),
    ]  # fmt: skip
    return chance.choice(acts)
