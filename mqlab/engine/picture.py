"""The scene of the live World: what is where, read off the brokers, the programs and the flights, not off any event.

`fold.fold` knows the same from the events' side; the law that the two agree is what keeps every picture true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.clients.program import Program
from mqlab.engine.lesson import Lesson
from mqlab.engine.scene import CopyState, Flight, Held, Node, Scene

if TYPE_CHECKING:
    from mqlab.engine.world import World


def picture(world: World) -> Scene:
    """The whole picture at the world's position. It shares nothing with the world that either would change."""
    nodes: dict[str, Node] = {}
    copies: dict[str, CopyState] = {}
    for broker in world.brokers.values():
        broker.picture(nodes, copies)
    for name, program in world.programs.items():
        nodes[name] = Node(
            program.what,
            dict(program.settings),
            status=_status(program),
            held=_held(world, program),
            unconfirmed=len(getattr(program, "unconfirmed", ())),
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
    if isinstance(program, Program) and program.waits:
        return "waits"
    return "stopping" if isinstance(program, Program) and program.leaving else "down"


def _held(world: World, program: Any) -> dict[str, Held]:
    """What a program has in its hands: prefetch slots as the broker counts them, and its own memory."""
    held: dict[str, Held] = {}
    if not isinstance(program, Program):
        return held
    for broker in world.brokers.values():
        for copy, known in broker.held(program):
            held[copy.name] = Held(copy.message.key, "done" if known else "dead", True, copy.redelivered)
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
