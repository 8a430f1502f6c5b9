"""The scene of the live World: what is where, read off the brokers, the programs and the flights, not off any event.

`fold.fold` knows the same from the events' side; the law that the two agree is what keeps every picture true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.rabbitmq.picture import exchange_settings, queue_settings
from mqlab.engine.clients.client import Client
from mqlab.engine.clients.consumer import Consumer
from mqlab.engine.clients.program import Program
from mqlab.engine.lesson import Lesson
from mqlab.engine.scene import CopyState, Flight, Held, Node, Scene

if TYPE_CHECKING:
    from mqlab.engine.brokers.rabbitmq.broker import RabbitMQ
    from mqlab.engine.brokers.rabbitmq.queue import Queue
    from mqlab.engine.message import Copy
    from mqlab.engine.world import World


def picture(world: World) -> Scene:
    """The whole picture at the world's position. It shares nothing with the world that either would change."""
    nodes: dict[str, Node] = {}
    copies: dict[str, CopyState] = {}
    for broker in world.brokers.values():
        _picture_broker(broker, nodes, copies)
    for name, program in world.programs.items():
        nodes[name] = Node(
            program.what,
            dict(program.settings),
            status=_status(program),
            held=_held(world, program),
        )
    verdicts: dict[str, int] = {}
    goals: list[str] = []
    for judge in world.judges:
        verdicts.update(judge.verdicts)
        goals += judge.goals
    lesson = next((judge for judge in world.judges if isinstance(judge, Lesson)), None)
    tally = world.tally
    return Scene(
        at=world.position,
        nodes=nodes,
        links=dict(world.links),
        copies=copies,
        flights=dict(world.flights),
        counts={node: dict(counts) for node, counts in tally.counts.items()} if tally else {},
        piles={node: list(pile) for node, pile in tally.piles.items()} if tally else {},
        verdicts=verdicts,
        goals=goals,
        storm=world.storm,
        offered=lesson is not None and lesson.offered,
        predictions=list(lesson.predictions) if lesson is not None else [],
    )


def _status(program: Any) -> str:
    if program.up:
        return "up"
    if isinstance(program, Consumer) and program.waits:
        return "waits"
    return "stopping" if isinstance(program, Program) and program.leaving else "down"


def _picture_broker(broker: RabbitMQ, nodes: dict[str, Node], copies: dict[str, CopyState]) -> None:
    settings: dict[str, Any] = {"kind": broker.kind, "version": broker.version}
    if broker.members:
        settings["members"] = dict(broker.members)
    if broker.policies:
        settings["policies"] = {name: msgspec.to_builtins(policy) for name, policy in broker.policies.items()}
    if broker.alarms:
        settings["alarms"] = list(broker.alarms)
    nodes[broker.name] = Node("broker", settings, status="up" if broker.up else "down")
    for exchange in broker.exchanges.values():
        if not exchange.name.startswith("amq.") or exchange.bindings:
            nodes[broker.node_of(exchange.name)] = Node("exchange", exchange_settings(broker.name, exchange))
    for queue in broker.queues.values():
        ready = [copy.name for copy in queue.copies()]
        unacked = {name: copy.holder for name, copy in queue.unacked.items()}
        nodes[queue.name] = Node("queue", queue_settings(broker.name, queue), ready=ready, unacked=unacked)
        for copy in queue.copies():
            copies[copy.name] = _state(queue, copy)
        for copy in queue.unacked.values():
            copies[copy.name] = _state(queue, copy)
    for queue_name, copy, _ in broker.on_the_way.values():
        copies[copy.name] = CopyState(queue_name, copy.message.key, "arriving", origin=copy.origin)


def _state(queue: Queue, copy: Copy) -> CopyState:
    return CopyState(
        queue.name, copy.message.key, copy.state, copy.returns > 0, copy.returns, copy.expires, queue.priority_of(copy),
        copy.origin, getattr(copy, "group", ""), copy.until,
    )  # fmt: skip


def _held(world: World, program: Any) -> dict[str, Held]:
    """What a program has in its hands: prefetch slots as the broker counts them, and its own memory."""
    held: dict[str, Held] = {}
    if not isinstance(program, Consumer | Client):
        return held
    mine: set[str] = set()
    if program.connection is not None:
        for number, channel in program.connection.channels.items():
            if number in program.channels:
                mine.update(copy.name for copy, _ in channel.held())
    if isinstance(program, Client):  # over a channel that is being closed: what it has settled before
        for flight in world.flights.values():
            if flight.what in ("ack", "nack") and flight.source == program.name:
                mine.update(flight.of)
    for broker in world.brokers.values():
        for queue in broker.queues.values():
            for copy in queue.unacked.values():
                if copy.holder == program.name:
                    state = "done" if copy.name in mine else "dead"
                    held[copy.name] = Held(copy.message.key, state, True, copy.redelivered)
    for flight in world.flights.values():
        if flight.what == "delivery" and flight.target == program.name:
            _place(held, flight.of[0], flight, "on_way")
    for copy, state, redelivered, started, until in program.memory():
        slot = copy.name in held and held[copy.name].slot
        held[copy.name] = Held(copy.message.key, state, slot, redelivered, started, until)
    return held


def _place(held: dict[str, Held], name: str, flight: Flight, state: str) -> None:
    slot = name in held and held[name].slot
    held[name] = Held(flight.key, state, slot, flight.redelivered)
