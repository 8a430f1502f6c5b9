"""What a queue does by the clock with what it holds and what it remembers: SQS's visibility, deduplication and redrive."""

from __future__ import annotations

from mqlab.engine.event import Event


class VisibilityChanged(Event, gc=False, omit_defaults=True, tag=True):
    """A program that holds copies changed until when they are hidden (`until`, µs): counted from now. Arrival of Called. Where
    the time is over at once, Requeued follows."""

    of: tuple[str, ...]
    queue: str
    program: str
    until: int


class Deduplicated(Event, gc=False, omit_defaults=True, tag=True):
    """A queue accepted a message and does not deliver it: it knows its deduplication id (`dedup`) from `original`, a copy of
    the first, and does so until `until` (µs). `other`: its body is not that of the first, so its content is gone. An end of
    the publish."""

    of: tuple[str, ...]
    queue: str
    key: str
    dedup: str
    original: str
    until: int
    other: bool = False


class Forgotten(Event, gc=False, omit_defaults=True, tag=True):
    """A queue no longer knows these deduplication ids: the next message of such an id is a new one."""

    queue: str
    ids: tuple[str, ...]


class Redriven(Event, gc=False, omit_defaults=True, tag=True):
    """A copy ended in a dead-letter queue, and its content left for `target`, the queue that it had come from or another.
    Departure; arrives as Enqueued."""

    of: tuple[str, ...]
    queue: str
    target: str
    key: str
    arrives: int
