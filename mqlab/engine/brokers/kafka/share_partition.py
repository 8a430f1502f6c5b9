"""A partition as a share group reads it (KIP-932): record by record, by any member, each under a lock of its own.

A member *acquires* records for `record_lock_duration_ms` and answers for each: accept, it is done; release, somebody may have it
again; reject, nobody may; renew (KIP-1222), it needs longer. A lock that runs out is a release. Each acquisition counts: what is
released after the last that `delivery_count_limit` allows is *archived*, which at first meant gone, for there was no dead-letter
queue. What a member holds when its session ends is released too, and that delivery does not count.

What comes back is given out before what is new, so there is no order among records, and members are not bound to partitions:
there can be more of them than partitions. The start offset (SPSO) moves over what is done or archived; between it and the end
at most `partition_max_record_locks` records are in flight, and then nothing new is given out.
[kafka core/…/kafka/server/share/SharePartition.java; server/…/share/fetch/InFlightState.java, tryUpdateState;
ShareGroupConfig.java; KIP-932. The largest number of locks was 200 in October 2024 and was raised later: not verified for 4.1.]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mqlab.engine.brokers.kafka.records import Batch

State = Literal["available", "acquired", "acknowledged", "archived"]
Answer = Literal["accept", "release", "reject", "renew"]
DONE: tuple[State, ...] = ("acknowledged", "archived")


class InvalidRecordState(Exception):
    """An answer for a record that this member does not hold; nothing changes. INVALID_RECORD_STATE."""


@dataclass(frozen=True, slots=True)
class ShareConfig:
    """Settings, by their names in Kafka without `group.share.`, with its defaults and bounds."""

    record_lock_duration_ms: int = 30_000  # 15 s to 60 s
    delivery_count_limit: int = 5  # 2 to 10
    partition_max_record_locks: int = 200

    def __post_init__(self) -> None:
        if not 15_000 <= self.record_lock_duration_ms <= 60_000:
            raise ValueError("group.share.record.lock.duration.ms is from 15000 to 60000")
        if not 2 <= self.delivery_count_limit <= 10:
            raise ValueError("group.share.delivery.count.limit is from 2 to 10")


@dataclass(slots=True)
class InFlight:
    """`member`: who holds it, until `until_us`. `deliveries`: how often it was acquired."""

    state: State = "available"
    member: str | None = None
    until_us: int = 0
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class Acquired:
    """A record given to a member, for the `deliveries`-th time."""

    offset: int
    deliveries: int


class SharePartition:
    """One partition of one share group. `end_offset`: the first that nobody has had yet."""

    def __init__(self, start_offset: int, config: ShareConfig | None = None) -> None:
        self.config = config or ShareConfig()
        self.start_offset = self.end_offset = start_offset
        self.records: dict[int, InFlight] = {}  # from start to end, in order of offset

    @property
    def next_fetch_offset(self) -> int:
        """Where to fetch: at the first record that came back, or behind everything."""
        return next((at for at, one in self.records.items() if one.state == "available"), self.end_offset)

    def acquire(self, member: str, batches: Iterable[Batch], records_max: int, now_us: int) -> list[Acquired]:
        """Give a member what is free in these batches, about `records_max`: new records come by whole batches."""
        got: list[Acquired] = []
        for batch in batches:
            if len(got) >= records_max:
                break
            for record in batch.records if batch.marker is None else ():
                known = self.records.get(record.offset)
                if known is not None and known.state == "available" and len(got) < records_max:
                    got.append(self._take(record.offset, known, member, now_us))
            if batch.last_offset < self.end_offset:
                continue
            if self.end_offset - self.start_offset >= self.config.partition_max_record_locks:
                break
            for record in batch.records if batch.marker is None else ():
                if record.offset >= self.end_offset:
                    fresh = self.records[record.offset] = InFlight()
                    got.append(self._take(record.offset, fresh, member, now_us))
            self.end_offset = batch.last_offset + 1
            self._advance()
        return got

    def acknowledge(self, member: str, offsets: Iterable[int], answer: Answer, now_us: int) -> None:
        """A member's answer for records that it holds. Raises InvalidRecordState."""
        asked = list(offsets)
        for offset in asked:
            one = self.records.get(offset)
            if one is None or one.state != "acquired" or one.member != member:
                raise InvalidRecordState(
                    f"{member} does not hold offset {offset}: its lock has run out, or it is done"
                )
        for offset in asked:
            one = self.records[offset]
            if answer == "renew":
                one.until_us = now_us + self.config.record_lock_duration_ms * 1000
            elif answer == "release":
                self._release(one)
            else:
                one.state, one.member = ("acknowledged" if answer == "accept" else "archived"), None
        self._advance()

    def expire(self, now_us: int) -> list[int]:
        """Release what has been held for too long. Returns the offsets."""
        late = [at for at, one in self.records.items() if one.state == "acquired" and one.until_us <= now_us]
        for offset in late:
            self._release(self.records[offset])
        self._advance()
        return late

    def leave(self, member: str) -> list[int]:
        """Its session has ended: release what it holds, as if it had not been given. Returns the offsets."""
        held = [at for at, one in self.records.items() if one.state == "acquired" and one.member == member]
        for offset in held:
            one = self.records[offset]
            one.state, one.member = "available", None
            one.deliveries -= 1
        return held

    def _take(self, offset: int, one: InFlight, member: str, now_us: int) -> Acquired:
        one.state, one.member = "acquired", member
        one.until_us = now_us + self.config.record_lock_duration_ms * 1000
        one.deliveries += 1
        return Acquired(offset, one.deliveries)

    def _release(self, one: InFlight) -> None:
        spent = one.deliveries >= self.config.delivery_count_limit
        one.state, one.member = ("archived" if spent else "available"), None

    def _advance(self) -> None:
        """Move the start over what is done or archived."""
        for offset, one in list(self.records.items()):
            if one.state not in DONE:
                self.start_offset = offset
                return
            del self.records[offset]
        self.start_offset = self.end_offset
