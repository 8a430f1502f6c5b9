"""What AWS leaves open and a model has to choose: how a standard queue is spread over servers, and how often the rare happens.

AWS says that a queue is spread over many servers, that a short poll samples some of them, that order is best-effort, that a
deleted message may come back and that an old receipt handle may do nothing. It does not say how many, which, how
often. `Model` holds the answers of this lab; every choice is `draw(seed, …key)`, so it is the same each time. EXACT leaves
nothing to chance: one server, and nothing rare happens, as in an emulator. [AWS: standard-queues, sqs-short-and-long-polling,
API DeleteMessage, 2026-08]
"""

from __future__ import annotations

import msgspec

from mqlab.engine.draw import draw, unit


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`servers`: over so many each standard queue is spread; a short poll asks `sampled` of them, a long poll all. Chances
    from 0 to 1: that a deleted message `reappears`, that an old receipt handle deletes. Bounds, as documented: messages in
    flight; calls a second of each action on a FIFO queue (0: as many as come), in a batch or not, also in high throughput;
    how many messages of a backlog a FIFO queue looks through for a free group."""

    servers: int = 1
    sampled: int = 1
    reappears: float = 0.0
    old_handle_deletes: float = 1.0
    in_flight_max: int = 120_000
    fifo_calls_per_s: int = 0
    fifo_high_calls_per_s: int = 0
    fifo_scan_messages: int = 120_000


EXACT = Model()
LAB = Model(
    servers=4,
    sampled=2,
    reappears=0.002,
    old_handle_deletes=0.5,
    fifo_calls_per_s=300,
    fifo_high_calls_per_s=70_000,
)
"""Of a scenario that says nothing else. 300 calls a second for each action; 70,000 in us-east-1, us-west-2 and eu-west-1, less
elsewhere. [AWS: quotas-messages, 2026-08]"""


def home(model: Model, seed: int, queue: str, copy: str) -> int:
    """On which server a copy lies."""
    return draw(seed, "sqs-server", queue, copy) % model.servers if model.servers > 1 else 0


def asked(model: Model, seed: int, queue: str, poll: int, long: bool) -> list[int]:
    """Which servers a poll asks, in which order: from a drawn one on, round the circle."""
    count = model.servers
    if count == 1:
        return [0]
    first = draw(seed, "sqs-poll", queue, poll) % count
    return [(first + n) % count for n in range(count if long else min(model.sampled, count))]


def happens(chance: float, seed: int, what: str, copy: str, times: int) -> bool:
    """Whether something rare happens to this copy, this time."""
    return chance >= 1 or (chance > 0 and unit(seed, what, copy, times) < chance)
