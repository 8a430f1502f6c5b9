"""One recording in memory: its tree of commands, who watches, and which acts are not in the journal yet."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Protocol

from mqlab.engine.fates import Fates
from mqlab.engine.recording import Recording
from mqlab.live import wire
from mqlab.live.pace import Lane
from mqlab.live.pieces import Frame
from mqlab.live.remarks import Remarks
from mqlab.live.together import Together

FATES_KEPT = 2


class Watcher(Protocol):
    """A socket, as an open recording sees it."""

    owner: str
    gone: bool

    def send(self, frame: Frame) -> None:
        """Hand a frame over; returns at once."""

    def acted(self, join: int) -> None:
        """An act of this join went through: what it asked for before is void."""

    def no(
        self, code: str, why: str, *, recording: str = "", join: int = -1, id: str = "", rule: str = ""
    ) -> None:
        """Answer that nothing changed."""


class Opened:
    """Loaded once, shared by all who watch. Only jobs on `lane` touch the recording, one at a time."""

    def __init__(self, id: str, recording: Recording, owner: str, read_only: bool) -> None:
        self.id = id
        self.recording = recording
        self.owner = owner
        self.read_only = read_only
        self.remarks = Remarks()
        self.lane = Lane()
        self.unkept: set[str] = set()
        self.void: set[str] = set()
        self.idle_since = monotonic()
        self.room: Together | None = None
        self.stamped: set[str] = set()  # acts whose place the room chose, not who did them
        self._watchers: dict[Watcher, int] = {}
        self._fates: dict[str, Fates] = {}

    def watch(self, watcher: Watcher) -> None:
        """Once for each join; a socket that joins twice still gets every frame once."""
        self._watchers[watcher] = self._watchers.get(watcher, 0) + 1
        if self.room is not None and self.role(watcher) == "owner" and self.room.owner_came():
            self.tell_beat()

    def unwatch(self, watcher: Watcher) -> None:
        """The counterpart of `watch`."""
        self._watchers[watcher] -= 1
        if not self._watchers[watcher]:
            del self._watchers[watcher]
            self.idle_since = monotonic()
            if self.room is not None and not any(self.role(one) == "owner" for one in self._watchers):
                self.room.owner_left()
                self.tell_beat()

    @property
    def shared(self) -> bool:
        """Whether several sockets watch."""
        return len(self._watchers) > 1

    def idle_s(self) -> float:
        """How long nobody has watched and nothing waited for the journal; 0.0 while somebody does."""
        return 0.0 if self._watchers or self.unkept else monotonic() - self.idle_since

    def tell(self, frame: Frame) -> None:
        """To everyone who watches."""
        for watcher in list(self._watchers):
            watcher.send(frame)

    def role(self, watcher: Watcher) -> str:
        """owner, or viewer: then the first act makes a copy."""
        return "owner" if watcher.owner == self.owner and not self.read_only else "viewer"

    def may_act(self, watcher: Watcher) -> bool:
        """Whether an act of this socket enters the recording itself."""
        return self.role(watcher) == "owner" or (self.room is not None and not self.room.locked)

    def beat(self, join: int = -1, t0: float | None = None, mark: int = 0) -> str:
        """Where the shared playhead is, as a frame; or that there is none."""
        room = self.room
        made: wire.Beat | wire.Apart = wire.Apart(self.id, join)
        if room is not None:
            made = wire.Beat(
                self.id, round(room.now_ms, 3), room.future, room.at, room.stop, room.speed, room.playing,
                room.locked, room.turn, len(self._watchers), room.away, join, t0, mark,
            )  # fmt: skip
        return wire.encode(made).decode()

    def tell_beat(self) -> None:
        """Something about the room changed: one frame for all."""
        self.tell(self.beat())

    def newest(self) -> tuple[str, tuple[int, int]]:
        """The future of the last act, and the position just after it: where one goes on."""
        if not self.recording.tree:
            return "0", (0, 0)
        last = next(reversed(self.recording.tree.values()))
        return last.id, (last.t, last.i + 1)

    def tree(self) -> list[wire.Branch]:
        """The commands, parents before children."""
        return [
            wire.Branch(
                s.id,
                s.parent,
                s.t,
                s.i,
                s.command,
                s.id not in self.unkept,
                self.remarks.labels.get(s.id, ""),
            )
            for s in self.recording.tree.values()
        ]

    def fates(self, future: str) -> Fates:
        """What became of the messages of this future, as far as it was followed; kept for the two that were compared last."""
        found = self._fates.pop(future, None) or Fates(future)
        self._fates[future] = found
        while len(self._fates) > FATES_KEPT:
            del self._fates[next(iter(self._fates))]
        return found

    def forget_fates(self) -> None:
        """Futures are gone."""
        self._fates.clear()

    def kept(self, ids: Iterable[str]) -> None:
        """These acts are in the journal."""
        for name in ids:
            self.unkept.discard(name)
            self.tell(wire.encode(wire.Kept(self.id, name)).decode())

    def grown_from(self, ids: Iterable[str]) -> list[str]:
        """These acts and all that build on them, parents first."""
        found = dict.fromkeys(ids)
        for stored in self.recording.tree.values():
            if stored.parent in found:
                found[stored.id] = None
        return [name for name in self.recording.tree if name in found]
