"""A message, what a publish says of it, and its copies in queues.

One *message* (`web-41`) keeps its id for life, however often it is published. Each *entry* into a queue is a *copy* with a
name of its own: `web-41@billing`, the second time `web-41@billing.2`. These are structs, not classes with a __dict__: a lab
holds thousands of them and a checkpoint pickles them all. They form no cycles, so the
garbage collector need not walk them (gc=False).
"""

from __future__ import annotations

from typing import Any

import msgspec


class Timestamp(int):
    """Seconds since the epoch, as an AMQP timestamp: a type of its own beside int."""


class Properties(msgspec.Struct, frozen=True, omit_defaults=True):
    """AMQP 0-9-1 basic properties, with pika's names. Never changed once published: a dead letter gets its own."""

    content_type: str | None = None
    content_encoding: str | None = None
    headers: dict[str, Any] | None = None
    delivery_mode: int | None = None
    priority: int | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    expiration: str | None = None
    message_id: str | None = None
    timestamp: Timestamp | None = None
    type: str | None = None
    user_id: str | None = None
    app_id: str | None = None
    cluster_id: str | None = None


NO_PROPERTIES = Properties()


class Message(msgspec.Struct, gc=False):
    """What keeps its identity. `n` counts the events named after it."""

    id: str
    key: str
    body: bytes
    n: int = 0
    entries: str | dict[str, int] | None = None
    begun: dict[str, int] | None = None


class Death(msgspec.Struct):
    """One entry of x-death: why this queue gave the message up, and how often. None: a client that made it up left it out."""

    queue: str | None
    reason: str | None
    count: int
    exchange: str | None
    routing_keys: tuple[str, ...] | None
    time: Timestamp | None
    original_expiration: str | None = None


class Content(msgspec.Struct, gc=False):
    """What one publish (or dead-lettering) said of a message; its copies share it. `deaths`: newest first."""

    exchange: str
    routing_key: str
    properties: Properties
    deaths: tuple[Death, ...] = ()


class Copy(msgspec.Struct, gc=False):
    """One entry of a message into one queue. `n` counts its events; `state` moves by the table of lifecycle.py."""

    name: str
    message: Message
    content: Content
    queue: str
    state: str = "arriving"
    seq: int = 0
    n: int = 0
    redelivered: bool = False
    failures: int = 0  # failed deliveries, as quorum queues count them
    returns: int = 0  # how often it came back
    expires: int = 0  # virtual µs; 0: never
    origin: str = ""
    holder: str = ""  # the program that holds it unacked
    since: int = 0  # virtual µs at which that one was sent it
    until: int = 0  # virtual µs at which it is ready again, if nothing happens; 0: there is no such time


def copy_name(message: Message, queue: str) -> str:
    """The name of the message's next copy in this queue; counts the entry."""
    entries = message.entries
    if entries is None:
        message.entries = queue
        return f"{message.id}@{queue}"
    if isinstance(entries, str):
        entries = message.entries = {entries: 1}
    count = entries.get(queue, 0) + 1
    entries[queue] = count
    return f"{message.id}@{queue}" if count == 1 else f"{message.id}@{queue}.{count}"


def message_of(copy: str) -> str:
    """The message that a copy is of, by its name (a message's own name stays): `web-41@billing` is of `web-41`."""
    return copy.partition("@")[0]


def producer_of(copy: str) -> str:
    """The program that first published it: `web-41@billing` came from `web`."""
    return message_of(copy).rpartition("-")[0]


def begin(message: Message, role: str) -> int:
    """Count that a program of this role begins to handle the message; returns how often that is now, from 1."""
    begun = message.begun
    if begun is None:
        begun = message.begun = {}
    begun[role] = count = begun.get(role, 0) + 1
    return count


def copy_event(copy: Copy) -> str:
    """The name of the next event about this copy."""
    copy.n = n = copy.n + 1
    return f"{copy.name}#{n}"


def message_event(message: Message) -> str:
    """The name of the next event about this message."""
    message.n = n = message.n + 1
    return f"{message.id}#{n}"
