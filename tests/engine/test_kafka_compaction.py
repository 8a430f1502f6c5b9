"""Compaction: the last value of each key stays, offsets do not change, tombstones have their time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.compaction import cleanable_to, compact, dirty_ratio
from mqlab.engine.brokers.kafka.log import Log, LogConfig
from mqlab.engine.brokers.kafka.records import Batch, Record, marker_batch
from mqlab.engine.brokers.kafka.transactions import Transactions

SECOND = 1_000_000
DAY = 24 * 3600 * SECOND


def never(batch: Batch) -> bool:
    return False


def log_of(*pairs: str, **config: float) -> Log:
    """`k=v` or `k` for a tombstone; a batch each, all in closed segments of two."""
    settings = {"cleanup_policy": ("compact",), "segment_bytes": 150, "delete_retention_ms": 1000, **config}
    log = Log(LogConfig(**settings))  # type: ignore[arg-type]
    for pair in pairs:
        write(log, pair)
    log.roll(0)
    return log


def write(log: Log, pair: str, at: int = 0) -> Batch:
    key, is_value, value = pair.partition("=")
    batch = Batch([Record(key.encode(), value.encode() if is_value else None, at)])
    log.append(batch, at)
    return batch


def shown(log: Log) -> str:
    return " ".join(
        f"{one.offset}:{(one.key or b'').decode()}" + ("" if one.value is None else f"={one.value.decode()}")
        for batch in log.batches()
        for one in batch.records
    )


def run(log: Log, now_us: int = 0) -> list[int]:
    """Clean it if it is dirty enough. Returns the offsets that went."""
    return [one.offset for one in compact(log, now_us, log.end_offset, never)]


def test_the_last_value_of_a_key_stays_at_its_offset() -> None:
    log = log_of("a=1", "b=1", "a=2", "c=1", "a=3")
    assert run(log) == [0, 2]
    assert shown(log) == "1:b=1 3:c=1 4:a=3"
    assert (log.start_offset, log.end_offset) == (0, 5)
    assert [one.offset for one in log.fetch(0, 5, 1)[0].records] == [1]  # a reader passes over the gap


def test_the_active_segment_is_not_cleaned_so_a_key_can_be_there_twice() -> None:
    log = log_of("a=1", "a=2")
    write(log, "a=3")
    assert run(log) == [0]
    assert shown(log) == "1:a=2 2:a=3"


def test_it_is_cleaned_when_more_than_half_of_it_is_dirty() -> None:
    log = log_of("a=1", "b=1", "c=1")
    assert run(log) == []
    assert log.cleaned_to == 3
    for pair in ("a=2", "b=2", "c=2"):
        write(log, pair)
    log.roll(0)
    assert dirty_ratio(log, 6) == 0.5
    assert run(log) == []
    write(log, "d=1")
    log.roll(0)
    assert run(log) == [0, 1, 2]


def test_a_tombstone_hides_what_was_before_it_and_goes_after_its_time_at_the_next_cleaning() -> None:
    log = log_of("a=1", "b=1", "a")
    assert run(log, now_us=5 * SECOND) == [0]
    assert shown(log) == "1:b=1 2:a"  # who reads from the start sees the deletion
    for pair in ("c=1", "d=1", "e=1"):
        write(log, pair, 5 * SECOND)
    log.roll(5 * SECOND)
    assert run(log, now_us=6 * SECOND - 1) == []
    for pair in ("f=1", "g=1", "h=1", "i=1", "j=1", "k=1"):
        write(log, pair, 6 * SECOND)
    log.roll(6 * SECOND)
    assert run(log, now_us=6 * SECOND) == [2]  # who is slower than delete.retention.ms does not


def test_what_is_younger_than_the_lag_is_left_alone() -> None:
    log = Log(LogConfig(cleanup_policy=("compact",), segment_bytes=80, min_compaction_lag_ms=1000))
    for at in range(4):
        write(log, f"a={at}", at * SECOND)
    log.roll(3 * SECOND)
    assert cleanable_to(log, 3 * SECOND, 4) == 3
    assert cleanable_to(log, DAY, 4) == 4
    assert run(log, 3 * SECOND) == [0, 1]
    assert shown(log) == "2:a=2 3:a=3"


def test_it_ends_before_an_open_transaction() -> None:
    log = log_of("a=1", "a=2", "a=3")
    assert [one.offset for one in compact(log, 0, 1, never)] == []
    assert log.cleaned_to == 1


def test_records_of_an_aborted_transaction_go_and_hide_nothing() -> None:
    log, transactions = log_of("a=1"), Transactions()
    aborted = Batch([Record(b"a", b"2", 0)], 7, 0, 0, transactional=True)
    for batch in (aborted, marker_batch("abort", 7, 0, 0)):
        log.append(batch, 0)
        transactions.appended(batch)
    log.roll(0)
    gone = compact(log, 0, transactions.last_stable_offset(3), transactions.is_aborted)
    assert [one.offset for one in gone] == [1]
    assert [batch.base_offset for batch in log.batches()] == [0, 2]  # its marker stays for a while


def test_a_cleaned_batch_still_has_its_last_sequence() -> None:
    log = Log(LogConfig(cleanup_policy=("compact",)))
    batch = Batch([Record(b"a", b"1", 0), Record(b"b", b"1", 0), Record(b"a", b"2", 0)], 7, 0, 10)
    log.append(batch, 0)
    log.roll(0)
    assert run(log) == [0]
    (cleaned,) = log.batches()
    assert (cleaned.base_sequence, cleaned.last_sequence, len(cleaned.records)) == (10, 12, 2)
    assert (cleaned.base_offset, cleaned.last_offset) == (0, 2)


pairs = st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=12)


@given(st.lists(pairs, max_size=6), st.integers(0, 3))
def test_a_reader_that_is_fast_enough_ends_with_the_same_table(
    rounds: list[list[tuple[str, bool]]], seconds: int
) -> None:
    log, table, now, number = log_of(), {}, 0, 0  # type: ignore[var-annotated]
    for writes in rounds:
        now += seconds * SECOND
        for key, is_value in writes:
            number += 1
            pair = f"{key}={number}" if is_value else key
            write(log, pair, now)
            table.pop(key, None)
            if is_value:
                table[key] = str(number)
        log.roll(now)
        before = shown(log).split()
        compact(log, now, log.end_offset, never)
        after = shown(log).split()
        assert [one for one in before if one in set(after)] == after  # nothing moved, nothing is new
        read: dict[str, str] = {}
        for one in after:
            key, is_value, value = one.partition(":")[2].partition("=")
            read.pop(key, None)
            if is_value:
                read[key] = value
        assert read == table
        assert log.end_offset == number
