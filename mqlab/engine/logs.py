"""What a log tells: entries that stay, readers that move along it, and what is cut off at its beginning."""

from __future__ import annotations

from mqlab.engine.event import Event


class Appended(Event, gc=False, omit_defaults=True, tag=True):
    """A message became an entry of a log, where it stays. `copies` and `to` run in parallel: each group of readers has a copy
    of its own, which is ready at the tail."""

    of: tuple[str, ...]
    stream: str
    entry: str
    key: str
    length: int
    copies: tuple[str, ...] = ()
    to: tuple[str, ...] = ()


class Fetched(Event, gc=False, omit_defaults=True, tag=True):
    """A program without a group read an entry. Departure; arrives as Received. Nobody keeps account of it."""

    of: tuple[str, ...]
    stream: str
    program: str
    key: str
    arrives: int
    entry: str = ""


class Claimed(Event, gc=False, omit_defaults=True, tag=True):
    """A pending copy changed hands, because a program asked for it. Departure, unless `arrives` is -1 (only ids were asked
    for); arrives as Received. `count`: how often it has been given out."""

    of: tuple[str, ...]
    queue: str
    program: str
    source: str
    count: int
    arrives: int
    idle: int = 0  # how long nobody had touched it, µs


class CursorSet(Event, gc=False, omit_defaults=True, tag=True):
    """A group's place in its log was set: `of` (and `keys`, in parallel) are ready from now on, before all others; `skipped`
    are not ready any more, and end."""

    of: tuple[str, ...]
    queue: str
    entry: str
    keys: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


class Trimmed(Event, gc=False, omit_defaults=True, tag=True):
    """Entries are gone from a log. why: maxlen | minid | deleted. Who had not read them is told by Dropped."""

    of: tuple[str, ...]
    stream: str
    why: str
    length: int
