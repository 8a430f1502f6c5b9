"""What is due, and when: a heap of (time, counter, action, args, depth).

An action is a bound method or a module's function, never a closure or a generator, so that a World pickles. Entries of one
instant run in the order in which they were made. `depth` is the length of the chain of causes at one instant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Action = Callable[..., None]
Entry = tuple[int, int, Action, tuple[Any, ...], int]


class Agenda:
    """Times are virtual µs. `entries` is the heap; `made` counts the entries ever made. World adds and takes."""

    __slots__ = ("entries", "made")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.made = 0

    def next_time(self) -> int | None:
        """When the next entry is due; None when nothing is."""
        return self.entries[0][0] if self.entries else None

    def clear(self) -> None:
        """Nothing is due any more."""
        self.entries.clear()
