"""A model broker as a test meets it: connections of the façade, and what became of messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import pytest

from mqlab.engine.brokers.rabbitmq import restart as node
from mqlab.engine.clients import pika
from mqlab.engine.events import Event

E = TypeVar("E", bound=Event)
VERSIONS = ("3.10", "4.0", "4.3")
FOUR = ("4.0", "4.3")

every_version = pytest.mark.parametrize("version", VERSIONS)
since_four = pytest.mark.parametrize("version", FOUR)

PERSISTENT = pika.BasicProperties(delivery_mode=2)


class Got(NamedTuple):
    """One delivery as a consumer sees it."""

    body: str
    redelivered: bool
    tag: int
    headers: dict[str, Any]
    exchange: str
    routing_key: str


def connect(version: str = "4.3") -> pika.BlockingConnection:
    """A connection to a new broker."""
    return pika.BlockingConnection(pika.ConnectionParameters(version=version))


def another(connection: pika.BlockingConnection) -> pika.BlockingConnection:
    """One more connection to the same broker."""
    return pika.BlockingConnection(pika.ConnectionParameters(broker=connection.broker))


def restart(connection: pika.BlockingConnection) -> pika.BlockingConnection:
    """Restart the broker, which closes every connection; returns a new one."""
    node.go_down(connection.broker, "")
    connection.sleep(connection.broker.restart_us / 1_000_000)
    assert not connection.is_open
    return another(connection)


def queue(channel: pika.BlockingChannel, name: str, **arguments: Any) -> str:
    """A durable queue; `x_max_length=1` stands for the argument x-max-length."""
    channel.queue_declare(
        name, durable=True, arguments={key.replace("_", "-"): one for key, one in arguments.items()}
    )
    return name


def publish(
    channel: pika.BlockingChannel, to: str, *bodies: str, exchange: str = "", **properties: Any
) -> None:
    """Publish persistent messages, to a queue unless an exchange is named."""
    for body in bodies:
        channel.basic_publish(exchange, to, body, pika.BasicProperties(**{"delivery_mode": 2, **properties}))


def count(channel: pika.BlockingChannel, name: str) -> int:
    """How many messages are ready."""
    ready: int = channel.queue_declare(name, passive=True).method.message_count
    return ready


def take(channel: pika.BlockingChannel, name: str, *, auto_ack: bool = False) -> Got:
    """One message by basic.get."""
    method, properties, body = channel.basic_get(name, auto_ack=auto_ack)
    assert method is not None, f"{name} is empty"
    assert properties is not None
    assert body is not None
    return _got(method, properties, body)


def drain(channel: pika.BlockingChannel, name: str) -> list[Got]:
    """All that is ready, each acked."""
    return [take(channel, name, auto_ack=True) for _ in range(count(channel, name))]


def bodies(channel: pika.BlockingChannel, name: str) -> list[str]:
    """The bodies of all that is ready, which is then gone."""
    return [one.body for one in drain(channel, name)]


class Consumer:
    """Takes and keeps what is delivered, without an ack."""

    def __init__(self, channel: pika.BlockingChannel, queue: str, **more: Any) -> None:
        self.channel = channel
        self.seen: list[Got] = []
        self.tag = channel.basic_consume(queue, self._take, **more)

    def _take(self, channel: Any, method: pika.Delivery, properties: Any, body: bytes) -> None:
        self.seen.append(_got(method, properties, body))

    @property
    def got(self) -> list[str]:
        """The bodies so far."""
        self.channel.connection.process_data_events()
        return [one.body for one in self.seen]

    def ack(self, body: str) -> None:
        """Ack the latest delivery of a body."""
        assert body in self.got
        self.channel.basic_ack([one.tag for one in self.seen if one.body == body][-1])


def _got(method: pika.Delivery, properties: Any, body: bytes) -> Got:
    return Got(
        body.decode(), method.redelivered, method.delivery_tag, properties.headers or {}, method.exchange, method.routing_key
    )  # fmt: skip


def told(kind: type[E], rule: str, *connections: pika.BlockingConnection) -> list[E]:
    """The events of this kind that quote the rule, over all these connections."""
    return [
        event
        for connection in connections
        for event in connection.events
        if type(event) is kind and event.rule == rule
    ]


@contextmanager
def refused(code: int, text: str, *, connection: bool = False) -> Iterator[None]:
    """The broker closes the channel (or the connection) with exactly this reply."""
    kind = pika.ConnectionClosedByBroker if connection else pika.ChannelClosedByBroker
    with pytest.raises(kind) as error:
        yield
    assert (error.value.reply_code, error.value.reply_text) == (code, text)
