"""What a program's connection may come to: a consumer cancels, a channel is closed, a connection breaks."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.acts import apply
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.scenario import load
from mqlab.engine.world import World

SECOND = 1_000_000
LAB = """
format: 1
title: Connections
brokers: {{rabbit: {{kind: rabbitmq, queues: {{q: {{}}}}}}}}
programs:
  web: {{kind: producer, broker: rabbit, confirms: {confirms}, rate: {{constant: 10}}, publish: {{exchange: "", routing_key: q}}}}
  w: {{kind: consumer, broker: rabbit, queue: q, prefetch: 3, ack: {ack}, service: {{constant_ms: 500}}}}
links: {{default: {{latency_ms: 150, exchange_ms: 10}}}}
"""


class Lab:
    """A lab whose events are kept."""

    def __init__(self, *, confirms: str = "true", ack: str = "after") -> None:
        self.world: World = build(load(LAB.format(confirms=confirms, ack=ack)), 1)
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


def test_a_consumer_that_cancels_gets_nothing_more_and_acks_what_it_holds() -> None:
    lab = Lab().run(2).do(c.Cancel("w")).run(3)
    (gone,) = lab.all(e.HungUp, program="w", what="consumer")
    (closed,) = lab.all(e.Closed, program="w", what="consumer")
    assert (closed.cause, closed.at, closed.t) == (gone.name, "rabbit", gone.arrives)
    assert not [one for one in lab.all(e.Delivered) if one.t > closed.t]
    held = [one.of[0] for one in lab.all(e.Delivered) if one.t > closed.t - SECOND // 2]
    assert held
    assert set(held) <= {one.of[0] for one in lab.all(e.Settled, outcome="acked")}
    assert lab.all(e.Requeued) == []
    assert picture(lab.world).links.keys() == {"web->amq.default"}
    lab.do(c.Crash("w")).do(c.Restart("w")).run(1)
    assert lab.all(e.Delivered)[-1].t > closed.t


def test_a_closed_channel_gives_back_what_was_unacked_and_another_takes_its_place() -> None:
    lab = Lab().run(2).do(c.CloseChannel("w")).run(0.3)
    (gone,) = lab.all(e.HungUp, program="w", what="channel")
    (closed,) = lab.all(e.Closed, program="w", what="channel")
    (back,) = lab.all(e.Requeued, why="closed")
    assert (closed.t, back.t) == (gone.arrives, gone.arrives)
    thrown = [one for one in lab.all(e.Lost, what="delivery", node="w") if one.t > gone.t]
    assert all(one.cause.partition("#")[0] == one.of[0] for one in thrown), "what still came was thrown away"
    lab.run(3)
    again = [one for one in lab.all(e.Delivered, redelivered=True) if one.t > closed.t]
    assert again[0].t == closed.t + 150_000 + SECOND, "an answer and the reconnect time later"
    assert [one.tag for one in again] == [1, 2, 3]
    assert lab.all(e.Connected) == []


def test_with_automatic_acks_what_still_comes_over_a_closed_channel_is_lost() -> None:
    lab = Lab(ack="auto").run(2).do(c.CloseChannel("w")).run(1)
    (gone,) = lab.all(e.HungUp)
    lost = [one for one in lab.all(e.Lost, what="message", node="w") if one.t > gone.t]
    assert lost
    assert lab.all(e.Requeued) == []


def test_a_producer_publishes_again_what_its_closed_channel_left_unconfirmed() -> None:
    lab = Lab().run(2).do(c.CloseChannel("web")).run(3)
    (gone,) = lab.all(e.HungUp, program="web")
    again = lab.all(e.Published, again=True)
    unknown = {one.of for one in lab.all(e.Published, again=False) if gone.t - 310_000 <= one.t < gone.t}
    assert {one.of for one in again} == unknown
    assert all(one.t == gone.t + 300_000 + SECOND for one in again)
    late = [one for one in lab.all(e.Lost, what="confirm", node="web") if one.t > gone.t]
    assert late, "confirms that came over the closed channel were thrown away"


@pytest.mark.parametrize("name", ["web", "w"])
def test_a_broken_connection_ends_at_both_ends_at_once(name: str) -> None:
    lab = Lab().run(2).do(c.Abort(name))
    (broke,) = lab.all(e.HungUp, program=name, what="connection")
    assert lab.all(e.Closed) == []
    assert not [one for one in picture(lab.world).flights.values() if name in (one.source, one.target)]
    if name == "w":
        assert lab.all(e.Requeued, why="closed")[0].t == broke.t
    lab.run(3)
    (back,) = lab.all(e.Connected, program=name)
    assert back.t == broke.t + SECOND
    if name == "web":
        fell = {one for lost in lab.all(e.Lost, what="publish") for one in lost.of}
        assert fell
        assert fell <= {one.of[0] for one in lab.all(e.Published, again=True)}


@pytest.mark.parametrize(
    ("acts", "why"),
    [
        ([c.Cancel("web")], "web consumes nothing"),
        ([c.Cancel("nobody")], "There is no nobody"),
        ([c.Cancel("you")], "That is you"),
        ([c.Crash("w"), c.Cancel("w")], "no connection now"),
        ([c.CloseChannel("w"), c.CloseChannel("w")], "no channel now"),
        ([c.CloseChannel("w"), c.Cancel("w")], "no channel now"),
        ([c.Abort("w"), c.Abort("w")], "no connection now"),
        ([c.Disconnect("w"), c.Abort("w")], "no connection now"),
    ],
)
def test_what_there_is_not_cannot_be_ended(acts: list[c.AnyCommand], why: str) -> None:
    lab = Lab().run(1)
    for act in acts[:-1]:
        lab.do(act)
    with pytest.raises(c.Illegal, match=why):
        apply(lab.world, acts[-1], "do:x")


@pytest.mark.parametrize("name", ["web", "w"])
def test_a_program_that_leaves_when_its_connection_is_gone_already_leaves_once(name: str) -> None:
    lab = Lab().run(1).do(c.Disconnect(name)).do(c.Remove(name)).run(2)
    assert len(lab.all(e.NodeRemoved, node=name)) == 1
    assert name not in lab.world.programs


def test_a_consumer_that_has_cancelled_cannot_cancel_again() -> None:
    lab = Lab().run(1).do(c.Cancel("w")).run(1)
    with pytest.raises(c.Illegal, match="is not subscribed now"):
        apply(lab.world, c.Cancel("w"), "do:x")
