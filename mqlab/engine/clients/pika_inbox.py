"""Takes what the broker pushes to the façade, and keeps it until the façade asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients.pika_exceptions import AMQPError, ChannelClosedByBroker, ConnectionClosedByBroker
from mqlab.engine.clients.rabbitmq.amqp import AmqpClient, ClientChannel
from mqlab.engine.message import Message, Properties

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.clients.pika import BlockingChannel
    from mqlab.engine.world import World


@dataclass
class Delivery:
    """What pika calls Basic.Deliver and Basic.GetOk."""

    delivery_tag: int
    redelivered: bool
    exchange: str
    routing_key: str
    consumer_tag: str = ""
    message_count: int = -1


Callback = Callable[["BlockingChannel", Delivery, Properties, bytes], None]


class Inbox(AmqpClient):
    """The façade's AMQP client. `error`: what the broker answered, if it was one."""

    def __init__(self, world: World, name: str, broker: RabbitMQ) -> None:
        super().__init__(world, name, broker, instant=True)
        self.opened = 0
        self.published = 0
        self.calling = False
        self.owners: dict[int, BlockingChannel] = {}
        self.inbox: deque[tuple[BlockingChannel, Callback, m.BasicDeliver]] = deque()
        self.got: m.BasicDeliver | None = None
        self.error: AMQPError | None = None
        self.blocked = False  # the broker reads nothing of ours
        self.nacked = False
        self.returned = False

    def __reduce__(self) -> Any:
        raise TypeError("a World with a façade's Python callbacks in it cannot be checkpointed")

    def on_deliver(self, frame: m.BasicDeliver, cause: str) -> None:
        if frame.message_count >= 0:
            self.got = frame
            return
        owner = self.owners[frame.channel]
        callback = owner.callbacks.get(frame.consumer_tag)
        if callback is not None:
            self.inbox.append((owner, callback, frame))

    def on_confirm(self, frame: m.Confirm, message: Message | None, cause: str) -> None:
        self.nacked = self.nacked or not frame.ok

    def on_return(self, frame: m.BasicReturn, cause: str) -> None:
        self.returned = True

    def on_blocked(self, reason: str, cause: str) -> None:
        self.blocked = bool(reason)

    def on_channel_closed(self, frame: m.ChannelClosedByBroker, channel: ClientChannel, cause: str) -> None:
        self.error = ChannelClosedByBroker(frame.code, frame.text)

    def on_connection_closed(
        self, frame: m.ConnectionClosedByBroker, channels: list[ClientChannel], cause: str
    ) -> None:
        self.error = ConnectionClosedByBroker(frame.code, frame.text)


def delivery_of(frame: m.BasicDeliver) -> Delivery:
    """A frame as pika gives it to a callback."""
    return Delivery(
        frame.delivery_tag,
        frame.redelivered,
        frame.exchange,
        frame.routing_key,
        frame.consumer_tag,
        frame.message_count,
    )
