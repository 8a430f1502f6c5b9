"""A program that works on what it gets: one message at a time, each for as long as its setting says. How it gets them, and how
it tells that it has done, is in the subclass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.clients.program import Program
from mqlab.engine.draw import exponential, stem, unit
from mqlab.engine.events import Handled, Lost, Started
from mqlab.engine.message import Copy, begin, copy_event

if TYPE_CHECKING:
    from mqlab.engine.scenario.service import FailSpec, FailWhen, WorkSpec
    from mqlab.engine.world import World


class Item(msgspec.Struct):
    """A message in memory. `tag`: by what it is settled; owed: an ack is still owed for it. started, until: µs, once it is being
    handled."""

    copy: Copy
    tag: Any
    owed: bool
    redelivered: bool
    attempt: int = 0
    started: int = 0
    until: int = 0


class Worker(Program, ABC):
    """`role` is the scenario's name for this kind of program; replicas share it, and with it their luck.

    The subclass puts an Item into `buffer` and calls `take`; it is told when one is begun (`on_begun`) and done (`settle`)."""

    what = "consumer"
    spec: WorkSpec
    lost_rule = ""  # the rule by which what only this program still had is lost for good

    def __init__(self, world: World, role: str, spec: WorkSpec) -> None:
        self.role = role
        self.spec = spec
        self.up = self.ran = spec.start_us == 0
        self._service, self._failure = stem(world.seed, role, "service"), stem(world.seed, role, "fail")
        self.buffer: deque[Item] = deque()
        self.working: Item | None = None
        self.missed: tuple[str, int, str] | None = None  # work that was done while it hung

    @property
    def waits(self) -> bool:
        """Whether it has never run, and only begins later."""
        return not self.ran and not self.leaving

    def restart(self, cause: str) -> None:
        """Start, for the first time or again."""
        self.ran = True
        super().restart(cause)

    def on_begun(self, item: Item, cause: str) -> None:
        """It has begun to handle this one."""

    @abstractmethod
    def settle(self, item: Item, failed: bool, cause: str) -> None:
        """It has handled this one, well or not: tell the broker."""

    def matters(self, when: FailWhen, copy: Copy) -> bool:
        """Whether what the broker's own words say of a message makes it one that may fail."""
        return True

    def accept(self, item: Item, cause: str) -> None:
        """Into the buffer; if idle, begin."""
        self.buffer.append(item)
        if self.working is None:
            self.take(cause)

    def take(self, cause: str) -> None:
        """Begin the next one, if there is one."""
        if not self.buffer or self.hung:
            return
        world = self.world
        item = self.working = self.buffer.popleft()
        message = item.copy.message
        item.attempt = begin(message, self.role)
        item.started = world.now
        item.until = world.now + self._service_us(message.id, item.attempt)
        name = copy_event(item.copy)
        of = (item.copy.name,)
        world.emit(
            Started(
                world.now, name, cause, "", of, self.name, message.key, item.until, item.attempt, item.redelivered
            )
        )  # fmt: skip
        self.on_begun(item, name)
        world.at(item.until, self.done, item.copy.name, item.attempt, name)

    def _service_us(self, message: str, attempt: int) -> int:
        usual = self._usual_us(message, attempt)
        return usual if self.slow == 1 else round(usual * self.slow)

    def _usual_us(self, message: str, attempt: int) -> int:
        service = self.spec.service
        seed, key = self._service, (message, attempt)
        if service.exponential_us:
            return round(exponential(service.exponential_us, seed, *key))
        if service.uniform_us:
            low, high = service.uniform_us
            return low + round(unit(seed, *key) * (high - low))
        return service.constant_us

    def done(self, copy_name: str, attempt: int, cause: str) -> None:
        """The time it takes is over: say how it went, settle, and take the next."""
        item = self.working
        if item is None or item.copy.name != copy_name or item.attempt != attempt or not self.up:
            return  # dropped meanwhile
        if self.hung:
            self.missed = (copy_name, attempt, cause)
            return
        self.working = None
        world = self.world
        fail = self.spec.fail
        failed = fail is not None and self._fails(fail, item)
        name = copy_event(item.copy)
        outcome = "failed" if failed else "ok"
        world.emit(
            Handled(world.now, name, cause, "", (copy_name,), self.name, item.copy.message.key, outcome)
        )
        self.settle(item, failed, name)
        self.take(name)

    def _fails(self, fail: FailSpec, item: Item) -> bool:
        copy, when = item.copy, fail.when
        if when is not None and not (
            (when.key is None or when.key == copy.message.key)
            and (when.redelivered is None or when.redelivered == item.redelivered)
            and (when.attempt_at_most is None or item.attempt <= when.attempt_at_most)
            and (when.messages is None or copy.message.id in when.messages)
            and self.matters(when, copy)
        ):
            return False
        return fail.chance >= 1 or unit(self._failure, copy.message.id, item.attempt) < fail.chance

    def thaw(self, cause: str) -> None:
        """Finish what would be done by now; if idle, begin."""
        missed, self.missed = self.missed, None
        if missed is not None:
            self.world.at(self.world.now, self.done, *missed)
        if self.working is None:
            self.take(cause)

    def memory(self) -> Iterator[tuple[Copy, str, bool, int, int]]:
        """What it has in its hands: copy, state, redelivered, and from when until when (µs) it works on it."""
        for item in (*self.buffer, *([self.working] if self.working else [])):
            state = "working" if item is self.working else "buffered"
            yield item.copy, state, item.redelivered, item.started, item.until

    def drop_memory(self, cause: str, *, crash: bool) -> None:
        """A crash drops all; a broken connection only what an ack is owed for, since that ack can't be sent any more."""
        items = [*([self.working] if self.working else []), *self.buffer]
        owed = [item.copy for item in items if item.owed]
        if owed:
            self.tell_lost(owed, "delivery", "", cause)
        if crash:
            self.lose([item.copy for item in items if not item.owed], cause)
        kept = [] if crash else [item for item in items if not item.owed]
        if self.working not in kept:
            self.working = None
        self.buffer = deque(item for item in kept if item is not self.working)

    def lose(self, copies: list[Copy], cause: str) -> None:
        """Messages that only this program still had are gone."""
        if copies:
            self.tell_lost(copies, "message", self.lost_rule, cause)

    def tell_lost(self, copies: list[Copy], what: str, rule: str, cause: str) -> None:
        """These fall here."""
        world = self.world
        of = tuple([copy.name for copy in copies])
        key = copies[0].message.key
        world.emit(Lost(world.now, world.name(self.name), cause, rule, of, what, self.name, key))
