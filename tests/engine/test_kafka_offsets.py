"""Committed offsets: the next to read, what happens without one, and lag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.assignors.subscription import TopicPartition
from mqlab.engine.brokers.kafka.log import Log
from mqlab.engine.brokers.kafka.offsets import (
    Committed,
    GroupOffsets,
    NoOffsetForPartition,
    OffsetMetadataTooLarge,
    Reset,
    lag,
    lag_us,
    offset_for_time,
    position,
)
from mqlab.engine.brokers.kafka.records import Batch, Record, marker_batch
from mqlab.engine.brokers.kafka.transactions import Transactions

SECOND = 1_000_000
DAY_US = 24 * 3600 * SECOND
T0 = TopicPartition("t", 0)


def log_of(count: int) -> Log:
    """A record a second."""
    log = Log()
    for at in range(count):
        log.append(Batch([Record(None, b"v", at * SECOND)]), at * SECOND)
    return log


def test_the_committed_offset_is_the_next_to_read() -> None:
    offsets = GroupOffsets()
    offsets.commit(T0, 3, 0)  # 0, 1 and 2 are done
    assert position(offsets.committed[T0], log_of(5), 5, Reset(), 0) == 3
    assert lag(offsets.committed[T0], log_of(5), 5) == 2


def test_a_commit_may_go_back_and_the_last_one_counts() -> None:
    offsets = GroupOffsets()
    offsets.commit(T0, 9, 0)
    offsets.commit(T0, 3, 1)
    assert offsets.committed == {T0: Committed(3, 1)}


@pytest.mark.parametrize(
    ("reset", "expected"),
    [
        (Reset(), 10),
        (Reset("earliest"), 2),
        (Reset("by_duration", 3 * SECOND), 7),
        (Reset("by_duration", 100 * SECOND), 2),
        (Reset("by_duration", 0), 10),
    ],
)
@pytest.mark.parametrize("committed", [None, Committed(1, 0), Committed(11, 0)])
def test_without_one_or_where_it_is_gone_the_reset_decides(
    reset: Reset, expected: int, committed: Committed | None
) -> None:
    log = log_of(10)
    log.delete_records(2, 10)
    assert position(committed, log, 10, reset, 10 * SECOND) == expected


def test_latest_on_a_new_group_skips_the_backlog() -> None:
    assert position(None, log_of(5), 4, Reset(), 0) == 4


@pytest.mark.parametrize(
    ("committed", "words"), [(None, "nothing is committed"), (Committed(9, 0), "offset 9 is not there")]
)
def test_none_is_an_error_that_says_what_to_do(committed: Committed | None, words: str) -> None:
    with pytest.raises(NoOffsetForPartition, match=f"{words}.*seek to an offset"):
        position(committed, log_of(5), 5, Reset("none"), 0)


@pytest.mark.parametrize(("policy", "duration_us"), [("smallest", 0), ("by_duration", -1)])
def test_another_reset_there_is_not(policy: str, duration_us: int) -> None:
    with pytest.raises(ValueError, match="by_duration"):
        Reset(policy, duration_us)


def test_offsets_outlive_the_members_for_seven_days_from_when_the_group_is_empty() -> None:
    offsets = GroupOffsets()
    offsets.commit(T0, 3, 0)
    assert offsets.expire(100 * DAY_US) == []  # it has members
    offsets.empty_since_us = 100 * DAY_US
    assert offsets.expire(107 * DAY_US - 1) == []
    assert offsets.expire(107 * DAY_US) == [T0]
    assert offsets.committed == {}


def test_what_is_committed_while_it_is_empty_is_kept_from_then() -> None:
    offsets = GroupOffsets()
    offsets.empty_since_us = 0
    offsets.commit(T0, 3, 5 * DAY_US)
    assert offsets.expire(8 * DAY_US) == []
    assert offsets.expire(12 * DAY_US) == [T0]


def test_a_commit_that_cannot_be_is_refused() -> None:
    offsets = GroupOffsets()
    with pytest.raises(OffsetMetadataTooLarge, match="4096 bytes"):
        offsets.commit(T0, 1, 0, "é" * 2049)
    with pytest.raises(ValueError, match="0 or more"):
        offsets.commit(T0, -1, 0)
    assert offsets.committed == {}


def test_lag_grows_behind_an_open_transaction_and_counts_markers() -> None:
    log, transactions = log_of(2), Transactions()
    for batch in (
        Batch([Record(None, b"v", 0)], 7, 0, 0, transactional=True),
        marker_batch("commit", 7, 0, 0),
    ):
        log.append(batch, 0)
        transactions.appended(batch)
    assert lag(Committed(2, 0), log, 4) == 2
    assert lag(Committed(2, 0), log, transactions.last_stable_offset(3)) == 0  # for read_committed
    assert lag(Committed(2, 0), log, transactions.last_stable_offset(4)) == 2


def test_lag_in_time_is_the_age_of_the_first_that_is_not_done() -> None:
    log = log_of(5)
    assert lag_us(Committed(2, 0), log, 5, 10 * SECOND) == 8 * SECOND
    assert lag_us(Committed(5, 0), log, 5, 10 * SECOND) == 0
    assert lag_us(Committed(9, 0), log, 5, 10 * SECOND) == 0
    assert lag(Committed(9, 0), log, 5) == 0
    assert lag(None, log, 5) is lag_us(None, log, 5, 0) is None
    log.delete_records(4, 5)
    assert lag(Committed(1, 0), log, 5) == 1  # what is gone is not waited for
    assert lag_us(Committed(1, 0), log, 5, 10 * SECOND) == 6 * SECOND


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(0, 21), st.integers(0, 12))
def test_the_offset_for_a_time_is_the_first_that_is_no_older_though_timestamps_go_back(
    seconds: list[int], wanted: int, end: int
) -> None:
    log = Log()
    for one in seconds:
        log.append(Batch([Record(None, b"v", one * SECOND)]), 0)
    expected = next((at for at, one in enumerate(seconds[:end]) if one >= wanted), None)
    assert offset_for_time(log, wanted * SECOND, end) == expected
