"""All open recordings of this process. Each is loaded once from the journal and put away a while after nobody
watches."""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache

from mqlab.engine import scenario
from mqlab.engine.recording import Recording
from mqlab.live import jobs, limits
from mqlab.live.journal import Journal, Loaded
from mqlab.live.keeper import Keeper
from mqlab.live.opened import Opened
from mqlab.live.pace import ACT, Pace
from mqlab.live.pieces import Pieces
from mqlab.live.quota import Quotas
from mqlab.live.remarks import Remarks
from mqlab.live.runs import Runs

log = logging.getLogger(__name__)
_SWEEP_EVERY_S = 5.0
_JUST_OPENED_S = 1.0  # somebody is about to watch it


class Full(Exception):
    """As many labs as this process holds are open, and all are watched."""


@lru_cache(maxsize=64)
def _scenario(text: str) -> scenario.Scenario:
    return scenario.load(text)


def _restore(id: str, loaded: Loaded) -> Opened:
    recording = Recording(_scenario(loaded.scenario_text), loaded.seed, loaded.stored)
    opened = Opened(id, recording, loaded.owner, loaded.read_only)
    opened.remarks = Remarks(dict(loaded.labels), loaded.notes)
    return opened


class Rooms:
    """Made inside the running event loop, which it belongs to."""

    def __init__(self, journal: Journal, open_max: int = limits.LABS_OPEN_MAX) -> None:
        self.pace = Pace()
        self.pieces = Pieces()
        self.runs = Runs(self.pace)
        self.quotas = Quotas()
        self.keeper = Keeper(journal, self._kept, self._lost)
        self._journal = journal
        self._open_max = open_max
        self._open: dict[str, Opened] = {}
        self._opening: dict[str, asyncio.Task[Opened | None]] = {}
        self._tasks = [asyncio.create_task(self.keeper.run()), asyncio.create_task(self._sweep())]

    def close(self) -> None:
        """Stop the background tasks; for the end of the process and of tests."""
        self.runs.second_core.close()
        for task in self._tasks:
            task.cancel()

    async def open(self, id: str) -> Opened | None:
        """The recording in memory; None where the journal has none. Raises Full, JournalUnavailable."""
        opened = self._open.get(id)
        if opened is not None:
            return opened
        opening = self._opening.get(id)
        if opening is None:
            self._make_room()
            opening = self._opening[id] = asyncio.create_task(self._load(id))
        return await asyncio.shield(opening)

    async def copy(self, id: str, owner: str) -> Opened | None:
        """A copy of the recording that belongs to `owner`. Raises Full, JournalUnavailable,
        JournalRefused."""
        return await self.open(await self._journal.create(id, owner))

    async def store(self, opened: Opened) -> None:
        """Keep the recording's labels and notes as they are now. Raises JournalUnavailable, JournalRefused."""
        await self._journal.remark(opened.id, opened.remarks.labels, list(opened.remarks.notes.values()))

    async def _load(self, id: str) -> Opened | None:
        try:
            loaded = await self._journal.load(id)
            if loaded is None:
                return None
            opened = await asyncio.to_thread(_restore, id, loaded)  # a big scenario takes longer than a slice
            self._open[id] = opened
            return opened
        finally:
            del self._opening[id]

    def _make_room(self) -> None:
        if len(self._open) + len(self._opening) < self._open_max:
            return
        idle = max(self._open.values(), key=Opened.idle_s, default=None)
        if idle is None or idle.idle_s() <= _JUST_OPENED_S:
            raise Full
        self._put_away(idle)

    def _put_away(self, opened: Opened) -> None:
        del self._open[opened.id]
        self.pieces.forget(opened.id)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            for opened in [o for o in self._open.values() if o.idle_s() > limits.PUT_AWAY_AFTER_S]:
                self._put_away(opened)

    def _kept(self, id: str, ids: list[str]) -> None:
        opened = self._open.get(id)
        if opened is not None:
            opened.kept(ids)

    def _lost(self, id: str, ids: list[str]) -> None:
        opened = self._open.get(id)
        if opened is not None:
            opened.void.update(ids)
            self.pace.submit(opened.lane, ACT, jobs.forget(opened, ids, self.pieces))
