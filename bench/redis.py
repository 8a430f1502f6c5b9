"""Redis beside its peers: kombu's memory transport, fakeredis, and redis-server itself.

Ours goes through `broker.handle`, latency 0, all events told with cause and rule, the ledger kept, events discarded after the
fold. Pub/Sub: PUBLISH → the subscriber has it. Streams: XADD one by one, XREADGROUP COUNT 100, one XACK for what was read, as
redis-py's users do it. kombu: publish, get, ack.
fakeredis: PUBLISH, get_message, as its users call them. Runs alternate, and the medians of their ratios count.

With patterns: a thousand of them, of which each channel matches one, and 200 channels in turn, all seen before. redis-server
says of itself what a call took it (`usec_per_call` in INFO commandstats); its subscriber is a connection on loopback.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import fakeredis
import redis

from bench.engine import MESSAGES, REPETITIONS, _kombu
from bench.figure import Figure
from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.broker import Redis
from mqlab.engine.connection import Connection
from mqlab.engine.message import Message
from mqlab.engine.world import World
from tests.conftest import REDIS, redis_answers

FAKE_MESSAGES = 3_000
PATTERNS, CHANNELS = 1_000, 200
BATCH = 100
BODY = b"x" * 20
Run = Callable[[], float]


def figures() -> list[Figure]:
    """The five of them; the one against a real server only where one answers."""
    pubsub, streams, kombu, fake = _pubsub(), _streams(), _kombu(), _fake()
    found = [
        _against("Redis Pub/Sub, against kombu's memory transport", pubsub, MESSAGES, kombu, MESSAGES, 2, 4),
        _against("Redis Streams, against kombu's memory transport", streams, MESSAGES, kombu, MESSAGES, 2, 4),
        _against("Redis Pub/Sub, against fakeredis", pubsub, MESSAGES, fake, FAKE_MESSAGES, 3, 5),
    ]
    return found + (_patterns() if redis_answers() else [])


def _against(
    name: str, ours: Run, count: int, theirs: Run, their_count: int, must: float, after: float
) -> Figure:
    ratios, rates = [], []
    for _ in range(REPETITIONS):
        mine, other = ours() / count, theirs() / their_count
        ratios.append(other / mine)
        rates.append((1e-3 / mine, 1e-3 / other))
    mine, other = sorted(rates)[len(rates) // 2]
    note = f"{mine:.0f} k msg/s against {other:.0f} k"
    return Figure(name, statistics.median(ratios), "×", must, after, "higher", note)


class Peer:
    """Takes what comes."""

    window = 0

    def __init__(self) -> None:
        self.taken = 0

    def receive(self, frame: Any, cause: str) -> None:
        """Counted."""
        self.taken += 1

    def hung_up(self, connection: Connection, cause: str) -> None:
        """Never here."""


def _client(broker: Redis, name: str) -> tuple[Connection, Peer]:
    peer = Peer()
    return broker.connect(name, peer, instant=True), peer


def _pubsub() -> Run:
    world = World(counted=False)
    broker = Redis(world)
    listener, peer = _client(broker, "listener")
    publisher, _ = _client(broker, "publisher")
    broker.handle("redis", listener, m.command("SUBSCRIBE", "c"), "")
    words = (b"PUBLISH", b"c", BODY)

    def once() -> float:
        started = time.perf_counter()
        for number in range(MESSAGES):
            broker.handle("redis", publisher, m.Command(words, Message(f"publisher-{number}", "", BODY)), "")
            world.finish()
        taken = time.perf_counter() - started
        assert peer.taken % MESSAGES == 0
        assert world.ledger.conserved
        return taken

    return once


def _streams() -> Run:
    world = World(counted=False)
    broker = Redis(world)
    worker, _ = _client(broker, "worker")
    publisher, _ = _client(broker, "publisher")
    broker.handle("redis", worker, m.command("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"), "")
    add = (b"XADD", b"s", b"MAXLEN", b"~", b"1000", b"*", b"body", BODY)
    read = m.command("XREADGROUP", "GROUP", "g", "w", "COUNT", BATCH, "STREAMS", "s", ">")

    def once() -> float:
        started = time.perf_counter()
        for number in range(MESSAGES):
            broker.handle("redis", publisher, m.Command(add, Message(f"publisher-{number}", "", BODY)), "")
            world.finish()
            if number % BATCH == BATCH - 1:
                ((_, entries),) = broker.handle("redis", worker, read, "")
                ids = [entry for entry, _ in entries]
                broker.handle("redis", worker, m.Command((b"XACK", b"s", b"g", *ids)), "")
                world.finish()
        taken = time.perf_counter() - started
        assert world.ledger.states["acked"] % MESSAGES == 0
        assert world.ledger.conserved
        return taken

    return once


def _fake() -> Run:
    server = fakeredis.FakeServer()
    publisher = fakeredis.FakeStrictRedis(server=server)
    listener = fakeredis.FakeStrictRedis(server=server).pubsub(ignore_subscribe_messages=True)
    listener.subscribe("c")
    listener.get_message()

    def once() -> float:
        started = time.perf_counter()
        for _ in range(FAKE_MESSAGES):
            publisher.publish("c", BODY)
            assert listener.get_message() is not None
        return time.perf_counter() - started

    return once


def _patterns() -> list[Figure]:
    real = redis.Redis(*REDIS)
    listener = real.pubsub(ignore_subscribe_messages=True)
    patterns = [f"bench.{number}.*" for number in range(PATTERNS)]
    channels = [f"bench.{number * 5}.news" for number in range(CHANNELS)]
    listener.psubscribe(*patterns)
    world = World(counted=False)
    broker = Redis(world)
    ours, _ = _client(broker, "listener")
    publisher, _ = _client(broker, "publisher")
    broker.handle("redis", ours, m.command("PSUBSCRIBE", *patterns), "")
    world.finish()
    words = [(b"PUBLISH", channel.encode(), BODY) for channel in channels]
    ratios, times = [], []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        for number in range(MESSAGES // 2):
            message = Message(f"publisher-{number}", "", BODY)
            assert broker.handle("redis", publisher, m.Command(words[number % CHANNELS], message), "") == 1
            world.finish()
        mine = (time.perf_counter() - started) / (MESSAGES // 2) * 1e6
        theirs = _usec_per_call(real, channels)
        ratios.append(theirs / mine)
        times.append((mine, theirs))
    listener.close()
    mine, theirs = sorted(times)[len(times) // 2]
    note = f"{mine:.1f} µs against {theirs:.1f} µs"
    return [
        Figure(
            "PUBLISH among 1,000 patterns, as fast as redis-server",
            statistics.median(ratios),
            "×",
            0.1,
            0.5,
            "higher",
            note,
        )
    ]


def _usec_per_call(real: redis.Redis, channels: list[str]) -> float:
    """Of PUBLISH, over 2,000 calls, as the server counts: what it took before, and after."""

    def so_far() -> tuple[int, int]:
        stats = real.info("commandstats").get("cmdstat_publish", {"calls": 0, "usec": 0})
        return int(stats["calls"]), int(stats["usec"])

    calls, usec = so_far()
    for number in range(2_000):
        real.publish(channels[number % len(channels)], BODY)
    calls_now, usec_now = so_far()
    return (usec_now - usec) / (calls_now - calls)
