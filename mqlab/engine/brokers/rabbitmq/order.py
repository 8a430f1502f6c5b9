"""The order in which a queue serves what is ready, where it looks at priorities. A plain queue's order is a deque.

`Levels` serves the highest level first (classic queues with x-max-priority, quorum queues since 4.3); `TwoToOne` is the
fair share of quorum queues from 4.0 to 4.2. Within a level the oldest is first. [rule 61]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mqlab.engine.message import Copy

HIGH = 5
"""From this priority on a message is of the high half, in quorum queues from 4.0 to 4.2."""


class Order(Protocol):
    """Ready copies in service order; [0] is the next."""

    def append(self, copy: Copy, /) -> None:
        """A copy enters, behind those of its level."""

    def popleft(self) -> Copy:
        """Take the next."""

    def clear(self) -> None:
        """Let all go."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Copy]: ...

    def __getitem__(self, index: int, /) -> Copy: ...


def priority_of(copy: Copy, most: int) -> int:
    """What its publisher gave it, at most `most`; 0 where nothing was given."""
    return min(copy.content.properties.priority or 0, most)


class Levels:
    """Levels 0 to `most`, the highest first. `usual`: that of a message without a priority."""

    __slots__ = ("count", "levels", "most", "top", "usual")

    def __init__(self, most: int, usual: int = 0) -> None:
        self.most = most
        self.usual = usual
        self.levels: dict[int, deque[Copy]] = {}
        self.top = -1  # the highest that holds something; -1: none does
        self.count = 0

    def level_of(self, copy: Copy) -> int:
        """Where a copy belongs."""
        priority = copy.content.properties.priority
        return self.usual if priority is None else min(priority, self.most)

    def of(self, level: int) -> deque[Copy]:
        """A level to put one copy into."""
        self.count += 1
        if level > self.top:
            self.top = level
        found = self.levels.get(level)
        if found is None:
            found = self.levels[level] = deque()
        return found

    def append(self, copy: Copy, /) -> None:
        self.of(self.level_of(copy)).append(copy)

    def enter(self, copy: Copy, *, usual: bool = False) -> int:
        """A copy enters, or as one without a priority. Returns its index in service order."""
        level = self.usual if usual else self.level_of(copy)
        line = self.of(level)
        line.append(copy)
        size = len(line)
        return size - 1 if size == self.count else self.before(level) + size - 1

    def heads(self) -> Iterator[tuple[int, Copy]]:
        """The oldest of each level, the highest first."""
        return (
            (level, self.levels[level][0])
            for level in sorted(self.levels, reverse=True)
            if self.levels[level]
        )

    def popleft(self) -> Copy:
        return self.take(self.top)

    def take(self, level: int) -> Copy:
        """Take the oldest of one level."""
        line = self.levels[level]
        copy = line.popleft()
        self.count -= 1
        if not line:
            self.top = max((at for at, one in self.levels.items() if one), default=-1) if self.count else -1
        return copy

    def before(self, level: int) -> int:
        """How many are served before the first of this level."""
        return sum(len(line) for other, line in self.levels.items() if other > level)

    def clear(self) -> None:
        self.levels.clear()
        self.top, self.count = -1, 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Copy]:
        for level in sorted(self.levels, reverse=True):
            yield from self.levels[level]

    def __getitem__(self, index: int, /) -> Copy:
        assert index == 0
        return self.levels[self.top][0]


class TwoToOne:
    """Two halves: after two of the high half one of the low, unless the next of the high half is the older."""

    __slots__ = ("high", "low", "turn")

    def __init__(self) -> None:
        self.high: deque[Copy] = deque()
        self.low: deque[Copy] = deque()
        self.turn = 0  # every third take is the low half's

    def append(self, copy: Copy, /) -> None:
        self._half(copy).append(copy)

    def _half(self, copy: Copy) -> deque[Copy]:
        return self.high if (copy.content.properties.priority or 0) >= HIGH else self.low

    def enter(self, copy: Copy, *, usual: bool = False) -> int:
        """A copy enters, or as one without a priority. Returns its index in service order."""
        return self._last_of(self.low if usual else self._half(copy), copy)

    def _last_of(self, half: deque[Copy], copy: Copy) -> int:
        half.append(copy)
        if not self.high or not self.low:
            return len(half) - 1
        return next(at for at, other in enumerate(self) if other is copy)

    def popleft(self) -> Copy:
        line = self._next(self.high, self.low, self.turn)
        self.turn = (self.turn + 1) % 3
        return line.popleft()

    @staticmethod
    def _next(high: deque[Copy], low: deque[Copy], turn: int) -> deque[Copy]:
        if high and low:
            return low if turn == 2 and low[0].seq < high[0].seq else high
        return high or low

    def clear(self) -> None:
        self.high.clear()
        self.low.clear()
        self.turn = 0

    def __len__(self) -> int:
        return len(self.high) + len(self.low)

    def __iter__(self) -> Iterator[Copy]:
        high, low, turn = self.high.copy(), self.low.copy(), self.turn
        while high or low:
            yield self._next(high, low, turn).popleft()
            turn = (turn + 1) % 3

    def __getitem__(self, index: int, /) -> Copy:
        assert index == 0
        return self._next(self.high, self.low, self.turn)[0]
