"""A replicated partition: in-sync replicas, the high watermark, elections, and what is lost when a promise was not made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.log import LogConfig
from mqlab.engine.brokers.kafka.partition import (
    NotEnoughReplicas,
    NotEnoughReplicasAfterAppend,
    NotLeader,
    Partition,
    ReplicationConfig,
)
from mqlab.engine.brokers.kafka.producer_state import InvalidProducerEpoch
from mqlab.engine.brokers.kafka.records import Batch, Record, marker_batch

SECOND = 1_000_000


def batch(*values: str) -> Batch:
    return Batch([Record(None, value.encode(), 0) for value in values])


def three(log: LogConfig | None = None, **config: int | bool) -> Partition:
    return Partition([1, 2, 3], ReplicationConfig(**config), log)  # type: ignore[arg-type]


def sync(partition: Partition, *brokers: int, now_us: int = 0) -> None:
    """Each fetches, and fetches again: by the second the leader knows what the first has brought."""
    for _ in range(2):
        for broker in brokers or partition.followers:
            partition.fetch_as_follower(broker, now_us)


def values(partition: Partition, broker: int | None = None) -> list[str]:
    replica = partition.leading() if broker is None else partition.replicas[broker]
    return [(one.value or b"").decode() for each in replica.log.batches() for one in each.records]


def test_committed_is_what_all_in_sync_have_and_the_leader_learns_it_by_the_next_fetch() -> None:
    partition = three()
    partition.produce(batch("a", "b"), "all", 0)
    assert not partition.is_acknowledged(1)
    assert partition.fetch_as_follower(2, 0) == partition.fetch_as_follower(3, 0) == 1
    assert partition.high_watermark == 0
    partition.fetch_as_follower(2, 0)
    assert partition.high_watermark == 0
    partition.fetch_as_follower(3, 0)
    assert partition.high_watermark == 2
    assert partition.is_acknowledged(1)
    assert partition.replicas[2].high_watermark == 0  # until its next fetch


def test_a_follower_takes_for_committed_no_more_than_it_has() -> None:
    partition = three()
    partition.fence(3, 0)
    for value in "ab":
        partition.produce(batch(value), "all", 0)
    sync(partition, 2)
    partition.unfence(3, 0)
    partition.fetch_as_follower(3, 0, bytes_max=1)
    assert (partition.high_watermark, partition.replicas[3].high_watermark) == (2, 1)


def test_who_lags_leaves_the_isr_and_acks_all_waits_for_the_others_only() -> None:
    partition = three()
    partition.produce(batch("a"), "all", 0)
    sync(partition, 2, now_us=20 * SECOND)
    assert partition.shrink(30 * SECOND) == []
    assert partition.shrink(30 * SECOND + 1) == [3]
    assert partition.isr == [1, 2]
    assert partition.is_acknowledged(0)
    sync(partition, 3, now_us=31 * SECOND)
    assert partition.isr == [1, 2, 3]


def test_who_has_everything_does_not_lag_however_long_nothing_was_written() -> None:
    partition = three()
    sync(partition)
    assert partition.shrink(10_000 * SECOND) == []


def test_with_min_insync_1_acks_all_can_be_the_leader_alone() -> None:
    partition = three()
    partition.fence(2, 0)
    partition.fence(3, 0)
    partition.produce(batch("a"), "all", 0)
    assert partition.is_acknowledged(0)


def test_with_too_few_in_sync_acks_all_is_refused_acks_1_is_not_and_the_high_watermark_stands_still() -> None:
    partition = three(min_insync_replicas=2)
    partition.produce(batch("a"), "all", 0)
    sync(partition)
    partition.fence(2, 0)
    partition.fence(3, 0)
    with pytest.raises(NotEnoughReplicas, match=r"1 in sync, and min\.insync\.replicas is 2"):
        partition.produce(batch("b"), "all", 0)
    assert partition.produce(batch("c"), "1", 0) == 1
    assert partition.high_watermark == 1  # "a" can be read
    partition.unfence(2, 0)
    sync(partition, 2)
    assert partition.high_watermark == 2


def test_written_and_then_too_few_in_sync_is_an_answer_of_its_own() -> None:
    partition = three(min_insync_replicas=3)
    partition.produce(batch("a"), "all", 0)
    sync(partition)
    partition.fence(3, 0)
    with pytest.raises(NotEnoughReplicasAfterAppend, match="only 2 in sync"):
        partition.is_acknowledged(0)


def test_the_first_in_sync_by_assignment_follows_and_what_only_the_old_leader_had_is_gone() -> None:
    """acks=1: acknowledged and lost."""
    partition = three()
    partition.produce(batch("a"), "all", 0)
    sync(partition)
    assert partition.produce(batch("lost"), "1", 0) == 1
    partition.fence(1, 0)
    assert (partition.leader, partition.leader_epoch) == (2, 1)
    assert partition.produce(batch("b"), "1", 0) == 1  # the same offset, another record
    dropped = partition.unfence(1, 0)
    assert [one.base_offset for one in dropped] == [1]
    sync(partition)
    assert values(partition, 1) == values(partition, 2) == values(partition, 3) == ["a", "b"]
    assert partition.isr == [1, 2, 3]


def test_a_new_leader_goes_on_reading_where_it_knows_it_is_committed_until_the_others_have_fetched() -> None:
    partition = three()
    partition.produce(batch("a"), "all", 0)
    partition.fetch_as_follower(2, 0)
    partition.fetch_as_follower(3, 0)
    partition.fetch_as_follower(2, 0)
    partition.fetch_as_follower(3, 0)
    assert partition.is_acknowledged(0)
    partition.fence(1, 0)
    assert partition.high_watermark == 0  # it was not told yet
    sync(partition, 3)
    assert partition.high_watermark == 1
    assert values(partition) == ["a"]


@pytest.mark.parametrize("elr", [False, True])
def test_if_the_last_in_sync_dies_nobody_leads_until_it_is_back(elr: bool) -> None:
    partition = three(elr=elr)
    partition.produce(batch("a"), "1", 0)
    partition.fence(2, 0)
    partition.fence(3, 0)
    partition.produce(batch("b"), "all", 0)
    partition.fence(1, 0)
    assert partition.leader is None
    with pytest.raises(NotLeader):
        partition.produce(batch("c"), "1", 0)
    partition.unfence(2, 0)
    assert partition.leader is None  # it misses what is committed
    partition.unfence(1, 0)
    assert partition.leader == 1
    assert values(partition) == ["a", "b"]


def test_who_left_when_too_few_were_in_sync_is_eligible_for_it_misses_nothing_committed() -> None:
    partition = three(min_insync_replicas=2)
    partition.produce(batch("a"), "all", 0)
    sync(partition)
    partition.fence(3, 0)
    partition.fence(2, 0)
    assert (partition.isr, partition.elr) == ([1], [2])  # 3 left while there were enough
    partition.produce(batch("only on 1"), "1", 0)
    partition.fence(1, 0)
    assert (partition.isr, partition.elr) == ([], [1, 2])
    partition.unfence(3, 0)
    assert partition.leader is None
    partition.unfence(2, 0)
    assert (partition.leader, partition.isr, partition.elr) == (2, [2], [1])
    assert values(partition) == ["a"]


def test_nobody_is_eligible_any_more_once_enough_are_in_sync() -> None:
    partition = three(min_insync_replicas=2)
    partition.fence(3, 0)
    partition.fence(2, 0)
    partition.unfence(3, 0)
    sync(partition, 3)
    assert (partition.isr, partition.elr) == ([1, 3], [])
    partition.produce(batch("a"), "all", 0)
    sync(partition, 3)
    assert partition.is_acknowledged(0)
    partition.fence(1, 0)
    partition.fence(3, 0)
    partition.unfence(2, 0)
    assert (partition.leader, partition.elr) == (None, [1, 3])


def test_who_joins_the_isr_has_all_that_was_there_when_this_leader_began() -> None:
    """What the old leader promised the new one may not know to be committed."""
    partition = three(min_insync_replicas=2)
    partition.produce(batch("a"), "all", 0)
    sync(partition, 2)
    partition.fence(3, 0)
    assert partition.is_acknowledged(0)
    partition.fence(1, 0)
    partition.unfence(3, 0)
    assert (partition.leader, partition.high_watermark, partition.isr) == (2, 0, [2])
    partition.fetch_as_follower(3, 0)
    assert partition.isr == [2]
    partition.fetch_as_follower(3, 0)
    assert (partition.isr, partition.high_watermark) == ([2, 3], 1)


def test_after_an_unclean_shutdown_nobody_is_eligible() -> None:
    partition = three(min_insync_replicas=2)
    for broker in (3, 2, 1):
        partition.fence(broker, 0)
    partition.unfence(2, 0, clean=False)
    assert (partition.leader, partition.elr) == (None, [1])


def test_without_elr_only_the_last_in_sync_may_lead() -> None:
    partition = three(min_insync_replicas=2, elr=False)
    partition.fence(3, 0)
    partition.fence(2, 0)
    partition.fence(1, 0)
    partition.unfence(2, 0)
    assert (partition.leader, partition.isr, partition.elr) == (None, [1], [])


def test_an_unclean_election_loses_what_was_committed() -> None:
    partition = three(unclean_leader_election_enable=True)
    partition.produce(batch("a"), "all", 0)
    sync(partition)
    partition.fence(2, 0)
    partition.fence(3, 0)
    partition.produce(batch("committed"), "all", 0)
    assert partition.is_acknowledged(1)
    partition.fence(1, 0)
    assert partition.leader is None
    partition.unfence(3, 0)
    assert (partition.leader, partition.isr) == (3, [3])
    assert values(partition) == ["a"]
    assert len(partition.unfence(1, 0)) == 1


def test_the_preferred_leader_gets_the_lead_back_when_it_is_in_sync() -> None:
    partition = three()
    partition.fence(1, 0)
    partition.unfence(1, 0)
    assert not partition.elect_preferred(0)
    sync(partition)
    assert partition.elect_preferred(0)
    assert (partition.leader, partition.leader_epoch) == (1, 2)
    assert not partition.elect_preferred(0)


def test_a_retry_at_the_new_leader_is_recognized_and_a_zombie_fenced() -> None:
    partition = three()
    one = Batch([Record(None, b"a", 0)], 7, 1, 0)
    assert partition.produce(one, "all", 0) == 0
    sync(partition)
    partition.fence(1, 0)
    assert partition.produce(Batch([Record(None, b"a", 0)], 7, 1, 0), "all", 0) == 0
    assert values(partition) == ["a"]
    with pytest.raises(InvalidProducerEpoch):
        partition.produce(Batch([Record(None, b"z", 0)], 7, 0, 1), "all", 0)


def test_an_open_transaction_is_open_at_the_new_leader_too() -> None:
    partition = three()
    partition.produce(Batch([Record(None, b"a", 0)], 7, 0, 0, transactional=True), "all", 0)
    sync(partition)
    partition.fence(1, 0)
    assert partition.leading().transactions.open == {7: 0}
    partition.produce(marker_batch("commit", 7, 0, 0), "all", 0)
    assert partition.leading().transactions.open == {}


def test_a_follower_that_fell_behind_the_start_of_the_log_begins_there() -> None:
    partition = three(LogConfig(segment_bytes=80))
    for value in "abc":
        partition.produce(batch(value), "1", 0)
    sync(partition, 2)
    partition.shrink(31 * SECOND)
    partition.leading().log.delete_records(2, 3)
    partition.leading().log.delete_old_segments(0, 3)
    sync(partition)
    assert values(partition, 3) == ["c"]
    assert partition.replicas[2].log.start_offset == partition.replicas[3].log.start_offset == 2


def test_logs_part_by_epochs_not_by_offsets_alone() -> None:
    """Three leaders, each with a record that nobody fetched: the last to come back drops what it alone has, and no more."""
    partition = three(unclean_leader_election_enable=True)
    partition.produce(batch("a"), "1", 0)
    sync(partition)
    partition.produce(batch("only 1"), "1", 0)
    partition.fence(1, 0)
    partition.produce(batch("only 2"), "1", 0)
    partition.produce(batch("only 2 as well"), "1", 0)
    partition.fence(2, 0)
    partition.produce(batch("of 3"), "1", 0)
    assert len(partition.unfence(2, 0)) == 2
    assert len(partition.unfence(1, 0)) == 1
    sync(partition)
    assert values(partition, 1) == values(partition, 2) == ["a", "of 3"]


@pytest.mark.parametrize("brokers", [[], [1, 1]])
def test_replicas_are_on_brokers_of_their_own(brokers: list[int]) -> None:
    with pytest.raises(ValueError, match="each on a broker of its own"):
        Partition(brokers)


each = [(what, broker) for what in ("fetch", "fetch", "fence", "unfence", "unfence") for broker in (1, 2, 3)]
acts = st.lists(
    st.sampled_from([*each, *[("all", 0), ("1", 0), ("sync", 0), ("shrink", 0)] * 3, ("preferred", 0)]),
    min_size=8,
    max_size=60,
)


def act(partition: Partition, what: str, broker: int, now: int) -> None:
    """One thing that happens to it, unless it cannot."""
    alive = broker in partition.replicas and partition.replicas[broker].alive
    if what == "fence" and alive:
        partition.fence(broker, now)
    elif what == "unfence" and broker and not alive:
        partition.unfence(broker, now)
    elif what == "shrink":
        partition.shrink(now)
    elif what == "preferred" and partition.leader is not None:
        partition.elect_preferred(now)
    elif what == "sync" and partition.leader is not None:
        sync(partition, now_us=now)
    elif what == "fetch" and partition.leader not in (None, broker):
        partition.fetch_as_follower(broker, now, bytes_max=1)  # a batch at a time


@given(acts, st.integers(1, 3), st.booleans())
def test_what_was_acknowledged_to_acks_all_or_read_is_never_lost_without_an_unclean_election(
    todo: list[tuple[str, int]], min_insync: int, elr: bool
) -> None:
    partition = three(min_insync_replicas=min_insync, elr=elr)
    waiting: dict[int, str] = {}
    promised: dict[int, str] = {}  # what acks=all was told, or a consumer could read, by offset
    for number, (what, broker) in enumerate(todo):
        now = number * 9 * SECOND
        act(partition, what, broker, now)
        if what in ("all", "1") and partition.leader is not None:
            try:
                offset = partition.produce(batch(f"m{number}"), what, now)  # type: ignore[arg-type]
            except NotEnoughReplicas:
                continue
            if what == "all":
                waiting[offset] = f"m{number}"
        if partition.leader is None:
            continue
        there = values(partition)
        for offset, value in list(waiting.items()):
            if there[offset : offset + 1] != [value]:
                del waiting[offset]  # its leader died before it was answered: the producer does not know
            elif partition.high_watermark > offset and not partition.too_few_in_sync:
                promised[offset] = waiting.pop(offset)
        promised.update(enumerate(there[: partition.high_watermark]))
        assert {offset: there[offset] for offset in promised if offset < len(there)} == promised
        assert partition.leader in partition.isr
        assert not set(partition.isr) & set(partition.elr)
        for one in partition.isr:  # who is in sync has all that is committed
            if partition.replicas[one].alive:
                assert values(partition, one)[: partition.high_watermark] == there[: partition.high_watermark]
