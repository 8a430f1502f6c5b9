"""A partition's log: offsets, segments, retention, truncation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.log import InvalidRecord, Log, LogConfig, OffsetOutOfRange
from mqlab.engine.brokers.kafka.records import Batch, Record

SECOND = 1_000_000
EVERYTHING = 1 << 40


def batch(*values: str, at: int = 0, key: bytes | None = None) -> Batch:
    return Batch([Record(key, value.encode(), at) for value in values])


def log_of(*values: str, **config: int | tuple[str, ...]) -> Log:
    """A second between any two records, a batch each."""
    log = Log(LogConfig(**config))  # type: ignore[arg-type]
    for at, value in enumerate(values):
        log.append(batch(value, at=at * SECOND), at * SECOND)
    return log


def values(batches: list[Batch]) -> list[str]:
    return [(one.value or b"").decode() for each in batches for one in each.records]


def bases(log: Log) -> list[int]:
    return [segment.base_offset for segment in log.segments]


def test_a_batch_gets_the_next_offsets() -> None:
    log = Log()
    assert log.append(batch("a", "b", "c"), 0) == 0
    assert log.append(batch("d"), 0) == 3
    assert log.end_offset == 4
    assert [one.offset for each in log.batches() for one in each.records] == [0, 1, 2, 3]


def test_a_fetch_begins_with_the_batch_that_has_the_offset_and_ends_below_the_high_watermark() -> None:
    log = Log()
    for one in (batch("a", "b"), batch("c"), batch("d", "e")):
        log.append(one, 0)
    assert values(log.fetch(1, 5, EVERYTHING)) == ["a", "b", "c", "d", "e"]
    assert values(log.fetch(2, 3, EVERYTHING)) == ["c"]
    assert log.fetch(5, 5, EVERYTHING) == []


def test_the_first_batch_comes_however_large_it_is_and_then_only_what_there_is_room_for() -> None:
    log = log_of("a" * 100, "b", "c")
    assert values(log.fetch(0, 3, 1)) == ["a" * 100]
    assert values(log.fetch(1, 3, 2 * log.segments[0].batches[1].size_bytes)) == ["b", "c"]


@pytest.mark.parametrize("offset", [-1, 4, 0])
def test_an_offset_that_is_not_there_is_out_of_range(offset: int) -> None:
    log = log_of("a", "b", "c")
    log.delete_records(1, 3)
    with pytest.raises(OffsetOutOfRange, match="the log has 1 up to 3"):
        log.fetch(offset, 3, EVERYTHING)


def test_a_segment_is_closed_before_it_is_too_large() -> None:
    one = batch("a").size_bytes
    assert bases(log_of("a", "b", "c", "d", "e", segment_bytes=2 * one)) == [0, 2, 4]


def test_and_when_its_first_record_is_too_long_ago() -> None:
    assert bases(log_of("a", "b", "c", "d", segment_ms=1500)) == [0, 2]


def test_a_record_outlives_its_retention_until_its_whole_segment_is_old() -> None:
    one = batch("a").size_bytes
    log = log_of("a", "b", "c", "d", segment_bytes=2 * one, retention_ms=2000)
    assert log.delete_old_segments(3 * SECOND, 4) == []  # "a" is 3 s old, "b" in the same segment only 2 s
    assert values(list(log.batches())) == ["a", "b", "c", "d"]
    (gone,) = log.delete_old_segments(3 * SECOND + 1, 4)
    assert values(gone.batches) == ["a", "b"]
    assert (log.start_offset, log.end_offset) == (2, 4)


def test_the_active_segment_is_closed_first_if_all_of_it_is_old() -> None:
    log = log_of("a", "b", retention_ms=1000)
    (gone,) = log.delete_old_segments(60 * SECOND, 2)
    assert values(gone.batches) == ["a", "b"]
    assert (log.start_offset, log.end_offset, bases(log)) == (2, 2, [2])
    assert log.append(batch("c"), 61 * SECOND) == 2
    assert Log().delete_old_segments(EVERYTHING, 0) == []  # an empty one waits for the next record


def test_nothing_goes_that_is_not_committed() -> None:
    one = batch("a").size_bytes
    log = log_of("a", "b", "c", segment_bytes=one, retention_ms=0)
    assert [values(each.batches) for each in log.delete_old_segments(60 * SECOND, 1)] == [["a"]]


def test_retention_by_size_keeps_at_least_so_many_bytes() -> None:
    one = batch("a").size_bytes
    log = log_of("a", "b", "c", "d", segment_bytes=one, retention_ms=-1, retention_bytes=2 * one + 1)
    assert [values(each.batches) for each in log.delete_old_segments(EVERYTHING, 4)] == [["a"]]
    assert log.size_bytes == 3 * one


def test_minus_one_keeps_for_ever_and_compact_alone_deletes_nothing() -> None:
    assert log_of("a", retention_ms=-1).delete_old_segments(EVERYTHING, 1) == []
    log = Log(LogConfig(cleanup_policy=("compact",), retention_ms=0))
    log.append(batch("a", key=b"k"), 0)
    assert log.delete_old_segments(EVERYTHING, 1) == []


def test_delete_records_moves_the_start_and_the_next_look_drops_what_is_wholly_before_it() -> None:
    one = batch("a").size_bytes
    log = log_of("a", "b", "c", "d", segment_bytes=2 * one)
    log.delete_records(3, 4)
    assert (log.start_offset, bases(log)) == (3, [0, 2])
    log.delete_old_segments(3 * SECOND, 4)
    assert bases(log) == [2]
    with pytest.raises(OffsetOutOfRange, match="those from 3 up to 3 can"):
        log.delete_records(4, 3)


def test_a_compacted_topic_takes_no_record_without_a_key() -> None:
    log = Log(LogConfig(cleanup_policy=("compact",)))
    with pytest.raises(InvalidRecord):
        log.append(batch("a"), 0)
    assert (log.end_offset, list(log.batches())) == (0, [])


def test_a_truncated_follower_goes_on_at_the_leaders_offsets() -> None:
    leader, follower = log_of("a", "b", "c"), log_of("a", "b", "x", "y")
    assert values(follower.truncate_to(2)) == ["x", "y"]
    assert follower.end_offset == 2
    for one in leader.fetch(2, 3, EVERYTHING):
        follower.replicate(one, 0)
    assert values(list(follower.batches())) == ["a", "b", "c"]
    assert follower.truncate_to(7) == []
    with pytest.raises(ValueError, match="already written"):
        follower.replicate(next(leader.batches()), 0)


def test_truncation_drops_later_segments_and_can_empty_a_log() -> None:
    one = batch("a").size_bytes
    log = log_of("a", "b", "c", segment_bytes=one)
    assert values(log.truncate_to(1)) == ["b", "c"]
    assert bases(log) == [0]
    log.truncate_to(0)
    assert (log.end_offset, log.start_offset, list(log.batches())) == (0, 0, [])


@pytest.mark.parametrize(
    ("key", "value", "size_bytes"),
    [
        (None, None, 68),
        (3, 5, 76),
        (None, 63, 132),
        (None, 64, 134),
        (10, 200, 280),
        (0, 0, 68),
        (70, 9000, 9143),
    ],
)
def test_a_batch_is_as_large_as_in_kafka(key: int | None, value: int | None, size_bytes: int) -> None:
    """The sizes are those of `MemoryRecords.withRecords` in kafka-clients 3.9.2."""
    record = Record(None if key is None else bytes(key), None if value is None else bytes(value), 0)
    assert Batch([record]).size_bytes == size_bytes


def test_a_hundred_records_share_what_a_batch_costs() -> None:
    assert Batch([Record(b"k", bytes(at), at * 50_000) for at in range(100)]).size_bytes == 6025
    with pytest.raises(ValueError, match="at least one record"):
        Batch([])


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 4)),
        st.tuples(st.just("retain"), st.integers(0, 5)),
        st.tuples(st.just("start"), st.integers(0, 3)),
    ),
    max_size=30,
)


@given(steps, st.integers(1, 3), st.integers(0, 4000))
def test_offsets_only_grow_and_what_is_there_can_be_fetched(
    todo: list[tuple[str, int]], batches_a_segment: int, retention_ms: int
) -> None:
    log, now, written = Log(LogConfig(batches_a_segment * 150, retention_ms=retention_ms)), 0, 0
    for what, number in todo:
        now += SECOND
        if what == "append":
            assert log.append(batch(*"abcd"[:number], at=now), now) == written
            written += number
        elif what == "retain":
            log.delete_old_segments(now, max(0, written - number))
        else:
            log.delete_records(min(written, log.start_offset + number), written)
        assert log.end_offset == written
        assert log.segments
        assert sum(one.size_bytes for one in log.batches()) == log.size_bytes
        there = [one.offset for each in log.batches() for one in each.records]
        assert there == list(range(there[0], written)) if there else log.start_offset <= written
        for offset in range(log.start_offset, written):
            assert any(one.offset == offset for one in log.fetch(offset, written, 1)[0].records)
