"""Which partition a record goes to: murmur2, CRC32, and the sticky partitions of three clients."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.murmur2 import murmur2, positive
from mqlab.engine.brokers.kafka.partitioner import (
    InvalidPartition,
    consistent_random,
    java,
    murmur2_random,
    partition_for_key,
)
from mqlab.engine.brokers.kafka.sticky_partition import (
    BuiltInPartitioner,
    LingeringPartitioner,
    UniformStickyPartitioner,
)

RECORDED = json.loads((Path(__file__).parents[1] / "traces" / "kafka_murmur2.json").read_text())
CASES = RECORDED["official"] + RECORDED["computed"]
ALL = (0, 1, 2)


@pytest.mark.parametrize("case", CASES, ids=[case["key"] or "empty" for case in CASES])
def test_murmur2_is_kafkas(case: dict[str, int | str]) -> None:
    assert murmur2(str(case["key"]).encode()) == case["murmur2"]


@given(st.binary(max_size=64))
def test_murmur2_is_a_signed_word_and_a_partition_is_one_of_the_topics(key: bytes) -> None:
    number = murmur2(key)
    assert -(2**31) <= number < 2**31
    assert positive(number) == number % 2**31
    assert all(0 <= partition_for_key(key, count) < count for count in (1, 2, 3, 1000))


def test_the_hash_is_of_the_serialized_key() -> None:
    assert murmur2((42).to_bytes(4, "big")) != murmur2(b"42")


def test_more_partitions_send_a_key_elsewhere() -> None:
    assert [partition_for_key(b"order-42", count) for count in (2, 3, 4, 5, 6, 8)] == [0, 0, 0, 4, 0, 0]
    keys = [f"key-{number}".encode() for number in range(1000)]
    moved = sum(partition_for_key(key, 3) != partition_for_key(key, 4) for key in keys)
    assert 700 < moved < 800  # three of four


def test_the_partition_that_a_record_names_comes_first() -> None:
    assert java(b"alice", 3, partition=2) == 2
    assert java(b"alice", 3) == 0


@pytest.mark.parametrize("partition", [-1, 3])
def test_one_that_the_topic_does_not_have_is_refused(partition: int) -> None:
    with pytest.raises(InvalidPartition, match="name one from 0 to 2, or none"):
        java(b"alice", 3, partition=partition)


def test_a_key_counts_unless_the_partitioner_ignores_keys() -> None:
    assert java(b"", 3) == partition_for_key(b"", 3)
    assert java(None, 3) is None
    assert java(b"alice", 3, ignore_keys=True) is None


def test_librdkafkas_default_is_crc32_and_its_murmur2_agrees_with_java() -> None:
    keys = [str(case["key"]).encode() for case in RECORDED["computed"]]
    assert [murmur2_random(key, 4) for key in keys] == [java(key, 4) for key in keys]
    assert sum(consistent_random(key, 4) == java(key, 4) for key in keys) < len(keys) / 2
    assert consistent_random(b"alice", 4) == crc32(b"alice") % 4


def test_without_a_key_both_leave_the_choice_open_and_an_empty_key_is_none_for_the_default_only() -> None:
    assert consistent_random(None, 4) is murmur2_random(None, 4) is None
    assert consistent_random(b"", 4) is None
    assert murmur2_random(b"", 4) == java(b"", 4)


def test_a_sticky_partition_stays_until_it_has_had_batch_size_bytes() -> None:
    sticky = BuiltInPartitioner(1, "orders", batch_size_bytes=100)
    first = sticky.partition(ALL, 3)
    assert not sticky.appended(99, ALL, 3)
    assert sticky.partition(ALL, 3) == first
    assert sticky.appended(1, ALL, 3)
    assert sticky.produced_bytes == 0


def test_it_stays_longer_while_its_last_batch_is_not_full_but_never_beyond_twice_as_much() -> None:
    sticky = BuiltInPartitioner(1, "orders", batch_size_bytes=100)
    assert not sticky.appended(199, ALL, 3, enable_switch=False)
    assert sticky.appended(1, ALL, 3, enable_switch=False)
    assert not sticky.appended(150, ALL, 3, enable_switch=False)
    assert sticky.appended(0, ALL, 3)  # the batch is full now


def draws(
    sticky: BuiltInPartitioner, available: tuple[int, ...], partitions: int, count: int = 8000
) -> Counter[int]:
    found: Counter[int] = Counter()
    for _ in range(count):
        found[sticky.partition(available, partitions)] += 1
        sticky.appended(sticky.batch_size_bytes, available, partitions)
    return found


def test_it_is_no_round_robin_and_uniform() -> None:
    found = draws(BuiltInPartitioner(1, "orders"), ALL, 3)
    assert all(abs(found[one] - 8000 / 3) < 200 for one in ALL)
    sticky, order = BuiltInPartitioner(1, "orders"), []
    for _ in range(30):
        order.append(sticky.partition(ALL, 3))
        sticky.appended(sticky.batch_size_bytes, ALL, 3)
    assert any(one == other for one, other in pairwise(order))


def test_adaptive_partitioning_weighs_by_what_waits() -> None:
    sticky = BuiltInPartitioner(1, "orders")
    sticky.update_load([0, 3, 1], [0, 1, 2], 3)  # weights 4, 1, 3
    found = draws(sticky, ALL, 3)
    assert [abs(found[one] - 1000 * weight) < 200 for one, weight in ((0, 4), (1, 1), (2, 3))] == [True] * 3


def test_a_partition_that_is_left_out_gets_nothing() -> None:
    sticky = BuiltInPartitioner(1, "orders")
    sticky.update_load([2, 2], [0, 2], 3)
    sticky.appended(sticky.batch_size_bytes, ALL, 3)
    assert set(draws(sticky, ALL, 3, 200)) == {0, 2}


def test_a_partition_without_a_leader_gets_nothing_unless_none_has_one() -> None:
    assert set(draws(BuiltInPartitioner(1, "orders"), (1,), 3, 50)) == {1}
    assert set(draws(BuiltInPartitioner(1, "orders"), (), 3, 200)) == {0, 1, 2}


@pytest.mark.parametrize("waiting", [None, [5, 5, 5]])
def test_where_none_waits_longer_or_adaptive_is_off_the_draw_is_plain(waiting: list[int] | None) -> None:
    plain, weighed = BuiltInPartitioner(1, "orders"), BuiltInPartitioner(1, "orders")
    weighed.update_load([0, 3, 1], [0, 1, 2], 3)
    weighed.update_load(waiting, [0, 1, 2], 3)
    assert draws(plain, ALL, 3, 100) == draws(weighed, ALL, 3, 100)


def test_batch_size_is_at_least_a_byte() -> None:
    with pytest.raises(ValueError, match="at least 1 byte"):
        BuiltInPartitioner(1, "orders", 0)


def test_before_3_3_each_finished_batch_means_another_partition() -> None:
    sticky = UniformStickyPartitioner(1, "orders")
    current = sticky.partition(ALL, 3)
    for _ in range(50):
        assert sticky.partition(ALL, 3) == current
        following = sticky.on_new_batch(current, ALL, 3)
        assert following != current
        current = following
    for _ in range(20):  # a batch of another one: nothing changes
        assert sticky.on_new_batch((current + 1) % 3, ALL, 3) == current
    assert sticky.on_new_batch(current, (current,), 3) == current  # there is no other


def test_librdkafka_stays_for_its_linger_and_leaves_a_partition_without_leader() -> None:
    sticky = LingeringPartitioner(1, "orders", linger_us=10)
    first = sticky.partition(0, ALL, 3)
    assert {sticky.partition(now, ALL, 3) for now in range(11)} == {first}
    assert {sticky.partition(11 * turn, ALL, 3) for turn in range(1, 60)} == {0, 1, 2}
    held = sticky.partition(700, ALL, 3)
    others = tuple(one for one in ALL if one != held)
    assert {LingeringPartitioner(seed, "orders").partition(0, (1,), 2) for seed in range(40)} == {0, 1}
    assert sum(sticky.partition(701, others, 3) == held for _ in range(20)) < 5


def test_linger_0_draws_for_each_record() -> None:
    sticky = LingeringPartitioner(1, "orders", linger_us=0)
    assert {sticky.partition(5, ALL, 3) for _ in range(40)} == {0, 1, 2}


def test_chance_goes_on_where_a_checkpoint_left_it() -> None:
    for sticky in (BuiltInPartitioner(7, "orders"), UniformStickyPartitioner(7, "orders")):
        sticky.partition(ALL, 3)
        other = pickle.loads(pickle.dumps(sticky))
        if isinstance(sticky, BuiltInPartitioner):
            assert draws(sticky, ALL, 3, 100) == draws(other, ALL, 3, 100)
        else:
            assert [sticky.on_new_batch(n % 3, ALL, 3) for n in range(9)] == [
                other.on_new_batch(n % 3, ALL, 3) for n in range(9)
            ]
