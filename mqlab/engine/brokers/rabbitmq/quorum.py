"""A quorum queue on one node: it counts failed deliveries, and where it puts what comes back depends on the limit.

With a delivery limit in force (by default 20 since 4.0) returned copies are served before all others, in the order of their
return; without one they go to the back. A full consumer leaves the rotation at once. [rules 24, 58–60]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq.queue import Queue, whole

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.message import Copy

DEFAULT_LIMIT = 20
UNLIMITED_PREFETCH = 2000


class QuorumQueue(Queue):
    """`limit`: failed deliveries that a copy survives; None: no limit."""

    kind = "quorum"
    remembers_transient = True

    __slots__ = ("limit", "returned")

    def __init__(self, name: str, version: str, **more: Any) -> None:
        super().__init__(name, **more)
        given = whole(self.arguments, "x-delivery-limit")
        default = None if version == "3.10" else DEFAULT_LIMIT
        self.limit: int | None = default if given is None else None if given < 0 else given
        self.returned: deque[Copy] = deque()

    def __len__(self) -> int:
        return len(self.returned) + len(self.ready)

    @property
    def head(self) -> Copy | None:
        """The next to be served: what came back goes first."""
        return self.returned[0] if self.returned else self.ready[0] if self.ready else None

    def copies(self) -> Iterator[Copy]:
        """What is ready, in service order."""
        return chain(self.returned, self.ready)

    def pop(self) -> Copy:
        """Take the next to be served."""
        copy = (self.returned or self.ready).popleft()
        self.bytes -= len(copy.message.body)
        return copy

    def put_back(self, copy: Copy, closed: bool) -> int:
        """To the returns; what a client gives back itself goes to the back where there is no limit."""
        self.bytes += len(copy.message.body)
        if self.to_the_back(closed):
            self.ready.append(copy)
            return len(self) - 1
        self.returned.append(copy)
        return len(self.returned) - 1

    def to_the_back(self, closed: bool) -> bool:
        """Whether what comes back goes to the back. [asked of a 3.10.8]"""
        return self.limit is None and not closed

    def took(self, consumer: Consumer) -> None:
        """To the tail if it may take one more, else out of the rotation."""
        self.active.popleft()
        if consumer.may_take:
            self.active.append(consumer)
        else:
            consumer.blocked = True
