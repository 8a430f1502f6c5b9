"""How long a message lives, and where it has to be to die."""

from __future__ import annotations

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import DeadLettered, Enqueued, Expired
from tests.engine.rabbit import Consumer, bodies, connect, count, every_version, publish, queue, take, told

KINDS = pytest.mark.parametrize("kind", ["classic", "quorum"])


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/ttl-minimum")
def test_a_message_lives_as_long_as_the_shorter_of_its_two_limits(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_message_ttl=1000, x_queue_type=kind)
    publish(channel, "q", "short", expiration="400")
    publish(channel, "q", "long", expiration="5000")
    publish(channel, "q", "queue's own")
    assert [one.expires - one.t for one in told(Enqueued, "rabbitmq/ttl-minimum", connection)] == [
        400_000, 1_000_000, 1_000_000,
    ]  # fmt: skip
    connection.sleep(0.399)
    assert count(channel, "q") == 3
    connection.sleep(0.001)
    assert count(channel, "q") == 2
    connection.sleep(0.6)
    assert count(channel, "q") == 0
    assert len(told(Expired, "rabbitmq/ttl-minimum", connection)) == 3


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/ttl-head-only")
def test_a_message_behind_one_that_lives_longer_waits_to_die_and_is_never_delivered(
    version: str, kind: str
) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type=kind)
    publish(channel, "q", "for ever")
    publish(channel, "q", "short", expiration="100")
    publish(channel, "q", "last")
    connection.sleep(10)
    assert count(channel, "q") == 3
    assert take(channel, "q").body == "for ever"
    (expired,) = told(Expired, "rabbitmq/ttl-head-only", connection)
    assert expired.t == 10_000_000
    assert bodies(channel, "q") == ["last"]


@every_version
@pytest.mark.rule("rabbitmq/ttl-zero")
@pytest.mark.parametrize("limit", ["queue", "message"])
def test_a_lifetime_of_nothing_lets_a_message_pass_to_a_waiting_consumer_only(
    version: str, limit: str
) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", **({"x_message_ttl": 0} if limit == "queue" else {}))
    more = {"expiration": "0"} if limit == "message" else {}
    publish(channel, "q", "nobody is there", **more)
    assert count(channel, "q") == 0
    channel.basic_qos(prefetch_count=1)
    consumer = Consumer(channel, "q")
    publish(channel, "q", "taken", "no room", **more)
    assert consumer.got == ["taken"]
    consumer.ack("taken")
    assert consumer.got == ["taken"]
    assert len(told(Expired, "rabbitmq/ttl-zero", connection)) == 2


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/ttl-unacked-held")
def test_what_a_consumer_holds_does_not_expire_but_its_time_goes_on(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_message_ttl=1000, x_queue_type=kind)
    publish(channel, "q", "m1", "m2")
    first, second = take(channel, "q"), take(channel, "q")
    connection.sleep(0.5)
    channel.basic_nack(first.tag)
    assert count(channel, "q") == 1
    third = take(channel, "q")
    assert (third.body, third.redelivered) == ("m1", True)
    connection.sleep(5)
    assert not [one for one in connection.events if isinstance(one, Expired)]
    channel.basic_nack(second.tag)
    assert count(channel, "q") == 0
    (expired,) = [one for one in connection.events if isinstance(one, Expired)]
    assert expired.t == 5_500_000
    channel.basic_ack(third.tag)


@every_version
@KINDS
@pytest.mark.rule("rabbitmq/dead-letter-expiration-removed")
def test_a_dead_letter_has_no_lifetime_any_more_and_tells_what_it_was(version: str, kind: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_dead_letter_exchange="", x_dead_letter_routing_key="grave", x_queue_type=kind)
    publish(channel, "q", "m", expiration="100")
    connection.sleep(100)
    method, properties, _ = channel.basic_get("grave")
    assert method is not None
    assert isinstance(properties, pika.BasicProperties)
    assert properties.expiration is None
    assert properties.headers is not None
    assert properties.headers["x-death"][0]["original-expiration"] == "100"
    (died,) = [one for one in connection.events if isinstance(one, DeadLettered)]
    assert (died.reason, died.t) == ("expired", 100_000)


@every_version
@pytest.mark.parametrize("expiration", ["5000000000", "+315360000000"])
@pytest.mark.rule("rabbitmq/ttl-minimum")
def test_a_lifetime_of_ten_years_is_one_that_a_browser_can_count(version: str, expiration: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    publish(channel, "q", "m", expiration=expiration)
    connection.sleep(86_400)
    assert bodies(channel, "q") == ["m"]
    (entered,) = told(Enqueued, "rabbitmq/ttl-minimum", connection)
    assert entered.expires < 2**53
