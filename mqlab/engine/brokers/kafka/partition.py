"""A replicated partition: who leads, who is in sync, what is committed, and who may lead next.

The in-sync replicas (ISR) are the leader and the followers that have been caught up within `replica.lag.time.max.ms`.
Committed is what all of them have: the high watermark is the lowest end of their logs, and consumers read below it. While
fewer than `min.insync.replicas` are in sync it stands still, and `acks=all` is refused; reading goes on. `acks=all` waits for
all that are in sync *now*, which with `min.insync.replicas=1` may be the leader alone. `acks=1` is answered when the leader
has written: if it dies before a follower has fetched, the record is gone, though it was acknowledged.

A leader that dies is followed by the first replica, in the order of assignment, that is alive and in sync. If none is: one of
the eligible leader replicas (ELR, KIP-966), which left the ISR while it was too small and so miss nothing that is committed;
else nobody, or with `unclean.leader.election.enable` any that is alive, and then what was committed can be lost.
[kafka core/…/kafka/cluster/Partition.scala; metadata/…/controller/PartitionChangeBuilder.java; docs/design.html, replication;
docs/operations/eligible-leader-replicas (4.0)]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mqlab.engine.brokers.kafka.log import LogConfig
from mqlab.engine.brokers.kafka.records import Batch
from mqlab.engine.brokers.kafka.replica import Replica

Acks = Literal["0", "1", "all"]
UNKNOWN = -1
NEVER_US = -(1 << 62)


class NotLeader(Exception):
    """Nobody leads this partition now. LEADER_NOT_AVAILABLE."""


class NotEnoughReplicas(Exception):
    """Fewer are in sync than `min.insync.replicas` wants; nothing was written. NOT_ENOUGH_REPLICAS."""


class NotEnoughReplicasAfterAppend(Exception):
    """It was written, and then too few were in sync: it may be lost or not. NOT_ENOUGH_REPLICAS_AFTER_APPEND."""


@dataclass(frozen=True, slots=True)
class ReplicationConfig:
    """Settings, by their names in Kafka and with its defaults.

    `elr`: eligible leader replicas, on for new clusters from 4.1. (Left out: electing the last known leader when the ISR and the
    eligible ones are all gone.)
    """

    min_insync_replicas: int = 1
    replica_lag_time_max_ms: int = 30_000
    unclean_leader_election_enable: bool = False
    elr: bool = True


@dataclass(slots=True)
class Follower:
    """What the leader knows of another replica, from its fetches."""

    end_offset: int = UNKNOWN
    caught_up_us: int = 0
    fetched_us: int = 0
    leader_end_then: int = 0

    def fetched(self, offset: int, leader_end: int, now_us: int) -> None:
        """It asks for what comes at an offset: it has everything before, and was caught up when the log ended there."""
        if offset >= leader_end:
            self.caught_up_us = max(self.caught_up_us, now_us)
        elif offset >= self.leader_end_then:
            self.caught_up_us = max(self.caught_up_us, self.fetched_us)
        self.end_offset, self.fetched_us, self.leader_end_then = offset, now_us, leader_end

    def in_time(self, leader_end: int, now_us: int, lag_us: int) -> bool:
        """Whether it has everything, or had not long ago."""
        return self.end_offset == leader_end or now_us - self.caught_up_us <= lag_us


class Partition:
    """`isr`, `elr`: brokers. `leader_epoch` grows with each leader."""

    def __init__(
        self,
        brokers: Sequence[int],
        config: ReplicationConfig | None = None,
        log: LogConfig | None = None,
        now_us: int = 0,
    ) -> None:
        if not brokers or len(set(brokers)) != len(brokers):
            raise ValueError("a partition has at least one replica, and each on a broker of its own")
        self.config = config or ReplicationConfig()
        self.replicas = {broker: Replica(broker, log, now_us) for broker in brokers}  # in order of assignment
        self.isr = list(brokers)
        self.elr: list[int] = []
        self.leader: int | None = None
        self.leader_epoch = -1
        self.epoch_start = 0  # where the log ended when this leader began
        self.followers: dict[int, Follower] = {}
        self.elect(now_us)

    @property
    def high_watermark(self) -> int:
        """As the leader has it. Raises NotLeader."""
        return self.leading().high_watermark

    @property
    def too_few_in_sync(self) -> bool:
        """Whether fewer are in sync than are wanted; more than there are replicas cannot be."""
        return len(self.isr) < min(self.config.min_insync_replicas, len(self.replicas))

    def leading(self) -> Replica:
        """The leader's replica. Raises NotLeader."""
        if self.leader is None:
            raise NotLeader("no replica that may lead is alive: bring one back")
        return self.replicas[self.leader]

    def produce(self, batch: Batch, acks: Acks, now_us: int) -> int:
        """Write a batch. Returns its first offset, of a repetition that of the first time. For `acks=all` see `is_acknowledged`.

        Raises NotLeader, NotEnoughReplicas, and what the log and the producers' state have against it; nothing is written then.
        """
        leader = self.leading()
        if acks == "all" and self.too_few_in_sync:
            raise NotEnoughReplicas(
                f"{len(self.isr)} in sync, and min.insync.replicas is {self.config.min_insync_replicas}: try again later"
            )
        repeated = leader.producers.repeated(batch)
        if repeated is not None:
            return repeated.first_offset
        leader.producers.check(batch)
        offset = leader.append(batch, now_us, self.leader_epoch)
        self._advance(now_us)
        return offset

    def is_acknowledged(self, last_offset: int) -> bool:
        """Whether `acks=all` is answered for a batch that ends there. Raises NotLeader, NotEnoughReplicasAfterAppend."""
        if self.high_watermark <= last_offset:
            return False
        if self.too_few_in_sync:
            raise NotEnoughReplicasAfterAppend(
                f"offset {last_offset} is written, and only {len(self.isr)} in sync"
            )
        return True

    def fetch_as_follower(self, broker: int, now_us: int, bytes_max: int = 1 << 20) -> int:
        """One fetch of a follower, request and answer. Returns how many batches it brought. Raises NotLeader.

        The request says how far the follower's log goes, and by it the leader moves the high watermark and takes it into the ISR;
        the records that the answer brings count with the next request.
        """
        leader, replica = self.leading(), self.replicas[broker]
        follower = self.followers[broker]
        if not replica.alive:
            return 0
        end = leader.log.end_offset
        follower.fetched(replica.log.end_offset, end, now_us)
        self._expand(broker)
        self._advance(now_us)
        start = leader.log.start_offset
        offset = max(replica.log.end_offset, start)
        batches = leader.log.fetch(offset, end, bytes_max)
        replica.receive(batches, leader.high_watermark, start, now_us)
        return len(batches)

    def shrink(self, now_us: int) -> list[int]:
        """The leader's look at its followers, every half `replica.lag.time.max.ms`: who lags leaves the ISR. Returns who did."""
        if self.leader is None:
            return []
        end, lag_us = self.leading().log.end_offset, self.config.replica_lag_time_max_ms * 1000
        late = [
            broker
            for broker in self.isr
            if broker != self.leader and not self.followers[broker].in_time(end, now_us, lag_us)
        ]
        if late:
            self._set_isr([broker for broker in self.isr if broker not in late])
            self._advance(now_us)
        return late

    def fence(self, broker: int, now_us: int) -> None:
        """Nothing is heard of a broker for `broker.session.timeout.ms` (9 s): it leaves the ISR, and leads no more."""
        self.replicas[broker].alive = False
        left = [one for one in self.isr if one != broker]
        if left or self.config.elr:  # without ELR the last one stays: nobody else may lead
            self._set_isr(left)
        if self.leader == broker:
            self.leader = None
            self.elect(now_us)
        elif self.leader is not None:
            self._advance(now_us)

    def unfence(self, broker: int, now_us: int, *, clean: bool = True) -> list[Batch]:
        """It is back; after an unclean shutdown perhaps without all that it had, so not eligible. Returns what it drops."""
        replica = self.replicas[broker]
        replica.alive = True
        if not clean and self.config.elr:
            self.elr = [one for one in self.elr if one != broker]
        if self.leader is None:
            self.elect(now_us)
        return self._follow(replica, now_us)

    def elect(self, now_us: int) -> bool:
        """Find a leader if there is none. Returns whether the election was unclean."""
        if self.leader is not None:
            return False
        alive = [broker for broker, replica in self.replicas.items() if replica.alive]
        eligible = self.isr or self.elr
        chosen = next((broker for broker in alive if broker in eligible), None)
        unclean = chosen is None and bool(alive) and self.config.unclean_leader_election_enable
        if unclean:
            chosen = alive[0]
        if chosen is None:
            return False
        if unclean or not self.isr:
            self.elr = [] if unclean else [broker for broker in self.elr if broker != chosen]
            self.isr = [chosen]
        self._lead(chosen, now_us)
        return unclean

    def elect_preferred(self, now_us: int) -> bool:
        """Give the lead back to the first of the assignment, if it is in sync and alive. Returns whether it was."""
        preferred = next(iter(self.replicas))
        if preferred == self.leader or preferred not in self.isr or not self.replicas[preferred].alive:
            return False
        self._lead(preferred, now_us)
        return True

    def _lead(self, broker: int, now_us: int) -> None:
        self.leader = broker
        self.leader_epoch += 1
        leader = self.leading()
        leader.begins_epoch(self.leader_epoch)
        self.epoch_start = leader.log.end_offset
        self.followers = {
            one: Follower(caught_up_us=now_us if one in self.isr else NEVER_US)
            for one in self.replicas
            if one != broker
        }
        for replica in self.replicas.values():
            if replica.alive:
                self._follow(replica, now_us)
        self._advance(now_us)

    def _follow(self, replica: Replica, now_us: int) -> list[Batch]:
        if self.leader is None or self.leader == replica.broker:
            return []
        return replica.agree_with(self.leading())

    def _expand(self, broker: int) -> None:
        """Into the ISR, if it has everything that is committed, and everything that was there when this leader began."""
        end = self.followers[broker].end_offset
        if broker not in self.isr and end >= self.high_watermark and end >= self.epoch_start:
            self._set_isr([one for one in self.replicas if one in self.isr or one == broker])

    def _set_isr(self, isr: list[int]) -> None:
        candidates = [one for one in self.replicas if one in self.isr or one in self.elr]
        self.isr = isr
        small = self.config.elr and self.too_few_in_sync
        self.elr = [one for one in candidates if one not in isr] if small else []

    def _advance(self, now_us: int) -> None:
        """Move the high watermark to what all in sync have, and those who are about to be; never back."""
        leader = self.leading()
        if self.too_few_in_sync:
            return
        end, lag_us = leader.log.end_offset, self.config.replica_lag_time_max_ms * 1000
        reached = end
        for broker, follower in self.followers.items():
            joining = self.replicas[broker].alive and follower.in_time(end, now_us, lag_us)
            if broker in self.isr or (joining and follower.end_offset != UNKNOWN):
                reached = min(reached, follower.end_offset)
        leader.high_watermark = max(leader.high_watermark, reached)
