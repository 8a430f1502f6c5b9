"""The engine beside kombu's memory transport, what a message weighs at rest, and what a remembered route costs.

A message's way on our side: publish → route → deliver → ack through `broker.handle`, latency 0, all events told with cause
and rule, the ledger kept, events discarded after the fold. On kombu's: `Producer.publish`, `Queue.get`, `ack`, as its users
call them. Both carry the same small body; runs alternate, and the medians of their ratios count.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc

from kombu import Connection, Exchange, Producer, Queue

from bench.figure import Figure
from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient
from mqlab.engine.message import Message
from mqlab.engine.world import World

MESSAGES, REPETITIONS = 20_000, 7
AT_REST = 10_000
BODY = b"x" * 20


class Acker(AmqpClient):
    """Acks what it is given."""

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        self.ack(self.channels[1], frame.delivery_tag, cause=cause)


def figures() -> list[Figure]:
    """The three of them."""
    ours, kombu = _ours(), _kombu()
    ratios, rates = [], []
    for _ in range(REPETITIONS):
        mine, theirs = ours(), kombu()
        ratios.append(theirs / mine)
        rates.append((MESSAGES / mine, MESSAGES / theirs))
    fastest = sorted(rates)[len(rates) // 2]
    note = f"{fastest[0] / 1e3:.0f} k msg/s against {fastest[1] / 1e3:.0f} k"
    return [
        Figure(
            "publish → route → deliver → ack, against kombu's memory transport",
            statistics.median(ratios),
            "×",
            1.5,
            4,
            "higher",
            note,
        ),
        Figure("memory of a message at rest", _bytes_at_rest(), "B", 1000, 500),
        _remembered(),
    ]


def _client(world: World, broker: RabbitMQ, name: str, kind: type[AmqpClient]) -> AmqpClient:
    client = kind(world, name, broker, instant=True)
    client.connect()
    client.open_channel()
    return client


def _ours():  # type: ignore[no-untyped-def]
    world = World(counted=False)
    broker = RabbitMQ(world)
    publisher, acker = _client(world, broker, "publisher", AmqpClient), _client(world, broker, "acker", Acker)
    publisher.ask(m.ExchangeDeclare(exchange="x", durable=True))
    publisher.ask(m.QueueDeclare(queue="q", durable=True))
    publisher.ask(m.QueueBind(queue="q", exchange="x", routing_key="k"))
    acker.ask(m.BasicConsume(queue="q", consumer_tag="t"))
    world.finish()
    channel = publisher.channels[1]

    def once() -> float:
        started = time.perf_counter()
        for number in range(MESSAGES):
            publisher.publish(channel, Message(f"publisher-{number}", "", BODY), "x", "k")
            world.finish()
        taken = time.perf_counter() - started
        assert world.ledger.states["acked"] % MESSAGES == 0
        assert world.ledger.conserved
        return taken

    return once


def _kombu():  # type: ignore[no-untyped-def]
    connection = Connection("memory://")
    channel = connection.channel()
    exchange = Exchange("x", type="direct")
    queue = Queue("q", exchange, routing_key="k")(channel)
    queue.declare()
    producer = Producer(channel, exchange=exchange, routing_key="k")

    def once() -> float:
        started = time.perf_counter()
        for _ in range(MESSAGES):
            producer.publish(BODY, content_type="application/octet-stream", content_encoding="binary")
            queue.get().ack()
        return time.perf_counter() - started

    return once


def _bytes_at_rest() -> float:
    world = World(counted=False)
    broker = RabbitMQ(world)
    publisher = _client(world, broker, "publisher", AmqpClient)
    publisher.ask(m.QueueDeclare(queue="q", durable=True))
    channel = publisher.channels[1]
    gc.collect()
    tracemalloc.start()
    for number in range(AT_REST):
        publisher.publish(channel, Message(f"publisher-{number}", "A", b"x" * 20), "", "q")
        world.finish()
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / AT_REST


def _remembered() -> Figure:
    """A publish with a routing key seen before, to one queue, with 10,000 bindings beside it and with 10."""
    times = {size: _keyed(size) for size in (10, 10_000)}
    ratios = []
    for _ in range(REPETITIONS):
        ratios.append(times[10_000]() / times[10]())
    return Figure(
        "a routing key seen before, 10,000 bindings against 10", statistics.median(ratios), "×", 1.2, 1.0
    )


def _keyed(bindings: int):  # type: ignore[no-untyped-def]
    world = World(counted=False)
    broker = RabbitMQ(world)
    publisher, acker = _client(world, broker, "publisher", AmqpClient), _client(world, broker, "acker", Acker)
    publisher.ask(m.ExchangeDeclare(exchange="x", exchange_type="topic", durable=True))
    publisher.ask(m.QueueDeclare(queue="q", durable=True))
    publisher.ask(m.QueueDeclare(queue="other", durable=True))
    publisher.ask(m.QueueBind(queue="q", exchange="x", routing_key="seen.*"))
    for number in range(bindings - 1):
        publisher.ask(m.QueueBind(queue="other", exchange="x", routing_key=f"a{number}.*.b"))
    acker.ask(m.BasicConsume(queue="q", consumer_tag="t"))
    world.finish()
    channel = publisher.channels[1]

    def once() -> float:
        started = time.perf_counter()
        for number in range(MESSAGES // 4):
            publisher.publish(channel, Message(f"publisher-{number}", "", BODY), "x", "seen.before")
            world.finish()
        return time.perf_counter() - started

    once()
    return once
