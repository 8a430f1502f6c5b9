"""Back into their queues: what a client gives back, or held when its channel closed; and serving on. [rules 27, 58–60]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq.dead_letter import dead_letter, end_rule, target
from mqlab.engine.brokers.rabbitmq.deliver import dispatch, expire, shorten
from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue
from mqlab.engine.events import Dropped, Requeued
from mqlab.engine.message import Copy, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.queue import Queue


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
        alive: list[Copy] = []
        dead: list[Copy] = []
        for copy in group:
            (dead if _one_too_many(broker, queue, copy, why) else alive).append(copy)
        if queue.kind == "quorum":
            alive = broker.delay(queue, alive, why, cause)
        back, at = [], []
        for copy in alive:
            let_go(broker, copy)
            world.ledger.move(copy, "requeue")
            copy.redelivered = True
            copy.returns += 1
            copy.until = 0
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
    serve(broker, [broker.queues[name] for name in by_queue if name in broker.queues], cause)


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
        "delay": "rabbitmq/delayed-retry",
    }.get(why, "rabbitmq/requeue-original-position")


def _one_too_many(broker: RabbitMQ, queue: Queue, copy: Copy, why: str) -> bool:
    """Count a failed delivery where this queue and version count it; whether it was one more than the limit. [rules 58, 59]"""
    if not isinstance(queue, QuorumQueue):
        return False
    if why not in ("timeout", "delay") and not (broker.version == "4.3" and why == "nack"):
        copy.failures += 1
    return queue.limit is not None and copy.failures > queue.limit


def _give_up(broker: RabbitMQ, queue: Queue, copy: Copy, cause: str) -> None:
    if queue.kind == "quorum" and broker.keep_letter(queue, copy, "delivery_limit", cause):
        return
    world = broker.world
    let_go(broker, copy)
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


def choose(broker: RabbitMQ, queue: Queue, cause: str) -> None:
    """Who is served may hold nothing any more, and a better one wait. [rule 32]"""
    before = queue.chosen
    queue.choose()
    broker.tell_chosen(queue, before, cause)


def serve(broker: RabbitMQ, queues: list[Queue], cause: str) -> None:
    """Give out what came back; a classic queue first drops what is over its limit, a quorum queue afterwards."""
    for queue in queues:
        if queue.single:
            choose(broker, queue, cause)
            queue.wake()
        if queue.kind == "classic":
            shorten(broker, queue, cause)
            expire(broker, queue, cause)
        dispatch(broker, queue, cause)
        shorten(broker, queue, cause)
        expire(broker, queue, cause)


def let_go(broker: RabbitMQ, copy: Copy) -> str:
    """The queue no longer counts it as unacked. Returns the queue's name."""
    name = copy.queue
    queue = broker.queues.get(name)
    if queue is not None:
        queue.unacked.pop(copy.name, None)
    copy.holder = ""
    return name
