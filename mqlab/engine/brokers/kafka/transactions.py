"""Transactions as a partition sees them: what is open, what was aborted, and up to where `read_committed` reads.

A transaction ends in each partition with a marker, which occupies an offset. The last stable offset (LSO) is the first offset of
the earliest transaction that is open, or whose marker is not below the high watermark yet, and at most the high watermark. A
`read_committed` consumer reads below it, and passes over what was aborted; so records behind an open transaction wait, even
those that belong to none. `read_uncommitted`, the default, reads everything below the high watermark.
[kafka storage/…/internals/log/ProducerStateManager.java, firstUnstableOffset; UnifiedLog.java, fetchLastStableOffset;
ConsumerConfig.java, isolation.level]
"""

from __future__ import annotations

from dataclasses import dataclass

from mqlab.engine.brokers.kafka.log import Log
from mqlab.engine.brokers.kafka.records import Batch


@dataclass(frozen=True, slots=True)
class Ended:
    """A transaction with its marker at `marker_offset`."""

    producer_id: int
    first_offset: int
    marker_offset: int
    aborted: bool


class Transactions:
    """Those of one partition."""

    def __init__(self) -> None:
        self.open: dict[int, int] = {}  # by producer: where it begins
        self.ended: list[Ended] = []  # whose marker may not be below the high watermark yet
        self.aborted: list[Ended] = []

    def appended(self, batch: Batch) -> None:
        """A batch is written, and has its offsets."""
        if not batch.transactional:
            return
        if batch.marker is None:
            self.open.setdefault(batch.producer_id, batch.base_offset)
            return
        first = self.open.pop(batch.producer_id, None)
        if first is None:
            return  # the end of a transaction that wrote nothing here
        ended = Ended(batch.producer_id, first, batch.base_offset, batch.marker == "abort")
        self.ended.append(ended)
        if ended.aborted:
            self.aborted.append(ended)

    def last_stable_offset(self, high_watermark: int) -> int:
        """Up to where `read_committed` reads. The high watermark only grows from call to call."""
        self.ended = [one for one in self.ended if one.marker_offset >= high_watermark]
        unstable = [*self.open.values(), *(one.first_offset for one in self.ended)]
        return min([high_watermark, *unstable])

    def is_aborted(self, batch: Batch) -> bool:
        """Whether it is data of a transaction that was aborted."""
        if not batch.transactional or batch.marker is not None:
            return False
        return any(
            one.producer_id == batch.producer_id and one.first_offset <= batch.base_offset < one.marker_offset
            for one in self.aborted
        )

    def forget_before(self, start_offset: int) -> None:
        """The log begins there now: what was aborted before it is of no use any more."""
        self.aborted = [one for one in self.aborted if one.marker_offset >= start_offset]

    def rebuild(self, log: Log) -> None:
        """The log has been cut: work out everything again from what it has."""
        self.open.clear()
        self.ended, self.aborted = [], []
        for batch in log.batches():
            self.appended(batch)


def read_committed(
    log: Log, transactions: Transactions, offset: int, high_watermark: int, bytes_max: int
) -> list[Batch]:
    """What a `read_committed` consumer gets to see from an offset on. Raises OffsetOutOfRange."""
    fetched = log.fetch(offset, transactions.last_stable_offset(high_watermark), bytes_max)
    return [batch for batch in fetched if batch.marker is None and not transactions.is_aborted(batch)]
