"""The keys of a database, as far as messages need them: strings and streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import errors
from mqlab.engine.brokers.redis.arguments import integer
from mqlab.engine.brokers.redis.errors import Refused, refuse
from mqlab.engine.brokers.redis.glob import matches
from mqlab.engine.brokers.redis.resp import OK, Status
from mqlab.engine.brokers.redis.stream import Stream

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client

Value = bytes | Stream


def string_at(broker: Redis, client: Client, key: bytes) -> bytes | None:
    """The string at a key. Raises Refused for a stream."""
    value = broker.keys(client).get(key)
    if isinstance(value, Stream):
        raise Refused(errors.WRONG_TYPE)
    return value


def stream_at(broker: Redis, client: Client, key: bytes) -> Stream | None:
    """The stream at a key. Raises Refused for a string."""
    value = broker.keys(client).get(key)
    if isinstance(value, bytes):
        raise Refused(errors.WRONG_TYPE)
    return value


def set_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """SET key value [NX | XX] [GET]."""
    options = [word.lower() for word in argv[3:]]
    if set(options) - {b"nx", b"xx", b"get", b"keepttl"} or {b"nx", b"xx"} <= set(options):
        raise Refused(errors.SYNTAX)
    key = argv[1]
    keys = broker.keys(client)
    old = string_at(broker, client, key) if b"get" in options else None
    there = key in keys
    if (b"nx" in options and there) or (b"xx" in options and not there):
        return old
    if isinstance(keys.get(key), Stream):
        broker.remove_stream(client.db, key, cause)
    keys[key] = argv[2]
    broker.touch(client.db, key)
    return old if b"get" in options else OK


def get(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """GET key."""
    return string_at(broker, client, argv[1])


def incr(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """INCR, DECR and INCRBY, DECRBY."""
    verb = argv[0].lower()
    by = integer(argv[2]) if len(argv) > 2 else 1
    value = integer(string_at(broker, client, argv[1]) or b"0") + (-by if verb.startswith(b"decr") else by)
    if not -(2**63) <= value < 2**63:
        raise refuse("ERR increment or decrement would overflow")
    broker.keys(client)[argv[1]] = b"%d" % value
    broker.touch(client.db, argv[1])
    return value


def delete(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """DEL and UNLINK: how many there were."""
    count = 0
    keys = broker.keys(client)
    for key in argv[1:]:
        if key in keys:
            count += 1
            broker.remove_key(client.db, key, cause)
    return count


def exists(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """EXISTS key…: how many are there, one named twice counts twice."""
    keys = broker.keys(client)
    return sum([key in keys for key in argv[1:]])


def kind(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """TYPE key."""
    value = broker.keys(client).get(argv[1])
    return Status("none" if value is None else "stream" if isinstance(value, Stream) else "string")


def keys_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """KEYS pattern. (`*` alone takes every key, also one without a name.)"""
    pattern = argv[1]
    return [key for key in broker.keys(client) if pattern == b"*" or matches(pattern, key)]


def dbsize(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """DBSIZE."""
    return len(broker.keys(client))


def flush(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """FLUSHDB and FLUSHALL."""
    if len(argv) > 2 or (len(argv) == 2 and argv[1].lower() not in (b"sync", b"async")):
        raise Refused(errors.SYNTAX)
    dbs = list(broker.databases) if argv[0].lower() == b"flushall" else [client.db]
    for db in dbs:
        for key in list(broker.databases.get(db, ())):
            broker.remove_key(db, key, cause)
    return OK


def select(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """SELECT index. Channels know nothing of it."""
    db = integer(argv[1])
    if not 0 <= db < 16:
        raise refuse("ERR DB index is out of range")
    client.db = db
    broker.selected = broker.selected or db != 0
    return OK
