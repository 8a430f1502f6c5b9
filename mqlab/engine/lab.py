"""From a scenario to a World: what is declared, who is there, and where everything stands before time begins.

Topology and subscriptions are part of the picture at (0, 0); they come to be without events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine.clients.program import YOU, tell_node
from mqlab.engine.goals import Goals
from mqlab.engine.kinds import kinds
from mqlab.engine.lesson import Lesson
from mqlab.engine.scenario.place import ms
from mqlab.engine.scenario.settings import LATENCY
from mqlab.engine.scene import Link
from mqlab.engine.verdicts import Verdicts
from mqlab.engine.world import World

if TYPE_CHECKING:
    from mqlab.engine.clients.program import Program
    from mqlab.engine.scenario import Scenario
    from mqlab.engine.scenario.program import ProgramSpec

ROLE = "the role of several programs"


def build(scenario: Scenario, seed: int) -> World:
    """The world of this scenario at (0, 0)."""
    world = World(seed)
    world.watched = True
    world.exchange_us = scenario.links.exchange_us
    for name, spec in scenario.brokers.items():
        broker = world.brokers[name] = kinds()[spec.kind].build(world, name, spec)
        world.names |= {name: "a broker"} | spec.named()
        world.names |= dict.fromkeys(broker.members, "a node of a broker")
    for role, program in scenario.programs.items():
        world.names[role] = ROLE
        _start(world, scenario, role, program)
    first = next(iter(world.brokers.values()))
    you = world.programs[YOU] = kinds()[first.kind].you(world, first, scenario.links.of(YOU))
    you.settings = {"broker": first.name, LATENCY: ms(you.latency_us)}
    tell_node(you, "")
    world.events.clear()
    world.judges += [Verdicts(world), Goals(world, scenario.goals)]
    if scenario.first_act is not None or scenario.predictions:
        world.judges.append(Lesson(world, scenario.first_act, scenario.predictions))
    return world


def _start(world: World, scenario: Scenario, role: str, spec: ProgramSpec) -> None:
    """Put a role's programs into the world, each connected and at work unless it begins later."""
    for node in spec.feeds(world.brokers[spec.broker]):
        world.links[f"{role}->{node}"] = Link("publish", role, node)
    for program in programs_of(world, role, spec, 0):
        program.latency_us = scenario.links.of(program.name, role)
        enter(world, program)
        know(world, program)
        begin(world, program, "")


def know(world: World, program: Program) -> None:
    """Its name is given, and so is what it may declare."""
    spec = program.spec
    world.names[program.name] = spec.said
    if spec.publishes:
        world.publishers[program.name] = None
    for what, words in kinds()[program.broker.kind].declares.items():
        world.names |= dict.fromkeys(spec.declares(what), words)


def begin(world: World, program: Program, cause: str) -> None:
    """It starts now, or when its settings say."""
    if program.up:
        program.start(cause)
        tell_node(program, cause)
    elif program.spec.start_us is not None:
        world.at(max(world.now, program.spec.start_us), program.begin)


def programs_of(world: World, role: str, spec: ProgramSpec, latency_us: int) -> list[Program]:
    """A role's programs, not yet in the world."""
    broker = world.brokers[spec.broker]
    make = kinds()[broker.kind].programs[spec.kind].make
    return [make(world, name, role, broker, spec, latency_us) for name in spec.names(role)]


def enter(world: World, program: Program) -> None:
    """A program comes into the world, with its settings for all to see; it has not started yet."""
    program.settings = settings_of(program.spec) | {LATENCY: ms(program.latency_us)}
    world.programs[program.name] = program


def settings_of(spec: ProgramSpec) -> dict[str, Any]:
    """A program's settings as its scenario file has them: what the picture shows and `change` may change."""
    return spec.plain()
