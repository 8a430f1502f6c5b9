"""What becomes of messages that a queue gives up, and what they remember."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine.brokers.rabbitmq import restart
from mqlab.engine.events import DeadLettered, Dropped, Expired, Lost, Settled, Unroutable
from tests.engine.rabbit import (
    Got,
    bodies,
    connect,
    count,
    drain,
    every_version,
    publish,
    queue,
    since_four,
    take,
    told,
)

KINDS = pytest.mark.parametrize("kind", ["classic", "quorum"])
TO_GRAVE = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "grave"}


def deaths(got: Got, *fields: str) -> list[tuple[Any, ...]]:
    """These fields of each entry of x-death."""
    return [tuple(entry.get(field) for field in fields) for entry in got.headers["x-death"]]


def fail(channel: Any, name: str) -> None:
    """Take a message and reject it for good."""
    channel.basic_reject(take(channel, name).tag, requeue=False)


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/dead-letter-reasons")
def test_what_is_rejected_expires_or_is_pushed_out_goes_to_the_dead_letter_exchange(
    version: str, kind: str
) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_max_length=2, x_message_ttl=1000, x_queue_type=kind, **TO_GRAVE)
    publish(channel, "q", "pushed out", "rejected", "expired")
    fail(channel, "q")
    connection.sleep(1)
    assert [(one.body, *deaths(one, "queue", "reason")[0]) for one in drain(channel, "grave")] == [
        ("pushed out", "q", "maxlen"), ("rejected", "q", "rejected"), ("expired", "q", "expired"),
    ]  # fmt: skip
    by_rule = [one.reason for one in told(DeadLettered, "rabbitmq/dead-letter-reasons", connection)]
    assert by_rule == ["rejected", "expired"]


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-reasons")
@pytest.mark.rule("rabbitmq/delivery-limit")
def test_what_fails_too_often_goes_to_the_dead_letter_exchange(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_queue_type="quorum", x_delivery_limit=1, **TO_GRAVE)
    publish(channel, "q", "poison")
    for _ in range(2):
        channel.basic_reject(take(channel, "q").tag)
    (letter,) = drain(channel, "grave")
    assert deaths(letter, "queue", "reason", "count") == [("q", "delivery_limit", 1)]
    assert len(told(DeadLettered, "rabbitmq/delivery-limit", connection)) == 1


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/dead-letter-reasons")
def test_several_nacked_at_once_die_in_their_order(version: str, kind: str) -> None:
    channel = connect(version).channel()
    queue(channel, "grave")
    queue(channel, "q", x_queue_type=kind, **TO_GRAVE)
    publish(channel, "q", "m1", "m2", "m3", "m4")
    tags = [take(channel, "q").tag for _ in range(3)]
    channel.basic_nack(tags[2], multiple=True, requeue=False)
    assert bodies(channel, "grave") == ["m1", "m2", "m3"]
    assert bodies(channel, "q") == ["m4"]


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/dead-letter-missing-exchange")
def test_without_its_exchange_a_dead_letter_is_dropped_in_silence(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_dead_letter_exchange="later", x_queue_type=kind)
    publish(channel, "q", "m1", "m2")
    fail(channel, "q")
    channel.exchange_declare("later", "fanout", durable=True)
    channel.queue_bind(queue(channel, "grave"), "later")
    fail(channel, "q")
    assert bodies(channel, "grave") == ["m2"]
    assert channel.is_open


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-missing-exchange")
def test_whatever_ends_a_message_the_missing_exchange_is_named(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_dead_letter_exchange="nowhere", x_max_length=1, x_message_ttl=1000)
    queue(channel, "qq", x_dead_letter_exchange="nowhere", x_queue_type="quorum", x_delivery_limit=0)
    publish(channel, "q", "m1", "m2")
    connection.sleep(1)
    publish(channel, "qq", "m3", "m4")
    channel.basic_reject(take(channel, "qq").tag)
    fail(channel, "qq")
    rule = "rabbitmq/dead-letter-missing-exchange"
    dropped = told(Dropped, rule, connection)
    assert [(one.queue, one.reason) for one in dropped] == [("q", "maxlen"), ("qq", "delivery_limit")]
    assert [one.queue for one in told(Expired, rule, connection)] == ["q"]
    assert [one.outcome for one in told(Settled, rule, connection)] == ["rejected"]


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-routing-key")
def test_a_dead_letter_travels_under_its_queues_key_or_the_keys_of_its_publish(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("x", "direct", durable=True)
    channel.exchange_declare("dlx", "topic", durable=True)
    channel.queue_bind(queue(channel, "grave"), "dlx", "#")
    channel.queue_bind(queue(channel, "cc"), "dlx", "copy")
    channel.queue_bind(
        queue(channel, "own", x_dead_letter_exchange="dlx", x_dead_letter_routing_key="said"), "x", "a"
    )
    channel.queue_bind(queue(channel, "none", x_dead_letter_exchange="dlx"), "x", "b")
    publish(channel, "a", "one", exchange="x")
    publish(channel, "b", "two", exchange="x", headers={"CC": ["copy"]})
    fail(channel, "own")
    fail(channel, "none")
    assert [(one.body, one.exchange, one.routing_key) for one in drain(channel, "grave")] == [
        ("one", "dlx", "said"), ("two", "dlx", "b"),
    ]  # fmt: skip
    assert bodies(channel, "cc") == ["two"]
    assert [one.routing_key for one in connection.events if isinstance(one, DeadLettered)] == ["said", "b"]


def retry_loop(channel: Any) -> None:
    """work --rejected--> wait --expired--> work."""
    queue(channel, "work", x_dead_letter_exchange="", x_dead_letter_routing_key="wait")
    queue(channel, "wait", x_dead_letter_exchange="", x_dead_letter_routing_key="work", x_message_ttl=1000)


@every_version
@pytest.mark.rule("rabbitmq/x-death-record")
def test_x_death_counts_each_queue_and_reason_newest_first_and_keeps_the_first_time(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    retry_loop(channel)
    publish(channel, "work", "m")
    for n in (1, 2, 3):
        fail(channel, "work")
        connection.sleep(1)
        got = take(channel, "work")
        assert deaths(got, "queue", "reason", "count", "time", "exchange", "routing-keys") == [
            ("wait", "expired", n, 1, "", ["wait"]), ("work", "rejected", n, 0, "", ["work"]),
        ]  # fmt: skip
        assert not got.redelivered
        channel.basic_nack(got.tag)
    counts = [one.count for one in connection.events if isinstance(one, DeadLettered)]
    assert counts == [1, 1, 2, 2, 3, 3]


@every_version
@pytest.mark.rule("rabbitmq/first-last-death")
def test_the_first_death_stays_and_the_last_is_told_since_4_0(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    retry_loop(channel)
    publish(channel, "work", "m")
    fail(channel, "work")
    connection.sleep(1)
    headers = take(channel, "work").headers
    first = {name: headers[f"x-first-death-{name}"] for name in ("queue", "reason", "exchange")}
    last = {name: headers.get(f"x-last-death-{name}") for name in ("queue", "reason", "exchange")}
    assert first == {"queue": "work", "reason": "rejected", "exchange": ""}
    told_last = {"queue": "wait", "reason": "expired", "exchange": ""}
    assert last == (dict.fromkeys(last) if version == "3.10" else told_last)


CLAIMED = {
    "x-death": [
        {"queue": "q", "reason": "rejected", "count": 7, "exchange": "", "routing-keys": ["q"], "time": 0}
    ]
}


@since_four
@pytest.mark.rule("rabbitmq/client-x-death-ignored")
def test_an_x_death_that_a_client_sends_counts_for_nothing(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", **TO_GRAVE)
    publish(channel, "q", "m", headers=CLAIMED)
    fail(channel, "q")
    assert deaths(take(channel, "grave"), "queue", "reason", "count") == [("q", "rejected", 1)]
    assert [one.count for one in connection.events if isinstance(one, DeadLettered)] == [1]


@pytest.mark.rule("rabbitmq/client-x-death-ignored")
def test_before_4_0_it_was_believed() -> None:
    channel = connect("3.10").channel()
    queue(channel, "grave")
    queue(channel, "q", **TO_GRAVE)
    publish(channel, "q", "m", headers=CLAIMED)
    fail(channel, "q")
    assert deaths(take(channel, "grave"), "queue", "reason", "count") == [("q", "rejected", 8)]


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-cycle")
def test_a_circle_without_a_rejection_ends_where_it_closes(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "a", x_dead_letter_exchange="", x_dead_letter_routing_key="b", x_message_ttl=100)
    queue(channel, "b", x_dead_letter_exchange="", x_dead_letter_routing_key="a", x_message_ttl=100)
    publish(channel, "a", "m")
    connection.sleep(0.15)
    assert [count(channel, name) for name in ("a", "b")] == [0, 1]
    connection.sleep(10)
    assert [count(channel, name) for name in ("a", "b")] == [0, 0]
    (end,) = told(Unroutable, "rabbitmq/dead-letter-cycle", connection)
    assert (end.reason, end.t) == ("cycle", 200_000)


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-cycle")
def test_one_rejection_on_the_way_keeps_the_circle_turning(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "itself", x_dead_letter_exchange="", x_dead_letter_routing_key="itself")
    publish(channel, "itself", "m")
    for _ in range(5):
        fail(channel, "itself")
    assert deaths(take(channel, "itself"), "count") == [(5,)]
    assert told(Unroutable, "rabbitmq/dead-letter-cycle", connection) == []


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-at-most-once")
def test_a_dead_letter_that_finds_no_queue_is_lost(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("dlx", "direct", durable=True)
    queue(channel, "q", x_dead_letter_exchange="dlx")
    publish(channel, "q", "m")
    fail(channel, "q")
    (end,) = told(Unroutable, "rabbitmq/dead-letter-at-most-once", connection)
    assert end.reason == "no_route"


@every_version
@pytest.mark.rule("rabbitmq/dead-letter-at-most-once")
def test_a_dead_letter_on_its_way_falls_with_the_broker(version: str) -> None:
    connection = connect(version)
    connection.world.watched = True
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", **TO_GRAVE)
    publish(channel, "q", "m")
    connection.world.exchange_us = 10
    fail_tag = take(channel, "q").tag
    channel._client.refuse(channel._channel, fail_tag, requeue=False, how="reject")
    restart.go_down(connection.broker, "")
    connection.sleep(1.1)
    (lost,) = told(Lost, "rabbitmq/dead-letter-at-most-once", connection)
    assert lost.what == "message"


@pytest.mark.parametrize(
    ("version", "history"), [("3.10", ["c", "a", "b"]), ("4.0", ["c", "b", "a"]), ("4.3", ["c", "b", "a"])]
)
@pytest.mark.rule("rabbitmq/x-death-turned-round")
def test_3_10_turns_the_older_deaths_round(version: str, history: list[str]) -> None:
    channel = connect(version).channel()
    for name, then in (("a", "b"), ("b", "c"), ("c", "d")):
        queue(channel, name, x_dead_letter_exchange="", x_dead_letter_routing_key=then)
    queue(channel, "d")
    publish(channel, "a", "m")
    for name in ("a", "b", "c"):
        channel.basic_reject(take(channel, name).tag, requeue=False)
    assert [death["queue"] for death in take(channel, "d").headers["x-death"]] == history
