"""Direct reply-to: an answer goes straight to the channel that asked, past all queues. [rule 64]

Who asks consumes from the pseudo-queue and publishes with its name as reply_to; the broker puts a token there. What comes to
the default exchange with that token as its key is delivered on the asking channel, or dropped. The cases were asked of a 3.10.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq.dead_letter import carbon_copies
from mqlab.engine.brokers.rabbitmq.deliver import as_delivered
from mqlab.engine.brokers.rabbitmq.exchange import DEFAULT_NODE
from mqlab.engine.brokers.rabbitmq.methods import ChannelError
from mqlab.engine.draw import draw
from mqlab.engine.events import Replied, Unroutable
from mqlab.engine.message import Content, Copy, Message, Properties, copy_event, copy_name, message_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel

PSEUDO_QUEUE = "amq.rabbitmq.reply-to"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Asker:
    """A channel's consumer of direct replies, and the token by which they find it."""

    __slots__ = ("channel", "tag", "token")

    def __init__(self, channel: Channel, tag: str, token: str) -> None:
        self.channel = channel
        self.tag = tag
        self.token = token

    def sign(self, properties: Properties) -> Properties:
        """A question's properties, with the token to answer to."""
        return msgspec.structs.replace(properties, reply_to=self.token)


def made_up(broker: RabbitMQ, kind: str) -> str:
    """22 letters that the server makes up: by the seed, and other ones each time."""
    broker.named += 1
    bits = draw(broker.world.seed, broker.name, kind, broker.named)
    more = draw(broker.world.seed, broker.name, kind, broker.named, "more")
    return "".join(LETTERS[((bits if i < 10 else more) >> (6 * (i % 10))) & 63] for i in range(22))


def consume(broker: RabbitMQ, channel: Channel, tag: str, auto_ack: bool) -> m.BasicConsumeOk:
    """basic.consume of the pseudo-queue. Raises ChannelError 406."""
    wrong = "reply consumer cannot acknowledge" if not auto_ack else "reply consumer already set"
    if not auto_ack or channel.asker is not None:
        raise ChannelError(406, f"PRECONDITION_FAILED - {wrong}", "rabbitmq/direct-reply-to-consumer")
    token = f"{PSEUDO_QUEUE}.{made_up(broker, 'reply-to')}.{made_up(broker, 'reply-to')}=="
    broker.askers[token] = channel.asker = Asker(channel, tag, token)
    return m.BasicConsumeOk(tag)


def forget(broker: RabbitMQ, channel: Channel) -> None:
    """The channel takes no replies any more: its token is remembered as one that nobody waits behind."""
    if channel.asker is not None:
        broker.askers[channel.asker.token] = channel.asker = channel.content = None


def declare(broker: RabbitMQ, name: str) -> m.QueueDeclareOk:
    """Any queue.declare of such a name: passive, whatever it says. Raises ChannelError 404 where nobody waits."""
    if name != PSEUDO_QUEUE and broker.askers.get(name) is None:
        error = broker.no_queue(name)
        error.rule = "rabbitmq/direct-reply-to-declare"
        raise error
    return m.QueueDeclareOk(name, 0, 1)


def check(channel: Channel, properties: Properties) -> ChannelError | None:
    """What the broker says to a question on a channel that takes no answers."""
    if properties.reply_to != PSEUDO_QUEUE or channel.asker is not None:
        return None
    text = "PRECONDITION_FAILED - fast reply consumer does not exist"
    return ChannelError(406, text, "rabbitmq/direct-reply-to-consumer")


def answer(broker: RabbitMQ, message: Message, content: Content, cause: str) -> str:
    """Pass a message on to each channel whose token is among its keys. Returns the last event's name; "": there is none.

    Up to 4.1 a token behind which nobody waits is as good as none; since 4.2 it is a queue that is gone.
    """
    headers = content.properties.headers
    keys = {content.routing_key, *carbon_copies(headers, "CC"), *carbon_copies(headers, "BCC")}
    told = ""
    for key in sorted(keys & broker.askers.keys()):
        asker = broker.askers[key]
        if asker is not None:
            told = _reply(broker, asker, message, content, told or cause)
        elif broker.version == "4.3":
            told, before = message_event(message), told
            rule = "rabbitmq/direct-reply-to-at-most-once"
            of = (message.id,)
            broker.world.emit(
                Unroutable(
                    broker.world.now, told, before or cause, rule, of, DEFAULT_NODE, message.key, "no_route"
                )
            )
    return told


def _reply(broker: RabbitMQ, asker: Asker, message: Message, content: Content, cause: str) -> str:
    """Deliver on the asking channel. Up to 4.1 the delivery takes the channel's next tag without using it up."""
    world, channel = broker.world, asker.channel
    connection = channel.connection
    tag = channel.tags + 1
    if broker.version == "4.3":
        channel.tags = tag
    copy = Copy(copy_name(message, PSEUDO_QUEUE), message, content, PSEUDO_QUEUE, "acked")
    name = copy_event(copy)
    arrives = connection.down()
    of, program, key = (copy.name,), connection.program, message.key
    rule = "rabbitmq/direct-reply-to"
    world.emit(Replied(world.now, name, cause, rule, of, DEFAULT_NODE, program, key, tag, arrives))
    frame = m.BasicDeliver(
        copy, asker.tag, tag, False, content.exchange, content.routing_key, as_delivered(None, copy, False), True,
        PSEUDO_QUEUE, channel.number,
    )  # fmt: skip
    flight = None
    if not connection.instant:
        flight = Flight("delivery", DEFAULT_NODE, program, world.now, arrives, of, key)
    connection.push(frame, name, arrives, flight)
    return name
