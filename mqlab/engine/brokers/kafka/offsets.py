"""Where a group goes on reading: committed offsets, what happens without one, and how far behind it is.

A committed offset is the *next* to read, the last processed plus one, kept for each group, topic and partition (in the topic
`__consumer_offsets`, which is compacted: only the last commit counts). It outlives the members: it goes when the group has been
empty for `offsets.retention.minutes` (7 days). A commit is taken as it is, also one that goes back.

Without a committed offset, or where the log no longer has it, `auto.offset.reset` decides: `latest`, the default, skips what is
there; `earliest` begins at the start of the log; `none` is an error; `by_duration:` (4.0) begins with the first record that is no
older. (Where nothing is as young it is `latest`: not verified.)

Lag is what is there and not committed. Counted up to the high watermark it grows while a transaction is open, for a
`read_committed` consumer does not get on; the consumer itself counts up to the last stable offset.
[kafka group-coordinator/…/OffsetMetadataManager.java; clients/…/consumer/ConsumerConfig.java, auto.offset.reset;
internals/SubscriptionState.java; docs/design.html; KIP-1106]
"""

from __future__ import annotations

from dataclasses import dataclass

from mqlab.engine.brokers.kafka.assignors.subscription import TopicPartition
from mqlab.engine.brokers.kafka.log import Log

RETENTION_MS = 7 * 24 * 3600 * 1000
METADATA_BYTES_MAX = 4096


class NoOffsetForPartition(Exception):
    """Nothing is committed, or it is gone, and `auto.offset.reset` is `none`; the text says what to do."""


class OffsetMetadataTooLarge(Exception):
    """The note beside a commit is too long. OFFSET_METADATA_TOO_LARGE."""


@dataclass(frozen=True, slots=True)
class Committed:
    """`offset`: the next to read."""

    offset: int
    committed_us: int
    metadata: str = ""


class GroupOffsets:
    """Those of one group. `empty_since_us`: None while it has members."""

    def __init__(self) -> None:
        self.committed: dict[TopicPartition, Committed] = {}
        self.empty_since_us: int | None = None

    def commit(self, partition: TopicPartition, offset: int, now_us: int, metadata: str = "") -> None:
        """Take an offset. Raises OffsetMetadataTooLarge, and ValueError for an offset below 0."""
        if offset < 0:
            raise ValueError(f"an offset is 0 or more, not {offset}")
        if len(metadata.encode()) > METADATA_BYTES_MAX:
            raise OffsetMetadataTooLarge(f"at most {METADATA_BYTES_MAX} bytes may be kept beside an offset")
        self.committed[partition] = Committed(offset, now_us, metadata)

    def expire(self, now_us: int, retention_ms: int = RETENTION_MS) -> list[TopicPartition]:
        """Forget what nobody has committed again while the group has been empty for so long. Returns the partitions."""
        if self.empty_since_us is None:
            return []
        oldest_us = now_us - retention_ms * 1000
        gone = [
            partition
            for partition, one in self.committed.items()
            if max(one.committed_us, self.empty_since_us) <= oldest_us
        ]
        for partition in gone:
            del self.committed[partition]
        return gone


@dataclass(frozen=True, slots=True)
class Reset:
    """`auto.offset.reset`: `earliest`, `latest`, `none` or `by_duration`, then with how long ago."""

    policy: str = "latest"
    duration_us: int = 0

    def __post_init__(self) -> None:
        if self.policy not in ("earliest", "latest", "none", "by_duration"):
            raise ValueError(
                f"auto.offset.reset is earliest, latest, none or by_duration:<duration>, not {self.policy}"
            )
        if self.duration_us < 0:
            raise ValueError("by_duration looks back, so its duration is not negative")


def position(committed: Committed | None, log: Log, end: int, reset: Reset, now_us: int) -> int:
    """Where reading begins. `end`: the high watermark. Raises NoOffsetForPartition."""
    if committed is not None and log.start_offset <= committed.offset <= log.end_offset:
        return committed.offset
    if reset.policy == "none":
        why = "nothing is committed" if committed is None else f"offset {committed.offset} is not there"
        raise NoOffsetForPartition(f"{why}, and auto.offset.reset is none: seek to an offset, or set it")
    if reset.policy == "earliest":
        return log.start_offset
    if reset.policy == "by_duration":
        found = offset_for_time(log, now_us - reset.duration_us, end)
        return end if found is None else found
    return end


def offset_for_time(log: Log, timestamp_us: int, end: int) -> int | None:
    """Of the first record below `end` that is no older: what `offsetsForTimes` answers. None: there is none."""
    for batch in log.batches():
        if batch.max_timestamp_us >= timestamp_us and batch.marker is None:
            for record in batch.records:
                if log.start_offset <= record.offset < end and record.timestamp_us >= timestamp_us:
                    return record.offset
    return None


def lag(committed: Committed | None, log: Log, end: int) -> int | None:
    """In offsets, markers and gaps included, up to `end`: the high watermark or the last stable offset.

    None: nothing is committed. Never negative: a commit can be ahead of what the asker knows of the end.
    """
    if committed is None:
        return None
    return max(0, end - max(committed.offset, log.start_offset))


def lag_us(committed: Committed | None, log: Log, end: int, now_us: int) -> int | None:
    """In time: how old the first record is that is not committed. 0: all are."""
    if committed is None:
        return None
    for batch in log.fetch(min(max(committed.offset, log.start_offset), log.end_offset), end, 1):
        for record in batch.records:
            if record.offset >= committed.offset and batch.marker is None:
                return max(0, now_us - record.timestamp_us)
    return 0
