"""Taking from a queue: consume, cancel, get, qos; and asking for confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq import reply_to
from mqlab.engine.brokers.rabbitmq.consumer import Consumer
from mqlab.engine.brokers.rabbitmq.deliver import dispatch, expire, hand_over
from mqlab.engine.brokers.rabbitmq.methods import ChannelError, ConnectionError_
from mqlab.engine.brokers.rabbitmq.quorum import UNLIMITED_PREFETCH
from mqlab.engine.events import ConsumerCancelled
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.topology import Topology
    from mqlab.engine.connection import Connection


def consume(
    broker: RabbitMQ, connection: Connection, request: m.BasicConsume, cause: str
) -> m.BasicConsumeOk:
    """basic.consume: the consumer enters the rotation at its tail, and what is ready goes out."""
    channel = broker.channel(connection, request.channel)
    tag = request.consumer_tag
    queue = None if request.queue == reply_to.PSEUDO_QUEUE else broker.queue(request.queue, connection)
    if tag in channel.consumers:
        raise ConnectionError_(530, f"NOT_ALLOWED - attempt to reuse consumer tag '{tag}'")
    if queue is None:
        return reply_to.consume(broker, channel, request)
    alone = any(consumer.exclusive for consumer in queue.consumers.values())
    if alone or (request.exclusive and queue.consumers):
        raise ChannelError(
            403,
            f"ACCESS_REFUSED - queue '{queue.name}' in vhost '/' in exclusive use",
            "rabbitmq/exclusive-consumer",
        )
    prefetch = channel.default_prefetch
    if queue.kind == "quorum":
        if channel.shared_prefetch:
            text = f"NOT_IMPLEMENTED - queue '{queue.name}' in vhost '/' does not support global qos"
            raise ConnectionError_(540, text, "rabbitmq/quorum-declare")
        prefetch = prefetch or UNLIMITED_PREFETCH
    priority = (request.arguments or {}).get("x-priority", 0)
    consumer = Consumer(
        tag,
        channel,
        queue,
        auto_ack=request.auto_ack,
        prefetch=prefetch,
        exclusive=request.exclusive,
        priority=priority,
    )
    channel.consumers[tag] = consumer
    queue.consumers[consumer.id] = consumer
    queue.used = True
    queue.join(consumer)
    broker.add_link(consumer.link, "consume", queue.name, connection.program, cause)
    dispatch(broker, queue, cause)
    if queue.sees_head:
        expire(broker, queue, cause)
    return m.BasicConsumeOk(tag)


def cancel(broker: RabbitMQ, connection: Connection, request: m.BasicCancel, departure: str) -> m.Ok:
    """basic.cancel: what it holds unacked stays with the channel. [rule 29]"""
    cause = departure
    channel = broker.channel(connection, request.channel)
    if channel.asker is not None and channel.asker.tag == request.consumer_tag:
        reply_to.forget(broker, channel)
        return m.Ok()
    consumer = channel.consumers.pop(request.consumer_tag, None)
    if departure:
        cause = connection.hang_up(departure, "consumer")
    if consumer is not None:
        broker.forget_consumer(consumer, cause)
        broker.queue_unused(consumer.queue, cause)
    return m.Ok()


def cancel_by_broker(broker: Topology, consumer: Consumer, cause: str) -> None:
    """The consumer's queue is gone: it is told. [rule 19]"""
    world = broker.world
    channel = consumer.channel
    connection = channel.connection
    channel.consumers.pop(consumer.tag, None)
    broker.forget_consumer(consumer, cause)
    arrives = connection.down()
    name = world.name(connection.program)
    rule = "rabbitmq/consumer-cancel-notify"
    world.emit(
        ConsumerCancelled(world.now, name, cause, rule, connection.program, consumer.queue.name, arrives)
    )
    flight = (
        None
        if connection.instant
        else Flight("close", broker.name, connection.program, world.now, arrives, ())
    )
    connection.push(m.CancelNotify(consumer.tag, channel.number), name, arrives, flight)


def get(broker: RabbitMQ, connection: Connection, request: m.BasicGet, cause: str) -> m.BasicGetEmpty | None:
    """basic.get: the head of the queue, outside any rotation and prefetch; the answer is a delivery."""
    channel = broker.channel(connection, request.channel)
    queue = broker.queue(request.queue, connection)
    if queue.sees_head:
        expire(broker, queue, cause)
    if queue.head is None:
        return m.BasicGetEmpty()
    hand_over(broker, queue, channel, None, cause, request.auto_ack, left=True)
    expire(broker, queue, cause)
    return None


def qos(broker: RabbitMQ, connection: Connection, request: m.BasicQos, cause: str) -> m.Ok:
    """basic.qos: for consumers to come on this channel; global: shared by all of the channel. [rule 23]"""
    channel = broker.channel(connection, request.channel)
    if request.global_qos:
        channel.shared_prefetch = request.prefetch_count
        for consumer in channel.consumers.values():
            if consumer.blocked and consumer.may_take:
                consumer.queue.join(consumer)
                dispatch(broker, consumer.queue, cause)
    else:
        channel.default_prefetch = request.prefetch_count
    return m.Ok()


def confirm_select(broker: RabbitMQ, connection: Connection, request: m.ConfirmSelect, cause: str) -> m.Ok:
    """confirm.select: publishes are counted from 1 and confirmed."""
    broker.channel(connection, request.channel).confirms = True
    return m.Ok()
