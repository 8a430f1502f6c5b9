"""`range`: topic by topic, each subscriber a contiguous run of partitions, the first few one more.

Partition n of every topic goes to the same member where all subscribe alike, which joins need; the extra partitions go to the
same members too, so over many topics it is uneven. It is what runs by default: the first of `partition.assignment.strategy`.
The broker-side `range` of Kafka 4.0 decides alike, without looking at what members hold.
[kafka clients/…/consumer/RangeAssignor.java; group-coordinator/…/assignor/RangeAssignor.java (4.0); recorded: kafka_assignors]
"""

from __future__ import annotations

from collections.abc import Mapping

from mqlab.engine.brokers.kafka.assignors.member_order import member_order
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members, TopicPartition, subscribed


def assign(partitions: Mapping[str, int], members: Members) -> Assignment:
    """Who gets what; `partitions`: how many each topic has."""
    assignment: Assignment = {member: [] for member in members}
    order = member_order(members)
    for topic, count in sorted(subscribed(partitions, members).items()):
        subscribers = [member for member in order if topic in members[member].topics]
        each, extra = divmod(count, len(subscribers))
        first = 0
        for number, member in enumerate(subscribers):
            last = first + each + (number < extra)
            assignment[member] += [TopicPartition(topic, one) for one in range(first, last)]
            first = last
    return assignment
