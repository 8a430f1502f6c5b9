"""Judgement while it happens: what was lost, duplicated, handled out of order, dead-lettered, or is stuck.

Each verdict is a small class: the kinds of events that it looks at, and for one event the messages that add
to its count. `Verdicts` asks them and tells every change as an event of the same action. What must be looked at
although nothing happens (a queue where nothing moves, the ledger) is looked at once a virtual second, by an
action of the agenda.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from mqlab.engine import events as e
from mqlab.engine import limits
from mqlab.engine.message import message_of

if TYPE_CHECKING:
    from mqlab.engine.world import World

SECOND = 1_000_000
NOBODY: tuple[str, ...] = ()


class Verdict(Protocol):
    """One count. Takes events of the kinds in `watches`, and returns the messages that add to it."""

    name: ClassVar[str]
    watches: ClassVar[tuple[type[e.Event], ...]]

    def __call__(self, event: Any, /) -> tuple[str, ...]:
        """The messages that this event adds."""


class Lost:
    """Ended without being handled, dead-lettered, or a word to the publisher.

    What a consumer rejected for good was handled, if badly; what an operator deleted was meant to go.
    """

    name: ClassVar[str] = "lost"
    watches: ClassVar[tuple[type[e.Event], ...]] = (
        e.Lost,
        e.Unroutable,
        e.Dropped,
        e.Expired,
        e.NodeRemoved,
        e.Deduplicated,
        e.Missed,
        e.Broadcast,
    )

    def __call__(self, event: Any) -> tuple[str, ...]:
        match event:
            case e.Lost():
                gone = event.what == "message"
            case e.Unroutable():
                gone = not event.returned
            case e.Dropped():
                gone = event.reason not in ("refused", "rejected", "deleted")
            case e.Broadcast():
                return event.of[:1] * len(event.missed)
            case e.NodeRemoved():
                gone = not event.cause.startswith("do:")
            case e.Deduplicated():
                gone = event.other  # a repeat of the same loses nothing
            case _:
                gone = True
        return event.of if gone else NOBODY


class Dead:
    """Dead-lettered, once for each time."""

    name: ClassVar[str] = "dead"
    watches: ClassVar[tuple[type[e.Event], ...]] = (e.DeadLettered,)

    def __call__(self, event: e.DeadLettered) -> tuple[str, ...]:
        return event.of


class Duplicated:
    """Handled well again by a program of the same role. Remembers one bit a message and role."""

    name: ClassVar[str] = "duplicated"
    watches: ClassVar[tuple[type[e.Event], ...]] = (e.Handled,)

    def __init__(self, handling: Handling) -> None:
        self.handling = handling

    def __call__(self, event: e.Handled) -> tuple[str, ...]:
        return tuple([copy for copy, _, _, first in self.handling.of(event) if not first])


class OutOfOrder:
    """Handled well for the first time after a later message of the same producer, key and role."""

    name: ClassVar[str] = "out_of_order"
    watches: ClassVar[tuple[type[e.Event], ...]] = (e.Handled,)

    def __init__(self, handling: Handling) -> None:
        self.handling = handling
        self.latest: dict[tuple[str, str, str], int] = {}

    def __call__(self, event: e.Handled) -> tuple[str, ...]:
        late = NOBODY
        for copy, producer, number, first in self.handling.of(event):
            if not first:
                continue
            line = (producer, event.key, self.handling.role(event.program))
            if number < self.latest.get(line, 0):
                late += (copy,)
            else:
                self.latest[line] = number
        return late


class Handling:
    """What each role has handled well: one bit a message. Two verdicts ask about each event, so the answer is kept for both."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.handled: dict[tuple[str, str], bytearray] = {}
        self.event = ""
        self.found: list[tuple[str, str, int, bool]] = []

    def role(self, program: str) -> str:
        """The scenario's name for this kind of program, which replicas share; a program without one is its own."""
        return str(getattr(self.world.programs.get(program), "role", program))

    def of(self, event: e.Handled) -> list[tuple[str, str, int, bool]]:
        """The copies that were handled well: copy, its producer and number there, whether for the first time."""
        if event.name != self.event:
            self.event, self.found = event.name, []
            if event.outcome == "ok":
                role = self.role(event.program)
                for copy in event.of:
                    producer, number = numbered(copy)
                    self.found.append((copy, producer, number, self._first(role, producer, number)))
        return self.found

    def _first(self, role: str, producer: str, number: int) -> bool:
        bits = self.handled.get((role, producer))
        if bits is None:
            bits = self.handled[role, producer] = bytearray()
        byte, bit = number >> 3, 1 << (number & 7)
        if byte >= len(bits):
            bits.extend(bytes(byte + 1 - len(bits)))
        if bits[byte] & bit:
            return False
        bits[byte] |= bit
        return True


class Moving:
    """Since when nothing was delivered from each queue that has something ready (virtual µs)."""

    def __init__(self) -> None:
        self.since: dict[str, int] = {}

    def __call__(self, event: Any) -> None:
        kind = type(event)
        if kind is e.Enqueued or kind is e.Requeued:
            self.since.setdefault(event.queue, event.t)
        elif kind is e.Appended or kind is e.CursorSet:
            for group in event.to if kind is e.Appended else (event.queue,):
                self.since.setdefault(group, event.t)
        elif kind is e.NodeRemoved:
            self.since.pop(event.node, None)
        elif kind is not e.DeadLettered or event.reason == "expired":
            self.since[event.queue] = event.t

    def stuck(self, world: World) -> int:
        """How many copies are ready in queues where nothing has moved for `limits.STUCK_AFTER_S`."""
        count = 0
        for broker in world.brokers.values():
            for name, ready in broker.waiting():
                if not ready:
                    self.since.pop(name, None)
                elif world.now - self.since.get(name, world.now) >= limits.STUCK_AFTER_S * SECOND:
                    count += ready
        return count


_MOVES = (
    e.NodeRemoved, e.Enqueued, e.Requeued, e.Delivered, e.Expired, e.Purged, e.DeadLettered, e.Appended, e.CursorSet, e.Claimed
)  # fmt: skip


class Verdicts:
    """The judge of a lab. `verdicts`: the counts; `conserved` is 1 while every copy is accounted for."""

    def __init__(self, world: World) -> None:
        self.world = world
        handling = Handling(world)
        self.moving = Moving()
        self.goals: list[str] = []
        self.folds: tuple[Verdict, ...] = (Lost(), Duplicated(handling), OutOfOrder(handling), Dead())
        self.by_kind: dict[type[e.Event], list[Verdict]] = {}
        for fold in self.folds:
            for kind in fold.watches:
                self.by_kind.setdefault(kind, []).append(fold)
        self.verdicts = {**{fold.name: 0 for fold in self.folds}, "stuck": 0, "conserved": 1}
        world.at(world.now + SECOND, self.audit)

    def hearers(self, kind: type[e.Event]) -> list[Callable[[Any], None]]:
        """What is to be called with each event of this kind."""
        moving: list[Callable[[Any], None]] = [self.moving] if kind in _MOVES else []
        return moving + ([self.judge] if kind in self.by_kind else [])

    def judge(self, event: e.Event) -> None:
        """Take one event; tell what it changes."""
        for fold in self.by_kind[type(event)]:
            added = fold(event)
            if added:
                self._tell(fold.name, self.verdicts[fold.name] + len(added), event.name, added)

    def audit(self) -> None:
        """Once a virtual second: what is stuck, and whether the ledger adds up."""
        world = self.world
        for name, value in (("stuck", self.moving.stuck(world)), ("conserved", int(world.ledger.conserved))):
            if value != self.verdicts[name]:
                self._tell(name, value, "", NOBODY)
        world.at(world.now + SECOND, self.audit)

    def _tell(self, verdict: str, value: int, cause: str, of: tuple[str, ...]) -> None:
        self.verdicts[verdict] = value
        world = self.world
        messages = tuple(dict.fromkeys([message_of(copy) for copy in of]))
        name = world.name(f"verdict/{verdict}")
        world.emit(e.VerdictChanged(world.now, name, cause, "", verdict, value, messages))


def numbered(copy: str) -> tuple[str, int]:
    """A message's producer and its number there: `web-41@billing` is web's 41."""
    producer, _, number = message_of(copy).rpartition("-")
    return producer, int(number)
