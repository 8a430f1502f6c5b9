"""`roundrobin`: all partitions, by topic and number, dealt to the members in turn; one that does not subscribe is passed over.

Even where all subscribe alike. Where they do not, it is not: the turn stays where it stopped, and who can take what nobody
else can gets its share of the rest as well. [kafka clients/…/consumer/RoundRobinAssignor.java; recorded: kafka_assignors]
"""

from __future__ import annotations

from collections.abc import Mapping

from mqlab.engine.brokers.kafka.assignors.java_order import code_units
from mqlab.engine.brokers.kafka.assignors.member_order import member_order
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members, TopicPartition, subscribed


def assign(partitions: Mapping[str, int], members: Members) -> Assignment:
    """Who gets what; `partitions`: how many each topic has."""
    assignment: Assignment = {member: [] for member in members}
    order = member_order(members)
    topics = {member: frozenset(members[member].topics) for member in members}
    turn = 0
    counts = subscribed(partitions, members)
    for topic in sorted(counts, key=code_units):
        for number in range(counts[topic]):
            while topic not in topics[order[turn]]:
                turn = (turn + 1) % len(order)
            assignment[order[turn]].append(TopicPartition(topic, number))
            turn = (turn + 1) % len(order)
    return assignment
