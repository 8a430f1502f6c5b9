"""Prefetch slots that are free again, and who goes on because of it. [rules 22, 23]

A queue hears of an ack, and whose own prefetch has room re-enters its rotation. The limit that a channel's consumers share is
minded beside the queues: it counts off at once, and afterwards tells those queues to go on that it had told to stop.
[read in 3.10.8's rabbit_queue_consumers and rabbit_limiter, and asked of it]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq.deliver import dispatch, expire

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.message import Copy

Entries = list[tuple["Copy", "Consumer | None"]]


def by_consumer(entries: Entries) -> list[Entries]:
    """Grouped as RabbitMQ settles them: queue by queue in the order of names, first what was got, then tag by tag."""
    if len(entries) == 1:
        return [entries]
    groups: dict[tuple[str, str], Entries] = {}
    for copy, consumer in entries:
        key = (copy.queue, "" if consumer is None else consumer.tag)
        groups.setdefault(key, []).append((copy, consumer))
    return [groups[key] for key in sorted(groups)]


def free(group: Entries) -> None:
    """One consumer's slots of one queue are free: if it was full, it re-enters the rotation at its tail."""
    consumer = group[0][1]
    if consumer is None:
        return
    shared = consumer.channel.shared_prefetch
    was_full = bool(shared) and not consumer.has_room
    consumer.unacked -= len(group)
    if not shared:
        if consumer.blocked and consumer.may_take:
            consumer.queue.join(consumer)
    elif was_full:
        _let_in(consumer.queue, consumer.channel)


def _let_in(queue: Queue, channel: Channel) -> None:
    """All of the channel's consumers that have room re-enter, in the order in which they left."""
    waiting = [
        one for one in channel.consumers.values() if one.queue is queue and one.blocked and one.has_room
    ]
    for one in sorted(waiting, key=lambda one: one.blocked):
        queue.join(one)


def count_off(entries: Entries) -> list[Queue]:
    """What went to consumers no longer counts for what they share: first of all. Returns the queues that may go on afterwards."""
    channel = next((consumer.channel for _, consumer in entries if consumer is not None), None)
    if channel is None or not channel.shared_prefetch:
        return []
    was_full = channel.is_full
    freed = sum(consumer is not None for _, consumer in entries)
    channel.shared_unacked = max(0, channel.shared_unacked - freed)
    return list(channel.stopped) if was_full and not channel.is_full else []


def go_on(broker: RabbitMQ, channel: Channel, stopped: list[Queue], cause: str) -> None:
    """Queues that were told to stop give out again, one after the other, as far as there is room."""
    for queue in stopped:
        channel.stopped.pop(queue, None)
        _let_in(queue, channel)
        dispatch(broker, queue, cause)
        if queue.sees_head:
            expire(broker, queue, cause)
