"""Which queues and exchanges can be declared, and what the broker says to the others."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import ChannelClosed, ConnectionClosed
from tests.engine.rabbit import Consumer, another, connect, every_version, publish, queue, refused, told

PRE = "PRECONDITION_FAILED - "
TTL, LENGTH = "x-message-ttl", "x-max-length"
NONE = "none"


def typed(value: object, kind: str) -> str:
    return f"the value '{value}' of type '{kind}'"


UNEQUAL: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    ({}, {"durable": False}, "durable", "'false'", "'true'"),
    ({}, {"auto_delete": True}, "auto_delete", "'true'", "'false'"),
    ({TTL: 5}, {TTL: 6}, TTL, "'6'", "'5'"),
    ({}, {TTL: -1}, TTL, typed(-1, "signedint"), NONE),
    ({LENGTH: 2**40}, {}, LENGTH, NONE, typed(2**40, "long")),
    ({TTL: 5, LENGTH: 5}, {LENGTH: 6, TTL: 6}, TTL, "'6'", "'5'"),
    ({}, {"x-queue-type": "quorum"}, "x-queue-type", typed("quorum", "longstr"), NONE),
]


@every_version
@pytest.mark.rule("rabbitmq/declare-equivalent")
@pytest.mark.parametrize(("first", "second", "arg", "received", "current"), UNEQUAL)
def test_another_declaration_of_a_queue_must_mean_the_same(
    version: str, first: dict[str, Any], second: dict[str, Any], arg: str, received: str, current: str
) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.queue_declare("q", durable=True, arguments=first)
    flags = {name: value for name, value in second.items() if not name.startswith("x-")}
    arguments = {name: value for name, value in second.items() if name.startswith("x-")}
    text = (
        f"inequivalent arg '{arg}' for queue 'q' in vhost '/': received {received} but current is {current}"
    )
    with refused(406, f"{PRE}{text}"):
        channel.queue_declare("q", **{"durable": True, **flags}, arguments=arguments)
    assert len(told(ChannelClosed, "rabbitmq/declare-equivalent", connection)) == 1


@every_version
@pytest.mark.rule("rabbitmq/declare-equivalent")
def test_the_same_said_in_other_words_is_the_same(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_message_ttl=5, x_foo=1)
    publish(channel, "q", "m")
    same = {"x-message-ttl": 5, "x-queue-type": "classic", "x-bar": 2, "x-delivery-limit": 3}
    assert channel.queue_declare("q", durable=True, arguments=same).method.message_count == 1
    channel.exchange_declare("x", "topic", durable=True)
    channel.exchange_declare("x", "topic", durable=True)
    with refused(
        406,
        f"{PRE}inequivalent arg 'type' for exchange 'x' in vhost '/': received 'fanout' but current is 'topic'",
    ):
        channel.exchange_declare("x", "fanout", durable=True)


BAD: list[tuple[dict[str, Any], str]] = [
    ({TTL: -1}, f"invalid arg '{TTL}' for queue 'q' in vhost '/': {{value_negative,-1}}"),
    ({TTL: "1"}, f"invalid arg '{TTL}' for queue 'q' in vhost '/': \"expected integer, got longstr\""),
    ({"x-expires": 0}, "invalid arg 'x-expires' for queue 'q' in vhost '/': {value_zero,0}"),
    ({"x-overflow": "spill"}, "invalid arg 'x-overflow' for queue 'q' in vhost '/': invalid_overflow"),
    ({"x-overflow": 1}, "invalid arg 'x-overflow' for queue 'q' in vhost '/': {unacceptable_type,signedint}"),
    ({"x-queue-type": "fast"}, "invalid arg 'x-queue-type' for queue 'q' in vhost '/': \"unsupported queue type 'fast'\""),
    ({"x-dead-letter-exchange": 1}, "invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'"),
    ({"x-dead-letter-routing-key": "k"}, "invalid arg 'x-dead-letter-routing-key' for queue 'q' in vhost '/': "
     "routing_key_but_no_dlx_defined"),
    ({"x-delivery-limit": 3}, "invalid arg 'x-delivery-limit' for queue 'q' in vhost '/' of queue type rabbit_classic_queue"),
    ({"x-overflow": "spill", TTL: -1}, f"invalid arg '{TTL}' for queue 'q' in vhost '/': {{value_negative,-1}}"),
]  # fmt: skip


@every_version
@pytest.mark.rule("rabbitmq/declare-equivalent")
@pytest.mark.parametrize(("arguments", "text"), BAD)
def test_an_argument_that_no_queue_takes_is_refused(
    version: str, arguments: dict[str, Any], text: str
) -> None:
    channel = connect(version).channel()
    with refused(406, f"{PRE}{text}"):
        channel.queue_declare("q", durable=True, arguments=arguments)


@pytest.mark.rule("rabbitmq/declare-equivalent")
def test_an_unknown_type_of_exchange_closed_the_whole_connection_before_4_0() -> None:
    with refused(503, "COMMAND_INVALID - unknown exchange type 'odd'", connection=True):
        connect("3.10").channel().exchange_declare("x", "odd")
    with refused(406, f"{PRE}unknown exchange type 'odd'"):
        connect("4.0").channel().exchange_declare("x", "odd")


@pytest.mark.rule("rabbitmq/transient-nonexclusive-refused")
def test_4_3_has_no_transient_queues_for_everybody() -> None:
    connection = connect("4.3")
    with pytest.raises(pika.ConnectionClosedByBroker):
        connection.channel().queue_declare("q")
    assert len(told(ConnectionClosed, "rabbitmq/transient-nonexclusive-refused", connection)) == 1
    connect("4.3").channel().queue_declare("q", exclusive=True)
    for older in ("3.10", "4.0"):
        connect(older).channel().queue_declare("q")


@every_version
@pytest.mark.rule("rabbitmq/quorum-declare")
def test_a_quorum_queue_cannot_be_everything(version: str) -> None:
    connection = connect(version)
    quorum = {"x-queue-type": "quorum"}
    for flags, field in (
        ({}, "non-durable"), ({"durable": True, "auto_delete": True}, "auto-delete"),
        ({"durable": True, "exclusive": True}, "exclusive-owner"),
    ):  # fmt: skip
        with refused(406, f"{PRE}invalid property '{field}' for queue 'q' in vhost '/'"):
            connection.channel().queue_declare("q", **flags, arguments=quorum)
    with refused(406, f"{PRE}Cannot declare a server-named queue for type rabbit_quorum_queue"):
        connection.channel().queue_declare("", durable=True, arguments=quorum)
    assert len(told(ChannelClosed, "rabbitmq/quorum-declare", connection)) == 4


@every_version
@pytest.mark.rule("rabbitmq/quorum-declare")
def test_a_quorum_queue_knows_no_shared_prefetch_and_no_conditional_delete(version: str) -> None:
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    channel.basic_qos(prefetch_count=1, global_qos=True)
    with refused(
        540, "NOT_IMPLEMENTED - queue 'q' in vhost '/' does not support global qos", connection=True
    ):
        Consumer(channel, "q")
    channel = connect(version).channel()
    queue(channel, "q", x_queue_type="quorum")
    text = "NOT_IMPLEMENTED - cannot delete queue 'q' in vhost '/'. queue.delete operations with if-unused flag set are not " \
        "supported by quorum queues"  # fmt: skip
    with refused(540, text, connection=True):
        channel.queue_delete("q", if_unused=True)


@pytest.mark.parametrize("version", ["3.10", "4.0", "4.3"])
@pytest.mark.rule("rabbitmq/latest-queue")
def test_no_name_means_the_queue_declared_last(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    with refused(404, "NOT_FOUND - no previously declared queue"):
        channel.basic_get("")
    channel = connection.channel()
    channel.queue_declare("first", durable=True)
    channel.queue_declare("last", durable=True)
    channel.queue_bind("", "amq.direct", routing_key="")
    channel.basic_publish("amq.direct", "last", b"m")
    assert channel.basic_get("")[2] == b"m"
    channel.queue_delete("")
    assert "last" not in connection.broker.queues


@every_version
@pytest.mark.rule("rabbitmq/exclusive-queue")
def test_whether_it_is_exclusive_is_looked_at_before_all_else(version: str) -> None:
    channel = connect(version).channel()
    channel.queue_declare("q", durable=True)
    with pytest.raises(pika.ChannelClosedByBroker) as error:
        channel.queue_declare("q", exclusive=True, auto_delete=True)
    assert error.value.reply_code == 405


@every_version
@pytest.mark.rule("rabbitmq/declare-equivalent")
def test_true_is_not_1(version: str) -> None:
    connection = connect(version)
    queue(connection.channel(), "q", x_max_length=1)
    text = "inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received 'true' but current is '1'"
    with refused(406, f"PRECONDITION_FAILED - {text}"):
        queue(connection.channel(), "q", x_max_length=True)


@every_version
@pytest.mark.rule("rabbitmq/headers-match")
def test_what_a_binding_says_is_looked_at_before_whose_queue_it_is(version: str) -> None:
    connection = connect(version)
    connection.channel().queue_declare("mine", exclusive=True)
    channel = another(connection).channel()
    with pytest.raises(pika.ChannelClosedByBroker, match="Invalid x-match"):
        channel.queue_bind("mine", "amq.headers", "", {"x-match": "some"})
