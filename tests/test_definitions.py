"""Definitions files: what the page writes, what is read, and the way through a real broker and back."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
import uuid

import pika
import pytest

from mqlab.engine.brokers.rabbitmq.definitions import BROKER, NoDefinitions, from_definitions
from mqlab.engine.scenario import load
from tests.conftest import RABBITMQ
from tests.round_trip import PARTS, parts, through_the_broker, written

LENGTH = "x-max-length"
WORKS_S_MAX = 60
LAB = """
format: 1
title: A lab
brokers:
  rabbit:
    kind: rabbitmq
    version: "3.10"
    exchanges:
      orders: {type: topic, arguments: {alternate-exchange: lost}}
      lost: {type: fanout, durable: false, auto_delete: true}
      inner: {type: headers, internal: true}
    queues:
      billing: {arguments: {x-message-ttl: 60000, x-max-length: 5, x-overflow: reject-publish, x-dead-letter-exchange: lost,
        x-dead-letter-routing-key: gone}}
      audit: {arguments: {x-queue-type: quorum, x-delivery-limit: 3}}
      short: {durable: false, auto_delete: true, arguments: {x-max-priority: 5}}
    bindings:
      - {source: orders, destination: billing, routing_key: "order.*"}
      - {source: orders, destination: inner, routing_key: "#"}
      - {source: inner, destination: audit, arguments: {x-match: any, n: 1, s: "1", t: true}}
      - {source: amq.fanout, destination: short}
    policies:
      old: {pattern: "^(billing|audit)$", definition: {max-length: 9}, priority: 2, apply_to: queues}
      lost: {pattern: "^inner$", definition: {alternate-exchange: lost}, apply_to: exchanges}
"""


def test_what_the_page_writes_is_read_as_the_same_lab() -> None:
    imported = from_definitions(json.dumps(written(LAB)["definitions"]))
    assert imported.left_out == []
    ours, theirs = load(LAB).brokers["rabbit"], load(imported.text).brokers[BROKER]
    assert theirs.exchanges == ours.exchanges
    assert theirs.queues == ours.queues
    assert theirs.policies == ours.policies
    assert sorted(theirs.bindings, key=repr) == sorted(ours.bindings, key=repr)
    assert theirs.version == "3.10"


def test_the_pika_program_declares_the_lab() -> None:
    program = written(LAB)["python"]
    compile(program, "lab.py", "exec")
    for words in ('exchange="orders"', 'queue="audit"', 'destination="inner"', "connection.close()"):
        assert words in program


SHOP = """
format: 1
title: A shop
brokers:
  rabbit: {kind: rabbitmq, exchanges: {shop-in: {type: fanout}}, queues: {shop-to-do: {}, shop-kept: {}},
    bindings: [{source: shop-in, destination: shop-to-do}, {source: shop-in, destination: shop-kept}]}
programs:
  web: {kind: producer, broker: rabbit, confirms: true, count: 4, rate: {constant: 20},
    publish: {exchange: shop-in, body: "{n}"}}
  worker: {kind: consumer, broker: rabbit, queue: shop-to-do, replicas: 2, prefetch: 1, service: {constant_ms: 5}}
  time: {kind: producer, broker: rabbit, publish: {exchange: shop-in}, rate: {script: [{at_ms: 5}]}}
  late: {kind: consumer, broker: rabbit, queue: shop-to-do, start_ms: null}
"""


def test_the_pika_program_runs_the_labs_programs_too() -> None:
    tree = ast.parse(written(SHOP)["python"])
    functions = [one.name for one in tree.body if isinstance(one, ast.FunctionDef)]
    assert functions == ["declare", "web", "worker_1", "worker_2", "time_"]
    assert {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)} >= set(functions)


@pytest.mark.requires_rabbitmq
def test_the_whole_lab_runs_on_a_real_broker() -> None:
    prefix = f"mqlab-{uuid.uuid4().hex}-"
    program = written(SHOP.replace("shop-", prefix))["python"]
    connection = pika.BlockingConnection(pika.ConnectionParameters(*RABBITMQ))

    def held(name: str) -> tuple[int, int]:
        """Messages and consumers of a queue; none while it is not declared."""
        channel = connection.channel()
        try:
            there = channel.queue_declare(prefix + name, passive=True).method
        except pika.exceptions.ChannelClosedByBroker:
            return 0, 0
        channel.close()
        return there.message_count, there.consumer_count

    running = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + WORKS_S_MAX
        while (held("kept"), held("to-do")) != ((5, 0), (0, 2)):
            assert running.poll() is None
            assert time.monotonic() < end, (held("kept"), held("to-do"))
            connection.sleep(0.05)
    finally:
        running.kill()
        assert running.communicate()[1] == ""
        for name in ("to-do", "kept"):
            connection.channel().queue_delete(prefix + name)
        connection.channel().exchange_delete(f"{prefix}in")
        connection.close()


def test_what_a_lab_cannot_have_is_listed_and_the_rest_is_taken() -> None:
    odd = {
        "rabbitmq_version": "3.12.1",
        "users": [{"name": "guest"}, {"name": "app"}],
        "permissions": [{"user": "guest"}, {"user": "app"}],
        "parameters": [{"component": "shovel", "name": "s"}],
        "vhosts": [{"name": "/"}, {"name": "other"}],
        "exchanges": [
            {"name": "hash", "vhost": "/", "type": "x-consistent-hash", "arguments": {}},
            {"name": "good", "vhost": "/", "type": "direct", "arguments": {"alternate-exchange": "nowhere", "x-odd": 1}},
            {"name": "good", "vhost": "other", "type": "direct"},
        ],
        "queues": [
            {"name": "log", "vhost": "/", "arguments": {"x-queue-type": "stream"}},
            {"name": "q", "vhost": "/", "arguments": {"x-dead-letter-exchange": "hash", "x-queue-mode": "lazy", LENGTH: 3}},
            {"name": "long", "vhost": "/", "arguments": {"x-message-ttl": 10**12}},
            7,
        ],
        "bindings": [
            {"source": "good", "vhost": "/", "destination": "log", "routing_key": "k"},
            {"source": "good", "vhost": "/", "destination": "q", "routing_key": "k"},
            {"source": "", "vhost": "/", "destination": "q", "routing_key": "q"},
        ],
        "policies": [{"name": "ha", "vhost": "/", "pattern": ".*", "definition": {"ha-mode": "all"}}],
    }  # fmt: skip
    imported = from_definitions(json.dumps(odd))
    spec = load(imported.text).brokers[BROKER]
    assert (set(spec.exchanges), set(spec.queues)) == ({"good"}, {"q"})
    assert spec.queues["q"].arguments == {LENGTH: 3}
    assert [(one.source, one.destination) for one in spec.bindings] == [("good", "q")]
    told = "\n".join(imported.left_out)
    for words in (
        "3.12.1", "1 users (app)", "1 permissions (app)", "1 parameters (s)", "virtual host other", "exchange hash", "nowhere",
        "x-odd", "queue log", "x-queue-mode", "there is no exchange hash", "queue long", "1 entries of queues",
        "from good to log", "policy ha",
    ):  # fmt: skip
        assert words in told, words


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"queues": 5}', "null", '"' * 9, "[" * 100_000, '{"queues": {"a": []}}']
)
def test_what_is_no_definitions_file_is_refused(text: str) -> None:
    with pytest.raises(NoDefinitions):
        from_definitions(text)


@pytest.mark.requires_rabbitmq
def test_a_lab_goes_into_a_real_broker_and_comes_back() -> None:
    """Written, imported, exported, read, written again: equal in exchanges, queues, bindings and policies."""
    ours = written(LAB.replace("internal: true", "internal: false"))[
        "definitions"
    ]  # 3.10 exports none that is internal
    exported, (vhost,) = through_the_broker([ours])
    assert parts(exported, vhost) == parts(ours)
    alone = {**exported, **{part: [one for one in exported[part] if one["vhost"] == vhost] for part in PARTS}}
    imported = from_definitions(json.dumps(alone))
    assert not [one for one in imported.left_out if "users" not in one and "permissions" not in one]
    assert parts(written(imported.text)["definitions"]) == parts(ours)
