"""What a command names must be there, be up, or be free; who asks for something else is told what there is."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from mqlab.engine import limits
from mqlab.engine.clients.program import YOU, count_nodes
from mqlab.engine.commands import Illegal
from mqlab.engine.kinds import program_words
from mqlab.engine.message import message_of
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.file import PLAIN_NAME, TAKEN
from mqlab.engine.scenario.place import fit_name, plain_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mqlab.engine.world import World


def broker_of(world: World, name: str = "") -> Any:
    """The broker of this name, or the only one; it must be up."""
    if name and name not in world.brokers:
        raise unknown(name, world.brokers)
    broker = world.brokers[name] if name else next(iter(world.brokers.values()))
    if not broker.up:
        raise Illegal("down", f"{broker.name} is down: wait until it is up again.")
    return broker


def check_broker(world: World, name: str) -> None:
    """Raises Illegal where a broker is named that is not there."""
    if name and name not in world.brokers:
        raise unknown(name, world.brokers)


def connected(world: World, name: str) -> Any:
    """A program that has a connection."""
    program = program_of(world, name)
    if program.connection is None or not program.connection.alive:
        raise Illegal("down", f"{name} has no connection now: it crashed, or is about to come back.")
    return program


def program_of(world: World, name: str) -> Any:
    """A program of the lab, not you; one that is shutting down is as good as gone."""
    program = world.programs.get(name)
    if program is None:
        raise unknown(name, [one for one in world.programs if one != YOU])
    if name == YOU:
        raise Illegal("bad_command", "That is you: choose a program of the lab instead.")
    if program.leaving:
        raise Illegal("down", f"{name} is shutting down: its close is on the way.")
    return program


def known(name: str, names: Iterable[str]) -> str:
    """This name, which must be one of those."""
    names = list(names)
    if name not in names:
        raise unknown(name, names)
    return name


def unknown(name: str, names: Iterable[str]) -> Illegal:
    """There is no such name: the nearest one, or the first few."""
    names = [one for one in names if one]
    near = difflib.get_close_matches(name, names, 1)
    hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(names[:12])}." if names else ""
    return Illegal("unknown_node", f"There is no {name} here.{hint}")


def free(world: World, name: str, what: str, *, publishes: bool = False) -> None:
    """The name may be given to a new node: it is well formed, and nothing in this recording has or had it. `publishes`:
    messages will be named after it."""
    if name in TAKEN:
        raise Illegal("bad_value", f"{name} is taken by the lab itself: choose another name.")
    if what in program_words() and not PLAIN_NAME.fullmatch(name):
        raise Illegal("bad_value", "A program's name has 1 to 64 letters, digits, _ . or -.")
    try:
        fit_name(plain_place(name, "name"), name)
    except ScenarioError as error:
        raise Illegal("bad_value", str(error)) from error
    if len(name.encode()) > limits.NAME_BYTES_MAX:
        raise Illegal("bad_value", f"A name has at most {limits.NAME_BYTES_MAX} bytes.")
    if name in world.names:
        raise Illegal(
            "name_taken",
            f"{name} is the name of {world.names[name]}, and a name is given once in a recording: choose another.",
        )
    for producer in [YOU, *world.publishers, *([name] if publishes else [])]:
        for node in [name, *(world.names if producer == name else ())]:
            if re.fullmatch(rf"{re.escape(producer)}-[0-9]+", message_of(node)):
                raise Illegal(
                    "name_taken",
                    f"Messages of {producer} are called {producer}-1, {producer}-2…: choose another name.",
                )


def room(world: World, more: int) -> None:
    """So many nodes more are within the bound."""
    if count_nodes(world) + more > limits.NODES_MAX:
        raise Illegal(
            "bounds",
            f"A lab has at most {limits.NODES_MAX} nodes: remove a program, queue or exchange first.",
        )
