"""A classic queue with priorities: it serves the highest first, and within a level the oldest. [rules 47, 61]

A real one looks at the time to live of its head when the one before has left. So what overtakes all others has nobody who
watches its time: it may be delivered after it. [asked of a 3.10.8]
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq.order import Levels, priority_of
from mqlab.engine.brokers.rabbitmq.queue import Queue, seq_of, whole

if TYPE_CHECKING:
    from mqlab.engine.message import Copy


class PriorityQueue(Queue):
    """`ready` has levels; what comes back goes to its original place in its own."""

    prioritized = True
    priority_rule = "rabbitmq/priority-classic"
    sees_head = False

    __slots__ = ("levels",)

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name, **more)
        most = whole(self.arguments, "x-max-priority") or 0
        self.levels = self.ready = Levels(most)

    def push(self, copy: Copy) -> int:
        self.entered += 1
        copy.seq = self.entered
        self.bytes += len(copy.message.body)
        at = self.levels.enter(copy)
        return -1 if at == self.levels.count - 1 else at

    def put_back(self, copy: Copy, closed: bool) -> int:
        level = self.levels.level_of(copy)
        line = self.levels.of(level)
        at = bisect_left(line, copy.seq, key=seq_of)
        line.insert(at, copy)
        self.bytes += len(copy.message.body)
        return self.levels.before(level) + at

    def priority_of(self, copy: Copy) -> int:
        return priority_of(copy, self.levels.most)
