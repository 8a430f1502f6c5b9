"""ReceiveRequestAttemptId: a receive from a FIFO queue that is tried again, because its answer may not have arrived.

Within five minutes the same attempt is given the same messages, with the same receipt handles, and their timeout begins anew.
[AWS: API ReceiveMessage, 2026-08]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine.brokers.sqs.fifo import FifoQueue
from mqlab.engine.events import Requeued

if TYPE_CHECKING:
    from mqlab.engine.brokers.sqs.broker import SQS
    from mqlab.engine.brokers.sqs.queue import Queue
    from mqlab.engine.brokers.sqs.receive import Poll, Taken

ATTEMPT_US = 300_000_000
RULE = "sqs/fifo-group-lock"


def remember(queue: Queue, attempt: str, taken: list[Taken], now: int) -> None:
    """What an attempt was given."""
    assert isinstance(queue, FifoQueue)
    attempts = queue.attempts
    for old in [old for old, (until, _) in attempts.items() if until <= now]:
        del attempts[old]
    attempts[attempt] = (now + ATTEMPT_US, [copy for copy, _ in taken])


def again(broker: SQS, queue: Queue, poll: Poll) -> list[Taken]:
    """What the same attempt was given before, if all of it is still in flight: back, and out once more."""
    assert isinstance(queue, FifoQueue)
    world, program = broker.world, poll.connection.program
    until, copies = queue.attempts.get(poll.request.attempt_id, (0, []))
    if until <= world.now or not all(copy.holder for copy in copies):
        return []
    for copy in copies:
        holder = copy.holder
        queue.landed(copy)
        world.ledger.move(copy, "requeue")
        at = queue.put(copy)
        copy.n += 1
        copy.returns += 1
        name = f"{copy.name}#{copy.n}"
        index = len(queue) - 1 if at < 0 else at
        world.emit(
            Requeued(
                world.now, name, poll.departure, RULE, (copy.name,), queue.name, holder, (index,), "attempt"
            )
        )
        queue.remove(copy)
        copy.received -= 1
        queue.lend(copy, program)
        copy.known = poll.connection.heard
    return [(copy, RULE) for copy in copies]
