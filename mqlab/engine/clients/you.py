"""The user as a program: `you` publish by hand over a connection of your own, and act as an operator does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.amqp import AmqpClient, ClientChannel
from mqlab.engine.message import Message, Properties

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.world import World

NAME = "you"
RECONNECT_US = 1_000_000


class You(AmqpClient):
    """Publishes with confirms, so that you see what the broker says. After an error there is a fresh channel."""

    what = "you"

    def __init__(self, world: World, broker: RabbitMQ, latency_us: int) -> None:
        super().__init__(world, NAME, broker, latency_us)
        self.up = True
        self.settings: dict[str, Any] = {}
        self._open()

    def _open(self) -> None:
        self.connect()
        self._fresh_channel()

    def _fresh_channel(self) -> None:
        channel = self.open_channel()
        self.ask(m.ConfirmSelect())
        channel.confirms = True

    def send(
        self,
        number: int,
        key: str,
        exchange: str,
        routing_key: str,
        body: bytes,
        properties: Properties,
        mandatory: bool,
        cause: str,
    ) -> None:
        """Publish message `you-<number>`."""
        message = Message(f"{NAME}-{number}", key, body)
        self.publish(
            self.channels[1], message, exchange, routing_key, properties, mandatory=mandatory, cause=cause
        )

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        self._fresh_channel()

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        self.world.at(self.world.now + RECONNECT_US, self.come_back)

    def come_back(self) -> None:
        """Connect again as soon as the broker is up."""
        if self.broker.up:
            self._open()
        else:
            self.world.at(self.world.now + RECONNECT_US, self.come_back)


class Operator(AmqpClient):
    """What an operator asks through the management interface acts at once; an error is told as `you`'s."""

    def __init__(self, world: World, broker: RabbitMQ) -> None:
        super().__init__(world, NAME, broker, instant=True)

    def do(self, request: m.Request, cause: str) -> Any:
        """Ask one thing over a connection of its own."""
        connection = self.connect()
        self.open_channel()
        try:
            return self.broker.handle(self.broker.name, connection, request, cause)
        finally:
            if connection in self.broker.connections:
                self.broker.connections.remove(connection)
            connection.discard()
            self.connection, self.channels = None, {}
