"""XACK, XPENDING, XCLAIM, XAUTOCLAIM: what was given out and not acked. Nothing is given out again by itself.

[redis src/t_stream.c; recorded: stream_group, stream_autoclaim]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.redis import errors, told
from mqlab.engine.brokers.redis.arguments import ID, ZERO, end_of, integer, shown, start_of, strict_id, text
from mqlab.engine.brokers.redis.errors import Refused, no_group, refuse
from mqlab.engine.brokers.redis.group import Consumer, Group, Pending
from mqlab.engine.brokers.redis.keys import stream_at
from mqlab.engine.brokers.redis.read import consumer_of, said, take
from mqlab.engine.brokers.redis.stream import Entry, Stream

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client

AUTOCLAIM_COUNT = 100
ATTEMPTS = 10  # times COUNT: how many entries XAUTOCLAIM looks at


def _there(broker: Redis, client: Client, key: bytes, name: bytes) -> tuple[Stream, Group]:
    """The stream and its group. Raises Refused."""
    stream = stream_at(broker, client, key)
    group = None if stream is None else stream.groups.get(name)
    if stream is None or group is None:
        raise no_group(text(key), text(name))
    return stream, group


def ack(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XACK key group id…: how many were pending, with whomever."""
    stream = stream_at(broker, client, argv[1])
    group = None if stream is None else stream.groups.get(argv[2])
    if group is None:
        told.settled(broker, client, [], cause)
        return 0
    ids = [strict_id(word) for word in argv[3:]]
    copies = []
    for entry_id in ids:
        pending = group.pel.pop(entry_id, None)
        if pending is not None:
            _leave(group, pending)
            copies.append(pending.copy)
    told.settled(broker, client, copies, cause)
    return len(copies)


def _leave(group: Group, pending: Pending) -> None:
    owner = group.consumers.get(pending.consumer)
    if owner is not None:
        owner.pending -= 1


def pending_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XPENDING key group [[IDLE ms] start end count [consumer]]."""
    if len(argv) == 3:
        return _summary(broker, client, argv)
    if not 6 <= len(argv) <= 9:
        raise Refused(errors.SYNTAX)
    at, idle = 3, 0
    if argv[3].lower() == b"idle":
        idle = integer(argv[4])
        if len(argv) < 8:
            raise Refused(errors.SYNTAX)
        at = 5
    count = max(integer(argv[at + 2]), 0)
    start, end = start_of(argv[at]), end_of(argv[at + 1])
    name = argv[at + 3] if at + 3 < len(argv) else None
    _, group = _there(broker, client, argv[1], argv[2])
    found: list[Any] = []
    for entry_id, one in group.pending():
        age = broker.ms - one.delivered
        if len(found) == count:
            break
        if start <= entry_id <= end and (name is None or one.consumer == name) and age >= idle:
            found.append([shown(entry_id), one.consumer, max(age, 0), one.count])
    return found


def _summary(broker: Redis, client: Client, argv: tuple[bytes, ...]) -> Any:
    _, group = _there(broker, client, argv[1], argv[2])
    if not group.pel:
        return [0, None, None, None]
    by_name = sorted(group.consumers.items())
    counts = [[name, b"%d" % one.pending] for name, one in by_name if one.pending]
    return [len(group.pel), shown(min(group.pel)), shown(max(group.pel)), counts]


class Claim(msgspec.Struct):
    """The options of XCLAIM. `delivered` -1: now; `count` -1: one more."""

    ids: list[ID]
    delivered: int = -1
    count: int = -1
    force: bool = False
    justid: bool = False
    last: ID = ZERO


def _options(broker: Redis, argv: tuple[bytes, ...]) -> Claim:
    at = 5
    asked = Claim([])
    while at < len(argv):
        try:
            asked.ids.append(strict_id(argv[at]))
        except Refused:
            break
        at += 1
    while at < len(argv):
        word, more = argv[at].lower(), len(argv) - 1 - at
        if word == b"force":
            asked.force = True
        elif word == b"justid":
            asked.justid = True
        elif word == b"idle" and more:
            asked.delivered = broker.ms - integer(argv[at + 1], "Invalid IDLE option argument for XCLAIM")
        elif word == b"time" and more:
            asked.delivered = integer(argv[at + 1], "Invalid TIME option argument for XCLAIM")
        elif word == b"retrycount" and more:
            asked.count = integer(argv[at + 1], "Invalid RETRYCOUNT option argument for XCLAIM")
        elif word == b"lastid" and more:
            asked.last = strict_id(argv[at + 1])
        else:
            raise refuse(f"ERR Unrecognized XCLAIM option '{text(argv[at])}'")
        at += 1 + (word in (b"idle", b"time", b"retrycount", b"lastid"))
    if asked.delivered != -1:
        asked.delivered = asked.delivered if 0 <= asked.delivered <= broker.ms else broker.ms
    return asked


def claim(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XCLAIM key group consumer min-idle-ms id… [IDLE ms | TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id]."""
    stream, group = _there(broker, client, argv[1], argv[2])
    least = max(integer(argv[4], "Invalid min-idle-time argument for XCLAIM"), 0)
    asked = _options(broker, argv)
    group.last = max(group.last, asked.last)
    consumer = None if broker.seven else consumer_of(broker, group, argv[3])
    found: list[Any] = []
    for entry_id in asked.ids:
        pending = group.pel.get(entry_id)
        entry = stream.get(entry_id)
        if entry is None:
            if pending is not None:
                _forget(broker, group, entry_id, cause)
            continue
        if pending is None:
            if not asked.force:
                continue
            consumer = consumer or consumer_of(broker, group, argv[3])
            pending = _force(broker, client, stream, group, entry, consumer, cause)
        elif least and broker.ms - pending.delivered < least:
            continue
        consumer = consumer or consumer_of(broker, group, argv[3])
        idle = broker.ms - pending.delivered
        take(broker, group, pending, consumer)
        pending.delivered = broker.ms if asked.delivered == -1 else asked.delivered
        if asked.count >= 0:
            pending.count = asked.count
        elif not asked.justid:
            pending.count += 1
        consumer.active = broker.ms
        told.claimed(
            broker,
            client,
            stream,
            group,
            entry,
            pending,
            idle * 1000,
            not asked.justid,
            "redis/claim-moves",
            cause,
        )
        found.append(shown(entry_id) if asked.justid else said(entry))
    return found


def _force(
    broker: Redis, client: Client, stream: Stream, group: Group, entry: Entry, consumer: Consumer, cause: str
) -> Pending:
    """FORCE makes an entry pending that is not."""
    copy = told.copy_for(broker, group, entry, cause)
    broker.world.ledger.move(copy, "deliver")
    copy.holder = client.program
    pending = group.pel[entry.id] = Pending(copy, consumer.name, broker.ms)
    consumer.pending += 1
    told.forced(broker, client, group, copy, cause)
    return pending


def _forget(broker: Redis, group: Group, entry_id: ID, cause: str) -> None:
    """The entry is gone from the stream: so is what refers to it."""
    pending = group.pel.pop(entry_id)
    _leave(group, pending)
    if pending.copy.state == "unacked":
        told.dropped(broker, group, [pending.copy], "trimmed", cause, "redis/claim-forgets-deleted")


def autoclaim(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XAUTOCLAIM key group consumer min-idle-ms start [COUNT n] [JUSTID]: where to go on, entries, ids that are gone."""
    least = max(integer(argv[4], "Invalid min-idle-time argument for XAUTOCLAIM"), 0)
    start = start_of(argv[5])
    count, justid = AUTOCLAIM_COUNT, False
    options = argv[6:]
    while options:
        word = options[0].lower()
        if word == b"count" and len(options) > 1:
            count = integer(options[1], "COUNT must be > 0")
            if not 1 <= count <= 2**63 // 16 // ATTEMPTS:
                raise refuse("ERR COUNT must be > 0")
            options = options[2:]
        elif word == b"justid":
            justid = True
            options = options[1:]
        else:
            raise Refused(errors.SYNTAX)
    stream, group = _there(broker, client, argv[1], argv[2])
    consumer = None if broker.seven else consumer_of(broker, group, argv[3])
    listed = [one for one in group.pending() if one[0] >= start]
    found: list[Any] = []
    gone: list[bytes] = []
    at = 0
    while at < len(listed) and at < count * ATTEMPTS and len(found) + len(gone) < count:
        entry_id, pending = listed[at]
        at += 1
        entry = stream.get(entry_id)
        idle = broker.ms - pending.delivered
        if entry is None:
            _forget(broker, group, entry_id, cause)
            gone.append(shown(entry_id))
            continue
        if least and idle < least:
            continue
        consumer = consumer or consumer_of(broker, group, argv[3])
        consumer.active = broker.ms
        take(broker, group, pending, consumer)
        pending.count += not justid
        told.claimed(
            broker,
            client,
            stream,
            group,
            entry,
            pending,
            idle * 1000,
            not justid,
            "redis/autoclaim-idle",
            cause,
        )
        found.append(shown(entry_id) if justid else said(entry))
    return [shown(listed[at][0]) if at < len(listed) else b"0-0", found, gone]
