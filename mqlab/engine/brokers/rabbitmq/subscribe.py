"""Taking from a queue: consume, cancel, get, qos; and asking for confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.brokers.rabbitmq import reply_to
from mqlab.engine.brokers.rabbitmq.consumer import Consumer
from mqlab.engine.brokers.rabbitmq.deliver import dispatch, expire, hand_over
from mqlab.engine.brokers.rabbitmq.methods import ChannelError, ConnectionError_
from mqlab.engine.brokers.rabbitmq.queue_arguments import check_consumer_arguments
from mqlab.engine.brokers.rabbitmq.quorum import UNLIMITED_PREFETCH
from mqlab.engine.brokers.rabbitmq.slots import go_on
from mqlab.engine.events import ConsumerCancelled
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.brokers.rabbitmq.topology import Topology
    from mqlab.engine.connection import Connection


def consume(
    broker: RabbitMQ, connection: Connection, request: m.BasicConsume, cause: str
) -> m.BasicConsumeOk:
    """basic.consume: the consumer enters the rotation at its tail, and what is ready goes out."""
    channel = broker.channel(connection, request.channel)
    tag = request.consumer_tag or f"amq.ctag-{reply_to.made_up(broker, 'consumer-tag')}"
    if tag in channel.consumers:
        text = f"NOT_ALLOWED - attempt to reuse consumer tag '{tag}'"
        raise ConnectionError_(530, text, "rabbitmq/consumer-tags")
    if request.queue == reply_to.PSEUDO_QUEUE:
        return reply_to.consume(broker, channel, tag, request.auto_ack)
    queue = broker.queue(request.queue, connection)
    arguments = request.arguments or {}
    check_consumer_arguments(queue.name, arguments)
    prefetch = channel.default_prefetch
    if queue.kind == "quorum":
        if channel.shared_prefetch:
            text = f"NOT_IMPLEMENTED - queue '{queue.name}' in vhost '/' does not support global qos"
            raise ConnectionError_(540, text, "rabbitmq/quorum-declare")
        prefetch = prefetch or UNLIMITED_PREFETCH
    else:
        _check_exclusive(queue, request.exclusive)
    consumer = Consumer(
        tag,
        channel,
        queue,
        auto_ack=request.auto_ack,
        prefetch=prefetch,
        exclusive=request.exclusive,
        arguments=arguments,
    )
    if queue.kind == "quorum":
        consumer.timed = broker.version == "4.3"
        _take_over(channel, consumer)
    channel.consumers[tag] = consumer
    before = queue.chosen
    queue.add(consumer)
    broker.add_link(consumer.link, "consume", queue.name, connection.program, cause)
    broker.tell_chosen(queue, before, cause)
    dispatch(broker, queue, cause)
    if queue.sees_head:
        expire(broker, queue, cause)
    return m.BasicConsumeOk(tag)


def _check_exclusive(queue: Queue, exclusive: bool) -> None:
    """One that wants to be alone, or one beside it, is refused, where the queue looks at it. [rule 33]"""
    alone = any(consumer.exclusive for consumer in queue.consumers.values())
    if alone or (exclusive and (queue.consumers or queue.single)):
        text = f"ACCESS_REFUSED - queue '{queue.name}' in vhost '/' in exclusive use"
        single = exclusive and queue.single
        rule = "rabbitmq/single-active-exclusive" if single else "rabbitmq/exclusive-consumer"
        raise ChannelError(403, text, rule)


def _take_over(channel: Channel, consumer: Consumer) -> None:
    """A quorum queue knows a consumer by channel and tag: one that comes again holds what it held. [asked of a 3.10.8]"""
    for tag, (copy, old) in channel.unacked.items():
        if (
            old is not None
            and old.tag == consumer.tag
            and old.queue is consumer.queue
            and not consumer.auto_ack
        ):
            channel.unacked[tag] = (copy, consumer)
            consumer.unacked += 1


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
        queue = consumer.queue
        before = queue.chosen
        broker.forget_consumer(consumer, cause)
        broker.tell_chosen(queue, before, cause)
        broker.queue_unused(queue, cause)
        if queue.chosen is not before:
            if queue.kind == "classic" and broker.version == "3.10":
                queue.rest()
            dispatch(broker, queue, cause)
    return m.Ok()


def as_told(queue: Queue) -> list[Consumer]:
    """The consumers of a queue that goes, as they are told: channel by channel, each by its tags. [asked of a 3.10.8]"""
    channels: dict[Channel, list[Consumer]] = {}
    for consumer in queue.consumers.values():
        channels.setdefault(consumer.channel, []).append(consumer)
    return [one for group in channels.values() for one in sorted(group, key=lambda one: one.tag)]


def cancel_by_broker(
    broker: Topology, consumer: Consumer, cause: str, rule: str = "rabbitmq/consumer-cancel-notify"
) -> str:
    """The consumer is over, for its queue is gone or (by its rule) otherwise: it is told. Returns the event's name. [rule 19]"""
    world = broker.world
    channel = consumer.channel
    connection = channel.connection
    channel.consumers.pop(consumer.tag, None)
    broker.forget_consumer(consumer, cause)
    arrives = connection.down()
    name = world.name(connection.program)
    world.emit(
        ConsumerCancelled(world.now, name, cause, rule, connection.program, consumer.queue.name, arrives)
    )
    flight = (
        None
        if connection.instant
        else Flight("close", broker.name, connection.program, world.now, arrives, ())
    )
    connection.push(m.CancelNotify(consumer.tag, channel.number), name, arrives, flight)
    return name


def get(
    broker: RabbitMQ, connection: Connection, request: m.BasicGet, cause: str
) -> m.BasicGetOk | m.BasicGetEmpty:
    """basic.get: the head of the queue, outside any rotation and prefetch; the answer is a delivery."""
    channel = broker.channel(connection, request.channel)
    queue = broker.queue(request.queue, connection)
    if queue.single and queue.kind == "quorum":
        text = (
            f"RESOURCE_LOCKED - cannot obtain access to locked queue '{queue.name}' in vhost '/'. basic.get operations are not "
            "supported by quorum queues with single active consumer"
        )
        raise ChannelError(405, text, "rabbitmq/single-active-get")
    broker.renew(queue)
    if queue.sees_head:
        expire(broker, queue, cause)
    if queue.head is None:
        return m.BasicGetEmpty()
    hand_over(broker, queue, channel, None, cause, request.auto_ack, left=True)
    return m.BasicGetOk()


def qos(broker: RabbitMQ, connection: Connection, request: m.BasicQos, cause: str) -> m.Ok:
    """basic.qos: for consumers to come on this channel; global: shared by all of the channel. [rule 23]

    One for consumers ends a shared one. A shared one begins to count with all that the channel holds, also by basic.get,
    but takes only from consumers what it counts off. [asked of a 3.10.8]
    """
    channel = broker.channel(connection, request.channel)
    if request.prefetch_size:
        text = f"NOT_IMPLEMENTED - prefetch_size!=0 ({request.prefetch_size})"
        raise ConnectionError_(540, text, "rabbitmq/not-implemented")
    count = request.prefetch_count
    if not request.global_qos:
        channel.default_prefetch = count
    elif count and not channel.shared_prefetch:
        channel.shared_unacked = len(channel.unacked)
    was_full = channel.is_full
    channel.shared_prefetch = count if request.global_qos else 0
    if not channel.shared_prefetch:
        channel.shared_unacked = 0
    if was_full and not channel.is_full:
        go_on(broker, channel, list(channel.stopped), cause)
    return m.Ok()


def flow(broker: RabbitMQ, connection: Connection, request: m.ChannelFlow, cause: str) -> m.Ok:
    """channel.flow: only "go on" is understood."""
    broker.channel(connection, request.channel)
    if not request.active:
        raise ConnectionError_(540, "NOT_IMPLEMENTED - active=false", "rabbitmq/not-implemented")
    return m.Ok()


def confirm_select(broker: RabbitMQ, connection: Connection, request: m.ConfirmSelect, cause: str) -> m.Ok:
    """confirm.select: publishes are counted from 1 and confirmed."""
    channel = broker.channel(connection, request.channel)
    if channel.tx is not None:
        text = "PRECONDITION_FAILED - cannot switch from tx to confirm mode"
        raise ChannelError(406, text, "rabbitmq/tx-or-confirms")
    channel.confirms = True
    return m.Ok()
