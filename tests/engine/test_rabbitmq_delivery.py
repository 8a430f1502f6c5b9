"""Who gets a message, and how many one may hold."""

from __future__ import annotations

import pytest

from mqlab.engine import commands as c
from mqlab.engine.events import Delivered, Lost, Settled
from tests.engine.judged import lab
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

LETTERS = ("m1", "m2", "m3", "m4", "m5", "m6")


@every_version
@pytest.mark.rule("rabbitmq/dispatch-rotation")
def test_consumers_take_turns_whatever_they_still_have_to_do(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    a, b, c = (Consumer(channel, "q") for _ in range(3))
    publish(channel, "q", *LETTERS[:4])
    assert [a.got, b.got, c.got] == [["m1", "m4"], ["m2"], ["m3"]]
    assert len(told(Delivered, "rabbitmq/dispatch-rotation", connection)) == 4


@every_version
@pytest.mark.rule("rabbitmq/dispatch-rotation")
def test_the_first_consumer_takes_the_whole_backlog(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    publish(channel, "q", *LETTERS)
    first, second = Consumer(channel, "q"), Consumer(channel, "q")
    assert [first.got, second.got] == [list(LETTERS), []]


@every_version
@pytest.mark.rule("rabbitmq/blocked-reenter-tail")
def test_a_consumer_that_was_full_comes_back_at_the_tail(version: str) -> None:
    connection = connect(version)
    single, double = connection.channel(), connection.channel()
    queue(single, "q")
    single.basic_qos(prefetch_count=1)
    double.basic_qos(prefetch_count=2)
    a, b, c = Consumer(single, "q"), Consumer(double, "q"), Consumer(double, "q")
    publish(double, "q", "m1", "m2", "m3", "m4")
    assert [a.got, b.got, c.got] == [["m1"], ["m2", "m4"], ["m3"]]
    a.ack("m1")
    publish(double, "q", "m5", "m6")
    assert [a.got, b.got, c.got] == [["m1", "m6"], ["m2", "m4"], ["m3", "m5"]]


@every_version
@pytest.mark.rule("rabbitmq/prefetch-per-consumer")
@pytest.mark.rule("rabbitmq/ack-settles")
def test_each_consumer_holds_as_many_as_its_prefetch_and_an_ack_makes_room(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    channel.basic_qos(prefetch_count=2)
    a, b = Consumer(channel, "q"), Consumer(channel, "q")
    channel.basic_qos(prefetch_count=1)
    c = Consumer(channel, "q")
    publish(channel, "q", *LETTERS)
    assert [a.got, b.got, c.got] == [["m1", "m4"], ["m2", "m5"], ["m3"]]
    assert count(channel, "q") == 1
    c.ack("m3")
    assert c.got == ["m3", "m6"]
    assert len(told(Delivered, "rabbitmq/prefetch-per-consumer", connection)) == 6
    (settled,) = told(Settled, "rabbitmq/ack-settles", connection)
    assert settled.outcome == "acked"


@every_version
@pytest.mark.rule("rabbitmq/prefetch-per-channel")
def test_a_global_prefetch_is_shared_by_the_channel_and_both_limits_hold(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "p")
    queue(channel, "q")
    channel.basic_qos(prefetch_count=3)
    channel.basic_qos(prefetch_count=4, global_qos=True)
    one, two = Consumer(channel, "p"), Consumer(channel, "q")
    for name in ("p", "q"):
        publish(channel, name, *LETTERS)
    assert [one.got, two.got] == [["m1", "m2", "m3"], ["m1"]]
    one.ack("m1")
    assert len(one.got) + len(two.got) == 5


@every_version
@pytest.mark.rule("rabbitmq/prefetch-ignored-auto-ack")
def test_neither_automatic_acks_nor_gets_care_about_prefetch(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    channel.basic_qos(prefetch_count=1)
    publish(channel, "q", *LETTERS)
    assert [take(channel, "q").body for _ in range(3)] == ["m1", "m2", "m3"]
    assert Consumer(channel, "q", auto_ack=True).got == ["m4", "m5", "m6"]


@every_version
@pytest.mark.rule("rabbitmq/delivery-tags")
def test_tags_count_deliveries_and_gets_of_one_channel_together(version: str) -> None:
    connection = connect(version)
    channel, other = connection.channel(), connection.channel()
    queue(channel, "p")
    queue(channel, "q")
    publish(channel, "p", "m1", "m2")
    publish(channel, "q", "m3", "m4")
    consumer = Consumer(channel, "p")
    assert consumer.got == ["m1", "m2"]
    assert take(channel, "q").tag == 3
    assert take(other, "q").tag == 1
    channel.basic_ack(2, multiple=True)
    channel.basic_nack(3)
    channel.close()
    assert [count(other, name) for name in ("p", "q")] == [0, 1]


@every_version
@pytest.mark.rule("rabbitmq/auto-ack-gone")
def test_with_automatic_acks_nothing_comes_back_from_a_consumer_that_is_gone(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m")
    consumer = Consumer(channel, "q", auto_ack=True)
    connection.close()
    other = another(connection)
    assert bodies(other.channel(), "q") == []
    assert consumer.seen == []
    (gone,) = told(Delivered, "rabbitmq/auto-ack-gone", connection)
    assert gone.auto_ack


@pytest.mark.rule("rabbitmq/auto-ack-gone")
def test_a_simulated_consumer_that_crashes_loses_what_it_was_given_with_automatic_acks() -> None:
    run = lab(consumer="ack: auto, service: {constant_ms: 500}").run(2).do(c.Crash(node="worker"))
    lost = [one for one in run.told if isinstance(one, Lost) and one.rule == "rabbitmq/auto-ack-gone"]
    assert [one.what for one in lost] == ["message"]
    assert run.verdict("lost") > 1


@every_version
@pytest.mark.rule("rabbitmq/get-pulls")
def test_a_get_takes_the_head_outside_any_rotation(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    assert channel.basic_get("q") == (None, None, None)
    channel.basic_qos(prefetch_count=1)
    a, b = Consumer(channel, "q"), Consumer(channel, "q")
    publish(channel, "q", "m1", "m2", "m3", "m4")
    method, _, body = channel.basic_get("q")
    assert method is not None
    assert (body, method.message_count) == (b"m3", 1)
    a.ack("m1")
    assert [a.got, b.got] == [["m1", "m4"], ["m2"]]
    (pulled,) = told(Delivered, "rabbitmq/get-pulls", connection)
    assert pulled.tag == 3
