"""What an assignor is given: partitions, and for each member what it subscribes to and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

NO_GENERATION = -1


class TopicPartition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A member's own words when it joins. `owned`: the partitions that it holds, in the order in which it says so.

    `generation`: of the rebalance in which it was given them, NO_GENERATION for a newcomer. `group_instance_id`: of a static
    member, one that keeps its partitions over a restart. [kafka clients/…/consumer/ConsumerPartitionAssignor.java, Subscription]
    """

    topics: tuple[str, ...]
    owned: tuple[TopicPartition, ...] = ()
    generation: int = NO_GENERATION
    group_instance_id: str | None = None


Members = Mapping[str, Subscription]
Assignment = dict[str, list[TopicPartition]]


def subscribed(partitions: Mapping[str, int], members: Members) -> dict[str, int]:
    """The topics that somebody subscribes to and that are there, with their partition counts: what an assignor sees.

    A topic without partitions is one that is not there. [AbstractPartitionAssignor.java, assign]
    """
    return {
        topic: partitions[topic]
        for member in members.values()
        for topic in member.topics
        if partitions.get(topic, 0) > 0
    }
