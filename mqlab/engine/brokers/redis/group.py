"""A consumer group: how far it has read, what it has given out and to whom, and what waits for it.

Its pending list (PEL) holds what was delivered and not acked. For the picture a group keeps a copy of each entry, which
is ready until it is delivered, and ends when it is acked or its entry is taken away unread.
"""

from __future__ import annotations

import msgspec

from mqlab.engine.brokers.redis.arguments import ID
from mqlab.engine.message import Copy


class Pending(msgspec.Struct, gc=False):
    """Delivered and not acked. `delivered`: when last, in ms of the epoch; `count`: how often."""

    copy: Copy
    consumer: bytes
    delivered: int
    count: int = 1


class Consumer(msgspec.Struct):
    """One consumer, by its name. `seen`: when it last asked, `active`: when it last got something; ms of the epoch."""

    name: bytes
    seen: int
    active: int = -1
    pending: int = 0


class Group:
    """One group. `last`: the last id given out; `read`: how many entries ever, -1 where nobody can tell."""

    __slots__ = ("consumers", "key", "last", "name", "pel", "read", "ready")

    def __init__(self, key: bytes, name: str, last: ID, read: int) -> None:
        self.key = key  # as commands name it
        self.name = name  # in the picture, where a name is given once: orders/billing
        self.last = last
        self.read = read
        self.consumers: dict[bytes, Consumer] = {}
        self.pel: dict[ID, Pending] = {}
        self.ready: dict[ID, Copy] = {}

    def __len__(self) -> int:
        return len(self.ready)

    def pending(self) -> list[tuple[ID, Pending]]:
        """The pending list by id."""
        return sorted(self.pel.items(), key=_id)

    @property
    def copies(self) -> list[Copy]:
        """All its copies: ready ones, then pending ones."""
        held = [one.copy for one in self.pel.values() if one.copy.state == "unacked"]
        return [*self.ready.values(), *held]


def _id(item: tuple[ID, Pending]) -> ID:
    return item[0]
