"""Which consumer is served: priorities of consumers, single active consumers, exclusive ones, and the channel's own limit."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine.brokers.rabbitmq import methods as m
from mqlab.engine.clients import pika
from mqlab.engine.events import ActiveChanged, Delivered, LinkRemoved
from tests.engine.rabbit import (
    Consumer,
    another,
    connect,
    count,
    every_version,
    publish,
    queue,
    refused,
    since_four,
    take,
    told,
)

KINDS = ("classic", "quorum")
every_kind = pytest.mark.parametrize("kind", KINDS)
SINGLE = {"x_single_active_consumer": True}


def consumer(
    connection: pika.BlockingConnection,
    name: str,
    prefetch: int = 0,
    priority: int | None = None,
    **more: Any,
) -> Consumer:
    """A consumer of `q` with a connection of its own."""
    channel = another(connection).channel()
    channel.basic_qos(prefetch_count=prefetch)
    arguments = None if priority is None else {"x-priority": priority}
    return Consumer(channel, "q", consumer_tag=name, arguments=arguments, **more)


@every_version
@every_kind
@pytest.mark.rule("rabbitmq/consumer-priority")
def test_the_highest_priority_is_served_as_long_as_it_can_take_one(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type=kind)
    low, below = consumer(connection, "low", 2), consumer(connection, "below", 2, -1)
    high, equal = consumer(connection, "high", 2, 10), consumer(connection, "equal", 1, 10)
    publish(channel, "q", *"abcdefg")
    assert (high.got, equal.got, low.got, below.got) == (["a", "c"], ["b"], ["d", "e"], ["f", "g"])
    publish(channel, "q", "h")
    low.ack("d")
    publish(channel, "q", "i")
    high.ack("a")
    assert (high.got[2:], low.got[2:]) == (["i"], ["h"])
    assert told(Delivered, "rabbitmq/consumer-priority", connection)


@every_kind
@pytest.mark.parametrize(
    ("value", "kind_of_value"),
    [("high", "longstr"), (True, "bool"), (None, "void"), ([1], "array"), ({}, "table")],
)
@pytest.mark.rule("rabbitmq/consumer-priority")
def test_a_priority_is_an_integer(kind: str, value: Any, kind_of_value: str) -> None:
    channel = connect().channel()
    queue(channel, "q", x_queue_type=kind)
    text = f"invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected integer, got {kind_of_value}\""
    with refused(406, f"PRECONDITION_FAILED - {text}"):
        Consumer(channel, "q", arguments={"x-priority": value})


@every_version
@every_kind
@pytest.mark.rule("rabbitmq/single-active-consumer")
def test_one_consumer_is_served_though_it_is_full_and_the_next_after_it(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type=kind, **SINGLE)
    first, second = consumer(connection, "first", 1), consumer(connection, "second", 1)
    publish(channel, "q", "a", "b")
    assert (first.got, second.got) == (["a"], [])
    first.ack("a")
    assert (first.got, second.got) == (["a", "b"], [])
    first.channel.connection.close()
    assert second.got == ["b"]
    assert second.seen[0].redelivered
    programs = [
        one.program
        for one in told(ActiveChanged, "rabbitmq/single-active-consumer", *all_of(connection, first, second))
    ]
    assert len(programs) == 2


def all_of(connection: pika.BlockingConnection, *consumers: Consumer) -> list[pika.BlockingConnection]:
    return [connection, *(one.channel.connection for one in consumers)]


@since_four
@every_kind
@pytest.mark.rule("rabbitmq/single-active-consumer")
def test_what_a_cancelled_one_holds_comes_back_only_with_its_channel(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type=kind, **SINGLE)
    first, second = consumer(connection, "first", 1), consumer(connection, "second")
    publish(channel, "q", "a", "b")
    first.channel.basic_cancel("first")
    assert second.got == ["b"]
    first.channel.close()
    assert second.got == ["b", "a"], "order is lost"


@pytest.mark.parametrize(
    ("version", "kind", "heir"),
    [("3.10", "classic", 2), ("3.10", "quorum", 0), ("4.0", "classic", 2), ("4.3", "quorum", 2)],
)
@pytest.mark.rule("rabbitmq/single-active-next")
def test_the_next_active_one_is_the_first_of_the_highest_priority(version: str, kind: str, heir: int) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type=kind, **SINGLE)
    first = consumer(connection, "first", 0, 9)
    others = [consumer(connection, f"c{n}", 0, priority) for n, priority in enumerate((1, 0, 5, 5))]
    first.channel.connection.close()
    publish(channel, "q", "a")
    assert [one.got for one in others] == [["a"] if n == heir else [] for n in range(4)]


@pytest.mark.parametrize(
    ("version", "kind", "preempted"),
    [
        *(("3.10", "classic", False), ("4.0", "classic", False), ("4.3", "classic", False)),
        *(("3.10", "quorum", False), ("4.0", "quorum", True), ("4.3", "quorum", True)),
    ],
)
@pytest.mark.rule("rabbitmq/single-active-preempted")
def test_a_higher_priority_takes_over_in_quorum_queues_since_4_0(
    version: str, kind: str, preempted: bool
) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type=kind, **SINGLE)
    junior = consumer(connection, "junior")
    publish(channel, "q", "a")
    senior = consumer(connection, "senior", 0, 5)
    publish(channel, "q", "b")
    assert (junior.got, senior.got) == (["a"] if preempted else ["a", "b"], [])
    junior.ack("a")
    publish(channel, "q", "c")
    assert (senior.got == ["b", "c"]) is preempted
    rule = "rabbitmq/single-active-preempted"
    assert len(told(ActiveChanged, rule, *all_of(connection, junior, senior))) == preempted


@since_four
@pytest.mark.rule("rabbitmq/single-active-preempted")
def test_if_the_higher_one_goes_again_the_old_one_is_served_on(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", **SINGLE)
    junior = consumer(connection, "junior")
    publish(channel, "q", "a")
    senior = consumer(connection, "senior", 0, 5)
    publish(channel, "q", "b")
    senior.channel.close()
    publish(channel, "q", "c")
    assert junior.got == ["a", "b", "c"]


@pytest.mark.rule("rabbitmq/single-active-rests")
def test_after_a_cancel_a_classic_queue_of_3_10_rests() -> None:
    connection = connect("3.10")
    channel = connection.channel()
    queue(channel, "q", **SINGLE)
    first, second = consumer(connection, "first", 1), consumer(connection, "second", 2)
    publish(channel, "q", "a", "b")
    first.channel.basic_cancel("first")
    first.ack("a")
    assert second.got == []
    consumer(connection, "third")
    assert second.got == ["b"]


@every_version
@pytest.mark.rule("rabbitmq/single-active-exclusive")
def test_where_one_is_served_nobody_is_exclusive(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", **SINGLE)
    with refused(403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use"):
        Consumer(channel, "q", exclusive=True)


@every_version
@pytest.mark.rule("rabbitmq/exclusive-quorum-ignored")
def test_a_quorum_queue_lets_others_beside_an_exclusive_consumer(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum")
    alone, other = (
        consumer(connection, "alone", exclusive=True),
        consumer(connection, "other", exclusive=True),
    )
    publish(channel, "q", "a", "b")
    assert (alone.got, other.got) == (["a"], ["b"])


@every_version
@pytest.mark.rule("rabbitmq/single-active-get")
def test_a_quorum_queue_with_one_active_consumer_answers_no_get(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="classic", **SINGLE)
    queue(channel, "qq", x_queue_type="quorum", **SINGLE)
    publish(channel, "q", "a")
    assert take(channel, "q").body == "a"
    text = "basic.get operations are not supported by quorum queues with single active consumer"
    with refused(405, f"RESOURCE_LOCKED - cannot obtain access to locked queue 'qq' in vhost '/'. {text}"):
        channel.basic_get("qq")


@every_version
@pytest.mark.rule("rabbitmq/quorum-consumer-again")
def test_a_consumer_of_a_quorum_queue_that_comes_again_holds_what_it_held(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    channel.basic_qos(prefetch_count=1)
    first = Consumer(channel, "q", consumer_tag="same")
    publish(channel, "q", "a", "b")
    assert first.got == ["a"]
    channel.basic_cancel("same")
    again = Consumer(channel, "q", consumer_tag="same")
    assert again.got == []
    first.ack("a")
    assert again.got == ["b"]


@pytest.mark.parametrize("version", ["3.10", "4.0"])
@pytest.mark.rule("rabbitmq/prefetch-per-channel")
def test_a_prefetch_for_consumers_ends_a_shared_one(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    publish(channel, "q", *"abcd")
    take(channel, "q")
    channel.basic_qos(prefetch_count=2, global_qos=True)
    held = Consumer(channel, "q")
    assert held.got == ["b"], "what was got counts at first"
    automatic = Consumer(channel, "q", auto_ack=True)
    held.ack("b")
    assert (held.got, automatic.got) == (["b", "c"], []), "also those with automatic acks wait"
    channel.basic_qos(prefetch_count=1)
    assert count(channel, "q") == 0


@every_version
@pytest.mark.rule("rabbitmq/consumer-tags")
def test_a_tag_is_used_once_and_may_be_the_brokers(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    channel.basic_cancel("never heard of")
    made = {channel._ask(m.BasicConsume(queue="q", consumer_tag="")).consumer_tag for _ in range(2)}
    assert len(made) == 2
    assert all(tag.startswith("amq.ctag-") for tag in made)
    Consumer(channel, "q", consumer_tag="mine")
    with refused(530, "NOT_ALLOWED - attempt to reuse consumer tag 'mine'", connection=True):
        Consumer(channel, "no such queue", consumer_tag="mine")


@every_version
@pytest.mark.rule("rabbitmq/delivery-tags")
def test_tag_0_is_all_there_is_and_with_multiple_no_error_if_there_is_nothing(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q")
    channel.basic_ack(0, multiple=True)
    channel.basic_nack(0, multiple=True)
    publish(channel, "q", "a", "b", "c")
    take(channel, "q"), take(channel, "q")
    channel.basic_ack(0, multiple=True)
    assert count(channel, "q") == 1
    with refused(406, "PRECONDITION_FAILED - unknown delivery tag 5"):
        channel.basic_ack(5, multiple=True)


@pytest.mark.parametrize("version", ["3.10", "4.0"])
@pytest.mark.rule("rabbitmq/prefetch-per-channel")
def test_a_shared_prefetch_is_nothing_to_the_consumers_of_a_quorum_queue(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    before = Consumer(channel, "q")
    channel.basic_qos(prefetch_count=1, global_qos=True)
    publish(channel, "q", "a", "b")
    assert before.got == ["a", "b"]
    with refused(
        540, "NOT_IMPLEMENTED - queue 'q' in vhost '/' does not support global qos", connection=True
    ):
        Consumer(channel, "q")


@every_version
@pytest.mark.rule("rabbitmq/consumer-cancel-notify")
def test_the_consumers_of_a_channel_are_told_in_the_order_of_their_tags(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    for tag in ("Z", "B", "M"):
        Consumer(channel, "q", consumer_tag=tag)
    channel.queue_delete("q")
    ended = [event.link for event in connection.events if isinstance(event, LinkRemoved)]
    assert [link.rpartition(":")[2] for link in ended] == ["B", "M", "Z"]
