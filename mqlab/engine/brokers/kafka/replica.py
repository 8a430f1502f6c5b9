"""One broker's copy of a partition: its log, what it knows of producers and transactions, and who led when what was written.

A follower that begins to follow another leader first drops what that one does not have: both compare by leader epochs where
their logs part, not by offsets alone. [kafka core/…/kafka/cluster/Replica.scala;
storage/…/internals/epoch/LeaderEpochFileCache.java; KIP-101]
"""

from __future__ import annotations

from mqlab.engine.brokers.kafka.log import Log, LogConfig
from mqlab.engine.brokers.kafka.producer_state import ProducerStates
from mqlab.engine.brokers.kafka.records import Batch
from mqlab.engine.brokers.kafka.transactions import Transactions

NO_LEADER_YET = -1


class Replica:
    """`high_watermark`: as far as this broker knows. `alive`: whether the controller takes it for alive."""

    def __init__(self, broker: int, config: LogConfig | None = None, now_us: int = 0) -> None:
        self.broker = broker
        self.alive = True
        self.log = Log(config, now_us)
        self.transactions = Transactions()
        self.producers = ProducerStates(self.transactions.open)
        self.high_watermark = 0
        self.epochs: list[tuple[int, int]] = []  # leader epochs, and the offset at which each began

    @property
    def last_epoch(self) -> int:
        """Of the leader that wrote its last record."""
        return self.epochs[-1][0] if self.epochs else NO_LEADER_YET

    def begins_epoch(self, epoch: int) -> None:
        """Whatever comes next is written under this leader."""
        if epoch > self.last_epoch:
            self.epochs.append((epoch, self.log.end_offset))

    def append(self, batch: Batch, now_us: int, epoch: int) -> int:
        """As the leader. Returns the first offset. Raises InvalidRecord."""
        offset = self.log.append(batch, now_us, epoch)
        self._written(batch)
        return offset

    def receive(
        self, batches: list[Batch], leader_high_watermark: int, leader_start: int, now_us: int
    ) -> None:
        """As a follower: what a fetch has brought. The high watermark is the leader's, as far as the log reaches."""
        if self.log.end_offset < leader_start:
            self.log.restart_at(leader_start, now_us)
            self._rebuild()
        for batch in batches:
            self.begins_epoch(batch.leader_epoch)
            self.log.replicate(batch, now_us)
            self._written(batch)
        self.high_watermark = min(leader_high_watermark, self.log.end_offset)
        self.log.start_offset = max(self.log.start_offset, leader_start)

    def epoch_end(self, epoch: int) -> tuple[int, int]:
        """The highest epoch up to this one that wrote something here, and the offset at which the next one began."""
        known, end = NO_LEADER_YET, self.log.end_offset
        for one, start in self.epochs:
            if one > epoch:
                end = start
                break
            known = one
        return known, end

    def agree_with(self, leader: Replica) -> list[Batch]:
        """Drop what the leader does not have. Returns what went."""
        gone: list[Batch] = []
        while self.epochs:
            own = self.last_epoch
            theirs, end = leader.epoch_end(own)
            if theirs != own:
                end = min(end, self.epoch_end(theirs)[1])
            gone += self._truncate_to(end)
            if theirs == own or self.last_epoch == own:
                break
        return gone

    def _truncate_to(self, offset: int) -> list[Batch]:
        gone = self.log.truncate_to(offset)
        self.epochs = [(epoch, start) for epoch, start in self.epochs if start < self.log.end_offset]
        self.high_watermark = min(self.high_watermark, self.log.end_offset)
        if gone:
            self._rebuild()
        return gone

    def _written(self, batch: Batch) -> None:
        self.producers.appended(batch)
        self.transactions.appended(batch)

    def _rebuild(self) -> None:
        self.transactions.rebuild(self.log)
        self.producers.rebuild(self.log)
