"""Memory and disk alarms: who publishes waits, who consumes goes on."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.acts import apply
from mqlab.engine.brokers.rabbitmq import alarms
from mqlab.engine.clients import pika
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.scenario import load
from mqlab.engine.sentences import text_of
from mqlab.engine.story import gather
from mqlab.engine.why import why
from mqlab.engine.world import World, restore
from tests.engine.rabbit import Consumer, another, connect, count, drain, every_version, publish, queue

SECOND = 1_000_000
LAB = """
format: 1
title: Low on memory
brokers: {rabbit: {kind: rabbitmq, queues: {jobs: {}, other: {}}}}
programs:
  writer: {kind: producer, broker: rabbit, confirms: true, rate: {constant: 10},
    publish: {exchange: "", routing_key: jobs, body: x}}
  reader: {kind: consumer, broker: rabbit, queue: jobs, prefetch: 1, service: {constant_ms: 150}}
links: {default: {latency_ms: 50, exchange_ms: 10}}
"""


class Lab:
    """A lab whose events are kept."""

    def __init__(self) -> None:
        self.world: World = build(load(LAB), 1)
        self.told: list[e.Event] = []

    def run(self, s: float) -> Lab:
        """Let seconds pass."""
        self.told += self.world.run(self.world.now + round(s * SECOND))
        return self

    def do(self, command: c.AnyCommand) -> Lab:
        """Act now."""
        apply(self.world, command, "do:x")
        self.told += self.world.finish()
        return self

    def all(self, kind: type[Any], **fields: Any) -> list[Any]:
        """Those of a kind with these fields."""
        return [
            one
            for one in self.told
            if type(one) is kind and all(getattr(one, f) == v for f, v in fields.items())
        ]


def raise_alarm(connection: pika.BlockingConnection, resource: str) -> None:
    alarms.raise_alarm(connection.broker, resource, "")
    connection.settle()


def clear_alarm(connection: pika.BlockingConnection, resource: str) -> None:
    alarms.clear_alarm(connection.broker, resource, "")
    connection.settle()


@every_version
@pytest.mark.rule("rabbitmq/alarm-blocks-publishers", "rabbitmq/alarm-over-unblocks")
def test_from_its_next_publish_on_nothing_is_read_until_the_alarm_is_over(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "jobs")
    publish(channel, "jobs", "1")
    raise_alarm(connection, "memory")
    assert count(channel, "jobs") == 1, (
        "a connection that has published before is read until it does so again"
    )
    publish(channel, "jobs", "2", "3")
    with pytest.raises(pika.ConnectionBlockedTimeout):
        channel.queue_purge("jobs")
    watcher = another(connection).channel()
    assert count(watcher, "jobs") == 1
    raise_alarm(connection, "disk")
    clear_alarm(connection, "memory")
    assert count(watcher, "jobs") == 1, "another alarm is left"
    clear_alarm(connection, "disk")
    assert [one.body for one in drain(watcher, "jobs")] == [], "the purge came last"
    publish(channel, "jobs", "4")
    assert count(watcher, "jobs") == 1


@every_version
@pytest.mark.rule("rabbitmq/alarm-takes-empty-body")
def test_a_publish_without_a_body_is_still_taken(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "jobs")
    raise_alarm(connection, "disk")
    channel.confirm_delivery()
    publish(channel, "jobs", "")
    with pytest.raises(pika.ConnectionBlockedTimeout):
        publish(channel, "jobs", "")
    watcher = another(connection).channel()
    assert count(watcher, "jobs") == 1, "the first blocks the connection and is taken, the second waits"
    clear_alarm(connection, "disk")
    assert count(watcher, "jobs") == 2


@every_version
@pytest.mark.rule("rabbitmq/alarm-spares-consumers")
def test_who_only_consumes_goes_on(version: str) -> None:
    connection = connect(version)
    channel = connection.channel()
    queue(channel, "jobs")
    publish(channel, "jobs", "1", "2")
    raise_alarm(connection, "memory")
    other = another(connection).channel()
    other.basic_qos(prefetch_count=1)
    worker = Consumer(other, "jobs")
    assert worker.got == ["1"]
    worker.ack("1")
    assert worker.got == ["1", "2"]


def test_a_producer_stops_at_the_notice_and_what_had_left_waits_at_the_door() -> None:
    lab = Lab().run(1).do(c.RaiseAlarm("rabbit")).run(2)
    (blocked,) = lab.all(e.Blocked)
    assert (blocked.program, blocked.broker, blocked.reason) == ("writer", "rabbit", "low on memory")
    scene = picture(lab.world)
    assert scene.nodes["rabbit"].settings["alarms"] == ["memory"]
    assert scene.nodes["writer"].settings["blocked"] == "low on memory"
    published = [one.of[0] for one in lab.all(e.Published)]
    held = [flight.of[0] for flight in scene.flights.values() if flight.what == "publish"]
    assert held == published[published.index(blocked.of[0]) :], "nothing was published after the notice"
    assert 1 < len(held) < 4
    (reason,) = why(scene, gather(lab.told, held[0]))
    assert reason.rule == "rabbitmq/alarm-blocks-publishers"
    assert text_of(reason.sentence) == (
        "It has come to the default exchange, but waits there unread: rabbit is low on memory, and reads nothing more from "
        "writer until that is over."
    )
    lab.do(c.ClearAlarm("rabbit"))
    (unblocked,) = lab.all(e.Unblocked)
    taken = [one.of[0].partition("@")[0] for one in lab.all(e.Routed) if one.t == unblocked.t]
    assert taken == held
    lab.run(1)
    assert "blocked" not in picture(lab.world).nodes["writer"].settings
    assert lab.all(e.Published)[-1].t > unblocked.t


def test_a_blocked_world_goes_on_from_a_checkpoint() -> None:
    lab = Lab().run(1).do(c.RaiseAlarm("rabbit", "disk")).run(1)
    again = restore(lab.world.checkpoint())
    told = []
    for world in (lab.world, again):
        apply(world, c.ClearAlarm("rabbit", "disk"), "do:x")
        told.append([*world.finish(), *world.run(4 * SECOND)])
    assert told[0] == told[1]


def test_a_restart_ends_an_alarm_and_what_waited_falls() -> None:
    lab = Lab().run(1).do(c.RaiseAlarm("rabbit")).run(1).do(c.Restart("rabbit"))
    scene = picture(lab.world)
    assert "alarms" not in scene.nodes["rabbit"].settings
    assert [one.what for one in lab.all(e.Lost) if one.what == "publish"] == ["publish"]
    lab.run(4)
    assert "blocked" not in picture(lab.world).nodes["writer"].settings
    again = [one for one in lab.all(e.Published) if one.again]
    assert again, "with confirms it publishes again what fell"


def test_the_close_of_a_program_that_is_blocked_waits_too() -> None:
    lab = Lab().run(1).do(c.RaiseAlarm("rabbit")).run(1).do(c.Crash("writer")).run(1)
    scene = picture(lab.world)
    assert "blocked" not in scene.nodes["writer"].settings
    assert [flight.what for flight in scene.flights.values()].count("close") == 1
    lab.do(c.ClearAlarm("rabbit"))
    assert len(lab.all(e.Closed, program="writer", at="rabbit")) == 1


def test_you_may_publish_on_and_it_waits() -> None:
    lab = Lab().run(1).do(c.RaiseAlarm("rabbit"))
    for number in (1, 2, 3):
        lab.do(c.Publish("", "other", body="hello", number=number)).run(0.5)
    scene = picture(lab.world)
    assert scene.nodes["you"].settings["blocked"] == "low on memory"
    assert scene.nodes["other"].ready == []
    lab.do(c.ClearAlarm("rabbit")).run(0.5)
    assert picture(lab.world).nodes["other"].ready == ["you-1@other", "you-2@other", "you-3@other"]


@pytest.mark.parametrize(
    ("acts", "why_not"),
    [
        ([c.ClearAlarm("rabbit")], "has no memory alarm"),
        ([c.RaiseAlarm("rabbit"), c.RaiseAlarm("rabbit")], "has its memory alarm already"),
        ([c.RaiseAlarm("rabbit"), c.ClearAlarm("rabbit", "disk")], "has no disk alarm"),
        ([c.RaiseAlarm("jobs")], "There is no jobs here"),
    ],
)
def test_what_makes_no_sense_is_refused(acts: list[c.AnyCommand], why_not: str) -> None:
    lab = Lab().run(1)
    for act in acts[:-1]:
        lab.do(act)
    with pytest.raises(c.Illegal, match=why_not):
        apply(lab.world, acts[-1], "do:x")
