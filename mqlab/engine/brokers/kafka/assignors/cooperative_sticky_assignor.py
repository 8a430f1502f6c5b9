"""`cooperative-sticky`: the target of `sticky`, reached in two rebalances without anybody stopping for what it keeps.

A partition that goes from one member to another is withheld from both in the first rebalance: the old owner learns that it is
not in its assignment, gives it up and joins again, and the second hands it over. What nobody held is given at once.
[kafka clients/…/consumer/CooperativeStickyAssignor.java, adjustAssignment; recorded: kafka_assignors]
"""

from __future__ import annotations

from collections.abc import Mapping

from mqlab.engine.brokers.kafka.assignors.sticky_assignor import decide
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members


def assign(partitions: Mapping[str, int], members: Members) -> Assignment:
    """Who gets what in this rebalance; `partitions`: how many each topic has."""
    decided = decide(partitions, members)
    for one, member in decided.transferring.items():
        decided.assignment[member].remove(one)
    return decided.assignment
