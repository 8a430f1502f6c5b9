"""A partition as a share group reads it: locks, answers, deliveries, and what is in flight."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.log import Log
from mqlab.engine.brokers.kafka.records import Batch, Record, marker_batch
from mqlab.engine.brokers.kafka.share_partition import (
    Acquired,
    InvalidRecordState,
    ShareConfig,
    SharePartition,
)

LOCK_US = 30_000_000


class Shared:
    """A log of batches and its share partition."""

    def __init__(self, *sizes: int, **config: int) -> None:
        self.log = Log()
        for size in sizes:
            self.log.append(Batch([Record(None, b"v", 0) for _ in range(size)]), 0)
        self.share = SharePartition(0, ShareConfig(**config))

    def take(self, member: str, count: int = 1, now_us: int = 0) -> list[int]:
        return [one.offset for one in self.acquire(member, count, now_us)]

    def acquire(self, member: str, count: int = 1, now_us: int = 0) -> list[Acquired]:
        found = self.log.fetch(self.share.next_fetch_offset, self.log.end_offset, 1 << 30)
        return self.share.acquire(member, found, count, now_us)


def test_members_share_a_partition_record_by_record() -> None:
    shared = Shared(1, 1, 1)
    assert [shared.take(member) for member in ("a", "b", "c", "d")] == [[0], [1], [2], []]


def test_what_is_accepted_moves_the_start_only_when_all_before_it_is_done() -> None:
    shared = Shared(1, 1, 1)
    shared.take("a", 3)
    shared.share.acknowledge("a", [1], "accept", 0)
    assert shared.share.start_offset == 0
    shared.share.acknowledge("a", [0], "accept", 0)
    assert shared.share.start_offset == 2
    shared.share.acknowledge("a", [2], "reject", 0)
    assert (shared.share.start_offset, shared.share.records) == (3, {})


def test_what_is_released_comes_before_what_is_new_and_is_counted() -> None:
    shared = Shared(1, 1, 1)
    shared.take("a", 2)
    shared.share.acknowledge("a", [0], "release", 0)
    assert shared.acquire("b", 2) == [Acquired(0, 2), Acquired(2, 1)]


def test_a_lock_that_runs_out_is_a_release_and_its_answer_comes_too_late() -> None:
    shared = Shared(1)
    shared.take("a")
    assert shared.share.expire(LOCK_US - 1) == []
    assert shared.share.expire(LOCK_US) == [0]
    assert shared.acquire("b", now_us=LOCK_US) == [Acquired(0, 2)]
    before = pickle.dumps(shared.share)
    with pytest.raises(InvalidRecordState, match="a does not hold offset 0"):
        shared.share.acknowledge("a", [0], "accept", LOCK_US)
    assert pickle.dumps(shared.share) == before


def test_renewing_starts_the_lock_again() -> None:
    shared = Shared(1)
    shared.take("a")
    shared.share.acknowledge("a", [0], "renew", LOCK_US - 1)
    assert shared.share.expire(LOCK_US) == []
    assert shared.share.expire(2 * LOCK_US - 1) == [0]


def test_after_the_last_delivery_it_is_archived() -> None:
    shared = Shared(1, delivery_count_limit=2)
    for _ in range(2):
        assert shared.take("a") == [0]
        shared.share.acknowledge("a", [0], "release", 0)
    assert shared.take("a") == []
    assert shared.share.start_offset == 1


def test_a_session_that_ends_gives_back_what_it_held_and_that_does_not_count() -> None:
    shared = Shared(1, 1, delivery_count_limit=2)
    shared.take("a")
    shared.take("b")
    for _ in range(3):
        assert shared.share.leave("a") == [0]
        assert shared.acquire("a") == [Acquired(0, 1)]


def test_one_wrong_offset_refuses_the_whole_answer() -> None:
    shared = Shared(1, 1)
    shared.take("a")
    shared.take("b")
    with pytest.raises(InvalidRecordState):
        shared.share.acknowledge("a", [0, 1], "accept", 0)
    assert shared.share.records[0].state == "acquired"


def test_new_records_come_by_whole_batches() -> None:
    shared = Shared(3, 3)
    assert shared.take("a") == [0, 1, 2]
    assert shared.take("b", 4) == [3, 4, 5]


def test_nothing_new_is_given_out_while_too_many_are_in_flight() -> None:
    shared = Shared(2, 2, 2, partition_max_record_locks=4)
    assert shared.take("a", 10) == [0, 1, 2, 3]
    assert shared.take("b", 10) == []
    shared.share.acknowledge("a", [1], "accept", 0)
    assert shared.take("b", 10) == []  # the one before it holds the start
    shared.share.acknowledge("a", [0], "release", 0)
    assert shared.take("b", 10) == [0]  # what came back is
    shared.share.acknowledge("b", [0], "accept", 0)
    assert shared.take("b", 10) == [4, 5]


def test_markers_and_gaps_are_passed_over() -> None:
    shared = Shared(1)
    shared.log.append(marker_batch("commit", 7, 0, 0), 0)
    shared.log.append(Batch([Record(None, b"v", 0)]), 0)
    assert shared.take("a", 5) == [0, 2]
    shared.share.acknowledge("a", [0, 2], "accept", 0)
    assert shared.share.start_offset == 3


@pytest.mark.parametrize("config", [{"record_lock_duration_ms": 14_999}, {"delivery_count_limit": 11}])
def test_settings_have_bounds(config: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"group\.share"):
        ShareConfig(**config)


acts = st.lists(
    st.tuples(
        st.sampled_from(["acquire", "acquire", "accept", "release", "reject", "renew", "expire", "leave"]),
        st.sampled_from("abc"),
    ),
    max_size=60,
)


@given(st.lists(st.integers(1, 3), max_size=8), acts)
def test_each_record_is_held_by_at_most_one_and_every_one_ends(
    sizes: list[int], todo: list[tuple[str, str]]
) -> None:
    shared, held, ends, now = Shared(*sizes, delivery_count_limit=3), {}, Counter(), 0  # type: ignore[var-annotated]
    total = sum(sizes)
    for what, member in todo:
        now += 10_000_000
        mine = [offset for offset, (owner, _) in held.items() if owner == member]
        if what == "acquire":
            for one in shared.acquire(member, 2, now):
                assert one.offset not in held
                assert 1 <= one.deliveries <= 3
                held[one.offset] = (member, one.deliveries)
        elif what == "expire":
            for offset in shared.share.expire(now):
                ends[offset] += held.pop(offset)[1] == 3
        elif what == "leave":
            assert shared.share.leave(member) == sorted(mine)
            for offset in mine:
                del held[offset]
        elif mine:
            offset = mine[0]
            shared.share.acknowledge(member, [offset], what, now)  # type: ignore[arg-type]
            if what != "renew":
                _, deliveries = held.pop(offset)
                ends[offset] += what in ("accept", "reject") or deliveries == 3
        states = {at: one.state for at, one in shared.share.records.items()}
        assert {at for at, state in states.items() if state == "acquired"} == set(held)
        assert max(ends.values(), default=0) <= 1
        start = shared.share.start_offset
        assert start == next((at for at in range(total) if not ends[at]), total)
        assert list(states) == list(range(start, shared.share.end_offset))
