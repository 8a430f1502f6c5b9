"""What ends or undoes a delivery: ack, nack, reject, recover, and the close of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import reply_to
from mqlab.engine.brokers.rabbitmq.channel import still_held
from mqlab.engine.brokers.rabbitmq.dead_letter import dead_letter, end_rule, target
from mqlab.engine.brokers.rabbitmq.deliver import dispatch, expire
from mqlab.engine.brokers.rabbitmq.methods import (
    BasicAck,
    BasicNack,
    BasicRecover,
    BasicReject,
    ConnectionError_,
    Ok,
)
from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue
from mqlab.engine.brokers.rabbitmq.requeue import choose, let_go, requeue, serve
from mqlab.engine.brokers.rabbitmq.slots import Entries, by_consumer, count_off, free, go_on
from mqlab.engine.events import Dropped, Lost, Settled
from mqlab.engine.message import Copy, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.channel import Channel
    from mqlab.engine.brokers.rabbitmq.consumer import Consumer
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.brokers.rabbitmq.tx import Transaction
    from mqlab.engine.connection import Connection


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
    if len(entries) == 1 and entries[0][0].state == "unacked":
        _acked_one(broker, connection, entries, departure)
        return
    world = broker.world
    touched: dict[Queue, None] = {}
    stale = False
    for copy, _ in entries:
        if copy.state == "unacked":  # else its queue has gone meanwhile
            world.ledger.move(copy, "ack")
            of_copy = broker.queues[copy.queue]
            del of_copy.unacked[copy.name]
            copy.holder = ""
            touched[of_copy] = None
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
    stopped = count_off(entries)
    for group in by_consumer(entries):
        free(group)
        queue = broker.queues.get(group[0][0].queue)
        if queue is None or queue not in touched:
            continue
        _serve(broker, queue, name)
    if stopped:
        _go_on(broker, entries, stopped, name)


def _serve(broker: RabbitMQ, queue: Queue, cause: str) -> None:
    """A queue that has heard of an ack gives out again."""
    if queue.single:
        choose(broker, queue, cause)
    if queue.head is not None and queue.active:
        dispatch(broker, queue, cause)
        if queue.sees_head:
            expire(broker, queue, cause)


def _acked_one(broker: RabbitMQ, connection: Connection, entries: Entries, departure: str) -> None:
    """As `acked`, in fewer steps, since most acks are of one delivery that is still held."""
    world, copy = broker.world, entries[0][0]
    world.ledger.move(copy, "ack")
    queue = broker.queues[copy.queue]
    del queue.unacked[copy.name]
    copy.holder = ""
    copy.n = n = copy.n + 1
    name = f"{copy.name}#{n}"
    world.emit(
        Settled(world.now, name, departure, "rabbitmq/ack-settles", (copy.name,), connection.program, "acked")
    )
    consumer = entries[0][1]
    stopped = count_off(entries) if consumer is not None and consumer.channel.shared_prefetch else None
    free(entries)
    _serve(broker, queue, name)
    if stopped:
        _go_on(broker, entries, stopped, name)


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
        channel.connection.keep(departure)


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
    stopped = count_off(entries)
    for group in by_consumer(entries):
        _reject(broker, group, letters, outcome, name)
        free(group)
        serve(broker, _queues_of(broker, group), name)
    if stopped:
        _go_on(broker, entries, stopped, name)


def _reject(broker: RabbitMQ, group: Entries, letters: dict[str, bool], outcome: str, name: str) -> None:
    """One consumer's part: to the dead letters, or nowhere."""
    world = broker.world
    for copy, _ in group:
        queue_name = let_go(broker, copy)
        queue = broker.queues.get(queue_name)
        if queue is None or copy.state != "unacked":
            continue
        if (
            letters[copy.name]
            and queue.kind == "quorum"
            and broker.keep_letter(queue, copy, "rejected", name)
        ):
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


def recover(broker: RabbitMQ, connection: Connection, request: BasicRecover, departure: str) -> Ok:
    """basic.recover: all that is unacked on the channel goes back to its queues. [rule 29]"""
    channel = broker.channel(connection, request.channel)
    if not request.requeue:
        raise ConnectionError_(540, "NOT_IMPLEMENTED - requeue=false", "rabbitmq/recover-requeues")
    give_back(broker, connection.program, channel.take(0, True), "recover", departure)
    return Ok()


def give_back(broker: RabbitMQ, program: str, entries: Entries, why: str, cause: str) -> None:
    """Free the slots and requeue, consumer by consumer, as RabbitMQ does."""
    stopped = count_off(entries)
    for group in by_consumer(entries):
        free(group)
        requeue(broker, program, [copy for copy, _ in group], why, cause)
    if stopped:
        _go_on(broker, entries, stopped, cause)


def _go_on(broker: RabbitMQ, entries: Entries, stopped: list[Queue], cause: str) -> None:
    channel = next(consumer.channel for _, consumer in entries if consumer is not None)
    go_on(broker, channel, stopped, cause)


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
    held = list(channel.unacked.items())
    channel.unacked = {}
    requeue(broker, connection.program, _as_closed(broker, held), "closed", cause)
    for consumer in consumers:
        broker.queue_unused(consumer.queue, cause)
    serve(broker, [queue for queue in single if queue.name in broker.queues], cause)


def _as_closed(broker: RabbitMQ, held: list[tuple[int, tuple[Copy, Consumer | None]]]) -> list[Copy]:
    """In the order in which they go back: by tag, but from a quorum queue's consumers one after the other.

    3.10 takes these by their names, and a get by the number of its delivery; asked of a 3.10.8.
    """
    copies: dict[str, list[tuple[str, Copy]]] = {}
    for tag, (copy, consumer) in held:
        copies.setdefault(copy.queue, []).append((str(tag) if consumer is None else consumer.tag, copy))
    order: list[Copy] = []
    for name, group in copies.items():
        queue = broker.queues.get(name)
        if queue is not None and queue.kind == "quorum":
            first = {who: at for at, (who, _) in reversed(list(enumerate(group)))}
            group.sort(key=lambda one: one[0] if broker.version == "3.10" else first[one[0]])
        order += [copy for _, copy in group]
    return order


def _taken(
    broker: RabbitMQ, connection: Connection, request: BasicAck | BasicNack | BasicReject, departure: str
) -> Entries:
    """What the tag settles. On a channel that is gone, or for a wrong tag, the ack itself is lost."""
    multiple = not isinstance(request, BasicReject) and request.multiple
    channel: Channel | None = connection.channels.get(request.channel)
    try:
        if channel is not None:
            taken = channel.take(request.delivery_tag, multiple)
            if not taken:  # there is nothing that it could mean, and that is no error
                lose_ack(broker, connection, request.lost_as, departure, "")
            return taken
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


def _letter_box(broker: RabbitMQ, copy: Copy) -> bool:
    queue = broker.queues.get(copy.queue)
    if queue is None or copy.state != "unacked":
        return False
    return target(broker, queue) is not None or (isinstance(queue, QuorumQueue) and queue.keeps_letters)


def _queues_of(broker: RabbitMQ, entries: Entries) -> list[Queue]:
    names = dict.fromkeys(copy.queue for copy, _ in entries)
    return [broker.queues[name] for name in names if name in broker.queues]
