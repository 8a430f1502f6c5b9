"""Redrive policies: after how many receives a message is moved to which dead-letter queue, and who may use one. [rule 9]"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mqlab.engine.brokers.sqs.attributes import ALLOWED_SOURCES_MAX, ARN, MAX_RECEIVES_MAX, name_of, table
from mqlab.engine.brokers.sqs.errors import PREFIX, SqsError, bad_attribute
from mqlab.engine.events import DeadLettered
from mqlab.engine.message import copy_event
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.brokers.sqs.copy import SqsCopy
    from mqlab.engine.brokers.sqs.queue import Queue

RULE = "sqs/redrive-policy"
NAME = "RedrivePolicy"


class Redrive(NamedTuple):
    """What would be received more than `most` times goes to the queue `target` instead."""

    target: str
    most: int


class Allowed(NamedTuple):
    """Which queues may name this one as their dead-letter queue: allowAll, denyAll, or byQueue `sources`."""

    permission: str
    sources: tuple[str, ...]


def read(text: str) -> Redrive | None:
    """A RedrivePolicy; None for an empty one. Raises SqsError."""
    if not text:
        return None
    value = table(text, NAME)
    if not value:
        return None
    target, most = value.get("deadLetterTargetArn"), value.get("maxReceiveCount")
    for name, one in (("deadLetterTargetArn", target), ("maxReceiveCount", most)):
        if one is None:
            raise bad_attribute(NAME, RULE, f"Redrive policy does not contain mandatory attribute: {name}.")
    if not str(most).isdigit() or not 1 <= int(str(most)) <= MAX_RECEIVES_MAX:
        raise bad_attribute(
            NAME,
            RULE,
            f"Invalid value for maxReceiveCount: {most}, valid values are from 1 to 1000 both inclusive.",
        )
    return Redrive(name_of(str(target)), int(str(most)))


def read_allowed(text: str) -> Allowed | None:
    """A RedriveAllowPolicy; None for an empty one, which allows all. Raises SqsError."""
    rule = "sqs/redrive-allow-policy"
    value = table(text, "RedriveAllowPolicy") if text else {}
    if not value:
        return None
    permission, sources = value.get("redrivePermission", "allowAll"), value.get("sourceQueueArns", [])
    if permission not in ("allowAll", "denyAll", "byQueue") or not isinstance(sources, list):
        raise bad_attribute("RedriveAllowPolicy", rule)
    if (permission == "byQueue") != bool(sources) or len(sources) > ALLOWED_SOURCES_MAX:
        raise bad_attribute("RedriveAllowPolicy", rule)
    return Allowed(str(permission), tuple(name_of(str(source)) for source in sources))


def check(broker: SQS, name: str, fifo: bool, policy: Redrive) -> None:
    """Raises SqsError where there is no such dead-letter queue, it is of the other kind, or does not want this one."""
    target = broker.queues.get(policy.target)
    if target is None:
        raise SqsError(
            f"{PREFIX}NonExistentQueue",
            f"Value {ARN}{policy.target} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.",
            RULE,
        )
    if target.fifo != fifo:
        kind = "FIFO" if fifo else "standard"
        raise SqsError(
            "InvalidParameterValue",
            f"Value {ARN}{policy.target} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of "
            f"queue as the source, which is a {kind} queue.",
            "sqs/dead-letter-same-type",
        )
    allowed = target.allowed
    if allowed is not None and not (
        allowed.permission == "allowAll" or (allowed.permission == "byQueue" and name in allowed.sources)
    ):
        raise SqsError(
            "InvalidParameterValue",
            f"Value {ARN}{policy.target} for parameter RedrivePolicy is invalid. Reason: The dead-letter queue's "
            "RedriveAllowPolicy does not allow this source queue.",
            "sqs/redrive-allow-policy",
        )


def dead_letter(broker: SQS, queue: Queue, copy: SqsCopy, cause: str) -> None:
    """A copy that was picked, and has been received too often, goes to the dead-letter queue."""
    world, policy = broker.world, queue.redrive
    assert policy is not None
    del queue.live[copy.name]
    world.ledger.move(copy, "dead_letter")
    name = copy_event(copy)
    arrives = world.now + world.exchange_us
    key = copy.message.key
    world.emit(
        DeadLettered(
            world.now, name, cause, RULE, (copy.name,), queue.name, "max_receive_count", policy.target, "", key, arrives,
            copy.received,
        )
    )  # fmt: skip
    if world.watched:
        world.flights[name] = Flight(
            "dead_letter", queue.name, policy.target, world.now, arrives, (copy.name,), key
        )
    world.at(arrives, broker.letter_arrives, policy.target, copy, name)
