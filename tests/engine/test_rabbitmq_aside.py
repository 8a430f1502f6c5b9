"""What a quorum queue holds itself: dead letters that nobody takes, and what is to be retried later."""

from __future__ import annotations

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import DeadLettered, Requeued, SetAside
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

LETTERS = {
    "x_queue_type": "quorum",
    "x_overflow": "reject-publish",
    "x_dead_letter_strategy": "at-least-once",
    "x_dead_letter_exchange": "dead",
}
RULE = "rabbitmq/dead-letter-at-least-once"


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-at-least-once")
def test_a_letter_that_nobody_takes_is_kept_and_sent_again(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_max_length=1, **LETTERS)
    publish(channel, "q", "m")
    channel.basic_reject(take(channel, "q").tag, requeue=False)
    assert count(channel, "q") == 0
    sender = another(connection).channel()
    sender.confirm_delivery()
    publish(sender, "q", "one more than its limit, with the letter")
    with pytest.raises(pika.NackError):
        publish(sender, "q", "no room beside the two")
    assert channel.queue_purge("q").method.message_count == 1
    channel.exchange_declare("dead", "fanout")
    connection.sleep(180)
    queue(channel, "grave")
    channel.queue_bind("grave", "dead")
    connection.sleep(179)
    assert count(channel, "grave") == 0
    connection.sleep(1)
    (got,) = [take(channel, "grave")]
    assert (got.body, got.headers["x-death"][0]["reason"], got.headers["x-death"][0]["count"]) == (
        "m",
        "rejected",
        1,
    )
    assert len(told(SetAside, RULE, connection)) == 1
    assert len(told(DeadLettered, RULE, connection)) == 1
    publish(sender, "q", "room again")


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-at-least-once")
def test_a_full_queue_takes_the_letter_later_and_a_circle_ends_it(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave", x_max_length=1, x_overflow="reject-publish")
    publish(channel, "grave", "old")
    to_grave = {**LETTERS, "x_dead_letter_exchange": "", "x_dead_letter_routing_key": "grave"}
    queue(channel, "q", **to_grave)
    publish(channel, "q", "short", expiration="100")
    connection.sleep(1)
    assert bodies(channel, "grave") == ["old"]
    connection.sleep(180)
    assert bodies(channel, "grave") == ["short"]
    queue(channel, "round", **{**to_grave, "x_dead_letter_routing_key": "round", "x_message_ttl": 100})
    publish(channel, "round", "m")
    connection.sleep(1)
    assert not connection.broker.queues["round"].unacked


@pytest.mark.parametrize("missing", ["x_overflow", "x_dead_letter_strategy"])
@pytest.mark.rule("rabbitmq/dead-letter-at-most-once")
def test_without_its_strategy_or_with_drop_head_a_letter_goes_once(missing: str) -> None:
    connection = connect()
    channel = connection.channel()
    queue(channel, "q", **{name: value for name, value in LETTERS.items() if name != missing})
    publish(channel, "q", "m")
    channel.basic_reject(take(channel, "q").tag, requeue=False)
    assert not connection.broker.queues["q"].unacked
    assert not told(SetAside, RULE, connection)


def returned(kind: str, how: str, times: int) -> list[float]:
    """How long (s) a message is set aside each time that it comes back."""
    connection = connect("4.3")
    channel = connection.channel()
    queue(
        channel, "q", x_queue_type="quorum", x_delayed_retry_type=kind, x_delayed_retry_min=1000,
        x_delayed_retry_max=2500,
    )  # fmt: skip
    publish(channel, "q", "m")
    for _ in range(times):
        getattr(channel, f"basic_{how}")(take(channel, "q").tag, requeue=True)
        connection.sleep(3)
    aside = told(SetAside, "rabbitmq/delayed-retry", connection)
    assert len([one for one in connection.events if type(one) is Requeued and one.why == "delay"]) == len(
        aside
    )
    return [(one.until - one.t) / 1_000_000 for one in aside]


@pytest.mark.parametrize(
    ("kind", "how", "waits"),
    [
        ("all", "reject", [1, 2, 2.5, 2.5]),
        ("all", "nack", [1, 1, 1, 1]),
        ("failed", "reject", [1, 2, 2.5, 2.5]),
        ("failed", "nack", []),
        ("returned", "reject", []),
        ("returned", "nack", [1, 1, 1, 1]),
        ("disabled", "reject", []),
        ("bogus", "reject", []),
    ],
)
@pytest.mark.rule("rabbitmq/delayed-retry")
def test_what_comes_back_waits_longer_with_each_failure(kind: str, how: str, waits: list[float]) -> None:
    assert returned(kind, how, 4) == waits


@pytest.mark.rule("rabbitmq/delayed-retry")
def test_what_waits_is_not_ready_and_others_pass_it() -> None:
    connection = connect()
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", x_delayed_retry_type="all", x_delayed_retry_min=1000)
    publish(channel, "q", "a", "b")
    channel.basic_reject(take(channel, "q").tag)
    assert count(channel, "q") == 1
    consumer = Consumer(channel, "q")
    assert consumer.got == ["b"]
    connection.sleep(1)
    assert consumer.got == ["b", "a"]
