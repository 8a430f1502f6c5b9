"""A new program, or something of a broker's, in a running lab, described as a scenario file describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import commands as c
from mqlab.engine.acting.find import broker_of, free, room
from mqlab.engine.commands import Illegal
from mqlab.engine.events import NodeAdded
from mqlab.engine.kinds import kinds
from mqlab.engine.lab import ROLE, begin, enter, know, programs_of
from mqlab.engine.scenario.error import ScenarioError, listed
from mqlab.engine.scenario.links import LATENCY_US
from mqlab.engine.scenario.place import plain_place
from mqlab.engine.scenario.settings import LATENCY, latency_us

if TYPE_CHECKING:
    from mqlab.engine.broker import Broker
    from mqlab.engine.scenario.program import ProgramSpec
    from mqlab.engine.world import World

OWN_NAMES = "amq."
"""What begins so is RabbitMQ's own, and nobody can declare it."""


def add(world: World, command: c.Add, cause: str) -> None:
    """Everything is read and checked before anything begins."""
    broker = broker_of(world, command.broker or str(command.settings.get("broker", "")))
    kind = kinds()[broker.kind]
    if command.what in kind.declares and kind.declare is not None:
        kind.declare(world, broker, command, cause)
        return
    if command.what not in kind.programs:
        known = listed([*kind.programs, *kind.declares])
        raise Illegal("bad_command", f"At {broker.name}, which is {kind.title}, {known} can be added.")
    spec = _program(broker, command)
    latency = latency_us(command.settings, command.node)
    names = spec.names(command.node)
    room(world, len(names))
    for name in dict.fromkeys([command.node, *names]):
        free(world, name, command.what, publishes=spec.publishes)
    for what in kind.declares:
        for name in spec.declares(what):
            if not broker.owns(name) and not name.startswith(OWN_NAMES):
                free(world, name, what)
    world.names[command.node] = ROLE
    for program in programs_of(world, command.node, spec, LATENCY_US if latency is None else latency):
        know(world, program)
        told = world.name(program.name)
        enter(world, program)
        world.emit(NodeAdded(world.now, told, cause, "", program.name, program.what, dict(program.settings)))
        for node in spec.feeds(broker):
            broker.add_link(f"{program.name}->{node}", "publish", program.name, node, told)
        begin(world, program, told)


def _program(broker: Broker, command: c.Add) -> ProgramSpec:
    """A program's settings, with what goes without saying."""
    settings = {name: value for name, value in command.settings.items() if name != LATENCY}
    place = {"kind": command.what, "broker": broker.name, **settings}
    if place["kind"] != command.what:
        raise Illegal("bad_value", f"kind: {command.what} is meant here; leave the field out.")
    try:
        read = kinds()[broker.kind].programs[command.what].read
        return read(plain_place(place, command.node), command.node, broker)
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error
