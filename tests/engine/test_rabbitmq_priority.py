"""Priorities of messages: classic queues that were given levels, and quorum queues, which have them since 4.0."""

from __future__ import annotations

import pytest

from mqlab.engine.events import Dropped, Enqueued, Expired
from tests.engine.rabbit import (
    Consumer,
    another,
    bodies,
    connect,
    count,
    every_version,
    publish,
    queue,
    refused,
    restart,
    take,
    told,
)

QUORUM = {"x_queue_type": "quorum"}


@every_version
@pytest.mark.rule("rabbitmq/priority-classic")
def test_the_highest_priority_goes_first_and_the_oldest_within_one(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_priority=5)
    publish(channel, "q", "none")
    for body, priority in [("two", 2), ("five", 5), ("nine is five", 9), ("two again", 2), ("zero", 0)]:
        publish(channel, "q", body, priority=priority)
    assert [one.at for one in told(Enqueued, "rabbitmq/priority-classic", connection)] == [0, 0, 1, 3]
    assert bodies(channel, "q") == ["five", "nine is five", "two", "two again", "none", "zero"]


@pytest.mark.rule("rabbitmq/priority-classic")
def test_what_a_consumer_holds_is_not_overtaken_and_comes_back_to_its_place_in_its_level() -> None:
    channel = connect().channel()
    queue(channel, "q", x_max_priority=5)
    channel.basic_qos(prefetch_count=1)
    consumer = Consumer(channel, "q")
    publish(channel, "q", "low 1", "low 2")
    publish(channel, "q", "high", priority=5)
    assert consumer.got == ["low 1"]
    channel.basic_nack(consumer.seen[0].tag)
    assert consumer.got == ["low 1", "high"]
    consumer.ack("high")
    assert [(one.body, one.redelivered) for one in consumer.seen if consumer.got][-1] == ("low 1", True)


@pytest.mark.rule("rabbitmq/priority-classic")
def test_without_levels_a_classic_queue_does_not_look_at_priorities() -> None:
    channel = connect().channel()
    queue(channel, "q")
    publish(channel, "q", "first")
    publish(channel, "q", "urgent", priority=9)
    assert bodies(channel, "q") == ["first", "urgent"]


@pytest.mark.rule("rabbitmq/priority-classic")
def test_a_restart_leaves_what_is_persistent_in_its_order() -> None:
    connection = connect()
    channel = connection.channel()
    queue(channel, "q", x_max_priority=5)
    publish(channel, "q", "low", priority=1)
    publish(channel, "q", "gone", priority=3, delivery_mode=1)
    publish(channel, "q", "high", priority=5)
    assert bodies(restart(connection).channel(), "q") == ["high", "low"]


@every_version
@pytest.mark.rule("rabbitmq/priority-drop-head")
def test_a_full_queue_drops_its_most_urgent(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_priority=5, x_max_length=2)
    publish(channel, "q", "high", priority=5)
    publish(channel, "q", "low")
    publish(channel, "q", "middle", priority=3)
    (dropped,) = told(Dropped, "rabbitmq/priority-drop-head", connection)
    assert dropped.reason == "maxlen"
    assert bodies(channel, "q") == ["middle", "low"]


@every_version
@pytest.mark.rule("rabbitmq/priority-unwatched-ttl")
def test_what_overtakes_others_may_be_delivered_after_its_time(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_priority=5)
    publish(channel, "q", "low")
    publish(channel, "q", "late", priority=5, expiration="100")
    connection.sleep(1)
    assert count(channel, "q") == 2
    assert take(channel, "q").body == "late"
    publish(channel, "q", "behind", priority=0, expiration="100")
    connection.sleep(1)
    channel.basic_get("q", auto_ack=True)
    assert count(channel, "q") == 0, "when the one before it leaves, the new head is looked at"


@pytest.mark.rule("rabbitmq/priority-quorum-ignored")
def test_3_10_has_no_priorities_in_quorum_queues() -> None:
    channel = connect("3.10").channel()
    queue(channel, "q", **QUORUM)
    publish(channel, "q", "first")
    publish(channel, "q", "urgent", priority=9)
    assert bodies(channel, "q") == ["first", "urgent"]


@pytest.mark.rule("rabbitmq/priority-quorum-two-to-one")
def test_4_0_serves_two_of_the_high_half_and_then_one_of_the_low() -> None:
    channel = connect("4.0").channel()
    queue(channel, "q", **QUORUM)
    publish(channel, "q", "a", "b", "c", "d")
    for body in "UVWXY":
        publish(channel, "q", body, priority=5)
    publish(channel, "q", "e", priority=4)
    assert bodies(channel, "q") == list("UVaWXbYcde")


@pytest.mark.rule("rabbitmq/priority-quorum-two-to-one")
def test_4_0_never_lets_a_younger_ordinary_message_pass_an_older_urgent_one() -> None:
    connection = connect("4.0")
    channel = connection.channel()
    queue(channel, "q", **QUORUM)
    for body in "UVWX":
        publish(channel, "q", body, priority=9)
    publish(channel, "q", "a", "b")
    publish(channel, "q", "Y", priority=9)
    assert [one.at for one in told(Enqueued, "rabbitmq/priority-quorum-two-to-one", connection)] == [4]
    assert bodies(channel, "q") == list("UVWXYab")


@pytest.mark.rule("rabbitmq/priority-quorum-strict")
def test_4_3_has_32_levels_and_4_is_usual() -> None:
    connection = connect("4.3")
    channel = connection.channel()
    queue(channel, "q", x_max_priority=2, **QUORUM)  # which it does not look at
    publish(channel, "q", "usual")
    for priority in (3, 40, 31, 5, 4):
        publish(channel, "q", str(priority), priority=priority)
    assert bodies(channel, "q") == ["40", "31", "5", "usual", "4", "3"]


@pytest.mark.parametrize("version", ["3.10", "4.0"])
@pytest.mark.rule("rabbitmq/quorum-declare")
def test_before_4_3_a_quorum_queue_takes_no_x_max_priority(version: str) -> None:
    channel = connect(version).channel()
    text = "invalid arg 'x-max-priority' for queue 'q' in vhost '/' of queue type rabbit_quorum_queue"
    with refused(406, f"PRECONDITION_FAILED - {text}"):
        queue(channel, "q", x_max_priority=5, **QUORUM)


@pytest.mark.parametrize("version", ["4.0", "4.3"])
@pytest.mark.rule("rabbitmq/quorum-requeue-front")
def test_what_comes_back_to_a_quorum_queue_goes_first_whatever_its_priority(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", **QUORUM)
    publish(channel, "q", "low", priority=0)
    tag = take(channel, "q").tag
    publish(channel, "q", "high", priority=9)
    channel.basic_nack(tag)
    assert bodies(channel, "q") == ["low", "high"]


@pytest.mark.parametrize("version", ["4.0", "4.3"])
@pytest.mark.rule("rabbitmq/quorum-requeue-back")
def test_without_a_limit_what_comes_back_to_a_quorum_queue_has_lost_its_priority(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_delivery_limit=-1, **QUORUM)
    publish(channel, "q", "high", priority=9)
    tag = take(channel, "q").tag
    publish(channel, "q", "usual", priority=4)
    channel.basic_nack(tag)
    assert bodies(channel, "q") == ["usual", "high"]


@pytest.mark.rule("rabbitmq/ttl-each-priority")
@pytest.mark.parametrize(("version", "left"), [("4.0", 2), ("4.3", 1)])
def test_4_3_looks_at_the_head_of_each_priority(version: str, left: int) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", **QUORUM)
    publish(channel, "q", "high", priority=9)
    publish(channel, "q", "short", priority=1, expiration="100")
    connection.sleep(1)
    assert count(channel, "q") == left
    assert len(told(Expired, "rabbitmq/ttl-each-priority", connection)) == 2 - left


@every_version
@pytest.mark.rule("rabbitmq/quorum-consumer-count")
def test_a_quorum_queue_counts_who_holds_something_as_a_consumer(version: str) -> None:
    connection = connect(version)
    channel, getter = connection.channel(), another(connection).channel()
    queue(channel, "q", **QUORUM)
    publish(channel, "q", "a", "b", "c")

    def consumers() -> int:
        counted: int = channel.queue_declare("q", passive=True).method.consumer_count
        return counted

    first, _ = take(getter, "q"), take(getter, "q")
    assert consumers() == 2
    consumer = Consumer(channel, "q")
    assert consumers() == 3
    channel.basic_cancel(consumer.tag)
    assert consumers() == 3, "it has cancelled, and still holds one"
    consumer.ack("c")
    assert consumers() == 2
    getter.basic_ack(first.tag)
    getter.close()
    assert consumers() == 0
