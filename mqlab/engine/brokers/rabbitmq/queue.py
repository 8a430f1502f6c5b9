"""A classic queue: ready copies in order, the rotation of its consumers, and its limits.

What is ready is always in the order of entry: a requeued copy goes back to its original place (`seq`). Blocked consumers
leave the rotation when their turn finds them full, and re-enter at its tail. [semantics §1.2–1.6]
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.order import Order
    from mqlab.engine.brokers.rabbitmq.place import Place
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Copy


def whole(arguments: dict[str, Any], name: str) -> int | None:
    """An argument that is a whole number, else None: what else it may be has been looked at where it was declared."""
    value = arguments.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class Queue:
    """One queue. Times in µs, sizes in bytes of bodies."""

    kind = "classic"
    remembers_transient = False
    prioritized = False  # whether it looks at priorities
    priority_rule = ""  # by which a message goes before others
    together = False  # whether it sends what it gives out at one moment consumer by consumer
    sees_head = True  # whether the time to live of whatever comes to the head is looked at

    __slots__ = (
        "active", "arguments", "auto_delete", "bytes", "chosen", "consumers", "dead_letter_exchange",
        "dead_letter_routing_key", "durable", "entered", "exclusive", "expires_us", "lease", "left", "max_bytes",
        "max_length", "name", "overflow", "owner", "place", "policy", "ranked", "ready", "single", "timed", "timer",
        "ttl_us", "unacked", "used",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = False,
        arguments: dict[str, Any] | None = None,
        owner: Connection | None = None,
    ) -> None:
        arguments = arguments or {}
        self.name = name
        self.durable = durable
        self.exclusive = exclusive
        self.auto_delete = auto_delete
        self.arguments = arguments
        self.owner = owner
        self.place: Place | None = None  # where in a cluster
        self.policy = ""  # the name of the one that applies
        self.configure(arguments)
        self.lease = 0  # when it goes if nobody uses it; 0: nobody waits for that
        self.ready: Order = deque()
        self.bytes = 0
        self.unacked: dict[str, Copy] = {}
        self.entered = 0
        self.consumers: dict[str, Consumer] = {}
        self.active: deque[Consumer] = deque()
        self.left = 0  # how often one of them has left the rotation
        self.ranked = False  # its consumers differ in priority, or have
        self.single = arguments.get("x-single-active-consumer") is True
        self.chosen: Consumer | None = None  # the one that is served, where only one is
        self.used = False  # it has had a consumer
        self.timed = False  # it has had something with a time to live
        self.timer = 0  # when the head's time to live is looked at; 0: no such entry on the agenda

    def led(self, now: int) -> None:
        """From now on somebody minds it: of a quorum queue a new leader."""

    def next_look(self, t: int) -> int:
        """When it is seen that its time unused was over at `t` (µs): a classic queue has a timer for it."""
        return t

    def configure(self, arguments: dict[str, Any]) -> None:
        """Take what may change later: its own arguments, or those together with a policy's."""
        ttl = whole(arguments, "x-message-ttl")
        self.ttl_us = None if ttl is None else ttl * 1000
        expires = whole(arguments, "x-expires")
        self.expires_us = 0 if expires is None else expires * 1000
        self.max_length = whole(arguments, "x-max-length")
        self.max_bytes = whole(arguments, "x-max-length-bytes")
        self.overflow: str = arguments.get("x-overflow", "drop-head")
        self.dead_letter_exchange: str | None = arguments.get("x-dead-letter-exchange")
        self.dead_letter_routing_key: str | None = arguments.get("x-dead-letter-routing-key")

    def __len__(self) -> int:
        return len(self.ready)

    @property
    def head(self) -> Copy | None:
        """The next to be served."""
        return self.ready[0] if self.ready else None

    def copies(self) -> Iterator[Copy]:
        """What is ready, in service order."""
        return iter(self.ready)

    def push(self, copy: Copy) -> int:
        """A copy enters. Returns its index in service order, -1 for the tail."""
        self.entered += 1
        copy.seq = self.entered
        self.ready.append(copy)
        self.bytes += len(copy.message.body)
        return -1

    def pop(self) -> Copy:
        """Take the next to be served."""
        copy = self.ready.popleft()
        self.bytes -= len(copy.message.body)
        return copy

    def pop_expired(self, now: int) -> Copy | None:
        """Take one whose time is over, if it is where this queue looks for it: at the head. [rule 39]"""
        head = self.head
        return self.pop() if head is not None and head.expires and head.expires <= now else None

    def next_expiry(self) -> int:
        """When `pop_expired` will have something (µs), as things stand; 0: never."""
        head = self.head
        return 0 if head is None else head.expires

    def put_back(self, copy: Copy, closed: bool) -> int:
        """A requeued copy returns to its original place; returns the index in service order. [rule 27]

        `closed`: it comes back because its channel closed; to a classic queue that makes no difference.
        """
        ready, seq = self.ready, copy.seq
        assert isinstance(ready, deque)
        if not ready or seq < ready[0].seq:
            ready.appendleft(copy)
            at = 0
        else:
            at = bisect_left(ready, seq, key=seq_of)
            ready.insert(at, copy)
        self.bytes += len(copy.message.body)
        return at

    def keep(self, wanted: Callable[[Copy], bool]) -> list[Copy]:
        """Keep what is wanted, where it is, and no more. Returns the rest, in service order."""
        kept: list[Copy] = []
        lost: list[Copy] = []
        for copy in self.copies():
            (kept if wanted(copy) else lost).append(copy)
        self.ready.clear()
        for copy in kept:
            self.ready.append(copy)
        self.bytes = sum(len(copy.message.body) for copy in kept)
        return lost

    def priority_of(self, copy: Copy) -> int:
        """What its publisher gave it, as far as this queue looks at it."""
        return 0

    def full(self, more: int, size: int) -> bool:
        """Whether `more` messages of `size` bytes in all would be over a limit, which counts ready ones only. [rule 43]"""
        return (self.max_length is not None and len(self) + more > self.max_length) or (
            self.max_bytes is not None and self.bytes + size > self.max_bytes
        )

    def refuses(self, size: int, channel: Channel | None) -> bool:
        """Whether a message of `size` bytes, published on `channel` (None: a dead letter), is one too many."""
        return self.full(1, size)

    def weigh(self) -> None:
        """Look whether it is over its limit, after something has come: a classic queue asks at each publish instead."""

    def next_consumer(self) -> Consumer | None:
        """Whose turn it is, among those that may take one more. The full ones met on the way leave the rotation. [rule 22]"""
        active = self.active
        while active:
            consumer = active[0]
            if consumer.may_take:
                return consumer
            if consumer.has_room:
                consumer.channel.stopped[self] = None
            self.left += 1
            consumer.blocked = self.left
            active.popleft()
        return None

    def took(self, consumer: Consumer) -> None:
        """The consumer whose turn it was has taken one: it goes to the tail, or behind its equals. [rule 31]"""
        if self.ranked:
            self.active.popleft()
            self.join(consumer)
        else:
            self.active.rotate(-1)

    def pick(self, consumer: Consumer) -> Copy:
        """Let the consumer whose turn it is have the next, before it is sent."""
        copy = self.pop()
        consumer.unacked += not consumer.auto_ack
        self.took(consumer)
        return copy

    def in_turn(self, picked: list[tuple[Consumer, Copy]]) -> list[tuple[Consumer, Copy]]:
        """In which order what was picked at one moment is sent."""
        return picked

    def join(self, consumer: Consumer) -> None:
        """A consumer enters the rotation, at its tail, or behind its equals; where one is served, only that one."""
        if self.single and not self.serves(consumer):
            consumer.blocked = 1
            return
        consumer.blocked = 0
        if self.ranked:
            at = sum(one.priority >= consumer.priority for one in self.active)
            self.active.insert(at, consumer)
        else:
            self.active.append(consumer)

    def serves(self, consumer: Consumer) -> bool:
        """Whether this is the one consumer that is served. [rule 32]"""
        return consumer is self.chosen

    def add(self, consumer: Consumer) -> None:
        """A consumer comes."""
        self.consumers[consumer.id] = consumer
        self.used = True
        self.ranked = self.ranked or consumer.priority != 0
        if self.single:
            self.choose()
        self.join(consumer)
        self.wake()

    def rest(self) -> None:
        """The one that is served is not asked, until something wakes the queue: so does 3.10 after a cancel. [rule 32]"""
        if self.chosen is not None and not self.chosen.blocked:
            self.active.remove(self.chosen)
            self.chosen.blocked = 1

    def wake(self) -> None:
        """It is asked again."""
        if self.chosen is not None and self.chosen.blocked and self.chosen.may_take:
            self.join(self.chosen)

    def part(self, consumer: Consumer) -> None:
        """A consumer leaves the queue for good."""
        if not consumer.blocked:
            self.active.remove(consumer)
        consumer.blocked = 0
        self.consumers.pop(consumer.id, None)
        if consumer.channel.stopped and not any(
            one.channel is consumer.channel for one in self.consumers.values()
        ):
            consumer.channel.stopped.pop(self, None)
        if consumer is self.chosen:
            self.chosen = None
            self.choose()
            self.wake()

    def choose(self) -> None:
        """Who is served, where nobody is: of those with the highest priority the first that came. [rule 32]"""
        if self.chosen is None:
            self.chosen = self.heir()

    def heir(self) -> Consumer | None:
        """Who comes next."""
        waiting = (one for one in self.consumers.values() if one is not self.chosen)
        return max(waiting, key=lambda one: one.priority, default=None)


def seq_of(copy: Copy) -> int:
    """When it entered its queue."""
    return copy.seq
