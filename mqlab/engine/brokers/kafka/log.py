"""A partition's log: batches in order of offset, in segments, of which old ones are deleted whole.

Offsets are given once and never again: a truncated follower writes what the leader has there, but what was deleted or
compacted leaves a gap. Consuming deletes nothing. Retention looks at whole segments: one goes when its *latest* record is
older than `retention.ms`, or when the log without it still has `retention.bytes`, oldest first, and only below the high
watermark; the active one is closed first if it has to go as well. So records outlive their retention.
[kafka storage/…/internals/log/UnifiedLog.java, append, maybeRoll, deleteOldSegments, read; LogConfig.java; docs/design.html]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mqlab.engine.brokers.kafka.records import Batch
from mqlab.engine.brokers.kafka.segment import Segment

DAY_MS = 24 * 3600 * 1000


class OffsetOutOfRange(Exception):
    """Nothing was ever there, or it is gone; the text says what is there. OFFSET_OUT_OF_RANGE."""


class InvalidRecord(Exception):
    """A record without a key for a compacted topic. INVALID_RECORD."""


@dataclass(frozen=True, slots=True)
class LogConfig:
    """A topic's settings, by their names in Kafka and with its defaults. -1: no limit."""

    segment_bytes: int = 1 << 30
    segment_ms: int = 7 * DAY_MS
    retention_ms: int = 7 * DAY_MS
    retention_bytes: int = -1
    cleanup_policy: tuple[str, ...] = ("delete",)
    min_cleanable_dirty_ratio: float = 0.5
    min_compaction_lag_ms: int = 0
    delete_retention_ms: int = DAY_MS


class Log:
    """`start_offset`: the first that can be read. `end_offset`: the one that the next record gets."""

    def __init__(self, config: LogConfig | None = None, now_us: int = 0) -> None:
        self.config = config or LogConfig()
        self.segments = [Segment(0, now_us)]
        self.start_offset = 0
        self.end_offset = 0
        self.cleaned_to = 0  # compaction has looked at everything below

    @property
    def active(self) -> Segment:
        """The segment that grows."""
        return self.segments[-1]

    @property
    def size_bytes(self) -> int:
        """Of all segments."""
        return sum(segment.size_bytes for segment in self.segments)

    def batches(self) -> Iterator[Batch]:
        """All that is there, in order of offset."""
        for segment in self.segments:
            yield from segment.batches

    def append(self, batch: Batch, now_us: int, leader_epoch: int = 0) -> int:
        """As the leader: give the batch the next offsets. Returns the first. Raises InvalidRecord; nothing changes then."""
        keyed = batch.marker is not None or all(record.key is not None for record in batch.records)
        if "compact" in self.config.cleanup_policy and not keyed:
            raise InvalidRecord("a compacted topic takes no record without a key: send one with a key")
        batch.place(self.end_offset, leader_epoch)
        self._write(batch, now_us)
        return batch.base_offset

    def replicate(self, batch: Batch, now_us: int) -> None:
        """As a follower: append what the leader has, at the leader's offsets."""
        if batch.base_offset < self.end_offset:
            raise ValueError(
                f"offset {batch.base_offset} is already written: the log ends at {self.end_offset}"
            )
        self._write(batch, now_us)

    def fetch(self, offset: int, below: int, bytes_max: int) -> list[Batch]:
        """Batches from the one that has `offset` on, that end below `below` (a high watermark, say), within `bytes_max`.

        The first comes even if it is larger, so that a consumer gets on. A consumer passes over the records before its offset.
        Raises OffsetOutOfRange.
        """
        if not self.start_offset <= offset <= self.end_offset:
            raise OffsetOutOfRange(
                f"offset {offset} is not there: the log has {self.start_offset} up to {self.end_offset}"
            )
        found: list[Batch] = []
        room = bytes_max
        for segment in self.segments[self._segment_of(offset) :]:
            first = segment.from_offset(offset)
            for batch in segment.batches[first:]:
                if batch.last_offset >= below or (found and batch.size_bytes > room):
                    return found
                found.append(batch)
                room -= batch.size_bytes
        return found

    def truncate_to(self, offset: int) -> list[Batch]:
        """As a follower: drop what is at or behind an offset, because the leader has something else there. Returns what went."""
        gone = [batch for batch in self.batches() if batch.last_offset >= offset]
        if not gone and offset >= self.end_offset:
            return []
        kept = [segment for segment in self.segments if segment.base_offset < offset] or self.segments[:1]
        kept[-1].replace([batch for batch in kept[-1].batches if batch.last_offset < offset])
        if not kept[-1].batches and offset < kept[-1].base_offset:
            kept[-1].base_offset = offset
        self.segments = kept
        self.end_offset = min(self.end_offset, offset)
        self.start_offset = min(self.start_offset, self.end_offset)
        self.cleaned_to = min(self.cleaned_to, self.end_offset)
        return gone

    def restart_at(self, offset: int, now_us: int) -> None:
        """As a follower that fell behind the start of the leader's log: drop everything and begin there."""
        self.segments = [Segment(offset, now_us)]
        self.start_offset = self.end_offset = self.cleaned_to = offset

    def delete_old_segments(self, now_us: int, high_watermark: int) -> list[Segment]:
        """Retention's look at the log (every `log.retention.check.interval.ms`, 5 min). Returns the segments that go.

        Whatever the policy, what lies wholly before the start of the log goes too.
        """
        before_start = sum(segment.base_offset <= self.start_offset for segment in self.segments[1:])
        gone = self._drop(before_start, now_us)
        if "delete" in self.config.cleanup_policy:
            gone += self._delete_while_old(now_us, high_watermark)
            gone += self._delete_while_large(now_us, high_watermark)
        return gone

    def delete_records(self, before: int, high_watermark: int) -> None:
        """Move the start of the log up to an offset, as DeleteRecords does. Raises OffsetOutOfRange."""
        if not self.start_offset <= before <= high_watermark:
            raise OffsetOutOfRange(
                f"records before {before} cannot be deleted: those from {self.start_offset} up to {high_watermark} can"
            )
        self.start_offset = before

    def roll(self, now_us: int) -> Segment:
        """Close the active segment and begin another."""
        self.segments.append(Segment(self.end_offset, now_us))
        return self.active

    def _write(self, batch: Batch, now_us: int) -> None:
        config = self.config
        if self.active.must_roll(batch, now_us, config.segment_bytes, config.segment_ms * 1000):
            self.end_offset = max(self.end_offset, batch.base_offset)
            self.roll(now_us)
        self.active.append(batch)
        self.end_offset = batch.last_offset + 1

    def _segment_of(self, offset: int) -> int:
        at = len(self.segments) - 1
        while at and self.segments[at].base_offset > offset:
            at -= 1
        return at

    def _delete_while_old(self, now_us: int, high_watermark: int) -> list[Segment]:
        keep_us = self.config.retention_ms * 1000
        count = 0
        if keep_us >= 0:
            for at, segment in enumerate(self.segments):
                young = now_us - segment.age_timestamp_us() <= keep_us
                if young or not self._deletable(at, high_watermark):
                    break
                count += 1
        return self._drop(count, now_us)

    def _delete_while_large(self, now_us: int, high_watermark: int) -> list[Segment]:
        too_much = self.size_bytes - self.config.retention_bytes
        count = 0
        if self.config.retention_bytes >= 0:
            for at, segment in enumerate(self.segments):
                if too_much < segment.size_bytes or not self._deletable(at, high_watermark):
                    break
                too_much -= segment.size_bytes
                count += 1
        return self._drop(count, now_us)

    def _deletable(self, at: int, high_watermark: int) -> bool:
        """Whether all of it is committed, and it is not the empty one that waits for the next record."""
        last = at == len(self.segments) - 1
        end = self.end_offset if last else self.segments[at + 1].base_offset
        return high_watermark >= end and not (last and not self.segments[at].batches)

    def _drop(self, count: int, now_us: int) -> list[Segment]:
        if count == len(self.segments):
            self.roll(now_us)
        gone, self.segments = self.segments[:count], self.segments[count:]
        self.start_offset = max(self.start_offset, self.segments[0].base_offset)
        self.cleaned_to = max(self.cleaned_to, self.start_offset)
        return gone
