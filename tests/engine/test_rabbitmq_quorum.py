"""Quorum queues on one node: failed deliveries are counted, and what comes back has a place of its own."""

from __future__ import annotations

import pytest

from mqlab.engine.events import Dropped, Requeued
from tests.engine.rabbit import (
    Consumer,
    another,
    bodies,
    connect,
    count,
    every_version,
    publish,
    queue,
    take,
    told,
)


def limit(version: str) -> dict[str, int]:
    """An argument that leaves the limit at 20 in every version."""
    return {"x_delivery_limit": 20} if version == "3.10" else {}


@every_version
@pytest.mark.rule("rabbitmq/delivery-limit")
def test_one_failure_more_than_the_limit_ends_a_message(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", x_delivery_limit=2)
    publish(channel, "q", "poison")
    for _ in range(3):
        assert count(channel, "q") == 1
        channel.basic_reject(take(channel, "q").tag)
    assert count(channel, "q") == 0
    (dropped,) = told(Dropped, "rabbitmq/delivery-limit", connection)
    assert dropped.reason == "delivery_limit"


@pytest.mark.rule("rabbitmq/delivery-limit")
@pytest.mark.parametrize(("version", "deliveries"), [("4.0", 21), ("4.3", 21), ("3.10", None)])
def test_by_default_a_message_is_delivered_21_times_or_before_4_0_without_end(
    version: str, deliveries: int | None
) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    publish(channel, "q", "poison")
    seen = 0
    while seen < 50 and count(channel, "q"):
        channel.basic_reject(take(channel, "q").tag)
        seen += 1
    assert seen == (deliveries or 50)


@every_version
@pytest.mark.rule("rabbitmq/delivery-limit")
def test_a_channel_that_is_lost_counts_as_a_failure(version: str) -> None:
    connection = connect(version)
    queue(connection.channel(), "q", x_queue_type="quorum", x_delivery_limit=1)
    publish(connection.channel(), "q", "poison")
    for _ in range(2):
        crashing = another(connection)
        assert take(crashing.channel(), "q").body == "poison"
        crashing.close()
    assert count(connection.channel(), "q") == 0


@every_version
@pytest.mark.rule("rabbitmq/delivery-limit-nack-43")
def test_a_nack_counts_before_4_3_and_not_since(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum", x_delivery_limit=1)
    publish(channel, "q", "m")
    for _ in range(2):
        channel.basic_nack(take(channel, "q").tag)
    assert count(channel, "q") == (1 if version == "4.3" else 0)


@pytest.mark.rule("rabbitmq/delivery-limit-nack-43")
def test_in_4_3_a_reject_counts_on_after_nacks_that_did_not() -> None:
    channel = connect("4.3").channel()
    queue(channel, "q", x_queue_type="quorum", x_delivery_limit=1)
    publish(channel, "q", "m")
    for _ in range(30):
        channel.basic_nack(take(channel, "q").tag)
    got = take(channel, "q")
    assert got.redelivered
    channel.basic_reject(got.tag)
    channel.basic_reject(take(channel, "q").tag)
    assert count(channel, "q") == 0


@every_version
@pytest.mark.rule("rabbitmq/quorum-requeue-front")
def test_with_a_limit_what_comes_back_is_served_first_in_the_order_of_its_return(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", **limit(version))
    publish(channel, "q", "m1", "m2", "m3", "m4", "m5")
    m1, m2, m3 = (take(channel, "q") for _ in range(3))
    channel.basic_nack(m3.tag)
    channel.basic_nack(m1.tag)
    assert bodies(channel, "q") == ["m3", "m1", "m4", "m5"]
    back = told(Requeued, "rabbitmq/quorum-requeue-front", connection)
    assert [one.at for one in back] == [(0,), (1,)]
    channel.basic_ack(m2.tag)


@every_version
@pytest.mark.rule("rabbitmq/quorum-requeue-back")
def test_without_a_limit_what_comes_back_goes_to_the_back(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", **({} if version == "3.10" else {"x_delivery_limit": -1}))
    publish(channel, "q", "m1", "m2", "m3")
    channel.basic_nack(take(channel, "q").tag)
    assert bodies(channel, "q") == ["m2", "m3", "m1"]
    (back,) = told(Requeued, "rabbitmq/quorum-requeue-back", connection)
    assert back.at == (2,)


@every_version
@pytest.mark.parametrize("limited", [True, False])
@pytest.mark.rule("rabbitmq/close-requeues")
@pytest.mark.rule("rabbitmq/quorum-requeue-back")
def test_what_a_closed_channel_held_is_served_first_with_a_limit_or_without(
    version: str, limited: bool
) -> None:
    connection = connect(version)
    channel = connection.channel()
    unlimited = {} if version == "3.10" else {"x_delivery_limit": -1}
    queue(channel, "q", x_queue_type="quorum", **({"x_delivery_limit": 5} if limited else unlimited))
    publish(channel, "q", "m1", "m2", "m3")
    take(channel, "q")
    take(channel, "q")
    channel.close()
    assert bodies(connection.channel(), "q") == ["m1", "m2", "m3"]


@pytest.mark.parametrize(("version", "left"), [("3.10", []), ("4.0", ["m"]), ("4.3", ["m"])])
@pytest.mark.rule("rabbitmq/delivery-limit-below-zero")
def test_a_limit_below_0_is_none_since_4_and_broken_at_once_before(version: str, left: list[str]) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum", x_delivery_limit=-1)
    publish(channel, "q", "m")
    channel.basic_nack(take(channel, "q").tag)
    assert bodies(channel, "q") == left


@every_version
@pytest.mark.rule("rabbitmq/delivery-count-header")
def test_from_the_second_delivery_on_the_failures_are_told(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    publish(channel, "q", "m", headers={"own": 1})
    consumer = Consumer(channel, "q")
    for seen in (1, 2, 3):
        assert len(consumer.got) == seen
        channel.basic_reject(consumer.seen[-1].tag)
    assert [one.headers for one in consumer.seen] == [
        {"own": 1}, {"own": 1, "x-delivery-count": 1}, {"own": 1, "x-delivery-count": 2},
    ]  # fmt: skip


@every_version
@pytest.mark.rule("rabbitmq/delivery-count-header")
def test_a_get_of_3_10_is_told_a_count_of_0_too(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    queue(channel, "classic")
    publish(channel, "q", "m")
    publish(channel, "classic", "m")
    got = take(channel, "q")
    channel.basic_reject(got.tag)
    assert got.headers == ({"x-delivery-count": 0} if version == "3.10" else {})
    assert take(channel, "q").headers == {"x-delivery-count": 1}
    assert take(channel, "classic").headers == {}


@every_version
@pytest.mark.rule("rabbitmq/quorum-prefetch-2000")
def test_no_prefetch_means_2000(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    consumer = Consumer(channel, "q")
    publish(channel, "q", *(str(n) for n in range(2001)))
    assert len(consumer.got) == 2000
    assert count(channel, "q") == 1
    consumer.ack("7")
    assert consumer.got[-1] == "2000"


@every_version
@pytest.mark.rule("rabbitmq/quorum-reject-publish")
def test_one_more_than_the_limit_comes_in_and_then_none_until_there_is_room(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", x_max_length=2, x_overflow="reject-publish")
    publish(channel, "q", *"abcd")
    assert count(channel, "q") == 3
    (dropped,) = told(Dropped, "rabbitmq/quorum-reject-publish", connection)
    assert dropped.of == ("client-1-4@q",)
    take(channel, "q", auto_ack=True)
    publish(channel, "q", "e")
    assert count(channel, "q") == 2, "that is not over the limit, but more than four fifths of it"
    take(channel, "q", auto_ack=True)
    publish(channel, "q", "f")
    assert bodies(channel, "q") == ["c", "f"]


@pytest.mark.rule("rabbitmq/quorum-reject-publish")
def test_who_comes_to_a_quorum_queue_that_is_over_its_limit_is_refused_at_once() -> None:
    connection = connect("3.10")
    channel, late = connection.channel(), connection.channel()
    queue(channel, "q", x_queue_type="quorum", x_max_length=1, x_overflow="reject-publish")
    publish(channel, "q", "a", "b")
    publish(late, "q", "c")
    assert bodies(channel, "q") == ["a", "b"]


@every_version
@pytest.mark.rule("rabbitmq/exclusive-consumer")
def test_a_quorum_queue_knows_no_exclusive_consumer(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    Consumer(channel, "q", exclusive=True)
    Consumer(channel, "q", exclusive=True)
    assert channel.queue_declare("q", passive=True).method.consumer_count == 2
