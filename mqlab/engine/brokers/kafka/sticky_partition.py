"""Where records without a key go: all to one partition for a while, then to another. Not round robin.

Three clients, three whiles. Kafka 2.4 to 3.2 (KIP-480) stays until a batch is finished and then draws another partition.
Kafka 3.3 and later (KIP-794) stays until a partition has had `batch.size` bytes, so that a slow broker, whose batches are
finished late, does not get more than its share; with `partitioner.adaptive.partitioning.enable` (default true) the draw is
weighted: a partition with fewer batches waiting is likelier. librdkafka stays for `sticky.partitioning.linger.ms`.

Chance is drawn by seed, topic and number of the draw, so that a recording is always the same.
[kafka clients/…/producer/internals/StickyPartitionCache.java (3.2), BuiltInPartitioner.java and RecordAccumulator.java (4.0);
KIP-480, KIP-794; librdkafka src/rdkafka_msg.c, rd_kafka_msg_sticky_partition]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from mqlab.engine.brokers.kafka.murmur2 import POSITIVE
from mqlab.engine.draw import draw, stem

BATCH_SIZE_BYTES = 16_384
"""`batch.size`, by default."""
STICKY_LINGER_US = 10_000
"""librdkafka's `sticky.partitioning.linger.ms`, by default twice its `linger.ms`, in µs."""


@dataclass(slots=True)
class _Chance:
    """Non-negative ints below 2**31, one after the other."""

    seed: int
    topic: str
    draws: int = 0
    _stem: int = field(init=False)

    def __post_init__(self) -> None:
        self._stem = stem(self.seed, "sticky partition", self.topic)

    def next(self) -> int:
        self.draws += 1
        return draw(self._stem, self.draws) & POSITIVE

    def among(self, available: Sequence[int], partitions: int) -> int:
        """One of the partitions with a leader, or of all if none has one."""
        return available[self.next() % len(available)] if available else self.next() % partitions


class BuiltInPartitioner:
    """KIP-794: one for each topic of a producer. `available`: the partitions that have a leader, ascending."""

    def __init__(self, seed: int, topic: str, batch_size_bytes: int = BATCH_SIZE_BYTES) -> None:
        if batch_size_bytes < 1:
            raise ValueError(f"batch.size must be at least 1 byte, not {batch_size_bytes}")
        self.batch_size_bytes = batch_size_bytes
        self.produced_bytes = 0
        self._partition: int | None = None
        self._ids: tuple[int, ...] = ()
        self._table: tuple[int, ...] = ()  # running sums of the weights of _ids; empty: all alike
        self._chance = _Chance(seed, topic)

    def partition(self, available: Sequence[int], partitions: int) -> int:
        """The partition that the next record goes to; `partitions`: how many the topic has."""
        if self._partition is None:
            self._switch(available, partitions)
        assert self._partition is not None
        return self._partition

    def appended(
        self, size_bytes: int, available: Sequence[int], partitions: int, *, enable_switch: bool = True
    ) -> bool:
        """So many bytes went to the partition; 0 asks again whether to go on. Returns whether another one is next.

        `enable_switch`: whether all batches of the partition are full. While the last one is not, the partition stays, so that no
        small batches are left behind, but never for more than twice `batch.size`.
        """
        self.produced_bytes += size_bytes
        enough = self.batch_size_bytes if enable_switch else 2 * self.batch_size_bytes
        if self.produced_bytes < enough:
            return False
        self._switch(available, partitions)
        return True

    def update_load(self, waiting: Sequence[int] | None, ids: Sequence[int], partitions: int) -> None:
        """How many batches wait for each partition of `ids`; None: adaptive partitioning is off.

        Left out of `ids` are partitions without a leader, and those of a broker that has not been ready for longer than
        `partitioner.availability.timeout.ms` (default 0: none is left out for that).
        """
        self._ids, self._table = (), ()
        if not waiting or partitions < 2:
            return
        if len(waiting) == partitions and len(set(waiting)) == 1:
            return  # nobody waits longer than another: the plain draw does
        most = max(waiting) + 1
        self._ids, self._table = tuple(ids), tuple(accumulate(most - one for one in waiting))

    def _switch(self, available: Sequence[int], partitions: int) -> None:
        self.produced_bytes = 0
        if self._table:
            at = bisect_right(self._table, self._chance.next() % self._table[-1])
            self._partition = self._ids[at]
        else:
            self._partition = self._chance.among(available, partitions)


class UniformStickyPartitioner:
    """KIP-480: one for each topic of a producer of Kafka 2.4 to 3.2."""

    def __init__(self, seed: int, topic: str) -> None:
        self._partition: int | None = None
        self._chance = _Chance(seed, topic)

    def partition(self, available: Sequence[int], partitions: int) -> int:
        """The partition that the next record goes to."""
        if self._partition is None:
            self._partition = self._chance.among(available, partitions)
        return self._partition

    def on_new_batch(self, finished: int, available: Sequence[int], partitions: int) -> int:
        """A batch of the partition `finished` is done: another partition, if it was the sticky one. Returns the sticky one."""
        if self._partition is None or self._partition == finished:
            others = [one for one in available if one != finished]
            self._partition = self._chance.among(others or available, partitions)
        return self._partition


class LingeringPartitioner:
    """librdkafka: one for each topic of a producer. `linger_us` 0: a draw for each record."""

    def __init__(self, seed: int, topic: str, linger_us: int = STICKY_LINGER_US) -> None:
        self.linger_us = linger_us
        self._partition: int | None = None
        self._since_us = 0
        self._chance = _Chance(seed, topic)

    def partition(self, now_us: int, available: Sequence[int], partitions: int) -> int:
        """The partition that a record sent now goes to. One that has lost its leader is left at once.

        The draw is among all partitions, and is drawn once more if the first has no leader: it can still meet one without.
        """
        late = self.linger_us == 0 or now_us - self._since_us > self.linger_us
        if self._partition is None or late or self._partition not in available:
            self._since_us = now_us
            self._partition = self._chance.next() % partitions
            if self._partition not in available:
                self._partition = self._chance.next() % partitions
        return self._partition
