"""What a kind of broker brings into a lab: how its part of a scenario file is read, how it is built, the programs that talk to
it, and the acts that it knows. One folder of `brokers/` each, with a `kind.py` that has KIND; they are found by looking.

What the rest of the engine asks of a running broker, whatever its kind, is in `broker.py`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mqlab.engine import commands as c
    from mqlab.engine.broker import Broker
    from mqlab.engine.scenario.place import Place
    from mqlab.engine.scenario.program import ProgramSpec, There
    from mqlab.engine.world import World

Make = Callable[..., Any]
"""(world, name, role, broker, spec, latency_us) -> the program, not yet in the world."""
Act = Callable[["World", Any, Any, str], None]
"""(world, broker, command, cause): does it, or raises Illegal with nothing changed."""


@dataclass(frozen=True)
class ProgramKind:
    """A kind of program. `changeable`: the settings that may change while it runs, beside its latency; `parts`: of a setting
    with fields of its own those that may be changed singly."""

    read: Callable[[Place, str, There], ProgramSpec]
    make: Make
    changeable: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """`title`: its name as people write it. `read`: its part of a scenario file (a struct with `kind`, `plain()`, `node_names`,
    `members(name)`, `named()`, `publish_to`, `consume_from`). `you`: the program with which the user talks to it. `declares`:
    what else `add` makes there, by its word in the command, as people say it; `declare` makes it."""

    name: str
    title: str
    read: Callable[[Place], Any]
    build: Callable[[World, str, Any], Broker]
    you: Callable[[World, Any, int], Any]
    programs: Mapping[str, ProgramKind]
    acts: Mapping[type[c.Command], Act]
    declares: Mapping[str, str] = field(default_factory=dict)
    declare: Act | None = None


@cache
def kinds() -> dict[str, Kind]:
    """Every kind that there is, by its name."""
    folders = sorted(
        one.name for one in files("mqlab.engine.brokers").iterdir() if (one / "kind.py").is_file()
    )
    return {name: importlib.import_module(f"mqlab.engine.brokers.{name}.kind").KIND for name in folders}


@cache
def program_words() -> tuple[str, ...]:
    """The words for programs that some kind of broker knows: producer, consumer…"""
    return tuple(dict.fromkeys(word for kind in kinds().values() for word in kind.programs))
