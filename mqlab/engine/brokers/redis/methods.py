"""What goes between a client and Redis: a command as an array of strings; its reply, and what is pushed.

`lost_as` says what falls when one is lost on its way (see events.Lost).
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine.message import Copy, Message


class Command(msgspec.Struct):
    """A command and its arguments. `message` gives what PUBLISH, SPUBLISH or XADD sends its identity."""

    argv: tuple[bytes, ...]
    message: Message | None = None
    retries: bool = False  # its client sends it again where no reply comes
    told: bool = False  # its reply is an event

    @property
    def lost_as(self) -> str:
        """What falls is gone, unless its client tries again."""
        if self.message is not None:
            return "publish" if self.retries else "message"
        return "ack" if self.argv[0] == b"XACK" else "request"


def command(*words: str | bytes | int | float) -> Command:
    """A command from its words; text goes as UTF-8, a number as its digits."""
    return Command(
        tuple(
            [
                word if isinstance(word, bytes) else str(word).encode("utf-8", "surrogateescape")
                for word in words
            ]
        )
    )


class Reply(msgspec.Struct):
    """The reply to a command that waited (BLOCK), or that came over a line with latency."""

    lost_as: ClassVar[str] = "confirm"
    value: Any
    name: bytes = b""  # the command's


class Entry(msgspec.Struct):
    """An entry of a stream on its way to a reader, ahead of the reply that it is part of."""

    lost_as: ClassVar[str] = "delivery"
    copy: Copy
    stream: str
    group: str  # "": read without one
    id: bytes
    redelivered: bool
    count: int  # how often it has been given out


class Pushed(msgspec.Struct):
    """What a subscriber is sent: ["message", channel, data], ["pmessage", pattern, channel, data], ["smessage", …]."""

    lost_as: ClassVar[str] = "message"
    parts: list[Any]
    message: Message
    copy: str
    events: int = 0  # how many are named after the copy already


class Hangup(msgspec.Struct):
    """The server closes the connection."""

    lost_as: ClassVar[str] = "close"
    why: str


BLOCKED: Any = object()
"""In place of a reply: it will come later."""
