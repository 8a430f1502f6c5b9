"""What befalls a program: crash, restart, slow, hang, other settings, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting.find import broker_of, connected, known, program_of
from mqlab.engine.clients.program import YOU, tell_settings
from mqlab.engine.commands import Illegal
from mqlab.engine.lab import settings_of
from mqlab.engine.scenario.place import ms
from mqlab.engine.scenario.settings import LATENCY, change, latency_us

if TYPE_CHECKING:
    from mqlab.engine.world import World


def crash(world: World, command: c.Crash, cause: str) -> None:
    """A program dies."""
    if command.node in world.brokers:
        raise Illegal(
            "bad_command", f"{command.node} is a broker: restart it, and it goes down and comes up again."
        )
    program = program_of(world, command.node)
    if not program.up:
        raise Illegal("down", f"{command.node} is not running: start it first.")
    program.crash(cause)


def restart(world: World, command: c.Restart, cause: str) -> None:
    """A program starts again, or a broker goes down and comes up."""
    if command.node in world.brokers:
        broker_of(world, command.node).go_down(cause)
        return
    program = program_of(world, command.node)
    if program.up:
        raise Illegal("up", f"{command.node} is running: crash it first.")
    program.restart(cause)


def slow(world: World, command: c.Slow, cause: str) -> None:
    """A consumer becomes slower, or is again as it was."""
    program = program_of(world, command.node)
    if program.what != "consumer":
        raise Illegal("bad_command", f"{command.node} takes no time for a message: change its rate instead.")
    if program.slow == command.factor:
        how = "is as fast as it can be" if command.factor == 1 else f"is slow × {command.factor:g}"
        raise Illegal("bad_value", f"{command.node} {how} already.")
    program.slow = command.factor
    tell_settings(program, {"slow": command.factor if command.factor != 1 else None}, cause)


def hang(world: World, command: c.Hang, cause: str) -> None:
    """A program stops, with its connection open."""
    program = program_of(world, command.node)
    if not program.up:
        raise Illegal(
            "down", f"{command.node} is not running, and what does not run cannot hang: start it first."
        )
    if program.hung:
        raise Illegal("down", f"{command.node} hangs already: let it go on, or crash it.")
    program.hung = True
    tell_settings(program, {"hung": True}, cause)
    program.freeze()


def resume(world: World, command: c.Resume, cause: str) -> None:
    """A program goes on."""
    program = program_of(world, command.node)
    if not program.hung:
        raise Illegal("up", f"{command.node} does not hang.")
    program.hung = False
    program.thaw(tell_settings(program, {"hung": None}, cause))


def abort(world: World, command: c.Abort, cause: str) -> None:
    """A program's connection breaks."""
    connected(world, command.node).abort(cause)


def disconnect(world: World, command: c.Disconnect, cause: str) -> None:
    """An operator closes a program's connection at the broker."""
    program = world.programs[known(command.node, world.programs)]
    broker = broker_of(world, program.broker.name)
    if program.connection is None or not program.connection.alive:
        raise Illegal("down", f"{command.node} has no connection now: it crashed, or is about to come back.")
    broker.force_close(program.connection, cause)


def remove(world: World, command: c.Remove, cause: str) -> None:
    """A program is shut down and leaves."""
    brokers = world.brokers
    if command.node in brokers:
        raise Illegal("bad_command", f"{command.node} is the broker of this lab, and stays.")
    if any(broker.owns(command.node) for broker in brokers.values()):
        raise Illegal("bad_command", f"{command.node} is the broker's: delete it.")
    program_of(world, command.node).leave(cause)


def alter(world: World, command: c.Change, cause: str) -> None:
    """Other settings for a program; `latency_ms` for you too."""
    if command.node == YOU and YOU in world.programs:
        if set(command.settings) != {LATENCY}:
            raise Illegal("unknown_setting", f"Of yourself, only {LATENCY} can be changed.")
        program = world.programs[YOU]
    else:
        program = program_of(world, command.node)
    latency = latency_us(command.settings, command.node)
    before = dict(program.settings)
    if program.what == "you":
        after = before
    else:
        spec = change(program.spec, command.settings, command.node, program.broker)
        program.check(spec)
        kept = {name: before[name] for name in ("slow", "hung", "blocked", "node", LATENCY) if name in before}
        after = settings_of(spec) | kept
    if latency is not None:
        after = {**after, LATENCY: ms(latency)}
        program.travel(latency)
    changed: dict[str, Any] = {
        field: after.get(field) for field in {**before, **after} if before.get(field) != after.get(field)
    }
    name = tell_settings(program, changed, cause)
    if program.what != "you":
        _redraw(program, spec, name)
        program.change(spec, name)


def _redraw(program: Any, spec: Any, cause: str) -> None:
    """Where a producer sends to is a line of the picture."""
    broker = program.broker
    old, new = program.spec.feeds(broker), spec.feeds(broker)
    for node in old:
        if node not in new:
            broker.remove_link(f"{program.name}->{node}", cause)
    for node in new:
        if node not in old:
            broker.add_link(f"{program.name}->{node}", "publish", program.name, node, cause)
