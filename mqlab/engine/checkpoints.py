"""Some worlds of a recording, kept as bytes, so that no position is far from one.

Two kinds. *Recent* ones stand at the borders of the grid that were passed last, plain, because acts happen near them. *Kept*
ones are compressed: one per 2,000 events or 10 s, whichever is first. A world that is large is saved more seldom. Each kind
has a budget of bytes; where the kept ones are over it, futures that nobody asked for go first, then the ones between, the
more the further they lie behind.
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
RECENT_MIN, RECENT_MAX = 2, 6
HEAVY_COPIES = 2_000
"""A world with so many live copies takes milliseconds to pickle: it gets half as many checkpoints, and so on."""

Kept = list[tuple["Position", bytes]]


def weight(world: World) -> int:
    """How many times more seldom this world is saved than a light one."""
    return 1 + world.ledger.live // HEAVY_COPIES


class Checkpoints:
    """By future, in the order in which they were last used; within one, in order of position."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._recent: list[tuple[str, Position, bytes]] = []
        self.bytes = 0  # of the kept ones

    def nearest(self, future: str, at: Position) -> Position:
        """The latest position of this future at or before `at` that can be restored; NOWHERE where there is none."""
        recent = [position for one, position, _ in self._recent if one == future and position <= at]
        kept = [position for position, _ in self._kept.get(future, ()) if position <= at]
        return max(*recent, *kept, NOWHERE, NOWHERE)

    def load(self, future: str, position: Position) -> World:
        """The world at a position that `nearest` has given."""
        blob = next((blob for one, there, blob in self._recent if one == future and there == position), None)
        if blob is None:
            kept = self._kept[future] = self._kept.pop(future)  # used last
            blob = zlib.decompress(next(blob for there, blob in kept if there == position))
        world = restore(blob)
        world.saved = (world.now, world.total)
        return world

    def remember(self, future: str, world: World) -> None:
        """Keep this border of the grid for a while; of a heavy world only every so many seconds."""
        nearest = self.nearest(future, world.position)
        if nearest != NOWHERE and world.now - nearest[0] < weight(world) * 1_000_000:
            return
        self._recent.append((future, world.position, world.checkpoint()))
        while len(self._recent) > RECENT_MAX or (
            len(self._recent) > RECENT_MIN
            and sum(len(one[2]) for one in self._recent) > limits.CHECKPOINTS_BYTES_MAX
        ):
            del self._recent[0]

    def overtake(self, future: str, at: Position) -> None:
        """The path goes on in another future from `at`: the recent ones behind it in this one are the first to go."""
        self._recent.sort(key=lambda one: one[0] != future or one[1] <= at)

    def consider(self, future: str, world: World) -> None:
        """Save the world, if it is time for one and it stands right after an action that told something."""
        if world.silent:
            return
        now, total = world.saved
        many = world.total - total >= limits.CHECKPOINT_EVERY_EVENTS * weight(world)
        if many or world.now - now >= limits.CHECKPOINT_EVERY_S * 1_000_000 * weight(world):
            self.save(future, world)

    def save(self, future: str, world: World) -> None:
        """Save the world here and now."""
        world.saved = (world.now, world.total)
        kept = self._kept[future] = self._kept.pop(future, [])
        if any(position == world.position for position, _ in kept):
            return
        blob = zlib.compress(world.checkpoint(), 1)
        kept.append((world.position, blob))
        kept.sort(key=lambda entry: entry[0])
        self.bytes += len(blob)
        while self.bytes > limits.CHECKPOINTS_BYTES_MAX and self._thin(future):
            pass

    def forget(self, future: str) -> None:
        """All of one future."""
        self._recent = [one for one in self._recent if one[0] != future]
        self.bytes -= sum(len(blob) for _, blob in self._kept.pop(future, ()))

    def _thin(self, current: str) -> bool:
        """Drop the least useful kept one. False where nothing can go."""
        idle = next((future for future in self._kept if future not in ("0", current)), None)
        if idle is not None:
            kept = self._kept[idle]
            self.bytes -= len(kept.pop(0 if len(kept) == 1 else -2)[1])
            if not kept:
                del self._kept[idle]
            return True
        best: tuple[float, str, int] | None = None
        for future, kept in self._kept.items():
            newest = kept[-1][0][0]
            for k in range(1, len(kept) - 1):
                gap = kept[k + 1][0][0] - kept[k - 1][0][0]
                score = gap / (newest - kept[k][0][0] + 1)
                if best is None or score < best[0]:
                    best = (score, future, k)
        if best is not None:
            self.bytes -= len(self._kept[best[1]].pop(best[2])[1])
            return True
        crowded = next((kept for kept in self._kept.values() if len(kept) > 1), None)
        if crowded is None:
            return False
        self.bytes -= len(crowded.pop(0)[1])
        return True
