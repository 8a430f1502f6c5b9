"""XGROUP: groups and their consumers come and go, and a group's place in its stream is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import errors, told
from mqlab.engine.brokers.redis.arguments import ID, integer, strict_id, text
from mqlab.engine.brokers.redis.errors import Refused, refuse
from mqlab.engine.brokers.redis.group import Consumer, Group
from mqlab.engine.brokers.redis.keys import stream_at
from mqlab.engine.brokers.redis.resp import OK
from mqlab.engine.brokers.redis.stream import UNKNOWN, Stream

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client

MISSING = (
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to "
    "create an empty stream automatically."
)


def _there(broker: Redis, client: Client, argv: tuple[bytes, ...]) -> tuple[Stream, Group]:
    """The stream and its group. Raises Refused."""
    stream = stream_at(broker, client, argv[2])
    if stream is None:
        raise refuse(MISSING)
    group = stream.groups.get(argv[3])
    if group is None:
        raise refuse(
            f"NOGROUP No such consumer group '{text(argv[3])}' for key name '{text(argv[2])}'",
            "redis/group-missing",
        )
    return stream, group


def _options(argv: tuple[bytes, ...], create: bool) -> tuple[bool, int]:
    """MKSTREAM and ENTRIESREAD. Raises Refused."""
    mkstream, read = False, UNKNOWN
    at = 5
    while at < len(argv):
        word = argv[at].lower()
        if create and word == b"mkstream":
            mkstream = True
        elif word == b"entriesread" and at + 1 < len(argv):
            read = integer(argv[at + 1])
            if read < 0 and read != UNKNOWN:
                raise refuse("ERR value for ENTRIESREAD must be positive or -1")
            at += 1
        else:
            raise Refused(errors.subcommand("xgroup", text(argv[1])))
        at += 1
    return mkstream, read


def create(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD n]: a group that reads on after the id."""
    mkstream, read = _options(argv, True)
    stream = stream_at(broker, client, argv[2])
    if stream is None and not mkstream:
        raise refuse(MISSING)
    last: ID = (0, 0)
    if argv[4] != b"$":
        last = _id(argv[4])
    elif stream is not None:
        last = stream.last
    if stream is None:
        stream = broker.add_stream(client.db, argv[2], cause)
        broker.touch(client.db, argv[2])
        broker.signal(client.db, argv[2], cause)
    if argv[3] in stream.groups:
        raise refuse("BUSYGROUP Consumer Group name already exists")
    broker.add_group(stream, argv[3], last, read, cause)
    return OK


def _id(word: bytes) -> ID:
    """An id, also `-` and `+`."""
    return {b"-": (0, 0), b"+": (2**64 - 1, 2**64 - 1)}.get(word) or strict_id(word)


def set_id(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XGROUP SETID key group id | $ [ENTRIESREAD n]."""
    _, read = _options(argv, False)
    stream, group = _there(broker, client, argv)
    last = stream.last if argv[4] == b"$" else _id(argv[4])
    group.last = last
    group.read = read
    told.cursor_set(broker.world, stream, group, last, cause, "redis/group-cursor")
    return OK


def destroy(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XGROUP DESTROY key group: 1, or 0 where there was none."""
    stream = stream_at(broker, client, argv[2])
    if stream is None:
        raise refuse(MISSING)
    if argv[3] not in stream.groups:
        return 0
    broker.remove_group(stream, stream.groups.pop(argv[3]), cause)
    broker.signal(client.db, argv[2], cause)
    return 1


def create_consumer(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XGROUP CREATECONSUMER key group consumer: 1, or 0 where it was there."""
    _, group = _there(broker, client, argv)
    if argv[4] in group.consumers:
        return 0
    group.consumers[argv[4]] = Consumer(argv[4], broker.ms)
    return 1


def delete_consumer(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XGROUP DELCONSUMER key group consumer: how many were pending with it, which nobody will get any more."""
    _, group = _there(broker, client, argv)
    consumer = group.consumers.pop(argv[4], None)
    if consumer is None:
        return 0
    held = [entry_id for entry_id, pending in group.pel.items() if pending.consumer == argv[4]]
    copies = [group.pel.pop(entry_id).copy for entry_id in held]
    told.dropped(
        broker, group, [one for one in copies if one.state == "unacked"], "consumer_deleted", cause,
        "redis/delete-consumer-forgets",
    )  # fmt: skip
    return len(held)
