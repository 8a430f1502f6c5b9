"""What ends or undoes a delivery: ack, nack, reject, recover, and the close of a channel."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import reply_to
from mqlab.engine.brokers.rabbitmq.channel import still_held
from mqlab.engine.brokers.rabbitmq.dead_letter import dead_letter, end_rule, target
from mqlab.engine.brokers.rabbitmq.deliver import dispatch, expire, shorten
from mqlab.engine.brokers.rabbitmq.methods import (
    BasicAck,
    BasicNack,
    BasicRecover,
    BasicReject,
    ConnectionError_,
)
from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue
from mqlab.engine.events import Dropped, Lost, Requeued, Settled
from mqlab.engine.message import Copy, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.brokers.rabbitmq.tx import Transaction
    from mqlab.engine.connection import Connection

Entries = list[tuple[Copy, "Consumer | None"]]


def ack(broker: RabbitMQ, connection: Connection, request: BasicAck, departure: str) -> None:
    """basic.ack."""
    channel = connection.channels.get(request.channel)
    if channel is not None and channel.tx is not None:
        _hold(broker, channel.tx, channel, request, departure)
        return
    one = (
        channel.unacked.pop(request.delivery_tag, None)
        if channel is not None and not request.multiple
        else None
    )
    entries = [one] if one is not None else _taken(broker, connection, request, departure)
    if not entries:
        return
    acked(broker, connection, entries, departure)


def acked(broker: RabbitMQ, connection: Connection, entries: Entries, departure: str) -> None:
    """What these were is over."""
    world = broker.world
    touched: dict[Queue, None] = {}
    stale = False
    for copy, _ in entries:
        if copy.state == "unacked":  # else its queue has gone meanwhile
            world.ledger.move(copy, "ack")
            queue = broker.queues[copy.queue]
            del queue.unacked[copy.name]
            copy.holder = ""
            touched[queue] = None
        elif copy.state == "returned":
            stale = True
    if stale and not (entries := still_held(entries)):
        lose_ack(broker, connection, "ack", departure)
        return
    first = entries[0][0]
    first.n = n = first.n + 1
    name = f"{first.name}#{n}"
    of = (first.name,) if len(entries) == 1 else tuple([copy.name for copy, _ in entries])
    world.emit(Settled(world.now, name, departure, "rabbitmq/ack-settles", of, connection.program, "acked"))
    _free_slots(entries)
    for queue in touched:
        if queue.single:
            _choose(broker, queue, name)
        if queue.head is not None and queue.active:
            dispatch(broker, queue, name)
            if queue.sees_head:
                expire(broker, queue, name)


def refuse(
    broker: RabbitMQ, connection: Connection, request: BasicNack | BasicReject, departure: str
) -> None:
    """basic.nack and basic.reject: back to the queue, to the dead letters, or gone."""
    channel = connection.channels.get(request.channel)
    if channel is not None and channel.tx is not None:
        _hold(broker, channel.tx, channel, request, departure)
        return
    taken = _taken(broker, connection, request, departure)
    if entries := still_held(taken):
        refused(broker, connection, request, entries, departure)
    elif taken:
        lose_ack(broker, connection, "nack", departure)


def _hold(
    broker: RabbitMQ,
    tx: Transaction,
    channel: Channel,
    request: BasicAck | BasicNack | BasicReject,
    departure: str,
) -> None:
    """In a transaction it waits for the commit; a wrong tag is an error all the same."""
    before = dict(channel.unacked)
    if _taken(broker, channel.connection, request, departure):
        taken = {tag: entry for tag, entry in before.items() if tag not in channel.unacked}
        tx.settles.append((request, taken, departure))


def refused(
    broker: RabbitMQ,
    connection: Connection,
    request: BasicNack | BasicReject,
    entries: Entries,
    departure: str,
) -> None:
    """What these were goes back, to the dead letters, or nowhere."""
    how = "reject" if isinstance(request, BasicReject) else "nack"
    world = broker.world
    of = tuple([copy.name for copy, _ in entries])
    name = copy_event(entries[0][0])
    if request.requeue:
        world.emit(
            Settled(
                world.now,
                name,
                departure,
                "rabbitmq/requeue-original-position",
                of,
                connection.program,
                "requeued",
            )
        )
        give_back(broker, connection.program, entries, how, name)
        return
    letters = {copy.name: _letter_box(broker, copy) for copy, _ in entries}
    outcome = "dead_lettered" if any(letters.values()) else "rejected"
    first = broker.queues.get(entries[0][0].queue)
    rule = "rabbitmq/dead-letter-reasons"
    if not any(letters.values()):
        rule = "rabbitmq/reject-dropped" if first is None else end_rule(first, "rabbitmq/reject-dropped")
    world.emit(Settled(world.now, name, departure, rule, of, connection.program, outcome))
    for copy, _ in chain(*_by_consumer(entries)):
        queue_name = _let_go(broker, copy)
        queue = broker.queues.get(queue_name)
        if queue is None or copy.state != "unacked":
            continue
        if letters[copy.name]:
            dead_letter(broker, queue, copy, "rejected", name, "rabbitmq/dead-letter-reasons")
        elif outcome == "rejected":
            world.ledger.move(copy, "reject")
        else:
            world.ledger.move(copy, "drop")
            rule = end_rule(queue, "rabbitmq/reject-dropped")
            world.emit(
                Dropped(
                    world.now,
                    copy_event(copy),
                    name,
                    rule,
                    (copy.name,),
                    queue_name,
                    copy.message.key,
                    "rejected",
                )
            )
    _free_slots(entries)
    _serve(broker, _queues_of(broker, entries), name)


def recover(broker: RabbitMQ, connection: Connection, request: BasicRecover, departure: str) -> None:
    """basic.recover: all that is unacked on the channel goes back to its queues. [rule 29]"""
    channel = broker.channel(connection, request.channel)
    if not request.requeue:
        raise ConnectionError_(540, "NOT_IMPLEMENTED - requeue=false", "rabbitmq/recover-requeues")
    give_back(broker, connection.program, channel.take(0, True), "recover", departure)


def give_back(broker: RabbitMQ, program: str, entries: Entries, why: str, cause: str) -> None:
    """Free the slots and requeue, consumer by consumer, as RabbitMQ does."""
    for group in _by_consumer(entries):
        _free_slots(group)
        requeue(broker, program, [copy for copy, _ in group], why, cause)


def _by_consumer(entries: Entries) -> list[Entries]:
    """Grouped as RabbitMQ settles them: queue by queue in the order of names, first what was got, then tag by tag."""
    groups: dict[tuple[str, str], Entries] = {}
    for copy, consumer in entries:
        key = (copy.queue, "" if consumer is None else consumer.tag)
        groups.setdefault(key, []).append((copy, consumer))
    return [groups[key] for key in sorted(groups)]


def close_channel(broker: RabbitMQ, channel: Channel, cause: str) -> None:
    """The channel is over: its consumers leave, what they held goes back in order, then the queues serve on. [rule 27]"""
    connection = channel.connection
    connection.channels.pop(channel.number, None)
    if channel.tx is not None:
        channel.tx.undo(broker, channel, cause)
    reply_to.forget(broker, channel)
    consumers = list(channel.consumers.values())
    single = {queue: queue.chosen for queue in (one.queue for one in consumers) if queue.single}
    for consumer in consumers:
        broker.forget_consumer(consumer, cause)
    for queue, before in single.items():
        broker.tell_chosen(queue, before, cause)
    entries = channel.take(0, True)
    requeue(broker, connection.program, [copy for copy, _ in entries], "closed", cause)
    for consumer in consumers:
        broker.queue_unused(consumer.queue, cause)
    _serve(broker, [queue for queue in single if queue.name in broker.queues], cause)


def requeue(broker: RabbitMQ, program: str, copies: list[Copy], why: str, cause: str) -> None:
    """Put copies back into their queues, oldest first, count the failure where the queue counts it, and serve on."""
    world = broker.world
    by_queue: dict[str, list[Copy]] = {}
    for copy in copies:
        if copy.state == "unacked":
            by_queue.setdefault(copy.queue, []).append(copy)
    for queue_name, group in by_queue.items():
        queue = broker.queues.get(queue_name)
        if queue is None:
            continue
        back, at, dead = [], [], []
        for copy in group:
            if _one_too_many(broker, queue, copy, why):
                dead.append(copy)
                continue
            _let_go(broker, copy)
            world.ledger.move(copy, "requeue")
            copy.redelivered = True
            copy.returns += 1
            at.append(queue.put_back(copy, why == "closed"))
            back.append(copy)
        if back:
            name = copy_event(back[0])
            rule = requeue_rule(queue, why)
            of = tuple([copy.name for copy in back])
            limit = queue.limit if isinstance(queue, QuorumQueue) and queue.limit is not None else 0
            failures = tuple([copy.failures for copy in back]) if limit else ()
            world.emit(
                Requeued(
                    world.now, name, cause, rule, of, queue_name, program, tuple(at), why, failures, limit
                )
            )
        for copy in dead:
            _give_up(broker, queue, copy, cause)
    _serve(broker, [broker.queues[name] for name in by_queue if name in broker.queues], cause)


def requeue_rule(queue: Queue, why: str) -> str:
    """The rule that put it where it went."""
    if isinstance(queue, QuorumQueue):
        if queue.to_the_back(why == "closed"):
            return "rabbitmq/quorum-requeue-back"
        if queue.limit is not None:
            return "rabbitmq/quorum-requeue-front"
    return {
        "closed": "rabbitmq/close-requeues",
        "recover": "rabbitmq/recover-requeues",
        "timeout": "rabbitmq/ack-timeout-cancels",
    }.get(why, "rabbitmq/requeue-original-position")


def _one_too_many(broker: RabbitMQ, queue: Queue, copy: Copy, why: str) -> bool:
    """Count a failed delivery where this queue and version count it; whether it was one more than the limit. [rules 58, 59]"""
    if not isinstance(queue, QuorumQueue):
        return False
    if why != "timeout" and not (broker.version == "4.3" and why == "nack"):
        copy.failures += 1
    return queue.limit is not None and copy.failures > queue.limit


def _give_up(broker: RabbitMQ, queue: Queue, copy: Copy, cause: str) -> None:
    world = broker.world
    _let_go(broker, copy)
    if target(broker, queue) is not None:
        dead_letter(broker, queue, copy, "delivery_limit", cause, "rabbitmq/delivery-limit")
        return
    world.ledger.move(copy, "drop")
    rule = end_rule(queue, "rabbitmq/delivery-limit")
    world.emit(
        Dropped(
            world.now,
            copy_event(copy),
            cause,
            rule,
            (copy.name,),
            queue.name,
            copy.message.key,
            "delivery_limit",
        )
    )


def _taken(
    broker: RabbitMQ, connection: Connection, request: BasicAck | BasicNack | BasicReject, departure: str
) -> Entries:
    """What the tag settles. On a channel that is gone, or for a wrong tag, the ack itself is lost."""
    multiple = not isinstance(request, BasicReject) and request.multiple
    channel: Channel | None = connection.channels.get(request.channel)
    try:
        if channel is not None:
            return channel.take(request.delivery_tag, multiple)
    except Exception:
        lose_ack(broker, connection, request.lost_as, departure)
        raise
    lose_ack(broker, connection, request.lost_as, departure)
    return []


def lose_ack(
    broker: RabbitMQ,
    connection: Connection,
    what: str,
    departure: str,
    rule: str = "rabbitmq/unknown-delivery-tag",
) -> None:
    """An ack or nack that comes to nothing."""
    world = broker.world
    if departure:
        name = world.name(connection.program)
        world.emit(
            Lost(
                world.now,
                name,
                departure,
                rule,
                (),
                what,
                connection.program,
                "",
                (departure,),
            )
        )


def _let_go(broker: RabbitMQ, copy: Copy) -> str:
    """The queue no longer counts it as unacked. Returns the queue's name."""
    name = copy.queue
    queue = broker.queues.get(name)
    if queue is not None:
        queue.unacked.pop(copy.name, None)
    copy.holder = ""
    return name


def _letter_box(broker: RabbitMQ, copy: Copy) -> bool:
    queue = broker.queues.get(copy.queue)
    return queue is not None and copy.state == "unacked" and target(broker, queue) is not None


def _free_slots(entries: Entries) -> None:
    """Prefetch slots are free again; who was full re-enters its rotation at the tail. [rule 22]"""
    for _, consumer in entries:
        if consumer is None:
            continue
        consumer.unacked -= 1
        channel = consumer.channel
        if channel.shared_unacked:
            channel.shared_unacked -= 1
        if consumer.blocked and consumer.may_take:
            consumer.queue.join(consumer)
        if channel.shared_prefetch:
            for other in channel.consumers.values():
                if other.blocked and other.may_take:
                    other.queue.join(other)


def _queues_of(broker: RabbitMQ, entries: Entries) -> list[Queue]:
    names = dict.fromkeys(copy.queue for copy, _ in entries)
    return [broker.queues[name] for name in names if name in broker.queues]


def _choose(broker: RabbitMQ, queue: Queue, cause: str) -> None:
    """Who is served may hold nothing any more, and a better one wait. [rule 32]"""
    before = queue.chosen
    queue.choose()
    broker.tell_chosen(queue, before, cause)


def _serve(broker: RabbitMQ, queues: list[Queue], cause: str) -> None:
    """Give out what came back; a classic queue first drops what is over its limit, a quorum queue afterwards."""
    for queue in queues:
        if queue.single:
            _choose(broker, queue, cause)
            queue.wake()
        if queue.kind == "classic":
            shorten(broker, queue, cause)
            expire(broker, queue, cause)
        dispatch(broker, queue, cause)
        shorten(broker, queue, cause)
        expire(broker, queue, cause)
