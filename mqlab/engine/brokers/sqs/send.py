"""Sending: what a queue takes, what it knows already, and what waits before it may be seen."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from mqlab.engine.brokers.sqs import check, receive
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.copy import NO_CONTENT, SqsCopy
from mqlab.engine.brokers.sqs.dedup import WINDOW_US, Seen
from mqlab.engine.brokers.sqs.errors import SqsError
from mqlab.engine.events import Deduplicated, Enqueued, SetAside
from mqlab.engine.message import copy_name, message_event

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.connection import Connection

SECOND = 1_000_000


def send_message(broker: SQS, connection: Connection, request: m.SendMessage, departure: str) -> m.Sent:
    """Take one message. Raises SqsError."""
    queue, entry = broker.queue(request.queue), request.entry
    size = entry.size
    broker.charge(queue, "SendMessage", size)
    check.entry(queue, entry, size)
    sent = take(broker, queue, entry, size, departure)
    if queue.polls and queue.size:
        receive.serve(broker, queue, sent.told)
    broker.look(queue)
    return sent


def send_message_batch(
    broker: SQS, connection: Connection, request: m.SendMessageBatch, departure: str
) -> m.Done:
    """Take up to ten, each by itself: some may be refused. Raises SqsError where the batch as a whole is."""
    queue = broker.queue(request.queue)
    sizes = [entry.size for entry in request.entries]
    size = sum(sizes)
    broker.charge(queue, "SendMessageBatch", size)
    check.batch(request.entries, "SendMessageBatch", size)
    sent: list[m.Sent] = []
    failed: list[m.Failed] = []
    told = departure
    for entry, size in zip(request.entries, sizes, strict=True):
        try:
            check.entry(queue, entry, size)
        except SqsError as error:
            told = broker.refuse_entry(queue.name, entry, _partly(error), departure)
            failed.append(m.Failed(error.code, error.text, error.shape, error.status, entry.id, told))
            continue
        one = take(broker, queue, entry, size, departure)
        one.id = entry.id
        told = one.told
        sent.append(one)
    if queue.polls and queue.size:
        receive.serve(broker, queue, told)
    broker.look(queue)
    return m.Done(sent, failed=failed, told=told)


def _partly(error: SqsError) -> SqsError:
    """The error of one entry, told by the rule that the others are taken all the same."""
    return SqsError(error.code, error.text, "sqs/batch-partial-failure", error.status)


def take(broker: SQS, queue: Queue, entry: m.Entry, size: int, departure: str) -> m.Sent:
    """A message that has been looked at enters, unless the queue knows it already."""
    world, message = broker.world, entry.message
    now, dedup = world.now, ""
    if queue.window is not None:
        dedup = queue.dedup_id(entry)
        seen = queue.window.find(dedup, now)
        if seen is not None:
            return _known(broker, queue, entry, dedup, seen, departure)
    copy = SqsCopy(copy_name(message, queue.name), message, NO_CONTENT, queue.name, sent=now, stamp=now, size=size)
    copy.group = entry.group_id
    copy.deduplication_id = entry.deduplication_id or dedup
    copy.sent_attributes, copy.system_attributes = entry.attributes, entry.system_attributes
    delay = queue.delay_us if entry.delay_seconds is None else entry.delay_seconds * SECOND
    remembered = 0
    if queue.window is not None:
        remembered = now + WINDOW_US
        queue.window.remember(dedup, Seen(remembered, copy.name, queue.entered + 1, _digest(message.body)))
    name = enter(broker, queue, copy, departure, "", dedup, remembered)
    if delay:
        rule = "sqs/fifo-delay" if queue.fifo else "sqs/delay"
        name = set_aside(broker, queue, copy, now + delay, name, rule)
    return m.Sent(copy.name, copy.sequence, told=name)


def enter(
    broker: SQS, queue: Queue, copy: SqsCopy, cause: str, rule: str, dedup: str = "", remembered: int = 0
) -> str:
    """A copy is born into a queue, ready. Returns the event's name."""
    world = broker.world
    queue.enter(copy)
    if queue.fifo:
        copy.sequence = copy.seq
    world.ledger.bear_ready(copy)
    at = queue.put(copy)
    copy.n = 1
    name = f"{copy.name}#1"
    world.emit(
        Enqueued(
            world.now, name, cause, rule, (copy.name,), queue.name, at, copy.expires, 0, copy.message.key, copy.origin,
            copy.group, dedup, remembered, True,
        )
    )  # fmt: skip
    return name


def set_aside(broker: SQS, queue: Queue, copy: SqsCopy, until: int, cause: str, rule: str) -> str:
    """A ready copy is delayed until then. Returns the event's name."""
    world = broker.world
    queue.remove(copy)
    world.ledger.move(copy, "set_aside")
    queue.unacked[copy.name] = copy
    queue.delayed += 1
    queue.hide(copy, until)
    copy.n += 1
    name = f"{copy.name}#{copy.n}"
    world.emit(SetAside(world.now, name, cause, rule, (copy.name,), queue.name, "", "delay", until))
    return name


def _known(broker: SQS, queue: Queue, entry: m.Entry, dedup: str, seen: Seen, departure: str) -> m.Sent:
    """A repeat: it is accepted, and that is all. [rule 8]"""
    world, message = broker.world, entry.message
    name = message_event(message)
    other = _digest(message.body) != seen.body
    rule = "sqs/dedup-by-content" if not entry.deduplication_id else "sqs/dedup-by-id"
    if other:
        rule = "sqs/dedup-other-body"
    elif queue.by_group:
        rule = "sqs/dedup-scope"
    elif seen.copy not in queue.live:
        rule = "sqs/dedup-after-delete"
    world.emit(
        Deduplicated(
            world.now,
            name,
            departure,
            rule,
            (message.id,),
            queue.name,
            message.key,
            dedup,
            seen.copy,
            seen.until,
            other,
        )
    )
    return m.Sent(seen.copy, seen.sequence, duplicate=True, told=name)


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()
