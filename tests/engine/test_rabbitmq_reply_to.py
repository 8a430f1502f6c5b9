"""Direct reply-to: questions with a token to answer to, and answers past all queues. Each case was asked of a 3.10.8."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import ChannelClosed, Confirmed, Replied, Returned, Unroutable
from tests.engine.rabbit import (
    Consumer,
    another,
    bodies,
    connect,
    every_version,
    publish,
    queue,
    refused,
    told,
)

PSEUDO_QUEUE = "amq.rabbitmq.reply-to"
ASKING = pika.BasicProperties(reply_to=PSEUDO_QUEUE, correlation_id="42")

before_4_2 = pytest.mark.parametrize("version", ["3.10", "4.0"])


class Asker(Consumer):
    """A channel that asks in `rpc` and takes the answers, on a connection of its own."""

    def __init__(self, connection: pika.BlockingConnection) -> None:
        self.connection = another(connection)
        super().__init__(self.connection.channel(), PSEUDO_QUEUE, auto_ack=True)

    def ask(self, body: str = "?") -> str:
        """Publish a question. Returns the reply_to with which it reaches `rpc`."""
        self.channel.basic_publish("", "rpc", body, ASKING)
        _, properties, _ = self.channel.basic_get("rpc", auto_ack=True)
        assert properties is not None
        assert properties.reply_to is not None
        return properties.reply_to


def server(version: str = "4.3") -> tuple[pika.BlockingConnection, pika.BlockingChannel]:
    """A broker with the queue `rpc`, and a channel to answer on."""
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "rpc")
    return connection, channel


@every_version
@pytest.mark.rule("rabbitmq/direct-reply-to")
def test_a_reply_goes_straight_to_the_channel_that_asked(version: str) -> None:
    connection, channel = server(version)
    asker, other = Asker(connection), Asker(connection)
    token = asker.ask()
    assert token.startswith(f"{PSEUDO_QUEUE}.")
    assert token == asker.ask("again"), "one token for each consumer"
    assert token != other.ask()
    publish(channel, token, "!", headers={"BCC": ["nobody"], "h": 1})
    assert (asker.got, other.got) == (["!"], [])
    (reply,) = asker.seen
    assert (reply.redelivered, reply.exchange, reply.routing_key, reply.headers) == (
        False,
        "",
        token,
        {"h": 1},
    )
    (event,) = told(Replied, "rabbitmq/direct-reply-to", connection)
    assert (event.exchange, event.program) == ("amq.default", asker.connection._client.name)


@every_version
def test_the_token_of_another_is_passed_on_as_it_is(version: str) -> None:
    connection, channel = server(version)
    token = Asker(connection).ask()
    for reply_to in (token, f"{PSEUDO_QUEUE}.xyz", f"{PSEUDO_QUEUE}x"):
        publish(channel, "rpc", "?", reply_to=reply_to)
        assert channel.basic_get("rpc", auto_ack=True)[1].reply_to == reply_to  # type: ignore[union-attr]


@every_version
def test_carbon_copies_and_dead_letters_reach_the_one_who_asked_too_and_once(version: str) -> None:
    connection, channel = server(version)
    asker = Asker(connection)
    token = asker.ask()
    publish(channel, "nobody", "copied", headers={"CC": [token]})
    publish(channel, token, "twice", headers={"CC": [token]})
    publish(channel, "rpc", "both", headers={"BCC": [token]})
    assert asker.got == ["copied", "twice", "both"]
    assert [one.routing_key for one in asker.seen] == ["nobody", token, "rpc"]
    assert bodies(channel, "rpc") == ["both"]
    queue(channel, "doomed", x_dead_letter_exchange="", x_dead_letter_routing_key=token)
    publish(channel, "doomed", "dead")
    channel.basic_reject(channel.basic_get("doomed")[0].delivery_tag, requeue=False)  # type: ignore[union-attr]
    assert asker.got == ["copied", "twice", "both", "dead"]
    assert asker.seen[-1].headers["x-death"][0]["queue"] == "doomed"


@every_version
def test_only_the_default_exchange_knows_tokens(version: str) -> None:
    connection, channel = server(version)
    asker = Asker(connection)
    publish(channel, asker.ask(), "!", exchange="amq.direct")
    publish(channel, PSEUDO_QUEUE, "!")
    assert asker.got == []


@every_version
@pytest.mark.rule("rabbitmq/direct-reply-to-consumer")
def test_who_asks_must_consume_on_the_same_channel_before(version: str) -> None:
    connection, _ = server(version)
    rule = "rabbitmq/direct-reply-to-consumer"

    def ask(channel: pika.BlockingChannel, **more: Any) -> None:
        properties = pika.BasicProperties(reply_to=PSEUDO_QUEUE, **more)
        with refused(406, "PRECONDITION_FAILED - fast reply consumer does not exist"):
            channel.basic_publish("", "rpc", "?", properties)

    ask(connection.channel())
    ask(connection.channel(), expiration="never", headers={"CC": 1})  # that comes first
    first = connection.channel()
    tag = first.basic_consume(PSEUDO_QUEUE, print, auto_ack=True)
    ask(connection.channel())  # another channel
    first.basic_publish("", "rpc", "?", ASKING)
    first.basic_cancel(tag)
    ask(first)
    with refused(406, "PRECONDITION_FAILED - reply consumer cannot acknowledge"):
        connection.channel().basic_consume(PSEUDO_QUEUE, print)
    second = connection.channel()
    second.basic_consume(PSEUDO_QUEUE, print, auto_ack=True, exclusive=True)
    with refused(406, "PRECONDITION_FAILED - reply consumer already set"):
        second.basic_consume(PSEUDO_QUEUE, print, auto_ack=True)
    assert len(told(ChannelClosed, rule, connection)) == 6
    with refused(404, "NOT_FOUND - no exchange 'gone' in vhost '/'"):
        connection.channel().basic_publish("gone", "rpc", "?", ASKING)


@every_version
@pytest.mark.rule("rabbitmq/direct-reply-to-declare")
def test_declaring_a_token_tells_whether_somebody_waits_behind_it(version: str) -> None:
    connection, _ = server(version)
    asker = Asker(connection)
    token = asker.ask()
    for name in (PSEUDO_QUEUE, token):
        for more in ({"passive": True}, {"durable": True, "arguments": {"x-max-length": -1}}):
            declared = connection.channel().queue_declare(name, **more).method  # type: ignore[arg-type]
            assert (declared.queue, declared.message_count, declared.consumer_count) == (name, 0, 1)
    asker.channel.basic_cancel(asker.tag)
    for name in (token, f"{PSEUDO_QUEUE}.xyz", f"{PSEUDO_QUEUE}x"):
        with refused(404, f"NOT_FOUND - no queue '{name}' in vhost '/'"):
            connection.channel().queue_declare(name)
    assert len(told(ChannelClosed, "rabbitmq/direct-reply-to-declare", connection)) == 3


@every_version
def test_neither_name_is_a_queue_for_anything_else(version: str) -> None:
    connection, _ = server(version)
    for name in (PSEUDO_QUEUE, Asker(connection).ask()):
        for request in (
            lambda channel, name=name: channel.basic_get(name),
            lambda channel, name=name: channel.queue_purge(name),
            lambda channel, name=name: channel.queue_bind(name, "amq.direct", "k"),
        ):
            with refused(404, f"NOT_FOUND - no queue '{name}' in vhost '/'"):
                request(connection.channel())
        assert connection.channel().queue_delete(name).method.message_count == 0


@every_version
@pytest.mark.rule("rabbitmq/direct-reply-to-at-most-once")
def test_a_reply_that_comes_too_late_is_dropped(version: str) -> None:
    connection, channel = server(version)
    channel.confirm_delivery()
    asker = Asker(connection)
    cancelled = asker.ask()
    asker.channel.basic_cancel(asker.tag)
    publish(channel, cancelled, "late")
    again = Consumer(asker.channel, PSEUDO_QUEUE, auto_ack=True)
    publish(channel, cancelled, "later")
    assert (asker.got, again.got) == ([], [])
    closed = asker.ask()
    assert closed != cancelled, "a new consumer has a token of its own"
    asker.connection.close()
    publish(channel, closed, "too late")
    assert len(told(Unroutable, "rabbitmq/direct-reply-to-at-most-once", connection)) == 3
    assert [event.ok for event in connection.events if isinstance(event, Confirmed)] == [True] * 3


@before_4_2
@pytest.mark.rule("rabbitmq/direct-reply-to-not-routed")
def test_a_mandatory_reply_is_returned_although_it_arrives(version: str) -> None:
    connection, channel = server(version)
    channel.confirm_delivery()
    asker = Asker(connection)
    with pytest.raises(pika.UnroutableError):
        channel.basic_publish("", asker.ask(), "!", mandatory=True)
    assert asker.got == ["!"]
    (returned,) = told(Returned, "rabbitmq/direct-reply-to-not-routed", connection)
    assert (returned.code, returned.text) == (312, "NO_ROUTE")


@pytest.mark.rule("rabbitmq/direct-reply-to-routed")
def test_since_4_2_a_mandatory_reply_is_not_returned() -> None:
    connection, channel = server("4.3")
    channel.confirm_delivery()
    asker = Asker(connection)
    token = asker.ask()
    channel.basic_publish("", token, "!", mandatory=True)
    assert asker.got == ["!"]
    asker.channel.close()
    channel.basic_publish("", token, "gone", mandatory=True)
    assert len(told(Confirmed, "rabbitmq/direct-reply-to-routed", connection)) == 2
    with pytest.raises(pika.UnroutableError):
        channel.basic_publish("", f"{PSEUDO_QUEUE}.xyz", "no token", mandatory=True)


@pytest.mark.parametrize(
    ("version", "replies", "delivery"), [("3.10", [1, 1], 1), ("4.0", [1, 1], 1), ("4.3", [1, 2], 3)]
)
@pytest.mark.rule("rabbitmq/direct-reply-to-tag")
def test_replies_use_up_no_delivery_tag(version: str, replies: list[int], delivery: int) -> None:
    connection, channel = server(version)
    asker = Asker(connection)
    asker.channel.basic_publish("", "rpc", "?", ASKING)
    token = channel.basic_get("rpc", auto_ack=True)[1].reply_to  # type: ignore[union-attr]
    assert token is not None
    publish(channel, token, "1", "2")
    worker = Consumer(asker.channel, "rpc")
    publish(channel, "rpc", "task")
    assert asker.got == ["1", "2"]
    assert worker.got == ["task"]
    assert ([one.tag for one in asker.seen], worker.seen[0].tag) == (replies, delivery)
