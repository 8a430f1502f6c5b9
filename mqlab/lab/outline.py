"""A scenario as prose and a table: what a lab's page says before, beside and without the socket."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec

from mqlab.engine import commands as c
from mqlab.engine import scenario
from mqlab.engine.recording import Recording, run
from mqlab.lab.marked import Part, marked


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
class TermNote:
    """What explains a term; `id`: of its element on the page."""

    id: str
    name: str
    says: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """Texts are in parts. `lesson`: as the page's script needs it, in JSON; `first_command`: the first act's, or ""."""

    title: str
    about: tuple[Part, ...]
    goals: tuple[tuple[Part, ...], ...]
    hint: tuple[Part, ...]
    terms: tuple[TermNote, ...]
    solution: tuple[tuple[str, str], ...]
    lesson: str
    first_command: str
    nodes: tuple[NodeRow, ...]
    links: tuple[LinkRow, ...]


@lru_cache(maxsize=64)
def outline(text: str) -> Outline:
    """Of this scenario file. Raises scenario.ScenarioError."""
    read = scenario.load(text)
    scene = run(Recording(read, read.seed).scene("0", (0, 0)))
    act = read.first_act
    waiting = [name for name, node in scene.nodes.items() if node.status == "waits"]
    ids = {name: f"term-{number}" for number, name in enumerate(read.terms)}

    def parts(text: str) -> tuple[Part, ...]:
        return tuple(replace(one, target=ids.get(one.target, one.target)) for one in marked(text, ids))

    return Outline(
        read.title,
        parts(read.about),
        tuple(parts(goal.say) for goal in read.goals),
        parts(read.hint),
        tuple(TermNote(ids[name], name, marked(says)) for name, says in read.terms.items()),
        tuple(
            (f"{step.at_us / 1_000_000:g} s", command_words(step.command, waiting)) for step in read.solution
        ),
        _lesson(read, parts),
        msgspec.json.encode(act.command).decode() if act else "",
        tuple(NodeRow(name, node.what, _words(node.settings)) for name, node in scene.nodes.items()),
        tuple(
            LinkRow(link.what, link.source, link.target, link.routing_key) for link in scene.links.values()
        ),
    )


def _lesson(read: scenario.Scenario, parts: Callable[[str], tuple[Part, ...]]) -> str:
    """As static/js/lesson.js reads it: each text as a list of [kind, words, target]."""

    def said(text: str) -> list[tuple[str, str, str]]:
        return [(one.kind, one.text, one.target) for one in parts(text)]

    act = read.first_act
    lesson = {
        "first": {"say": said(act.say), "command": act.command} if act else None,
        "predictions": [
            {
                "ask": said(one.ask),
                "choices": [{"say": said(choice.say), "why": said(choice.why)} for choice in one.choices],
            }
            for one in read.predictions
        ],
        "solution": [{"at": step.at_us, "command": step.command} for step in read.solution],
    }
    return msgspec.json.encode(lesson).decode()


def command_words(command: c.AnyCommand, waiting: Collection[str] = ()) -> str:
    """An act in words: `crash worker-1`, `change worker-2: prefetch 1`. What has not run yet is started, not restarted."""
    match command:
        case c.Publish(exchange=exchange, routing_key=routing_key, key=key):
            more = ", mandatory" if command.mandatory else ""
            if "expiration" in (command.properties or {}):
                more += f", to live {(command.properties or {})['expiration']} ms"
            to = exchange or "the default exchange"
            return f"publish {key or 'a message'} to {to} with the routing key {routing_key}{more}"
        case c.Change(node=node, settings=settings):
            return (
                f"change {node}: {', '.join(f'{name} {_value(value)}' for name, value in settings.items())}"
            )
        case c.Bind(source=source, destination=destination, routing_key=key):
            return f"bind {destination} to {source}{f' with {key}' if key else ''}"
        case c.Unbind(source=source, destination=destination, routing_key=key):
            return f"unbind {destination} from {source}{f' with {key}' if key else ''}"
        case c.Restart(node=node) if node in waiting:
            return f"start {node}"
        case c.Purge(queue=queue):
            return f"purge {queue}"
        case _:
            return f"{command.__struct_config__.tag} {getattr(command, 'node', '')}".strip()


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
