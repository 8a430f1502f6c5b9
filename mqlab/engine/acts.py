"""What each command does. Everything is checked before anything changes: an Illegal act leaves the world as it was.

Illegal is what the lab cannot do. What a broker answers with an error is a legal act, and its events are the answer. What
befalls programs is the same with every broker; the rest is looked up in the kind of the broker that the command is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting import programs
from mqlab.engine.acting.add import add
from mqlab.engine.acting.find import broker_of
from mqlab.engine.commands import Illegal
from mqlab.engine.kinds import kinds

if TYPE_CHECKING:
    from mqlab.engine.world import World

_WITH_EVERY_BROKER: dict[type[c.Command], Callable[[World, Any, str], None]] = {
    c.Crash: programs.crash,
    c.Restart: programs.restart,
    c.Slow: programs.slow,
    c.Hang: programs.hang,
    c.Resume: programs.resume,
    c.Abort: programs.abort,
    c.Disconnect: programs.disconnect,
    c.Change: programs.alter,
    c.Remove: programs.remove,
    c.Add: add,
}


def apply(world: World, command: c.AnyCommand, cause: str) -> None:
    """Do it. Raises Illegal, with nothing changed."""
    if world.storm:
        raise Illegal("storm", world.storm)
    does = _WITH_EVERY_BROKER.get(type(command))
    if does is not None:
        does(world, command, cause)
        return
    broker = world.brokers[_concerned(world, command)]
    kind = kinds()[broker.kind]
    act = kind.acts.get(type(command))
    if act is None:
        word = command.__struct_config__.tag
        raise Illegal("bad_command", f"{broker.name} is {kind.title}, which knows no act {word}.")
    act(world, broker_of(world, broker.name), command, cause)


def _concerned(world: World, command: Any) -> str:
    """The broker that a command is about: the one that it names, or the one to which belongs what it names; else the first."""
    named = [
        value
        for field in command.__struct_fields__
        if field in c.NAMES_SOMETHING and (value := getattr(command, field))
    ]
    for name in named:
        if name in world.brokers:
            return str(name)
    for broker in world.brokers.values():
        if any(broker.owns(name) or name in broker.members for name in named):
            return str(broker.name)
    for name in named:
        if name in world.programs:
            return str(world.programs[name].broker.name)
    return next(iter(world.brokers))
