"""Deleting, which is SQS's word for an ack: by the receipt handle of the latest receive. [rule 3]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.sqs import check, receive, sampling, send
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.copy import SqsCopy
from mqlab.engine.brokers.sqs.errors import SqsError, bad_handle, out_of_range
from mqlab.engine.events import Settled
from mqlab.engine.message import copy_event, copy_name

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.connection import Connection

GONE, OLD = "gone", "old_handle"
"""What a delete did that deleted nothing: the message is no longer there, or was received again since."""


def named(queue: Queue, handle: m.Handle) -> SqsCopy | None:
    """The copy that a handle names; None: it is gone. Raises SqsError where the queue never gave it."""
    name = handle.copy or handle.read()
    copy = queue.live.get(name)
    if copy is None:
        if not name or not _of(name, queue.name):
            raise bad_handle(handle.receipt_handle)
    elif not 0 < handle.given <= copy.received:
        raise bad_handle(handle.receipt_handle)
    return copy


def _of(copy: str, queue: str) -> bool:
    """Whether a copy of this name can have been in this queue."""
    rest = copy.partition("@")[2]
    return rest == queue or (rest.startswith(f"{queue}.") and rest[len(queue) + 1 :].isdigit())


def delete_message(broker: SQS, connection: Connection, request: m.DeleteMessage, departure: str) -> m.Done:
    """Delete one, or each of a batch. Raises SqsError."""
    queue = broker.queue(request.queue)
    broker.charge(queue, request.action)
    if request.batch:
        check.batch(request.handles, "DeleteMessageBatch")
    ledger = broker.world.ledger
    done: list[str] = []
    failed: list[m.Failed] = []
    ended: list[SqsCopy] = []
    idle: dict[str, list[str]] = {}
    for one in request.handles:
        try:
            copy = named(queue, one)
            how = _judge(queue, copy, one)
        except SqsError as error:
            if not request.batch:
                raise
            failed.append(m.Failed(error.code, error.text, error.shape, error.status, one.id))
            continue
        done.append(one.id)
        if how:
            idle.setdefault(how, []).append(one.copy)
        elif copy is not None:
            ended.append(copy)
            queue.forget(copy)
            ledger.move(copy, "delete")
    told = departure
    if ended:
        of = tuple([copy.name for copy in ended])
        told = _settled(broker, connection, departure, "acked", "", of, ended[0])
        if queue.model.reappears and not queue.fifo:
            for copy in ended:
                _perhaps_reappears(broker, queue, copy, told)
    for how, names in idle.items():
        rule = "sqs/old-receipt-handle" if how == OLD else "sqs/delete-again"
        told = _settled(broker, connection, departure, how, rule, tuple(names), None)
    if told == departure and departure:
        told = broker.tell(
            connection, departure, request.action, f"{len(failed)} failed", "sqs/receipt-handle"
        )
    if queue.fifo and queue.polls and queue.size:
        receive.serve(broker, queue, told)
    return m.Done(done=done, failed=failed, told=told)


def _judge(queue: Queue, copy: SqsCopy | None, handle: m.Handle) -> str:
    """What a delete does: "" it deletes, else why it does nothing. Raises SqsError for a FIFO queue's expired handle."""
    if copy is None:
        return GONE
    if queue.fifo:
        if handle.given < copy.received or not copy.holder:
            raise out_of_range(
                handle.receipt_handle,
                "ReceiptHandle",
                "The receipt handle has expired.",
                "sqs/fifo-expired-handle",
            )
        return ""
    if handle.given < copy.received and not sampling.happens(
        queue.model.old_handle_deletes, queue.seed, "sqs-old-handle", copy.name, handle.given
    ):
        return OLD
    return ""


def _settled(
    broker: SQS,
    connection: Connection,
    cause: str,
    outcome: str,
    rule: str,
    of: tuple[str, ...],
    copy: SqsCopy | None,
) -> str:
    world = broker.world
    name = world.name(connection.program) if copy is None else copy_event(copy)
    world.emit(Settled(world.now, name, cause, rule, of, connection.program, outcome))
    return name


def _perhaps_reappears(broker: SQS, queue: Queue, copy: SqsCopy, cause: str) -> None:
    """On rare occasions one of the servers did not hear of the delete. [rule 1]"""
    if not sampling.happens(queue.model.reappears, queue.seed, "sqs-reappear", copy.name, copy.received):
        return
    world = broker.world
    world.at(world.now + queue.visibility_us, broker.reappear, queue.name, copy, cause)


def reappear(broker: SQS, queue_name: str, old: SqsCopy, cause: str) -> None:
    """Its copy on that server is visible again, as a copy that nobody has deleted."""
    queue = broker.queues.get(queue_name)
    if queue is None or old.expires <= broker.world.now:
        return
    message = old.message
    copy = SqsCopy(
        copy_name(message, queue.name), message, old.content, queue.name, group=old.group, received=old.received,
        first=old.first, sent=old.sent, stamp=old.stamp, sent_attributes=old.sent_attributes,
        system_attributes=old.system_attributes, size=old.size, origin=old.name, known_as=old.known_as or old.name,
    )  # fmt: skip
    name = send.enter(broker, queue, copy, cause, "sqs/deleted-comes-back")
    if queue.polls:
        receive.serve(broker, queue, name)
    broker.look(queue)
