"""Records and batches. A batch is what a producer sends, a broker appends and a consumer fetches: whole or not at all.

Sizes are those of the message format 2 without compression and headers: 61 bytes for a batch, and for each record its key and
value with a few bytes of variable-length numbers. [kafka docs/implementation.html, record batch; DefaultRecordBatch.java,
DefaultRecord.java]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

BATCH_OVERHEAD_BYTES = 61
NO_PRODUCER = NO_EPOCH = NO_SEQUENCE = -1
SEQUENCE_MAX = 2**31 - 1
Marker = Literal["commit", "abort"]


@dataclass(slots=True)
class Record:
    """`value` None: a tombstone. `offset`: its place in the partition, from when it is appended."""

    key: bytes | None
    value: bytes | None
    timestamp_us: int
    offset: int = -1


@dataclass(slots=True)
class Batch:
    """Records of one producer for one partition. `base_sequence`: of its first record, counted by an idempotent producer.

    `marker`: it is no data but the end of a transaction, and occupies one offset. `delete_horizon_us`: from when on compaction
    may drop its tombstones, set when it is first cleaned.
    """

    records: list[Record]
    producer_id: int = NO_PRODUCER
    producer_epoch: int = NO_EPOCH
    base_sequence: int = NO_SEQUENCE
    transactional: bool = False
    marker: Marker | None = None
    base_offset: int = -1
    last_offset: int = -1
    leader_epoch: int = -1
    delete_horizon_us: int | None = None
    size_bytes: int = field(init=False)
    max_timestamp_us: int = field(init=False)

    def __post_init__(self) -> None:
        if not self.records:
            raise ValueError("a batch has at least one record")
        self.measure()

    @property
    def last_sequence(self) -> int:
        """Of its last record; after 2**31 - 1 comes 0."""
        if self.base_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        placed = self.base_offset >= 0  # then compaction may have taken some of its records
        others = self.last_offset - self.base_offset if placed else len(self.records) - 1
        return (self.base_sequence + others) & SEQUENCE_MAX

    def measure(self) -> None:
        """Work out size and latest timestamp, after its records have changed."""
        first_us = self.records[0].timestamp_us
        self.max_timestamp_us = max(one.timestamp_us for one in self.records)
        self.size_bytes = BATCH_OVERHEAD_BYTES + sum(
            record_bytes(
                one,
                one.timestamp_us // 1000 - first_us // 1000,
                at if self.base_offset < 0 else one.offset - self.base_offset,
            )
            for at, one in enumerate(self.records)
        )

    def place(self, base_offset: int, leader_epoch: int) -> None:
        """Give its records their offsets."""
        self.base_offset, self.leader_epoch = base_offset, leader_epoch
        for offset, one in enumerate(self.records, base_offset):
            one.offset = offset
        self.last_offset = base_offset + len(self.records) - 1


def marker_batch(marker: Marker, producer_id: int, producer_epoch: int, now_us: int) -> Batch:
    """What the transaction coordinator has written into each partition of a transaction when it ends."""
    control = Record(b"\x00\x00\x00\x01" if marker == "commit" else b"\x00\x00\x00\x00", bytes(6), now_us)
    return Batch([control], producer_id, producer_epoch, transactional=True, marker=marker)


def record_bytes(record: Record, timestamp_delta_ms: int, offset_delta: int) -> int:
    """The size of a record in its batch."""
    key, value = record.key, record.value
    body = (
        1 + _varint(timestamp_delta_ms) + _varint(offset_delta) + _varint(0)
    )  # attributes, deltas, no headers
    body += _varint(-1 if key is None else len(key)) + len(key or b"")
    body += _varint(-1 if value is None else len(value)) + len(value or b"")
    return _varint(body) + body


def _varint(number: int) -> int:
    """Bytes of a zig-zag number of variable length."""
    zigzag = number << 1 if number >= 0 else (-number << 1) - 1
    return max(1, (zigzag.bit_length() + 6) // 7)
