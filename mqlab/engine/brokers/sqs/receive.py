"""Receiving: a poll that is answered at once, and one that waits for up to 20 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqlab.engine.brokers.sqs import attempt, check, redrive
from mqlab.engine.brokers.sqs import methods as m
from mqlab.engine.brokers.sqs.copy import SqsCopy
from mqlab.engine.brokers.sqs.errors import PREFIX, SqsError, no_queue
from mqlab.engine.events import Delivered
from mqlab.engine.scene import Flight

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.connection import Connection

SECOND = 1_000_000
Taken = tuple[SqsCopy, str]
"""A copy, and the rule by which it goes, where one decided."""


class Poll(msgspec.Struct):
    """A receive that waits. `until`: virtual µs."""

    connection: Connection
    request: m.ReceiveMessage
    departure: str
    until: int


def receive_message(
    broker: SQS, connection: Connection, request: m.ReceiveMessage, departure: str
) -> m.Given | None:
    """Give out what there is, or let a long poll wait for it. Raises SqsError."""
    queue = broker.queue(request.queue)
    wait = queue.wait_s if request.wait_time_seconds is None else request.wait_time_seconds
    check.receive(request.max_number_of_messages, wait)
    if request.visibility_timeout is not None:
        check.visibility(request.visibility_timeout)
    broker.charge(queue, "ReceiveMessage")
    poll = Poll(connection, request, departure, broker.world.now + wait * SECOND)
    if queue.full():
        if not wait and not queue.fifo:
            raise SqsError(
                f"{PREFIX}OverLimit",
                f"Too many messages in flight: {queue.in_flight} of at most {queue.model.in_flight_max}.",
                "sqs/in-flight-limit",
                403,
            )
        return give(broker, queue, poll, [], "sqs/in-flight-limit")
    taken = take(broker, queue, poll, wait > 0)
    if taken or not wait:
        given = give(broker, queue, poll, taken)
        broker.look(queue)
        return given
    queue.polls.append(poll)
    if not connection.instant:
        connection.keep(departure)
    broker.look(queue)
    return None


def take(broker: SQS, queue: Queue, poll: Poll, long: bool) -> list[Taken]:
    """Pick what a poll is given; what has been received too often is dead-lettered instead."""
    taken: list[Taken] = []
    request, program = poll.request, poll.connection.program
    if queue.fifo and request.attempt_id:
        taken = attempt.again(broker, queue, poll)
        if taken:
            return taken
    if not queue.size:
        return taken
    servers = queue.ask(long)
    most = min(request.max_number_of_messages, queue.model.in_flight_max - queue.in_flight)
    limit = queue.redrive.most if queue.redrive is not None else 0
    while len(taken) < most:
        copy, rule = queue.pick(servers, len(taken))
        if copy is None:
            break
        if limit and copy.received >= limit:
            redrive.dead_letter(broker, queue, copy, poll.departure)
            continue
        queue.lend(copy, program)
        copy.known = poll.connection.heard  # if it is dead already, it will never have the handle
        taken.append((copy, rule))
    if queue.fifo and len(taken) > 1:
        taken.sort(key=_entered)
    return taken


def _entered(taken: Taken) -> int:
    return taken[0].seq


def give(broker: SQS, queue: Queue, poll: Poll, taken: list[Taken], rule: str = "") -> m.Given:
    """Send what was taken, each message a delivery, and say how many they are."""
    world, connection, departure, request = broker.world, poll.connection, poll.departure, poll.request
    program, instant, now = connection.program, connection.instant, world.now
    arrives = connection.down() if taken and not instant else now
    seconds = request.visibility_timeout
    until = now + (queue.visibility_us if seconds is None else seconds * SECOND)
    size = 0
    for copy, why in taken:
        copy.received = received = copy.received + 1
        if copy.first < 0:
            copy.first = now
        copy.since = now
        copy.redelivered = again = received > 1
        size += copy.size
        queue.hide(copy, until)
        world.ledger.move(copy, "deliver")
        copy.n = n = copy.n + 1
        name = f"{copy.name}#{n}"
        world.emit(
            Delivered(
                now, name, departure, why, (copy.name,), queue.name, program, received, arrives, again, False, received - 1,
                0, 0, until,
            )
        )  # fmt: skip
        frame = m.Delivery(copy, f"{copy.name}:{received}", received)
        if instant:
            connection.peer.receive(frame, name)
        else:
            key = copy.message.key
            flight = Flight("delivery", queue.name, program, now, arrives, (copy.name,), key, again)
            connection.push(frame, name, arrives, flight)
    broker.bill.add_size(queue.kind, size)
    if taken and request.attempt_id and queue.fifo:
        attempt.remember(queue, request.attempt_id, taken, now)
    world.flights.pop(departure, None)
    if not taken and not rule and queue.size and not queue.fifo:
        rule = "sqs/short-poll-misses"
    return m.Given(
        len(taken), departure, broker.tell(connection, departure, "ReceiveMessage", f"{len(taken)}", rule)
    )


def serve(broker: SQS, queue: Queue, cause: str) -> None:
    """Something is ready: give it to those who wait, first come first served."""
    while queue.polls and queue.size and not queue.full():
        poll = queue.polls[0]
        taken = take(broker, queue, poll, True)
        if not taken:
            break
        queue.polls.popleft()
        _end(broker, queue, poll, taken, "")
    broker.look(queue)


def polls_over(broker: SQS, queue: Queue) -> None:
    """Those who have waited for as long as they wanted are answered with nothing."""
    now = broker.world.now
    for poll in [one for one in queue.polls if one.until <= now]:
        queue.polls.remove(poll)
        _end(broker, queue, poll, [], "sqs/long-poll")


def _end(broker: SQS, queue: Queue, poll: Poll, taken: list[Taken], rule: str) -> None:
    """Answer a poll that has waited."""
    connection = poll.connection
    given = give(broker, queue, poll, taken, rule)
    if connection.instant:
        connection.peer.receive(m.Answer(given, poll.departure), given.told)
    else:
        broker.answer(connection, poll.request, given, poll.departure)


def refuse_polls(broker: SQS, queue: Queue) -> None:
    """The queue is gone: those who wait at it are told."""
    error = no_queue()
    while queue.polls:
        poll = queue.polls.popleft()
        connection = poll.connection
        broker.world.flights.pop(poll.departure, None)
        told = broker.tell(
            connection, poll.departure, "ReceiveMessage", f"{error.code}: {error.text}", "sqs/delete-queue"
        )
        reply = m.Failed(error.code, error.text, error.shape, error.status, told=told)
        if connection.instant:
            connection.peer.receive(m.Answer(reply, poll.departure), told)
        else:
            broker.answer(connection, poll.request, reply, poll.departure)
