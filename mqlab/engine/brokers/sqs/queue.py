"""A standard queue: ready copies on its servers, what is in flight or delayed, and who waits for more.

It promises that what was sent is received at least once, and does its best for the order. A FIFO queue (fifo.py) is
another way to keep what is ready. [semantics §3]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import merge
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.sqs import sampling
from mqlab.engine.brokers.sqs.attributes import SECOND, number
from mqlab.engine.brokers.sqs.copy import SqsCopy
from mqlab.engine.brokers.sqs.deadlines import AGE, Deadlines
from mqlab.engine.brokers.sqs.shelf import Shelf, seq_of

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.dedup import Window
    from mqlab.engine.brokers.sqs.receive import Poll
    from mqlab.engine.brokers.sqs.redrive import Allowed, Redrive


class Queue:
    """Times in µs, sizes in bytes. `live`: every copy in it, by name, in the order of entry."""

    fifo = False
    kind = "standard"
    by_content = False  # it makes deduplication ids of bodies
    by_group = False  # its deduplication ids count within their group
    high_throughput = False
    window: Window | None = None

    __slots__ = (
        "allowed", "attributes", "calls", "changed", "created", "deadlines", "delay_us", "delayed", "entered", "expire_us",
        "flying", "grouped", "live", "max_bytes", "model", "name", "polled", "polls", "purged", "redrive", "seed", "shelves",
        "size", "timer", "unacked", "visibility_us", "wait_s",
    )  # fmt: skip

    def __init__(
        self, name: str, attributes: dict[str, str], model: sampling.Model, seed: int, now: int
    ) -> None:
        self.name = name
        self.model = model
        self.seed = seed
        self.created = self.changed = now
        self.live: dict[str, SqsCopy] = {}
        self.unacked: dict[str, SqsCopy] = {}
        self.flying: dict[str, int] = {}  # message group -> how many are in flight; "": without one
        self.grouped = False  # some message has had a group
        self.delayed = 0
        self.size = 0  # how many are ready
        self.entered = 0
        self.polled = 0
        self.polls: deque[Poll] = deque()
        self.deadlines = Deadlines()
        self.timer = -1  # when the queue looks at its deadlines; -1: no such entry on the agenda
        self.purged = -1
        self.calls: dict[str, tuple[int, int]] = {}  # action -> the second, and how many there were in it
        self.redrive: Redrive | None = None
        self.allowed: Allowed | None = None
        self.configure(attributes)
        self.prepare()

    def configure(self, attributes: dict[str, str]) -> None:
        """Take its attributes, at first or anew."""
        self.attributes = attributes
        self.visibility_us = number(attributes, "VisibilityTimeout") * SECOND
        self.delay_us = number(attributes, "DelaySeconds") * SECOND
        self.expire_us = number(attributes, "MessageRetentionPeriod") * SECOND
        self.wait_s = number(attributes, "ReceiveMessageWaitTimeSeconds")
        self.max_bytes = number(attributes, "MaximumMessageSize")

    def prepare(self) -> None:
        """Make room for what is to be ready."""
        self.shelves = [Shelf() for _ in range(self.model.servers)]

    def __len__(self) -> int:
        return self.size

    @property
    def in_flight(self) -> int:
        """How many were received and are neither deleted nor visible again."""
        return len(self.unacked) - self.delayed

    def copies(self) -> Iterator[SqsCopy]:
        """What is ready, in the order of entry."""
        if len(self.shelves) == 1:
            return self.shelves[0].copies()
        return merge(*[shelf.copies() for shelf in self.shelves], key=seq_of)

    def enter(self, copy: SqsCopy) -> None:
        """A copy is in the queue from now on, and not yet ready."""
        self.entered += 1
        copy.seq = self.entered
        self.live[copy.name] = copy
        if copy.group:
            self.grouped = True
        copy.expires = expires = copy.sent + self.expire_us
        self.deadlines.add(expires, AGE, copy)
        if self.model.servers > 1:
            copy.home = sampling.home(self.model, self.seed, self.name, copy.name)

    def put(self, copy: SqsCopy) -> int:
        """A copy is ready. Returns its index in the order of entry, -1 for the tail."""
        self.size += 1
        if copy.seq == self.entered:  # the newest: the last wherever it goes
            groups = self.shelves[copy.home].groups
            line = groups.get(copy.group)
            if line is None:
                groups[copy.group] = deque((copy,))
            else:
                line.append(copy)
            return -1
        self.shelves[copy.home].put(copy)
        before = sum(shelf.before(copy.seq) for shelf in self.shelves)
        return -1 if before == self.size - 1 else before

    def remove(self, copy: SqsCopy) -> None:
        """A ready copy goes."""
        self.size -= 1
        self.shelves[copy.home].remove(copy)

    def ask(self, long: bool) -> list[int]:
        """Which servers the next poll asks."""
        self.polled += 1
        return sampling.asked(self.model, self.seed, self.name, self.polled, long)

    def pick(self, servers: list[int], taken: int) -> tuple[SqsCopy | None, str]:
        """Take the next copy for a poll that asks these servers, after so many others; and by which rule, if by one.

        Each server gives in turn what it has longest. Where messages have groups, those of groups that have more than their
        share of what is in flight come last.
        """
        if not self.size:
            return None, ""
        shelves = self.shelves
        noisy: list[str] = []
        if not self.grouped and len(shelves) == 1:
            self.size -= 1
            return shelves[0].first(), ""
        if self.grouped:
            noisy = self.noisy(shelves)
        turn = taken % len(servers)
        heads = []
        for n in range(len(servers)):
            head = shelves[servers[(turn + n) % len(servers)]].head(noisy)
            if head is not None:
                if not noisy or head.group not in noisy:
                    self.remove(head)
                    return head, self.why(head, noisy)
                heads.append(head)
        if not heads:
            return None, ""
        self.remove(heads[0])
        return heads[0], ""

    def noisy(self, shelves: list[Shelf]) -> list[str]:
        """The groups with more in flight than an equal share of it, among those that have anything here. [rule 11]"""
        there = dict.fromkeys(group for shelf in shelves for group in shelf.groups)
        groups = [group for group in {**there, **self.flying} if group]
        if len(groups) < 2:
            return []
        total = sum(self.flying.get(group, 0) for group in groups)
        return [group for group in groups if self.flying.get(group, 0) * len(groups) > total]

    def why(self, head: SqsCopy, noisy: list[str]) -> str:
        """The rule by which this one goes, where an older one of a noisy group waits."""
        if not noisy:
            return ""
        older = any(
            line[0].seq < head.seq
            for shelf in self.shelves
            for group, line in shelf.groups.items()
            if group in noisy
        )
        return "sqs/fair-queue" if older else ""

    def lend(self, copy: SqsCopy, holder: str) -> None:
        """A picked copy is in flight, in the hands of this program."""
        copy.holder, copy.known = holder, True
        self.unacked[copy.name] = copy
        group = copy.group
        self.flying[group] = self.flying.get(group, 0) + 1

    def lend_plain(self, most: int, holder: str, known: bool) -> list[SqsCopy]:
        """Pick and lend up to so many, where there are no groups and one server, and no limit to receives."""
        groups, unacked = self.shelves[0].groups, self.unacked
        line = groups[""]
        if most < len(line):
            copies = [line.popleft() for _ in range(most)]
        else:
            copies = list(groups.pop(""))
        for copy in copies:
            copy.holder, copy.known = holder, known
            unacked[copy.name] = copy
        self.size -= len(copies)
        self.flying[""] = self.flying.get("", 0) + len(copies)
        return copies

    def hide(self, copy: SqsCopy, until: int) -> None:
        """A copy in flight, or delayed, is not to be seen until then."""
        copy.until = until
        copy.turn = turn = copy.turn + 1
        self.deadlines.add(until, turn, copy)

    def landed(self, copy: SqsCopy) -> None:
        """A copy is no longer in flight, or delayed, whatever becomes of it."""
        del self.unacked[copy.name]
        copy.until = 0
        copy.turn += 1
        if not copy.holder:
            self.delayed -= 1
            return
        copy.holder = ""
        group = copy.group
        left = self.flying[group] - 1
        if left:
            self.flying[group] = left
        else:
            del self.flying[group]

    def forget(self, copy: SqsCopy) -> None:
        """A copy leaves for good. Its state must be what it was before."""
        if copy.state == "unacked":
            self.landed(copy)
        elif copy.state == "ready":
            self.remove(copy)
        del self.live[copy.name]

    def full(self) -> bool:
        """Whether as many are in flight as may be. [rule 6]"""
        return self.in_flight >= self.model.in_flight_max

    def dedup_id(self, entry: Any) -> str:
        """Under which a repeat of this message would be known; "": there is no such thing here."""
        return ""

    def redelay(self, delay_us: int) -> None:
        """Another delay: of a standard queue it holds for what is sent from now on. [rule 5]"""

    def counts(self) -> dict[str, int]:
        """The three numbers that SQS calls approximate."""
        return {
            "ApproximateNumberOfMessages": self.size,
            "ApproximateNumberOfMessagesNotVisible": self.in_flight,
            "ApproximateNumberOfMessagesDelayed": self.delayed,
        }
