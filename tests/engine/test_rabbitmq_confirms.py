"""What a publisher is told, and what it can not know."""

from __future__ import annotations

import pytest

from mqlab.engine import commands as c
from mqlab.engine.clients import pika
from mqlab.engine.events import Confirmed, ConfirmReceived, Dropped, Enqueued, Published, Refused
from tests.engine.judged import lab
from tests.engine.rabbit import bodies, connect, count, every_version, publish, queue, told


def two_queues(channel: pika.BlockingChannel, **arguments: object) -> None:
    """A fanout exchange "x" with the queues "open" and "full"; the arguments are those of "full"."""
    channel.exchange_declare("x", "fanout", durable=True)
    channel.queue_bind(queue(channel, "full", **arguments), "x")
    channel.queue_bind(queue(channel, "open"), "x")
    channel.confirm_delivery()


@every_version
@pytest.mark.rule("rabbitmq/confirm-after-enqueue")
def test_a_publish_is_confirmed_when_all_its_queues_have_it_though_nobody_consumes(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    two_queues(channel)
    publish(channel, "", "m1", "m2", exchange="x")
    assert [count(channel, name) for name in ("open", "full")] == [2, 2]
    confirms = told(Confirmed, "rabbitmq/confirm-after-enqueue", connection)
    assert [(one.tag, one.ok, one.multiple) for one in confirms] == [(1, True, False), (2, True, False)]
    kinds = [type(one) for one in connection.events if isinstance(one, (Enqueued, Confirmed))]
    assert kinds == [Enqueued, Enqueued, Confirmed] * 2


@pytest.mark.rule("rabbitmq/confirm-after-enqueue")
def test_a_confirm_waits_for_the_way_to_the_queue_and_travels_back() -> None:
    run = lab(producer="confirms: true, count: 1,", consumer=None).run(1)
    times = {
        type(one): one.t
        for one in run.told
        if isinstance(one, (Published, Enqueued, Confirmed, ConfirmReceived))
    }
    sent = times[Published]
    assert times == {
        Published: sent,
        Enqueued: sent + 20_000,
        Confirmed: sent + 20_000,
        ConfirmReceived: sent + 30_000,
    }


@every_version
@pytest.mark.rule("rabbitmq/confirm-nack-overflow")
@pytest.mark.rule("rabbitmq/overflow-reject-publish")
def test_one_full_queue_has_the_publish_nacked_though_the_other_keeps_its_copy(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    two_queues(channel, x_max_length=1, x_overflow="reject-publish")
    publish(channel, "", "m1", exchange="x")
    with pytest.raises(pika.NackError):
        publish(channel, "", "m2", exchange="x")
    assert bodies(channel, "open") == ["m1", "m2"]
    assert bodies(channel, "full") == ["m1"]
    (nack,) = told(Confirmed, "rabbitmq/confirm-nack-overflow", connection)
    assert (nack.tag, nack.ok, nack.multiple) == (2, False, True)
    (dropped,) = told(Dropped, "rabbitmq/overflow-reject-publish", connection)
    assert (dropped.queue, dropped.reason) == ("full", "refused")


@pytest.mark.rule("rabbitmq/unknown-outcome")
def test_a_publish_that_finds_its_channel_closed_is_never_confirmed() -> None:
    script = "{script: [{at_ms: 100, body: one}, {at_ms: 105, body: two}]}"
    run = lab(producer="confirms: true,", consumer=None, rate=script).run(0.05)
    run.do(c.Delete(node="orders")).run(5)
    refused = [(one.reason, one.rule) for one in run.told if isinstance(one, Refused)]
    assert refused == [
        ("NOT_FOUND - no exchange 'orders' in vhost '/'", "rabbitmq/exchange-missing"),
        ("channel closed", "rabbitmq/unknown-outcome"),
    ]
    assert not [one for one in run.told if isinstance(one, Confirmed)]


@pytest.mark.rule("rabbitmq/unknown-outcome")
def test_publishing_again_what_was_not_confirmed_makes_a_duplicate_where_it_had_arrived() -> None:
    run = lab(producer="confirms: true, count: 1, reconnect_ms: 500,", consumer=None)
    first = run.run_until(Enqueued)
    run.do(c.Restart(node="rabbit")).run(5)
    again = [one for one in run.told if isinstance(one, Published)]
    assert [one.again for one in again] == [False, True]
    assert [one.of for one in run.told if isinstance(one, Enqueued)] == [first.of, (f"{first.of[0]}.2",)]
    assert [one.ok for one in run.told if isinstance(one, ConfirmReceived)] == [True]
