"""What every simulated program can do: crash, start again, hang, leave, come back after a broken connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mqlab.engine.clients.peer import Peer
from mqlab.engine.events import (
    Connected,
    Crashed,
    HungUp,
    LinkRemoved,
    NodeChanged,
    NodeRemoved,
    Restarted,
    Stopped,
)
from mqlab.engine.requests import ConnectionClose
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.connection import Connection
    from mqlab.engine.message import Copy
    from mqlab.engine.world import World


YOU = "you"
"""The name of the program with which the user talks to a broker."""


def tell_settings(program: Any, changed: dict[str, Any], cause: str) -> str:
    """Settings of a program have changed, None: are gone. Returns the event's name."""
    settings = {**program.settings, **changed}
    gone = [field for field, value in changed.items() if value is None]
    program.settings = {field: value for field, value in settings.items() if field not in gone}
    world = program.world
    name: str = world.name(program.name)
    world.emit(NodeChanged(world.now, name, cause, "", program.name, changed))
    return name


def blocked(program: Any, reason: str, cause: str) -> None:
    """A program learns that the broker reads nothing more from it, for this reason, or ("") that it does so again."""
    if program.settings.get("blocked", "") != reason:
        tell_settings(program, {"blocked": reason or None}, cause)


def tell_node(program: Any, cause: str) -> None:
    """In a cluster: which of its nodes a program is connected to."""
    node = program.connection.node if program.connection is not None else program.broker.name
    if node != program.broker.name and program.settings.get("node") != node:
        tell_settings(program, {"node": node}, cause)


def count_nodes(world: World) -> int:
    """The nodes of a lab that count towards its bound."""
    brokers = world.brokers.values()
    return len(world.programs) + len(brokers) + sum(1 for broker in brokers for _ in broker.nodes())


class Program(Peer):
    """The life of a program. Its work is in the subclass: start, resume, receive, forget, drop_memory, change.

    `start`: begin from nothing; `resume`: go on after a broken connection; `receive`: take what the broker pushed;
    `lose_connection`: there is none any more, and it comes back later if it wants to."""

    what = "program"
    role: str
    spec: Any
    settings: dict[str, Any]
    up: bool
    hung = False  # it takes and finishes nothing, with its connection open
    slow = 1.0  # how many times as long as its setting says a message takes
    closing: tuple[Connection, ...] = ()  # whose close is on its way to the broker
    leaving = False  # it shuts down, and is gone from the lab once the broker has its close

    def start(self, cause: str) -> None:
        """Begin, from nothing."""
        self.resume(cause)

    def resume(self, cause: str) -> None:
        """Go on after a broken connection."""

    def forget(self) -> None:
        """Memory is gone."""

    def freeze(self) -> None:
        """It hangs."""

    def thaw(self, cause: str) -> None:
        """It hangs no more: do what was due."""

    def drop_memory(self, cause: str, *, crash: bool) -> None:
        """Tell what falls with the memory."""

    def crash(self, cause: str) -> None:
        """Die at once. What was sent before still arrives; the close follows it; what is on its way here is lost."""
        name = self._end(Crashed, cause)
        blocked(self, "", name)
        if self.hung:
            self.hung = False
            tell_settings(self, {"hung": None}, name)

    def leave(self, cause: str) -> None:
        """Shut down for good. The broker may still send until it has the close; then the program is gone."""
        self.leaving = True
        name = self._end(Stopped, cause)
        blocked(self, "", name)
        if not self._known():
            self._vanish(name)

    def _end(self, kind: type[Crashed] | type[Stopped], cause: str) -> str:
        """Stop running, with a close to the broker, if it is not on its way already. Returns the event's name."""
        world, connection = self.world, self.connection
        self.up = False
        name = world.name(self.name)
        if connection is None:
            world.emit(kind(world.now, name, cause, "", self.name))
        else:
            arrives = connection.up()
            world.emit(kind(world.now, name, cause, "", self.name, arrives))
            connection.heard = False
            connection.lose_down(name)
            flight = Flight("close", self.name, self.broker.name, world.now, arrives, ())
            connection.send(ConnectionClose(), name, arrives, flight)
            self.closing = (*self.closing, connection)
        self.drop_memory(name, crash=True)
        self.forget()
        self.connection = None
        return name

    def abort(self, cause: str) -> None:
        """The connection breaks without a word: what is on its way falls, and both ends notice."""
        world, connection = self.world, self.connection
        assert connection is not None
        name = world.name(self.name)
        world.emit(HungUp(world.now, name, cause, "", self.name, "connection"))
        connection.lose_down(name)
        self.broker.drop_connection(connection, name)
        self.lose_connection(name)

    def check(self, spec: Any) -> None:
        """Raises commands.Illegal where it cannot take these settings now, lawful as they are."""

    def change(self, spec: Any, cause: str) -> None:
        """Take new settings."""

    def memory(self) -> Iterator[tuple[Copy, str, bool, int, int]]:
        """What it has in its hands: copy, state, redelivered, and from when until when (µs) it works on it."""
        return iter(())

    @property
    def waits(self) -> bool:
        """Whether it has never run, and only begins later."""
        return False

    def begin(self) -> None:
        """Its time to start has come; somebody may have started it before."""
        if self.waits:
            self.restart("")

    def hung_up(self, connection: Connection, cause: str) -> None:
        """The broker has no such connection any more: who was leaving is gone."""
        self.closing = tuple(one for one in self.closing if one is not connection)
        if self.leaving and not self._known():
            self._vanish(cause)

    def _known(self) -> bool:
        """Whether a close of ours is still on its way, or waits unread, or the broker has a connection of ours."""
        return bool(self.closing) or any(connection.peer is self for connection in self.broker.connections)

    def _vanish(self, cause: str) -> None:
        world = self.world
        for link in [name for name, link in world.links.items() if self.name in (link.source, link.target)]:
            del world.links[link]
            world.emit(LinkRemoved(world.now, world.name(self.name), cause, "", link))
        del world.programs[self.name]
        world.emit(NodeRemoved(world.now, world.name(self.name), cause, "", self.name))

    def restart(self, cause: str) -> None:
        """Start again after a crash, with nothing in memory; where the broker is down, connect when it is up."""
        world = self.world
        self.up = True
        name = world.name(self.name)
        world.emit(Restarted(world.now, name, cause, "", self.name))
        if self.broker.up:
            self.start(name)
            tell_node(self, name)
        else:
            self.come_back_later(name)

    def come_back_later(self, cause: str) -> None:
        """Connect again after the reconnect time."""
        self.world.at(self.world.now + self.spec.reconnect_us, self.come_back, cause)

    def come_back(self, cause: str) -> None:
        """Connect again, if the broker is up; else wait once more."""
        if not self.up or self.connection is not None:
            return
        if not self.broker.up or self.hung:
            self.come_back_later(cause)
            return
        world = self.world
        name = world.name(self.name)
        world.emit(Connected(world.now, name, cause, "", self.name))
        self.resume(name)
        tell_node(self, name)
