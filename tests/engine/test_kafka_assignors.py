"""Kafka's client-side assignors: recorded outcomes, the examples of its documentation, and what holds for every group."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.kafka.assignors.balance import Balance
from mqlab.engine.brokers.kafka.assignors.by_name import CLIENT_SIDE
from mqlab.engine.brokers.kafka.assignors.java_order import hash_order, string_hash
from mqlab.engine.brokers.kafka.assignors.member_order import member_order
from mqlab.engine.brokers.kafka.assignors.sticky_assignor import decide
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Subscription, TopicPartition
from mqlab.replay import kafka

TRACES = Path(__file__).parents[1] / "traces"
RECORDED = [
    case
    for name in ("kafka_assignors", "kafka_assignors_3_9")
    for kind in kafka.ASSIGNOR_LISTS
    for case in json.loads((TRACES / f"{name}.json").read_text()).get(kind, ())
]
Members = dict[str, Subscription]


def sets(assignment: Mapping[str, list[str]]) -> dict[str, set[str]]:
    return {member: set(got) for member, got in assignment.items()}


@pytest.mark.parametrize(
    "case", RECORDED, ids=[f"{one['assignor']} {one.get('name') or one['test']}" for one in RECORDED]
)
def test_each_gives_everybody_what_kafkas_class_gave(case: dict[str, object]) -> None:
    got = kafka.assignors(case)
    rounds = zip(case.get("rounds", [case]), got.get("rounds", [got]), strict=True)  # type: ignore[call-overload]
    for number, (expected, ours) in enumerate(rounds):
        what = "assignment" if "assignment" in expected else "expected"
        assert sets(ours[what]) == sets(expected[what]), number
        assert ours.get(kafka.TRANSFERRING) == expected.get(kafka.TRANSFERRING)


def group(**topics: str) -> Members:
    """Members and the topics that each subscribes to, as `C0="t0 t1"`."""
    return {member: Subscription(tuple(names.split())) for member, names in topics.items()}


def holding(members: Members, assignment: Assignment, generation: int = 1) -> Members:
    """The same members after a rebalance: each holds what it was given."""
    return {
        name: Subscription(one.topics, tuple(assignment[name]), generation, one.group_instance_id)
        for name, one in members.items()
    }


def shown(assignment: Assignment) -> dict[str, str]:
    return {member: " ".join(map(str, sorted(got))) for member, got in assignment.items()}


TWICE_THREE = {"t0": 3, "t1": 3}
UNEQUAL = group(C0="t0", C1="t0 t1", C2="t0 t1 t2")


@pytest.mark.parametrize(
    ("assignor", "expected"),
    [
        ("range", {"C0": "t0:0 t0:1 t1:0 t1:1", "C1": "t0:2 t1:2"}),
        ("roundrobin", {"C0": "t0:0 t0:2 t1:1", "C1": "t0:1 t1:0 t1:2"}),
    ],
)
def test_range_adds_up_over_topics_and_roundrobin_does_not(assignor: str, expected: dict[str, str]) -> None:
    assert shown(CLIENT_SIDE[assignor](TWICE_THREE, group(C0="t0 t1", C1="t0 t1"))) == expected


def test_with_unequal_subscriptions_roundrobin_is_uneven_and_sticky_is_not() -> None:
    counts = {"t0": 1, "t1": 2, "t2": 3}
    dealt = CLIENT_SIDE["roundrobin"](counts, UNEQUAL)
    assert shown(dealt) == {"C0": "t0:0", "C1": "t1:0", "C2": "t1:1 t2:0 t2:1 t2:2"}
    assert shown(CLIENT_SIDE["sticky"](counts, UNEQUAL)) == {
        "C0": "t0:0",
        "C1": "t1:0 t1:1",
        "C2": "t2:0 t2:1 t2:2",
    }


def test_sticky_gives_up_the_highest_numbers() -> None:
    first = holding(group(C0="t"), CLIENT_SIDE["sticky"]({"t": 6}, group(C0="t")))
    second = CLIENT_SIDE["sticky"]({"t": 6}, {**first, **group(C1="t")})
    assert shown(second) == {"C0": "t:0 t:1 t:2", "C1": "t:3 t:4 t:5"}
    third = CLIENT_SIDE["sticky"]({"t": 6}, {**holding({**first, **group(C1="t")}, second), **group(C2="t")})
    assert shown(third) == {"C0": "t:0 t:1", "C1": "t:3 t:4", "C2": "t:2 t:5"}


def test_cooperative_withholds_what_somebody_else_still_holds_and_hands_it_over_in_the_second_pass() -> None:
    cooperative, counts = CLIENT_SIDE["cooperative-sticky"], {"t": 6}
    both = {**holding(group(C0="t"), cooperative(counts, group(C0="t"))), **group(C1="t")}
    first = cooperative(counts, both)
    assert shown(first) == {"C0": "t:0 t:1 t:2", "C1": ""}
    assert shown(cooperative(counts, holding(both, first))) == {"C0": "t:0 t:1 t:2", "C1": "t:3 t:4 t:5"}


def test_what_nobody_holds_is_given_in_the_first_pass() -> None:
    cooperative = CLIENT_SIDE["cooperative-sticky"]
    both = group(C0="t", C1="t")
    held = holding(both, cooperative({"t": 4}, both))
    assert shown(cooperative({"t": 4}, {"C1": held["C1"]})) == {"C1": "t:0 t:1 t:2 t:3"}


def test_static_members_come_first_by_instance_and_keep_their_partitions_under_a_new_member_id() -> None:
    members = {
        "a": Subscription(("t",), group_instance_id="i2"),
        "b": Subscription(("t",), group_instance_id="i1"),
        "c10": Subscription(("t",)),
        "c2": Subscription(("t",)),
    }
    assert member_order(members) == ["b", "a", "c10", "c2"]
    before = CLIENT_SIDE["range"]({"t": 4}, members)
    members["z"] = members.pop("a")
    assert CLIENT_SIDE["range"]({"t": 4}, members)["z"] == before["a"]


def test_a_younger_generation_has_what_two_members_claim() -> None:
    both = (TopicPartition("t", 0), TopicPartition("t", 1))
    members = {"C0": Subscription(("t",), both, 1), "C1": Subscription(("t",), both[:1], 2)}
    decided = decide({"t": 2}, members)
    assert shown(decided.assignment) == {"C0": "t:1", "C1": "t:0"}
    assert decided.transferring == {}


def test_what_two_claim_in_one_generation_belongs_to_neither_and_changes_hands() -> None:
    one = (TopicPartition("t", 0),)
    members = {"C0": Subscription(("t",), one, 3), "C1": Subscription(("t",), one, 3)}
    decided = decide({"t": 1}, members)
    assert shown(decided.assignment) == {"C0": "t:0", "C1": ""}
    assert decided.transferring == {one[0]: "C0"}
    assert shown(CLIENT_SIDE["cooperative-sticky"]({"t": 1}, members)) == {"C0": "", "C1": ""}


@pytest.mark.parametrize("assignor", CLIENT_SIDE)
def test_a_topic_that_is_not_there_or_that_nobody_wants_is_given_to_nobody(assignor: str) -> None:
    assert shown(CLIENT_SIDE[assignor]({"t": 2, "other": 9}, group(C0="t gone"))) == {"C0": "t:0 t:1"}
    assert CLIENT_SIDE[assignor]({"t": 2}, group(C0="")) == {"C0": []}
    assert CLIENT_SIDE[assignor]({"t": 2}, {}) == {}


@pytest.mark.parametrize("assignor", ["sticky", "cooperative-sticky"])
def test_what_is_gone_is_kept_by_nobody(assignor: str) -> None:
    held = (TopicPartition("gone", 0), TopicPartition("t", 7), TopicPartition("t", 0))
    for others in (group(C1="t"), group(C1="t u")):
        members = {"C0": Subscription(("t",), held, 1), **others}
        assignment = CLIENT_SIDE[assignor]({"t": 2, "u": 1}, members)
        assert_valid({"t": 2, "u": 1}, members, assignment)
        assert TopicPartition("t", 0) in assignment["C0"]


def test_a_group_for_which_kafkas_class_moves_partitions_round_for_ever_has_an_assignment_here() -> None:
    """kafka-clients 3.9.2 was stopped after 20 s."""
    counts = {"t0": 3, "t1": 7, "t2": 9, "t3": 8, "t4": 4}
    members = group(m0="t4 t2 t0", m1="t1", m2="t1", m3="t0 t2 t4", m4="t1 t4 t0", m5="t3 t4 t0")
    three = {name: members[name] for name in ("m0", "m1", "m2")}
    joined = {**members, **holding(three, CLIENT_SIDE["sticky"](counts, three))}
    assignment = CLIENT_SIDE["sticky"](counts, joined)
    assert_valid(counts, joined, assignment)
    assert sorted(map(len, assignment.values())) == [3, 3, 5, 6, 6, 8]


def test_java_walks_a_hash_map_by_hash_and_table() -> None:
    assert [string_hash(text) for text in ("", "C0", "é", "😀")] == [0, 2125, 233, 1772899]
    assert hash_order(["consumer1", "consumer2", "consumer3"]) == ["consumer3", "consumer2", "consumer1"]
    assert hash_order(["Aa", "BB"]) == ["Aa", "BB"]  # the same hash: as inserted
    assert hash_order(["BB", "Aa"]) == ["BB", "Aa"]


names = st.sampled_from(["a", "b", "c", "d", "e"])
counts = st.dictionaries(names, st.integers(1, 7), min_size=1)
ids = st.sampled_from([f"consumer-{number}" for number in range(12)])


@st.composite
def groups(draw: st.DrawFn, alike: bool | None = None) -> tuple[dict[str, int], Members]:
    topics = draw(counts)
    wanted = st.lists(st.sampled_from(sorted(topics)), min_size=1, unique=True).map(tuple)
    same = draw(st.booleans()) if alike is None else alike
    shared = draw(wanted)
    return topics, {
        member: Subscription(shared if same else draw(wanted))
        for member in draw(st.lists(ids, min_size=1, unique=True))
    }


@st.composite
def changed(draw: st.DrawFn, topics: dict[str, int], members: Members, assignment: Assignment) -> Members:
    """The group after a rebalance and some coming and going."""
    after = holding(members, assignment)
    shared = draw(st.sampled_from(list(members.values()))).topics
    for member in draw(st.lists(st.sampled_from(sorted(members)), unique=True, max_size=len(members) - 1)):
        del after[member]
    for member in draw(st.lists(ids, unique=True, max_size=4)):
        after.setdefault(member, Subscription(shared))
    return after


def all_partitions(topics: Mapping[str, int], members: Members) -> list[TopicPartition]:
    wanted = {topic for one in members.values() for topic in one.topics}
    return [TopicPartition(topic, at) for topic in sorted(wanted) for at in range(topics.get(topic, 0))]


def assert_valid(topics: Mapping[str, int], members: Members, assignment: Assignment) -> None:
    assert assignment.keys() == members.keys()
    assert sorted(one for got in assignment.values() for one in got) == all_partitions(topics, members)
    for member, got in assignment.items():
        assert {one.topic for one in got} <= set(members[member].topics)


def alike(members: Members) -> bool:
    return len({frozenset(one.topics) for one in members.values()}) == 1


@given(groups(), st.sampled_from(sorted(CLIENT_SIDE)), st.data())
def test_every_partition_goes_to_one_subscriber(
    case: tuple[dict[str, int], Members], assignor: str, data: st.DataObject
) -> None:
    topics, members = case
    first = CLIENT_SIDE[assignor](topics, members)
    assert_valid(topics, members, first)
    if assignor != "cooperative-sticky":
        after = data.draw(changed(topics, members, first))
        assert_valid(topics, after, CLIENT_SIDE[assignor](topics, after))


@given(groups(alike=True), st.data())
def test_where_all_subscribe_alike_sticky_is_even_and_keeps_as_much_as_that_allows(
    case: tuple[dict[str, int], Members], data: st.DataObject
) -> None:
    topics, members = case
    after = data.draw(changed(topics, members, CLIENT_SIDE["sticky"](topics, members)))
    assignment = CLIENT_SIDE["sticky"](topics, after)
    sizes = [len(got) for got in assignment.values()]
    assert max(sizes) - min(sizes) <= 1
    quota, larger = divmod(sum(sizes), len(after))
    held = [len(one.owned) for one in after.values()]
    possible = sum(min(one, quota) for one in held) + min(larger, sum(one > quota for one in held))
    assert sum(len(set(after[member].owned) & set(got)) for member, got in assignment.items()) == possible


@given(groups())
def test_a_first_sticky_assignment_is_as_even_as_subscriptions_allow(
    case: tuple[dict[str, int], Members],
) -> None:
    topics, members = case
    assignment = CLIENT_SIDE["sticky"](topics, members)
    order, numbers = sorted(members), {topic: at for at, topic in enumerate(sorted(topics))}
    able = [
        [at for at, name in enumerate(order) if topic in members[name].topics] for topic in sorted(topics)
    ]
    balance = Balance(able, [topics[topic] for topic in sorted(topics)], len(order))
    for name, got in assignment.items():
        for one in got:
            balance.got(order.index(name), numbers[one.topic])
    assert balance.is_balanced()


@given(groups(), st.sampled_from(["sticky", "cooperative-sticky"]))
def test_where_nothing_has_changed_nothing_moves(case: tuple[dict[str, int], Members], assignor: str) -> None:
    topics, members = case
    first = CLIENT_SIDE[assignor](topics, members)
    assert shown(CLIENT_SIDE[assignor](topics, holding(members, first))) == shown(first)


@given(groups(), st.data())
def test_cooperative_gives_nobody_what_another_holds_and_is_done_after_the_second_pass(
    case: tuple[dict[str, int], Members], data: st.DataObject
) -> None:
    topics, members = case
    cooperative = CLIENT_SIDE["cooperative-sticky"]
    after = data.draw(changed(topics, members, cooperative(topics, members)))
    first = cooperative(topics, after)
    held = {one: member for member, own in after.items() for one in own.owned}
    assert all(held.get(one, member) == member for member, got in first.items() for one in got)
    second_group = holding(after, first, 2)
    assert_valid(topics, after, cooperative(topics, second_group))
    if alike(after):
        assert decide(topics, second_group).transferring == {}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_the_score_is_the_sum_of_all_differences(sizes: list[int]) -> None:
    balance = Balance([list(range(len(sizes)))], [sum(sizes)], len(sizes))
    for member, size in enumerate(sizes):
        for _ in range(size):
            balance.got(member, 0)
    expected = sum(abs(one - other) for at, one in enumerate(sizes) for other in sizes[:at])
    assert balance.score(range(len(sizes))) == expected


def test_the_seed_of_pythons_hash_decides_nothing() -> None:
    program = (
        "import random\n"
        "from mqlab.engine.brokers.kafka.assignors.by_name import BROKER_SIDE, CLIENT_SIDE\n"
        "from mqlab.engine.brokers.kafka.assignors.subscription import Subscription\n"
        "chance = random.Random(5)\n"
        "topics = {f't{n}': chance.randint(1, 9) for n in range(12)}\n"
        "for turn in range(20):\n"
        "    members = {f'm{n}': Subscription(tuple(t for t in topics if chance.random() < 0.5)) for n in range(9)}\n"
        "    for assign in [*CLIENT_SIDE.values(), *BROKER_SIDE.values()]:\n"
        "        first = assign(topics, members)\n"
        "        held = {m: Subscription(one.topics, tuple(first[m]), 1) for m, one in members.items() if m != 'm3'}\n"
        "        print(first, assign(topics, held))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 10_000
