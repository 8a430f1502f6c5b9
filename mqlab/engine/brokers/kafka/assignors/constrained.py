"""The sticky assignment where all members subscribe to the same topics: one pass over what is held, one over what is left.

Each keeps what it holds up to its quota, the lowest partition numbers first; how many members may have one more than the
others is fixed, and the first in hash order that hold as many keep them. What is left, by topic and number, goes round the
members below their quota, in order of member id, then one each to those who may have one more.
[kafka clients/…/internals/AbstractStickyAssignor.java, ConstrainedAssignmentBuilder (4.0); KAFKA-16277 for the order of keeping]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from mqlab.engine.brokers.kafka.assignors.java_order import code_units
from mqlab.engine.brokers.kafka.assignors.owned import Owned
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, TopicPartition


def constrained(partitions: Mapping[str, int], owned: Owned) -> tuple[Assignment, dict[TopicPartition, str]]:
    """The assignment, and the new owner of each partition that somebody else still holds."""
    builder = _Builder(partitions, owned)
    builder.keep()
    builder.fill()
    return builder.assignment, builder.transferring


class _Builder:
    def __init__(self, partitions: Mapping[str, int], owned: Owned) -> None:
        self.partitions = partitions
        self.owned = owned
        self.quota, self.larger_max = divmod(sum(partitions.values()), len(owned.held))
        self.larger = 0  # members with one more than the quota
        self.below: list[str] = []
        self.at_quota: list[str] = []  # and might have one more
        self.revoked: set[TopicPartition] = set(owned.claimed_twice)
        self.assignment: Assignment = {}
        self.transferring: dict[TopicPartition, str] = {}

    def keep(self) -> None:
        """Give each what it holds, up to its quota or one more."""
        for member, claims in self.owned.held.items():
            held = sorted(
                (one for one in claims if one not in self.owned.claimed_twice),
                key=lambda one: (one.partition, code_units(one.topic)),
            )
            kept = self.quota
            if len(held) < self.quota:
                self.below.append(member)
            elif len(held) > self.quota and self.larger < self.larger_max:
                kept += 1
                self.larger += 1
                if self.larger == self.larger_max:
                    self.at_quota.clear()
            elif self.larger < self.larger_max:
                self.at_quota.append(member)
            self.assignment[member] = held[:kept]
            self.revoked.update(held[kept:])

    def fill(self) -> None:
        """Deal out what nobody keeps."""
        kept = {one for held in self.assignment.values() for one in held}
        self.below.sort(key=code_units)
        more = deque(sorted(self.at_quota, key=code_units))
        turn = 0
        for topic in sorted(self.partitions, key=code_units):
            for number in range(self.partitions[topic]):
                one = TopicPartition(topic, number)
                if one in kept:
                    continue
                if self.below:
                    turn %= len(self.below)
                    member = self.below[turn]
                else:
                    member = more.popleft()
                self._give(member, one)
                if self.below:
                    if len(self.assignment[member]) == self.quota:
                        del self.below[turn]
                        more.append(member)
                    else:
                        turn += 1

    def _give(self, member: str, one: TopicPartition) -> None:
        self.assignment[member].append(one)
        if one in self.revoked:
            self.transferring[one] = member
