"""A FIFO queue: message groups, each in order and one receive at a time.

While a message of a group is in flight nothing more of that group is received; one receive may take several of it, in
order. [AWS: FIFO-queues-understanding-logic, 2026-08; semantics §3 rules 6-8]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush, merge
from itertools import islice
from typing import Any

from mqlab.engine.brokers.sqs.copy import SqsCopy
from mqlab.engine.brokers.sqs.dedup import Window
from mqlab.engine.brokers.sqs.digests import of_content
from mqlab.engine.brokers.sqs.queue import Queue
from mqlab.engine.brokers.sqs.shelf import put, seq_of


class FifoQueue(Queue):
    """`groups`: what is ready, by group. `heads`: the oldest of each free group, as a heap; some are no longer true."""

    fifo = True
    kind = "fifo"

    __slots__ = (
        "attempts",
        "by_content",
        "by_group",
        "current",
        "groups",
        "heads",
        "high_throughput",
        "window",
    )

    def configure(self, attributes: dict[str, str]) -> None:
        """Take its attributes."""
        super().configure(attributes)
        self.by_content = attributes.get("ContentBasedDeduplication") == "true"
        self.by_group = attributes.get("DeduplicationScope") == "messageGroup"
        self.high_throughput = attributes.get("FifoThroughputLimit") == "perMessageGroupId"

    def prepare(self) -> None:
        """Make room."""
        self.shelves = []
        self.groups: dict[str, deque[SqsCopy]] = {}
        self.heads: list[tuple[int, str]] = []
        self.window: Window = Window()
        self.attempts: dict[
            str, tuple[int, list[SqsCopy]]
        ] = {}  # attempt id -> until when (µs) it is known, what it was given
        self.current = ""  # the group that the running receive takes from

    def copies(self) -> Iterator[SqsCopy]:
        """What is ready, in the order of entry."""
        return merge(*self.groups.values(), key=seq_of)

    def enter(self, copy: SqsCopy) -> None:
        """A copy is in the queue from now on."""
        super().enter(copy)
        copy.home = 0

    def put(self, copy: SqsCopy) -> int:
        """A copy is ready: behind those of its group that came before it."""
        self.size += 1
        line = self.groups.get(copy.group)
        if line is None:
            line = self.groups[copy.group] = deque()
        put(line, copy)
        if line[0] is copy:
            heappush(self.heads, (copy.seq, copy.group))
        if copy.seq == self.entered:
            return -1
        before = sum(1 for line in self.groups.values() for one in line if one.seq < copy.seq)
        return -1 if before == self.size - 1 else before

    def remove(self, copy: SqsCopy) -> None:
        """A ready copy goes."""
        self.size -= 1
        line = self.groups[copy.group]
        if line[0] is copy:
            line.popleft()
        else:
            line.remove(copy)
        if not line:
            del self.groups[copy.group]
        else:
            heappush(self.heads, (line[0].seq, copy.group))
        if len(self.heads) > 4 * len(self.groups) + 64:
            self.heads = sorted((line[0].seq, group) for group, line in self.groups.items())

    def ask(self, long: bool) -> list[int]:
        """A new receive, which begins with no group."""
        self.polled += 1
        self.current = ""
        return []

    def pick(self, servers: list[int], taken: int) -> tuple[SqsCopy | None, str]:
        """Take the next: as many as there are of one group, then of the next free group. [rule 7]

        A head that is passed over because its group is locked, or waits, is not missed: `landed` puts it back.
        """
        line = self.groups.get(self.current)
        if taken and line and not self.waits(self.current):
            copy = line[0]
            self.remove(copy)
            return copy, "sqs/fifo-several-of-a-group"
        while self.heads:
            seq, group = self.heads[0]
            line = self.groups.get(group)
            if not line or line[0].seq != seq or group in self.flying or self.waits(group):
                heappop(self.heads)
                continue
            if seq > self.scanned():
                break
            heappop(self.heads)
            self.current = group
            copy = line[0]
            self.remove(copy)
            return copy, "sqs/fifo-group-lock" if self.passes(copy) else ""
        return None, ""

    def passes(self, copy: SqsCopy) -> bool:
        """Whether it goes before something older whose group is locked."""
        groups = self.groups
        return any(group in groups and groups[group][0].seq < copy.seq for group in self.flying)

    def waits(self, group: str) -> bool:
        """Whether something older of the group is still delayed."""
        if not self.delayed:
            return False
        first = self.groups[group][0].seq
        return any(one.group == group and not one.holder and one.seq < first for one in self.unacked.values())

    def scanned(self) -> int:
        """Up to which entry it looks for a free group: within so many undeleted messages. [rule 6]"""
        bound = self.model.fifo_scan_messages
        if len(self.live) <= bound:
            return self.entered
        return next(islice(self.live.values(), bound - 1, None)).seq

    def landed(self, copy: SqsCopy) -> None:
        """No longer in flight: its group may be free."""
        group = copy.group
        super().landed(copy)
        line = self.groups.get(group)
        if line and group not in self.flying:
            heappush(self.heads, (line[0].seq, group))

    def dedup_id(self, entry: Any) -> str:
        """Its own, or one made of its body; with its group where ids count within one."""
        own = entry.deduplication_id or of_content(entry.message.body)
        return f"{entry.group_id}/{own}" if self.by_group else own

    def redelay(self, delay_us: int) -> None:
        """Another delay holds for what is already there as well. [AWS: sqs-delay-queues]"""
        for copy in list(self.unacked.values()):
            if not copy.holder:
                self.hide(copy, copy.sent + delay_us)
