"""What every simulated program that talks to RabbitMQ can do: close its channel, and come back over a fresh one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.program import Program
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient
from mqlab.engine.events import Crashed, HungUp, Stopped
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.connection import Connection


class AmqpProgram(Program, AmqpClient):
    """A program with channels."""

    def _end(self, kind: type[Crashed] | type[Stopped], cause: str) -> str:
        name = super()._end(kind, cause)
        self.channels = {}
        return name

    def close_channel(self, cause: str) -> None:
        """Close the channel, of its own accord; a fresh one is opened after the reconnect time."""
        self.channels.pop(1).open = False
        name = self._say_goodbye("channel", m.ChannelClose(), cause)
        self.drop_memory(name, crash=False)

    def _say_goodbye(self, what: str, request: m.Request, cause: str) -> str:
        world, connection = self.world, self.connection
        assert connection is not None
        name = world.name(self.name)
        arrives = connection.up()
        world.emit(HungUp(world.now, name, cause, "", self.name, what, arrives))
        connection.send(
            request, name, arrives, Flight("close", self.name, self.broker.name, world.now, arrives, ())
        )
        return name

    def on_channel_gone(self, cause: str, number: int) -> None:
        """The broker has closed the channel: open another in a while."""
        if self.connection is not None:
            self.world.at(self.world.now + self.spec.reconnect_us, self.reopen, self.connection)

    def reopen(self, connection: Connection) -> None:
        """Open a channel anew, unless something else has come about since."""
        if self.up and self.connection is connection and connection.alive and not self.channels:
            if self.hung:
                self.world.at(self.world.now + self.spec.reconnect_us, self.reopen, connection)
            else:
                self.start_channel("")

    def start_channel(self, cause: str) -> None:
        """Work over a fresh channel of the connection that is there."""
