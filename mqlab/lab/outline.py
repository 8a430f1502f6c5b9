"""A scenario as prose and a table: what a lab's page says before, beside and without the socket."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from mqlab.engine import scenario
from mqlab.engine.recording import Recording, run


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A broker, exchange, queue or program, with its settings in words."""

    name: str
    what: str
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A line of the picture."""

    what: str
    source: str
    target: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Outline:
    """`first_act`: what to say, and the command as JSON; both "" where the scenario offers none."""

    title: str
    about: str
    goals: tuple[str, ...]
    first_act: str
    first_command: str
    nodes: tuple[NodeRow, ...]
    links: tuple[LinkRow, ...]


@lru_cache(maxsize=64)
def outline(text: str) -> Outline:
    """Of this scenario file. Raises scenario.ScenarioError."""
    read = scenario.load(text)
    scene = run(Recording(read, read.seed).scene("0", (0, 0)))
    act = read.first_act
    return Outline(
        read.title,
        read.about,
        tuple(goal.say for goal in read.goals),
        act.say if act else "",
        msgspec.json.encode(act.command).decode() if act else "",
        tuple(NodeRow(name, node.what, _words(node.settings)) for name, node in scene.nodes.items()),
        tuple(
            LinkRow(link.what, link.source, link.target, link.routing_key) for link in scene.links.values()
        ),
    )


def _words(settings: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", " "), _value(value)) for name, value in settings.items() if value not in ({}, None)
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_value(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(part) for part in value)
    return str(value)
