"""What is asked of a message that the user sends by hand, whatever the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqlab.engine import limits
from mqlab.engine.commands import Illegal

if TYPE_CHECKING:
    from mqlab.engine.world import World


def check_room(world: World, more: int) -> None:
    """So many messages more are within the bound. Raises Illegal."""
    if world.ledger.live + more > limits.LIVE_COPIES_MAX:
        raise Illegal(
            "bounds",
            f"A live lab holds {limits.LIVE_COPIES_MAX:,} copies and has no room for more: consume or purge some.",
        )


def repeat_us(repeat: int, every_ms: float) -> int:
    """How long after one another (µs) so many messages are sent. Raises Illegal."""
    every_us = round(every_ms * 1000)
    if repeat > 1 and 0 < every_us < 1_000:
        raise Illegal("bad_value", "Repeat at most once a millisecond, or all at once: every_ms 0.")
    return every_us


def body_of(text: str) -> bytes:
    """A body as bytes. Raises Illegal where it is too long."""
    body = text.encode()
    if len(body) > limits.BODY_BYTES_MAX:
        raise Illegal("bad_value", f"A body has at most {limits.BODY_BYTES_MAX:,} bytes in a live lab.")
    return body
