"""A queue at work: taking copies in, giving them out, letting old ones go, keeping its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqlab.engine.brokers.rabbitmq.dead_letter import dead_letter, end_rule, target
from mqlab.engine.brokers.rabbitmq.methods import BasicDeliver
from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue
from mqlab.engine.events import Delivered, Dropped, Enqueued, Expired
from mqlab.engine.message import Copy, Properties, copy_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.confirms import Receipt
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.queue import Queue


def enqueue(broker: RabbitMQ, queue: Queue, copy: Copy, receipt: Receipt | None, cause: str) -> None:
    """A copy reaches its queue: refused, or ready and perhaps delivered at once."""
    if copy.state != "arriving":
        return  # its queue went while it was on its way
    world = broker.world
    size = len(copy.message.body)
    if queue.overflow != "drop-head" and queue.refuses(size, None if receipt is None else receipt.channel):
        _refuse(broker, queue, copy, receipt, cause)
        return
    at = queue.push(copy)
    ttl = queue.ttl_us
    expiration = copy.content.properties.expiration
    if expiration is not None:
        own = lifetime_us(expiration)
        ttl = own if ttl is None else min(ttl, own)
    if ttl is not None:
        queue.timed = True
        copy.expires = world.now + ttl or -1  # 0 is never, and here it is the beginning of time
    world.ledger.move(copy, "enqueue")
    copy.n = n = copy.n + 1  # copy_event, without the call: this is the busiest way of all
    name = f"{copy.name}#{n}"
    rule = "rabbitmq/ttl-minimum" if ttl is not None else ""
    if at >= 0:
        rule = queue.priority_rule
    world.emit(
        Enqueued(
            world.now,
            name,
            cause,
            rule,
            (copy.name,),
            queue.name,
            at,
            copy.expires,
            queue.priority_of(copy) if queue.prioritized else 0,
        )
    )
    if receipt is not None:
        receipt.taken(broker, name)
    if queue.single:
        queue.wake()
    if queue.active:
        dispatch(broker, queue, name, copy)
    dropped = (queue.max_length is not None or queue.max_bytes is not None) and shorten(broker, queue, name)
    if dropped or (ttl is not None and (queue.sees_head or len(queue) == 1)):
        expire(broker, queue, name)


def lifetime_us(expiration: str) -> int:
    """An expiration that the broker took."""
    return int(expiration) * 1000


def _refuse(broker: RabbitMQ, queue: Queue, copy: Copy, receipt: Receipt | None, cause: str) -> None:
    world = broker.world
    if queue.overflow == "reject-publish-dlx" and target(broker, queue) is not None:
        name = dead_letter(broker, queue, copy, "maxlen", cause, "rabbitmq/overflow-reject-publish-dlx")
    else:
        world.ledger.move(copy, "drop")
        name = copy_event(copy)
        told = "refused" if receipt is not None and receipt.answers else "maxlen"
        rule = (
            "rabbitmq/overflow-reject-publish"
            if queue.kind == "classic"
            else "rabbitmq/quorum-reject-publish"
        )
        world.emit(Dropped(world.now, name, cause, rule, (copy.name,), queue.name, copy.message.key, told))
    if receipt is not None:
        receipt.refused(broker, name)


def dispatch(broker: RabbitMQ, queue: Queue, cause: str, fresh: Copy | None = None) -> None:
    """Give ready copies out while somebody may take one. `fresh` has just come: its turn comes before its time is up."""
    if broker.wary and not broker.serves(queue):
        return
    now = broker.world.now
    together = queue.together
    picked: list[tuple[Consumer, Copy]] = []
    while (head := queue.head) is not None:
        if head.expires and head.expires <= now and head is not fresh and queue.sees_head:
            _expired(broker, queue, queue.pop(), cause)
            continue
        consumer = queue.next_consumer()
        if consumer is None:
            break
        if together:
            picked.append((consumer, queue.pick(consumer)))
            continue
        hand_over(broker, queue, consumer.channel, consumer, cause)
        if not queue.sees_head:
            expire(broker, queue, cause)
    if picked:
        for consumer, copy in queue.in_turn(picked):
            consumer.unacked -= not consumer.auto_ack
            hand_over(broker, queue, consumer.channel, consumer, cause, copy=copy)


def hand_over(
    broker: RabbitMQ,
    queue: Queue,
    channel: Channel,
    consumer: Consumer | None,
    cause: str,
    auto_ack: bool = False,
    left: bool = False,
    copy: Copy | None = None,
) -> None:
    """Send the head of the queue, or what was picked, down the channel: to a consumer, or (None) as the answer to a get."""
    world = broker.world
    connection = channel.connection
    picked = copy is not None
    if copy is None:
        copy = queue.pop()
    if left and queue.kind == "classic":
        expire(broker, queue, cause)  # before what is left is counted; a quorum queue looks afterwards
    channel.tags = tag = channel.tags + 1
    copy.n = n = copy.n + 1
    name = f"{copy.name}#{n}"
    holds = prefetch = 0
    if consumer is not None:
        auto_ack = consumer.auto_ack
    if auto_ack:
        world.ledger.move(copy, "deliver_auto_ack")
        rule = "rabbitmq/auto-ack-gone"
    else:
        world.ledger.move(copy, "deliver")
        queue.unacked[copy.name] = copy
        channel.unacked[tag] = (copy, consumer)
        copy.holder = connection.program
        copy.since = world.now
        rule = "rabbitmq/dispatch-rotation"
        if not channel.watch:
            broker.watch_channel(channel)
        if consumer is not None:
            consumer.unacked += 1
            if consumer.timed and not consumer.watch:
                broker.watch_consumer(consumer)
            if channel.shared_prefetch and queue.kind == "classic":
                channel.shared_unacked += 1
            if prefetch := consumer.prefetch:
                holds = consumer.unacked
                rule = "rabbitmq/prefetch-per-consumer"
            if queue.single:
                rule = "rabbitmq/single-active-consumer"
            elif queue.ranked:
                rule = "rabbitmq/consumer-priority"
    if consumer is None:
        rule = "rabbitmq/get-pulls"
    elif not picked:
        queue.took(consumer)
    redelivered = copy.redelivered
    if redelivered:
        rule = "rabbitmq/redelivered-flag"
    instant = connection.instant
    arrives = world.now if instant else connection.down()
    world.emit(
        Delivered(
            world.now,
            name,
            cause,
            rule,
            (copy.name,),
            queue.name,
            connection.program,
            tag,
            arrives,
            redelivered,
            auto_ack,
            copy.failures,
            holds,
            prefetch,
        )
    )
    content = copy.content
    properties = content.properties
    if properties.headers is not None or copy.failures or consumer is None:
        properties = as_delivered(queue, copy, consumer is None and broker.version == "3.10")
    frame = BasicDeliver(
        copy, consumer.tag if consumer else "", tag, redelivered, content.exchange, content.routing_key, properties, auto_ack,
        queue.name, channel.number, len(queue) if left else -1,
    )  # fmt: skip
    if instant:
        connection.peer.receive(frame, name)
    else:
        flight = Flight(
            "delivery",
            queue.name,
            connection.program,
            world.now,
            arrives,
            (copy.name,),
            copy.message.key,
            redelivered,
        )
        connection.push(frame, name, arrives, flight)
    if left and queue.kind == "quorum":
        expire(broker, queue, name)


def as_delivered(queue: Queue | None, copy: Copy, always: bool) -> Properties:
    """The properties a consumer sees: without BCC, with the delivery count of a quorum queue. [rules 7, 58]

    A consumer is told the count from 1 on. A get of a 3.10.8 is told it always, also 0: asked of one, and so recorded.
    """
    properties = copy.content.properties
    headers = properties.headers
    counted = isinstance(queue, QuorumQueue) and (copy.failures > 0 or always)
    if not counted and "BCC" not in (headers or ()):
        return properties
    headers = {name: value for name, value in (headers or {}).items() if name != "BCC"}
    if counted:
        headers["x-delivery-count"] = copy.failures
    return msgspec.structs.replace(properties, headers=headers)


def expire(broker: RabbitMQ, queue: Queue, cause: str) -> None:
    """Let go what is over its time at the head, and look again when the new head's time will be over. [rule 39]"""
    if not queue.timed:
        return
    now = broker.world.now
    head = queue.head
    while (copy := queue.pop_expired(now)) is not None:
        _expired(broker, queue, copy, cause, "" if copy is head else "rabbitmq/ttl-each-priority")
        head = queue.head
    due = queue.next_expiry()
    if due and (not queue.timer or due < queue.timer):
        queue.timer = due
        broker.world.at(due, broker.head_due, queue.name, due)


def _expired(broker: RabbitMQ, queue: Queue, copy: Copy, cause: str, rule: str = "") -> None:
    world = broker.world
    if not rule:
        rule = "rabbitmq/ttl-head-only" if copy.expires < world.now else "rabbitmq/ttl-minimum"
    if copy.content.properties.expiration == "0" or queue.ttl_us == 0:
        rule = "rabbitmq/ttl-zero"
    if queue.kind == "quorum" and broker.keep_letter(queue, copy, "expired", cause):
        return
    if target(broker, queue) is not None:
        dead_letter(broker, queue, copy, "expired", cause, "rabbitmq/dead-letter-reasons")
        return
    world.ledger.move(copy, "expire")
    rule = end_rule(queue, rule)
    world.emit(Expired(world.now, copy_event(copy), cause, rule, (copy.name,), queue.name, copy.message.key))


def shorten(broker: RabbitMQ, queue: Queue, cause: str) -> bool:
    """Drop (or dead-letter) from the head while the queue is over a limit, if that is what it does. [rules 44, 45]

    Returns whether anything went.
    """
    if queue.overflow != "drop-head":
        queue.weigh()
        return False  # what comes back may take it over its limit
    world = broker.world
    dropped = False
    while queue.head is not None and queue.full(0, 0):
        copy = queue.pop()
        dropped = True
        rule = "rabbitmq/max-length-zero" if queue.max_length == 0 else "rabbitmq/overflow-drop-head"
        if queue.prioritized and queue.priority_of(copy):
            rule = "rabbitmq/priority-drop-head"
        if target(broker, queue) is not None:
            dead_letter(broker, queue, copy, "maxlen", cause, rule)
            continue
        world.ledger.move(copy, "drop")
        rule = end_rule(queue, rule)
        world.emit(
            Dropped(
                world.now, copy_event(copy), cause, rule, (copy.name,), queue.name, copy.message.key, "maxlen"
            )
        )
    return dropped
