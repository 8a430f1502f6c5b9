"""What a partition knows of its producers: by it a retry is recognized, and a producer that has been replaced is fenced.

An idempotent producer has an id and an epoch, and counts its records for each partition from 0. In the same epoch the next
batch has to begin with the number after the last one. A batch that is exactly one of the last five is a repetition: it is
acknowledged with the offset that it has, and not written again; hence at most five requests in flight. A new epoch begins
with 0; a lower one is refused. Of an id that is not known, because it has been quiet for `producer.id.expiration.ms`, any
number is taken.

So what is removed are the repetitions of one session of one producer, by partition: who calls `send` twice has sent two
records.
[kafka storage/…/internals/log/ProducerStateEntry.java, NUM_BATCHES_TO_RETAIN; ProducerAppendInfo.java;
ProducerStateManager.java]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from mqlab.engine.brokers.kafka.log import Log
from mqlab.engine.brokers.kafka.records import NO_EPOCH, NO_PRODUCER, NO_SEQUENCE, SEQUENCE_MAX, Batch

BATCHES_REMEMBERED = 5
PRODUCER_ID_EXPIRATION_MS = 24 * 3600 * 1000


class OutOfOrderSequence(Exception):
    """A batch is missing before this one. OUT_OF_ORDER_SEQUENCE_NUMBER."""


class InvalidProducerEpoch(Exception):
    """Somebody with the same id and a higher epoch has taken over. INVALID_PRODUCER_EPOCH."""


class InvalidTransactionState(Exception):
    """Outside its transaction, while one is open here. INVALID_TXN_STATE."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A batch that was written."""

    first_sequence: int
    last_sequence: int
    first_offset: int
    last_offset: int


@dataclass(slots=True)
class ProducerEntry:
    """`batches`: the last five. `last_us`: the latest timestamp of its records."""

    epoch: int
    batches: deque[Remembered] = field(default_factory=lambda: deque(maxlen=BATCHES_REMEMBERED))
    last_us: int = 0

    @property
    def last_sequence(self) -> int:
        """Of its last batch."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE


class ProducerStates:
    """The producers of one partition, by id. `open`: who has a transaction open here (`Transactions.open`)."""

    def __init__(self, open: Mapping[int, int]) -> None:
        self.entries: dict[int, ProducerEntry] = {}
        self._open = open

    def repeated(self, batch: Batch) -> Remembered | None:
        """What it repeats, if it is one of the last five of its producer: the answer to it, and nothing is to be written."""
        entry = self.entries.get(batch.producer_id)
        if entry is None or entry.epoch != batch.producer_epoch or batch.base_sequence == NO_SEQUENCE:
            return None
        sequences = (batch.base_sequence, batch.last_sequence)
        for one in entry.batches:
            if (one.first_sequence, one.last_sequence) == sequences:
                return one
        return None

    def check(self, batch: Batch) -> None:
        """Whether a batch that repeats nothing may be written. Raises what is wrong with it; nothing changes then."""
        entry = self.entries.get(batch.producer_id)
        if batch.producer_id == NO_PRODUCER or entry is None:
            return
        if batch.producer_epoch < entry.epoch:
            raise InvalidProducerEpoch(
                f"producer {batch.producer_id} has epoch {entry.epoch} now, and {batch.producer_epoch} is over: "
                "close this one, or begin anew"
            )
        if batch.marker is not None:
            return
        self._check_sequence(batch, entry)
        if batch.producer_id in self._open and not batch.transactional:
            raise InvalidTransactionState(
                f"producer {batch.producer_id} has a transaction open here: commit or abort it before it writes outside"
            )

    def appended(self, batch: Batch) -> None:
        """It is written, and has its offsets."""
        if batch.producer_id == NO_PRODUCER:
            return
        entry = self.entries.get(batch.producer_id)
        if entry is None or entry.epoch != batch.producer_epoch:
            entry = self.entries[batch.producer_id] = ProducerEntry(batch.producer_epoch)
        entry.last_us = batch.max_timestamp_us
        if batch.marker is None and batch.base_sequence != NO_SEQUENCE:
            entry.batches.append(
                Remembered(batch.base_sequence, batch.last_sequence, batch.base_offset, batch.last_offset)
            )

    def rebuild(self, log: Log) -> None:
        """The log has been cut: work out everything again from what it has."""
        self.entries.clear()
        for batch in log.batches():
            self.appended(batch)

    def expire(self, now_us: int, expiration_ms: int = PRODUCER_ID_EXPIRATION_MS) -> list[int]:
        """Forget who has been quiet for so long and has no transaction open. Returns the ids."""
        gone = [
            producer
            for producer, entry in self.entries.items()
            if producer not in self._open and now_us - entry.last_us >= expiration_ms * 1000
        ]
        for producer in gone:
            del self.entries[producer]
        return gone

    def _check_sequence(self, batch: Batch, entry: ProducerEntry) -> None:
        if batch.producer_epoch != entry.epoch:
            if batch.base_sequence != 0 and entry.epoch != NO_EPOCH:
                raise OutOfOrderSequence(
                    f"producer {batch.producer_id} begins epoch {batch.producer_epoch} with {batch.base_sequence}, not with 0"
                )
            return
        expected = (entry.last_sequence + 1) & SEQUENCE_MAX
        if batch.base_sequence != expected:
            raise OutOfOrderSequence(
                f"producer {batch.producer_id} sends sequence {batch.base_sequence}, and {expected} is next: "
                "a batch before it has not arrived"
            )
