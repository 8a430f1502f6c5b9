"""A lab is a recording: a tree of commands over one scenario and seed, from which every event is made again on demand.

A *future* is named by the id of its last command; "0" is the bare scenario. Nothing is kept but the tree and some
checkpoints: a stretch of events is made by restoring the nearest checkpoint and running on. What takes long is a generator
that yields now and then and *returns* its result, so that whoever drives it can do other things in between.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.acts import apply
from mqlab.engine.checkpoints import NOWHERE, Checkpoints
from mqlab.engine.commands import AnyCommand, Illegal, Numbered
from mqlab.engine.digest import Digest
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.world import EVERYTHING, World

if TYPE_CHECKING:
    from mqlab.engine.events import Event
    from mqlab.engine.scenario import Scenario
    from mqlab.engine.scene import Position, Scene

SECOND = 1_000_000
END: Position = (limits.RECORDING_S_MAX * SECOND, 0)
BREATH_ACTIONS = 50
"""A generator yields after so many actions."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
T = TypeVar("T")
Work = Generator[None, None, T]


class Stored(msgspec.Struct, frozen=True):
    """A command as it is kept: written once. It runs after exactly `i` actions of instant `t`, on its parent's future."""

    id: str
    parent: str
    t: int
    i: int
    command: AnyCommand

    @property
    def at(self) -> Position:
        """Where it acts."""
        return (self.t, self.i)

    @property
    def after(self) -> Position:
        """The first position that it has changed."""
        return (self.t, self.i + 1)


class Cut(msgspec.Struct):
    """The answer to an act: the new future's first events, from `at` to `to`."""

    id: str
    future: str
    at: Position
    to: Position
    events: list[Event]


class Piece(msgspec.Struct):
    """A grid piece of one future: the events of all actions from `start` up to, not including, `to`."""

    start: Position
    to: Position
    events: list[Event]


def run(work: Work[T]) -> T:
    """Do all of it at once."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            value: T = done.value
            return value


class Recording:
    """`tree`: commands by id, parents before children."""

    def __init__(self, scenario: Scenario, seed: int | None = None, stored: Iterable[Stored] = ()) -> None:
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.tree: dict[str, Stored] = {}
        self.checkpoints = Checkpoints()
        self._live: tuple[str, World] | None = None
        self._numbers = 0
        for one in stored:
            self.tree[one.id] = one
            if isinstance(one.command, Numbered):
                self._numbers = max(self._numbers, last_number(one.command))

    # --- the tree --------------------------------------------------------------------------------------------------

    def knows(self, future: str) -> bool:
        """Whether there is such a future."""
        return future == "0" or future in self.tree

    def born(self, future: str) -> Position:
        """Where a future begins: just after its last command."""
        return (0, 0) if future == "0" else self.tree[future].after

    def path(self, future: str) -> list[Stored]:
        """A future's commands, oldest first. Raises Illegal("stale") for one that is not known."""
        found: list[Stored] = []
        while future != "0":
            one = self.tree.get(future)
            if one is None:
                raise Illegal(
                    "stale",
                    f"There is no future {future} in this recording (any more): look at the newest one and act there.",
                )
            found.append(one)
            future = one.parent
        found.reverse()
        return found

    def owner(self, future: str, at: Position) -> str:
        """The future that a world standing at this position of the path belongs to: a command's own moment is its parent's."""
        for one in reversed(self.path(future)):
            if one.after <= at:
                return one.id
        return "0"

    def drop(self, ids: Iterable[str]) -> None:
        """Forget commands that could not be kept, and all that grew from them."""
        gone = set(ids)
        for one in list(self.tree.values()):
            if one.parent in gone:
                gone.add(one.id)
        for name in gone:
            self.tree.pop(name, None)
            self.checkpoints.forget(name)
        if self._live is not None:
            self._live[1].discard()
        self._live = None

    # --- standing at a position ------------------------------------------------------------------------------------

    def _stand(self, future: str, at: Position) -> Work[World]:
        """A world of this future that stands at `at`; the caller may run it on, and gives it back with `_leave`.

        From the nearest place on the path (the live world, a checkpoint, or the beginning) it runs on, and lets each command
        on the way act. Raises Illegal("outside") where the future has no such moment.
        """
        path = [one for one in self.path(future) if one.after <= at]
        live, self._live = self._live, None
        world: World | None = None
        done = len(path)
        while world is None:
            own = path[done - 1].id if done else "0"
            until = path[done].at if done < len(path) else at
            nearest = self.checkpoints.nearest(own, until)
            if live is not None and live[0] == own and nearest <= live[1].position <= until:
                world = live[1]
            elif nearest != NOWHERE:
                world = self.checkpoints.load(own, nearest)
            elif not done:
                world = build(self.scenario, self.seed)
                self.checkpoints.save("0", world)
            else:
                done -= 1
        if live is not None and live[1] is not world:
            live[1].discard()
        for number in range(done, len(path) + 1):
            own = path[number - 1].id if number else "0"
            if number > done:
                self._apply(world, path[number - 1])
            until = path[number].at if number < len(path) else at
            yield from self._advance(own, world, until, [], EVERYTHING)
        if world.position != tuple(at):
            self._leave(own, world)
            raise Illegal(
                "outside",
                f"At {at[0] / SECOND:g} s only {world.i} things happen on this future: there is no moment after {at[1]}.",
            )
        return world

    def _leave(self, own: str, world: World) -> None:
        """Keep the world for whoever goes on from here."""
        if self._live is not None and self._live[1] is not world:
            self._live[1].discard()
        self._live = (own, world)

    def _advance(self, own: str, world: World, to: Position, told: list[Event], at_most: int) -> Work[None]:
        """Run to `to` (or until more than `at_most` events are told), saving checkpoints on the way."""
        self.checkpoints.consider(own, world)
        while world.play(to, BREATH_ACTIONS, told, at_most):
            if len(told) >= at_most:
                return
            self.checkpoints.consider(own, world)
            yield
        world.stand(to[0])

    # --- what is asked -----------------------------------------------------------------------------------------------

    def scene(self, future: str, at: Position) -> Work[Scene]:
        """The picture of a future at a position. Raises Illegal("outside") for a position that cannot be."""
        self._inside(at)
        own = self.owner(future, at)
        world = yield from self._stand(future, at)
        scene = picture(world)
        self._leave(own, world)
        return scene

    def piece(self, future: str, after: Position) -> Work[Piece]:
        """The next piece of the grid that begins at `after`: up to a whole second, 1,000 events, or the next command.

        A future's own events begin at its command's moment, with what the command did; asked for a moment before it, the
        ancestor's piece is given, cut off at the command that leads on.
        """
        self._inside(after)
        path = self.path(future)
        lead = next((one for one in reversed(path) if one.at <= after), None)
        own = "0" if lead is None else lead.id
        stop = min([one.at for one in path if one.at > after], default=END)
        goal = min(((after[0] // SECOND + 1) * SECOND, 0), stop, END)
        told: list[Event] = []
        if lead is not None and lead.at == after:
            world = yield from self._stand(lead.parent, lead.at)
            told += self._apply(world, lead)
        else:
            world = yield from self._stand(future, after)
            if after[1] == 0 and after[0] % SECOND == 0:
                self.checkpoints.remember(own, world)
        yield from self._advance(own, world, goal, told, limits.STRETCH_EVENTS_MAX)
        to = world.position
        if world.storm and stop == END:
            to = END
        self._leave(own, world)
        return Piece(after, to, told)

    def do(
        self, id: str, future: str, at: Position, ahead_us: int, command: AnyCommand, *, number: int = 0
    ) -> Work[Cut]:
        """Act: a command at a position, and the first `ahead_us` of the new future. The same one sent again gives its cut again.

        `number`: what a publish that is carried over keeps of its name; a new one is numbered here.
        Raises Illegal, with nothing changed: stale, outside, conflict, bounds, or what the act itself says.
        """
        known = self.tree.get(id)
        if known is not None:
            if not _same(known, future, at, command):
                raise Illegal(
                    "conflict",
                    f"The id {id} names another act already: an act is written once. Use a fresh id.",
                )
            return (yield from self._cut(known, ahead_us))
        if not _ID.fullmatch(id) or id == "0":
            raise Illegal("bad_command", "An act's id has 1 to 32 letters, digits, - or _, and is not 0.")
        if not self.knows(future):
            raise Illegal(
                "stale",
                f"There is no future {future} in this recording (any more): look at the newest one and act there.",
            )
        self._inside(at)
        if at < self.born(future):
            raise Illegal(
                "stale",
                "That moment lies before this future's last act: act on the future that was in force then.",
            )
        if len(self.tree) >= limits.COMMANDS_MAX:
            raise Illegal(
                "bounds",
                f"A recording holds {limits.COMMANDS_MAX:,} acts and this one is full. Start the lab anew, or copy it.",
            )
        world = yield from self._stand(future, at)
        if id in self.tree or not self.knows(future):  # somebody else was faster while we ran
            return (yield from self.do(id, future, at, ahead_us, command, number=number))
        if isinstance(command, Numbered):
            command = msgspec.structs.replace(command, number=number or self._numbers + 1)
        if not at[1]:
            self.checkpoints.remember(future, world)
        one = Stored(id, future, *world.position, command)
        try:
            if world.storm:
                raise Illegal("storm", world.storm)
            events = self._apply(world, one)
        except Illegal:
            self._leave(self.owner(future, at), world)
            raise
        if isinstance(command, Numbered):
            self._numbers = max(self._numbers, last_number(command))
        self.tree[id] = one
        self.checkpoints.overtake(future, at)
        return (yield from self._on(one, world, events, ahead_us))

    @staticmethod
    def _apply(world: World, one: Stored) -> list[Event]:
        """Let a command act. Raises Illegal before it changes anything."""
        apply(world, one.command, f"do:{one.id}")
        return world.finish()

    def _cut(self, one: Stored, ahead_us: int) -> Work[Cut]:
        world = yield from self._stand(one.parent, one.at)
        return (yield from self._on(one, world, self._apply(world, one), ahead_us))

    def _on(self, one: Stored, world: World, events: list[Event], ahead_us: int) -> Work[Cut]:
        until = max(min(one.t + max(0, ahead_us), END[0]), one.t)
        told = list(events)
        if until > one.t:
            yield from self._advance(one.id, world, (until, 0), told, limits.STRETCH_EVENTS_MAX)
        to = world.position
        self._leave(one.id, world)
        return Cut(one.id, one.id, one.at, to, told)

    def fits(self, future: str, at: Position) -> Work[Position]:
        """Where an act from another future goes on this one: `at`, or after all actions of its instant where there are fewer.

        Raises Illegal("outside") for a moment before this future's last act.
        """
        self._inside(at)
        born = self.born(future)
        if at[0] < born[0]:
            raise Illegal("outside", "That moment lies before the last act of the future it is carried to.")
        at = max(at, born)
        world = yield from self._stand(future, max((at[0], 0), born))
        yield from self._advance(future, world, at, [], EVERYTHING)
        found = world.position
        self._leave(future, world)
        return found

    def digest(self, future: str, until_us: int) -> Work[list[str]]:
        """One digest for each 10 s of the path up to `until_us`: equal on every machine and engine that tells the same."""
        digest = Digest()
        at: Position = (0, 0)
        while at < (until_us, 0):
            piece = yield from self.piece(future, at)
            digest.add(event for event in piece.events if event.t < until_us)
            at = piece.to
        return digest.parts(until_us)

    def _inside(self, at: Position) -> None:
        if not (0 <= at[0] <= END[0] and 0 <= at[1] <= limits.RECORDING_EVENTS_MAX):
            raise Illegal(
                "outside",
                f"A recording lasts {limits.RECORDING_S_MAX} s: there is no moment {at[0] / SECOND:g} s in it.",
            )


def last_number(publish: Numbered) -> int:
    """The number of its last message. A publish takes as many numbers as it sends messages."""
    return publish.number + publish.repeat - 1


def _same(known: Stored, future: str, at: Position, command: Any) -> bool:
    if isinstance(command, Numbered) and isinstance(known.command, Numbered):
        command = msgspec.structs.replace(command, number=known.command.number)
    return (known.parent, known.at, known.command) == (future, tuple(at), command)
