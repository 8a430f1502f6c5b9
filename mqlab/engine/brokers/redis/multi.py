"""MULTI, EXEC, DISCARD, WATCH: what is queued happens together, at EXEC, publishes too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.redis import errors
from mqlab.engine.brokers.redis.errors import Refused, refuse
from mqlab.engine.brokers.redis.resp import OK, Error, Replies

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client


def multi(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """MULTI."""
    if client.queued is not None:
        raise refuse("ERR MULTI calls can not be nested")
    client.queued = []
    client.aborted = False
    return OK


def discard(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """DISCARD."""
    if client.queued is None:
        raise refuse("ERR DISCARD without MULTI")
    forget(client)
    return OK


def rejected(client: Client, error: Error, argv: tuple[bytes, ...]) -> Error:
    """A command that is not even queued spoils the transaction; a rejected EXEC ends it."""
    if argv[0].lower() != b"exec":
        client.aborted = True
        return error
    forget(client)
    return Error(f"EXECABORT Transaction discarded because of: {error.text.removeprefix('ERR ')}", error.rule)


def forget(client: Client) -> None:
    """The transaction is over."""
    client.queued = None
    client.aborted = False
    client.watched.clear()


def exec_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """EXEC: the replies; nil where a watched key was changed."""
    queued, aborted = client.queued, client.aborted
    if queued is None:
        raise refuse("ERR EXEC without MULTI")
    changed = any(broker.versions.get(key, 0) != seen for key, seen in client.watched.items())
    forget(client)
    if aborted:
        raise Refused(errors.ABORTED)
    if changed:
        return None
    broker.in_exec = True
    try:
        replies = [broker.run(client, command, spec, cause) for command, spec in queued]
    finally:
        broker.in_exec = False
    said = [one for reply in replies for one in (reply if isinstance(reply, Replies) else [reply])]
    if len(said) == len(replies):
        return said
    return Replies([said[: len(replies)], *said[len(replies) :]])  # the array's length was written before


def watch(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """WATCH key…"""
    if client.queued is not None:
        raise refuse("ERR WATCH inside MULTI is not allowed")
    broker.watching = True
    for key in argv[1:]:
        client.watched.setdefault((client.db, key), broker.versions.get((client.db, key), 0))
    return OK


def unwatch(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """UNWATCH."""
    client.watched.clear()
    return OK
