"""What a broker refuses, with which code and in which words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import ChannelClosed, ConnectionClosed
from tests.engine.rabbit import (
    Consumer,
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

PRE = "PRECONDITION_FAILED - "


@every_version
@pytest.mark.rule("rabbitmq/default-exchange-protected")
def test_nothing_can_be_done_to_the_default_exchange(version: str) -> None:
    connection = connect(version)
    queue(connection.channel(), "q")
    text = "ACCESS_REFUSED - operation not permitted on the default exchange"
    with refused(403, text):
        connection.channel().queue_bind("q", "", "other")
    with refused(403, text):
        connection.channel().queue_unbind("q", "", "q")
    with refused(403, text):
        connection.channel().exchange_bind("amq.direct", "")
    with refused(403, text):
        connection.channel().exchange_declare("", passive=True)
    with refused(403, text):
        connection.channel().exchange_delete("")
    closed = told(ChannelClosed, "rabbitmq/default-exchange-protected", connection)
    assert [one.code for one in closed] == [403] * 5


@pytest.mark.rule("rabbitmq/topic-hash-limit")
def test_a_third_hash_closes_the_channel() -> None:
    connection = connect("4.3")
    channel = connection.channel()
    queue(channel, "q")
    channel.queue_bind("q", "amq.topic", "#.a.#")
    with pytest.raises(pika.ChannelClosedByBroker) as error:
        channel.queue_bind("q", "amq.topic", "#.a.#.b.#")
    assert error.value.reply_code == 406
    assert len(told(ChannelClosed, "rabbitmq/topic-hash-limit", connection)) == 1


@every_version
@pytest.mark.rule("rabbitmq/exchange-missing")
def test_a_publish_to_nowhere_closes_the_channel_and_is_not_confirmed(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.confirm_delivery()
    with refused(404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'"):
        publish(channel, "k", "m", exchange="nowhere")
    assert [type(one).__name__ for one in list(connection.events)[-4:]] == [
        "Published", "Refused", "ChannelClosed", "Closed",
    ]  # fmt: skip
    with pytest.raises(pika.ChannelWrongStateError):
        publish(channel, "k", "m")


@every_version
@pytest.mark.rule("rabbitmq/reserved-prefix")
def test_names_that_begin_with_amq_are_the_brokers(version: str) -> None:
    connection = connect(version)
    with refused(403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'"):
        queue(connection.channel(), "amq.mine")
    with refused(403, "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"):
        connection.channel().exchange_declare("amq.mine")
    with refused(403, "ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed"):
        connection.channel().exchange_delete("amq.topic")
    connection.channel().exchange_declare("amq.topic", "topic", durable=True)
    assert len(told(ChannelClosed, "rabbitmq/reserved-prefix", connection)) == 3


@every_version
@pytest.mark.rule("rabbitmq/queue-in-use")
def test_what_is_in_use_is_not_deleted_if_unused(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    channel.exchange_declare("x", durable=True)
    channel.queue_bind("q", "x", "k")
    Consumer(channel, "q")
    with refused(406, f"{PRE}queue 'q' in vhost '/' in use"):
        connection.channel().queue_delete("q", if_unused=True)
    with refused(406, f"{PRE}exchange 'x' in vhost '/' in use"):
        connection.channel().exchange_delete("x", if_unused=True)
    channel.close()
    publish(connection.channel(), "q", "m")
    with refused(406, f"{PRE}queue 'q' in vhost '/' not empty"):
        connection.channel().queue_delete("q", if_empty=True)
    assert len(told(ChannelClosed, "rabbitmq/queue-in-use", connection)) == 3
    assert bodies(connection.channel(), "q") == ["m"]


@every_version
@pytest.mark.rule("rabbitmq/unknown-delivery-tag")
@pytest.mark.parametrize("how", ["twice", "another channel", "multiple", "reject"])
def test_a_tag_that_the_channel_does_not_know_closes_it_and_brings_back_what_it_held(
    version: str, how: str
) -> None:
    connection = connect(version)
    channel, other = connection.channel(), connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m1", "m2", "m3")
    for target in (channel, channel, other):
        take(target, "q")
    asked, tag = (other, 2) if how == "another channel" else (channel, 1 if how == "twice" else 9)
    if how == "twice":
        channel.basic_ack(1)
    with refused(406, f"{PRE}unknown delivery tag {tag}"):
        if how == "reject":
            asked.basic_reject(tag)
        else:
            asked.basic_ack(tag, multiple=how == "multiple")
    (closed,) = told(ChannelClosed, "rabbitmq/unknown-delivery-tag", connection)
    assert closed.code == 406
    back = {"twice": ["m2"], "another channel": ["m3"]}.get(how, ["m1", "m2"])
    assert [(one.body, one.redelivered) for one in drain(connection.channel(), "q")] == [
        (body, True) for body in back
    ]


INVALID = [
    ("abc", "no_integer"),
    ("", "no_integer"),
    (" 3", "no_integer"),
    ("1.5", '{leftover_string,".5"}'),
    ("-1", "{value_negative,-1}"),
    ("315360000001", "{value_too_large,315360000001}"),
]


@every_version
@pytest.mark.rule("rabbitmq/expiration-invalid")
@pytest.mark.parametrize(("expiration", "why"), INVALID)
def test_an_expiration_is_a_number_in_a_string(version: str, expiration: str, why: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    with refused(406, f"{PRE}invalid expiration '{expiration}': {why}"):
        publish(channel, "q", "m", expiration=expiration, headers={"CC": "no list"})  # it is looked at first
    assert count(connection.channel(), "q") == 0
    assert len(told(ChannelClosed, "rabbitmq/expiration-invalid", connection)) == 1


@every_version
@pytest.mark.rule("rabbitmq/user-id")
def test_nobody_publishes_in_another_s_name(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m1", user_id="guest")
    with refused(406, f"{PRE}user_id property set to 'eve' but authenticated user was 'guest'"):
        publish(channel, "q", "m2", user_id="eve", expiration="no number")  # it is looked at first
    assert bodies(connection.channel(), "q") == ["m1"]
    assert len(told(ChannelClosed, "rabbitmq/user-id", connection)) == 1


@every_version
@pytest.mark.rule("rabbitmq/exclusive-consumer")
def test_an_exclusive_consumer_shares_its_queue_with_nobody(version: str) -> None:
    connection = connect(version)
    queue(connection.channel(), "q")
    text = "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use"
    first = Consumer(connection.channel(), "q", exclusive=True)
    with refused(403, text):
        Consumer(connection.channel(), "q")
    first.channel.basic_cancel(first.tag)
    Consumer(connection.channel(), "q")
    with refused(403, text):
        Consumer(connection.channel(), "q", exclusive=True)
    assert len(told(ChannelClosed, "rabbitmq/exclusive-consumer", connection)) == 2


@every_version
@pytest.mark.rule("rabbitmq/internal-exchange")
def test_nobody_publishes_to_an_internal_exchange_but_others_feed_it(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("inner", "fanout", durable=True, internal=True)
    channel.queue_bind(queue(channel, "q"), "inner")
    channel.exchange_bind("inner", "amq.fanout")
    publish(channel, "", "m", exchange="amq.fanout")
    with refused(403, "ACCESS_REFUSED - cannot publish to internal exchange 'inner' in vhost '/'"):
        publish(channel, "", "n", exchange="inner")
    assert bodies(connection.channel(), "q") == ["m"]
    assert len(told(ChannelClosed, "rabbitmq/internal-exchange", connection)) == 1


@every_version
@pytest.mark.rule("rabbitmq/immediate-not-implemented")
def test_immediate_closes_the_connection(version: str) -> None:
    connection = connect(version)
    with refused(540, "NOT_IMPLEMENTED - immediate=true", connection=True):
        connection.channel().basic_publish("", "q", b"m", immediate=True)
    assert not connection.is_open
    assert len(told(ConnectionClosed, "rabbitmq/immediate-not-implemented", connection)) == 1


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda channel: channel.basic_qos(prefetch_size=5), "prefetch_size!=0 (5)"),
        (lambda channel: channel.flow(False), "active=false"),
    ],
)
@pytest.mark.rule("rabbitmq/not-implemented")
def test_what_rabbitmq_does_not_do_closes_the_connection(
    ask: Callable[[pika.BlockingChannel], object], text: str
) -> None:
    channel = connect().channel()
    assert channel.flow(True)
    with refused(540, f"NOT_IMPLEMENTED - {text}", connection=True):
        ask(channel)
