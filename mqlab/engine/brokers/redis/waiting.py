"""Reads that wait (BLOCK): answered by a push when something comes, who has waited longest first. [src/blocked.c]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import errors, read
from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.arguments import ID, ZERO
from mqlab.engine.brokers.redis.client import Wait
from mqlab.engine.brokers.redis.resp import Error
from mqlab.engine.brokers.redis.stream import Stream

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client


def wait(
    broker: Redis,
    client: Client,
    asked: read.Asked,
    starts: tuple[ID | None, ...],
    cause: str,
    command: bytes,
) -> Any:
    """Let a read wait, until something comes or its time is over."""
    broker.waits += 1
    client.wait = Wait(
        broker.waits,
        asked.keys,
        starts,
        asked.count,
        asked.group or b"",
        asked.consumer,
        asked.noack,
        cause,
        command,
    )
    broker.blocked[client.id] = client
    if asked.block_ms:
        broker.world.at(
            broker.world.now + asked.block_ms * 1000, broker.wait_over, client.id, client.wait.number
        )
    return m.BLOCKED


def serve(broker: Redis, db: int, key: bytes, cause: str) -> None:
    """Something came to a key, or the key went: who waits for it is answered, the first to wait first."""
    for client in list(broker.blocked.values()):
        wait = client.wait
        if wait is None or client.db != db or key not in wait.keys:
            continue
        reply = _served(broker, client, wait, key, cause)
        if reply is not NOTHING:
            broker.end_wait(client, reply)


NOTHING: Any = object()


def _served(broker: Redis, client: Client, wait: Wait, key: bytes, cause: str) -> Any:
    value = broker.keys(client).get(key)
    grouped = wait.command == b"xreadgroup"
    if not isinstance(value, Stream):
        return _gone(broker, wait, key, value, grouped)
    start = wait.starts[wait.keys.index(key)]
    top = (
        value.last if broker.seven else value.last_valid
    )  # 7.0 answers also where what came is trimmed already: with nothing
    if not grouped:
        if top <= (start or ZERO):
            return NOTHING
        entries = read.without_group(broker, client, value, start or ZERO, wait.count, cause)
        return read.by_key(client, [(key, entries)])
    group = value.groups.get(wait.group)
    if group is None:
        if broker.seven:
            return resp_unblocked("NOGROUP the consumer group this client was blocked on no longer exists")
        return resp_unblocked(read.no_group_to_read(key, wait.group).error.text)
    if top <= group.last:
        return NOTHING
    entries = read.read_new(broker, client, value, group, wait.consumer, wait.count, wait.noack, cause)
    return read.by_key(client, [(key, entries)])


def resp_unblocked(text: str) -> Error:
    """What a reader in a group is answered when that is gone for which it waited."""
    return Error(text, "redis/blocked-reader-of-a-deleted-stream")


def _gone(broker: Redis, wait: Wait, key: bytes, value: Any, grouped: bool) -> Any:
    """The stream is gone: a reader in a group is told, one without waits on. [src/blocked.c]"""
    if not grouped:
        return NOTHING if value is None or broker.seven else errors.WRONG_TYPE
    if broker.seven:
        return resp_unblocked("UNBLOCKED the stream key no longer exists")
    return (
        resp_unblocked(read.no_group_to_read(key, wait.group).error.text)
        if value is None
        else errors.WRONG_TYPE
    )
