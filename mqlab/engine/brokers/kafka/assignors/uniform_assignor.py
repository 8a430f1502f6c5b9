"""`uniform`, the broker-side assignor of KIP-848 and its default: as even as can be, then sticky, computed by the coordinator.

There is nothing to sort out: the coordinator knows who holds what. Where all subscribe alike, members in the order of a Java
HashMap get a quota, the first few one more; what exceeds it is taken away, what nobody holds is given to those below theirs.
Where they do not, see uniform_mixed.py. What a member then has to give up before another gets it is the reconciliation's
affair, member by member, not the assignor's.

Kafka goes through topics by their random ids, here it is by name: which of two topics goes where can differ, how many does not.
[kafka group-coordinator/…/assignor/UniformAssignor.java, UniformHomogeneousAssignmentBuilder.java (4.0)]
"""

from __future__ import annotations

from collections.abc import Mapping

from mqlab.engine.brokers.kafka.assignors.java_order import hash_order
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members, TopicPartition, subscribed
from mqlab.engine.brokers.kafka.assignors.uniform_mixed import mixed


def assign(partitions: Mapping[str, int], members: Members) -> Assignment:
    """The target assignment; `partitions`: how many each topic has. `owned` of a member is its target before."""
    if not members:
        return {}
    counts = subscribed(partitions, members)
    alike = len({frozenset(one.topics) for one in members.values()}) == 1
    return (_alike if alike else mixed)(counts, members)


def _alike(counts: Mapping[str, int], members: Members) -> Assignment:
    assigned = {one for member in members.values() for one in member.owned}
    left = [
        TopicPartition(topic, number)
        for topic in sorted(counts)
        for number in range(counts[topic])
        if (topic, number) not in assigned
    ]
    quota, extra = divmod(sum(counts.values()), len(members))
    assignment: Assignment = {}
    for at, member in enumerate(hash_order(members)):
        held = sorted(one for one in members[member].owned if one.partition < counts.get(one.topic, 0))
        kept = quota + (at < extra)
        assignment[member] = held[:kept]
        left += held[kept:]
    given = iter(left)
    for at, got in enumerate(assignment.values()):
        missing = quota + (at < extra) - len(got)
        got += [next(given) for _ in range(missing)]
    return assignment
