"""A copy in an SQS queue, and the names that a receive gives it."""

from __future__ import annotations

from typing import Any

from mqlab.engine.message import NO_PROPERTIES, Content, Copy

NO_CONTENT = Content("", "", NO_PROPERTIES)


class SqsCopy(Copy, gc=False):
    """Times in virtual µs. `until` is when it is to be visible: of a received one again, of a delayed one for the first time;
    `turn` counts how often that has been set, `received` how often it was given out, also before it was moved here."""

    group: str = ""
    turn: int = 0
    received: int = 0
    first: int = -1  # when it was first received; -1: never
    sent: int = 0  # from when its age counts
    stamp: int = 0  # when it was sent first, as SentTimestamp tells
    known: bool = True  # the program that holds it has its receipt handle
    home: int = 0  # the server that it lies on
    sequence: int = 0  # FIFO: its SequenceNumber counts from 1
    deduplication_id: str = ""
    source: str = ""  # the queue from which it was dead-lettered
    arrived: int = 0  # when that was, in this queue
    sent_attributes: Any = None
    system_attributes: Any = None
    known_as: str = ""  # the copy whose MessageId it has, where that is not its own
    size: int = 0  # bytes of body and attributes

    @property
    def handle(self) -> str:
        """The receipt handle of its latest receive."""
        return f"{self.name}:{self.received}"


def read_handle(handle: str) -> tuple[str, int]:
    """The copy and the receive that a receipt handle is of; ("", 0) where it is none."""
    name, _, count = handle.rpartition(":")
    if not count.isdecimal() or len(count) > 9 or "@" not in name:
        return "", 0
    return name, int(count)
