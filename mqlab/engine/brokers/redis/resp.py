"""What Redis answers, as values: RESP2 and RESP3 differ in maps and pushes, and in what a subscriber may do meanwhile.

A reply is a Status ("+OK"), an Error, an int, bytes (a bulk string), None (nil), a list, or a dict (a map, which RESP2 writes
as a flat list). `Replies` are several at once, as SUBSCRIBE answers each channel. [redis.io, Serialization protocol]
"""

from __future__ import annotations

from typing import Any

import msgspec


class Status(str):
    """A simple string."""

    __slots__ = ()


class Error(msgspec.Struct, frozen=True):
    """An error reply, with its code in front: `ERR syntax error`. `rule`: by which it was refused."""

    text: str
    rule: str = ""


class Replies(list[Any]):
    """Several replies to one command."""


OK = Status("OK")
QUEUED = Status("QUEUED")


def flat(pairs: dict[Any, Any]) -> list[Any]:
    """A map as RESP2 writes it."""
    return [part for pair in pairs.items() for part in pair]


def as_resp2(reply: Any) -> Any:
    """A reply with its maps flattened, at every depth."""
    if isinstance(reply, dict):
        return [as_resp2(part) for part in flat(reply)]
    if isinstance(reply, list):
        return type(reply)([as_resp2(part) for part in reply])
    return reply


def size(value: Any) -> int:
    """How many bytes a value takes on the wire (RESP2)."""
    match value:
        case None:
            return 5  # $-1\r\n
        case bytes():
            return len(value) + len(str(len(value))) + 5
        case int():
            return len(str(value)) + 3
        case Status():
            return len(value) + 3
        case Error():
            return len(value.text) + 3
        case list():
            return len(str(len(value))) + 3 + sum([size(one) for one in value])
        case dict():
            return size(flat(value))
    raise TypeError(f"no reply is a {type(value).__name__}")


def in_words(reply: Any) -> str:
    """A reply as redis-cli would show it, on one line."""
    match reply:
        case None:
            return "(nil)"
        case Error():
            return reply.text
        case bytes():
            return reply.decode("utf-8", "backslashreplace")
        case list():
            return "[" + ", ".join([in_words(one) for one in reply]) + "]"
        case dict():
            return (
                "{" + ", ".join([f"{in_words(name)}: {in_words(one)}" for name, one in reply.items()]) + "}"
            )
    return str(reply)
