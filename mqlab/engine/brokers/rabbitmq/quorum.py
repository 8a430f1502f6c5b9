"""A quorum queue on one node: it counts failed deliveries, and where it puts what comes back depends on the limit.

With a delivery limit in force (by default 20 since 4.0) returned copies are served before all others, in the order of their
return, whatever their priority; without one they go to the back. A full consumer leaves the rotation at once. 3.10 knows no
priorities, 4.0 a high and a low half, 4.3 has 32 levels. [rules 24, 58–61]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq.order import Levels, TwoToOne, priority_of
from mqlab.engine.brokers.rabbitmq.queue import Queue, whole

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.message import Copy

DEFAULT_LIMIT = 20
UNLIMITED_PREFETCH = 2000
TICK_US = 5_000_000
"""A leader looks after its queue so often. [rabbit_quorum_queue.erl: quorum_tick_interval]"""
PRIORITY_MAX, USUAL_PRIORITY = 31, 4


class QuorumQueue(Queue):
    """`limit`: failed deliveries that a copy survives; None: no limit."""

    kind = "quorum"
    remembers_transient = True

    __slots__ = (
        "default_limit",
        "keeps_letters",
        "led_since",
        "letters",
        "limit",
        "order",
        "preempts",
        "prioritized",
        "priority_rule",
        "publishers",
        "retry",
        "retry_max_us",
        "retry_min_us",
        "returned",
        "strict",
        "together",
    )

    def __init__(self, name: str, version: str, **more: Any) -> None:
        self.default_limit = None if version == "3.10" else DEFAULT_LIMIT
        super().__init__(name, **more)
        self.returned: deque[Copy] = deque()
        self.letters: dict[str, str] = {}  # dead letters that nobody takes: copy -> reason
        self.retry = (
            str(self.arguments.get("x-delayed-retry-type", "disabled")) if version == "4.3" else "disabled"
        )
        self.retry_min_us = (whole(self.arguments, "x-delayed-retry-min") or 0) * 1000
        self.retry_max_us = (whole(self.arguments, "x-delayed-retry-max") or 0) * 1000
        self.led_since = 0
        self.together = False  # whether a channel has two consumers here
        self.publishers: dict[Channel, bool] = {}  # and whether the queue has told them to stop
        self.prioritized = self.preempts = version != "3.10"
        self.order: Levels | TwoToOne | None = None
        self.strict: Levels | None = None
        if version == "4.3":
            self.ready = self.order = self.strict = Levels(PRIORITY_MAX, USUAL_PRIORITY)
            self.priority_rule = "rabbitmq/priority-quorum-strict"
        elif version == "4.0":
            self.ready = self.order = TwoToOne()
            self.priority_rule = "rabbitmq/priority-quorum-two-to-one"

    def configure(self, arguments: dict[str, Any]) -> None:
        super().configure(arguments)
        if self.overflow == "reject-publish-dlx":
            self.overflow = "drop-head"  # taken at the declare, and not done
        given = whole(arguments, "x-delivery-limit")
        if given is not None and given < 0 and self.default_limit is not None:
            self.limit: int | None = None
        else:  # to 3.10 a limit below 0 is one that the first return breaks [asked of a 3.10.8]
            self.limit = self.default_limit if given is None else given
        at_least_once = arguments.get("x-dead-letter-strategy") == "at-least-once"
        self.keeps_letters = (
            at_least_once and self.overflow == "reject-publish" and self.dead_letter_exchange is not None
        )

    def led(self, now: int) -> None:
        self.led_since = now

    def next_look(self, t: int) -> int:
        """At the leader's next tick. [rule 17]"""
        return self.led_since - (self.led_since - t) // TICK_US * TICK_US

    def full(self, more: int, size: int) -> bool:
        """Dead letters that it keeps count too."""
        return super().full(more + len(self.letters), size)

    def __len__(self) -> int:
        return len(self.returned) + len(self.ready)

    @property
    def head(self) -> Copy | None:
        """The next to be served: what came back goes first."""
        if self.returned:
            return self.returned[0]
        strict = self.strict
        if strict is not None:
            return strict.levels[strict.top][0] if strict.count else None
        return self.ready[0] if self.ready else None

    def copies(self) -> Iterator[Copy]:
        """What is ready, in service order."""
        return chain(self.returned, self.ready)

    def push(self, copy: Copy) -> int:
        """A copy enters: behind what came back, and behind those of its priority."""
        order = self.order
        if order is None:
            return super().push(copy)
        self._number(copy)
        at = order.enter(copy)
        return -1 if at == len(order) - 1 else at + len(self.returned)

    def _number(self, copy: Copy) -> None:
        self.entered += 1
        copy.seq = self.entered
        self.bytes += len(copy.message.body)

    def pop(self) -> Copy:
        """Take the next to be served."""
        copy = (self.returned or self.ready).popleft()
        self.bytes -= len(copy.message.body)
        self.let_go_on()
        return copy

    def let_go_on(self) -> None:
        """Tell the publishers to go on where there is room again."""
        if self.publishers and self._has_room():
            self.publishers = dict.fromkeys(self.publishers, False)

    def _has_room(self) -> bool:
        """Whether it is at most at four fifths of its limits, where it lets publishers go on."""
        return (self.max_length is None or len(self) + len(self.letters) <= self.max_length * 4 // 5) and (
            self.max_bytes is None or self.bytes <= self.max_bytes * 4 // 5
        )

    def refuses(self, size: int, channel: Channel | None) -> bool:
        """A publisher is refused once the queue was over its limit and said so, or at the first publish of all if it is then; a
        dead letter comes from nobody who could be told. [rule 46; read in 3.10.8's rabbit_fifo and asked of it]"""
        if channel is None:
            return False
        return self.publishers.setdefault(channel, self.full(0, 0))

    def weigh(self) -> None:
        """Tell the publishers to stop where the queue is over its limit."""
        if self.full(0, 0):
            for channel in list(self.publishers):
                if channel.connection.channels.get(channel.number) is channel:
                    self.publishers[channel] = True
                else:
                    del self.publishers[channel]

    def put_back(self, copy: Copy, closed: bool) -> int:
        """To the returns; what a client gives back itself goes to the back where there is no limit, and has no priority."""
        if not self.to_the_back(closed):
            self.bytes += len(copy.message.body)
            self.returned.append(copy)
            return len(self.returned) - 1
        self._number(copy)
        if self.order is not None:
            return len(self.returned) + self.order.enter(copy, usual=True)
        self.ready.append(copy)
        return len(self) - 1

    def pop_expired(self, now: int) -> Copy | None:
        """4.3 looks at the head of each priority, not at that of the queue alone."""
        copy = super().pop_expired(now)
        if copy is not None or self.strict is None:
            return copy
        for level, head in self.strict.heads():
            if head.expires and head.expires <= now:
                self.bytes -= len(head.message.body)
                return self.strict.take(level)
        return None

    def next_expiry(self) -> int:
        """When the next of the heads is over its time (µs); 0: never."""
        due = super().next_expiry()
        if self.strict is not None:
            dues = [head.expires for _, head in self.strict.heads() if head.expires]
            due = min((*dues, due)) if due else min(dues, default=0)
        return due

    def priority_of(self, copy: Copy) -> int:
        """What its publisher gave it, where this version looks at it."""
        return priority_of(copy, PRIORITY_MAX) if self.prioritized else 0

    def to_the_back(self, closed: bool) -> bool:
        """Whether what comes back goes to the back. [asked of a 3.10.8]"""
        return self.limit is None and not closed

    def took(self, consumer: Consumer) -> None:
        """Behind its equals if it may take one more, else out of the rotation."""
        self.active.popleft()
        if not consumer.may_take:
            consumer.blocked = 1
        elif self.ranked or self.single:
            super().join(consumer)
        else:
            self.active.append(consumer)

    def in_turn(self, picked: list[tuple[Consumer, Copy]]) -> list[tuple[Consumer, Copy]]:
        """Consumer by consumer: by their tags in 3.10, since 4.0 in the order in which they came. [asked of a 3.10.8]"""
        if not self.preempts:
            return sorted(picked, key=lambda one: one[0].tag)
        came = list(self.consumers.values())
        return sorted(picked, key=lambda one: came.index(one[0]))

    def join(self, consumer: Consumer) -> None:
        """One that is full does not enter at all: it may hold what it took under the same tag before."""
        if consumer.may_take:
            super().join(consumer)
        else:
            consumer.blocked = 1

    def serves(self, consumer: Consumer) -> bool:
        return consumer is self.chosen and not self._yields(consumer)

    def choose(self) -> None:
        """Since 4.0 who has a higher priority takes over from one that holds nothing any more. [rule 32]"""
        chosen = self.chosen
        if chosen is not None and self._yields(chosen):
            if not chosen.blocked:
                self.active.remove(chosen)
                chosen.blocked = 1
            if chosen.unacked == 0:
                self.chosen = self.heir()
        super().choose()
        self.wake()

    def add(self, consumer: Consumer) -> None:
        super().add(consumer)
        channels = [one.channel for one in self.consumers.values()]
        self.together = len(set(channels)) < len(channels)

    def part(self, consumer: Consumer) -> None:
        """With it may go the one that was to take over."""
        super().part(consumer)
        self.wake()

    def _yields(self, chosen: Consumer) -> bool:
        heir = self.heir() if self.preempts else None
        return heir is not None and heir.priority > chosen.priority

    def heir(self) -> Consumer | None:
        """In 3.10 the first that came, whatever its priority."""
        if self.preempts:
            return super().heir()
        return next((one for one in self.consumers.values() if one is not self.chosen), None)
