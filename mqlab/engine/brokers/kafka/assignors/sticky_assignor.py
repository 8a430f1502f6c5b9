"""`sticky`: as even as subscriptions allow, and among the even ones an assignment that moves little.

Balance comes first, then keeping. Where all subscribe alike, no two members differ by more than one. The protocol is eager: all
give everything back before they are told what they get, so what stays with its owner saves the owner's work, not the pause.
[kafka clients/…/consumer/StickyAssignor.java, internals/AbstractStickyAssignor.java (4.0); recorded: kafka_assignors]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mqlab.engine.brokers.kafka.assignors.constrained import constrained
from mqlab.engine.brokers.kafka.assignors.general import general
from mqlab.engine.brokers.kafka.assignors.owned import sort_out
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members, TopicPartition, subscribed


@dataclass(slots=True)
class Sticky:
    """`transferring`: the new owner of each partition that another member still holds."""

    assignment: Assignment
    transferring: dict[TopicPartition, str]


def decide(partitions: Mapping[str, int], members: Members) -> Sticky:
    """Who gets what, and what of it has to be taken from somebody first."""
    if not members:
        return Sticky({}, {})
    counts = subscribed(partitions, members)
    owned = sort_out(counts, members)
    if owned.equal:
        return Sticky(*constrained(counts, owned))
    assignment = general(counts, members, owned)
    return Sticky(assignment, _transferring(members, assignment))


def assign(partitions: Mapping[str, int], members: Members) -> Assignment:
    """Who gets what; `partitions`: how many each topic has."""
    return decide(partitions, members).assignment


def _transferring(members: Members, assignment: Assignment) -> dict[TopicPartition, str]:
    """What one member gets and did not say it holds, and another says it holds and does not get."""
    gained: dict[TopicPartition, str] = {}
    given_up: set[TopicPartition] = set()
    for member, got in assignment.items():
        held, kept = set(members[member].owned), set(got)
        gained.update((one, member) for one in got if one not in held)
        given_up.update(one for one in held if one not in kept)
    return {one: member for one, member in gained.items() if one in given_up}
