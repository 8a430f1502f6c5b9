"""What a client asks of its broker by name, besides publishing and settling, and what it is answered."""

from __future__ import annotations

from typing import Any

from mqlab.engine.event import Event


class Called(Event, gc=False, omit_defaults=True, tag=True):
    """A client called a method of its broker, by pika's name. Departure; arrives as Answered or as Closed, as the error that
    is the answer (ChannelClosed, ConnectionClosed), or Lost. `at`: the queue or exchange that it is about, where there is one,
    else the broker. `arguments`: those that are not left at their defaults, nor
    empty."""

    program: str
    call: str
    channel: int
    at: str
    arrives: int
    arguments: dict[str, Any] | None = None


class Answered(Event, gc=False, omit_defaults=True, tag=True):
    """The broker did what `program` asked; where nothing else is told, nothing visible changed (declare-ok, get-empty…)."""

    program: str
    request: str
    reply: str
