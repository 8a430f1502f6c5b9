"""Visibility: how long a received message stays hidden, who changes that, and what happens when the time is over. [rule 2]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.sqs import check, receive, settle
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.deadlines import AGE
from mqlab.engine.brokers.sqs.errors import PREFIX, SqsError, invalid, out_of_range
from mqlab.engine.events import Expired, Forgotten, Requeued, VisibilityChanged

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.brokers.sqs.copy import SqsCopy
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.connection import Connection

SECOND = 1_000_000
TOTAL_US = check.VISIBILITY_S_MAX * SECOND


def change_message_visibility(
    broker: SQS, connection: Connection, request: m.ChangeMessageVisibility, departure: str
) -> m.Done:
    """Count anew from now: of one message, or of each in a batch. Raises SqsError."""
    queue = broker.queue(request.queue)
    broker.charge(queue, request.action)
    if request.batch:
        check.batch(request.handles, "ChangeMessageVisibilityBatch")
    done: list[str] = []
    failed: list[m.Failed] = []
    told = departure
    for one in request.handles:
        try:
            copy = _in_flight(queue, one)
            check.visibility(one.visibility_timeout)
            told = _change(broker, queue, copy, one.visibility_timeout, connection, departure)
        except SqsError as error:
            if not request.batch:
                raise
            failed.append(m.Failed(error.code, error.text, error.shape, error.status, one.id))
            continue
        done.append(one.id)
    if told == departure and departure:
        told = broker.tell(
            connection, departure, request.action, f"{len(failed)} failed", "sqs/batch-partial-failure"
        )
    receive.serve(broker, queue, told)
    return m.Done(done=done, failed=failed, told=told)


def _in_flight(queue: Queue, handle: m.Handle) -> SqsCopy:
    """The copy in flight under this handle. Raises SqsError."""
    copy = settle.named(queue, handle)
    if copy is None:
        raise out_of_range(
            handle.receipt_handle,
            "ReceiptHandle",
            "Message does not exist or is not available for visibility timeout change.",
            "sqs/visibility-not-in-flight",
        )
    if not copy.holder or handle.given < copy.received:
        raise SqsError(
            f"{PREFIX}MessageNotInflight",
            "The message referred to isn't in flight.",
            "sqs/visibility-not-in-flight",
        )
    return copy


def _change(
    broker: SQS, queue: Queue, copy: SqsCopy, seconds: int, connection: Connection, departure: str
) -> str:
    world = broker.world
    until = world.now + seconds * SECOND
    if until - copy.since > TOTAL_US:
        raise invalid(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is "
            f"beyond the limit [{check.VISIBILITY_S_MAX} seconds]",
            "sqs/visibility-total",
        )
    copy.n += 1
    name = f"{copy.name}#{copy.n}"
    rule = "sqs/visibility-change" if seconds else "sqs/visibility-zero"
    world.emit(
        VisibilityChanged(
            world.now, name, departure, rule, (copy.name,), queue.name, connection.program, until
        )
    )
    queue.hide(copy, until)
    if seconds:
        broker.look(queue)
        return name
    return come_back(broker, queue, copy, name, rule)


def come_back(broker: SQS, queue: Queue, copy: SqsCopy, cause: str, rule: str) -> str:
    """A copy in flight, or delayed, is visible. Returns the event's name."""
    world, holder = broker.world, copy.holder
    queue.landed(copy)
    world.ledger.move(copy, "requeue")
    at = queue.put(copy)
    if holder:
        copy.returns += 1
        copy.redelivered = True
    copy.n += 1
    name = f"{copy.name}#{copy.n}"
    why = "visibility" if holder else "delay"
    index = len(queue) - 1 if at < 0 else at
    world.emit(
        Requeued(
            world.now, name, cause, rule, (copy.name,), queue.name, holder, (index,), why, (), 0, not holder
        )
    )
    return name


def deadlines_over(broker: SQS, queue: Queue) -> None:
    """Everything of this queue that is due now: what comes back, what is too old, who has waited, what is forgotten."""
    now, cause = broker.world.now, ""
    while (due := queue.deadlines.take(now)) is not None:
        _, _, turn, copy = due
        if turn == AGE:
            expire(broker, queue, copy)
            continue
        rule = "sqs/visibility-timeout" if copy.holder else "sqs/fifo-delay" if queue.fifo else "sqs/delay"
        cause = come_back(broker, queue, copy, "", rule)
    if queue.polls:
        receive.serve(broker, queue, cause)
        receive.polls_over(broker, queue)
    if queue.window is not None and (ids := queue.window.forget(now)):
        name = broker.world.name(queue.name)
        broker.world.emit(Forgotten(now, name, "", "sqs/dedup-window", queue.name, tuple(ids)))


def expire(broker: SQS, queue: Queue, copy: SqsCopy, cause: str = "") -> None:
    """It has been kept for as long as the queue keeps messages, also while somebody has it."""
    world = broker.world
    rule = "sqs/dead-letter-clock" if copy.source and copy.sent < copy.arrived else "sqs/retention"
    queue.forget(copy)
    world.ledger.move(copy, "expire")
    copy.n += 1
    name = f"{copy.name}#{copy.n}"
    world.emit(Expired(world.now, name, cause, rule, (copy.name,), queue.name, copy.message.key))
