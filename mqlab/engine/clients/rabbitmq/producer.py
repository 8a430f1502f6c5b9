"""A simulated producer: publishes at its rate, and, with confirms, again what a broken connection left unconfirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.paced import Paced
from mqlab.engine.clients.program import blocked
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient, ClientChannel
from mqlab.engine.clients.rabbitmq.program import AmqpProgram
from mqlab.engine.commands import Illegal
from mqlab.engine.message import Message, Properties

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.clients.rabbitmq.producer_spec import ProducerSpec, ScriptItem
    from mqlab.engine.world import World

Sent = tuple[Message, str, str, Properties, bool]


class Producer(Paced, AmqpProgram):
    """`unconfirmed`: what it would publish again over a fresh connection, by message."""

    spec: ProducerSpec

    def __init__(
        self, world: World, name: str, broker: RabbitMQ, spec: ProducerSpec, latency_us: int
    ) -> None:
        AmqpClient.__init__(self, world, name, broker, latency_us)
        Paced.__init__(self, world, name, spec)
        self.unconfirmed: dict[str, Sent] = {}

    def start(self, cause: str) -> None:
        """Connect, and let the first beat come."""
        self.connect()
        self._open_channel()
        self.set_off()

    def _open_channel(self) -> ClientChannel:
        channel = self.open_channel()
        if self.spec.confirms:
            self.ask(m.ConfirmSelect())
            channel.confirms = True
        return channel

    def check(self, spec: ProducerSpec) -> None:
        """Confirm mode cannot be left on an open channel."""
        if self.up and self.spec.confirms and not spec.confirms:
            raise Illegal(
                "bad_value",
                f"A channel in confirm mode stays in it until it is closed: crash {self.name}, change it, and restart it.",
            )

    def change(self, spec: ProducerSpec, cause: str) -> None:
        """Take new settings."""
        if spec.confirms and not self.spec.confirms and self.connection is not None and self.channels:
            self.channels[1].confirms = True
            self.connection.send(m.ConfirmSelect(), cause, self.connection.up())
        self.scale(spec)

    @property
    def ready(self) -> bool:
        """Whether its connection is up and read."""
        return bool(self.channels) and "blocked" not in self.settings

    def make(self, item: ScriptItem | None = None) -> Sent:
        """Publish the next message."""
        publish = self.spec.publish
        key, body, routing_key = "", publish.body, publish.routing_key
        properties, mandatory = publish.properties, publish.mandatory
        if item is not None:
            key = item.key or ""
            body = body if item.body is None else item.body
            routing_key = routing_key if item.routing_key is None else item.routing_key
            properties = properties if item.properties is None else item.properties
            mandatory = mandatory if item.mandatory is None else item.mandatory
        message = self.message(publish.keys, key, body)
        sent = (message, publish.exchange, self.filled(routing_key, message), properties, mandatory)
        self._send_out(self.channels[1], sent, "")
        return sent

    def make_again(self, sent: Sent) -> None:
        """Publish it again, marked as such for those who read the events."""
        self._send_out(self.channels[1], sent, "", again=True)

    def _send_out(self, channel: ClientChannel, sent: Sent, cause: str, again: bool = False) -> None:
        message, exchange, routing_key, properties, mandatory = sent
        if channel.confirms:
            self.unconfirmed[message.id] = sent
        self.publish(
            channel, message, exchange, routing_key, properties, mandatory=mandatory, again=again, cause=cause
        )

    def on_confirm(self, frame: m.Confirm, message: Message | None, cause: str) -> None:
        """Confirmed or nacked: its outcome is known."""
        if message is not None:
            self.unconfirmed.pop(message.id, None)

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        """An error of its own making: a fresh channel, and on; what was under way is not tried again."""
        self.unconfirmed.clear()
        self._open_channel()

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        """Try again after a while."""
        blocked(self, "", cause)
        self.come_back_later(cause)

    def on_blocked(self, reason: str, cause: str) -> None:
        """Stop making messages until the broker reads on, as a well-behaved publisher does."""
        blocked(self, reason, cause)

    def resume(self, cause: str) -> None:
        """Connected again: publish again what is unconfirmed, in order: its outcome is unknown. [semantics §1.4 rule 37]"""
        self.connect()
        self.start_channel(cause)
        self.catch_up()

    def start_channel(self, cause: str) -> None:
        """A fresh channel, and again what was not confirmed on the one before."""
        channel = self._open_channel()
        sent, self.unconfirmed = self.unconfirmed, {}
        for one in sent.values():
            self._send_out(channel, one, cause, again=True)

    def forget(self) -> None:
        """A crash: what was unconfirmed is forgotten with everything else in memory."""
        self.unconfirmed.clear()
