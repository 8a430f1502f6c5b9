"""Where a message goes: exchanges, bindings, alternates, and what nobody takes."""

from __future__ import annotations

import pytest

from mqlab.engine.clients import pika
from mqlab.engine.events import Confirmed, LinkRemoved, Returned, Routed, Unroutable
from tests.engine.rabbit import (
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


def bound(channel: pika.BlockingChannel, exchange: str, kind: str, keys: dict[str, str]) -> None:
    """An exchange with a queue for each name, bound by its key."""
    channel.exchange_declare(exchange, kind, durable=True)
    for name, key in keys.items():
        channel.queue_bind(queue(channel, name), exchange, key)


@every_version
@pytest.mark.rule("rabbitmq/default-exchange")
def test_a_queue_is_reached_by_its_name_and_no_other_key(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "tasks")
    publish(channel, "tasks", "for you")
    publish(channel, "Tasks", "for nobody")
    publish(channel, "#", "for nobody either")
    (got,) = drain(channel, "tasks")
    assert (got.body, got.exchange, got.routing_key) == ("for you", "", "tasks")
    (routed,) = told(Routed, "rabbitmq/default-exchange", connection)
    assert (routed.to, routed.exchange) == (("tasks",), "amq.default")


@every_version
@pytest.mark.rule("rabbitmq/direct-exact")
def test_a_direct_exchange_wants_the_very_same_key(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    bound(channel, "x", "direct", {"plain": "a.b", "star": "a.*", "hash": "#", "none": ""})
    for key in ("a.b", "a.*", "#", "", "A.B", "a.b."):
        publish(channel, key, repr(key), exchange="x")
    assert [bodies(channel, name) for name in ("plain", "star", "hash", "none")] == [
        ["'a.b'"], ["'a.*'"], ["'#'"], ["''"],
    ]  # fmt: skip
    assert len(told(Routed, "rabbitmq/direct-exact", connection)) == 4


@every_version
@pytest.mark.rule("rabbitmq/fanout-all")
def test_a_fanout_exchange_does_not_look_at_the_key(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    bound(channel, "x", "fanout", {"one": "a", "two": "b"})
    publish(channel, "c", "m", exchange="x")
    assert [bodies(channel, name) for name in ("one", "two")] == [["m"], ["m"]]
    (routed,) = told(Routed, "rabbitmq/fanout-all", connection)
    assert routed.to == ("one", "two")


@every_version
@pytest.mark.rule("rabbitmq/topic-words")
def test_a_topic_exchange_compares_word_by_word(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    bound(channel, "x", "topic", {"word": "a.*", "words": "a.#", "all": "#", "half": "a.b*"})
    for key in ("a", "a.", "a.b", "a.b.c", ""):
        publish(channel, key, repr(key), exchange="x")
    assert bodies(channel, "word") == ["'a.'", "'a.b'"]
    assert bodies(channel, "words") == ["'a'", "'a.'", "'a.b'", "'a.b.c'"]
    assert count(channel, "all") == 5
    assert count(channel, "half") == 0
    assert len(told(Routed, "rabbitmq/topic-words", connection)) == 5


@every_version
@pytest.mark.rule("rabbitmq/headers-match")
def test_a_headers_exchange_looks_at_headers_instead_of_the_key(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("x", "headers", durable=True)
    channel.queue_bind(queue(channel, "both"), "x", "k", {"x-match": "all", "a": 1, "b": "2"})
    channel.queue_bind(queue(channel, "either"), "x", "k", {"x-match": "any", "a": 1, "b": "2"})
    publish(channel, "k", "both", exchange="x", headers={"a": 1, "b": "2"})
    publish(channel, "k", "one", exchange="x", headers={"a": 1})
    publish(channel, "other", "text", exchange="x", headers={"a": "1", "b": 2})
    publish(channel, "k", "none", exchange="x")
    assert bodies(channel, "both") == ["both"]
    assert bodies(channel, "either") == ["both", "one"]
    assert len(told(Routed, "rabbitmq/headers-match", connection)) == 2


@every_version
@pytest.mark.rule("rabbitmq/one-copy-per-queue")
def test_two_bindings_and_two_ways_lead_to_one_copy(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    bound(channel, "x", "topic", {"q": "a.*"})
    channel.queue_bind("q", "x", "#")
    channel.exchange_declare("y", "fanout", durable=True)
    channel.exchange_bind("y", "x", "a.#")
    channel.queue_bind("q", "y")
    publish(channel, "a.b", "m", exchange="x")
    assert bodies(channel, "q") == ["m"]
    (routed,) = [event for event in connection.events if isinstance(event, Routed)]
    assert routed.to == ("q",)


@every_version
@pytest.mark.rule("rabbitmq/unroutable-dropped")
@pytest.mark.rule("rabbitmq/confirm-unroutable")
def test_what_no_binding_takes_is_dropped_and_yet_confirmed(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    bound(channel, "x", "direct", {"q": "k"})
    channel.confirm_delivery()
    publish(channel, "other", "m", exchange="x")
    assert count(channel, "q") == 0
    (lost,) = told(Unroutable, "rabbitmq/unroutable-dropped", connection)
    assert (lost.reason, lost.returned) == ("no_route", False)
    (confirm,) = told(Confirmed, "rabbitmq/confirm-unroutable", connection)
    assert confirm.ok
    assert not [event for event in connection.events if isinstance(event, Returned)]


@every_version
@pytest.mark.rule("rabbitmq/mandatory-returned")
@pytest.mark.rule("rabbitmq/confirm-unroutable")
def test_a_mandatory_message_comes_back_before_it_is_confirmed(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("x", durable=True)
    channel.confirm_delivery()
    with pytest.raises(pika.UnroutableError):
        channel.basic_publish("x", "nobody", b"m", mandatory=True)
    (returned,) = told(Returned, "rabbitmq/mandatory-returned", connection)
    (confirm,) = told(Confirmed, "rabbitmq/confirm-unroutable", connection)
    assert (returned.code, returned.text, confirm.ok) == (312, "NO_ROUTE", True)
    events = list(connection.events)
    assert events.index(returned) < events.index(confirm)


@every_version
@pytest.mark.rule("rabbitmq/unbind-idempotent")
def test_unbinding_what_was_not_bound_changes_nothing(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    bound(channel, "x", "direct", {"q": "k"})
    channel.queue_unbind("q", "x", "other")
    channel.queue_unbind("q", "nowhere", "k")
    channel.queue_unbind("nobody", "x", "k")
    channel.exchange_unbind("nowhere", "x", "k")
    publish(channel, "k", "still bound", exchange="x")
    channel.queue_unbind("q", "x", "k")
    channel.queue_unbind("q", "x", "k")
    publish(channel, "k", "gone", exchange="x")
    assert bodies(channel, "q") == ["still bound"]
    assert len([event for event in connection.events if isinstance(event, LinkRemoved)]) == 1


@every_version
@pytest.mark.rule("rabbitmq/alternate-exchange")
def test_an_alternate_exchange_gets_only_what_was_routed_nowhere(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    bound(channel, "spare", "topic", {"kept": "lost.#"})
    channel.exchange_declare("x", durable=True, arguments={"alternate-exchange": "spare"})
    channel.queue_bind(queue(channel, "q"), "x", "k")
    channel.confirm_delivery()
    publish(channel, "k", "routed", exchange="x")
    channel.basic_publish("x", "lost.key", b"saved", mandatory=True)  # counts as routed
    with pytest.raises(pika.UnroutableError):
        channel.basic_publish("x", "nobody", b"m", mandatory=True)
    assert bodies(channel, "q") == ["routed"]
    (got,) = drain(channel, "kept")
    assert (got.body, got.exchange, got.routing_key) == ("saved", "x", "lost.key")
    (routed,) = told(Routed, "rabbitmq/alternate-exchange", connection)
    assert routed.to == ("kept",)


@every_version
@pytest.mark.rule("rabbitmq/alternate-exchange")
def test_an_alternate_exchange_that_is_not_there_helps_nobody(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("x", durable=True, arguments={"alternate-exchange": "nowhere"})
    channel.confirm_delivery()
    with pytest.raises(pika.UnroutableError):
        channel.basic_publish("x", "k", b"m", mandatory=True)
    assert channel.is_open


@every_version
@pytest.mark.rule("rabbitmq/exchange-to-exchange")
def test_a_circle_of_exchanges_is_walked_once_and_names_the_first(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    for name in ("a", "b", "c"):
        bound(channel, name, "fanout", {f"q{name}": ""})
    for source, destination in (("a", "b"), ("b", "c"), ("c", "a")):
        channel.exchange_bind(destination, source)
    publish(channel, "key", "m", exchange="b")
    got = [take(channel, name, auto_ack=True) for name in ("qa", "qb", "qc")]
    assert [(one.body, one.exchange, one.routing_key) for one in got] == [("m", "b", "key")] * 3
    assert [count(channel, name) for name in ("qa", "qb", "qc")] == [0, 0, 0]
    (routed,) = told(Routed, "rabbitmq/exchange-to-exchange", connection)
    assert sorted(routed.to) == ["qa", "qb", "qc"]


@every_version
@pytest.mark.rule("rabbitmq/sender-selected")
def test_cc_and_bcc_add_routing_keys_and_only_cc_is_seen(version: str) -> None:
    channel = connect(version).channel()
    for name in ("to", "cc", "bcc", "nobody"):
        queue(channel, name)
    publish(channel, "to", "m", headers={"CC": ["cc", "to"], "BCC": ["bcc"], "a": 1})
    got = [take(channel, name) for name in ("to", "cc", "bcc")]
    assert [one.routing_key for one in got] == ["to"] * 3
    assert [one.headers for one in got] == [{"CC": ["cc", "to"], "a": 1}] * 3
    assert [count(channel, name) for name in ("to", "cc", "bcc", "nobody")] == [0] * 4


@every_version
@pytest.mark.rule("rabbitmq/sender-selected")
def test_a_cc_that_is_no_list_is_refused(version: str) -> None:
    channel = connect(version).channel()
    text = 'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}'
    with refused(406, text):
        publish(channel, "q", "m", headers={"CC": "one"})
