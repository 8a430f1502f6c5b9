"""What has moved from whom to whom in one general assignment, so that nothing is moved there and back again.

Where a partition is about to go from one member to another while another partition of its topic has gone the opposite way,
that one goes back instead. Which of several: the first in the order of a Java HashSet.
[kafka clients/…/internals/AbstractStickyAssignor.java, PartitionMovements; TopicPartition.java, hashCode]
"""

from __future__ import annotations

from mqlab.engine.brokers.kafka.assignors.java_order import bucket, string_hash, table_for

Partition = tuple[int, int]
"""A topic's and a partition's number; members are numbers too."""
_WORD = 0xFFFFFFFF


class Movements:
    """`topics`: the names behind the topics' numbers."""

    def __init__(self, topics: list[str]) -> None:
        self._hashes = [string_hash(topic) for topic in topics]
        self._pairs: dict[Partition, tuple[int, int]] = {}  # where it was at first, and where it is
        self._moved: dict[
            tuple[int, int, int], dict[Partition, None]
        ] = {}  # by topic and pair, in order of insertion
        self._tables: dict[tuple[int, int, int], int] = {}

    def instead_of(self, one: Partition, source: int, target: int) -> Partition:
        """The partition to move to `target`: this one, or one that has come from there to where this one is at home."""
        if one in self._pairs:
            source = self._pairs[one][0]
        opposite = (one[0], target, source)
        moved = self._moved.get(opposite)
        if not moved:
            return one
        table = self._tables[opposite]
        return min(moved, key=lambda other: bucket(self._hash(other), table))

    def move(self, one: Partition, source: int, target: int) -> None:
        """Note that it has gone from one member to another. Back where it was at first, it has not moved."""
        if one in self._pairs:
            home, last = self._pairs.pop(one)
            moved = self._moved[one[0], home, last]
            del moved[one]
            if not moved:
                del self._moved[one[0], home, last], self._tables[one[0], home, last]
            source = home
        if source != target:
            self._pairs[one] = (source, target)
            key = (one[0], source, target)
            moved = self._moved.setdefault(key, {})
            moved[one] = None
            self._tables[key] = table_for(len(moved), self._tables.get(key, 16))

    def _hash(self, one: Partition) -> int:
        return ((31 + one[1]) * 31 + self._hashes[one[0]]) & _WORD
