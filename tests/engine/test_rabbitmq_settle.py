"""What ends a delivery, or undoes it: ack, nack, reject, recover, cancel, close."""

from __future__ import annotations

import pytest

from mqlab.engine.events import Delivered, Requeued, Settled
from tests.engine.rabbit import (
    Consumer,
    another,
    bodies,
    connect,
    count,
    drain,
    every_version,
    publish,
    queue,
    refused,
    take,
    told,
)

LETTERS = ("m1", "m2", "m3", "m4", "m5", "m6")


@every_version
@pytest.mark.rule("rabbitmq/requeue-original-position")
def test_a_classic_queue_puts_a_requeued_message_back_to_its_place(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", *LETTERS)
    got = [take(channel, "q") for _ in range(4)]
    channel.basic_nack(got[2].tag)
    channel.basic_reject(got[0].tag)
    channel.basic_ack(got[1].tag)
    assert [(one.body, one.redelivered) for one in drain(channel, "q")] == [
        ("m1", True), ("m3", True), ("m5", False), ("m6", False),
    ]  # fmt: skip
    back = told(Requeued, "rabbitmq/requeue-original-position", connection)
    assert [(one.why, one.at) for one in back] == [("nack", (0,)), ("reject", (0,))]


@every_version
@pytest.mark.rule("rabbitmq/requeue-original-position")
def test_one_nack_brings_several_back_in_their_order(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", *LETTERS[:4])
    tags = [take(channel, "q").tag for _ in range(3)]
    channel.basic_nack(tags[2], multiple=True)
    assert bodies(channel, "q") == list(LETTERS[:4])


@every_version
@pytest.mark.rule("rabbitmq/redelivered-flag")
def test_redelivered_says_that_this_queue_has_delivered_it_before(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "again")
    queue(channel, "q", x_dead_letter_exchange="", x_dead_letter_routing_key="again")
    publish(channel, "q", "m")
    first = take(channel, "q")
    channel.basic_nack(first.tag)
    second = take(channel, "q")
    channel.basic_nack(second.tag, requeue=False)
    third = take(channel, "again")
    assert [first.redelivered, second.redelivered, third.redelivered] == [False, True, False]
    (event,) = told(Delivered, "rabbitmq/redelivered-flag", connection)
    assert (event.queue, event.redelivered) == ("q", True)


@every_version
@pytest.mark.rule("rabbitmq/close-requeues")
@pytest.mark.parametrize("what", ["channel", "connection"])
def test_a_close_brings_back_all_that_was_held_in_order(version: str, what: str) -> None:
    connection = connect(version)
    keeper = another(connection).channel()
    queue(keeper, "q")
    channel = connection.channel()
    publish(channel, "q", *LETTERS[:4])
    take(channel, "q")
    assert Consumer(channel, "q").got == ["m2", "m3", "m4"]
    (channel if what == "channel" else connection).close()
    assert [(one.body, one.redelivered) for one in drain(keeper, "q")] == [
        (body, True) for body in LETTERS[:4]
    ]
    (back,) = told(Requeued, "rabbitmq/close-requeues", connection)
    assert (len(back.of), back.why) == (4, "closed")


@every_version
@pytest.mark.rule("rabbitmq/cancel-keeps-unacked")
def test_a_cancelled_consumer_keeps_what_it_holds_until_its_channel_closes(version: str) -> None:
    connection = connect(version)
    channel, other = connection.channel(), connection.channel()
    queue(channel, "q")
    consumer = Consumer(channel, "q")
    publish(channel, "q", "m1", "m2")
    assert consumer.got == ["m1", "m2"]
    channel.basic_cancel(consumer.tag)
    publish(channel, "q", "m3")
    assert count(other, "q") == 1
    consumer.ack("m1")
    channel.close()
    assert [(one.body, one.redelivered) for one in drain(other, "q")] == [("m2", True), ("m3", False)]


@every_version
@pytest.mark.rule("rabbitmq/recover-requeues")
def test_recover_brings_back_all_that_the_channel_holds(version: str) -> None:
    connection = connect(version)
    channel, other = connection.channel(), connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m1", "m2", "m3")
    take(other, "q")
    take(channel, "q")
    take(channel, "q")
    channel.basic_recover()
    assert [(one.body, one.redelivered) for one in drain(other, "q")] == [("m2", True), ("m3", True)]
    (back,) = told(Requeued, "rabbitmq/recover-requeues", connection)
    assert (len(back.of), back.why) == (2, "recover")
    with refused(540, "NOT_IMPLEMENTED - requeue=false", connection=True):
        channel.basic_recover(requeue=False)


@every_version
@pytest.mark.rule("rabbitmq/requeue-original-position")
@pytest.mark.rule("rabbitmq/dispatch-rotation")
def test_who_gives_back_has_room_at_once_and_may_be_next(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    publish(channel, "q", "m1", "m2")
    channel.basic_qos(prefetch_count=2)
    first = Consumer(channel, "q")
    second = Consumer(channel, "q")
    assert first.got == ["m1", "m2"]
    channel.basic_nack(2, multiple=True)
    assert [first.got, second.got] == [["m1", "m2", "m1"], ["m2"]]


@every_version
@pytest.mark.rule("rabbitmq/recover-requeues")
@pytest.mark.rule("rabbitmq/blocked-reenter-tail")
def test_what_was_got_comes_back_before_what_a_consumer_held(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    publish(channel, "q", "m1", "m2")
    take(channel, "q")
    channel.basic_qos(prefetch_count=1)
    full = Consumer(channel, "q")
    assert full.got == ["m2"]
    free = Consumer(channel, "q", auto_ack=True)
    channel.basic_recover()
    assert [full.got, free.got] == [["m2"], ["m1", "m2"]]


@every_version
@pytest.mark.rule("rabbitmq/reject-dropped")
@pytest.mark.parametrize("how", ["reject", "nack"])
def test_a_message_rejected_for_good_is_gone_where_there_are_no_dead_letters(version: str, how: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m")
    tag = take(channel, "q").tag
    channel.basic_reject(tag, requeue=False) if how == "reject" else channel.basic_nack(tag, requeue=False)
    channel.close()
    assert count(connection.channel(), "q") == 0
    (settled,) = told(Settled, "rabbitmq/reject-dropped", connection)
    assert settled.outcome == "rejected"


@every_version
@pytest.mark.rule("rabbitmq/ack-settles")
def test_an_acked_message_never_comes_back(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m1", "m2")
    channel.basic_ack(take(channel, "q").tag)
    take(channel, "q")
    connection.close()
    assert bodies(another(connection).channel(), "q") == ["m2"]
    assert len(told(Settled, "rabbitmq/ack-settles", connection)) == 1


@every_version
@pytest.mark.parametrize("kind", ["classic", "quorum"])
@pytest.mark.rule("rabbitmq/ack-settles")
def test_what_several_consumers_held_is_acked_consumer_by_consumer(version: str, kind: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type=kind)
    channel.basic_qos(prefetch_count=2)
    second, first = (Consumer(channel, "q", consumer_tag=tag) for tag in ("B", "A"))
    publish(channel, "q", *(f"m{n}" for n in range(1, 9)))
    assert (second.got, first.got) == (["m1", "m3"], ["m2", "m4"])
    channel.basic_ack(4, multiple=True)
    assert (first.got[2:], second.got[2:]) == (
        ["m5", "m6"],
        ["m7", "m8"],
    )  # A has all it may have before B's turn


@every_version
@pytest.mark.rule("rabbitmq/prefetch-per-channel")
def test_those_who_wait_for_the_channel_s_prefetch_take_turns(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    channel.basic_qos(prefetch_count=2, global_qos=True)
    consumers = [Consumer(channel, "q", consumer_tag=tag) for tag in ("A", "B", "C")]
    publish(channel, "q", *(f"m{n}" for n in range(1, 8)))
    turns = []
    for tag in range(1, 6):
        before = [len(one.got) for one in consumers]
        channel.basic_ack(tag)
        turns += [one.tag for one, had in zip(consumers, before, strict=True) if len(one.got) > had]
    assert turns == ["C", "A", "B", "C", "A"]


@every_version
@pytest.mark.rule("rabbitmq/prefetch-per-channel")
def test_an_ack_frees_the_consumer_s_own_slot_before_the_channel_s(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    publish(channel, "q", *(f"m{n}" for n in range(1, 9)))
    channel.basic_qos(prefetch_count=3)
    channel.basic_qos(prefetch_count=4, global_qos=True)
    first, second = (Consumer(channel, "q", consumer_tag=tag) for tag in ("A", "B"))
    for tag in (1, 2, 4):
        channel.basic_ack(tag)
    assert (first.got, second.got) == (["m1", "m2", "m3", "m5", "m7"], ["m4", "m6"])
