"""What a broker tells that keeps nothing: who listens, who is sent a message, and who misses it."""

from __future__ import annotations

from mqlab.engine.event import Event


class Subscribed(Event, gc=False, omit_defaults=True, tag=True):
    """A program listens to a channel from now on. what: channel | pattern | shard; count: what it now listens to."""

    program: str
    channel: str
    what: str
    count: int


class Unsubscribed(Event, gc=False, omit_defaults=True, tag=True):
    """A program listens to a channel no more."""

    program: str
    channel: str
    what: str
    count: int


class Broadcast(Event, gc=False, omit_defaults=True, tag=True):
    """A channel passed a message on, and keeps nothing. `of`, `to`, `arrives`, `by` run in parallel: copy, program, arrival,
    pattern ("": by the channel's own name). A departure for each copy, named after it; arrives as Received. Where `arrives`
    is -1 the copy waits in the output buffer of that program. `missed`: programs that would listen, but are away."""

    of: tuple[str, ...]
    channel: str
    key: str
    to: tuple[str, ...]
    arrives: tuple[int, ...]
    by: tuple[str, ...]
    missed: tuple[str, ...] = ()


class Missed(Event, gc=False, omit_defaults=True, tag=True):
    """Nobody was listening: the message is gone. `missed`: programs that would listen, but are away."""

    of: tuple[str, ...]
    channel: str
    key: str
    missed: tuple[str, ...] = ()


class Sent(Event, gc=False, omit_defaults=True, tag=True):
    """A copy left the output buffer in which it waited. Departure; arrives as Received."""

    of: tuple[str, ...]
    buffer: str
    program: str
    key: str
    arrives: int
    held: int = 0  # bytes still waiting
