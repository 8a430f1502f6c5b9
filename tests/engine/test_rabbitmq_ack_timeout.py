"""How long the broker waits for an ack, and what it does then."""

from __future__ import annotations

import pytest

from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
from mqlab.engine.clients import pika
from mqlab.engine.events import ChannelClosed, ConsumerCancelled, Requeued
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

TEXT = (
    "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 15000 ms. This timeout value can "
    "be configured, see consumers doc guide to learn more"
)


def hasty(version: str) -> pika.BlockingConnection:
    """A connection to a broker that waits 15 s for an ack."""
    connection = connect(version)
    broker: RabbitMQ = connection.broker
    broker.consumer_timeout_us = 15_000_000
    return connection


@pytest.mark.parametrize("version", ["3.10", "4.0"])
@pytest.mark.parametrize("how", ["get", "consume"])
@pytest.mark.rule("rabbitmq/ack-timeout")
def test_a_channel_that_waits_for_an_ack_too_long_closes_at_its_next_minute(version: str, how: str) -> None:
    connection = hasty(version)
    other = another(connection)
    queue(other.channel(), "q")
    channel = connection.channel()
    publish(channel, "q", "m")
    if how == "get":
        take(channel, "q")
    else:
        Consumer(channel, "q")
    connection.sleep(59)
    assert channel.is_open
    connection.sleep(1)
    assert not channel.is_open
    (closed,) = told(ChannelClosed, "rabbitmq/ack-timeout", connection, other)
    assert (closed.code, closed.text) == (406, TEXT)
    assert bodies(other.channel(), "q") == ["m"]


@pytest.mark.parametrize("version", ["3.10", "4.0"])
@pytest.mark.rule("rabbitmq/ack-timeout")
def test_who_acks_in_time_may_go_on_for_ever(version: str) -> None:
    connection = hasty(version)
    channel = connection.channel()
    queue(channel, "q")
    for number in range(10):
        publish(channel, "q", str(number))
        tag = take(channel, "q").tag
        connection.sleep(14)
        channel.basic_ack(tag)
    assert channel.is_open


@every_version
@pytest.mark.rule("rabbitmq/ack-timeout")
def test_by_default_it_is_half_an_hour(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m")
    take(channel, "q")
    connection.sleep(30 * 60)
    assert channel.is_open
    connection.sleep(60)
    assert channel.is_open is (version == "4.3")


@pytest.mark.rule("rabbitmq/ack-timeout-cancels")
def test_4_3_cancels_the_late_consumer_of_a_quorum_queue_and_ignores_its_ack() -> None:
    connection = hasty("4.3")
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", x_delivery_limit=0)
    queue(channel, "plain")
    late, waits = Consumer(channel, "q"), Consumer(channel, "plain")
    publish(channel, "q", "a")
    publish(channel, "plain", "b")
    assert (late.got, waits.got) == (["a"], ["b"])
    connection.sleep(14.9)
    assert count(channel, "q") == 0
    connection.sleep(0.1)
    assert count(channel, "q") == 1, "it went back, and counted as no failure"
    assert len(told(ConsumerCancelled, "rabbitmq/ack-timeout-cancels", connection)) == 1
    assert [one.why for one in told(Requeued, "rabbitmq/ack-timeout-cancels", connection)] in (
        ["timeout"],
        [],
    )
    late.ack("a")
    waits.ack("b")
    assert channel.is_open
    assert bodies(channel, "q") == ["a"]


@pytest.mark.rule("rabbitmq/ack-timeout-of-its-own")
def test_a_queue_and_a_consumer_may_have_their_own() -> None:
    connection = hasty("4.3")
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1)
    queue(channel, "q", x_queue_type="quorum", x_consumer_timeout=5000)
    quick = Consumer(channel, "q", arguments={"x-consumer-timeout": 1000})
    usual = Consumer(channel, "q")
    publish(channel, "q", "a", "b")
    assert (quick.got, usual.got) == (["a"], ["b"])
    connection.sleep(1)
    assert count(channel, "q") == 1
    connection.sleep(3.9)
    assert count(channel, "q") == 1
    connection.sleep(0.1)
    assert count(channel, "q") == 2
    old = hasty("4.0")
    channel = old.channel()
    queue(channel, "q", x_consumer_timeout=70_000)
    publish(channel, "q", "m")
    take(channel, "q")
    old.sleep(119)
    assert channel.is_open
    old.sleep(1)
    assert not channel.is_open
