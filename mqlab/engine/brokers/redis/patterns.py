"""Which patterns match a channel: looked up by what they begin with, and remembered for each channel.

A pattern can only match where its literal beginning is the channel's, so of a thousand patterns a few are tried.
"""

from __future__ import annotations

from collections.abc import Callable

from mqlab.engine.brokers.redis.glob import literal_prefix, matcher

REMEMBERED_MAX = 10_000


class Patterns:
    """A set of patterns. `match` gives them in the order in which they came."""

    __slots__ = ("_lengths", "_made", "_numbers", "_prefixes", "_remembered", "_tried")

    def __init__(self) -> None:
        self._made = 0
        self._numbers: dict[bytes, int] = {}
        self._prefixes: dict[bytes, list[bytes]] = {}
        self._lengths: list[int] = []
        self._remembered: dict[bytes, tuple[bytes, ...]] = {}
        self._tried: dict[bytes, list[tuple[Callable[[bytes], object], int, bytes]]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def __getstate__(self) -> list[bytes]:
        return list(self._numbers)

    def __setstate__(self, patterns: list[bytes]) -> None:
        self.__init__()  # type: ignore[misc]
        for pattern in patterns:
            self.add(pattern)

    def add(self, pattern: bytes) -> None:
        """A pattern comes, if it was not there."""
        if pattern in self._numbers:
            return
        self._made += 1
        self._numbers[pattern] = self._made
        self._prefixes.setdefault(literal_prefix(pattern), []).append(pattern)
        self._changed()

    def remove(self, pattern: bytes) -> None:
        """A pattern goes."""
        del self._numbers[pattern]
        prefix = literal_prefix(pattern)
        beside = self._prefixes[prefix]
        beside.remove(pattern)
        if not beside:
            del self._prefixes[prefix]
        self._changed()

    def _changed(self) -> None:
        self._lengths = []
        self._remembered.clear()
        self._tried.clear()

    def match(self, channel: bytes) -> tuple[bytes, ...]:
        """The patterns that match, in the order in which they came."""
        found = self._remembered.get(channel)
        if found is None:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            found = self._remembered[channel] = self._match(channel)
        return found

    def _match(self, channel: bytes) -> tuple[bytes, ...]:
        if not self._tried and self._numbers:
            self._prepare()
        numbers = self._tried
        found: list[tuple[int, bytes]] = []
        for length in self._lengths:
            for matches, number, pattern in (
                numbers.get(channel[:length], ()) if length <= len(channel) else ()
            ):
                if matches(channel):
                    found.append((number, pattern))
        found.sort()
        return tuple([pattern for _, pattern in found])

    def _prepare(self) -> None:
        """Compile each pattern once, after a change."""
        self._tried = {
            prefix: [(matcher(pattern), self._numbers[pattern], pattern) for pattern in patterns]
            for prefix, patterns in self._prefixes.items()
        }
        self._lengths = sorted({len(prefix) for prefix in self._prefixes})
