"""The client code that an act stands for: it compiles, names methods that pika has, with arguments that they take, and runs."""

from __future__ import annotations

import ast
import inspect
import json
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import msgspec
import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from mqlab.engine import commands as c
from mqlab.engine.acts import _WITH_EVERY_BROKER
from mqlab.engine.kinds import kinds
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.scenario import load
from tests.conftest import RABBITMQ
from tests.node import answers

HARD = "a\"b\\c\n{}é\u2028\u202e'#"
NODES: dict[str, Any] = {
    "q": {"what": "queue", "settings": {}},
    HARD: {"what": "queue", "settings": {}},
    "in": {"what": "exchange", "settings": {}},
    "out": {"what": "exchange", "settings": {}},
    "rabbit": {"what": "broker", "settings": {}},
}
SHOP = """
format: 1
title: A shop
brokers: {rabbit: {kind: rabbitmq, exchanges: {in: {type: topic}}, queues: {q: {}}}}
programs:
  web: {kind: producer, broker: rabbit, confirms: true, rate: {poisson: 4}, publish: {exchange: in, keys: [A, B],
    routing_key: "order.{key}", body: '{"n": {n}, "by": "{name}", "q": "\\""}', headers: {x: 1}, properties: {priority: 3}}}
  clock: {kind: producer, broker: rabbit, rate: {burst: {count: 5, every_ms: 1500}}, start_ms: 200, count: 50,
    publish: {exchange: ""}}
  told: {kind: producer, broker: rabbit, publish: {exchange: in}, rate: {script: [{at_ms: 5, key: A, body: "{key}"}, {at_ms: 9}]}}
  still: {kind: producer, broker: rabbit, publish: {exchange: in}, rate: {constant: 0}}
  w: {kind: consumer, broker: rabbit, queue: q, prefetch: 3, service: {exponential_ms: 400}, priority: 5,
    fail: {chance: 0.3, when: {header: x, redelivered: false, routing_key: a}, then: nack_requeue}}
  b: {kind: consumer, broker: rabbit, queues: [q], ack: before, service: {uniform_ms: [10, 30]}, fail: {}}
  a: {kind: consumer, broker: rabbit, queue: q, ack: auto, service: {constant_ms: 5}, answer: {body: "{n} \\"by {name}", mandatory: true}}
  asker: {kind: client, broker: rabbit, script: [
    {at_ms: 0, call: exchange_declare, exchange: in, exchange_type: topic, durable: true, passive: true, internal: true, auto_delete: true, arguments: {a: 1}},
    {at_ms: 0, call: exchange_bind, destination: in, source: in, routing_key: a}, {at_ms: 0, call: exchange_unbind, destination: in, source: in},
    {at_ms: 5, call: queue_declare, queue: "", exclusive: true, arguments: {x-max-length: 5}}, {at_ms: 5, call: queue_bind, queue: q, exchange: in},
    {at_ms: 5, call: queue_unbind, queue: q, exchange: in, routing_key: a}, {at_ms: 5, call: queue_purge, queue: q},
    {at_ms: 5, call: basic_qos, prefetch_count: 3, global_qos: true}, {at_ms: 5, call: basic_qos, prefetch_size: 1},
    {at_ms: 5, call: basic_consume, queue: q, exclusive: true, consumer_tag: t, arguments: {x-priority: 1}},
    {at_ms: 5, call: basic_consume, queue: amq.rabbitmq.reply-to, auto_ack: true, channel: 2}, {at_ms: 5, call: confirm_delivery},
    {at_ms: 6, call: basic_publish, exchange: in, routing_key: a, key: A, body: "{n} {key} {name}\\"", mandatory: true, immediate: true,
      headers: {x: 1}, properties: {reply_to: amq.rabbitmq.reply-to, correlation_id: "1"}},
    {at_ms: 7, call: basic_publish, exchange: "", routing_key: "{reply_to}", delivery: 1, properties: {correlation_id: "{correlation_id}"}},
    {at_ms: 8, call: basic_get, queue: q, auto_ack: true}, {at_ms: 8, call: basic_ack, delivery: 1}, {at_ms: 8, call: basic_ack, delivery: 0, multiple: true},
    {at_ms: 8, call: basic_nack, delivery: 1, requeue: false}, {at_ms: 8, call: basic_reject, delivery: 2, requeue: false},
    {at_ms: 8, call: basic_recover}, {at_ms: 8, call: basic_recover, requeue: false}, {at_ms: 8, call: basic_cancel, consumer_tag: t},
    {at_ms: 8, call: flow, active: false}, {at_ms: 8, call: flow, active: true}, {at_ms: 8, call: queue_delete, queue: q, if_unused: true, if_empty: true},
    {at_ms: 8, call: exchange_delete, exchange: in, if_unused: true}, {at_ms: 9, call: tx_select, channel: 3}, {at_ms: 9, call: tx_commit, channel: 3},
    {at_ms: 9, call: tx_rollback, channel: 3}, {at_ms: 9, call: close, channel: 3}, {at_ms: 9, call: queue_declare, queue: q, passive: true, channel: 3}]}
"""  # noqa: E501 (a call is one line)
PROGRAMS = ["asker", "web", "clock", "told", "still", "w", "b", "a"]
CONSUMER = {"queue": "q", "prefetch": 2, "fail": {"then": "reject"}}
PRODUCER = {"publish": {"exchange": "in", "routing_key": "a"}, "rate": {"constant": 1}}
COMMANDS: list[c.AnyCommand] = [
    c.Publish("in", "a.b", body="hello"),
    c.Publish("amq.default", "q"),
    c.Publish("", HARD, body=HARD, headers={HARD: HARD, "n": 1, "t": {"deep": [None, True]}},
              properties={"delivery_mode": 2, "expiration": "300", "timestamp": 5, "type": "x"}, mandatory=True, repeat=3,
              every_ms=5),
    c.Publish("in", "x", repeat=4),
    c.Publish("in", "x", headers={"d": 1}, doubles=("d",), properties={"priority": 1}),
    c.Add("new", "queue", {"arguments": {"x-max-length": 5, "x-overflow": "reject-publish"}}),
    c.Add("big", "queue", {"arguments": {"x-queue-type": "quorum"}}),
    c.Add("heads", "exchange", {"type": "headers", "arguments": {"alternate-exchange": "out"}}),
    c.Add("odd", "exchange", {"type": "fanout", "durable": False, "auto_delete": True, "internal": True}),
    c.Add("extra", "consumer", CONSUMER),
    c.Add("app", "producer", PRODUCER),
    c.Add("odd", "client", {"script": [{"at_ms": 9, "call": "basic_get", "queue": "q"}]}),
    c.Bind("in", "q", "a.#"),
    c.Bind("in", "out", HARD, arguments={"x-match": "any", "n": 1, "d": 2}, doubles=("d",)),
    c.Unbind("in", "q", "a.#"),
    c.Unbind("in", "q", ""),
    c.Unbind("in", "out", HARD, arguments={"n": 1}),
    c.Purge("q"),
    c.Purge(HARD),
    c.Get("q"),
    c.Get("q", "requeue", 5),
    c.Get("q", "reject", 2),
    c.Delete("q", if_unused=True, if_empty=True),
    c.Delete("in"),
    c.Delete("out", if_unused=True),
    c.Restart("rabbit"),
    c.Disconnect("web"),
    *(kind(one) for kind in (c.CloseChannel, c.Abort) for one in ("web", "w")),
    c.Cancel("w"),
    *(kind("rabbit-2") for kind in (c.StopNode, c.StartNode, c.CutOff)),
    c.Heal("rabbit"),
    c.SetPolicy("rabbit", "short", "^q'$", {"max-length": 5, "overflow": "reject-publish"}, 3, "queues"),
    c.ClearPolicy("rabbit", "short"),
    *(kind("rabbit", one) for kind in (c.RaiseAlarm, c.ClearAlarm) for one in ("memory", "disk")),
    *(kind(one) for kind in (c.Crash, c.Restart, c.Hang, c.Resume, c.Remove) for one in PROGRAMS),
    *(c.Slow(one, 4) for one in ("w", "b", "a")),
    c.Change("w", {"prefetch": 9, "ack": "before"}),
    c.Change("web", {"publish": {"routing_key": "other"}, "rate": {"constant": 2}}),
    c.Change("you", {"latency_ms": 50}),
]  # fmt: skip
Texts = list[dict[str, str]]


def texts(commands: list[c.AnyCommand], nodes: dict[str, Any]) -> list[Texts]:
    """What the browser's module says to these, in one run of node."""
    asked = [{"command": plain(one), "nodes": nodes} for one in commands]
    return [
        json.loads(line)
        for line in answers("tests/js/code_cli.js", (json.dumps(one).encode() for one in asked))
    ]


def plain(command: c.AnyCommand) -> Any:
    """A command as the page sends it."""

    return msgspec.to_builtins(command)


@cache
def said() -> list[Texts]:
    scene = picture(build(load(SHOP), 1))
    programs = {name: {"what": one.what, "settings": one.settings} for name, one in scene.nodes.items()}
    return texts(COMMANDS, {**programs, **NODES})


def pythons() -> list[str]:
    return [one["text"] for all_ in said() for one in all_ if one["title"] == "Python, pika"]


def test_every_kind_of_act_has_its_code() -> None:
    known = {*kinds()["rabbitmq"].acts, *_WITH_EVERY_BROKER}
    assert {type(one) for one in COMMANDS} == known <= set(get_args(c.AnyCommand))
    assert [COMMANDS[n] for n, texts_ in enumerate(said()) if not texts_] == []


def test_it_names_methods_that_pika_has_with_arguments_that_they_take() -> None:
    known = {
        "channel": BlockingChannel,
        **{f"channel_{n}": BlockingChannel for n in (1, 2, 3)},
        "connection": pika.BlockingConnection,
        "pika": pika,
    }
    calls = 0
    for text in pythons():
        compile(text, "act.py", "exec")
        for call in (one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Call)):
            if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)):
                continue
            owner = known.get(call.func.value.id)
            if owner is None:
                continue
            method = getattr(owner, call.func.attr)
            itself = [None] if inspect.isfunction(method) else []
            arguments = [None for _ in call.args]
            inspect.signature(method).bind(
                *itself, *arguments, **{str(one.arg): None for one in call.keywords}
            )
            calls += 1
    assert calls > 150


def test_what_a_user_wrote_is_only_ever_a_value() -> None:
    for text in pythons():
        for one in ast.walk(ast.parse(text)):
            assert not isinstance(one, ast.Name) or one.id.isascii()
    assert any(
        HARD in [one.value for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Constant)]
        for text in pythons()
    )


def test_the_body_of_an_http_call_is_json_with_doubles_as_such() -> None:
    bodies = [
        one["text"].split(" -d ")[1].strip()[1:-1].replace("'\\''", "'")
        for all_ in said() for one in all_ if one["title"].startswith("HTTP") and " -d " in one["text"]
    ]  # fmt: skip
    assert len(bodies) > 8
    assert all(isinstance(json.loads(body), dict) for body in bodies)
    assert any('"d": 1.0' in body for body in bodies)


def test_a_template_becomes_an_f_string_that_says_the_same() -> None:
    text = next(one for one in pythons() if "order." in one)
    body = next(
        one.value for one in ast.walk(ast.parse(text)) if isinstance(one, ast.keyword) and one.arg == "body"
    )
    made = eval(compile(ast.Expression(body), "body", "eval"), {"n": 7, "key": "A"})
    assert made == '{"n": 7, "by": "web", "q": "\\""}'


# --- on the broker of this machine ------------------------------------------------------------------------------------


@pytest.fixture
def channel() -> Iterator[Any]:
    """A channel of the test's own, with a queue, two exchanges and nothing left of them afterwards."""
    connection = pika.BlockingConnection(pika.ConnectionParameters(RABBITMQ[0], RABBITMQ[1]))
    made = connection.channel()
    yield made
    for name in ("mqlab-in", "mqlab-out"):
        connection.channel().exchange_delete(name)
    connection.channel().queue_delete("mqlab-q")
    connection.close()


def do(*commands: c.AnyCommand) -> None:
    """Run the pika code of these acts, one after the other."""
    nodes = {
        "mqlab-in": {"what": "exchange"},
        "mqlab-out": {"what": "exchange"},
        "mqlab-q": {"what": "queue"},
    }
    for made in texts(list(commands), nodes):
        exec(compile(made[0]["text"], "act.py", "exec"), {})


def ready(channel: Any) -> int:
    """How many messages the queue has, once it says the same twice: a confirm may come before the count."""
    counts = [channel.queue_declare("mqlab-q", passive=True).method.message_count]
    while len(counts) < 2 or counts[-1] != counts[-2]:
        time.sleep(0.05)
        counts.append(channel.queue_declare("mqlab-q", passive=True).method.message_count)
    return int(counts[-1])


def test_pika_is_not_asked_for_a_double_which_it_cannot_write() -> None:
    command = c.Publish("in", headers={"n": 1, "d": 1}, doubles=("d",))
    first, second = texts([command], {})[0]
    assert "pika writes no AMQP doubles" in first["text"]
    assert '"headers": {"n": 1, "d": 1.0}' in second["text"]
    with pytest.raises(pika.exceptions.UnsupportedAMQPFieldException):
        pika.BasicProperties(headers={"d": 1.0}).encode()


@pytest.mark.requires_rabbitmq
def test_the_code_runs_on_a_real_broker_and_does_what_the_act_says(channel: Any) -> None:
    do(
        c.Add("mqlab-q", "queue", {"arguments": {"x-max-length": 50}}),
        c.Add("mqlab-in", "exchange", {"type": "headers"}),
        c.Add("mqlab-out", "exchange", {"type": "topic", "arguments": {"alternate-exchange": "mqlab-in"}}),
        c.Bind("mqlab-out", "mqlab-in", "a.#"),
        c.Bind("mqlab-in", "mqlab-q", arguments={"x-match": "all", "d": 1, "t": "x"}),
        c.Publish("mqlab-out", "a.b", body="one", headers={"d": 1, "t": "x"}, repeat=3, every_ms=1),
        c.Publish("mqlab-out", "a.b", headers={"d": 1, "t": "other"}),
        c.Publish("mqlab-in", HARD, body=HARD, headers={"d": 1, "t": "x", HARD: None},
                  properties={"delivery_mode": 2, "expiration": "60000", "timestamp": 5, "priority": 1}, mandatory=True),
        c.Publish("mqlab-out", "nowhere", mandatory=True),
    )  # fmt: skip
    assert ready(channel) == 4
    do(c.Get("mqlab-q", "requeue", 2))
    assert ready(channel) == 4
    do(c.Get("mqlab-q"), c.Get("mqlab-q", "reject"))
    assert ready(channel) == 2
    method, _, body = channel.basic_get("mqlab-q", auto_ack=True)
    assert (method.redelivered, body) == (False, b"one")
    assert channel.basic_get("mqlab-q", auto_ack=True)[2].decode() == HARD
    do(c.Publish("", "mqlab-q", repeat=10), c.Purge("mqlab-q"))
    assert ready(channel) == 0
    do(
        c.Unbind("mqlab-in", "mqlab-q", arguments={"x-match": "all", "d": 1, "t": "x"}),
        c.Unbind("mqlab-out", "mqlab-in", "a.#"),
        c.Delete("mqlab-in", if_unused=True),
        c.Delete("mqlab-q", if_unused=True, if_empty=True),
    )
    with pytest.raises(pika.exceptions.ChannelClosedByBroker):
        channel.queue_declare("mqlab-q", passive=True)
