"""XRANGE, XREVRANGE, XREAD, XREADGROUP: reading takes nothing away; a group remembers what it gave to whom.

A read with BLOCK waits in the broker and is answered by a push. Who has waited longest is served first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.redis import errors, told
from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.brokers.redis.arguments import (
    ID,
    LAST,
    ZERO,
    after,
    before,
    end_of,
    integer,
    shown,
    start_of,
    strict_id,
    text,
)  # fmt: skip
from mqlab.engine.brokers.redis.client import Wait
from mqlab.engine.brokers.redis.errors import Refused, refuse
from mqlab.engine.brokers.redis.group import Consumer, Group, Pending
from mqlab.engine.brokers.redis.keys import stream_at
from mqlab.engine.brokers.redis.stream import UNKNOWN, Entry, Stream

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client

NEW = None  # in place of an id: what the group has not read


class Asked(msgspec.Struct):
    """The options of a read. `block_ms` -1: it does not block; 0: for ever; `count` 0: all there is."""

    keys: tuple[bytes, ...] = ()
    ids: tuple[bytes, ...] = ()
    count: int = 0
    block_ms: int = -1
    group: bytes | None = None
    consumer: bytes = b""
    noack: bool = False


def range_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XRANGE key start end and XREVRANGE key end start, [COUNT n]: entries, whoever has read them."""
    reverse = argv[0].lower() == b"xrevrange"
    first, last = (argv[3], argv[2]) if reverse else (argv[2], argv[3])
    start, end = start_of(first), end_of(last)
    count = -1
    options = argv[4:]
    while options:
        if options[0].lower() != b"count" or len(options) < 2:
            raise Refused(errors.SYNTAX)
        count = max(integer(options[1]), 0)
        options = options[2:]
    stream = stream_at(broker, client, argv[1])
    if stream is None:
        return []
    if count == 0:
        return None
    found = stream.backwards(start, end) if reverse else stream.between(start, end)
    return [
        said(entry) for entry, _ in zip(found, range(count if count > 0 else stream.length), strict=False)
    ]


def said(entry: Entry) -> list[Any]:
    """An entry in a reply: its id, and its fields with their values."""
    return [shown(entry.id), list(entry.fields)]


def parse(broker: Redis, argv: tuple[bytes, ...]) -> Asked:
    """The options of XREAD and XREADGROUP. Raises Refused."""
    asked = Asked()
    verb = text(argv[0].lower())
    grouped = verb == "xreadgroup"
    at = 1
    while at < len(argv):
        word, more = argv[at].lower(), len(argv) - at - 1
        if word == b"block" and more:
            asked.block_ms = integer(argv[at + 1], "timeout is not an integer or out of range")
            if asked.block_ms < 0:
                raise refuse("ERR timeout is negative")
            at += 1
        elif word == b"count" and more:
            asked.count = max(integer(argv[at + 1]), 0)
            at += 1
        elif word == b"streams" and more:
            words = argv[at + 1 :]
            if len(words) % 2:
                raise refuse(_unbalanced(broker, verb))
            half = len(words) // 2
            asked.keys, asked.ids = words[:half], words[half:]
            break
        elif word == b"group" and more >= 2:
            if not grouped:
                raise refuse(
                    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."
                )
            asked.group, asked.consumer = argv[at + 1], argv[at + 2]
            at += 2
        elif word == b"noack":
            if not grouped:
                raise refuse(
                    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."
                )
            asked.noack = True
        else:
            raise Refused(errors.SYNTAX)
        at += 1
    if not asked.keys:
        raise Refused(errors.SYNTAX)
    if grouped and asked.group is None:
        raise refuse("ERR Missing GROUP option for XREADGROUP")
    return asked


def _unbalanced(broker: Redis, verb: str) -> str:
    if broker.version == "7.0":
        return "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
    ids = "an ID or '>'" if verb == "xreadgroup" else "an ID, '+', or '$'"
    return f"ERR Unbalanced '{verb}' list of streams: for each stream key {ids} must be specified."


def read(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XREAD and XREADGROUP."""
    asked = parse(broker, argv)
    streams = [stream_at(broker, client, key) for key in asked.keys]
    groups: list[Group | None] = []
    places: list[ID | None] = []
    for key, id, stream in zip(asked.keys, asked.ids, streams, strict=True):
        groups.append(_group(asked, key, stream))
        places.append(_start(broker, asked, id, stream))
    starts = tuple(places)
    if asked.group is not None and not broker.seven:
        for group in groups:
            assert group is not None
            consumer_of(broker, group, asked.consumer)
    found: list[tuple[bytes, list[Any]]] = []
    for key, stream, group, start in zip(asked.keys, streams, groups, starts, strict=True):
        if stream is None:
            continue
        entries: list[Any] | None
        if group is not None:
            entries = _of_group(broker, client, stream, group, asked, start, cause)
        elif stream.last_valid > (start or ZERO):
            entries = _without_group(broker, client, stream, start or ZERO, asked.count, cause)
        else:
            entries = None
        if entries is not None:
            found.append((key, entries))
    if found:
        return _by_key(client, found)
    if asked.block_ms < 0 or client.queued is not None or broker.in_exec:
        return None
    return _wait(broker, client, asked, starts, cause, argv[0].lower())


def _by_key(client: Client, found: list[tuple[bytes, list[Any]]]) -> Any:
    return [[key, entries] for key, entries in found] if client.resp == 2 else dict(found)


def _group(asked: Asked, key: bytes, stream: Stream | None) -> Group | None:
    if asked.group is None:
        return None
    group = None if stream is None else stream.groups.get(asked.group)
    if group is None:
        raise no_group_to_read(key, asked.group)
    return group


def no_group_to_read(key: bytes, group: bytes) -> Refused:
    """What a read in a group that is not there is answered."""
    name = (
        f"NOGROUP No such key '{text(key)}' or consumer group '{text(group)}' in XREADGROUP with GROUP option"
    )
    return refuse(name, "redis/group-missing")


def _start(broker: Redis, asked: Asked, id: bytes, stream: Stream | None) -> ID | None:
    """The id after which one reads; None: what the group has not read."""
    if id == b"$":
        if asked.group is not None:
            raise refuse(
                "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
                "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."
            )
        return ZERO if stream is None else stream.last
    if id == b">":
        if asked.group is None:
            raise refuse(
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
            )
        return NEW
    if id == b"+" and not broker.seven and asked.group is None:
        if stream is None or not stream.length:
            return ZERO
        return before(stream.last_valid)
    return strict_id(id)


def consumer_of(broker: Redis, group: Group, name: bytes) -> Consumer:
    """A group's consumer, who need not have been created before; it has been seen just now."""
    consumer = group.consumers.get(name)
    if consumer is None:
        consumer = group.consumers[name] = Consumer(name, broker.ms)
    consumer.seen = broker.ms
    return consumer


def _without_group(
    broker: Redis, client: Client, stream: Stream, start: ID, count: int, cause: str
) -> list[Any]:
    entries: list[Any] = []
    for entry in stream.between(after(start) if start != LAST else LAST):
        entries.append(said(entry))
        told.fetched(broker, client, stream, entry, cause)
        if len(entries) == count:
            break
    return entries


def _of_group(
    broker: Redis, client: Client, stream: Stream, group: Group, asked: Asked, start: ID | None, cause: str
) -> list[Any] | None:
    """What a consumer gets: its own history from an id on, or (None: there is none) what is new for the group."""
    if start is not None:
        return _history(broker, client, stream, group, asked, start, cause)
    if stream.last_valid <= group.last or not stream.length:
        return None
    return _new(broker, client, stream, group, asked.consumer, asked.count, asked.noack, cause)


def _new(
    broker: Redis,
    client: Client,
    stream: Stream,
    group: Group,
    name: bytes,
    count: int,
    noack: bool,
    cause: str,
) -> list[Any]:
    """Entries that the group has not read, in order; each goes to one consumer. [rule 8]"""
    consumer = consumer_of(broker, group, name)
    consumer.active = broker.ms
    entries: list[Any] = []
    for entry in stream.between(after(group.last)):
        _move_on(broker, stream, group, entry.id)
        _give(broker, client, stream, group, consumer, entry, noack, cause)
        entries.append(said(entry))
        if len(entries) == count:
            break
    return entries


def _move_on(broker: Redis, stream: Stream, group: Group, id: ID) -> None:
    """The group has read up to this id."""
    known = group.read != UNKNOWN and (broker.seven or group.last >= stream.first)
    if known and not stream.has_tombstones(id, broker.seven):
        group.read += 1
    elif stream.added:
        group.read = stream.estimate(id)
    group.last = id


def _give(
    broker: Redis,
    client: Client,
    stream: Stream,
    group: Group,
    consumer: Consumer,
    entry: Entry,
    noack: bool,
    cause: str,
) -> None:
    pending = group.pel.get(entry.id)
    if pending is not None and pending.copy.state == "unacked" and not noack:
        # the cursor was set back: what somebody holds goes to another
        pending.count, idle = 1, broker.ms - pending.delivered
        take(broker, group, pending, consumer)
        told.claimed(
            broker, client, stream, group, entry, pending, idle * 1000, True, "redis/group-cursor", cause
        )
        return
    copy = told.copy_for(broker, group, entry, cause)
    told.delivered(broker, client, stream, group, entry, copy, noack, cause)
    if not noack:
        group.pel[entry.id] = Pending(copy, consumer.name, broker.ms)
        consumer.pending += 1


def take(broker: Redis, group: Group, pending: Pending, consumer: Consumer) -> None:
    """What is pending belongs to another consumer from now on, delivered now."""
    owner = group.consumers.get(pending.consumer)
    if owner is not None:
        owner.pending -= 1
    consumer.pending += 1
    pending.consumer = consumer.name
    pending.delivered = broker.ms


def _history(
    broker: Redis, client: Client, stream: Stream, group: Group, asked: Asked, start: ID, cause: str
) -> list[Any]:
    """What this consumer was given and has not acked; a nil where the entry is gone."""
    consumer = consumer_of(broker, group, asked.consumer)
    entries: list[Any] = []
    for id, pending in group.pending():
        if id <= start or pending.consumer != asked.consumer:
            continue
        entry = stream.get(id)
        if entry is None:
            entries.append([shown(id), None])
        else:
            idle = broker.ms - pending.delivered
            pending.delivered = broker.ms
            pending.count += 1
            told.claimed(
                broker, client, stream, group, entry, pending, idle * 1000, True, "redis/own-pending", cause
            )
            entries.append(said(entry))
        if len(entries) == asked.count:
            break
    if entries:
        consumer.active = broker.ms
    return entries


def _wait(
    broker: Redis, client: Client, asked: Asked, starts: tuple[ID | None, ...], cause: str, command: bytes
) -> Any:
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
    if not grouped:
        if value.last_valid <= (start or ZERO):
            return NOTHING
        entries = _without_group(broker, client, value, start or ZERO, wait.count, cause)
        return _by_key(client, [(key, entries)])
    group = value.groups.get(wait.group)
    if group is None:
        if broker.seven:
            return resp_unblocked("NOGROUP the consumer group this client was blocked on no longer exists")
        return resp_unblocked(no_group_to_read(key, wait.group).error.text)
    if value.last_valid <= group.last:
        return NOTHING
    entries = _new(broker, client, value, group, wait.consumer, wait.count, wait.noack, cause)
    return _by_key(client, [(key, entries)])


def resp_unblocked(text: str) -> errors.Error:
    """What a reader in a group is answered when that is gone for which it waited."""
    return errors.Error(text, "redis/blocked-reader-of-a-deleted-stream")


def _gone(broker: Redis, wait: Wait, key: bytes, value: Any, grouped: bool) -> Any:
    """The stream is gone: a reader in a group is told, one without waits on. [src/blocked.c]"""
    if not grouped:
        return NOTHING if value is None or broker.seven else errors.WRONG_TYPE
    if broker.seven:
        return resp_unblocked("UNBLOCKED the stream key no longer exists")
    return (
        resp_unblocked(no_group_to_read(key, wait.group).error.text) if value is None else errors.WRONG_TYPE
    )
