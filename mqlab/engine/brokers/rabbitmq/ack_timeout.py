"""How long a message may be held without an ack, and what the broker does about it. [rule 34]

Before 4.3 each channel looks once a minute at the oldest that it has not seen acked, and closes if that is over its time. Since
4.3 only quorum queues look, at the moment itself: the consumer is cancelled, what it held goes back and counts as no failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import settle, subscribe
from mqlab.engine.brokers.rabbitmq.methods import ChannelError
from mqlab.engine.brokers.rabbitmq.queue import whole

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.queue import Queue

TICK_US = 60_000_000
CLOSES, CANCELS = "rabbitmq/ack-timeout", "rabbitmq/ack-timeout-cancels"


def _allowed_us(broker: RabbitMQ, queue: Queue, consumer: Consumer | None) -> int:
    """The consumer's own, else its queue's, else the broker's; 3.10 knows only the broker's. 0: for ever."""
    if broker.version == "3.10":
        return broker.consumer_timeout_us
    own = (
        whole(consumer.arguments, "x-consumer-timeout")
        if consumer is not None and broker.version == "4.3"
        else None
    )
    given = whole(queue.arguments, "x-consumer-timeout") if own is None else own
    return broker.consumer_timeout_us if given is None else given * 1000


def watch_channel(broker: RabbitMQ, channel: Channel) -> None:
    """An ack is owed: look at the first tick after which the oldest is over its time."""
    if broker.version == "4.3":
        channel.watch = -1  # its consumers are watched, one by one
        return
    for copy, consumer in channel.unacked.values():
        queue = broker.queues.get(copy.queue)
        allowed = broker.consumer_timeout_us if queue is None else _allowed_us(broker, queue, consumer)
        if allowed:
            late = copy.since + allowed - channel.opened
            channel.watch = channel.opened + (late // TICK_US + 1) * TICK_US
            broker.world.at(channel.watch, broker.channel_late, channel, allowed, channel.watch)
        return  # only the oldest


def channel_late(broker: RabbitMQ, channel: Channel, allowed: int, t: int) -> None:
    """A tick at which the oldest may be over its time: close the channel, or look again later."""
    connection = channel.connection
    if channel.watch != t or connection.channels.get(channel.number) is not channel:
        return
    channel.watch = 0
    oldest = next(iter(channel.unacked.values()), None)
    if oldest is not None and oldest[0].since + allowed < t:
        text = (
            f"PRECONDITION_FAILED - delivery acknowledgement on channel {channel.number} timed out. Timeout value used: "
            f"{allowed // 1000} ms. This timeout value can be configured, see consumers doc guide to learn more"
        )
        broker.close_channel(connection, channel.number, ChannelError(406, text, CLOSES), "")
    else:
        watch_channel(broker, channel)


def watch_consumer(broker: RabbitMQ, consumer: Consumer) -> None:
    """It owes an ack: look when the oldest that it holds is over its time."""
    allowed = _allowed_us(broker, consumer.queue, consumer)
    held = [copy.since for copy, by in consumer.channel.unacked.values() if by is consumer]
    if allowed and held:
        consumer.watch = min(held) + allowed
        broker.world.at(consumer.watch, broker.consumer_late, consumer, consumer.watch)


def consumer_late(broker: RabbitMQ, consumer: Consumer, t: int) -> None:
    """The oldest that a consumer holds may be over its time: cancel it, or look again later."""
    channel = consumer.channel
    if consumer.watch != t or channel.connection.channels.get(channel.number) is not channel:
        return
    consumer.watch = 0
    held = {tag: entry for tag, entry in channel.unacked.items() if entry[1] is consumer}
    allowed = _allowed_us(broker, consumer.queue, consumer)
    if not any(copy.since + allowed <= t for copy, _ in held.values()):
        watch_consumer(broker, consumer)
        return
    cause = subscribe.cancel_by_broker(broker, consumer, "", CANCELS)
    for tag in held:
        del channel.unacked[tag]
    channel.reclaimed.update(held)
    settle.give_back(broker, channel.connection.program, list(held.values()), "timeout", cause)
