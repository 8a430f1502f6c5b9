"""The same small programs, written with pika, on the broker of this machine and on the model of its version: the same answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pika as real
import pytest

from mqlab.engine.clients import pika as model
from tests.conftest import RABBITMQ, missing

pytestmark = pytest.mark.requires_rabbitmq

QUORUM = {"x-queue-type": "quorum"}
GRAVE = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "grave"}

DECLARATIONS: list[tuple[dict[str, Any], ...]] = [
    ({"x-message-ttl": -1},),
    ({"x-message-ttl": "1"},),
    ({"x-message-ttl": True},),
    ({"x-max-length": -1},),
    ({"x-max-length-bytes": -2, "x-expires": -1},),
    ({"x-expires": 0},),
    ({"x-overflow": "spill", "x-message-ttl": -1},),
    ({"x-overflow": 1},),
    ({"x-queue-type": "fast"},),
    ({"x-queue-type": 1},),
    ({"x-dead-letter-exchange": 1},),
    ({"x-dead-letter-routing-key": "k"},),
    ({"x-dead-letter-routing-key": 1},),
    ({"x-max-priority": 300},),
    ({"x-delivery-limit": 3},),
    ({"x-queue-type": "quorum", "x-queue-mode": "lazy"},),
    ({"x-unheard-of": 1}, {}),
    ({}, {"x-queue-type": "classic"}),
    ({"x-queue-type": "classic"}, {}),
    ({}, QUORUM),
    (QUORUM, {"x-queue-type": "classic"}),
    ({"x-message-ttl": 5}, {"x-message-ttl": 2**40}),
    ({"x-message-ttl": 5, "x-max-length": 5}, {"x-max-length": 6, "x-message-ttl": 6}),
    ({"x-dead-letter-exchange": "a"}, {"x-dead-letter-exchange": "b"}),
    ({}, {"x-message-ttl": -1}),
    ({}, {"x-delivery-limit": 3}),
    ({"x-max-length": 5}, {"x-max-length": 5, "x-expires": None}),
    ({"x-max-length": 5}, {"x-max-length": None}),
    ({"x-overflow": "reject-publish"}, {"x-queue-type": None}),
]

REQUESTS: dict[str, Callable[[Any], Any]] = {
    "declare the default exchange": lambda ch: ch.exchange_declare("", passive=True),
    "delete the default exchange": lambda ch: ch.exchange_delete(""),
    "bind from the default exchange": lambda ch: ch.exchange_bind("amq.direct", ""),
    "delete a system exchange": lambda ch: ch.exchange_delete("amq.direct"),
    "declare a reserved exchange": lambda ch: ch.exchange_declare("amq.mine"),
    "declare a reserved queue": lambda ch: ch.queue_declare("amq.mine"),
    "declare another type": lambda ch: ch.exchange_declare("amq.direct", "fanout", durable=True),
    "declare an unknown type": lambda ch: ch.exchange_declare("amq.direct", "odd", durable=True),
    "bind what is not there": lambda ch: ch.queue_bind("no-queue-here", "no-exchange-here", "k"),
    "unbind what is not there": lambda ch: ch.queue_unbind("no-queue-here", "no-exchange-here", "k"),
    "get from nowhere": lambda ch: ch.basic_get("no-queue-here"),
    "purge nothing": lambda ch: ch.queue_purge("no-queue-here"),
    "delete nothing": lambda ch: ch.queue_delete("no-queue-here").method.message_count,
    "declare where replies come in": lambda ch: ch.queue_declare("amq.rabbitmq.reply-to", passive=True).method.consumer_count,
    "declare what is no token": lambda ch: ch.queue_declare("amq.rabbitmq.reply-to.none", durable=True),
    "get where replies come in": lambda ch: ch.basic_get("amq.rabbitmq.reply-to"),
    "take direct replies with acks": lambda ch: ch.basic_consume("amq.rabbitmq.reply-to", print),
    "take direct replies twice": lambda ch: [ch.basic_consume("amq.rabbitmq.reply-to", print, auto_ack=True) for _ in "12"],
    "recover without requeue": lambda ch: ch.basic_recover(requeue=False),
    "a quorum queue of the server's name": lambda ch: ch.queue_declare("", durable=True, arguments=QUORUM),
    "an exclusive queue, durable and not": lambda ch: [
        ch.queue_declare("odd", exclusive=True, durable=durable).method.queue for durable in (True, False)
    ],
    "a quorum queue that is exclusive": lambda ch: ch.queue_declare("odd", durable=True, exclusive=True, arguments=QUORUM),
    "a quorum queue that is not durable": lambda ch: ch.queue_declare("odd", auto_delete=True, arguments=QUORUM),
}  # fmt: skip


@pytest.fixture
def both() -> Iterator[tuple[Any, Any]]:
    """A connection to the real broker, and one to a model of its version."""
    host, port = RABBITMQ
    connection = real.BlockingConnection(real.ConnectionParameters(host, port))
    major, minor = connection._impl.server_properties["version"].split(".")[:2]
    version = {"3.10": "3.10", "4.0": "4.0", "4.1": "4.0", "4.2": "4.0", "4.3": "4.3"}.get(f"{major}.{minor}")
    if version is None:
        missing("rabbitmq", f"there is no model of RabbitMQ {major}.{minor}")
    yield connection, model.BlockingConnection(model.ConnectionParameters(version=version))
    if connection.is_open:
        connection.close()


def answer(ask: Callable[[], Any]) -> Any:
    """What came back: a value, or how the broker closed."""
    try:
        said = ask()
    except (real.exceptions.ConnectionClosed, real.exceptions.ChannelClosed, model.AMQPError) as error:
        return type(error).__name__, error.reply_code, error.reply_text
    return said if isinstance(said, (int, tuple)) else None


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_answered_alike(both: tuple[Any, Any], request_: str) -> None:
    theirs, ours = (answer(lambda one=one: REQUESTS[request_](one.channel())) for one in both)  # type: ignore[misc]
    assert ours == theirs


@pytest.mark.parametrize("declarations", DECLARATIONS, ids=repr)
def test_declarations_are_answered_alike(
    both: tuple[Any, Any], declarations: tuple[dict[str, Any], ...]
) -> None:
    name = f"mqlab-test-{uuid.uuid4().hex}"
    said = []
    for connection in both:
        channel = connection.channel()
        said.append([
            answer(lambda channel=channel, arguments=arguments: channel.queue_declare(name, durable=True, arguments=arguments))
            for arguments in declarations
        ])  # fmt: skip
        if connection.is_open:
            connection.channel().queue_delete(name)
    theirs, ours = said
    assert ours == theirs


LIMITS = [
    {},
    {"x-max-length": 2},
    {"x-max-length": 2, "x-overflow": "reject-publish"},
    QUORUM,
    {**QUORUM, "x-max-length": 2},
    {**QUORUM, "x-delivery-limit": 1},
]


@pytest.mark.parametrize("limits", LIMITS, ids=repr)
def test_messages_come_and_go_alike(both: tuple[Any, Any], limits: dict[str, Any]) -> None:
    """Taken, given back, given up and drained, each step after the one before it was answered."""
    name = f"mqlab-test-{uuid.uuid4().hex}"
    theirs, ours = (
        _come_and_go(connection, name, limits, module)
        for connection, module in zip(both, (real, model), strict=True)
    )
    assert ours == theirs


def _come_and_go(connection: Any, name: str, arguments: dict[str, Any], module: Any) -> list[Any]:
    grave = f"{name}-grave"
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(grave, durable=True)
    channel.queue_declare(
        name, durable=True, arguments={**arguments, **GRAVE, "x-dead-letter-routing-key": grave}
    )
    nacked = real.exceptions.NackError if module is real else model.NackError
    seen: list[Any] = []

    def publish(*bodies: bytes) -> None:
        for body in bodies:
            try:
                channel.basic_publish(
                    "", name, body, module.BasicProperties(delivery_mode=2, headers={"own": 1})
                )
            except nacked:
                seen.append(("nacked", body))

    def get(queue: str) -> int:
        method, properties, body = channel.basic_get(queue)
        if method is None:
            seen.append("empty")
            return 0
        headers = {key: _plain(value, name) for key, value in sorted((properties.headers or {}).items())}
        seen.append((body, method.redelivered, method.message_count, method.delivery_tag, headers))
        tag: int = method.delivery_tag
        return tag

    publish(b"m1", b"m2", b"m3")
    first, second = get(name), get(name)
    channel.basic_nack(first, requeue=True)
    publish(b"m4", b"m5")
    if second:
        channel.basic_reject(second, requeue=True)
    while (tag := get(name)) and len(seen) < 20:
        channel.basic_ack(tag)
    if (
        "x-queue-type" in arguments and arguments["x-queue-type"] == "classic"
    ):  # a quorum queue buries when it finds time
        while (tag := get(grave)) and len(seen) < 40:
            channel.basic_ack(tag)
    channel.queue_delete(name)
    channel.queue_delete(grave)
    return seen


def _plain(value: Any, name: str) -> Any:
    """A header without what is different each time: the queue's name and the time."""
    match value:
        case dict():
            return {key: _plain(one, name) for key, one in sorted(value.items()) if key != "time"}
        case list() | tuple():
            return [_plain(one, name) for one in value]
        case str():
            return value.replace(name, "NAME")
        case _:
            return value


@pytest.mark.rule("rabbitmq/unknown-outcome")
def test_whoever_publishes_again_for_want_of_a_confirm_may_have_published_twice(
    both: tuple[Any, Any],
) -> None:
    said = []
    for connection, module in zip(both, (real, model), strict=True):
        name = f"mqlab-test-{uuid.uuid4().hex}"
        connection.channel().queue_declare(name, durable=True)
        for (
            _
        ) in "12":  # a channel that is gone before its confirm has been read says nothing about what it sent
            channel = connection.channel()
            if module is real:
                channel._impl.confirm_delivery(lambda _: None)  # and nobody reads them
            channel.basic_publish("", name, b"paid", module.BasicProperties(delivery_mode=2))
            channel.close()
        said.append(connection.channel().queue_delete(name).method.message_count)
    assert said == [2, 2]


@pytest.mark.rule("rabbitmq/dead-letter-at-most-once")
@pytest.mark.parametrize("arguments", [{}, QUORUM], ids=["classic", "quorum"])
def test_a_dead_letter_that_finds_no_queue_is_lost(both: tuple[Any, Any], arguments: dict[str, Any]) -> None:
    said = []
    for connection, module in zip(both, (real, model), strict=True):
        name = f"mqlab-test-{uuid.uuid4().hex}"
        channel = connection.channel()
        dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": f"{name}-nobody"}
        channel.queue_declare(name, durable=True, arguments={**arguments, **dead})
        channel.confirm_delivery()
        channel.basic_publish("", name, b"m", module.BasicProperties(delivery_mode=2))
        method, _, _ = channel.basic_get(name)
        channel.basic_reject(method.delivery_tag, requeue=False)
        said.append([channel.basic_get(name)[0], channel.queue_delete(name).method.message_count])
    assert said == [[None, 0], [None, 0]]


@pytest.mark.rule("rabbitmq/quorum-prefetch-2000")
def test_a_quorum_queue_gives_a_consumer_without_a_limit_2000(both: tuple[Any, Any]) -> None:
    said = []
    for connection, module in zip(both, (real, model), strict=True):
        name = f"mqlab-test-{uuid.uuid4().hex}"
        channel = connection.channel()
        channel.queue_declare(name, durable=True, arguments=QUORUM)
        for _ in range(2100):
            channel.basic_publish("", name, b"m", module.BasicProperties(delivery_mode=2))
        seen: list[int] = []
        channel.basic_consume(name, lambda _c, method, _p, _b, seen=seen: seen.append(method.delivery_tag))
        while len(seen) < 2000:
            connection.process_data_events(1)
        connection.process_data_events(1)
        held = len(seen)
        channel.basic_ack(seen[0])
        while len(seen) < held + 1:
            connection.process_data_events(1)
        said.append([held, len(seen)])
        channel.queue_delete(name)
    assert said == [[2000, 2001], [2000, 2001]]
