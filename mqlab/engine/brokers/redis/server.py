"""CONFIG, CLIENT, HELLO, PING and what else is about the connection or the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import errors, multi, pubsub
from mqlab.engine.brokers.redis.arguments import integer, text
from mqlab.engine.brokers.redis.errors import Refused, refuse
from mqlab.engine.brokers.redis.glob import matches
from mqlab.engine.brokers.redis.resp import OK, Error, Status

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client

VERSIONS = {"7.0": "7.0.15", "8.0": "8.0.0"}
UNITS = {
    b"": 1, b"b": 1, b"k": 1000, b"kb": 1024, b"m": 1000**2, b"mb": 1024**2, b"g": 1000**3, b"gb": 1024**3,
}  # fmt: skip
OTHER_LIMITS = b"normal 0 0 0 slave 268435456 67108864 60 "


def ping(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """PING [message]: a subscriber that speaks RESP2 is answered by an array."""
    if len(argv) > 2:
        raise Refused(errors.arguments("ping"))
    said = argv[1] if len(argv) == 2 else None
    if client.resp == 2 and client.listens:
        return [b"pong", said or b""]
    return Status("PONG") if said is None else said


def echo(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """ECHO message."""
    return argv[1]


def quit_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """QUIT: +OK, and the server closes."""
    client.doomed = True
    return OK


def reset(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """RESET: as if the connection were new."""
    multi.forget(client)
    pubsub.unsubscribe_all(broker, client, cause)
    client.resp = 2
    client.db = 0
    client.name = b""
    return Status("RESET")


def hello(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """HELLO [2 | 3 [SETNAME name]]."""
    version, name = client.resp, None
    options = argv[1:]
    if options:
        version = integer(options[0], "Protocol version is not an integer or out of range")
        if version not in (2, 3):
            raise refuse("NOPROTO unsupported protocol version")
        options = options[1:]
    while options:
        if options[0].lower() == b"setname" and len(options) > 1:
            name = _name(options[1])
            options = options[2:]
        else:
            raise refuse(f"ERR Syntax error in HELLO option '{text(options[0])}'")
    client.resp = version
    client.name = client.name if name is None else name
    return {
        b"server": b"redis", b"version": VERSIONS[broker.version].encode(), b"proto": version, b"id": client.id,
        b"mode": b"standalone", b"role": b"master", b"modules": [],
    }  # fmt: skip


def time(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """TIME: seconds, and microseconds."""
    now = broker.epoch_ms * 1000 + broker.world.now
    return [b"%d" % (now // 1_000_000), b"%d" % (now % 1_000_000)]


def client_id(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CLIENT ID."""
    return client.id


def getname(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CLIENT GETNAME."""
    return client.name or None


def _name(name: bytes) -> bytes:
    if any(byte < 33 or byte > 126 for byte in name):
        raise refuse("ERR Client names cannot contain spaces, newlines or special characters.")
    return name


def setname(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CLIENT SETNAME name."""
    client.name = _name(argv[2])
    return OK


def setinfo(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CLIENT SETINFO lib-name | lib-ver value."""
    return OK


def kill(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CLIENT KILL filter value…: how many; the caller itself only with SKIPME no."""
    if len(argv) == 3:
        raise refuse("ERR No such client")  # addresses of the model are names
    skip, wanted = True, dict[bytes, Any]()
    for option, value in zip(argv[2::2], argv[3::2], strict=False):
        word = option.lower()
        if word == b"id":
            wanted[word] = integer(value, "client-id should be greater than 0")
            if wanted[word] < 1:
                raise refuse("ERR client-id should be greater than 0")
        elif word == b"type":
            if value.lower() not in (b"normal", b"pubsub", b"replica", b"slave", b"master"):
                raise refuse(f"ERR Unknown client type '{text(value)}'")
            wanted[word] = value.lower()
        elif word in (b"addr", b"laddr", b"user"):
            wanted[word] = value
        elif word == b"skipme" and value.lower() in (b"yes", b"no"):
            skip = value.lower() == b"yes"
        else:
            raise Refused(errors.SYNTAX)
    if len(argv) % 2:
        raise Refused(errors.SYNTAX)
    found = [one for one in broker.clients.values() if _matches(one, wanted) and not (skip and one is client)]
    for one in found:
        if one is client:
            client.doomed = True
        else:
            broker.hang_up(one, "killed", cause, "redis/client-kill")
    return len(found)


def _matches(client: Client, wanted: dict[bytes, Any]) -> bool:
    if b"addr" in wanted or b"laddr" in wanted or wanted.get(b"user", b"default") != b"default":
        return False
    kind = wanted.get(b"type")
    of_kind = kind is None or kind == (b"pubsub" if client.listens else b"normal")
    return of_kind and bool(wanted.get(b"id", client.id) == client.id)


def unblock(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CLIENT UNBLOCK id [TIMEOUT | ERROR]: 1 where it was waiting."""
    how = argv[3].lower() if len(argv) == 4 else b"timeout"
    if how not in (b"timeout", b"error"):
        raise refuse("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    other = broker.clients.get(integer(argv[2]))
    if other is None or other.wait is None:
        return 0
    error = Error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    broker.end_wait(other, error if how == b"error" else None)
    return 1


def config_get(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CONFIG GET pattern…, of what the model has."""
    hard, soft, seconds = broker.buffer_limit
    known = {
        b"client-output-buffer-limit": OTHER_LIMITS + b"pubsub %d %d %d" % (hard, soft, seconds),
        b"stream-node-max-bytes": b"%d" % broker.node_bytes,
        b"stream-node-max-entries": b"%d" % broker.node_entries,
    }
    return {
        name: value for name, value in known.items() if any(matches(one.lower(), name) for one in argv[2:])
    }


def config_set(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """CONFIG SET name value…"""
    if len(argv) % 2:
        raise Refused(errors.arguments("config|set"))
    for name, value in zip(argv[2::2], argv[3::2], strict=True):
        match name.lower():
            case b"client-output-buffer-limit":
                _limits(broker, value)
            case b"stream-node-max-bytes":
                broker.node_bytes = memory(value) or 0
            case b"stream-node-max-entries":
                broker.node_entries = integer(value)
            case _:
                raise refuse(f"ERR Unknown option or number of arguments for CONFIG SET - '{text(name)}'")
    return OK


def memory(word: bytes) -> int | None:
    """A size as redis.conf writes it: 32mb is 32 × 1024², 32m is 32,000,000. None: it is no size."""
    digits = word.rstrip(b"bkmgBKMG")
    unit = UNITS.get(word[len(digits) :].lower())
    return int(digits) * unit if digits.isdigit() and unit else None


def _limits(broker: Redis, value: bytes) -> None:
    failed = "ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - "
    words = value.split()
    if not words or len(words) % 4:
        raise refuse(failed + "Wrong number of arguments in buffer limit configuration.")
    for at in range(0, len(words), 4):
        kind, hard, soft, seconds = words[at : at + 4]
        if kind not in (b"normal", b"slave", b"replica", b"pubsub"):
            raise refuse(failed + "Invalid client class specified in buffer limit configuration.")
        sizes = memory(hard), memory(soft)
        if None in sizes or not seconds.isdigit():
            raise refuse(
                failed + "Error in hard, soft or soft_seconds setting in buffer limit configuration."
            )
        if kind == b"pubsub":
            broker.buffer_limit = (sizes[0] or 0, sizes[1] or 0, int(seconds))
