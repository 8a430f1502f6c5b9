"""XRANGE, XREVRANGE, XREAD, XREADGROUP: reading takes nothing away; a group remembers what it gave to whom.

A read with BLOCK waits in the broker: see waiting.py.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.redis import errors, told, waiting
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


@lru_cache(maxsize=1_000)
def parse(version: str, argv: tuple[bytes, ...]) -> Asked:
    """The options of XREAD and XREADGROUP, which a client mostly sends again and again. Raises Refused."""
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
                raise refuse(_unbalanced(version, verb))
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


def _unbalanced(version: str, verb: str) -> str:
    if version == "7.0":
        return "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
    ids = "an ID or '>'" if verb == "xreadgroup" else "an ID, '+', or '$'"
    return f"ERR Unbalanced '{verb}' list of streams: for each stream key {ids} must be specified."


def read(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XREAD and XREADGROUP."""
    asked = parse(broker.version, argv)
    if len(asked.keys) == 1 and asked.ids[0] == b">" and asked.group is not None and not broker.seven:
        # the usual one: what is new in one stream, and there is something
        only = broker.keys(client).get(asked.keys[0])
        if isinstance(only, Stream):
            group = only.groups.get(asked.group)
            if group is not None and group.last < only.last_valid and client.resp == 2:
                new = read_new(broker, client, only, group, asked.consumer, asked.count, asked.noack, cause)
                return [[asked.keys[0], new]]
    streams = [stream_at(broker, client, key) for key in asked.keys]
    groups: list[Group | None] = []
    places: list[ID | None] = []
    for key, entry_id, stream in zip(asked.keys, asked.ids, streams, strict=True):
        groups.append(_group(asked, key, stream))
        places.append(_start(broker, asked, entry_id, stream))
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
            entries = without_group(broker, client, stream, start or ZERO, asked.count, cause)
        else:
            entries = None
        if entries is not None:
            found.append((key, entries))
    if found:
        return by_key(client, found)
    if asked.block_ms < 0 or client.queued is not None or broker.in_exec:
        return None
    return waiting.wait(broker, client, asked, starts, cause, argv[0].lower())


def by_key(client: Client, found: list[tuple[bytes, list[Any]]]) -> Any:
    """Entries by their streams: a map in RESP3, a list in RESP2."""
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


def _start(broker: Redis, asked: Asked, entry_id: bytes, stream: Stream | None) -> ID | None:
    """The id after which one reads; None: what the group has not read."""
    if entry_id == b"$":
        if asked.group is not None:
            raise refuse(
                "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
                "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."
            )
        return ZERO if stream is None else stream.last
    if entry_id == b">":
        if asked.group is None:
            raise refuse(
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
            )
        return NEW
    if entry_id == b"+" and not broker.seven and asked.group is None:
        if stream is None or not stream.length:
            return ZERO
        return before(stream.last_valid)
    return strict_id(entry_id)


def consumer_of(broker: Redis, group: Group, name: bytes) -> Consumer:
    """A group's consumer, who need not have been created before; it has been seen just now."""
    consumer = group.consumers.get(name)
    if consumer is None:
        consumer = group.consumers[name] = Consumer(name, broker.ms)
    consumer.seen = broker.ms
    return consumer


def without_group(
    broker: Redis, client: Client, stream: Stream, start: ID, count: int, cause: str
) -> list[Any]:
    """Everything after an id."""
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
    return read_new(broker, client, stream, group, asked.consumer, asked.count, asked.noack, cause)


def read_new(
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
    ready, pel, now, first = group.ready, group.pel, broker.ms, stream.first
    for entry in stream.between(after(group.last)):
        if group.read >= 0 and stream.deleted == ZERO and group.last >= first:
            group.read += 1
            group.last = entry.id
        else:
            _move_on(broker, stream, group, entry.id)
        copy = None if noack or entry.id in pel else ready.pop(entry.id, None)
        if copy is None:
            _give(broker, client, stream, group, consumer, entry, noack, cause)
        else:  # the usual case
            told.delivered(broker, client, stream, group, entry, copy, False, cause)
            pel[entry.id] = Pending(copy, name, now)
            consumer.pending += 1
        entries.append([b"%d-%d" % entry.id, list(entry.fields)])
        if len(entries) == count:
            break
    return entries


def _move_on(broker: Redis, stream: Stream, group: Group, entry_id: ID) -> None:
    """The group has read up to this id."""
    known = group.read != UNKNOWN and (broker.seven or group.last >= stream.nodes[0].entries[0].id)
    if known and not stream.has_tombstones(entry_id, broker.seven):
        group.read += 1
    elif stream.added:
        group.read = stream.estimate(entry_id)
    group.last = entry_id


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
    for entry_id, pending in group.pending():
        if entry_id <= start or pending.consumer != asked.consumer:
            continue
        entry = stream.get(entry_id)
        if entry is None:
            entries.append([shown(entry_id), None])
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
