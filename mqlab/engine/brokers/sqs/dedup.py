"""The five minutes in which a FIFO queue knows a message again by its deduplication id.

A repeat is accepted and not delivered, also when the first has long been deleted, and also when its body is another one.
[AWS: using-messagededuplicationid-property, FIFO-key-terms, 2026-08; semantics §3 rule 8]
"""

from __future__ import annotations

from typing import NamedTuple

WINDOW_US = 300_000_000


class Seen(NamedTuple):
    """A message that was taken: until when (µs) a repeat of it is known, what it became, and a digest of its body."""

    until: int
    copy: str
    sequence: int
    body: bytes


class Window:
    """`seen`: by id (with the group before it, where ids count within a group), oldest first."""

    __slots__ = ("seen",)

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}

    def find(self, key: str, now: int) -> Seen | None:
        """The message of this id that is still known."""
        seen = self.seen.get(key)
        return seen if seen is not None and seen.until > now else None

    def remember(self, key: str, seen: Seen) -> None:
        """A message was taken; it is the youngest."""
        self.seen.pop(key, None)
        self.seen[key] = seen

    def next(self) -> int | None:
        """When the oldest is forgotten (µs); None: there is none."""
        return next(iter(self.seen.values())).until if self.seen else None

    def forget(self, now: int) -> list[str]:
        """Forget those whose time is over. Returns their ids."""
        gone = []
        for key, seen in self.seen.items():
            if seen.until > now:
                break
            gone.append(key)
        for key in gone:
            del self.seen[key]
        return gone
