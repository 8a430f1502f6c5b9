"""Messages that are moved from queue to queue: dead letters as they arrive, and the redrive back.

Dead-lettering keeps the time at which a message entered its standard queue, so the dead-letter queue's retention counts from
then; a FIFO queue's begins anew. What is redriven is a new message. [AWS: setting-up-dead-letter-queue-retention,
sqs-dead-letter-queues, API StartMessageMoveTask, 2026-08; semantics §3 rule 9]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs import receive, send
from mqlab.engine.brokers.sqs.attributes import ARN, name_of
from mqlab.engine.brokers.sqs.copy import SqsCopy
from mqlab.engine.brokers.sqs.errors import SqsError, invalid, out_of_range
from mqlab.engine.events import Redriven, Unroutable
from mqlab.engine.message import copy_event, copy_name
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.connection import Connection

PER_SECOND_MAX = 500
TASKS_KEPT = 10
RULE = "sqs/redrive-back"


class Task(msgspec.Struct):
    """A message move task. destination "": to where each came from. every_us: a message in so many µs."""

    handle: str
    source: str
    destination: str
    every_us: int
    asked: int
    started: int
    to_move: int
    status: str = "RUNNING"  # RUNNING | COMPLETED | CANCELLED | FAILED
    moved: int = 0
    failure: str = ""


def arrive(broker: SQS, queue_name: str, old: SqsCopy, cause: str) -> None:
    """What was dead-lettered or redriven enters its new queue; where that is gone, the message is as well."""
    world = broker.world
    if world.watched and world.flights.pop(cause, None) is None:
        return  # lost on the way
    queue = broker.queues.get(queue_name)
    message = old.message
    if queue is None:
        name = copy_event(old)
        world.emit(
            Unroutable(
                world.now,
                name,
                cause,
                "sqs/dead-letter-queue-gone",
                (old.name,),
                queue_name,
                message.key,
                "no_route",
            )
        )
        return
    dead = old.state == "dead_lettered"
    keeps = dead and not queue.fifo
    copy = SqsCopy(
        copy_name(message, queue.name), message, old.content, queue.name, group=old.group, origin=old.name,
        received=old.received if dead else 0, sent=old.sent if keeps else world.now, stamp=old.stamp if dead else world.now,
        deduplication_id=old.deduplication_id, source=old.queue if dead else "", arrived=world.now,
        known_as=(old.known_as or old.name) if dead else "",
        sent_attributes=old.sent_attributes, system_attributes=old.system_attributes, size=old.size,
    )  # fmt: skip
    rule = RULE
    if dead:
        copy.first = old.first
        rule = "sqs/dead-letter-clock" if keeps else "sqs/fifo-dead-letter-clock"
    name = send.enter(broker, queue, copy, cause, rule)
    if queue.polls:
        receive.serve(broker, queue, name)
    broker.look(queue)


def start_message_move_task(
    broker: SQS, connection: Connection, request: m.StartMessageMoveTask, departure: str
) -> m.Done:
    """Begin to move the messages of a dead-letter queue back. Raises SqsError."""
    queue = broker.queue(request.queue)
    broker.bill.add("StartMessageMoveTask", queue.kind, 0)
    sources = [
        one for one in broker.queues.values() if one.redrive is not None and one.redrive.target == queue.name
    ]
    if not sources:
        raise invalid("Source queue must be configured as a Dead Letter Queue.", RULE)
    if request.destination and broker.queue(name_of(request.destination)).fifo != queue.fifo:
        raise invalid("Source and destination queue must be of the same type.", "sqs/dead-letter-same-type")
    if not 0 <= request.max_per_second <= PER_SECOND_MAX:
        reason = f"Must be between 1 and {PER_SECOND_MAX}, if provided."
        raise out_of_range(request.max_per_second, "MaxNumberOfMessagesPerSecond", reason, RULE)
    if any(task.source == queue.name and task.status == "RUNNING" for task in broker.tasks.values()):
        raise invalid(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
            RULE,
        )
    world = broker.world
    every = 1_000_000 // (request.max_per_second or PER_SECOND_MAX)
    handle = f"move-{queue.name}-{len(broker.tasks) + 1}"
    task = Task(
        handle, queue.name, name_of(request.destination), every, request.max_per_second, world.now, len(queue)
    )
    broker.tasks[handle] = task
    told = broker.tell(connection, departure, "StartMessageMoveTask", f"{task.to_move}", RULE)
    world.at(world.now, broker.move_some, handle)
    return m.Done(handle, told=told)


def go_on(broker: SQS, handle: str) -> None:
    """Move the next message, and come again for the one after."""
    task = broker.tasks[handle]
    queue = broker.queues.get(task.source)
    if task.status != "RUNNING":
        return
    if queue is None:
        task.status, task.failure = "FAILED", "AWS.SimpleQueueService.NonExistentQueue"
        return
    copy = next(queue.copies(), None)
    if copy is None:
        task.status = "COMPLETED"
        return
    target = task.destination or copy.source
    if not target or target not in broker.queues:
        task.status = "FAILED"
        task.failure = (
            "CouldNotDetermineMessageSource" if not target else "AWS.SimpleQueueService.NonExistentQueue"
        )
        return
    task.moved += 1
    _redrive(broker, queue, copy, target)
    broker.world.at(broker.world.now + task.every_us, broker.move_some, handle)


def _redrive(broker: SQS, queue: Queue, copy: SqsCopy, target: str) -> None:
    world = broker.world
    queue.forget(copy)
    world.ledger.move(copy, "redrive")
    name = copy_event(copy)
    arrives = world.now + world.exchange_us
    key = copy.message.key
    world.emit(Redriven(world.now, name, "", RULE, (copy.name,), queue.name, target, key, arrives))
    if world.watched:
        world.flights[name] = Flight("dead_letter", queue.name, target, world.now, arrives, (copy.name,), key)
    world.at(arrives, broker.letter_arrives, target, copy, name)


def cancel_message_move_task(
    broker: SQS, connection: Connection, request: m.CancelMessageMoveTask, departure: str
) -> m.Done:
    """Stop a task; what it has moved stays moved. Raises SqsError."""
    task = broker.tasks.get(request.task)
    if task is None or task.status != "RUNNING":
        raise SqsError("ResourceNotFoundException", "Only active tasks can be cancelled.", RULE, 404)
    task.status = "CANCELLED"
    told = broker.tell(connection, departure, "CancelMessageMoveTask", f"{task.moved}", RULE)
    return m.Done(task.moved, told=told)


def list_message_move_tasks(
    broker: SQS, connection: Connection, request: m.ListMessageMoveTasks, departure: str
) -> m.Done:
    """The tasks of a dead-letter queue, the latest first."""
    queue = broker.queue(request.queue)
    told = broker.tell(connection, departure, "ListMessageMoveTasks", "done")
    mine = [_said(task) for task in reversed(broker.tasks.values()) if task.source == queue.name]
    return m.Done(mine[:TASKS_KEPT], told=told)


def _said(task: Task) -> dict[str, Any]:
    """A task as boto3 shows it."""
    shown: dict[str, Any] = {
        "Status": task.status,
        "SourceArn": f"{ARN}{task.source}",
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started // 1000,
    }
    if task.status == "RUNNING":
        shown["TaskHandle"] = task.handle
    if task.destination:
        shown["DestinationArn"] = f"{ARN}{task.destination}"
    if task.asked:
        shown["MaxNumberOfMessagesPerSecond"] = task.asked
    if task.failure:
        shown["FailureReason"] = task.failure
    return shown
