"""A simulated consumer: takes deliveries, handles one at a time, and acks when its setting says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient, ClientChannel
from mqlab.engine.clients.rabbitmq.program import AmqpProgram
from mqlab.engine.clients.worker import Item, Worker
from mqlab.engine.message import Copy, Message, Properties

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.clients.rabbitmq.consumer_spec import AnswerSpec, ConsumerSpec
    from mqlab.engine.connection import Connection
    from mqlab.engine.scenario.service import FailWhen
    from mqlab.engine.world import World


class Consumer(Worker, AmqpProgram):
    """`subscribed` counts its subscriptions, `answers` the answers that it has sent."""

    spec: ConsumerSpec
    lost_rule = "rabbitmq/auto-ack-gone"

    def __init__(
        self, world: World, name: str, role: str, broker: RabbitMQ, spec: ConsumerSpec, latency_us: int
    ) -> None:
        AmqpClient.__init__(self, world, name, broker, latency_us)
        Worker.__init__(self, world, role, spec)
        self.subscribed = 0
        self.answers = 0

    def start(self, cause: str) -> None:
        """Connect and subscribe."""
        self.resume(cause)

    def resume(self, cause: str) -> None:
        """A fresh connection, channel and subscription."""
        self.connect()
        self.start_channel(cause)

    def _subscribe(self) -> None:
        spec = self.spec
        self.ask(m.BasicQos(prefetch_count=spec.prefetch))
        for queue in spec.queues:
            self.subscribed += 1
            arguments = {"x-priority": spec.priority} if spec.priority else None
            tag = f"{self.name}.{self.subscribed}"
            self.ask(
                m.BasicConsume(
                    queue=queue, consumer_tag=tag, auto_ack=spec.ack == "auto", arguments=arguments
                )
            )

    def change(self, spec: ConsumerSpec, cause: str) -> None:
        """Take new settings, for the next message. Prefetch and ack mode belong to a subscription: it subscribes anew."""
        old, self.spec = self.spec, spec
        alive = self.connection is not None and self.connection.alive
        if (
            alive
            and self.channels
            and (old.prefetch, old.ack == "auto", old.priority)
            != (
                spec.prefetch,
                spec.ack == "auto",
                spec.priority,
            )
        ):
            for queue in range(len(old.queues)):
                self.ask(m.BasicCancel(consumer_tag=self.tag_of(queue)))
            self._subscribe()

    # --- handling ------------------------------------------------------------------------------------------------

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        """Into the buffer; if idle, begin."""
        self.accept(Item(frame.copy, frame.delivery_tag, not frame.auto_ack, frame.redelivered), cause)

    def on_begun(self, item: Item, cause: str) -> None:
        """Ack now, where its setting says so."""
        if self.spec.ack == "before" and item.owed and self.channels:
            item.owed = False
            self.ack(self.channels[1], item.tag, cause=cause)

    def settle(self, item: Item, failed: bool, cause: str) -> None:
        """Answer, then ack or reject."""
        fail = self.spec.fail
        if self.spec.answer is not None and not failed:
            self._answer(self.spec.answer, item.copy, cause)
        if item.owed and self.channels:
            if fail is not None and failed:
                how = "nack" if fail.then == "nack_requeue" else "reject"
                self.refuse(self.channels[1], item.tag, requeue=fail.then != "reject", how=how, cause=cause)
            else:
                self.ack(self.channels[1], item.tag, cause=cause)
        elif failed:
            self.lose([item.copy], cause)

    def matters(self, when: FailWhen, copy: Copy) -> bool:
        """By routing key and header."""
        return (when.routing_key is None or when.routing_key == copy.content.routing_key) and (
            when.header is None or when.header in (copy.content.properties.headers or {})
        )

    def _answer(self, answer: AnswerSpec, copy: Copy, cause: str) -> None:
        """To whom the message says, if it says so and there is a channel for it."""
        asked, channel = copy.content.properties, self.channels.get(1)
        if not asked.reply_to or channel is None:
            return
        self.answers += 1
        key, number = copy.message.key, self.answers
        body = answer.body.replace("{key}", key).replace("{name}", self.name).replace("{n}", str(number))
        message = Message(f"{self.name}-{number}", key, body.encode())
        properties = Properties(correlation_id=asked.correlation_id)
        self.publish(
            channel, message, "", asked.reply_to, properties, mandatory=answer.mandatory, cause=cause
        )

    # --- ends ----------------------------------------------------------------------------------------------------

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        """An error: a fresh channel and subscription after the reconnect time."""
        self.drop_memory(cause, crash=False)
        if self.connection is not None:
            self.world.at(self.world.now + self.spec.reconnect_us, self.reopen, self.connection)

    def start_channel(self, cause: str) -> None:
        """A fresh channel and subscription."""
        self.open_channel()
        self._subscribe()

    def cancel(self, cause: str) -> None:
        """basic.cancel of all that it is subscribed to; what it has it still handles, over the same channel."""
        for queue in range(len(self.spec.queues)):
            self._say_goodbye("consumer", m.BasicCancel(consumer_tag=self.tag_of(queue)), cause)

    def on_cancelled(self, frame: m.CancelNotify, cause: str) -> None:
        """Its queue is gone; in a cluster that may be for as long as a node is down: it tries again in a while."""
        if self.broker.members and self.connection is not None:
            self.world.at(self.world.now + self.spec.reconnect_us, self.subscribe_again, self.connection)

    def subscribe_again(self, connection: Connection) -> None:
        """Over a fresh channel, as soon as its queues are all there."""
        if not self.up or self.connection is not connection or not connection.alive or not self.channels:
            return
        queues = [self.broker.queues.get(queue) for queue in self.spec.queues]
        if None in queues:
            return
        if all(queue is not None and self.broker.serves(queue) for queue in queues):
            self._subscribe()
        else:
            self.world.at(self.world.now + self.spec.reconnect_us, self.subscribe_again, connection)

    def tag_of(self, back: int) -> str:
        """The tag of its last subscription, or of one before that."""
        return f"{self.name}.{self.subscribed - back}"

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        """The broker is down, or threw us out: come back later."""
        self.drop_memory(cause, crash=False)
        self.come_back_later(cause)
        if self.working is None:
            self.take(cause)
