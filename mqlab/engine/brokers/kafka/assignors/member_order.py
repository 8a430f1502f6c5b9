"""The order of members in `range` and `roundrobin`: static members first, by instance id, then the others by member id.

So a static member that restarts, with a new member id, gets the same partitions. Ids are text: "c10" comes before "c2". The
sticky assignors go by member id alone. [kafka clients/…/internals/AbstractPartitionAssignor.java, MemberInfo;
RangeAssignorTest]
"""

from __future__ import annotations

from mqlab.engine.brokers.kafka.assignors.java_order import code_units
from mqlab.engine.brokers.kafka.assignors.subscription import Members


def member_order(members: Members) -> list[str]:
    """Member ids, in order."""

    def place(member: str) -> tuple[bool, bytes]:
        instance = members[member].group_instance_id
        return (instance is None, code_units(member if instance is None else instance))

    return sorted(members, key=place)
