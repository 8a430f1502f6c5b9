"""A segment: a file's worth of a partition's log. Only the last, active one grows; what is deleted is a whole segment.

[kafka storage/…/internals/log/LogSegment.java, shouldRoll, timeWaitedForRoll, largestTimestamp]
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from mqlab.engine.brokers.kafka.records import Batch


@dataclass(slots=True)
class Segment:
    """`base_offset`: no record in it has a lower one. Empty, it counts as old as `created_us`."""

    base_offset: int
    created_us: int
    batches: list[Batch] = field(default_factory=list)
    size_bytes: int = 0
    largest_timestamp_us: int = -1
    first_timestamp_us: int | None = None

    def append(self, batch: Batch) -> None:
        """The next batch, with its offsets."""
        if self.first_timestamp_us is None:
            self.first_timestamp_us = batch.max_timestamp_us
        self.batches.append(batch)
        self.size_bytes += batch.size_bytes
        self.largest_timestamp_us = max(self.largest_timestamp_us, batch.max_timestamp_us)

    def replace(self, batches: list[Batch]) -> None:
        """What is left of it after compaction or truncation."""
        self.batches, self.size_bytes, self.largest_timestamp_us = [], 0, -1
        self.first_timestamp_us = None
        for batch in batches:
            self.append(batch)

    def age_timestamp_us(self) -> int:
        """By which retention counts its age: the latest of its records, or when it was made."""
        return self.largest_timestamp_us if self.batches else self.created_us

    def must_roll(self, batch: Batch, now_us: int, segment_bytes: int, segment_us: int) -> bool:
        """Whether this batch belongs into a new segment: it would be too large, or its first record is too long ago."""
        if not self.batches:
            return False
        if self.size_bytes + batch.size_bytes > segment_bytes:
            return True
        first = self.first_timestamp_us
        waited = now_us - self.created_us if first is None else batch.max_timestamp_us - first
        return waited > segment_us

    def from_offset(self, offset: int) -> int:
        """The index of the first batch that ends at or behind an offset."""
        return bisect_left(self.batches, offset, key=lambda batch: batch.last_offset)
