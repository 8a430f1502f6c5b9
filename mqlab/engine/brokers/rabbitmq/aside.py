"""What a quorum queue holds itself, not ready: dead letters that nobody takes, and what is to be retried later.

At-least-once dead-lettering keeps a letter until its queues can take it, and tries again every three minutes. Delayed
retry (4.3) lets what comes back wait before it is ready. The picture shows both as unacked by nobody. [rules 53, 62]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.rabbitmq import publish
from mqlab.engine.brokers.rabbitmq.dead_letter import dead_letter, goes_round, letter, target
from mqlab.engine.brokers.rabbitmq.quorum import QuorumQueue
from mqlab.engine.brokers.rabbitmq.requeue import requeue
from mqlab.engine.events import SetAside
from mqlab.engine.message import Copy, copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.queue import Queue

RETRY_US = 180_000_000
KEPT, DELAYED = "rabbitmq/dead-letter-at-least-once", "rabbitmq/delayed-retry"


def keep(broker: RabbitMQ, queue: Queue, copy: Copy, reason: str, cause: str) -> bool:
    """Keep a dead letter that nobody takes now, if its queue does that. Returns whether it is kept."""
    if (
        not isinstance(queue, QuorumQueue)
        or not queue.keeps_letters
        or _would_arrive(broker, queue, copy, reason)
    ):
        return False
    until = broker.world.now + RETRY_US
    queue.letters[copy.name] = reason
    _set_aside(broker, queue, [copy], "dead_letter", until, cause, KEPT)
    broker.world.at(until, broker.letter_again, queue.name, copy.name)
    return True


def letter_again(broker: RabbitMQ, queue_name: str, copy_name: str) -> None:
    """Three minutes have passed: send the letter, or keep it on."""
    queue = broker.queues.get(queue_name)
    copy = None if queue is None else queue.unacked.get(copy_name)
    if not isinstance(queue, QuorumQueue) or copy is None or copy_name not in queue.letters:
        return
    if not broker.up or not _would_arrive(broker, queue, copy, queue.letters[copy_name]):
        broker.world.at(broker.world.now + RETRY_US, broker.letter_again, queue_name, copy_name)
        return
    reason = queue.letters.pop(copy_name)
    queue.let_go_on()
    del queue.unacked[copy_name]
    dead_letter(broker, queue, copy, reason, "", KEPT)


def _would_arrive(broker: RabbitMQ, queue: Queue, copy: Copy, reason: str) -> bool:
    """Whether every queue that the letter is for takes it; one that would go round for ever may as well go."""
    exchange = target(broker, queue)
    if exchange is None:
        return False
    content = letter(broker, queue, copy, reason)
    queues = publish.route(broker, exchange, content)[0]
    if reason != "rejected":
        there = [one for one in queues if not goes_round(content.deaths, one.name)]
        if queues and not there:
            return True
        queues = tuple(there)
    size = len(copy.message.body)
    return bool(queues) and not any(one.overflow != "drop-head" and one.full(1, size) for one in queues)


def delay(broker: RabbitMQ, queue: Queue, copies: list[Copy], why: str, cause: str) -> list[Copy]:
    """Let those that come back wait for whom the queue has a delay. Returns the others."""
    if not isinstance(queue, QuorumQueue) or not queue.retry_min_us or why == "delay":
        return copies
    kind = "failed" if why in ("reject", "closed") else "returned"
    if queue.retry not in ("all", kind):
        return copies
    world = broker.world
    for copy in copies:
        wait = queue.retry_min_us * max(1, copy.failures)
        until = world.now + (min(wait, queue.retry_max_us) if queue.retry_max_us else wait)
        _set_aside(broker, queue, [copy], "delay", until, cause, DELAYED)
        world.at(until, broker.delay_over, queue.name, copy.name)
    return []


def delay_over(broker: RabbitMQ, queue_name: str, copy_name: str) -> None:
    """It has waited long enough: it goes back."""
    queue = broker.queues.get(queue_name)
    copy = None if queue is None else queue.unacked.get(copy_name)
    if copy is not None and not copy.holder:
        requeue(broker, "", [copy], "delay", "")


def _set_aside(
    broker: RabbitMQ, queue: Queue, copies: list[Copy], why: str, until: int, cause: str, rule: str
) -> None:
    world = broker.world
    program = copies[0].holder
    for copy in copies:
        world.ledger.move(copy, "set_aside")
        queue.unacked[copy.name] = copy
        copy.holder = ""
        copy.until = until
    of = tuple([copy.name for copy in copies])
    world.emit(SetAside(world.now, copy_event(copies[0]), cause, rule, of, queue.name, program, why, until))
