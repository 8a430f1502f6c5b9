"""The broker-side assignors of KIP-848: uniform, and range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.assignors.by_name import BROKER_SIDE, CLIENT_SIDE
from mqlab.engine.brokers.kafka.assignors.subscription import Subscription, TopicPartition
from tests.engine.test_kafka_assignors import (
    Members,
    alike,
    assert_valid,
    changed,
    group,
    groups,
    holding,
    shown,
)

uniform = BROKER_SIDE["uniform"]


def test_alike_members_get_runs_of_what_is_left_and_keep_what_they_hold() -> None:
    members = group(C0="t", C1="t")
    first = uniform({"t": 5}, members)
    assert shown(first) == {"C0": "t:0 t:1 t:2", "C1": "t:3 t:4"}
    three = {**holding(members, first), **group(C2="t")}
    assert shown(uniform({"t": 5}, three)) == {"C0": "t:0 t:1", "C1": "t:3 t:4", "C2": "t:2"}


def test_it_moves_only_what_must_when_a_member_leaves() -> None:
    members = group(C0="t", C1="t", C2="t")
    held = holding(members, uniform({"t": 6}, members))
    del held["C1"]
    assert shown(uniform({"t": 6}, held)) == {"C0": "t:0 t:1 t:2", "C2": "t:3 t:4 t:5"}


def test_the_extra_partitions_belong_to_the_first_in_hash_order_even_if_another_holds_them() -> None:
    one, two = TopicPartition("t", 0), (TopicPartition("t", 1), TopicPartition("t", 2))
    members = {"C0": Subscription(("t",), (one,)), "C1": Subscription(("t",), two)}
    assert shown(uniform({"t": 3}, members)) == {"C0": "t:0 t:2", "C1": "t:1"}


def test_topics_with_most_partitions_for_each_subscriber_come_first() -> None:
    members = group(C0="t0", C1="t0 t1", C2="t0 t1 t2")
    assert shown(uniform({"t0": 1, "t1": 2, "t2": 3}, members)) == {
        "C0": "t0:0",
        "C1": "t1:0 t1:1",
        "C2": "t2:0 t2:1 t2:2",
    }


def test_and_so_another_topic_has_to_fill_up_what_they_leave() -> None:
    members = group(A="x y", B="x y", C="x")
    assert shown(uniform({"x": 2, "y": 3}, members)) == {"A": "y:0 y:2", "B": "y:1", "C": "x:0 x:1"}


def test_a_member_with_more_gives_up_to_one_with_fewer_within_a_topic() -> None:
    members = group(C0="t u", C1="t")
    held = {
        "C0": Subscription(("t", "u"), tuple(TopicPartition("t", at) for at in range(6))),
        "C1": members["C1"],
    }
    assert shown(uniform({"t": 6, "u": 2}, held)) == {"C0": "t:0 t:1 u:0 u:1", "C1": "t:2 t:3 t:4 t:5"}


def test_over_a_chain_of_topics_small_differences_stay() -> None:
    """The example of Kafka's own comment: 9, 10 and 11 are level topic by topic."""
    first, second = (
        [TopicPartition("a", at) for at in range(14)],
        [TopicPartition("b", at) for at in range(16)],
    )
    held = {
        "M1": Subscription(("a",), tuple(first[:9])),
        "M2": Subscription(("a", "b"), (*first[9:], *second[:5])),
        "M3": Subscription(("b",), tuple(second[5:])),
    }
    assert [len(got) for _, got in sorted(uniform({"a": 14, "b": 16}, held).items())] == [9, 10, 11]


@given(groups(), st.data())
def test_every_partition_goes_to_one_subscriber(
    case: tuple[dict[str, int], Members], data: st.DataObject
) -> None:
    topics, members = case
    first = uniform(topics, members)
    assert_valid(topics, members, first)
    after = data.draw(changed(topics, members, first))
    second = uniform(topics, after)
    assert_valid(topics, after, second)
    sizes = [len(got) for got in second.values()]
    if alike(after):
        assert max(sizes) - min(sizes) <= 1


@given(groups())
def test_where_nothing_has_changed_nothing_moves(case: tuple[dict[str, int], Members]) -> None:
    topics, members = case
    first = uniform(topics, members)
    assert shown(uniform(topics, holding(members, first))) == shown(first)


@pytest.mark.parametrize("members", [group(C0="t u", C1="t"), group(C0="t u", C1="t u")])
def test_its_range_is_the_clients_range_and_does_not_look_at_what_is_held(members: Members) -> None:
    counts = {"t": 5, "u": 3}
    expected = shown(CLIENT_SIDE["range"](counts, members))
    held = holding(members, uniform(counts, members))
    assert shown(BROKER_SIDE["range"](counts, held)) == expected


def test_nobody_gets_nothing() -> None:
    assert uniform({"t": 2}, {}) == {}
    assert uniform({"t": 2}, group(C0="", C1="")) == {"C0": [], "C1": []}
    assert shown(uniform({"t": 1}, group(C0="gone", C1="t"))) == {"C0": "", "C1": "t:0"}
