"""A cluster of three: who leads, what a majority confirms, and what goes away and comes back with a node."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.acts import apply
from mqlab.engine.lab import build
from mqlab.engine.message import message_of
from mqlab.engine.picture import picture
from mqlab.engine.scenario import ScenarioError, load
from mqlab.engine.sentences import text_of
from mqlab.engine.story import gather
from mqlab.engine.why import why
from mqlab.engine.world import World, restore

SECOND = 1_000_000
LAB = """
format: 1
title: A cluster
brokers:
  rabbit:
    kind: rabbitmq
    version: "{version}"
    nodes: 3
    queues: {{alone: {{}}, ours: {{arguments: {{x-queue-type: quorum}}}}, kept: {{arguments: {{x-queue-type: quorum}}}}}}
programs:
  web: {{kind: producer, broker: rabbit, confirms: true, rate: {{constant: {rate}}}, publish: {{exchange: "", routing_key: {to},
    body: x, properties: {{delivery_mode: 2}}}}}}
  w: {{kind: consumer, broker: rabbit, queue: {to}, prefetch: 2, service: {{constant_ms: 200}}, start_ms: {start}}}
links: {{default: {{latency_ms: 20, exchange_ms: 10}}}}
"""


class Lab:
    """A cluster whose events are kept."""

    def __init__(
        self, *, to: str = "ours", rate: int = 10, start: str = "0", version: str = "4.3", seed: int = 1
    ) -> None:
        text = LAB.format(to=to, rate=rate, start=start, version=version)
        self.world: World = build(load(text), seed)
        self.broker: Any = self.world.brokers["rabbit"]
        self.told: list[e.Event] = []

    def run(self, s: float) -> Lab:
        """Let seconds pass."""
        self.told += self.world.run(self.world.now + round(s * SECOND))
        return self

    def do(self, *commands: c.AnyCommand) -> Lab:
        """Act now."""
        for command in commands:
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

    def leader(self, queue: str) -> str:
        """Who leads a quorum queue."""
        leader: str = self.broker.queues[queue].place.leader
        return leader

    def minority(self, queue: str = "ours") -> Lab:
        """Stop the leader and one more that `web` is not connected to, if that can be."""
        mine = self.world.programs["web"].connection.node
        others = [node for node in self.broker.members if node != mine]
        return self.do(*(c.StopNode(node) for node in others))


@pytest.mark.rule("rabbitmq/cluster-confirm-majority")
def test_a_publish_is_confirmed_once_a_majority_has_it() -> None:
    lab = Lab().run(1)
    published, confirmed = lab.all(e.Published)[0], lab.all(e.Confirmed)[0]
    assert confirmed.of == published.of
    assert confirmed.t == published.arrives + 10_000 + 10_000, (
        "the way to the queue, and to the other members and back"
    )
    assert set(lab.broker.queues["ours"].place.members) == {"rabbit-1", "rabbit-2", "rabbit-3"}
    one_down = next(
        node
        for node in lab.broker.members
        if node not in (lab.leader("ours"), lab.world.programs["web"].connection.node)
    )
    lab.do(c.StopNode(one_down)).run(1)
    assert lab.all(e.LeaderChanged, queue="ours") == []
    assert lab.all(e.Confirmed)[-1].t > SECOND + 500_000


@pytest.mark.rule("rabbitmq/cluster-leader-election", "rabbitmq/cluster-clients-move")
def test_another_member_leads_within_seconds_and_nothing_confirmed_is_lost() -> None:
    lab = Lab().run(2)
    old = lab.leader("ours")
    lab.do(c.StopNode(old)).run(6)
    gone, new = lab.all(e.LeaderChanged, queue="ours")
    assert (gone.leader, gone.t, gone.rule) == ("", 2 * SECOND, "rabbitmq/cluster-leader-election")
    assert new.leader not in ("", old)
    assert 200_000 <= new.t - gone.t <= 1_200_000
    assert not [one for one in lab.all(e.Delivered, queue="ours") if gone.t < one.t < new.t]
    moved = {one.program for one in lab.all(e.ConnectionClosed, rule="rabbitmq/cluster-clients-move")}
    for program in moved - {"you"}:
        assert lab.world.programs[program].settings["node"] != old
    lab.do(c.Change("web", {"rate": {"constant": 0}})).run(60)
    confirmed = {one.of[0] for one in lab.all(e.ConfirmReceived)}
    handled = {message_of(one.of[0]) for one in lab.all(e.Handled, outcome="ok")}
    assert confirmed <= handled
    assert lab.all(e.Lost, what="message") == []


@pytest.mark.rule("rabbitmq/cluster-no-majority")
def test_without_a_majority_nothing_is_confirmed_or_delivered_and_it_appears_afterwards() -> None:
    lab = Lab().run(2).minority().run(0.5)
    begun = lab.world.now
    lab.run(3)
    assert lab.leader("ours") == ""
    assert not [one for one in lab.all(e.Confirmed) + lab.all(e.Delivered, queue="ours") if one.t > begun]
    scene = picture(lab.world)
    waiting = [
        copy for copy, state in scene.copies.items() if state.state == "arriving" and state.queue == "ours"
    ]
    assert len(waiting) > 5
    (reason,) = [
        one for one in why(scene, gather(lab.told, message_of(waiting[0]))) if one.situation == "held_copy"
    ]
    assert text_of(reason.sentence).startswith("It has come to ours, which has no leader")
    (reason,) = why(scene, gather(lab.told, message_of(scene.nodes["ours"].ready[0])))
    assert text_of(reason.sentence).startswith("It waits in ours, which has no leader: without a majority")
    down = [node for node, status in lab.broker.members.items() if status == "down"]
    lab.do(c.StartNode(down[0])).run(5)
    assert lab.leader("ours") != ""
    entered = {one.of[0] for one in lab.all(e.Enqueued, queue="ours")}
    assert set(waiting) <= entered, "their publisher's connection was there all the time"
    assert set(map(message_of, waiting)) <= {one.of[0] for one in lab.all(e.Confirmed)}


def test_what_a_publisher_that_is_gone_left_unconfirmed_may_appear_or_not() -> None:
    fates = set()
    for seed in range(1, 6):
        lab = Lab(start="null", seed=seed).run(2).minority().run(2)
        waiting = [copy for copy, _ in lab.broker.pending["ours"]]
        lab.do(c.Crash("web")).run(1)
        down = [node for node, status in lab.broker.members.items() if status == "down"]
        lab.do(*(c.StartNode(node) for node in down)).run(4)
        entered = {one.of[0] for one in lab.all(e.Enqueued)}
        lost = {copy for one in lab.all(e.Lost, ends=True) for copy in one.of}
        assert set(waiting) <= entered | lost
        fates |= {copy in entered for copy in waiting}
        assert lab.world.ledger.conserved
    assert fates == {True, False}


def test_acks_wait_for_a_leader_too() -> None:
    lab = Lab(rate=2).run(2)
    mine = lab.world.programs["w"].connection.node
    lab.do(*(c.StopNode(node) for node in lab.broker.members if node != mine)).run(2)
    held = [flight for flight in picture(lab.world).flights.values() if flight.what == "ack"]
    if held:
        assert all(flight.arrives < lab.world.now for flight in held)
    lab.do(*(c.StartNode(node) for node in lab.broker.members if node != mine)).run(4)
    acked = {copy for one in lab.all(e.Settled, outcome="acked") for copy in one.of}
    assert {copy for flight in held for copy in flight.of} <= acked


@pytest.mark.rule("rabbitmq/cluster-classic-one-node")
def test_a_classic_queue_is_away_with_its_node_and_back_with_what_is_durable() -> None:
    lab = Lab(to="alone", rate=0).run(0.5)
    home = lab.broker.queues["alone"].place.node
    for number in (1, 2, 3, 4):
        mode = {"delivery_mode": 1 if number == 4 else 2}
        lab.do(c.Publish("", "alone", body="x", number=number, properties=mode)).run(0.01)
    lab.run(0.1).do(c.StopNode(home))
    assert lab.broker.queues["alone"].consumers == {}
    scene = picture(lab.world)
    assert scene.nodes["alone"].settings["unavailable"] is True
    assert sorted(message_of(copy) for copy in scene.nodes["alone"].ready) == ["you-1", "you-2", "you-3"]
    assert [one.of for one in lab.all(e.Lost, rule="rabbitmq/transient-lost")] == [("you-4@alone",)]
    (reason,) = why(scene, gather(lab.told, "you-3"))
    assert (
        text_of(reason.sentence)
        == f"It waits in alone, whose node {home} is down: it is there again when that is up."
    )
    lab.run(2).do(c.Publish("", "alone", body="x", number=5, mandatory=True)).run(0.5)
    assert [one.of for one in lab.all(e.Returned)] == [("you-5",)]
    lab.do(c.Add("alone", "queue"))
    closed = lab.all(e.ChannelClosed)[-1]
    assert closed.text == (
        f"NOT_FOUND - home node '{home}' of durable queue 'alone' in vhost '/' is down or inaccessible"
    )
    lab.do(c.StartNode(home)).run(6)
    handled = {message_of(one.of[0]) for one in lab.all(e.Handled, outcome="ok")}
    assert handled >= {"you-1", "you-2", "you-3"}, "its consumer subscribed again"
    assert lab.world.ledger.conserved


def test_a_node_that_is_cut_off_pauses_and_comes_back_when_the_network_is_whole() -> None:
    lab = Lab().run(2)
    old = lab.leader("ours")
    lab.do(c.CutOff(old)).run(2)
    assert lab.leader("ours") not in ("", old)
    assert lab.broker.members[old] == "cut off"
    assert all(connection.node != old for connection in lab.broker.connections)
    lab.do(c.Heal("rabbit")).run(2)
    assert lab.broker.members[old] == "up"


@pytest.mark.rule("rabbitmq/cluster-metadata-majority")
def test_since_4_3_nothing_can_be_changed_without_a_majority_of_nodes() -> None:
    add = c.Add("new", "queue")
    lab = Lab().run(1).minority()
    with pytest.raises(c.Illegal, match="without a majority nothing can be changed"):
        apply(lab.world, add, "do:y")
    lab = Lab(version="4.0").run(1).minority().do(add)
    assert "new" in lab.broker.queues


def test_a_cluster_goes_on_from_a_checkpoint() -> None:
    lab = Lab().run(2).minority().run(1)
    again = restore(lab.world.checkpoint())
    told = []
    for world in (lab.world, again):
        for node, status in world.brokers["rabbit"].members.items():
            if status == "down":
                apply(world, c.StartNode(node), "do:x")
        told.append([*world.finish(), *world.run(world.now + 5 * SECOND)])
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("acts", "reason"),
    [
        ([c.StopNode("rabbit-4")], "Did you mean rabbit-"),
        ([c.StopNode("rabbit-1"), c.StopNode("rabbit-1")], "rabbit-1 is down"),
        ([c.StartNode("rabbit-1")], "only one that stopped"),
        ([c.StopNode("rabbit-1"), c.StopNode("rabbit-2"), c.CutOff("rabbit-3")], "the last one up"),
        ([c.Heal("rabbit")], "No node of rabbit is cut off"),
        ([c.Add("rabbit-2", "queue")], "the name of a node of a broker"),
    ],
)
def test_what_a_cluster_cannot_do_is_refused(acts: list[c.AnyCommand], reason: str) -> None:
    lab = Lab().run(1).do(*acts[:-1])
    with pytest.raises(c.Illegal, match=reason):
        apply(lab.world, acts[-1], "do:x")


def test_a_queue_without_a_leader_is_not_asked_by_hand() -> None:
    lab = Lab(version="4.0").run(1).minority().run(1)
    for command in (c.Get("ours"), c.Purge("ours"), c.Delete("ours")):
        with pytest.raises(c.Illegal, match="has no leader now"):
            apply(lab.world, command, "do:x")


def test_the_names_of_its_nodes_are_taken() -> None:
    with pytest.raises(ScenarioError, match="rabbit-2"):
        load(LAB.format(to="ours", rate=1, start="0", version="4.3").replace("kept:", "rabbit-2:"))
