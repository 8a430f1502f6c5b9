"""What a publisher with confirms is told, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq.methods import Confirm
from mqlab.engine.events import Confirmed
from mqlab.engine.message import Message, message_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.connection import Connection


class Receipt:
    """What a confirm waits for: every queue that was routed to has taken the message, or refused it. [rules 36, 37]"""

    answers = True  # the publisher is told

    __slots__ = ("channel", "exchange", "message", "ok", "tag", "waits")

    def __init__(self, channel: Channel, tag: int, message: Message, exchange: str, waits: int) -> None:
        self.channel = channel
        self.tag = tag
        self.message = message
        self.exchange = exchange
        self.waits = waits
        self.ok = True

    def taken(self, broker: RabbitMQ, cause: str) -> None:
        """One more queue has it."""
        self.waits -= 1
        if self.waits <= 0:
            confirm(
                broker,
                self,
                cause,
                "rabbitmq/confirm-after-enqueue" if self.ok else "rabbitmq/confirm-nack-overflow",
            )

    def refused(self, broker: RabbitMQ, cause: str) -> None:
        """One queue refused: the whole publish is nacked, though others keep it."""
        self.ok = False
        self.taken(broker, cause)

    def gone(self) -> None:
        """A queue went before it could answer: a publisher with confirms is not told of that."""


class Unasked(Receipt):
    """Of a publisher who asked for no confirms: it only says whose publish it is."""

    __slots__ = ()
    answers = False

    def taken(self, broker: RabbitMQ, cause: str) -> None:
        """One more queue has answered."""


def confirm(broker: RabbitMQ, receipt: Receipt, cause: str, rule: str) -> None:
    """Tell the publisher. A nack for one message comes with multiple=true, as RabbitMQ sends it."""
    channel, message = receipt.channel, receipt.message
    connection = channel.connection
    if connection.channels.get(channel.number) is not channel:
        return  # nobody is there to be told
    world = broker.world
    arrives = connection.down()
    name = message_event(message)
    node = broker.node_of(receipt.exchange)
    of, multiple = (message.id,), not receipt.ok
    world.emit(
        Confirmed(
            world.now,
            name,
            cause,
            rule,
            of,
            connection.program,
            node,
            message.key,
            receipt.tag,
            arrives,
            multiple,
            receipt.ok,
        )
    )
    what = "confirm" if receipt.ok else "confirm_nack"
    frame = Confirm(receipt.tag, multiple, receipt.ok, of, channel.number)
    connection.push(frame, name, arrives, flight(broker, what, node, connection, message, arrives))


def flight(
    broker: RabbitMQ, what: str, node: str, connection: Connection, message: Message, arrives: int
) -> Flight | None:
    """What is on its way to a publisher, for the picture."""
    if connection.instant:
        return None
    return Flight(what, node, connection.program, broker.world.now, arrives, (message.id,), message.key)
