"""What is due, and when: a heap of (time, counter, action, args, depth).

An action is a bound method or a module's function, never a closure or a generator, so that a World pickles. Entries of one
instant run in the order in which they were made. `depth` is the length of the chain of causes at one instant.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

Action = Callable[..., None]
Entry = tuple[int, int, Action, tuple[Any, ...], int]


class Agenda:
    """Times are virtual µs."""

    __slots__ = ("_entries", "_made")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._made = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, t: int, action: Action, args: tuple[Any, ...], depth: int = 0) -> None:
        """Run `action(*args)` at `t`, behind what is already due then."""
        self._made += 1
        heappush(self._entries, (t, self._made, action, args, depth))

    def next_time(self) -> int | None:
        """When the next entry is due; None when nothing is."""
        return self._entries[0][0] if self._entries else None

    def pop(self) -> Entry:
        """Take the next entry. IndexError when there is none."""
        return heappop(self._entries)

    def clear(self) -> None:
        """Nothing is due any more."""
        self._entries.clear()
