"""XINFO: what a stream, its groups and their consumers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import errors
from mqlab.engine.brokers.redis.arguments import integer, shown, text
from mqlab.engine.brokers.redis.errors import Refused, refuse
from mqlab.engine.brokers.redis.group import Consumer, Group
from mqlab.engine.brokers.redis.keys import stream_at
from mqlab.engine.brokers.redis.read import said
from mqlab.engine.brokers.redis.stream import UNKNOWN, Stream

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client

FULL_COUNT = 10


def _stream(broker: Redis, client: Client, argv: tuple[bytes, ...]) -> Stream:
    stream = stream_at(broker, client, argv[2])
    if stream is None:
        raise Refused(errors.NO_SUCH_KEY)
    return stream


def stream_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XINFO STREAM key [FULL [COUNT n]]. (radix-tree-nodes is an estimate.)"""
    stream = _stream(broker, client, argv)
    count = FULL_COUNT
    full = len(argv) > 3
    if full and (
        argv[3].lower() != b"full"
        or len(argv) not in (4, 6)
        or (len(argv) == 6 and argv[4].lower() != b"count")
    ):
        raise Refused(errors.subcommand("xinfo", text(argv[1])))
    if len(argv) == 6:
        count = integer(argv[5])
        count = FULL_COUNT if count < 0 else count
    keys = len(stream.nodes)
    about: dict[bytes, Any] = {
        b"length": stream.length,
        b"radix-tree-keys": keys,
        b"radix-tree-nodes": keys + 1 if keys else 1,
        b"last-generated-id": shown(stream.last),
        b"max-deleted-entry-id": shown(stream.deleted),
        b"entries-added": stream.added,
        b"recorded-first-entry-id": shown(stream.first),
    }
    if not full:
        ends = [stream.nodes[0].entries[0], stream.nodes[-1].entries[-1]] if stream.nodes else [None, None]
        about[b"groups"] = len(stream.groups)
        about[b"first-entry"], about[b"last-entry"] = [None if one is None else said(one) for one in ends]
        return about
    entries = stream.between((0, 0))
    about[b"entries"] = [
        said(entry) for entry, _ in zip(entries, range(count or stream.length), strict=False)
    ]
    about[b"groups"] = [
        _full_group(broker, stream, group, count) for _, group in sorted(stream.groups.items())
    ]
    return about


def _full_group(broker: Redis, stream: Stream, group: Group, count: int) -> dict[bytes, Any]:
    pending = group.pending()
    shown_now = pending[: count or len(pending)]
    return {
        b"name": group.key,
        b"last-delivered-id": shown(group.last),
        b"entries-read": None if group.read == UNKNOWN else group.read,
        b"lag": stream.lag(group, broker.seven),
        b"pel-count": len(pending),
        b"pending": [
            [shown(entry_id), one.consumer, one.delivered, one.count] for entry_id, one in shown_now
        ],
        b"consumers": [
            _full_consumer(broker, group, one, count) for _, one in sorted(group.consumers.items())
        ],
    }


def _full_consumer(broker: Redis, group: Group, consumer: Consumer, count: int) -> dict[bytes, Any]:
    pending = [(entry_id, one) for entry_id, one in group.pending() if one.consumer == consumer.name]
    about: dict[bytes, Any] = {b"name": consumer.name, b"seen-time": consumer.seen}
    if not broker.seven:
        about[b"active-time"] = consumer.active
    about[b"pel-count"] = len(pending)
    about[b"pending"] = [
        [shown(entry_id), one.delivered, one.count] for entry_id, one in pending[: count or len(pending)]
    ]
    return about


def groups(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XINFO GROUPS key."""
    stream = _stream(broker, client, argv)
    return [
        {
            b"name": group.key,
            b"consumers": len(group.consumers),
            b"pending": len(group.pel),
            b"last-delivered-id": shown(group.last),
            b"entries-read": None if group.read == UNKNOWN else group.read,
            b"lag": stream.lag(group, broker.seven),
        }
        for _, group in sorted(stream.groups.items())
    ]


def consumers(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XINFO CONSUMERS key group. `idle` since it last asked, `inactive` (since 7.2) since it last got something; ms."""
    stream = _stream(broker, client, argv)
    group = stream.groups.get(argv[3])
    if group is None:
        raise refuse(
            f"NOGROUP No such consumer group '{text(argv[3])}' for key name '{text(argv[2])}'",
            "redis/group-missing",
        )
    found = []
    for _, one in sorted(group.consumers.items()):
        about: dict[bytes, Any] = {b"name": one.name, b"pending": one.pending, b"idle": broker.ms - one.seen}
        if not broker.seven:
            about[b"inactive"] = -1 if one.active < 0 else broker.ms - one.active
        found.append(about)
    return found
