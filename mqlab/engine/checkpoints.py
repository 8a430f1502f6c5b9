"""Some worlds of a recording, kept as bytes, so that no position is far from one.

One per 2,000 events or 10 s, whichever is first, and one just after each command; a large world gets fewer. They share a
budget of bytes: where it is short, the ones between go first, the more the further they lie behind.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from mqlab.engine import limits
from mqlab.engine.world import restore

if TYPE_CHECKING:
    from mqlab.engine.scene import Position
    from mqlab.engine.world import World

NOWHERE: Position = (-1, -1)
RECENT = 4
"""The last few grid borders passed are kept as they are, uncompressed: acts happen near them."""
HEAVY_COPIES = 2_000
"""A world with so many live copies takes milliseconds to pickle: it gets half as many checkpoints, and so on."""


class Checkpoints:
    """future -> [(position, events before it, bytes)], in order of position."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[Position, int, bytes]]] = {}
        self._recent: list[tuple[str, Position, bytes]] = []
        self.bytes = 0

    def nearest(self, future: str, at: Position) -> Position:
        """The latest kept position at or before `at`; NOWHERE where there is none."""
        found = max(
            (position for one, position, _ in self._recent if one == future and position <= at),
            default=NOWHERE,
        )
        for position, _, _ in self._kept.get(future, ()):
            if position > at:
                break
            found = max(found, position)
        return found

    def load(self, future: str, at: Position) -> World | None:
        """The world at the nearest position."""
        nearest = self.nearest(future, at)
        for one, position, world in self._recent:
            if one == future and position == nearest:
                return restore(world)
        for position, _, blob in self._kept.get(future, ()):
            if position == nearest:
                return restore(zlib.decompress(blob))
        return None

    def remember(self, future: str, world: World) -> None:
        """Keep this moment for a while; of a heavy world only every so many seconds."""
        every = 1 + world.ledger.live // HEAVY_COPIES
        if world.now // 1_000_000 % every == 0 and self.nearest(future, world.position) != world.position:
            self._recent.append((future, world.position, world.checkpoint()))
            del self._recent[:-RECENT]

    def consider(self, future: str, world: World) -> None:
        """Save the world, if it is time for one and it stands right after an action that told something."""
        if world.silent:
            return
        kept = self._kept.get(future)
        if not kept:
            self.save(future, world)
            return
        position, total, _ = kept[-1]
        weight = 1 + world.ledger.live // HEAVY_COPIES
        if world.position <= position:
            return
        many = world.total - total >= limits.CHECKPOINT_EVERY_EVENTS * weight
        if many or world.now - position[0] >= limits.CHECKPOINT_EVERY_S * 1_000_000 * weight:
            self.save(future, world)

    def save(self, future: str, world: World) -> None:
        """Save the world here and now."""
        kept = self._kept.setdefault(future, [])
        if any(position == world.position for position, _, _ in kept):
            return
        blob = zlib.compress(world.checkpoint(), 1)
        kept.append((world.position, world.total, blob))
        kept.sort(key=lambda entry: entry[0])
        self.bytes += len(blob)
        while self.bytes > limits.CHECKPOINTS_BYTES_MAX and self._thin():
            pass

    def forget(self, future: str) -> None:
        """All of one future."""
        self._recent = [one for one in self._recent if one[0] != future]
        self.bytes -= sum(len(blob) for _, _, blob in self._kept.pop(future, ()))

    def _thin(self) -> bool:
        """Drop the least useful one; the newest of all stays. False where nothing can go."""
        best: tuple[float, str, int] | None = None
        for future, kept in self._kept.items():
            newest = kept[-1][0][0]
            for k in range(1, len(kept) - 1):
                gap = kept[k + 1][0][0] - kept[k - 1][0][0]
                score = gap / (newest - kept[k][0][0] + 1)
                if best is None or score < best[0]:
                    best = (score, future, k)
        if best is not None:
            _, _, blob = self._kept[best[1]].pop(best[2])
            self.bytes -= len(blob)
            return True
        if len(self._kept) > 1:
            self.forget(next(iter(self._kept)))
            return True
        kept = next(iter(self._kept.values()), [])
        if len(kept) > 1:
            _, _, blob = kept.pop(0)
            self.bytes -= len(blob)
            return True
        return False
