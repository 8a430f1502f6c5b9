"""What members claim to hold, sorted out before a sticky assignor keeps any of it.

Two may claim one partition: a member that missed a rebalance still believes in what it was given before. The younger generation
has it. Claimed twice in the same generation, it belongs to neither, and its next owner counts as one that takes it from another.
[kafka clients/…/internals/AbstractStickyAssignor.java, allSubscriptionsEqual]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mqlab.engine.brokers.kafka.assignors.java_order import hash_order
from mqlab.engine.brokers.kafka.assignors.subscription import NO_GENERATION, Members, TopicPartition


@dataclass(slots=True)
class Owned:
    """`held`: by member, in the order in which Kafka goes through them. `claimed_twice`: in one generation.

    `equal`: whether all members subscribe to the same topics. (Kafka compares each with the first that subscribes to anything:
    members without a topic that come before it in hash order count as equal, and get their share like the others.)
    """

    held: dict[str, list[TopicPartition]]
    claimed_twice: set[TopicPartition]
    equal: bool
    generation_max: int


def sort_out(partitions: Mapping[str, int], members: Members) -> Owned:
    """Of what all claim, what each may be said to hold. Topics and partitions that are gone are left out."""
    found = Owned({}, set(), True, NO_GENERATION)
    topics: frozenset[str] = frozenset()
    owner: dict[TopicPartition, str] = {}
    for member in hash_order(members):
        subscription = members[member]
        own = frozenset(subscription.topics)
        if not topics:
            topics = own
        elif own != topics:
            found.equal = False
        found.generation_max = max(found.generation_max, subscription.generation)
        held = found.held[member] = []
        for one in subscription.owned:
            if not 0 <= one.partition < partitions.get(one.topic, 0):
                continue
            other = owner.get(one)
            if other is None:
                held.append(one)
                owner[one] = member
                continue
            theirs = members[other].generation
            if subscription.generation < theirs:
                continue
            if one in found.held[other]:
                found.held[other].remove(one)
            owner[one] = member
            if subscription.generation == theirs:
                found.claimed_twice.add(one)
            else:
                held.append(one)
    return found
