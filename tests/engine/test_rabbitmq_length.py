"""Queues with limits: what they count, and what they do when they are full."""

from __future__ import annotations

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import Confirmed, DeadLettered, Dropped
from tests.engine.rabbit import (
    Consumer,
    bodies,
    connect,
    count,
    drain,
    every_version,
    publish,
    queue,
    take,
    told,
)

KINDS = pytest.mark.parametrize("kind", ["classic", "quorum"])
TO_GRAVE = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "grave"}


@every_version
@pytest.mark.rule("rabbitmq/max-length-ready-only")
@pytest.mark.rule("rabbitmq/overflow-drop-head")
def test_a_limit_counts_what_is_ready_and_what_comes_back_over_it_goes(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_length=2)
    publish(channel, "q", "m1", "m2")
    tags = [take(channel, "q").tag for _ in range(2)]
    publish(channel, "q", "m3", "m4")
    assert count(channel, "q") == 2
    assert not [one for one in connection.events if isinstance(one, Dropped)]
    channel.basic_nack(tags[1], multiple=True)
    assert bodies(channel, "q") == ["m3", "m4"]
    dropped = told(Dropped, "rabbitmq/overflow-drop-head", connection)
    assert [(one.of[0].split("@")[0][-1], one.reason) for one in dropped] == [
        ("1", "maxlen"),
        ("2", "maxlen"),
    ]


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/max-length-ready-only")
def test_a_limit_in_bytes_counts_bodies(version: str, kind: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_max_length_bytes=10, x_queue_type=kind)
    publish(channel, "q", "12345", "12345", headers={"not": "counted"})
    assert count(channel, "q") == 2
    publish(channel, "q", "x")
    assert bodies(channel, "q") == ["12345", "x"]


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/overflow-drop-head")
def test_a_full_queue_drops_its_oldest_and_acks_the_new_one(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_length=2, x_queue_type=kind)
    channel.confirm_delivery()
    publish(channel, "q", "m1", "m2", "m3")
    assert bodies(channel, "q") == ["m2", "m3"]
    (dropped,) = told(Dropped, "rabbitmq/overflow-drop-head", connection)
    assert (dropped.queue, dropped.reason) == ("q", "maxlen")
    assert [one.ok for one in connection.events if isinstance(one, Confirmed)] == [True] * 3


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/overflow-drop-head")
def test_what_a_full_queue_drops_becomes_a_dead_letter_where_there_is_a_place_for_it(
    version: str, kind: str
) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_max_length=1, x_queue_type=kind, **TO_GRAVE)
    publish(channel, "q", "m1", "m2")
    assert bodies(channel, "q") == ["m2"]
    (letter,) = drain(channel, "grave")
    assert letter.body == "m1"
    assert [letter.headers["x-death"][0][field] for field in ("queue", "reason", "count")] == [
        "q",
        "maxlen",
        1,
    ]
    (died,) = told(DeadLettered, "rabbitmq/overflow-drop-head", connection)
    assert died.reason == "maxlen"


@every_version
@pytest.mark.rule("rabbitmq/overflow-reject-publish")
def test_a_queue_that_rejects_keeps_what_it_has(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_max_length=2, x_overflow="reject-publish", **TO_GRAVE)
    channel.confirm_delivery()
    publish(channel, "q", "m1", "m2")
    with pytest.raises(pika.NackError):
        publish(channel, "q", "m3")
    assert bodies(channel, "q") == ["m1", "m2"]
    assert count(channel, "grave") == 0
    (dropped,) = told(Dropped, "rabbitmq/overflow-reject-publish", connection)
    assert dropped.reason == "refused"
    publish(channel, "q", "m4")
    assert bodies(channel, "q") == ["m4"]


@every_version
@pytest.mark.parametrize("overflow", ["reject-publish", "reject-publish-dlx"])
@pytest.mark.rule("rabbitmq/max-length-ready-only")
def test_what_comes_back_may_take_a_queue_that_rejects_over_its_limit(version: str, overflow: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_max_length=1, x_overflow=overflow)
    publish(channel, "q", "m1")
    first = take(channel, "q")
    publish(channel, "q", "m2")
    channel.basic_nack(first.tag)
    publish(channel, "q", "m3")
    assert bodies(channel, "q") == ["m1", "m2"]


@every_version
@pytest.mark.rule("rabbitmq/overflow-reject-publish-dlx")
def test_a_refused_message_may_become_a_dead_letter_and_is_nacked_all_the_same(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_max_length=1, x_overflow="reject-publish-dlx", **TO_GRAVE)
    channel.confirm_delivery()
    publish(channel, "q", "m1")
    with pytest.raises(pika.NackError):
        publish(channel, "q", "m2")
    assert bodies(channel, "q") == ["m1"]
    (letter,) = drain(channel, "grave")
    assert (letter.body, letter.headers["x-first-death-reason"]) == ("m2", "maxlen")
    (died,) = told(DeadLettered, "rabbitmq/overflow-reject-publish-dlx", connection)
    assert died.reason == "maxlen"


@every_version
@pytest.mark.rule("rabbitmq/max-length-zero")
def test_a_queue_of_length_nothing_only_passes_on(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_length=0)
    publish(channel, "q", "nobody is there")
    assert count(channel, "q") == 0
    channel.basic_qos(prefetch_count=1)
    consumer = Consumer(channel, "q")
    publish(channel, "q", "taken", "no room")
    consumer.ack("taken")
    assert consumer.got == ["taken"]
    dropped = told(Dropped, "rabbitmq/max-length-zero", connection)
    assert [one.reason for one in dropped] == ["maxlen", "maxlen"]


@every_version
@pytest.mark.rule("rabbitmq/max-length-zero")
@pytest.mark.rule("rabbitmq/max-length-ready-only")
def test_what_comes_back_to_a_full_classic_queue_goes_before_anybody_can_take_it(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_max_length=0)
    consumer = Consumer(channel, "q")
    publish(channel, "q", "m")
    assert consumer.got == ["m"]
    channel.basic_reject(consumer.seen[0].tag)
    assert consumer.got == ["m"]
    assert count(channel, "q") == 0
