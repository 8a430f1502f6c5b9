"""What Redis knows of one connection: what it listens to, its transaction, what it waits for, and what it has not read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.redis.arguments import ID

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.methods import Command, Pushed
    from mqlab.engine.connection import Connection


class Wait(msgspec.Struct):
    """A read that blocks. `starts`: for each key the id after which it wants entries; None: what the group has not read."""

    number: int
    keys: tuple[bytes, ...]
    starts: tuple[ID | None, ...]
    count: int
    group: bytes
    consumer: bytes
    noack: bool
    cause: str
    command: bytes
    told: bool = False  # its command was told as an event, and an error is too


class Client:
    """One connection at the server. `resp`: the version of the protocol that it speaks."""

    __slots__ = (
        "aborted", "backlog", "buffer", "buffered", "channels", "connection", "db", "doomed", "id", "listens", "name",
        "overfull", "patterns", "program", "queued", "resp", "sent", "shards", "soft_since", "unread", "wait", "watched",
    )  # fmt: skip

    def __init__(self, id: int, connection: Connection) -> None:
        self.id = id
        self.connection = connection
        self.program = connection.program
        self.name = b""
        self.resp = 2
        self.db = 0
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.shards: dict[bytes, None] = {}
        self.listens = False  # to any of these
        self.queued: list[tuple[Command, Any]] | None = None  # since MULTI
        self.aborted = False
        self.watched: dict[tuple[int, bytes], int] = {}
        self.wait: Wait | None = None
        self.backlog: deque[tuple[Command, str]] = deque()  # sent while it waits
        self.sent = 0  # messages that it published without naming them
        self.buffer: deque[tuple[Pushed, int, Any]] = deque()  # not sent yet: frame, bytes, copy
        self.buffered = 0  # bytes in it
        self.unread = 0  # bytes sent that the program has not read
        self.soft_since = -1  # ms of the epoch since when it is over the soft limit
        self.overfull = ""  # why it is to be disconnected
        self.doomed = False  # it asked to be closed, or was killed in the middle of its own command

    @property
    def subscriptions(self) -> int:
        """To channels and patterns: what (UN)SUBSCRIBE and P(UN)SUBSCRIBE answer."""
        return len(self.channels) + len(self.patterns)

    def discard(self) -> None:
        """Let go of the connection (see World.discard)."""
        self.buffer.clear()
        self.backlog.clear()
