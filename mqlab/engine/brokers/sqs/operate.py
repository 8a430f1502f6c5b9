"""What an operator does to queues: create, delete, look at, change, purge; and what a region does: go away and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.brokers.sqs import attributes as a
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs import receive, redrive, visible
from mqlab.engine.brokers.sqs.deadlines import AGE
from mqlab.engine.brokers.sqs.errors import PREFIX, SqsError, unknown_attribute
from mqlab.engine.brokers.sqs.fifo import FifoQueue
from mqlab.engine.brokers.sqs.picture import queue_settings
from mqlab.engine.brokers.sqs.queue import Queue
from mqlab.engine.events import (
    Crashed,
    NodeAdded,
    NodeChanged,
    NodeRemoved,
    Purged,
    Restarted,
)
from mqlab.engine.message import copy_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.connection import Connection

SECOND = 1_000_000
WAIT_US = 60 * SECOND
"""Between two purges of a queue, and between the end of a queue and another of its name."""


def create_queue(broker: SQS, connection: Connection, request: m.CreateQueue, departure: str) -> m.Done:
    """Create a queue, or find it there with the same attributes. Raises SqsError."""
    name, given = request.queue, dict(request.attributes)
    broker.bill.add("CreateQueue", "standard", 0)
    fifo = a.is_fifo(given)
    given.pop("FifoQueue", None)
    a.check_name(name, fifo)
    attributes = a.checked(given, fifo)
    a.check_throughput(attributes)
    there = broker.queues.get(name)
    if there is not None:
        _compare(there, attributes)
        return m.Done(
            name, told=broker.tell(connection, departure, "CreateQueue", "there", "sqs/create-again")
        )
    gone = broker.deleted.get(name)
    if gone is not None and broker.world.now < gone + WAIT_US:
        raise SqsError(
            f"{PREFIX}QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
            "sqs/create-again",
        )
    policies = _policies(broker, name, fifo, attributes)
    kind = FifoQueue if fifo else Queue
    queue = kind(name, attributes, broker.model, broker.world.seed, broker.world.now)
    told = broker.tell(connection, departure, "CreateQueue", "created")
    add_queue(broker, queue, told or departure)
    _apply(broker, queue, policies, told or departure)
    return m.Done(name, told=told)


def _compare(queue: Queue, wanted: dict[str, str]) -> None:
    """Raises SqsError where what is asked for differs from the queue of that name."""
    have = shown(queue)
    for name, value in wanted.items():
        if have.get(name, value) != value:
            raise SqsError(
                "QueueAlreadyExists",
                f"A queue already exists with the same name and a different value for attribute {name}",
                "sqs/create-again",
            )


Policies = tuple[redrive.Redrive | None, redrive.Allowed | None]


def _policies(broker: SQS, name: str, fifo: bool, attributes: dict[str, str]) -> Policies:
    policy = redrive.read(attributes.get("RedrivePolicy", ""))
    allowed = redrive.read_allowed(attributes.get("RedriveAllowPolicy", ""))
    if policy is not None:
        redrive.check(broker, name, fifo, policy)
    return policy, allowed


def _apply(broker: SQS, queue: Queue, policies: Policies, cause: str) -> None:
    """Put policies in force, and draw the line to the dead-letter queue."""
    old, (queue.redrive, queue.allowed) = queue.redrive, policies
    if old == queue.redrive:
        return
    link = f"{queue.name}~dead_letter"
    if old is not None:
        broker.remove_link(link, cause)
    if queue.redrive is not None:
        broker.add_link(link, "dead_letter", queue.name, queue.redrive.target, cause)


def add_queue(broker: SQS, queue: Queue, cause: str) -> None:
    """A queue comes to be."""
    world = broker.world
    broker.queues[queue.name] = queue
    broker.deleted.pop(queue.name, None)
    settings = queue_settings(broker.name, queue)
    world.emit(NodeAdded(world.now, world.name(queue.name), cause, "", queue.name, "queue", settings))


def delete_queue(broker: SQS, connection: Connection, request: m.DeleteQueue, departure: str) -> m.Done:
    """Delete a queue with all that is in it. Raises SqsError."""
    queue = broker.queue(request.queue)
    broker.bill.add("DeleteQueue", queue.kind, 0)
    told = broker.tell(connection, departure, "DeleteQueue", "deleted", "sqs/delete-queue")
    remove_queue(broker, queue, told or departure, "sqs/delete-queue")
    return m.Done(told=told)


def remove_queue(broker: SQS, queue: Queue, cause: str, rule: str) -> None:
    """A queue goes; those who wait at it are told that there is none."""
    world = broker.world
    gone = list(queue.live.values())
    for copy in gone:
        queue.forget(copy)
        world.ledger.move(copy, "remove")
    del broker.queues[queue.name]
    broker.deleted[queue.name] = world.now
    broker.remove_link(f"{queue.name}~dead_letter", cause)
    of = tuple([copy.name for copy in gone])
    world.emit(NodeRemoved(world.now, world.name(queue.name), cause, rule, queue.name, of))
    receive.refuse_polls(broker, queue)


def get_queue_url(broker: SQS, connection: Connection, request: m.GetQueueUrl, departure: str) -> m.Done:
    """Whether there is such a queue. Raises SqsError."""
    broker.bill.add("GetQueueUrl", "standard", 0)
    return m.Done(
        broker.queue(request.queue).name, told=broker.tell(connection, departure, "GetQueueUrl", "there")
    )


def list_queues(broker: SQS, connection: Connection, request: m.ListQueues, departure: str) -> m.Done:
    """The queues whose names begin so."""
    broker.bill.add("ListQueues", "standard", 0)
    names = sorted(name for name in broker.queues if name.startswith(request.queue))
    return m.Done(names, told=broker.tell(connection, departure, "ListQueues", f"{len(names)}"))


def get_queue_attributes(
    broker: SQS, connection: Connection, request: m.GetQueueAttributes, departure: str
) -> m.Done:
    """The attributes that are asked for, or All. Raises SqsError for one that there is none of."""
    queue = broker.queue(request.queue)
    broker.bill.add("GetQueueAttributes", queue.kind, 0)
    have = shown(queue)
    known = {"All", *a.WHOLE, *a.CHOICES, *a.POLICIES, *a.FREE, *a.COUNTS, "FifoQueue"}
    for name in request.names:
        if name not in known:
            raise unknown_attribute(name)
    wanted = have if "All" in request.names else {name: have[name] for name in request.names if name in have}
    return m.Done(wanted, told=broker.tell(connection, departure, "GetQueueAttributes", f"{len(wanted)}"))


def shown(queue: Queue) -> dict[str, str]:
    """All attributes of a queue, those of their defaults as well."""
    have = {name: str(default) for name, (default, _, _) in a.WHOLE.items()}
    if queue.fifo:
        have |= {name: values[0] for name, values in a.CHOICES.items()}
        have["FifoQueue"] = "true"
    have |= {name: value for name, value in queue.attributes.items() if value}
    have |= {name: str(count) for name, count in queue.counts().items()}
    have |= {
        "CreatedTimestamp": str(queue.created // SECOND),
        "LastModifiedTimestamp": str(queue.changed // SECOND),
        "QueueArn": f"{a.ARN}{queue.name}",
    }
    return have


def set_queue_attributes(
    broker: SQS, connection: Connection, request: m.SetQueueAttributes, departure: str
) -> m.Done:
    """Change attributes. Raises SqsError, with nothing changed."""
    queue = broker.queue(request.queue)
    broker.bill.add("SetQueueAttributes", queue.kind, 0)
    changed = {**queue.attributes, **a.checked(request.attributes, queue.fifo)}
    a.check_throughput(changed)
    policies = _policies(broker, queue.name, queue.fifo, changed)
    told = broker.tell(connection, departure, "SetQueueAttributes", "set", "sqs/queue-attributes")
    change(broker, queue, changed, policies, told or departure)
    return m.Done(told=told)


def change(broker: SQS, queue: Queue, attributes: dict[str, str], policies: Policies, cause: str) -> None:
    """Other attributes are in force: a shorter retention ends what is too old by it, a FIFO queue's delay holds for all."""
    world, now = broker.world, broker.world.now
    before, delay, kept = queue_settings(broker.name, queue), queue.delay_us, queue.expire_us
    queue.configure(attributes)
    queue.changed = now
    _apply(broker, queue, policies, cause)
    after = queue_settings(broker.name, queue)
    told: dict[str, Any] = {field: value for field, value in after.items() if before.get(field) != value}
    told |= {field: None for field in before if field not in after}
    if told:
        world.emit(NodeChanged(now, world.name(queue.name), cause, "sqs/queue-attributes", queue.name, told))
    if queue.delay_us != delay:
        queue.redelay(queue.delay_us)
    if queue.expire_us != kept:
        for copy in list(queue.live.values()):
            copy.expires = copy.sent + queue.expire_us
            queue.deadlines.add(copy.expires, AGE, copy)
    visible.deadlines_over(broker, queue)
    broker.look(queue)


def purge_queue(broker: SQS, connection: Connection, request: m.PurgeQueue, departure: str) -> m.Done:
    """Empty a queue, also of what is in flight or delayed. Raises SqsError within 60 s of the last time. [rule 5]"""
    world, queue = broker.world, broker.queue(request.queue)
    broker.bill.add("PurgeQueue", queue.kind, 0)
    if queue.purged >= 0 and world.now < queue.purged + WAIT_US:
        raise SqsError(
            f"{PREFIX}PurgeQueueInProgress",
            f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.",
            "sqs/purge-once-a-minute",
            403,
        )
    queue.purged = world.now
    gone = list(queue.live.values())
    for copy in gone:
        queue.forget(copy)
        world.ledger.move(copy, "purge")
    told = broker.tell(connection, departure, "PurgeQueue", f"{len(gone)}", "sqs/purge")
    if gone:
        name = copy_event(gone[0])
        of = tuple([copy.name for copy in gone])
        world.emit(Purged(world.now, name, told or departure, "sqs/purge", of, queue.name))
    return m.Done(told=told)


def list_dead_letter_source_queues(
    broker: SQS, connection: Connection, request: m.ListDeadLetterSourceQueues, departure: str
) -> m.Done:
    """The queues that have this one as their dead-letter queue. Raises SqsError."""
    queue = broker.queue(request.queue)
    names = [
        one.name
        for one in broker.queues.values()
        if one.redrive is not None and one.redrive.target == queue.name
    ]
    told = broker.tell(connection, departure, "ListDeadLetterSourceQueues", f"{len(names)}")
    return m.Done(sorted(names), told=told)


def go_down(broker: SQS, cause: str) -> None:
    """The region answers nothing but that it is unavailable. What it keeps it keeps, and clocks go on."""
    world = broker.world
    broker.up = False
    name = world.name(broker.name)
    world.emit(Crashed(world.now, name, cause, "sqs/unavailable", broker.name))
    world.at(world.now + broker.outage_us, broker.come_up, name)


def come_up(broker: SQS, cause: str) -> None:
    """It answers again."""
    broker.up = True
    broker.world.emit(
        Restarted(broker.world.now, broker.world.name(broker.name), cause, "sqs/unavailable", broker.name)
    )
