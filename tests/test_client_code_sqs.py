"""The client code that an act on SQS stands for is run, on the façade that has boto3's verbs and checks their parameters."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec
import pytest

from mqlab.engine import commands as c
from mqlab.engine.clients import boto3
from mqlab.engine.kinds import kinds
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.scenario import load
from tests.node import answers

SHOP = """
format: 1
title: A shop
brokers:
  sqs:
    kind: sqs
    queues:
      q: {attributes: {RedrivePolicy: {deadLetterTargetArn: dead, maxReceiveCount: 3}}}
      dead: {}
      l.fifo: {attributes: {FifoQueue: "true"}}
programs:
  web: {kind: producer, broker: sqs, send: {queue: q, keys: [A, B], body: 'order {n} "by" {name}', DelaySeconds: 0}, rate: {poisson: 4}}
  line: {kind: producer, broker: sqs, send: {queue: l.fifo, keys: [A], MessageGroupId: "{key}", MessageDeduplicationId: "{name}-{n}"}, rate: {burst: {count: 2, every_ms: 1500}}, count: 50}
  slow: {kind: producer, broker: sqs, send: {queue: q}, rate: {constant: 1}}
  w: {kind: consumer, broker: sqs, queue: q, receive: {MaxNumberOfMessages: 3}, service: {exponential_ms: 400}, fail: {chance: 0.5, then: leave}}
  b: {kind: consumer, broker: sqs, queue: q, delete: before, receive: {VisibilityTimeout: 9, WaitTimeSeconds: 0}, service: {uniform_ms: [10, 30]}}
  n: {kind: consumer, broker: sqs, queue: q, delete: never, receive: {WaitTimeSeconds: 2}, service: {constant_ms: 5}}
"""  # noqa: E501 (a program is one line)
PROGRAMS = ["web", "line", "slow", "w", "b", "n"]
HARD = "a\"b\\c\n{}é'#"
COMMANDS: list[c.AnyCommand] = [
    c.Send("q", body=HARD), c.Send("q", body="m", delay_seconds=3, repeat=3, every_ms=5, group_id="g"),
    c.Send("l.fifo", body="m", group_id="g", deduplication_id="d{n}"), c.Receive("q"), c.Receive("q", "release", 10),
    c.Receive("q", "leave", 2, 7), c.Purge("dead"), c.Redrive("dead"), c.Redrive("dead", "q", 5),
    c.SetAttributes("q", {"VisibilityTimeout": "9", "RedrivePolicy": {"deadLetterTargetArn": "dead", "maxReceiveCount": 2}}),
    c.Add("new", "queue", {"attributes": {"DelaySeconds": "5"}}), c.Add("bare", "queue", {}), c.Delete("l.fifo"),
    c.Add("more", "consumer", {"queue": "q", "receive": {"WaitTimeSeconds": 20}, "service": {"constant_ms": 100}}),
    c.Change("web", {"send": {"body": "other"}, "rate": {"constant": 2}}), c.Change("w", {"receive": {"WaitTimeSeconds": 5}}),
    *(c.Restart(one) for one in PROGRAMS), c.Slow("w", 3),
]  # fmt: skip


class Enough(Exception):
    """A program's loop has gone round a few times."""


@cache
def said() -> list[list[dict[str, str]]]:
    scene = picture(build(load(SHOP), 1))
    nodes = {name: {"what": one.what, "settings": one.settings} for name, one in scene.nodes.items()}
    asked = [
        {"command": msgspec.to_builtins(one), "nodes": nodes}
        for one in [*COMMANDS, c.ChangeVisibility("web-1@q", 5)]
    ]
    return [
        json.loads(line)
        for line in answers("tests/js/code_cli.js", (json.dumps(one).encode() for one in asked))
    ]


def shop() -> Any:
    """A client of an SQS with the lab's queues and something in them."""
    sqs = boto3.client("sqs")
    sqs.create_queue(QueueName="dead")
    policy = json.dumps(
        {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 3}
    )
    url = sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sqs.create_queue(QueueName="l.fifo", Attributes={"FifoQueue": "true"})
    sqs.send_message(QueueUrl=url, MessageBody="there")
    return sqs


def run(text: str, sqs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a text whose boto3 is the façade `sqs`, and whose loops end after a few rounds."""
    rounds = iter(range(6))

    def sleep(seconds: float) -> None:
        sqs.sleep(seconds)
        if next(rounds, None) is None:
            raise Enough

    def receive_message(**call: Any) -> Any:
        sleep(0.01)
        return boto3.Client.receive_message(sqs, **call)

    class Boto3:
        """What `import boto3` gives."""

        client = staticmethod(lambda service: sqs if service == "sqs" else None)

    monkeypatch.setitem(sys.modules, "boto3", Boto3)
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(sqs, "receive_message", receive_message)
    with suppress(Enough):
        exec(compile(text, "act.py", "exec"), {"__name__": "act"})


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_the_code_of_an_act_runs(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = [one for one in said()[number] if one["title"] == "Python, boto3"]
    sqs = shop()
    before = dict(sqs.broker.bill.requests)
    run(text["text"], sqs, monkeypatch)
    assert sqs.broker.bill.requests != before


def test_every_act_of_sqs_has_its_code() -> None:
    assert {type(one) for one in COMMANDS} | {c.ChangeVisibility} >= set(kinds()["sqs"].acts)
    assert all(said())
    assert "change_message_visibility(" in said()[-1][0]["text"]


def test_the_whole_lab_is_one_program_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = msgspec.to_builtins(picture(build(load(SHOP), 1)))
    asked = json.dumps({"scene": scene, "broker": "sqs"}).encode()
    text = json.loads(answers("tests/js/definitions_cli.js", [asked])[0])["python"]
    sqs = boto3.client("sqs")
    ran = []

    class Thread:
        """A thread that runs at once, a few rounds long."""

        def __init__(self, target: Any, daemon: bool) -> None:
            self.target = target

        def start(self) -> None:
            ran.append(self.target.__name__)
            with suppress(Enough):
                self.target()

        def join(self) -> None:
            pass

    monkeypatch.setattr(threading, "Thread", Thread)
    run(text, sqs, monkeypatch)
    assert ran == PROGRAMS
    made = {name: scene["nodes"][name]["settings"].get("attributes", {}) for name in ("q", "dead", "l.fifo")}
    for name, attributes in made.items():
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        has = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes.items() <= has.items()
    assert sqs.broker.bill.requests["SendMessage"] > 3
