"""What every simulated program can do: crash, start again, come back after a broken connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.events import Connected, Crashed, Restarted
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.clients.amqp import ClientChannel
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World


class Program:
    """The life of a program. Its work is in the subclass: start, resume, forget, drop_memory."""

    what = "program"
    world: World
    name: str
    broker: RabbitMQ
    connection: Connection | None
    channels: dict[int, ClientChannel]
    spec: Any
    settings: dict[str, Any]
    up: bool

    def start(self, cause: str) -> None:
        """Begin, from nothing."""
        self.resume(cause)

    def resume(self, cause: str) -> None:
        """Go on after a broken connection."""

    def forget(self) -> None:
        """Memory is gone."""

    def drop_memory(self, cause: str, *, crash: bool) -> None:
        """Tell what falls with the memory."""

    def crash(self, cause: str) -> None:
        """Die at once. What was sent before still arrives; the close follows it; what is on its way here is lost."""
        world, connection = self.world, self.connection
        self.up = False
        name = world.name(self.name)
        if connection is None:
            world.emit(Crashed(world.now, name, cause, "", self.name))
        else:
            arrives = connection.up()
            world.emit(Crashed(world.now, name, cause, "", self.name, arrives))
            connection.heard = False
            connection.lose_down(name)
            flight = Flight("close", self.name, self.broker.name, world.now, arrives, ())
            connection.send(m.ConnectionClose(), name, arrives, flight)
        self.drop_memory(name, crash=True)
        self.forget()
        self.connection, self.channels = None, {}

    def restart(self, cause: str) -> None:
        """Start again after a crash, with nothing in memory; where the broker is down, connect when it is up."""
        world = self.world
        self.up = True
        name = world.name(self.name)
        world.emit(Restarted(world.now, name, cause, "", self.name))
        if self.broker.up:
            self.start(name)
        else:
            self.come_back_later(name)

    def come_back_later(self, cause: str) -> None:
        """Connect again after the reconnect time."""
        self.world.at(self.world.now + self.spec.reconnect_us, self.come_back, cause)

    def come_back(self, cause: str) -> None:
        """Connect again, if the broker is up; else wait once more."""
        if not self.up or self.connection is not None:
            return
        if not self.broker.up:
            self.come_back_later(cause)
            return
        world = self.world
        name = world.name(self.name)
        world.emit(Connected(world.now, name, cause, "", self.name))
        self.resume(name)
