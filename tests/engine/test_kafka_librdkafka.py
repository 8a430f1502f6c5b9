"""What librdkafka itself does, on the mock cluster that it brings along: which partition it gives a record, and who reads it.

Of its assignors `range` and `roundrobin` are held against ours.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer

from mqlab.engine.brokers.kafka.assignors.by_name import CLIENT_SIDE
from mqlab.engine.brokers.kafka.assignors.subscription import Subscription, TopicPartition
from mqlab.engine.brokers.kafka.partitioner import consistent_random, java, murmur2_random

RECORDED = json.loads((Path(__file__).parents[1] / "traces" / "kafka_murmur2.json").read_text())
KEYS = sorted({str(case["key"]).encode() for kind in RECORDED.values() for case in kind})
MOCK = {"bootstrap.servers": "127.0.0.1:1", "test.mock.num.brokers": 3, "log_level": 0}
TOPICS = ["t0", "t1"]
PARTITIONS = 4  # of a topic that the mock cluster makes by itself


def sent(keys: list[bytes | None], **settings: str | int) -> dict[bytes | None, list[int]]:
    """Where each record went: by key, in the order in which they were sent. Nothing leaves this process."""
    found: dict[bytes | None, list[int]] = {}

    def arrived(error: object, message: object) -> None:
        assert error is None
        found.setdefault(message.key(), []).append(message.partition())  # type: ignore[attr-defined]

    producer = Producer(
        {"bootstrap.servers": "127.0.0.1:1", "test.mock.num.brokers": 3, "log_level": 0, **settings}
    )
    for partition in range(PARTITIONS):
        producer.produce("t", value=b"its leader is known once this has arrived", partition=partition)
    assert producer.flush(20) == 0
    for key in keys:
        producer.produce("t", value=b"v", key=key, on_delivery=arrived)
    assert producer.flush(20) == 0
    return found


@pytest.mark.parametrize("settings", [{}, {"partitioner": "consistent_random"}])
def test_its_default_is_crc32(settings: dict[str, str]) -> None:
    keys = [key for key in KEYS if key]
    assert sent(list(keys), **settings) == {key: [consistent_random(key, PARTITIONS)] for key in keys}


def test_murmur2_random_is_the_java_clients_choice_for_the_empty_key_too() -> None:
    expected = {key: [murmur2_random(key, PARTITIONS)] for key in KEYS}
    assert b"" in expected
    assert expected == {key: [java(key, PARTITIONS)] for key in KEYS}
    assert sent(list(KEYS), partitioner="murmur2_random") == expected


def test_without_a_key_it_stays_with_one_partition_while_it_lingers_and_draws_for_each_record_if_it_may_not() -> (
    None
):
    none: list[bytes | None] = [None] * 200
    staying = {"sticky.partitioning.linger.ms": 600_000}
    assert [len(set(got)) for got in sent(none, **staying).values()] == [1]
    assert [len(set(got)) for got in sent(none, **{"sticky.partitioning.linger.ms": 0}).values()] == [
        PARTITIONS
    ]


def test_an_empty_key_is_none_for_the_default() -> None:
    empty: list[bytes | None] = [b""] * 200
    assert [len(set(got)) for got in sent(empty, **{"sticky.partitioning.linger.ms": 0}).values()] == [
        PARTITIONS
    ]


class Group:
    """Consumers of one group on a mock cluster of their own, which has two topics of four partitions."""

    def __init__(self, strategy: str, members: int) -> None:
        self.producer = Producer(MOCK)
        for topic in TOPICS:
            self.producer.produce(topic, b"v")
        assert self.producer.flush(20) == 0
        (broker, *_) = self.producer.list_topics(timeout=20).brokers.values()
        settings = {
            "bootstrap.servers": f"127.0.0.1:{broker.port}",
            "group.id": "g",
            "partition.assignment.strategy": strategy,
            "log_level": 0,
        }
        self.consumers = [Consumer(settings) for _ in range(members)]
        for consumer in self.consumers:
            consumer.subscribe(TOPICS)

    def assigned(self) -> dict[str, set[TopicPartition]] | None:
        """By member id; None as long as not everything is given out."""
        got = {
            consumer.memberid(): {TopicPartition(one.topic, one.partition) for one in consumer.assignment()}
            for consumer in self.consumers
        }
        all_joined = len(got) == len(self.consumers) and all(got.values())
        return got if all_joined and sum(map(len, got.values())) == PARTITIONS * len(TOPICS) else None

    def close(self) -> None:
        for consumer in self.consumers:
            consumer.close()


def test_its_range_and_roundrobin_give_a_group_what_ours_give() -> None:
    """Both groups at once: the coordinator of each waits three seconds for whoever may join."""
    groups = {strategy: Group(strategy, 3) for strategy in ("range", "roundrobin")}
    waiting = dict(groups)
    for _ in range(1000):
        for strategy, one in list(waiting.items()):
            for consumer in one.consumers:
                consumer.poll(0.02)
            if one.assigned():
                del waiting[strategy]
        if not waiting:
            break
    for strategy, one in groups.items():
        got = one.assigned()
        assert got is not None
        members = {member: Subscription(tuple(TOPICS)) for member in got}
        ours = CLIENT_SIDE[strategy](dict.fromkeys(TOPICS, PARTITIONS), members)
        assert {member: set(given) for member, given in ours.items()} == got
        one.close()
