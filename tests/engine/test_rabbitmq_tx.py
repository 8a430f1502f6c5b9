"""Transactions of a channel: what waits for the commit, what does not, and what a rollback takes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import Lost, Refused
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
    take,
    told,
)

CLOSED = "PRECONDITION_FAILED - "


def select(connection: pika.BlockingConnection) -> pika.BlockingChannel:
    """A channel with transactions."""
    channel = connection.channel()
    channel.tx_select()
    return channel


@every_version
@pytest.mark.rule("rabbitmq/tx-commit")
def test_publishes_and_acks_wait_for_the_commit(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    queue(channel, "out")
    publish(channel, "q", "a", "b", "c")
    tx = select(connection)
    tx.basic_qos(prefetch_count=2)
    consumer = Consumer(tx, "q")
    publish(tx, "out", "result of a")
    consumer.ack("a")
    assert consumer.got == ["a", "b"], "its slot is not free yet"
    assert count(channel, "out") == 0
    tx.tx_commit()
    assert consumer.got == ["a", "b", "c"]
    assert bodies(channel, "out") == ["result of a"]
    tx.basic_nack(consumer.seen[1].tag, requeue=False)
    tx.tx_commit()
    tx.close()
    assert bodies(channel, "q") == ["c"]


@every_version
@pytest.mark.rule("rabbitmq/tx-commit")
def test_at_the_commit_publishes_go_before_rejects(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_length=1)
    publish(channel, "q", "old")
    tx = select(connection)
    tx.basic_reject(take(tx, "q").tag)
    publish(tx, "q", "new")
    tx.tx_commit()
    assert bodies(channel, "q") == ["new"], "the old one came back to the head, and was over the limit"


@every_version
@pytest.mark.rule("rabbitmq/tx-errors-at-once")
def test_errors_and_routing_do_not_wait(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    tx = select(connection)
    with refused(404, "NOT_FOUND - no exchange 'nowhere' in vhost '/'"):
        publish(tx, "k", "m", exchange="nowhere")
    tx = select(connection)
    publish(channel, "q", "m")
    tag = take(tx, "q").tag
    tx.basic_ack(tag)
    with refused(406, f"{CLOSED}unknown delivery tag {tag}"):
        tx.basic_ack(tag)
    assert bodies(channel, "q") == ["m"]
    tx = select(connection)
    publish(tx, "q", "too early", exchange="amq.direct")
    publish(tx, "later", "just in time")
    channel.queue_bind("q", "amq.direct")
    queue(channel, "later")
    tx.tx_commit()
    assert (bodies(channel, "q"), bodies(channel, "later")) == ([], ["just in time"])


@every_version
@pytest.mark.rule("rabbitmq/tx-rollback")
def test_a_rollback_forgets_publishes_and_holds_again_what_was_acked(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "a", "b")
    tx = select(connection)
    first, second = take(tx, "q"), take(tx, "q")
    tx.basic_ack(second.tag)
    tx.basic_ack(first.tag)
    publish(tx, "q", "never")
    tx.tx_rollback()
    assert count(channel, "q") == 0, "nothing is requeued"
    tx.basic_ack(second.tag, multiple=True)
    tx.tx_commit()
    tx.close()
    assert count(channel, "q") == 0
    assert len(told(Refused, "rabbitmq/tx-rollback", connection)) == 1
    assert len(told(Lost, "rabbitmq/tx-rollback", connection)) == 2


@every_version
@pytest.mark.rule("rabbitmq/tx-rollback")
def test_a_channel_that_closes_rolls_back(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "a", "b")
    tx = select(another(connection))
    take(tx, "q")
    tx.basic_ack(take(tx, "q").tag, multiple=True)
    publish(tx, "q", "never")
    tx.connection.close()
    assert [(one.body, one.redelivered) for one in (take(channel, "q"), take(channel, "q"))] == [
        ("a", True),
        ("b", True),
    ]
    assert count(channel, "q") == 0


@every_version
@pytest.mark.rule("rabbitmq/tx-partial")
def test_a_commit_that_a_queue_refuses_is_done_in_part(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_length=1, x_overflow="reject-publish")
    tx = select(connection)
    publish(tx, "q", "fits", "does not")
    with refused(406, f"{CLOSED}partial tx completion"):
        tx.tx_commit()
    assert bodies(channel, "q") == ["fits"]


@every_version
@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (
            lambda channel: (channel.tx_select(), channel.confirm_delivery()),
            "cannot switch from tx to confirm mode",
        ),
        (
            lambda channel: (channel.confirm_delivery(), channel.tx_select()),
            "cannot switch from confirm to tx mode",
        ),
        (lambda channel: channel.tx_commit(), "channel is not transactional"),
        (lambda channel: channel.tx_rollback(), "channel is not transactional"),
    ],
)
@pytest.mark.rule("rabbitmq/tx-or-confirms")
def test_a_channel_has_transactions_or_confirms(
    version: str, ask: Callable[[pika.BlockingChannel], object], text: str
) -> None:
    channel = connect(version).channel()
    with refused(406, CLOSED + text):
        ask(channel)


@pytest.mark.rule("rabbitmq/mandatory-returned")
def test_a_mandatory_message_of_a_transaction_comes_back_at_its_commit() -> None:
    connection = connect()
    tx = select(connection)
    tx.basic_publish("", "nowhere", b"m", mandatory=True)
    assert not [one for one in connection.events if type(one).__name__ == "Returned"]
    tx.tx_commit()
    assert [one.code for one in connection.events if type(one).__name__ == "Returned"] == [312]
