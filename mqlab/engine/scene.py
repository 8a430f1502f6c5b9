"""The picture at a position. `picture.py` takes a scene from the live World; `fold.py` changes one by events.

Every field is plain JSON. A scene lists every live copy in short form; the drawing decides how many it shows.
"""

from __future__ import annotations

from typing import Any

import msgspec

Position = tuple[int, int]
"""(t, i): virtual µs, and how many actions of that instant lie before it."""


class CopyState(msgspec.Struct, omit_defaults=True):
    """A live copy. state: arriving (on its way from the exchange), ready, unacked."""

    queue: str
    key: str
    state: str
    redelivered: bool = False
    returns: int = 0  # how often it came back to this queue
    expires: int = 0
    priority: int = 0
    origin: str = ""
    group: str = ""  # its message group
    until: int = (
        0  # when it is ready again, if nothing happens: in flight with a visibility timeout, or delayed
    )


class Flight(msgspec.Struct, omit_defaults=True):
    """Something that left and has not arrived. what: publish, copy, dead_letter, delivery, ack, nack, confirm,
    confirm_nack, return, close."""

    what: str
    source: str
    target: str
    sent: int
    arrives: int
    of: tuple[str, ...]
    key: str = ""
    redelivered: bool = False


class Held(msgspec.Struct, omit_defaults=True):
    """A message in a program's hands. state: on_way, buffered, working, done, dead. slot: it takes a prefetch slot."""

    key: str
    state: str
    slot: bool
    redelivered: bool = False
    started: int = 0
    until: int = 0


class Node(msgspec.Struct, omit_defaults=True):
    """A node of the picture. Queues use `ready` (service order), `unacked` (copy -> program) and `memory` (deduplication id ->
    until when it is known); streams `entries` (the end of the log: message and key, see window.py); programs use `held`, and
    producers with confirms `unconfirmed`: publishes without an answer yet."""

    what: str
    settings: dict[str, Any]
    status: str = "up"  # up | down | waits (it has not started yet) | stopping
    ready: list[str] = []
    unacked: dict[str, str] = {}
    held: dict[str, Held] = {}
    memory: dict[str, int] = {}
    entries: list[tuple[str, str]] = []
    unconfirmed: int = 0


class Link(msgspec.Struct, omit_defaults=True):
    """A line of the picture."""

    what: str
    source: str
    target: str
    routing_key: str = ""
    arguments: dict[str, Any] | None = None


class Scene(msgspec.Struct, omit_defaults=True):
    """The whole picture. `counts`: node -> what -> number; `piles`: node -> the keys that fell there, newest last."""

    at: Position
    nodes: dict[str, Node]
    links: dict[str, Link]
    copies: dict[str, CopyState]
    flights: dict[str, Flight]
    counts: dict[str, dict[str, int]]
    piles: dict[str, list[str]]
    verdicts: dict[str, int]
    goals: list[str]  # open | met | broken
    storm: str = ""
    offered: bool = False  # the lesson offers its first act
    predictions: list[str] = []  # open | due | the number of the choice that came true
