"""One playhead for everybody who watches a recording: its owner drives, the others follow.

It is not moved: where it is follows from where it was, how fast it goes and how long that is ago, so that every
browser can compute the same place between two beats. `turn` counts the owner's doings: only where it has changed
may anybody's time go back. A room whose owner's last page is gone goes on for a moment, then holds, and goes on
again when the owner is back.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from mqlab.engine import limits as engine_limits
from mqlab.live import limits

Position = tuple[int, int]
END: Position = (engine_limits.RECORDING_S_MAX * 1_000_000, 0)


class Together:
    """`locked`: only the owner acts. Times of `clock` are seconds."""

    def __init__(
        self,
        future: str,
        at: Position,
        speed: float = 1.0,
        playing: bool = False,
        locked: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.future = future
        self.speed = speed
        self.locked = locked
        self.turn = 1
        self._clock = clock
        self._at = _inside(at)
        self._since = clock()
        self._runs = playing
        self._pause: Position | None = None  # where it will stand: after acts that are on their way
        self._away: float | None = None  # since when the owner's last page is gone
        self._pending: Position = (0, 0)  # just after the last act: none goes before it

    # --- where it is

    @property
    def at(self) -> Position:
        """The place now."""
        return min(self._by(self._clock()), self.stop)

    @property
    def stop(self) -> Position:
        """Where it will stand if nothing is done."""
        if not self._runs:
            return self._at
        found = max(END, self._at) if self._pause is None else self._pause
        return found if self._away is None else min(found, self._by(self._away + limits.OWNER_AWAY_S))

    @property
    def playing(self) -> bool:
        """Whether time goes on at this moment."""
        return self._runs and self.at < self.stop

    @property
    def away(self) -> bool:
        """Whether the owner's last page is gone."""
        return self._away is not None

    @property
    def now_ms(self) -> float:
        """The clock that beats are told in."""
        return self._clock() * 1_000

    def _by(self, now: float) -> Position:
        if not self._runs:
            return self._at
        passed = int(max(0.0, now - self._since) * 1e6 * self.speed)
        return self._at if passed == 0 else (self._at[0] + passed, 0)

    # --- what moves it

    def drive(
        self,
        future: str | None = None,
        at: Position | None = None,
        speed: float | None = None,
        playing: bool | None = None,
    ) -> None:
        """What is not None changes. A pause without a place lets the acts on their way happen first."""
        runs = (self._runs and self._pause is None) if playing is None else playing
        here = self.at
        self._pause = None
        if future is not None or at is not None:
            here = here if at is None else _inside(at)
            self.future = self.future if future is None else future
            self._pending = (0, 0)
        elif not runs and self._pending > here:
            runs, self._pause = True, self._pending
        self._from(here, runs)
        self.speed = self.speed if speed is None else speed
        self.turn += 1

    def stamp(self) -> Position:
        """Where an act of this moment happens: a little ahead of everybody's eyes, behind the acts before it."""
        at = self.at
        if self.playing:
            at = min((at[0] + int(limits.TOGETHER_LEAD_MS * 1_000 * self.speed), 0), self.stop)
        return max(at, self._pending)

    def acted(self, future: str, after: Position) -> None:
        """An act was entered; the path goes on in its future, and a room that stands stands after it."""
        self.future = future
        self._pending = after
        if self._pause is not None:
            self._pause = max(self._pause, after)
        elif not self._runs:
            self._at = max(self._at, after)

    def fall_back(self, future: str, at: Position) -> None:
        """The act it was in could not be stored: it goes back to before that."""
        self._from(min(self.at, at), self._runs and self._pause is None)
        self.future, self._pause, self._pending = future, None, (0, 0)
        self.turn += 1

    def owner_left(self) -> None:
        """The owner's last page is gone."""
        if self._away is None:
            self._from(self.at, self._runs)
            self._away = self._clock()

    def owner_came(self) -> bool:
        """The owner is here. Whether that changes anything."""
        if self._away is None:
            return False
        self._from(self.at, self._runs)
        self._away = None
        return True

    def _from(self, at: Position, runs: bool) -> None:
        self._at, self._runs, self._since = at, runs, self._clock()


def _inside(at: Position) -> Position:
    return at if at[0] <= END[0] else END
