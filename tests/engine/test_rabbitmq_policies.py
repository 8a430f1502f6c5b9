"""Policies beside arguments: which applies, what it makes of a queue, and that it does so at once. Asked of a 3.10.8."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine.acts import apply
from mqlab.engine.brokers.rabbitmq import policies
from mqlab.engine.brokers.rabbitmq.spec import PolicySpec
from mqlab.engine.clients import pika
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.scenario import load
from tests.engine.rabbit import bodies, connect, count, every_version, publish, queue

LAB = """
format: 1
title: Policies
brokers:
  rabbit:
    kind: rabbitmq
    exchanges: {in: {type: direct}, rest: {type: fanout}}
    queues: {one: {}, two: {arguments: {x-max-length: 9}}}
    policies: {first: {pattern: "^one$", definition: {max-length: 5}}}
"""


def put(
    connection: pika.BlockingConnection, name: str, pattern: str, priority: int = 0, **definition: Any
) -> None:
    said = {key.replace("_", "-"): value for key, value in definition.items()}
    policies.put(connection.broker, name, PolicySpec(pattern, said, priority), "")
    connection.settle()


def clear(connection: pika.BlockingConnection, name: str) -> None:
    policies.clear(connection.broker, name, "")
    connection.settle()


@every_version
@pytest.mark.rule("rabbitmq/policy-shortens", "rabbitmq/policy-limits-minimum")
def test_a_lowered_limit_drops_at_once_and_the_smaller_one_counts(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "classic")
    queue(channel, "own", x_max_length=3)
    queue(channel, "quorum", x_queue_type="quorum")
    queue(channel, "rejecting", x_overflow="reject-publish")
    names = ["classic", "own", "quorum", "rejecting"]
    for name in names:
        publish(channel, name, *"123456")
    put(connection, "len", "^(classic|own|quorum|rejecting)$", max_length=4)
    assert [count(channel, name) for name in names] == [4, 3, 4, 6]
    publish(channel, "rejecting", "7")
    assert count(channel, "rejecting") == 6
    put(connection, "len", "^(classic|own|quorum|rejecting)$", max_length=1)
    assert [count(channel, name) for name in names] == [1, 1, 1, 6]
    assert bodies(channel, "classic") == ["6"]


@every_version
@pytest.mark.rule("rabbitmq/policy-highest-priority")
def test_only_the_policy_of_the_highest_priority_applies(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "q")
    put(connection, "len", "q", max_length=4)
    put(connection, "hi", "^q", 5, message_ttl=100_000)
    publish(channel, "q", *"1234567")
    assert count(channel, "q") == 7, "limits do not add up"
    clear(connection, "hi")
    assert count(channel, "q") == 4
    clear(connection, "len")
    publish(channel, "q", *"89")
    assert count(channel, "q") == 6
    put(connection, "other", "^x", max_length=1)
    assert count(channel, "q") == 6
    queue(channel, "x")
    publish(channel, "x", *"12")
    assert count(channel, "x") == 1, "a queue that comes later is matched too"


@every_version
@pytest.mark.rule("rabbitmq/policy-ttl-from-now-on")
def test_a_time_to_live_holds_from_now_on(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    for name, kind in (("classic", "classic"), ("quorum", "quorum")):
        queue(channel, name, x_queue_type=kind)
        publish(channel, name, "old")
    put(connection, "ttl", ".", message_ttl=200)
    connection.sleep(0.5)
    assert [count(channel, name) for name in ("classic", "quorum")] == [1, 1]
    for name in ("classic", "quorum"):
        channel.queue_purge(name)
        publish(channel, name, "new")
    clear(connection, "ttl")
    connection.sleep(0.5)
    assert [count(channel, name) for name in ("classic", "quorum")] == [0, 0], "it keeps what it came with"


@every_version
@pytest.mark.rule("rabbitmq/policy-argument-wins")
def test_for_anything_else_the_argument_wins(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "grave")
    queue(channel, "own", x_dead_letter_exchange="amq.fanout")
    queue(channel, "none")
    put(connection, "dlx", "^(own|none)$", dead_letter_exchange="", dead_letter_routing_key="grave")
    for name, buried in (("own", 0), ("none", 1)):
        publish(channel, name, "m")
        channel.basic_reject(channel.basic_get(name)[0].delivery_tag, requeue=False)  # type: ignore[union-attr]
        assert count(channel, "grave") == buried
    channel.queue_declare("none", durable=True)  # a policy is no argument


@every_version
def test_an_exchange_takes_its_alternate_from_a_policy(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    channel.exchange_declare("in", "direct", durable=True)
    channel.exchange_declare("own", "direct", durable=True, arguments={"alternate-exchange": "amq.direct"})
    channel.exchange_declare("rest", "fanout", durable=True)
    queue(channel, "found")
    channel.queue_bind("found", "rest")
    put(connection, "ae", "^(in|own)$", alternate_exchange="rest")
    publish(channel, "k", "1", exchange="in")
    publish(channel, "k", "2", exchange="own")
    clear(connection, "ae")
    publish(channel, "k", "3", exchange="in")
    assert bodies(channel, "found") == ["1"]


@every_version
@pytest.mark.rule("rabbitmq/policy-unknown-key")
def test_a_policy_with_a_key_that_a_queue_does_not_know_does_not_apply(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "classic")
    queue(channel, "quorum", x_queue_type="quorum")
    for name in ("classic", "quorum"):
        publish(channel, name, *"1234")
    put(connection, "len", ".", max_length=1, delivery_limit=2)
    assert [count(channel, name) for name in ("classic", "quorum")] == [4, 1]


@pytest.mark.rule("rabbitmq/policy-one-kind")
def test_since_3_12_a_policy_may_be_for_one_kind_of_queue() -> None:
    command = c.SetPolicy("rabbit", "quorum", "", {"max-length": 1}, 9, "quorum_queues")
    world = build(load(LAB.replace("queues: {", "queues: {three: {arguments: {x-queue-type: quorum}}, ")), 1)
    apply(world, command, "do:x")
    nodes = picture(world).nodes
    assert [nodes[name].settings.get("policy") for name in ("one", "two", "three")] == [
        "first",
        None,
        "quorum",
    ]
    old = build(load(LAB.replace("kind: rabbitmq", 'kind: rabbitmq\n    version: "3.10"')), 1)
    with pytest.raises(c.Illegal, match="all, queues or exchanges"):
        apply(old, command, "do:x")


def test_the_picture_says_which_policy_applies_and_what_comes_of_it() -> None:
    world = build(load(LAB), 1)
    nodes = picture(world).nodes
    first = {"pattern": "^one$", "definition": {"max-length": 5}, "priority": 0, "apply_to": "all"}
    assert nodes["rabbit"].settings["policies"] == {"first": first}
    assert (nodes["one"].settings["policy"], nodes["one"].settings["max_length"]) == ("first", 5)
    apply(world, c.SetPolicy("rabbit", "all", "", {"max-length": 7, "alternate-exchange": "rest"}, 1), "do:x")
    world.finish()
    scene = picture(world)
    assert [scene.nodes[name].settings["max_length"] for name in ("one", "two")] == [7, 7]
    assert {scene.nodes[name].settings["policy"] for name in ("one", "two", "in", "rest")} == {"all"}
    assert scene.links["in~alternate"].target == "rest"
    apply(world, c.ClearPolicy("rabbit", "all"), "do:y")
    assert picture(world).nodes["two"].settings.get("policy") is None


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (c.ClearPolicy("rabbit", "none"), "has no policy none. There are: first"),
        (c.SetPolicy("rabbit", "p", "^(", {"max-length": 1}), "a regular expression"),
        (c.SetPolicy("rabbit", "p", "(a+)+$", {"max-length": 1}), "none of them after a group"),
        (c.SetPolicy("rabbit", "p", "a*b*c*", {"max-length": 1}), "at most 2"),
        (c.SetPolicy("rabbit", "p", r"(.)\1", {"max-length": 1}), "back references"),
        (c.SetPolicy("rabbit", "p", "x", {}), "at least one of"),
        (c.SetPolicy("rabbit", "p", "x", {"max-lenght": 1}), "Did you mean max-length?"),
        (c.SetPolicy("rabbit", "p", "x", {"max-length": -1}), "from 0 to"),
        (c.SetPolicy("rabbit", "p", "x", {"overflow": "spill"}), "drop-head"),
        (c.SetPolicy("one", "p", "x", {"max-length": 1}), "There is no one here"),
    ],
)
def test_what_is_no_policy_is_refused(command: c.AnyCommand, why: str) -> None:
    world = build(load(LAB), 1)
    with pytest.raises(c.Illegal) as refused:
        apply(world, command, "do:x")
    assert why in refused.value.why


@pytest.mark.parametrize("pattern", ["", "^q$", "^(?!amq\\.).*", "^(a|b)-[a-z]+\\.x$", "q{1,3}"])
def test_the_usual_patterns_are_taken(pattern: str) -> None:
    apply(build(load(LAB), 1), c.SetPolicy("rabbit", "p", pattern, {"max-length": 1}), "do:x")
