"""Kafka: a rebalance of 1,000 partitions over 100 members, by the slowest of its client-side assignors.

With equal subscriptions the first assignment and the next, after one member has left. With mixed ones (each member subscribes to
about half of 50 topics, or to about two) both too, one in which half of the members have changed what they subscribe to, and one
in which ten hold everything that they can and ninety join.
"""

from __future__ import annotations

import random
import time

from bench.figure import Figure
from mqlab.engine.brokers.kafka.assignors.by_name import CLIENT_SIDE, Assign
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members, Subscription

TOPICS, PARTITIONS, MEMBERS, REPETITIONS = 50, 20, 100, 5
COUNTS = {f"topic-{number}": PARTITIONS for number in range(TOPICS)}


def figures() -> list[Figure]:
    """Milliseconds of the slowest rebalance."""
    return [
        _slowest("Kafka, rebalance of 1,000 partitions over 100, all alike", [_equal()], 100, 30),
        _slowest(
            "Kafka, rebalance of 1,000 partitions over 100, mixed", [_mixed(0.5), _mixed(0.04)], 2_000, 500
        ),
    ]


def _equal() -> Members:
    return {f"member-{number:03}": Subscription(tuple(COUNTS)) for number in range(MEMBERS)}


def _mixed(share: float, seed: int = 7) -> Members:
    chance = random.Random(seed)
    return {
        f"member-{number:03}": Subscription(
            tuple(topic for topic in COUNTS if chance.random() < share) or ("topic-0",)
        )
        for number in range(MEMBERS)
    }


def _holding(members: Members, assignment: Assignment) -> Members:
    """The same members, with what they were given."""
    return {
        name: Subscription(one.topics, tuple(assignment.get(name, ())), generation=1)
        for name, one in members.items()
    }


def _rounds(members: Members, assign: Assign) -> dict[str, Members]:
    """What the assignor is given, by what has happened."""
    holding = _holding(members, assign(COUNTS, members))
    rounds = {
        "first": members,
        "one leaving": {name: one for name, one in holding.items() if name != "member-007"},
    }
    if len({one.topics for one in members.values()}) > 1:
        names = list(members)
        rounds["half subscribe anew"] = {
            name: Subscription(members[names[at - 1]].topics, one.owned, one.generation) if at % 2 else one
            for at, (name, one) in enumerate(holding.items())
        }
        ten = {name: members[name] for name in names[:10]}
        rounds["ninety join ten"] = _holding(members, assign(COUNTS, ten))
    return rounds


def _slowest(name: str, groups: list[Members], must: float, after: float) -> Figure:
    taken = [
        (_ms(assign, given), f"{assignor}, {what}")
        for members in groups
        for assignor, assign in CLIENT_SIDE.items()
        for what, given in _rounds(members, assign).items()
    ]
    slowest, note = max(taken)
    return Figure(name, slowest, "ms", must, after, note=note)


def _ms(assign: Assign, members: Members) -> float:
    """The best of a few runs, which a busy machine disturbs least."""
    best = float("inf")
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        assignment = assign(COUNTS, members)
        best = min(best, time.perf_counter() - started)
    assert sum(map(len, assignment.values())) > 0
    return best * 1e3
