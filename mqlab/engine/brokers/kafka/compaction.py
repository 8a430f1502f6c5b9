"""Compaction (`cleanup.policy=compact`): of each key at least the last record stays, and offsets never change.

What is cleaned ends before the active segment, before anything younger than `min.compaction.lag.ms` and before the last
stable offset: in the head of the log there are duplicates. It is cleaned when more than `min.cleanable.dirty.ratio` of its
bytes have not been looked at yet. A tombstone hides what was before it; it stays for `delete.retention.ms` after it was first
cleaned, so that who reads from the start within that time sees the deletion, and who is slower may miss it. Records of an
aborted transaction go, its marker goes the way of a tombstone.
[kafka storage/…/internals/log/Cleaner.java, shouldRetainRecord; LogCleanerManager.java, cleanableOffsets; docs/design.html;
KIP-534]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mqlab.engine.brokers.kafka.log import Log
from mqlab.engine.brokers.kafka.records import Batch, Record

Aborted = Callable[[Batch], bool]


def cleanable_to(log: Log, now_us: int, last_stable_offset: int) -> int:
    """Up to which offset it may be cleaned now."""
    end = min(log.active.base_offset, last_stable_offset)
    lag_us = log.config.min_compaction_lag_ms * 1000
    if lag_us:
        for segment in log.segments:
            if segment.base_offset >= log.cleaned_to and segment.age_timestamp_us() > now_us - lag_us:
                return min(end, segment.base_offset)
    return end


def dirty_ratio(log: Log, end: int) -> float:
    """Which share of the bytes below `end` compaction has not looked at. 0 where there is nothing to clean."""
    clean = dirty = 0
    for batch in log.batches():
        if batch.base_offset < end:
            if batch.base_offset < log.cleaned_to:
                clean += batch.size_bytes
            else:
                dirty += batch.size_bytes
    return dirty / (clean + dirty) if dirty else 0.0


def compact(log: Log, now_us: int, last_stable_offset: int, aborted: Aborted) -> list[Record]:
    """Clean it if it is dirty enough. `aborted`: whether a batch is of an aborted transaction. Returns the records that go."""
    end = cleanable_to(log, now_us, last_stable_offset)
    if dirty_ratio(log, end) <= log.config.min_cleanable_dirty_ratio:
        return []
    return clean(log, now_us, end, aborted)


def clean(log: Log, now_us: int, end: int, aborted: Aborted) -> list[Record]:
    """Clean everything below `end`. Returns the records that go."""
    latest: dict[bytes | None, int] = {}
    for batch in log.batches():
        if log.cleaned_to <= batch.base_offset < end and batch.marker is None and not aborted(batch):
            latest.update((record.key, record.offset) for record in batch.records)
    gone: list[Record] = []
    for segment in log.segments:
        if segment.base_offset >= end:
            break
        kept = []
        for batch in segment.batches:
            if batch.base_offset >= end:
                kept.append(batch)
                continue
            left = (
                [] if aborted(batch) else [one for one in batch.records if _stays(batch, one, latest, now_us)]
            )
            offsets = {one.offset for one in left}
            gone += [one for one in batch.records if one.offset not in offsets]
            if left:
                kept.append(_cleaned(log, batch, left, now_us))
        segment.replace(kept)
    log.cleaned_to = max(log.cleaned_to, end)
    return gone


def _stays(batch: Batch, record: Record, latest: dict[bytes | None, int], now_us: int) -> bool:
    horizon = batch.delete_horizon_us
    passed = horizon is not None and now_us >= horizon
    if batch.marker is not None:
        return not passed
    if record.offset < latest.get(record.key, -1):
        return False
    return record.value is not None or not passed


def _cleaned(log: Log, batch: Batch, left: list[Record], now_us: int) -> Batch:
    """The batch with what is left, at the same offsets; tombstones in it have their time from the first cleaning on."""
    horizon = batch.delete_horizon_us
    if horizon is None and (batch.marker is not None or any(one.value is None for one in left)):
        horizon = now_us + log.config.delete_retention_ms * 1000
    return replace(batch, records=left, delete_horizon_us=horizon)
