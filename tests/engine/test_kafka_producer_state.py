"""What a partition knows of its producers, and of transactions."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.log import Log
from mqlab.engine.brokers.kafka.producer_state import (
    InvalidProducerEpoch,
    InvalidTransactionState,
    OutOfOrderSequence,
    ProducerStates,
)
from mqlab.engine.brokers.kafka.records import SEQUENCE_MAX, Batch, Marker, Record, marker_batch
from mqlab.engine.brokers.kafka.transactions import Transactions, read_committed

EVERYTHING = 1 << 40
DAY_US = 24 * 3600 * 10**6


class Partition:
    """A log with all that it knows, as a leader keeps them together."""

    def __init__(self) -> None:
        self.log = Log()
        self.transactions = Transactions()
        self.producers = ProducerStates(self.transactions.open)

    def produce(self, one: Batch) -> int:
        """Returns the offset that is acknowledged."""
        repeated = self.producers.repeated(one)
        if repeated is not None:
            return repeated.first_offset
        self.producers.check(one)
        self.log.append(one, 0)
        self.producers.appended(one)
        self.transactions.appended(one)
        return one.base_offset

    def values(self) -> list[str]:
        return [(one.value or b"").decode() for each in self.log.batches() for one in each.records]

    def committed(self, high_watermark: int | None = None) -> list[str]:
        """What read_committed sees from the start."""
        below = self.log.end_offset if high_watermark is None else high_watermark
        seen = read_committed(self.log, self.transactions, 0, below, EVERYTHING)
        return [(one.value or b"").decode() for each in seen for one in each.records]


def batch(
    sequence: int, *values: str, producer: int = 7, epoch: int = 0, transactional: bool = False
) -> Batch:
    return Batch([Record(None, one.encode(), 0) for one in values], producer, epoch, sequence, transactional)


def plain(*values: str) -> Batch:
    return Batch([Record(None, one.encode(), 0) for one in values])


def end(marker: Marker, producer: int = 7, epoch: int = 0) -> Batch:
    return marker_batch(marker, producer, epoch, 0)


def test_a_repetition_of_one_of_the_last_five_is_acknowledged_with_its_offset_and_not_written() -> None:
    partition = Partition()
    for sequence in range(6):
        assert partition.produce(batch(sequence, f"m{sequence}")) == sequence
    for sequence in range(1, 6):
        assert partition.produce(batch(sequence, f"m{sequence}")) == sequence
    assert partition.values() == [f"m{sequence}" for sequence in range(6)]
    with pytest.raises(OutOfOrderSequence):  # the sixth last is forgotten
        partition.produce(batch(0, "m0"))


def test_a_gap_and_what_overlaps_is_out_of_order() -> None:
    partition = Partition()
    partition.produce(batch(0, "a", "b"))
    for wrong in (batch(3, "d"), batch(0, "a"), batch(1, "b", "c")):
        before = pickle.dumps(partition)
        with pytest.raises(OutOfOrderSequence, match="and 2 is next"):
            partition.produce(wrong)
        assert pickle.dumps(partition) == before
    assert partition.produce(batch(2, "c")) == 2


def test_sending_twice_is_two_records() -> None:
    partition = Partition()
    partition.produce(batch(0, "a"))
    partition.produce(batch(1, "a"))
    partition.produce(plain("a"))
    assert partition.values() == ["a", "a", "a"]


def test_after_the_highest_sequence_comes_0() -> None:
    partition = Partition()
    partition.produce(batch(SEQUENCE_MAX - 1, "a", "b", "c"))  # of an unknown producer any number is taken
    assert partition.produce(batch(1, "d")) == 3
    partition.produce(batch(SEQUENCE_MAX, "a", producer=8))
    assert partition.produce(batch(0, "b", producer=8)) == 5


def test_a_lower_epoch_is_fenced_and_a_new_one_begins_with_0() -> None:
    partition = Partition()
    partition.produce(batch(0, "a", epoch=1))
    with pytest.raises(InvalidProducerEpoch, match="has epoch 1 now, and 0 is over"):
        partition.produce(batch(1, "zombie", epoch=0))
    with pytest.raises(OutOfOrderSequence, match="begins epoch 2 with 1, not with 0"):
        partition.produce(batch(1, "b", epoch=2))
    assert partition.produce(batch(0, "b", epoch=2)) == 1
    with pytest.raises(InvalidProducerEpoch):  # not even what the older epoch has written is repeated
        partition.produce(batch(0, "a", epoch=1))


def test_a_marker_of_a_higher_epoch_fences_too() -> None:
    partition = Partition()
    partition.produce(batch(0, "a", transactional=True))
    partition.produce(end("abort", epoch=1))
    with pytest.raises(InvalidProducerEpoch):
        partition.produce(batch(1, "b", transactional=True))
    assert partition.produce(batch(0, "b", epoch=1, transactional=True)) == 2


def test_partitions_do_not_know_of_each_other() -> None:
    one, other = Partition(), Partition()
    one.produce(batch(0, "a"))
    other.produce(batch(0, "a"))
    assert one.values() == other.values() == ["a"]


def test_a_producer_that_is_quiet_for_a_day_is_forgotten_unless_its_transaction_is_open() -> None:
    partition = Partition()
    partition.produce(batch(0, "a"))
    partition.produce(batch(0, "b", producer=8, transactional=True))
    assert partition.producers.expire(DAY_US - 1) == []
    assert partition.producers.expire(DAY_US) == [7]
    assert partition.produce(batch(9, "c")) == 2  # now any number is taken


def test_outside_its_open_transaction_a_producer_is_refused() -> None:
    partition = Partition()
    partition.produce(batch(0, "a", transactional=True))
    with pytest.raises(InvalidTransactionState, match="commit or abort it"):
        partition.produce(batch(1, "b"))


def test_read_committed_waits_at_the_earliest_open_transaction_even_with_what_belongs_to_none() -> None:
    partition = Partition()
    partition.produce(plain("before"))
    partition.produce(batch(0, "a1", transactional=True))
    partition.produce(batch(0, "b1", producer=8, transactional=True))
    partition.produce(plain("behind"))
    assert partition.committed() == ["before"]
    partition.produce(end("commit", producer=8))
    assert partition.committed() == ["before"]
    partition.produce(end("commit"))
    assert partition.committed() == ["before", "a1", "b1", "behind"]
    assert partition.log.end_offset == 6  # each marker has an offset of its own


def test_what_was_aborted_is_passed_over_and_read_uncommitted_sees_it() -> None:
    partition = Partition()
    partition.produce(batch(0, "a1", transactional=True))
    partition.produce(end("abort"))
    partition.produce(batch(1, "a2", transactional=True))
    partition.produce(end("commit"))
    assert partition.committed() == ["a2"]
    assert "a1" in partition.values()


def test_a_decided_transaction_is_stable_only_when_its_marker_is_below_the_high_watermark() -> None:
    partition = Partition()
    partition.produce(batch(0, "a1", "a2", transactional=True))
    partition.produce(end("commit"))
    assert partition.transactions.last_stable_offset(2) == 0
    assert partition.committed(2) == []
    assert partition.transactions.last_stable_offset(3) == 3


def test_the_end_of_a_transaction_that_wrote_nothing_here_changes_nothing() -> None:
    partition = Partition()
    partition.produce(end("abort"))
    partition.produce(plain("a"))
    assert partition.committed() == ["a"]


def test_after_truncation_all_is_worked_out_again() -> None:
    partition = Partition()
    partition.produce(batch(0, "a1", transactional=True))
    partition.produce(batch(1, "a2", transactional=True))
    partition.produce(end("abort"))
    partition.log.truncate_to(1)
    partition.transactions.rebuild(partition.log)
    partition.producers.rebuild(partition.log)
    assert partition.transactions.open == {7: 0}
    assert partition.produce(batch(1, "a2", transactional=True)) == 1
    partition.produce(end("commit"))
    assert partition.committed() == ["a1", "a2"]


def test_what_was_aborted_before_the_start_of_the_log_is_forgotten() -> None:
    partition = Partition()
    partition.produce(batch(0, "a1", transactional=True))
    partition.produce(end("abort"))
    partition.transactions.forget_before(1)
    assert len(partition.transactions.aborted) == 1  # its marker is still there
    partition.transactions.forget_before(2)
    assert partition.transactions.aborted == []


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.integers(0, 4)), max_size=25))
def test_whatever_a_producer_repeats_each_record_is_written_once_and_in_order(
    sends: list[tuple[int, bool, int]],
) -> None:
    """A producer with at most five requests in flight: after each batch it may send again any of the last five."""
    partition, sent, expected = Partition(), [], []  # type: ignore[var-annotated]
    sequence = 0
    for count, again, back in sends:
        names = [f"m{sequence + at}" for at in range(count)]
        sent.append((sequence, names))
        expected += names
        partition.produce(batch(sequence, *names))
        sequence += count
        if again:
            first, old = sent[-1 - min(back, len(sent) - 1)]
            assert partition.produce(batch(first, *old)) == first
    assert partition.values() == expected


@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from(["send", "commit", "abort"])), max_size=30)
)
def test_read_committed_sees_exactly_what_is_committed_up_to_the_first_open_transaction(
    todo: list[tuple[int, str]],
) -> None:
    partition, sequences = Partition(), {1: 0, 2: 0, 3: 0}
    pieces: list[tuple[int, str, int]] = []  # producer, value, offset
    outcome: dict[int, str] = {}  # by offset
    open_at: dict[int, list[int]] = {1: [], 2: [], 3: []}
    for producer, what in todo:
        if what == "send":
            value = f"{producer}-{sequences[producer]}"
            one = batch(sequences[producer], value, producer=producer, transactional=True)
            offset = partition.produce(one)
            sequences[producer] += 1
            pieces.append((producer, value, offset))
            open_at[producer].append(offset)
        elif open_at[producer]:
            partition.produce(end("commit" if what == "commit" else "abort", producer=producer))
            outcome.update(dict.fromkeys(open_at[producer], what))
            open_at[producer] = []
    stable = min([partition.log.end_offset, *(offsets[0] for offsets in open_at.values() if offsets)])
    assert partition.transactions.last_stable_offset(partition.log.end_offset) == stable
    assert partition.committed() == [
        value for _, value, offset in pieces if offset < stable and outcome[offset] == "commit"
    ]
