"""The user as a program: `you` publish by hand over a connection of your own, and act as an operator does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.program import YOU, blocked, tell_node
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient, ClientChannel
from mqlab.engine.events import Handled
from mqlab.engine.message import Message, Properties, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.connection import Connection
    from mqlab.engine.world import World

RECONNECT_US = 1_000_000


class Letter(msgspec.Struct, frozen=True):
    """What you publish, once or many times."""

    key: str
    exchange: str
    routing_key: str
    body: bytes
    properties: Properties
    mandatory: bool


class You(AmqpClient):
    """Publishes with confirms, so that you see what the broker says. After an error there is a fresh channel."""

    what = "you"

    def __init__(self, world: World, broker: RabbitMQ, latency_us: int) -> None:
        super().__init__(world, YOU, broker, latency_us)
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

    def send(self, letter: Letter, number: int, last: int, every_us: int, cause: str) -> None:
        """Publish message `you-<number>`, and after `every_us` each the next, up to `last`. Where the connection is down when
        one is due, it waits for it."""
        if not self.channels:
            self.world.at(
                self.world.now + max(every_us, RECONNECT_US), self.send, letter, number, last, every_us, cause
            )
            return
        message = Message(f"{YOU}-{number}", letter.key, letter.body)
        self.publish(
            self.channels[1], message, letter.exchange, letter.routing_key, letter.properties, mandatory=letter.mandatory,
            cause=cause,
        )  # fmt: skip
        if number < last:
            self.world.at(self.world.now + every_us, self.send, letter, number + 1, last, every_us, cause)

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        self._fresh_channel()

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        blocked(self, "", cause)
        self.world.at(self.world.now + RECONNECT_US, self.come_back)

    def on_blocked(self, reason: str, cause: str) -> None:
        """Only told: you may go on, and what you publish waits at the broker."""
        blocked(self, reason, cause)

    def come_back(self) -> None:
        """Connect again as soon as the broker is up."""
        if self.broker.up:
            self._open()
            tell_node(self, "")
        else:
            self.world.at(self.world.now + RECONNECT_US, self.come_back)


class Operator(AmqpClient):
    """What an operator asks through the management interface acts at once; an error is told as `you`'s."""

    def __init__(self, world: World, broker: RabbitMQ) -> None:
        super().__init__(world, YOU, broker, instant=True)

    def do(self, request: m.Request, cause: str) -> Any:
        """Ask one thing over a connection of its own."""
        connection = self.connect()
        self.open_channel()
        try:
            return self.broker.handle(self.broker.name, connection, request, cause)
        finally:
            self.close(connection)

    def close(self, connection: Connection) -> None:
        """Let go of the connection, without a word."""
        if connection in self.broker.connections:
            self.broker.connections.remove(connection)
        connection.discard()
        self.connection, self.channels = None, {}


class Getter(Operator):
    """Takes messages by basic.get, looks at them, and settles them."""

    def __init__(self, world: World, broker: RabbitMQ) -> None:
        super().__init__(world, broker)
        self.got: list[tuple[m.BasicDeliver, str]] = []

    def get(self, queue: str, count: int, then: str, cause: str) -> None:
        """Up to `count` messages; then: ack, requeue or reject, once all have come."""
        connection = self.connect()
        channel = self.open_channel()
        try:
            while len(self.got) < count and self.channels:
                before = len(self.got)
                self.broker.handle(self.broker.name, connection, m.BasicGet(queue=queue), cause)
                if len(self.got) == before:
                    break
            for frame, received in self.got:
                name = copy_event(frame.copy)
                outcome = "ok" if then == "ack" else "failed"
                copy = frame.copy
                self.world.emit(
                    Handled(self.world.now, name, received, "", (copy.name,), YOU, copy.message.key, outcome)
                )
                if then == "ack":
                    self.ack(channel, frame.delivery_tag, cause=name)
                else:
                    requeue = then == "requeue"
                    self.refuse(
                        channel,
                        frame.delivery_tag,
                        requeue=requeue,
                        how="nack" if requeue else "reject",
                        cause=name,
                    )
        finally:
            self.close(connection)

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        """One has come: kept, until all have."""
        self.got.append((frame, cause))
