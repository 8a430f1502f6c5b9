"""How long queues, exchanges and what is in them live."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import ConsumerCancelled, Lost, NodeRemoved, Purged, Restarted
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
    restart,
    take,
    told,
)

LOCKED = (
    "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'mine' in vhost '/'. It could be originally declared on "
    "another connection or the exclusive property value does not match that of the original declaration."
)


@every_version
@pytest.mark.rule("rabbitmq/auto-delete-exchange")
def test_an_auto_delete_exchange_goes_with_its_last_binding_and_not_before_its_first(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("x", auto_delete=True)
    queue(channel, "q")
    channel.queue_unbind("q", "x", "never")
    channel.queue_bind("q", "x", "a")
    channel.queue_bind("q", "x", "b")
    channel.queue_unbind("q", "x", "a")
    channel.exchange_declare("x", passive=True)
    channel.queue_unbind("q", "x", "b")
    (gone,) = told(NodeRemoved, "rabbitmq/auto-delete-exchange", connection)
    assert gone.node == "x"
    with refused(404, "NOT_FOUND - no exchange 'x' in vhost '/'"):
        channel.exchange_declare("x", passive=True)


@every_version
@pytest.mark.rule("rabbitmq/durable-survives")
def test_durable_queues_keep_their_persistent_messages_over_a_restart(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "classic")
    queue(channel, "quorum", x_queue_type="quorum")
    channel.exchange_declare("x", durable=True)
    channel.queue_bind("classic", "x", "k")
    publish(channel, "classic", "first", "second")
    publish(channel, "quorum", "transient", delivery_mode=1)
    take(channel, "classic")  # held unacked when the broker goes
    connection = restart(connection)
    channel = connection.channel()
    publish(channel, "k", "third", exchange="x")
    got = drain(channel, "classic")
    assert [(one.body, one.redelivered) for one in got] == [
        ("first", True), ("second", False), ("third", False),
    ]  # fmt: skip
    (kept,) = drain(channel, "quorum")
    assert (kept.body, kept.redelivered) == ("transient", False)


@every_version
@pytest.mark.rule("rabbitmq/durable-survives")
def test_the_event_of_coming_up_says_what_survived(version: str) -> None:
    connection = connect(version)
    restart(connection)
    assert [event.node for event in told(Restarted, "rabbitmq/durable-survives", connection)] == ["rabbit"]


@pytest.mark.parametrize("version", ["3.10", "4.0"])
@pytest.mark.rule("rabbitmq/transient-lost")
def test_a_restart_takes_transient_queues_and_transient_messages(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.queue_declare("transient")
    channel.exchange_declare("passing")
    queue(channel, "durable")
    publish(channel, "transient", "persistent")
    publish(channel, "durable", "kept")
    publish(channel, "durable", "mode 1", delivery_mode=1)
    publish(channel, "durable", "no mode", delivery_mode=None)
    channel = restart(connection).channel()
    assert bodies(channel, "durable") == ["kept"]
    lost = told(Lost, "rabbitmq/transient-lost", connection)
    assert [(one.node, len(one.of), one.ends) for one in lost] == [
        ("transient", 1, True),
        ("durable", 2, True),
    ]
    assert {one.node for one in told(NodeRemoved, "rabbitmq/transient-lost", connection)} == {
        "transient",
        "passing",
    }
    with refused(404, "NOT_FOUND - no queue 'transient' in vhost '/'"):
        count(channel, "transient")


@every_version
@pytest.mark.rule("rabbitmq/auto-delete-queue")
def test_an_auto_delete_queue_goes_with_its_last_consumer_and_all_that_is_in_it(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.queue_declare("q", durable=True, auto_delete=True)
    publish(channel, "q", "m")
    assert take(channel, "q").body == "m"  # a get is no consumer
    first = Consumer(channel, "q")
    second = Consumer(channel, "q")
    publish(channel, "q", "n", "o")
    channel.basic_cancel(first.tag)
    assert channel.queue_declare("q", passive=True).method.consumer_count == 1
    channel.basic_cancel(second.tag)
    (gone,) = told(NodeRemoved, "rabbitmq/auto-delete-queue", connection)
    assert (gone.node, len(gone.of)) == ("q", 3)
    with refused(404, "NOT_FOUND - no queue 'q' in vhost '/'"):
        count(channel, "q")


@every_version
@pytest.mark.rule("rabbitmq/exclusive-queue")
def test_an_exclusive_queue_is_never_durable(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.queue_declare("mine", exclusive=True, durable=True)
    channel.queue_declare("mine", exclusive=True, durable=False)
    assert not connection.broker.queues["mine"].durable
    text = (
        "inequivalent arg 'auto_delete' for queue 'mine' in vhost '/': received 'true' but current is 'false'"
    )
    with refused(406, f"PRECONDITION_FAILED - {text}"):
        channel.queue_declare("mine", exclusive=True, durable=True, auto_delete=True)


@every_version
@pytest.mark.rule("rabbitmq/exclusive-queue")
def test_an_exclusive_queue_answers_its_own_connection_only(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.queue_declare("mine", exclusive=True)
    other = another(connection)
    with refused(405, LOCKED):
        other.channel().queue_declare("mine", passive=True)
    with refused(405, LOCKED):
        other.channel().basic_get("mine")
    with refused(405, LOCKED):
        Consumer(other.channel(), "mine")
    with refused(405, LOCKED):
        other.channel().queue_delete("mine")
    with refused(405, LOCKED):
        channel.queue_declare("mine")
    publish(other.channel(), "mine", "for you")
    channel = connection.channel()
    assert bodies(channel, "mine") == ["for you"]
    connection.close()
    assert [one.node for one in told(NodeRemoved, "rabbitmq/exclusive-queue", connection)] == ["mine"]
    with refused(404, "NOT_FOUND - no queue 'mine' in vhost '/'"):
        count(other.channel(), "mine")


@every_version
@pytest.mark.rule("rabbitmq/server-named")
def test_a_queue_without_a_name_gets_one_of_the_servers(version: str) -> None:
    channel = connect(version).channel()
    names = [channel.queue_declare("", exclusive=True).method.queue for _ in range(2)]
    assert len(set(names)) == 2
    assert all(name.startswith("amq.gen-") and len(name) == len("amq.gen-") + 22 for name in names)
    publish(channel, names[0], "m")
    assert [count(channel, name) for name in names] == [1, 0]
    assert channel.queue_declare(names[0], exclusive=True).method.queue == names[0]


@every_version
@pytest.mark.rule("rabbitmq/queue-delete-no-dead-letter")
def test_deleting_a_queue_dead_letters_nothing(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_dead_letter_exchange="", x_dead_letter_routing_key="grave")
    publish(channel, "q", "held", "ready", "ready")
    take(channel, "q")
    assert channel.queue_delete("q").method.message_count == 2
    assert count(channel, "grave") == 0
    (gone,) = told(NodeRemoved, "rabbitmq/queue-delete-no-dead-letter", connection)
    assert (gone.node, len(gone.of)) == ("q", 3)


@every_version
@pytest.mark.rule("rabbitmq/purge-only-ready")
def test_a_purge_leaves_what_consumers_hold(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "q", x_dead_letter_exchange="", x_dead_letter_routing_key="grave")
    publish(channel, "q", "held", "a", "b")
    held = take(channel, "q")
    assert channel.queue_purge("q").method.message_count == 2
    (purged,) = told(Purged, "rabbitmq/purge-only-ready", connection)
    assert len(purged.of) == 2
    assert count(channel, "grave") == 0
    channel.basic_nack(held.tag)
    assert [(one.body, one.redelivered) for one in drain(channel, "q")] == [("held", True)]


@every_version
@pytest.mark.rule("rabbitmq/consumer-cancel-notify")
def test_consumers_of_a_deleted_queue_are_told(version: str) -> None:
    connection = connect(version)
    other = another(connection)
    queue(connection.channel(), "q")
    Consumer(connection.channel(), "q")
    channel = other.channel()
    Consumer(channel, "q")
    operator = another(connection)
    operator.channel().queue_delete("q")
    cancelled = told(ConsumerCancelled, "rabbitmq/consumer-cancel-notify", operator)
    assert [one.queue for one in cancelled] == ["q", "q"]
    assert len({one.program for one in cancelled}) == 2
    assert channel.is_open


def test_a_closed_connection_says_so_instead_of_asking() -> None:
    connection = connect()
    channel = connection.channel()
    connection.close()
    with pytest.raises(pika.ChannelWrongStateError):
        channel.queue_declare("q", durable=True)


@every_version
@pytest.mark.rule("rabbitmq/queue-expires")
@pytest.mark.parametrize(
    ("use", "renews"),
    [
        (lambda channel: channel.basic_get("q"), (True, True)),
        (lambda channel: channel.queue_declare("q", passive=True), (True, False)),
        (lambda channel: channel.basic_cancel(Consumer(channel, "q").tag), (True, True)),
        (lambda channel: publish(channel, "q", "m"), (False, False)),
        (lambda channel: channel.queue_purge("q"), (False, False)),
    ],
)
def test_a_queue_that_nobody_uses_expires(
    version: str, use: Callable[[pika.BlockingChannel], object], renews: tuple[bool, bool]
) -> None:
    for kind, renewed, rest_s in zip(("classic", "quorum"), renews, (0, 4.5), strict=True):
        connection = connect(version)
        channel = connection.channel()
        queue(channel, "grave")
        to_grave = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "grave"}
        queue(channel, "q", x_queue_type=kind, x_expires=500, **to_grave)
        connection.sleep(0.3 + rest_s)  # a quorum queue looks after five seconds
        use(channel)
        connection.sleep(0.3)
        assert ("q" in connection.broker.queues) is renewed
        connection.sleep(5 if rest_s else 0.3)
        assert len(told(NodeRemoved, "rabbitmq/queue-expires", connection)) == 1
        assert count(channel, "grave") == 0


@every_version
@pytest.mark.rule("rabbitmq/queue-expires")
@pytest.mark.parametrize(
    ("expires", "asked_s", "goes"),
    [(200, None, 5), (4900, None, 5), (5100, None, 10), (1000, 4.5, 10), (3000, 1.5, 5), (3000, 2.5, 10)],
)
def test_a_quorum_queue_looks_every_five_seconds(
    version: str, expires: int, asked_s: float | None, goes: int
) -> None:
    """These were asked of a 3.10.8, half a second after each look and, where it was there, before the next."""
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", x_expires=expires)
    if asked_s is not None:
        connection.sleep(asked_s)
        channel.basic_get("q")
    connection.sleep(goes - 0.1 - (asked_s or 0))
    assert "q" in connection.broker.queues
    connection.sleep(0.2)
    assert "q" not in connection.broker.queues


@every_version
@pytest.mark.rule("rabbitmq/queue-expires")
def test_a_quorum_queue_of_which_something_is_held_stays(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_queue_type="quorum", x_expires=500)
    publish(channel, "q", "m")
    method, *_ = channel.basic_get("q")
    connection.sleep(12)
    assert "q" in connection.broker.queues
    channel.basic_ack(method.delivery_tag)
    connection.sleep(4)
    assert "q" not in connection.broker.queues


@every_version
@pytest.mark.rule("rabbitmq/queue-expires")
def test_a_consumer_keeps_its_queue(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q", x_expires=500)
    consumer = Consumer(channel, "q")
    connection.sleep(5)
    channel.basic_cancel(consumer.tag)
    connection.sleep(0.4)
    assert "q" in connection.broker.queues
    connection.sleep(0.2)
    assert "q" not in connection.broker.queues


@every_version
@pytest.mark.rule("rabbitmq/exclusive-queue")
def test_who_unbinds_what_is_not_bound_is_not_asked_whose_queue_it_is(version: str) -> None:
    connection = connect(version)
    connection.channel().queue_declare("q", exclusive=True)
    other = another(connection).channel()
    other.queue_unbind("q", "amq.direct", "k")
    connection.channel().queue_bind("q", "amq.direct", "k")
    with pytest.raises(pika.ChannelClosedByBroker) as error:
        other.queue_unbind("q", "amq.direct", "k")
    assert error.value.reply_code == 405
